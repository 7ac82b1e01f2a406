"""What a library owes its process: its threads, its memory, its signals, its forks."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from pathlib import Path

import pyarrow as pa
import pytest

import badgateway
from conftest import LINE


def threads() -> int:
    """How many threads the process has that are ours."""
    count = 0
    for name in Path("/proc/self/task").glob("*/comm"):
        # One that ends meanwhile is none.
        with contextlib.suppress(OSError):
            count += name.read_text().startswith("badgateway")
    return count


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_python_goes_on_while_logs_are_read(large: Path) -> None:
    turns = 0
    is_done = threading.Event()

    def turn() -> None:
        nonlocal turns
        while not is_done.is_set():
            turns += 1
            time.sleep(0.001)

    other = threading.Thread(target=turn)
    other.start()
    began = time.monotonic()
    badgateway.aggregate(large, timezone="UTC", threads=1)
    aggregated = (turns, time.monotonic() - began)
    for _ in badgateway.events(large, timezone="UTC", threads=1):
        pass
    is_done.set()
    other.join()
    for count, seconds in (aggregated, (turns, time.monotonic() - began)):
        assert count > 50 * seconds, "another thread had hardly a turn"


MEMORY = """
import resource, sys
import badgateway
usage = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = usage()
count = sum(len(batch) for batch in badgateway.events([sys.argv[1]] + [open(sys.argv[2], "rb").read()], threads=2))
print(count, usage() - before)
"""


def test_no_other_package_is_needed() -> None:
    script = """
import sys
sys.modules["pyarrow"] = None
import badgateway
log = sys.stdin.buffer.read()
(batch,) = badgateway.events(log)
part = badgateway.aggregate(log)
print(len(batch), len(badgateway.merge([part, part])))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], input=LINE, capture_output=True, check=True
    )
    assert done.stdout == b"1 1\n"


def test_memory_does_not_grow_with_the_log(large: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.log"
    small.write_bytes(LINE)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, large, small], capture_output=True, text=True, check=True
    )
    count, kilobytes = map(int, done.stdout.split())
    assert count > 100_000
    assert kilobytes < 96 * 1024


def test_nothing_is_read_far_ahead_of_who_takes_it(large: Path) -> None:
    with badgateway.events(large, threads=1) as reader:
        first = next(reader)
        time.sleep(1)
        until(lambda: threads() > 0)
        rest = sum(len(batch) for batch in reader)
    assert rest > 10 * len(first)


def test_a_reader_that_is_dropped_leaves_no_thread(large: Path) -> None:
    until(lambda: threads() == 0)
    for _ in range(5):
        reader = badgateway.events(large, threads=3)
        assert threads() >= 3
        next(reader)
        del reader
        until(lambda: threads() == 0)
    stream = pa.RecordBatchReader.from_stream(badgateway.events(large))
    stream.read_next_batch()
    del stream
    until(lambda: threads() == 0)
    reader = badgateway.events(large)
    reader.close()
    assert list(reader) == []
    until(lambda: threads() == 0)


def test_readers_on_many_threads_do_not_meet(large: Path) -> None:
    log = large.read_bytes()[:3_000_000]
    expected = sum(len(batch) for batch in badgateway.events(log))
    counts: list[int] = []
    shared = badgateway.events(log)

    def read_own() -> None:
        counts.append(sum(len(batch) for batch in badgateway.events(log)))

    def read_shared() -> None:
        counts.append(sum(len(batch) for batch in shared))

    workers = [threading.Thread(target=read_own) for _ in range(4)]
    sharing = [threading.Thread(target=read_shared) for _ in range(4)]
    for worker in workers + sharing:
        worker.start()
    for worker in workers + sharing:
        worker.join(60)
    assert sum(counts) == 5 * expected


INTERRUPTED = """
import sys, threading, time, os, signal
import badgateway
path, how = sys.argv[1:]
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    if how == "aggregate":
        badgateway.aggregate(path)
    elif how == "pyarrow":
        import pyarrow as pa
        pa.table(badgateway.events([b"2026/11/01 09:15:02 [notice] 7#7: x\\n", path]))
    else:
        for _ in badgateway.events(path):
            pass
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 10)
"""


@pytest.mark.parametrize("how", ["aggregate", "events", "pyarrow"])
def test_ctrl_c_ends_waiting(how: str, tmp_path: Path) -> None:
    fifo = tmp_path / "error.log"
    os.mkfifo(fifo)
    # Somebody has it open, and never writes.
    writer = os.open(fifo, os.O_RDWR)
    try:
        command = [sys.executable, "-c", INTERRUPTED, str(fifo), how]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    finally:
        os.close(writer)
    assert done.stdout == "interrupted True\n", done.stderr


def count(log: Path, found: Queue[int]) -> None:
    events = sum(len(batch) for batch in badgateway.events(log))
    counted = badgateway.aggregate(log)
    found.put(events - sum(pa.table(counted)["events"].to_pylist()))


def test_a_forked_child_reads_by_itself(large: Path, tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_bytes(large.read_bytes()[:3_000_000])
    badgateway.aggregate(log)
    half_read = badgateway.events(large)
    next(half_read)
    context = multiprocessing.get_context("fork")
    found: Queue[int] = context.Queue()
    children = [context.Process(target=count, args=(log, found)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    assert [found.get(timeout=5) for _ in children] == [0, 0, 0]
    # And the parent reads on.
    assert sum(len(batch) for batch in half_read) > 100_000


def read_on(reader: badgateway.RecordBatchReader, found: Queue[str]) -> None:
    try:
        for _ in reader:
            pass
    except RuntimeError as error:
        found.put(str(error))


def test_a_reader_from_before_a_fork_is_an_error_in_the_child(large: Path) -> None:
    reader = badgateway.events(large, threads=1)
    next(reader)
    context = multiprocessing.get_context("fork")
    found: Queue[str] = context.Queue()
    child = context.Process(target=read_on, args=(reader, found))
    child.start()
    assert "in another process, before a fork" in found.get(timeout=60)
    child.join(60)
    assert child.exitcode == 0


def test_signals_keep_their_handlers(large: Path) -> None:
    script = "import badgateway, sys; badgateway.aggregate(sys.argv[1]); print(open('/proc/self/status').read())"
    done = subprocess.run(
        [sys.executable, "-c", script, large], capture_output=True, text=True, check=True
    )
    (caught,) = (line.split()[1] for line in done.stdout.splitlines() if line.startswith("SigCgt"))
    assert not int(caught, 16) & 1 << (signal.SIGBUS - 1)
