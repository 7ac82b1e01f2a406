"""The mail proxy, whose records name the upstream without quotes, after a login that the client chose."""

import base64
import re
import socket
import time
from collections.abc import Callable, Sequence

from provoke import client
from provoke.backends import (
    PAUSE,
    Conduct,
    answer,
    answer_and_hold,
    answer_and_reset,
    finish,
    never_read,
    read_http,
    read_some,
)
from provoke.expect import as_record
from provoke.stage import Stage


def _directory(peers: dict[bytes, str]) -> Conduct:
    """The auth_http server: lets everybody in, and names the mail server by the login's first letters."""

    def conduct(connection: socket.socket) -> None:
        login = read_http(connection).partition(b"Auth-User: ")[2]
        host, port = peers[re.split(rb"\W", login, maxsplit=1)[0]].split(":")
        head = f"HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: {host}\r\nAuth-Port: {port}\r\n\r\n"
        connection.sendall(head.encode())

    return conduct


def _start(stage: Stage, peers: dict[bytes, str], protocol: str = "imap", settings: str = "") -> int:
    """Starts NGINX as a mail proxy; its port."""
    (port,) = _start_all(stage, [stage.backend(_directory(peers))], protocol, settings)
    stage.server_name = f"127.0.0.1:{port}"
    return port


def _start_all(stage: Stage, directories: Sequence[str], protocol: str, settings: str) -> list[int]:
    """Starts NGINX with a mail server for each auth_http server; their ports."""
    ports = [stage.port() for _ in directories]
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port}; protocol {protocol}; auth_http {directory}/auth; }}\n"
        for port, directory in zip(ports, directories, strict=True)
    )
    stage.nginx(
        modules=["ngx_mail_module"],
        blocks=f"""
        mail {{
            error_log {stage.log_path} info;
            server_name mail.test;
            timeout 1s;
            {protocol}_auth plain;
            {settings}
            {servers}
        }}
        """,
    )
    return ports


_BEFORE_LOGIN = {
    "imap": (b"a AUTHENTICATE PLAIN\r\n",),
    "pop3": (b"AUTH PLAIN\r\n",),
    "smtp": (b"EHLO client.test\r\n", b"AUTH PLAIN\r\n"),
}


def _send_login(port: int, login: bytes, protocol: str = "imap") -> socket.socket:
    """Connects and logs in; the connection."""
    connection = client.connect(("127.0.0.1", port))
    connection.recv(1000)
    for line in _BEFORE_LOGIN[protocol]:
        connection.sendall(line)
        connection.recv(1000)
    connection.sendall(base64.b64encode(b"\0" + login + b"\0secret") + b"\r\n")
    return connection


def _log_in(port: int, login: bytes, protocol: str = "imap") -> None:
    """Logs in and waits for the end."""
    with _send_login(port, login, protocol) as connection:
        client.read_all(connection)


def _converse(replies: Sequence[bytes], end: Conduct = finish) -> Conduct:
    """Speaks first, then gives the next reply to whatever comes, and ends as told."""

    def conduct(connection: socket.socket) -> bool | None:
        for number, reply in enumerate(replies):
            if number:
                read_some(connection)
            connection.sendall(reply)
        return end(connection)

    return conduct


def mail(stage: Stage) -> None:
    """The mail server behind NGINX does not listen, says nothing, or does not speak IMAP"""
    peers = {
        b"refused": stage.dead(),
        b"silent": stage.backend(never_read),
        b"web": stage.backend(answer(b"HTTP/1.0 400 Bad Request\r\n\r\n", read=lambda _: b"")),
    }
    port = _start(stage, peers)
    for login in (*peers, b"refused"):
        _log_in(port, login)
    # The mail proxy reads the greeting without asking first whether the connection came about.
    stage.expect(
        "connect_refused", "recv() failed (111: Connection refused) while reading response from upstream",
        phase="body", os_error="ECONNREFUSED", peer=peers[b"refused"], events=2,
    )
    stage.expect(
        "connect_timeout", "upstream timed out (110: Connection timed out) while connecting to upstream",
        phase="connect", os_error="ETIMEDOUT", level="info", peer=peers[b"silent"],
    )
    # This record spans two lines.
    stage.expect(
        "invalid_response", 'upstream sent invalid response: "HTTP/1.0 400 Bad Request\r\n" while reading response',
        phase="body", peer=peers[b"web"],
    )
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}", records=4)


