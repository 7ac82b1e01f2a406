"""How much memory a process has for itself."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clock import Command, must_be_done, room

EVERY = 0.02


@dataclass
class Held:
    """What a process held at most."""

    bytes: int
    wall: float


def most(command: Command, log: Path, feed: Path | None = None) -> Held:
    """Peak of the memory that is the process's own: its private pages, but those of the mapped log. With `feed`, that
    file comes through a pipe."""
    with room() as name:
        argv = command.words(Path(name))
        said = Path(name, "stderr")
        writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        files = [
            (os.POSIX_SPAWN_OPEN, 1, str(command.stdout), writing, 0o644),
            (os.POSIX_SPAWN_OPEN, 2, str(said), writing, 0o644),
        ]
        begin = time.perf_counter()
        if feed is None:
            pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
            cat = None
        else:
            out, into = os.pipe()
            cat = os.posix_spawnp("cat", ["cat", str(feed)], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, into, 1)])
            files.append((os.POSIX_SPAWN_DUP2, out, 0))
            pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
            os.close(into)
            os.close(out)
        most, done = 0, 0
        while not done:
            # It may end while it is looked at.
            with suppress(OSError):
                most = max(most, _private(pid, log))
            time.sleep(EVERY)
            done, status = os.waitpid(pid, os.WNOHANG)
        wall = time.perf_counter() - begin
        if cat is not None:
            os.waitpid(cat, 0)
        must_be_done(argv, status, said)
        return Held(most, wall)


def _private(pid: int, log: Path) -> int:
    """Bytes that only this process has, now."""
    kilobytes, counts = 0, False
    mapped = str(log).encode()
    with open(f"/proc/{pid}/smaps", "rb") as smaps:
        for line in smaps:
            # A map begins with its address, in small letters; what is told about it with a capital.
            if not line[:1].isupper():
                counts = not line.rstrip().endswith(mapped)
            elif counts and line.startswith(b"Private_"):
                kilobytes += int(line.split()[1])
    return kilobytes * 1024
