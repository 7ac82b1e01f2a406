"""What a scenario states about its log, checking it against the log, and writing it as TOML.

A scenario states what it provoked, in its own words. The check never classifies: it looks for the literal texts that
the scenario names, and every record of the log must bear out exactly one statement.
"""

import errno
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from pathlib import PurePath

FORGED_PID = 4194304
"""The process id in every forged line. Linux counts up to one less, so no genuine record can carry it."""

# What a syslog server or NGINX itself writes before a record: RFC 3164 with or without priority, or with a time as in
# RFC 3339; RFC 5424.
_ENVELOPE = rb"(?:(?:<\d+>)?(?:\w{3} [ \d]\d [\d:]{8}|[-\d]{10}T\S+) \S+ nginx: |<\d+>1 \S+ \S+ nginx - - -  )"
_RECORD_START = re.compile(rb"^" + _ENVELOPE + rb"?(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|nginx:) \[", re.MULTILINE)
_FORGED_START = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] %d#" % FORGED_PID)

_KINDS = {
    "peer_disabled": "W",
    "response_irregular": "W",
    "response_buffered": "W",
    "app_warning": "W",
    "app_stderr": "W",
    "client_aborted": "C",
}
"""Works but degraded (W), the client's doing (C); every other class is a failed attempt (F)."""

UNKNOWN_POOL = "(unknown)"


@dataclass(frozen=True)
class Event:
    """One group of equal events. `says` and `replies` are for the check only."""

    class_: str
    phase: str | None
    os_error: str | None
    level: str
    scheme: str | None
    peer: str | None
    pool: str
    server: str | None
    client: str | None
    status: int | None
    events: int
    says: tuple[bytes, ...]
    replies: int

    def marks(self) -> tuple[bytes, ...]:
        """All that must stand in a record for it to be one of these events."""
        marks = [*self.says, f" [{self.level}] ".encode()]
        if self.os_error:
            marks.append(f" ({getattr(errno, self.os_error)}: ".encode())
        if self.client is not None:
            marks.append(f" client: {self.client}".encode())  # "udp client" too.
        if self.server is not None:
            marks.append(f", server: {self.server or ','}".encode())
        named = self.peer or (None if self.pool == UNKNOWN_POOL else self.pool)
        if named is not None:
            marks.append(f"{self.scheme}://{named}".encode() if self.scheme else named.encode())
        return tuple(marks)

    def count(self) -> int:
        """How many records these are."""
        return self.events


@dataclass(frozen=True)
class Noise:
    """Records that are no events. `says` are texts of which all must stand in such a record."""

    says: tuple[bytes, ...]
    records: int
    status: int | None

    def marks(self) -> tuple[bytes, ...]:
        """As `Event.marks`."""
        return self.says

    def count(self) -> int:
        """As `Event.count`."""
        return self.records


def as_record(text: str) -> str:
    """What a client sends to make `text` look like a record of its own, of this very moment."""
    return f"{time.strftime('%Y/%m/%d %H:%M:%S', time.gmtime())} [error] {FORGED_PID}#{FORGED_PID}: *7 {text}"


def pool_of(peer: str | None) -> str:
    """The pool's name when nothing but the peer is known."""
    if peer is None:
        return UNKNOWN_POOL
    return PurePath(peer.removeprefix("unix:")).stem or peer if peer.startswith("unix:") else peer


def bears(record: bytes, group: Event | Noise) -> bool:
    """Whether a record is one of those that a group states."""
    return all(mark in record for mark in group.marks())


def split_records(log: bytes) -> list[bytes]:
    """Cuts a log into records. A line that a client forged belongs to the record before it."""
    starts = [found.start() for found in _RECORD_START.finditer(log) if not _FORGED_START.match(log, found.start())]
    if log and (not starts or starts[0] != 0):
        starts.insert(0, 0)
    return [log[start:end] for start, end in pairwise([*starts, len(log)])]


def count_lines(log: bytes) -> int:
    """Lines, an unterminated last one included."""
    return log.count(b"\n") + (1 if log and not log.endswith(b"\n") else 0)


def check(log: bytes, groups: Sequence[Event | Noise], seen: Counter[int]) -> list[str]:
    """Compares a log and the statuses that clients saw with what was stated; the list names every difference."""
    problems = []
    counts: Counter[int] = Counter()
    for record in split_records(log):
        bearing = [at for at, group in enumerate(groups) if bears(record, group)]
        if len(bearing) == 1:
            counts[bearing[0]] += 1
        else:
            what = "no statement covers" if not bearing else f"{len(bearing)} statements cover"
            problems.append(f"{what} the record {_show(record)}")
    replies: Counter[int] = Counter()
    for at, group in enumerate(groups):
        if counts[at] != group.count():
            problems.append(f"{group.count()} records stated, {counts[at]} found: {b' ... '.join(group.marks())!r}")
        if group.status is not None:
            replies[group.status] += group.replies if isinstance(group, Event) else group.count()
    for status in sorted(replies):
        if replies[status] != seen[status]:
            problems.append(f"{replies[status]} replies of status {status} stated, clients saw {seen[status]}")
    return problems


def write_toml(about: str, versions: Iterable[tuple[str, str]], log: bytes, groups: Sequence[Event | Noise]) -> str:
    """The expectation file. Groups that differ in nothing but their texts become one table."""
    lines = ["# Written by samples/provoke; do not edit.", f"about = {_quote(about)}"]
    lines += [f"{name} = {_quote(version)}" for name, version in versions]
    lines += [f"lines = {count_lines(log)}", f"records = {len(split_records(log))}"]
    merged: dict[tuple[object, ...], Event] = {}
    for group in groups:
        if isinstance(group, Event):
            key = astuple(replace(group, events=0, says=(), replies=0))
            before = merged[key].events if key in merged else 0
            merged[key] = replace(group, events=before + group.events)
    if not merged:
        lines.append("events = []")
    for event in merged.values():
        lines += ["", "[[events]]", *_event_lines(event)]
    return "\n".join(lines) + "\n"


def _event_lines(event: Event) -> list[str]:
    values: list[tuple[str, str | int | None]] = [
        ("class", event.class_),
        ("kind", _KINDS.get(event.class_, "F")),
        ("phase", event.phase),
        ("os_error", event.os_error),
        ("level", event.level),
        ("scheme", event.scheme),
        ("peer", event.peer),
        ("pool", event.pool),
        ("server", event.server),
        ("client", event.client),
        ("status", event.status),
        ("events", event.events),
    ]
    return [
        f"{name} = {value if isinstance(value, int) else _quote(value)}" for name, value in values if value is not None
    ]


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        raise ValueError(f"not fit for a TOML string: {text!r}")
    return f'"{escaped}"'


def _show(record: bytes) -> str:
    return repr(record if len(record) < 700 else record[:500] + b" ... " + record[-150:])
