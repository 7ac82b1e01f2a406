"""Starting and stopping NGINX and the real servers around it.

Each runs in the foreground in a process group of its own, and is stopped by the handle it was started with. A process
is reaped only after its whole group was stopped, so the group's number cannot belong to anyone else by then.
"""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

PHP_FPM = "/usr/sbin/php-fpm8.2"
WORKER_USER = "www-data"

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "LC_ALL": "C"}
"""NGINX logs local time: UTC makes the samples the same everywhere."""

START_SECONDS = 10.0
STOP_SECONDS = 5.0


class ServerFailed(Exception):
    """A server did not start, or ended by itself; the text holds what it printed."""


def wait_until(met: Callable[[], bool], seconds: float) -> bool:
    """Polls until `met`, for at most `seconds`; says whether it was met."""
    end = time.monotonic() + seconds
    while not met():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Server:
    """One daemon, kept in the foreground."""

    _running: ClassVar[set["Server"]] = set()
    _lock: ClassVar = threading.Lock()
    _closed: ClassVar = False

    def __init__(self, argv: Sequence[str | Path], folder: Path) -> None:
        self._name = Path(argv[0]).name
        self._output = folder / f"{self._name}.out"
        with Server._lock:
            if Server._closed:
                raise ServerFailed("the run is being stopped")
            with self._output.open("ab") as output:
                self._process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env=_ENVIRONMENT,
                    start_new_session=True,
                )
            Server._running.add(self)

    @property
    def pid(self) -> int:
        """The master process."""
        return self._process.pid

    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text(errors="replace")

    def ended(self) -> bool:
        """Whether the master process has ended. Does not reap it, see the module's text."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def catches(self, number: int) -> bool:
        """Whether the master process treats a signal in its own way: until then it may ignore it."""
        caught = re.search(r"SigCgt:\t(\w+)", Path(f"/proc/{self.pid}/status").read_text())
        return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)

    def workers(self) -> list[int]:
        """The processes that the master started."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []

    def wait_until_ready(self, ready: Callable[[], bool]) -> None:
        """Waits for `ready`; raises when the server ends before, or takes too long."""
        wait_until(lambda: self.ended() or ready(), START_SECONDS)
        if self.ended() or not ready():
            raise ServerFailed(f"{self._name} did not start:\n{self.output()}")

    def stop(self) -> None:
        """Stops the server with all its processes. May be called twice."""
        with Server._lock:
            if self not in Server._running:
                return
            Server._running.remove(self)
        os.kill(self.pid, signal.SIGTERM)
        # A process stopped by SIGSTOP would never see the SIGTERM.
        os.killpg(self.pid, signal.SIGCONT)
        wait_until(self.ended, STOP_SECONDS)
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    @classmethod
    def stop_all(cls) -> None:
        """Stops every server and refuses to start another: the run is over."""
        with cls._lock:
            cls._closed = True
            left = list(cls._running)
        for server in left:
            server.stop()


class Nginx(Server):
    """NGINX with one worker, which has started when the constructor returns."""

    program: ClassVar = "/usr/sbin/nginx"

    def __init__(self, folder: Path, config: Path) -> None:
        super().__init__(_nginx_argv(folder, config), folder)
        try:
            self.wait_until_ready(lambda: bool(self.workers()))
        except ServerFailed:
            self.stop()
            raise

    @property
    def worker(self) -> int:
        """The one worker process."""
        return self.workers()[0]

    def reload(self) -> None:
        """Tells NGINX to read its configuration again."""
        os.kill(self.pid, signal.SIGHUP)

    def pause(self) -> None:
        """Stops the worker once it has nothing left to do, so that several things have happened when it looks again."""
        worker = self.worker

        def is_in_state(letter: str) -> bool:
            return f") {letter} " in Path(f"/proc/{worker}/stat").read_text()

        wait_until(lambda: is_in_state("S"), START_SECONDS)
        os.kill(worker, signal.SIGSTOP)
        wait_until(lambda: is_in_state("T"), START_SECONDS)

    def resume(self) -> None:
        """Lets the worker go on."""
        os.kill(self.worker, signal.SIGCONT)


def fail_to_start(folder: Path, config: Path) -> str:
    """Starts NGINX with a configuration that it must refuse; what it prints."""
    argv = _nginx_argv(folder, config)
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, env=_ENVIRONMENT, check=False
    )
    if done.returncode == 0:
        raise ServerFailed(f"{config} was meant to be refused")
    return done.stderr


class PhpFpm(Server):
    """PHP-FPM with the pools of `config`, ready when the constructor returns."""

    def __init__(self, folder: Path, config: Path, ini: Path) -> None:
        super().__init__([PHP_FPM, "--nodaemonize", "--fpm-config", config, "-c", ini], folder)
        try:
            self.wait_until_ready(lambda: "ready to handle connections" in self.output())
        except ServerFailed:
            self.stop()
            raise


class Daemon(Server):
    """Any other server, ready when the constructor returns; `ready` is given what it printed."""

    def __init__(self, folder: Path, argv: Sequence[str | Path], ready: Callable[[str], bool]) -> None:
        super().__init__(argv, folder)
        try:
            self.wait_until_ready(lambda: ready(self.output()))
        except ServerFailed:
            self.stop()
            raise


def _nginx_argv(folder: Path, config: Path) -> list[str | Path]:
    return [Nginx.program, "-p", folder, "-c", config, "-e", folder / "error.log"]


def nginx_version() -> str:
    """As in `1.22.1`."""
    return _version([Nginx.program, "-v"], r"nginx/(\S+)")


def php_version() -> str:
    """As in `8.2.36`."""
    return _version([PHP_FPM, "-v"], r"PHP (\d+\.\d+\.\d+)")


def _version(argv: Sequence[str], pattern: str) -> str:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=True)
    found = re.search(pattern, done.stdout + done.stderr)
    if found is None:
        raise ServerFailed(f"{argv[0]} does not tell its version")
    return found[1]
