"""The logs: made by the generator from a seed, kept under target/bench for the next time."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ground import GENERATE, TARGET, say

FOLDER = TARGET / "bench"
UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}

# Forty pools, each behind two virtual servers and with six kinds of trouble that come back day by day, beside outages.
SITE = ("--servers-per-pool=2", "--troubles-per-pool=6")
# Forty pools, each of which has all kinds of trouble all the time, with any of the virtual servers.
HARD = ()


@dataclass(frozen=True)
class Log:
    """A log and what is in it."""

    name: str
    path: Path
    bytes: int
    lines: int
    events: dict[str, int]
    hostile: int

    @property
    def all_events(self) -> int:
        """How many events there are."""
        return sum(self.events.values())


def fits_in_memory(size: int) -> bool:
    """Whether the page cache can hold it, and leaves something for whoever reads it."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return available * 1024 > 1.2 * size


def size(text: str) -> int:
    """Bytes of `10MB`."""
    digits = text.rstrip("kMGB")
    return int(digits) * UNITS.get(text[len(digits) :], 1)


def make(name: str, size: int, share: float, *settings: str, seed: int = 1) -> Log:
    """A log of about this size, of which a share are upstream events; made if it is not there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    arguments = [f"--bytes={size}", f"--seed={seed}", f"--upstream-share={share}", *settings]
    log, counts, made_by = (FOLDER / f"{name}{end}" for end in (".log", ".json", ".txt"))
    # Another generator makes another log.
    told = " ".join([*arguments, str(GENERATE.stat().st_mtime_ns)])
    if not (log.exists() and made_by.exists() and made_by.read_text() == told):
        made_by.unlink(missing_ok=True)
        # What is compressed and written besides needs room as well.
        needed = round(1.2 * size) + 10**9
        if (free := shutil.disk_usage(FOLDER).free) < needed:
            raise OSError(f"{name}.log needs {needed / 1e9:.0f} GB, and {FOLDER} has {free / 1e9:.0f} GB left")
        say(f"making {name}.log, {size / 1e6:,.0f} MB")
        with log.open("wb") as out:
            subprocess.run([GENERATE, *arguments, f"--counts={counts}"], stdout=out, check=True)
        made_by.write_text(told)
    told = json.loads(counts.read_text())
    if log.stat().st_size != told["bytes"]:
        made_by.unlink()
        raise OSError(f"{log} is not what was written; the next run makes it anew")
    return Log(name, log, told["bytes"], told["lines"], told["events_by_class"], told["hostile_records"])


def packed(log: Log) -> Path:
    """The same log as gzip leaves it after a rotation."""
    gz = log.path.with_suffix(".log.gz")
    if not gz.exists() or gz.stat().st_mtime < log.path.stat().st_mtime:
        say(f"compressing {log.name}.log")
        with log.path.open("rb") as text, gz.open("wb") as out:
            subprocess.run(["gzip", "-6", "--no-name"], stdin=text, stdout=out, check=True)
    return gz


def remove(log: Log) -> None:
    """Makes room on the disk again."""
    for path in FOLDER.glob(f"{log.name}.*"):
        path.unlink()


def warm(*paths: Path) -> None:
    """Has the page cache hold the files."""
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass
