"""A fleet's nights, and what is asked of its datasets afterwards."""

import multiprocessing
import multiprocessing.pool
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import hosts
from bucket import NAME, Bucket
from ground import say
from hosts import Host
from measure import Asked, Weight, Where, put_by_day, queries, weigh
from nights import Nights, Passed, all_nights
from runs import Folder, Run, run


@dataclass(frozen=True)
class Wanted:
    """What is to be simulated, and with what."""

    hosts: int
    nights: int
    seed: int
    bucket_hosts: int
    times: int
    jobs: int
    python: Path
    program: Path
    #: `None`: there is no object storage.
    bucket_program: Path | None
    folder: Path


@dataclass(frozen=True)
class State:
    """All datasets, as they are at one time."""

    weight: Weight
    asked: list[Asked]
    #: By how much the worst estimate of a host's clients is off.
    off: float


@dataclass
class InBucket:
    """What a bucket was asked for."""

    #: Runs of each night, with something new.
    nights: dict[int, list[Run]] = field(default_factory=dict)
    killed: list[Run] = field(default_factory=list)
    #: By what was run, before compacting and after it.
    runs: dict[str, list[Run]] = field(default_factory=dict)
    #: Requests of DuckDB, over all files, before compacting and after it.
    duckdb: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    #: Objects that DuckDB has read then.
    tables: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Figures:
    """All that is told."""

    passed: list[Passed]
    keys: int
    before: State
    compacting: list[Run]
    after: State
    by_day: State
    bucket: InBucket | None


class Fleet:
    """Where everything lies meanwhile."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.folder = wanted.folder
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ["logs", "fleet", "truth", "bucket-truth"]:
            (self.folder / name).mkdir(parents=True)
        self.place = Folder(wanted.program, self.folder / "fleet")
        self.hosts = hosts.fleet(wanted.hosts, wanted.nights, wanted.seed)
        self.outages = hosts.outages(wanted.nights, wanted.seed)
        self.where = Where(wanted.python, str(self.place.root), self.folder / "truth")

    def state(self, passed: list[Passed], when: str) -> tuple[State, int]:
        """Checks and measures all datasets; tells how many counts there are, too."""
        say(f"DuckDB over all files, {when}")
        events, keys = self.where.check(when)
        assert events == sum(each.events for each in passed)
        clients, off = self.where.clients({each.host: each.clients for each in passed})
        asked = queries(self.where, self.wanted.nights, passed[0].host, self.wanted.times)
        return State(weigh(self.place.root), [*asked, clients], off), keys

    def by_day(self, passed: list[Passed]) -> State:
        """The same rows, put by day."""
        where, putting = put_by_day(self.where, self.folder / "by-day")
        where.check("put by day")
        asked = queries(where, self.wanted.nights, passed[0].host, self.wanted.times)
        return State(weigh(self.folder / "by-day"), [*asked, putting], 0)


def simulate(wanted: Wanted) -> Figures:
    """All of it. What is not as it must be is `Failed`."""
    fleet = Fleet(wanted)
    say(f"{wanted.nights} nights of {wanted.hosts} hosts")
    apart = fleet.hosts[: wanted.bucket_hosts] if wanted.bucket_program else []
    others = fleet.hosts[len(apart) :]
    each = partial(
        all_nights,
        outages=fleet.outages,
        count=wanted.nights,
        folder=fleet.folder / "logs",
        place=fleet.place,
        truth=fleet.folder / "truth",
    )
    with bucket(wanted) as (place, found), workers(wanted.jobs) as pool:
        result = pool.map_async(each, others, chunksize=1)
        passed, nights = in_bucket(fleet, apart, place, found) if apart else ([], [])
        passed += result.get()
        pool.close()
        pool.join()
        before, keys = fleet.state(passed, "before compacting")
        if apart:
            asked_again(fleet, nights, place, found, "before compacting")
        say("compacting all of them")
        compacting = [compact(fleet.place, host) for host in fleet.hosts]
        after, _ = fleet.state(passed, "after compacting")
        by_day = fleet.by_day(passed)
        if apart:
            found.runs["compact"] = [compact(place, host) for host in apart]
            asked_again(fleet, nights, place, found, "after compacting")
            two_more_nights(fleet, nights, place, found)
    return Figures(passed, keys, before, compacting, after, by_day, found if apart else None)


def workers(count: int) -> multiprocessing.pool.Pool:
    """Processes that end when they are told to, whatever they wait for. With a handler of Python's they may miss it."""
    return multiprocessing.Pool(count, signal.signal, (signal.SIGTERM, signal.SIG_DFL))


