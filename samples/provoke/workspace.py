"""The prefix under which every server runs, and the lock that keeps two runs apart.

The path is fixed and short: it shows up in the logs, and unix socket paths end at 107 bytes.
"""

import fcntl
import os
import shutil
import stat
from pathlib import Path

PREFIX = Path("/tmp/badgateway-samples")


class PrefixTaken(Exception):
    """The prefix cannot be used; the text says why."""


class Workspace:
    """An empty, locked prefix folder; removed on leaving unless `keep` is set."""

    def __init__(self, keep: bool) -> None:
        self._keep = keep

    def __enter__(self) -> "Workspace":
        PREFIX.mkdir(mode=0o755, exist_ok=True)
        found = PREFIX.lstat()
        # /tmp is open to everyone: root must not clear or fill a folder that somebody else put there.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise PrefixTaken(f"{PREFIX} exists and is not a folder of ours; remove it first")
        self._lock = os.open(PREFIX, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise PrefixTaken(f"another run is using {PREFIX}") from None
        self._clear()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._keep:
            self._clear()
            PREFIX.rmdir()
        os.close(self._lock)

    def folder(self, name: str) -> Path:
        """A new folder for one scenario."""
        path = PREFIX / name
        path.mkdir(mode=0o755)
        return path

    @staticmethod
    def _clear() -> None:
        for entry in PREFIX.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