def forged_login(stage: Stage) -> None:
    """Mail logins that hold the rest of a record, or a whole record on a line of its own, before the genuine peer"""
    peer = stage.dead()
    port = _start(stage, {b"eve": peer})
    genuine = "recv() failed (111: Connection refused) while reading response from upstream"
    line = as_record("connect() failed (111: Connection refused) while connecting to upstream, client: 10.9.9.9")
    logins = (
        b'eve", upstream: 10.9.9.9:110',
        b'eve\n' + line.encode() + b', server: evil:110, login: "x',
        b'eve", upstream: 10.9.9.9:110, login: "eve',
    )
    for login in logins:
        _log_in(port, login)
    stage.expect("connect_refused", genuine, phase="body", os_error="ECONNREFUSED", peer=peer, events=len(logins))
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}", records=len(logins))


_CONVERSATIONS = {
    "imap": (b"* OK ready\r\n", b"+ user\r\n", b"+ password\r\n", b"a OK welcome\r\n"),
    "pop3": (b"+OK ready\r\n", b"+OK user\r\n", b"+OK welcome\r\n"),
    "smtp": (b"220 ready\r\n", b"250 welcome\r\n"),
}
"""What a mail server says up to the end of the login."""


def _reset_soon(connection: socket.socket) -> None:
    time.sleep(PAUSE)
    client.reset(connection)


def _read_and_reset(connection: socket.socket) -> None:
    read_some(connection)
    client.reset(connection)


def _leave(connection: socket.socket, how: Callable[[socket.socket], None]) -> None:
    """Leaves once the login is through."""
    read_some(connection)
    time.sleep(PAUSE)
    how(connection)


def _break_conversations(stage: Stage, protocol: str, busy: str, rejection: str, last: str) -> None:
    """Breaks off at each step of the login, and in the session after it.

    `busy` and `rejection` are what the mail server says instead of a greeting and a welcome, `last` is what NGINX sends
    in the end.
    """
    whole = _CONVERSATIONS[protocol]
    begun = whole[:-1]
    peers = {b"refused": stage.dead()} | {
        login: stage.backend(conduct)
        for login, conduct in {
            b"ends_at_once": _converse([]),
            b"ends_midway": _converse(begun),
            b"busy": _converse([f"{busy}\r\n".encode()]),
            b"rejects": _converse([*begun, f"{rejection}\r\n".encode()]),
            b"talks": _converse([b"+" + b"x" * 5000 + b"\r\n"]),
            b"silent": _converse(begun, end=never_read),
            b"resets_midway": _converse(begun, end=_read_and_reset),
            b"resets": _converse(whole, end=_reset_soon),
            b"ends": _converse(whole),
            b"idles": _converse(whole, end=never_read),
        }.items()
    }
    port = _start(stage, peers, protocol, "proxy_timeout 1s; xclient off;")
    for login in peers:
        _log_in(port, login, protocol)
    for how in (socket.socket.close, client.reset):
        _leave(_send_login(port, b"idles", protocol), how)
    response, was_reset = "while reading response from upstream", "recv() failed (104: Connection reset by peer)"
    stage.expect(
        "connect_refused", f"recv() failed (111: Connection refused) {response}",
        phase="body", os_error="ECONNREFUSED", peer=peers[b"refused"],
    )
    for login, text in ((b"busy", busy), (b"rejects", rejection.removeprefix("a "))):
        stage.expect(
            "invalid_response", f'upstream sent invalid response: "{text}" {response}', phase="body", peer=peers[login]
        )
    # The line leaves no room in the record for what would follow it.
    stage.expect("invalid_response", 'upstream sent too long response line: "+xxx', server=None, client=None)
    stage.expect(
        "send_timeout", f"upstream timed out (110: Connection timed out) while sending {last} to upstream",
        phase="send", os_error="ETIMEDOUT", level="info", peer=peers[b"silent"],
    )
    stage.expect(
        "body_reset", f"{was_reset} {response}", phase="body", os_error="ECONNRESET", peer=peers[b"resets_midway"]
    )
    stage.expect(
        "session_reset", f"{was_reset} while proxying and reading from upstream",
        phase="session", os_error="ECONNRESET", peer=peers[b"resets"],
    )
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}", records=len(peers) + 2)
    stage.noise(" client logged in, client: ", records=5)
    stage.noise(" proxied session done, client: ", records=4)
    # Neither side spoke.
    stage.noise("[info]", "client timed out (110: Connection timed out) while proxying, client: ")
    stage.noise("[info]", f"{was_reset} while proxying and reading from client")


