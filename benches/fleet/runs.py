"""Runs of the program: how long they take, what they hold, and what they have asked a bucket for."""

import os
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from clock import must_be_done


@dataclass
class Run:
    """One process."""

    #: `night`, `late`, `nothing`, `killed`, `compact`, `report`
    kind: str
    wall: float
    cpu: float
    #: Most memory, in bytes.
    memory: int
    #: Method and object, how many, and the bytes in and out: of a bucket only.
    requests: dict[str, list[int]] = field(default_factory=dict)


class Place(Protocol):
    """Where datasets lie."""

    program: Path
    environment: dict[str, str]

    def dataset(self, host: str) -> str:
        """The dataset of a host."""

    def asked(self) -> dict[str, list[int]]:
        """The requests since the last time."""


@dataclass(frozen=True)
class Folder:
    """Below a folder."""

    program: Path
    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def dataset(self, host: str) -> str:
        """The dataset of a host."""
        return str(self.root / host)

    def asked(self) -> dict[str, list[int]]:
        """Nobody is asked."""
        return {}


def run(place: Place, words: list[str], kind: str = "", kill_after: float | None = None) -> Run:
    """One process, which is to succeed unless it is killed. The program says of what kind it was."""
    argv = [str(place.program), *words]
    place.asked()
    with tempfile.NamedTemporaryFile() as said:
        writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        files = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", writing, 0o644),
            (os.POSIX_SPAWN_OPEN, 2, said.name, writing, 0o644),
        ]
        begin = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, os.environ | place.environment, file_actions=files)
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
        wall = time.perf_counter() - begin
        words = Path(said.name).read_text(errors="replace")
        if kill_after is not None and os.WIFSIGNALED(status):
            # What it had asked for last may still be under way.
            time.sleep(0.1 if place.environment else 0)
            kind = "killed"
        else:
            must_be_done(argv, status, Path(said.name))
    if not kind:
        kind = "night" if "wrote " in words else "nothing"
    return Run(kind, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, place.asked())


def total(runs: list[Run]) -> Counter[str]:
    """Requests of all these runs."""
    found: Counter[str] = Counter()
    for each in runs:
        found.update({kind: count for kind, (count, _, _) in each.requests.items()})
    return found
