"""The nights of a host: what is logged, and the runs that are made."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hosts import Host, Outage
from rotated import Rotated
from runs import Place, Run, run


@dataclass(frozen=True)
class Passed:
    """What a host leaves."""

    host: str
    runs: list[Run]
    events: int
    nights: int
    clients: int
    bytes: int


class Nights:
    """A host with its logs, and the places to which its runs add."""

    def __init__(self, host: Host, outages: list[Outage], folder: Path) -> None:
        self.host = host
        self.folder = folder / host.name
        self.logs = Rotated(host, outages, self.folder)
        self.random = Random(f"{host.seed} kills")
        self.was_missed = False
        self.usual: dict[int, float] = {}

    def pass_night(self, night: int, places: list[Place]) -> list[list[Run]]:
        """Until the night's runs are done: those of each place."""
        plan = self.host.plan(night)
        self.logs.pass_night(night)
        if plan.is_missed:
            self.was_missed = True
            return [[] for _ in places]
        made = []
        for at, place in enumerate(places):
            runs = []
            if plan.is_killed:
                after = self.random.uniform(0, self.usual.get(at, 0.02))
                runs.append(run(place, self.aggregate(place), kill_after=after))
            runs.append(run(place, self.aggregate(place)))
            self.usual[at] = runs[-1].wall
            if self.was_missed and runs[-1].kind == "night":
                runs[-1].kind = "late"
            if plan.is_twice:
                runs.append(run(place, self.aggregate(place)))
            made.append(runs)
        self.was_missed = False
        return made

    def aggregate(self, place: Place) -> list[str]:
        """The nightly run."""
        return [
            "aggregate",
            str(self.logs.folder),
            f"--out={place.dataset(self.host.name)}",
            f"--host={self.host.name}",
            f"--timezone={self.host.zone}",
            f"--nginx-conf={self.logs.nginx_conf}",
            "--no-discover",
        ]

    def passed(self, runs: list[Run], nights: int, truth: Path) -> Passed:
        """What it has left; the truth is written."""
        self.logs.write_truth(truth / f"{self.host.name}.csv")
        events = self.logs.truth.total()
        return Passed(self.host.name, runs, events, nights, len(self.logs.clients), self.logs.bytes)

    def remove(self) -> None:
        """Its logs are no longer needed."""
        shutil.rmtree(self.folder)


def all_nights(
    host: Host, outages: list[Outage], count: int, folder: Path, place: Place, truth: Path
) -> Passed:
    """All nights of one host, at one place."""
    nights = Nights(host, outages, folder)
    runs = [each for night in range(count) for each in nights.pass_night(night, [place])[0]]
    passed = nights.passed(runs, count, truth)
    nights.remove()
    return passed
