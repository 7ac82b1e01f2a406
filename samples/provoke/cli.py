"""Options, running the scenarios side by side, and the exit status."""

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provoke.expect import Event, check, write_toml
from provoke.scenarios import Scenario, all_scenarios
from provoke.servers import STOP_SECONDS, Nginx, Server, nginx_version, php_version
from provoke.stage import PORTS_EACH, Stage
from provoke.workspace import PrefixTaken, Workspace

FIRST_PORT = 19000
"""Below the range from which the kernel picks ports by itself."""

AT_ONCE = 6
"""Scenarios that run at the same time: most of them wait for a timeout most of the time."""

RUN_SECONDS = 120.0
"""The whole run takes a tenth of it; a scenario that has not ended by then has failed."""


@dataclass
class Outcome:
    """What came of one scenario: its sample, or the problems that keep it from being written."""

    log: bytes = b""
    toml: str = ""
    events: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> int:
    """Runs the command line; the exit status."""
    options = _parse(sys.argv[1:])
    scenarios = all_scenarios()
    if options.list:
        for scenario in scenarios:
            print(f"{scenario.name:24} {scenario.about}")
        return 0
    if obstacle := _obstacle(options, {scenario.name for scenario in scenarios}):
        return _refuse(obstacle)
    Nginx.program = options.nginx
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with Workspace(options.keep) as workspace:
            return _run(_choose(scenarios, options.only), workspace, options.out)
    except PrefixTaken as taken:
        return _refuse(str(taken))
    except KeyboardInterrupt:
        return _refuse("interrupted; every server was stopped")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="provoke", description="Write samples/*.log and *.toml from real servers.")
    samples = Path(__file__).resolve().parent.parent
    parser.add_argument("--out", type=Path, default=samples, metavar="DIR", help="where to write (%(default)s)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="run these scenarios only")
    parser.add_argument("--nginx", default=Nginx.program, metavar="PATH", help="another NGINX (%(default)s)")
    parser.add_argument("--list", action="store_true", help="list the scenarios and exit")
    parser.add_argument("--keep", action="store_true", help="leave configurations and logs under the prefix")
    return parser.parse_args(arguments)


def _obstacle(options: argparse.Namespace, known: set[str]) -> str | None:
    """Why the run cannot begin, if so."""
    if unknown := set(options.only) - known:
        return f"no such scenario: {', '.join(sorted(unknown))}; see --list"
    if os.geteuid() != 0:
        return "needs root: the workers run as another user, and some scenarios need a network of their own"
    if not options.out.is_dir():
        return f"{options.out}: no such folder"
    return None


def _choose(scenarios: Sequence[Scenario], only: Sequence[str]) -> list[tuple[int, Scenario]]:
    """The scenarios to play, each with its place in the whole list: run alone, it writes the same ports."""
    version = tuple(int(part) for part in nginx_version().split("."))
    chosen = []
    for place, scenario in enumerate(scenarios):
        if only and scenario.name not in only:
            continue
        if version >= scenario.needs:
            chosen.append((place, scenario))
        else:
            needed = ".".join(map(str, scenario.needs))
            print(f"provoke: {scenario.name}: left alone, it needs NGINX {needed} (see --nginx)", file=sys.stderr)
    return chosen


def _refuse(why: str) -> int:
    print(f"provoke: {why}", file=sys.stderr)
    return 2


def _run(chosen: Sequence[tuple[int, Scenario]], workspace: Workspace, out: Path) -> int:
    started = time.monotonic()
    outcomes = _play_all(chosen, workspace)
    failed = 0
    for _, scenario in chosen:
        outcome = outcomes.get(scenario.name, Outcome(problems=["did not end in time"]))
        if outcome.problems:
            failed += 1
            for problem in outcome.problems:
                print(f"provoke: {scenario.name}: {problem}", file=sys.stderr)
        else:
            _replace(out / f"{scenario.name}.log", outcome.log)
            _replace(out / f"{scenario.name}.toml", outcome.toml.encode())
    events = sum(outcome.events for outcome in outcomes.values() if not outcome.problems)
    seconds = time.monotonic() - started
    print(f"{len(chosen) - failed} samples written, {events} events, {failed} failed, {seconds:.1f} s", file=sys.stderr)
    return 1 if failed else 0


def _play_all(chosen: Sequence[tuple[int, Scenario]], workspace: Workspace) -> dict[str, Outcome]:
    """Plays each scenario on a thread of its own: one that enters another network cannot come back."""
    versions = [("nginx", nginx_version()), ("php", php_version())]
    outcomes: dict[str, Outcome] = {}
    turns = threading.Semaphore(AT_ONCE)

    def play(place: int, scenario: Scenario) -> None:
        try:
            outcomes[scenario.name] = _play(place, scenario, workspace, versions)
        finally:
            turns.release()

    end = time.monotonic() + RUN_SECONDS
    threads: list[threading.Thread] = []
    try:
        for place, scenario in chosen:
            if not turns.acquire(timeout=max(0.0, end - time.monotonic())):
                break
            thread = threading.Thread(target=play, args=(place, scenario), daemon=True)
            thread.start()
            threads.append(thread)
        _join(threads, end)
    finally:
        Server.stop_all()
        # Without their servers they end soon: nothing may write under the prefix while it is removed.
        _join(threads, time.monotonic() + STOP_SECONDS)
    return dict(outcomes)


def _join(threads: Sequence[threading.Thread], end: float) -> None:
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _play(place: int, scenario: Scenario, workspace: Workspace, versions: Sequence[tuple[str, str]]) -> Outcome:
    try:
        with Stage(scenario.name, workspace.folder(scenario.name), FIRST_PORT + place * PORTS_EACH) as stage:
            scenario.play(stage)
            for group in stage.groups:
                stage.wait_for(group)
    except Exception:  # Whatever broke one scenario must not take the others with it.
        return Outcome(problems=[traceback.format_exc()])
    log = stage.log()
    if problems := check(log, stage.groups, stage.seen):
        return Outcome(problems=problems)
    log = stage.edit(log)
    used = versions if stage.uses_php else versions[:1]
    events = sum(group.events for group in stage.groups if isinstance(group, Event))
    return Outcome(log, write_toml(scenario.about, used, log, stage.groups), events)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)
