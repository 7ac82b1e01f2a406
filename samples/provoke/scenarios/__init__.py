"""The scenarios, one function each, grouped by the phase of the exchange that fails, or by protocol.

The function's name is the sample's name, the first paragraph of its text is the sample's `about`.
"""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from provoke.stage import Stage

_GROUPS = (
    "connect",
    "limits",
    "resolve",
    "config",
    "tls",
    "send",
    "header",
    "body",
    "session",
    "stream",
    "mail",
    "fastcgi",
    "uwsgi",
    "grpc",
    "memcached",
    "client",
    "noise",
    "other",
    "fields",
    "forged",
    "cut",
    "syslog",
)

_NEEDS: dict[str, tuple[int, ...]] = {}


@dataclass(frozen=True)
class Scenario:
    """One thing to provoke."""

    name: str
    about: str
    play: Callable[[Stage], None]
    needs: tuple[int, ...]
    """The NGINX version it needs; empty for any."""


def needs_nginx(*version: int) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Marks a scenario that an older NGINX cannot play."""

    def mark(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        _NEEDS[play.__name__] = version
        return play

    return mark


def all_scenarios() -> list[Scenario]:
    """Every scenario, in the order of the groups and of each group's file. Their order decides their ports."""
    found = []
    for group in _GROUPS:
        module = importlib.import_module(f"provoke.scenarios.{group}")
        for name, play in vars(module).items():
            if inspect.isfunction(play) and play.__module__ == module.__name__ and not name.startswith("_"):
                paragraph = inspect.cleandoc(play.__doc__ or name).split("\n\n")[0]
                found.append(Scenario(name, " ".join(paragraph.split()).rstrip("."), play, _NEEDS.get(name, ())))
    return found
