"""Whole processes, timed in turn."""

import os
import signal
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from logs import FOLDER


class Failed(Exception):
    """A process that is measured has not done its work."""


@dataclass(frozen=True)
class Command:
    """What is run."""

    argv: list[str | Path]
    stdin: Path = Path("/dev/null")
    stdout: Path = Path("/dev/null")
    #: A flag that names a place where nothing is yet, another one each time.
    fresh: str | None = None

    def words(self, folder: Path) -> list[str]:
        """The arguments; what is `fresh` lies in the folder."""
        fresh = [self.fresh, folder / f"{time.monotonic_ns()}"] if self.fresh else []
        return [str(word) for word in [self.argv[0], *self.argv[1:2], *fresh, *self.argv[2:]]]


@dataclass
class Took:
    """How long processes took."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.walls)

    @property
    def cpu(self) -> float:
        """Median of the processor time."""
        return statistics.median(self.cpus)


@dataclass
class Pairs:
    """Two commands that were run in turn."""

    ours: Took
    theirs: Took

    @property
    def ratios(self) -> list[float]:
        """Ours to theirs, of each pair."""
        return [one / other for one, other in zip(self.ours.walls, self.theirs.walls, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return statistics.median(self.ratios)


def run(command: Command, folder: Path) -> tuple[float, float]:
    """Wall and processor time of a command; `folder` is where it finds room."""
    argv = command.words(folder)
    said = folder / "stderr"
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, str(command.stdin), os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(command.stdout), writing, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, str(said), writing, 0o644),
    ]
    begin = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
    try:
        _, status, used = os.wait4(pid, 0)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    wall = time.perf_counter() - begin
    must_be_done(argv, status, said)
    return wall, used.ru_utime + used.ru_stime


def must_be_done(argv: list[str], status: int, said: Path) -> None:
    """What failed was no work, and its time is no time."""
    if (code := os.waitstatus_to_exitcode(status)) != 0:
        raise Failed(f"{' '.join(argv)}\nended with {code}: {said.read_text(errors='replace')[:2000]}")


def room() -> tempfile.TemporaryDirectory:
    """A folder on the disk of the logs, not in memory: what is written is written."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=FOLDER)


def times(command: Command, count: int) -> Took:
    """One command, warmed, `count` times."""
    took = Took()
    with room() as name:
        for turn in range(count + 1):
            wall, cpu = run(command, Path(name))
            if turn > 0:
                took.walls.append(wall)
                took.cpus.append(cpu)
    return took


def pairs(ours: Command, theirs: Command, count: int, most_seconds: float = 60) -> Pairs:
    """Both warmed, then in turn: ours, theirs, ours, theirs. Where that would take too long, three pairs have to do."""
    pairs = Pairs(Took(), Took())
    with room() as name:
        folder = Path(name)
        warming = run(ours, folder)[0] + run(theirs, folder)[0]
        if warming * count > most_seconds:
            count = min(count, 3)
        for _ in range(count):
            for command, took in [(ours, pairs.ours), (theirs, pairs.theirs)]:
                wall, cpu = run(command, folder)
                took.walls.append(wall)
                took.cpus.append(cpu)
    return pairs
