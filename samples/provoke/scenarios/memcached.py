"""A real memcached, and scripted ones that answer wrongly."""

import os
import signal

from provoke import client
from provoke.backends import answer, answer_and_hold, answer_and_reset, answer_in_parts, read_some
from provoke.stage import Stage

_UPSTREAM = "while reading response header from upstream"
_CONNECTIONS = 20


def memcached_app(stage: Stage) -> None:
    """memcached does not take the key or has no connection left, hangs, and is down at last; a key that it does not
    hold is no event"""
    port = stage.port()
    peer = f"127.0.0.1:{port}"
    memcached = stage.daemon(
        "/usr/bin/memcached", "-l", "127.0.0.1", "-p", str(port), "-u", "root", "-t", "1", "-c", str(_CONNECTIONS),
        "-vv", ready=lambda printed: "server listening" in printed,
    )
    with client.connect(("127.0.0.1", port)) as connection:
        connection.sendall(b"set /tea 0 0 2\r\nok\r\n")
        connection.recv(100)
    stage.nginx(
        f"""
        memcached_read_timeout 1s;
        location / {{ set $memcached_key $uri; memcached_pass {peer}; }}
        location /unset {{ memcached_pass {peer}; }}
        """,
        level="info",
    )
    stage.get("/tea")
    stage.get("/coffee", times=2)
    stage.noise('key: "/coffee" was not found by memcached while reading response header', records=2, status=404)
    stage.get(f"/{'long' * 100}", times=2)
    stage.get("/unset")
    held = [client.connect(("127.0.0.1", port)) for _ in range(2 * _CONNECTIONS)]
    stage.get("/tea")
    for connection in held:
        connection.close()
    os.kill(memcached.pid, signal.SIGSTOP)
    stage.get("/tea")
    memcached.stop()
    stage.get("/tea", times=3)
    for text, events in (("CLIENT_ERROR bad command line format", 2), ("ERROR Too many open connections", 1)):
        stage.expect(
            "invalid_response", f'memcached sent invalid response: "{text}" {_UPSTREAM}',
            phase="header", scheme="memcached", peer=peer, status=502, events=events,
        )
    stage.noise('using uninitialized "memcached_key" variable')
    stage.expect("upstream_misconfigured", 'the "$memcached_key" variable is not set', phase="config", status=500)
    stage.expect(
        "response_timeout", f"upstream timed out (110: Connection timed out) {_UPSTREAM}",
        phase="header", os_error="ETIMEDOUT", scheme="memcached", peer=peer, status=504,
    )
    stage.expect(
        "connect_refused", "connect() failed (111: Connection refused) while connecting to upstream",
        phase="connect", os_error="ECONNREFUSED", scheme="memcached", peer=peer, status=502, events=3,
    )


def memcached_response(stage: Stage) -> None:
    """A memcached server answers with another key, with flags or a length that are none, in no protocol at all, or
    breaks off; after the value, it sends what is no end"""
    wrong = "memcached sent invalid"
    headers = (
        ("invalid_response", b"VALUE sky 0 2\r\nok\r\n", f'{wrong} key in response "VALUE sky 0 2" for key "key"'),
        ("invalid_response", b"VALUE key x 2\r\nok\r\n", f'{wrong} flags in response "VALUE key x 2" for key "key"'),
        ("invalid_response", b"VALUE key 0 x\r\nok\r\n", f'{wrong} length in response "VALUE key 0 x" for key "key"'),
        ("invalid_response", b"HTTP/1.1 400 Bad Request\r\n\r\n", f'{wrong} response: "HTTP/1.1 400 Bad Request"'),
        ("invalid_response", b"SERVER_ERROR out of memory\r\n", f'{wrong} response: "SERVER_ERROR out of memory"'),
        ("header_too_big", b"VALUE key " + bytes(5000), "upstream sent too big header"),
        ("response_closed", b"VALUE key", "upstream prematurely closed connection"),
    )
    trailer, cut = b"VALUE key 0 2\r\nok\r\nEN?\r\n", b"VALUE key 0 200\r\nok"
    bodies = {
        "trailer": answer(trailer, read=read_some),
        "cut": answer_in_parts(cut, b"", read=read_some),
        "silent": answer_and_hold(cut, read=read_some),
        "resets": answer_and_reset(cut, read=read_some),
    }
    peers = {f"{number}": stage.backend(answer(data, read=read_some)) for number, (_, data, _) in enumerate(headers)}
    peers |= {name: stage.backend(conduct) for name, conduct in bodies.items()}
    stage.nginx(
        "set $memcached_key key; memcached_gzip_flag 2; memcached_buffer_size 4k; memcached_read_timeout 1s;"
        + "".join(f"location = /{name} {{ memcached_pass {peer}; }}\n" for name, peer in peers.items())
    )
    for name in peers:
        stage.get(f"/{name}")
    for number, (class_, _, text) in enumerate(headers):
        stage.expect(
            class_, f"{text} {_UPSTREAM}", phase="header", scheme="memcached", peer=peers[f"{number}"], status=502
        )
    # The header was sent before: the client got the value.
    stage.expect(
        "invalid_response", f"{wrong} trailer {_UPSTREAM}", phase="header", scheme="memcached", peer=peers["trailer"]
    )
    for name, class_, text, os_error in (
        ("cut", "body_truncated", "upstream prematurely closed connection", None),
        ("silent", "body_timeout", "upstream timed out (110: Connection timed out)", "ETIMEDOUT"),
        ("resets", "body_reset", "recv() failed (104: Connection reset by peer)", "ECONNRESET"),
    ):
        stage.expect(
            class_, f"{text} while reading upstream", phase="body", os_error=os_error, scheme="memcached",
            peer=peers[name],
        )