def compact(place: Folder | Bucket, host: Host, kill_after: float | None = None) -> Run:
    """Compacts a host's dataset."""
    return run(place, ["compact", f"--dataset={place.dataset(host.name)}"], "compact", kill_after)


@contextmanager
def bucket(wanted: Wanted) -> Iterator[tuple[Bucket | None, InBucket]]:
    """A bucket, if the program knows any."""
    if not (wanted.bucket_program and wanted.bucket_hosts):
        yield None, InBucket()
        return
    place = Bucket(wanted.bucket_program, wanted.python)
    try:
        yield place, InBucket()
    finally:
        place.close()


def in_bucket(
    fleet: Fleet, apart: list[Host], place: Bucket, found: InBucket
) -> tuple[list[Passed], list[Nights]]:
    """Nights of hosts that write into the bucket as well: one by one, so that requests are theirs."""
    passed, all_of_them = [], []
    for host in apart:
        nights = Nights(host, fleet.outages, fleet.folder / "logs")
        runs = []
        for night in range(fleet.wanted.nights):
            here, there = nights.pass_night(night, [fleet.place, place])
            runs += here
            found.nights.setdefault(night, []).extend(
                each for each in there if each.kind in ("night", "late")
            )
            found.killed += [each for each in there if each.kind == "killed"]
        passed.append(nights.passed(runs, fleet.wanted.nights, fleet.folder / "truth"))
        nights.passed([], fleet.wanted.nights, fleet.folder / "bucket-truth")
        all_of_them.append(nights)
    return passed, all_of_them


def asked_again(fleet: Fleet, nights: list[Nights], place: Bucket, found: InBucket, when: str) -> None:
    """What runs without anything new, reports, and DuckDB ask the bucket for."""
    say(f"the bucket, {when}")
    where = Where(fleet.wanted.python, f"s3://{NAME}/fleet", fleet.folder / "bucket-truth", place.port)
    where.check(f"in the bucket, {when}")
    found.runs[f"nothing new, {when}"] = [run(place, each.aggregate(place)) for each in nights]
    for each in nights:
        report = ["report", f"--dataset={place.dataset(each.host.name)}"]
        found.runs.setdefault(f"report, {when}", []).append(run(place, report, "report"))
    place.asked()
    told = where.ask(sql="SELECT pool, epoch(bucket), sum(events) FROM {tables} GROUP BY ALL")
    found.duckdb[when] = place.asked()
    found.seconds[when] = told["seconds"]
    found.tables[when] = where.ask(sql="SELECT DISTINCT filename FROM {tables}")["rows"]


def two_more_nights(fleet: Fleet, nights: list[Nights], place: Bucket, found: InBucket) -> None:
    """Nights behind compacted datasets; after the second one, compacting is killed."""
    truth = fleet.folder / "bucket-truth"
    where = Where(fleet.wanted.python, f"s3://{NAME}/fleet", truth, place.port)
    found.runs["a night, after compacting"] = one_more_night(fleet, nights, place, 0)
    where.check("in the bucket, a night after compacting")
    found.runs["compact, a night later"] = [compact(place, each.host) for each in nights]
    where.check("in the bucket, compacted again")
    one_more_night(fleet, nights, place, 1)
    for each in nights:
        usual = found.runs["compact, a night later"][0].wall
        compact(place, each.host, each.random.uniform(0, usual))
    where.check("in the bucket, by its manifests, where compacting was killed", by_manifest=True)
    for each in nights:
        compact(place, each.host)
    where.check("in the bucket, compacted after all")


def one_more_night(fleet: Fleet, nights: list[Nights], place: Bucket, more: int) -> list[Run]:
    """The runs of one night more that had something new."""
    made = []
    for each in nights:
        made += each.pass_night(fleet.wanted.nights + more, [place])[0]
        each.passed([], fleet.wanted.nights, fleet.folder / "bucket-truth")
    return [run for run in made if run.kind == "night"]
