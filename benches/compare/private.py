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


def most(command: Command, feed: Path | None = None) -> Held:
    """Peak of the memory that is the process's own: all its pages but those of mapped files. With `feed`, that file comes
    through a pipe."""
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
                most = max(most, _private(pid))
            time.sleep(EVERY)
            done, status = os.waitpid(pid, os.WNOHANG)
        wall = time.perf_counter() - begin
        if cat is not None:
            os.waitpid(cat, 0)
        must_be_done(argv, status, said)
        return Held(most, wall)


def _private(pid: int) -> int:
    """Bytes that are the process's own and no file's, now, as the kernel counts them. To walk its maps (`smaps`) takes long
    where the log is mapped, and counts twice what moves meanwhile."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        counts = [line.split() for line in status if line.startswith(("RssAnon:", "RssShmem:"))]
    return sum(int(count[1]) for count in counts) * 1024
