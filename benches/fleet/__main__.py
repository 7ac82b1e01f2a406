"""Simulates a fleet: many hosts, each with a small dataset of its own below one prefix, night after night.

Logs are made from a seed, with clocks that are wrong, hosts that are late and runs that are killed or made
twice; the real program reads them, into a folder and for some hosts into a bucket. DuckDB over all files must
give the truth, to the event, before `compact` and after it; then all that is measured.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "compare"))

import ground  # noqa: E402
from bucket import is_known  # noqa: E402
from clock import Failed  # noqa: E402
from hosts import MOST_NIGHTS  # noqa: E402
from record import record  # noqa: E402
from simulate import Wanted, simulate  # noqa: E402


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python3 benches/fleet", description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000, metavar="N", help="[default: 1000]")
    parser.add_argument(
        "--nights", type=int, default=30, metavar="N", help=f"{MOST_NIGHTS} at most [default: 30]"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another fleet [default: 1]")
    parser.add_argument(
        "--bucket-hosts",
        type=int,
        default=20,
        metavar="N",
        help="so many write into a bucket too [default: 20]",
    )
    parser.add_argument(
        "--times", type=int, default=3, metavar="N", help="how often a query is timed [default: 3]"
    )
    parser.add_argument("--jobs", type=int, default=ground.CORES, metavar="N", help="so many runs at once")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where it all lies [default: target/fleet]"
    )
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="add the figures to this file, as Markdown"
    )
    parser.add_argument(
        "--python", type=Path, help="one that has requirements.txt [default: made under target/]"
    )
    parser.add_argument("--program", type=Path, metavar="FILE", help="the program [default: built by cargo]")
    parser.add_argument(
        "--bucket-program",
        type=Path,
        metavar="FILE",
        help="one with object storage, for buckets [default: the same]",
    )
    chosen = parser.parse_args()
    if not 1 <= chosen.nights <= MOST_NIGHTS:
        parser.error(f"--nights is 1 to {MOST_NIGHTS}")
    if not 0 <= chosen.bucket_hosts <= chosen.hosts:
        parser.error("--bucket-hosts is at most --hosts")
    return chosen


def main() -> int:
    """0: every count is the truth; 1: one is not, or something failed."""
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not chosen.program:
        ground.build(with_all=True)
    program = chosen.program or ground.BADGATEWAY
    python = chosen.python or ground.readers("fleet-readers", Path(__file__).with_name("requirements.txt"))
    folder = (chosen.folder or ground.TARGET / "fleet").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    bucket_program = (chosen.bucket_program or program).absolute()
    if chosen.bucket_hosts and not is_known(bucket_program, folder):
        ground.say(f"{bucket_program} has no object storage: nothing is written into a bucket")
        bucket_program = None
    wanted = Wanted(
        chosen.hosts,
        chosen.nights,
        chosen.seed,
        chosen.bucket_hosts,
        chosen.times,
        chosen.jobs,
        python.absolute(),
        program.absolute(),
        bucket_program,
        folder,
    )
    begin = time.monotonic()
    about = ground.machine()
    try:
        figures = simulate(wanted)
    except (Failed, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    told = record(wanted, figures, about, time.monotonic() - begin)
    print(told)
    if chosen.record:
        with chosen.record.open("a") as out:
            out.write(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
