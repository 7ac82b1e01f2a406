"""A network, or a host name, of its own for the calling thread and all it starts.

The network is for scenarios that need a broken one. It has no interface but its own loopback, so nothing sent in it can
leave the machine. It lives as long as a thread or process in it; the thread that enters it cannot come back and must
end after its scenario.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from pathlib import Path

_CLONE_NEWUTS, _CLONE_NEWNET = 0x04000000, 0x40000000  # linux/sched.h
_SIOCSIFFLAGS = 0x8914  # linux/sockios.h
_IFF_UP = 0x1  # linux/if.h


def enter_own_network() -> None:
    """Moves the calling thread into a new network, of which only the loopback is there."""
    _unshare(_CLONE_NEWNET)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def take_host_name(name: str) -> None:
    """Gives the machine another name, for the calling thread and all it starts."""
    _unshare(_CLONE_NEWUTS)
    socket.sethostname(name)


def _unshare(what: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(what) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"cannot leave what others share: {os.strerror(code)}")


def add_route(kind: str, target: str) -> None:
    """A route that only fails: `unreachable` (EHOSTUNREACH), `prohibit` (EACCES), `blackhole` (EINVAL)."""
    subprocess.run(["ip", "route", "add", kind, target], stdin=subprocess.DEVNULL, timeout=10, check=True)


def set_ipv4(name: str, value: str) -> None:
    """Sets `/proc/sys/net/ipv4/NAME` of the calling thread's network, where this kernel knows the name."""
    path = Path("/proc/sys/net/ipv4", name)
    if path.exists():
        path.write_text(value)