def mail_imap(stage: Stage) -> None:
    """An IMAP server does not listen, is busy, rejects the login, says too much or nothing, or resets the connection
    during the login or later; what ends early, in silence or by the client leaves no event"""
    _break_conversations(stage, "imap", "* BYE too many users", "a NO wrong password", "password")


def mail_pop3(stage: Stage) -> None:
    """A POP3 server does not listen, is busy, rejects the login, says too much or nothing, or resets the connection
    during the login or later; what ends early, in silence or by the client leaves no event"""
    _break_conversations(stage, "pop3", "-ERR too many users", "-ERR wrong password", "password")


def mail_smtp(stage: Stage) -> None:
    """An SMTP server does not listen, is busy, rejects NGINX, says too much or nothing, or resets the connection at the
    beginning or later; what ends early, in silence or by the client leaves no event"""
    _break_conversations(stage, "smtp", "554 too many users", "550 no such client", "HELO/EHLO")


def mail_error_passed(stage: Stage) -> None:
    """The mail server rejects the login, and NGINX passes its words on to the client (proxy_pass_error_message)"""
    peer = stage.backend(_converse([*_CONVERSATIONS["pop3"][:-1], b"-ERR mailbox is locked\r\n"]))
    port = _start(stage, {b"anna": peer}, "pop3", "proxy_pass_error_message on;")
    for _ in range(2):
        with _send_login(port, b"anna", "pop3") as connection:
            said = client.read_all(connection)
        if said != b"-ERR mailbox is locked\r\n":
            raise AssertionError(f"the client got {said!r}")
    stage.expect(
        "response_irregular", 'upstream sent invalid response: "-ERR mailbox is locked" while reading response from',
        phase="body", level="info", peer=peer, events=2,
    )
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}", records=2)


def mail_auth(stage: Stage) -> None:
    """The auth_http server is no upstream: it does not listen, says nothing, resets the connection, sends no HTTP, does
    not name a mail server or names a wrong one, or does not let the client in"""
    ok = b"HTTP/1.0 200 OK\r\nAuth-Status: OK\r\n"
    refused, silent, steps = stage.dead(), stage.backend(answer_and_hold()), "in http auth state, client: "
    answers = (
        (answer_and_reset(), " [error] ", "recv() failed (104: Connection reset by peer)"),
        (answer(b"HTTP/1.0 200 OK\rno end\r\n\r\n"), " [error] ", "sent invalid response"),
        (answer(b"HTTP/1.0 200 OK\r\nAuth Status: OK\r\n\r\n"), " [error] ", "sent invalid header in response"),
        (answer(b"HTTP/1.0 500 Internal Server Error\r\n\r\n"), " [error] ", "did not send server or port"),
        (answer(ok + b"Auth-Server: mail.test\r\nAuth-Port: 1\r\n\r\n"), " [error] ", 'server address:"mail.test"'),
        (answer(ok + b"Auth-Server: 127.0.0.1\r\nAuth-Port: imap\r\n\r\n"), " [error] ", 'server port:"imap"'),
        (answer(b"HTTP/1.0 200 OK\r\nAuth-Status: No\r\n\r\n"), " [info] ", 'client login failed: "No"'),
    )
    directories = [refused, silent, *(stage.backend(conduct) for conduct, _, _ in answers)]
    ports = _start_all(stage, directories, "imap", "auth_http_timeout 1s;")
    for port in ports:
        _log_in(port, b"anna")
        stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}")
    stage.noise(" [error] ", f"recv() failed (111: Connection refused) while {steps}")
    stage.noise(" [error] ", f"auth http server {silent} timed out (110: Connection timed out) while {steps}")
    for _, level, text in answers:
        stage.noise(level, f"{text} while {steps}")
