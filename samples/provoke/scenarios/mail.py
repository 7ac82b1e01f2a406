"""The mail proxy, whose records name the upstream without quotes, after a login that the client chose."""

import base64
import re
import socket

from provoke import client
from provoke.backends import Conduct, answer, never_read, read_http
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


def _start(stage: Stage, peers: dict[bytes, str]) -> int:
    """Starts NGINX as an IMAP proxy; its port."""
    directory, port = stage.backend(_directory(peers)), stage.port()
    stage.server_name = f"127.0.0.1:{port}"
    stage.nginx(
        modules=["ngx_mail_module"],
        blocks=f"""
        mail {{
            error_log {stage.log_path} info;
            server_name mail.test;
            auth_http {directory}/auth;
            timeout 1s;
            imap_auth plain;
            server {{ listen 127.0.0.1:{port}; protocol imap; }}
        }}
        """,
    )
    return port


def _log_in(port: int, login: bytes) -> None:
    with client.connect(("127.0.0.1", port)) as connection:
        connection.recv(1000)
        connection.sendall(b"a AUTHENTICATE PLAIN\r\n")
        connection.recv(1000)
        connection.sendall(base64.b64encode(b"\0" + login + b"\0secret") + b"\r\n")
        client.read_all(connection)


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
