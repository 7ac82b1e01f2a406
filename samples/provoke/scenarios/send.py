"""Failures while the request is sent to the backend."""

import socket
import time
from collections.abc import Callable
from functools import partial

from provoke import client
from provoke.backends import PAUSE, listen_tcp, never_read
from provoke.stage import Stage


def send_timeout(stage: Stage) -> None:
    """The backend never reads, and the uploaded file does not fit between it and NGINX"""
    peer = stage.backend(never_read, receive_buffer=4096)
    stage.nginx(f"location / {{ proxy_send_timeout 1s; proxy_pass http://{peer}; }}", level="warn")
    for _ in range(2):
        stage.post("/upload", bytes(8_000_000))
    stage.expect(
        "send_timeout", "upstream timed out (110: Connection timed out) while sending request to upstream",
        phase="send", os_error="ETIMEDOUT", scheme="http", peer=peer, status=504, events=2,
    )
    stage.noise("a client request body is buffered to a temporary file", records=2)


def send_failed(stage: Stage) -> None:
    """The backend resets, or ends and then resets, the connection while an upload is on its way"""

    def end_and_reset(connection: socket.socket) -> None:
        connection.shutdown(socket.SHUT_WR)
        client.reset(connection)

    endings: tuple[tuple[str, str, Callable[[socket.socket], None]], ...] = (
        ("ECONNRESET", "writev() failed (104: Connection reset by peer)", client.reset),
        ("EPIPE", "writev() failed (32: Broken pipe)", end_and_reset),
    )
    port = stage.port()
    peer = f"127.0.0.1:{port}"
    listener = stage.held(listen_tcp(port))
    nginx = stage.nginx(f"location / {{ proxy_request_buffering off; proxy_pass http://{peer}; }}")
    for os_error, text, end in endings:
        uploading = stage.connect()
        uploading.sendall(stage.request("/upload", method=b"POST", headers=["Content-Length: 2000"]) + bytes(500))
        upstream = stage.held(listener.accept()[0])
        upstream.recv(1)
        # Afterwards NGINX finds both at once, and looks at what happened first: there is more to send.
        nginx.pause()
        uploading.sendall(bytes(500))
        stage.until(partial(client.is_received, uploading))
        end(upstream)
        time.sleep(PAUSE)
        nginx.resume()
        stage.count(client.read_all(uploading))
        stage.expect(
            "send_failed", f"{text} while sending request to upstream",
            phase="send", os_error=os_error, scheme="http", peer=peer, status=502,
        )
