"""A real gRPC server, and scripted ones that break HTTP/2's rules."""

import socket
from collections.abc import Mapping
from functools import partial

from provoke import frames
from provoke.backends import Conduct, answer, answer_in_parts
from provoke.frames import http2, http2_headers, read_http2
from provoke.stage import Stage

_UPSTREAM = "while reading response header from upstream"

_OK = (b":status", b"200")
_TYPE = (b"content-type", b"application/grpc")
_STATUS = (b"grpc-status", b"0")
_HEADER = http2_headers(_OK, _TYPE)
_DATA = http2(frames.H2_DATA, b"x", stream=1)
_LAST_DATA = http2(frames.H2_DATA, b"x", flags=frames.H2_END_STREAM, stream=1)

_APP = """\
import os, signal, sys, time
from concurrent import futures

import grpc

def slow(request, context):
    time.sleep(2)
    return b""

def crash(request, context):
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)

def fail(request, context):
    raise RuntimeError("no price for tea")

def list_slowly(request, context):
    yield b"part"
    time.sleep(2)

def list_and_crash(request, context):
    yield b"part"
    crash(request, context)

server = grpc.server(futures.ThreadPoolExecutor(4))
calls = {
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
    "Crash": grpc.unary_unary_rpc_method_handler(crash),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "ListSlowly": grpc.unary_stream_rpc_method_handler(list_slowly),
    "ListAndCrash": grpc.unary_stream_rpc_method_handler(list_and_crash),
}
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("shop.Cart", calls)])
server.add_insecure_port(sys.argv[1])
server.start()
print(sys.argv[1], "is served", flush=True)
server.wait_for_termination()
"""


def _is_gone(peer: str) -> bool:
    host, port = peer.split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def _is_served(servers: int, printed: str) -> bool:
    return printed.count("is served") == servers


def grpc_app(stage: Stage) -> None:
    """A gRPC server is too slow, is killed before it answers or in the middle of a stream, is not there afterwards, or
    is asked in HTTP/1; what it answers itself (a deadline passed, an exception, no such call) is no event"""
    app = stage.file("app.py", _APP)
    peers = [f"127.0.0.1:{stage.port()}" for _ in range(2)]
    for number, peer in enumerate(peers, start=1):
        stage.daemon("/usr/bin/python3", app, peer, ready=partial(_is_served, number))
    first, second = peers
    stage.nginx(
        f"""
        grpc_read_timeout 1s;
        location / {{ grpc_pass grpc://{first}; }}
        location /shop.Cart/Crash {{ grpc_pass grpc://{second}; }}
        location = /http {{ proxy_pass http://{first}; }}
        """
    )

    def call(name: str, *headers: str) -> None:
        headers = ("Content-Type: application/grpc", "TE: trailers", *headers)
        stage.send(stage.request(f"/shop.Cart/{name}", method=b"POST", headers=headers, body=bytes(5)))

    # The server answers in HTTP/2, and does not always close the connection after it.
    with stage.connect() as asking:
        asking.sendall(stage.request("/http"))
        stage.logged("upstream sent no valid HTTP/1.0 header")
    call("Slow", "grpc-timeout: 300m")
    call("Fail")
    call("Missing")
    for name in ("Slow", "ListSlowly", "ListAndCrash", "Slow", "Crash", "Crash"):
        call(name)
        if name.endswith("Crash"):
            # The connection is closed before the port is.
            stage.until(partial(_is_gone, second if name == "Crash" else first))
    stage.expect(
        "invalid_response", f"upstream sent no valid HTTP/1.0 header {_UPSTREAM}",
        phase="header", scheme="http", peer=first,
    )
    stage.expect(
        "response_timeout", f"upstream timed out (110: Connection timed out) {_UPSTREAM}",
        phase="header", os_error="ETIMEDOUT", scheme="grpc", peer=first, status=504,
    )
    stage.expect(
        "body_timeout", "upstream timed out (110: Connection timed out) while reading upstream",
        phase="body", os_error="ETIMEDOUT", scheme="grpc", peer=first,
    )
    stage.expect(
        "body_truncated", "upstream prematurely closed connection while reading upstream",
        phase="body", scheme="grpc", peer=first,
    )
    stage.expect(
        "response_closed", f"upstream prematurely closed connection {_UPSTREAM}",
        phase="header", scheme="grpc", peer=second, status=502,
    )
    for peer in peers:
        stage.expect(
            "connect_refused", "connect() failed (111: Connection refused) while connecting to upstream",
            phase="connect", os_error="ECONNREFUSED", scheme="grpc", peer=peer, status=502,
        )


def _serve(stage: Stage, conducts: Mapping[str, Conduct]) -> dict[str, str]:
    """Starts backends, and NGINX before them, and asks each once; the peers by name."""
    peers = {name: stage.backend(conduct) for name, conduct in conducts.items()}
    locations = (f"location = /{at} {{ grpc_pass {peer}; }}" for at, peer in enumerate(peers.values()))
    stage.nginx("grpc_buffer_size 4k;\n" + "\n".join(locations))
    for at in range(len(peers)):
        stage.get(f"/{at}")
    return peers


def _error(code: int) -> bytes:
    return code.to_bytes(4, "big")


def grpc_header(stage: Stage) -> None:
    """A gRPC server sends frames or a header that HTTP/2 does not allow, too large a header, or half of one"""
    cookies = [(b"set-cookie", b"v" * 120) for _ in range(50)]
    answers = {
        "upstream sent unexpected http2 frame: 0": _DATA,
        "upstream sent frame for unknown stream 3": http2_headers(_OK, stream=3),
        "upstream sent unexpected push promise frame": http2(frames.H2_PUSH_PROMISE, _error(2), stream=1),
        "upstream sent no :status header": http2_headers(_TYPE),
        'upstream sent invalid :status "none"': http2_headers((b":status", b"none")),
        "upstream sent duplicate :status header": http2_headers(_OK, _OK),
        'upstream sent invalid header ":path: /"': http2_headers(_OK, (b":path", b"/")),
        'upstream sent invalid header: "X-Upper: a"': http2_headers(_OK, (b"X-Upper", b"a")),
        "upstream sent truncated http2 header": http2(
            frames.H2_HEADERS, b"\0\x10cut", flags=frames.H2_END_HEADERS, stream=1
        ),
        "upstream sent invalid http2 table index: 127": http2(
            frames.H2_HEADERS, b"\xff\0", flags=frames.H2_END_HEADERS, stream=1
        ),
        "upstream sent too large http2 frame: 20000": http2(frames.H2_HEADERS, bytes(20000), stream=1),
        "upstream sent rst stream frame with invalid length: 3": http2(frames.H2_RST_STREAM, bytes(3), stream=1),
        "upstream sent settings frame with invalid length: 5": http2(frames.H2_SETTINGS, bytes(5)),
        "upstream sent ping frame with invalid length: 1": http2(frames.H2_PING, bytes(1)),
        "upstream sent goaway frame with non-zero stream id: 1": http2(frames.H2_GOAWAY, bytes(8), stream=1),
        "upstream sent too big header": http2_headers(_OK, *cookies),
        "upstream prematurely closed connection": _HEADER[:-3],
    }
    classes = {
        "upstream sent too big header": "header_too_big",
        "upstream prematurely closed connection": "response_closed",
    }
    peers = _serve(stage, {text: answer(data, read=read_http2) for text, data in answers.items()})
    for text, peer in peers.items():
        stage.expect(
            classes.get(text, "invalid_response"), f"{text} {_UPSTREAM}",
            phase="header", scheme="grpc", peer=peer, status=502,
        )
    # NGINX says what is wrong with a field, and then that the header is.
    for text in (
        'upstream sent invalid header: "X-Upper: a"',
        "upstream sent truncated http2 header",
        "upstream sent invalid http2 table index: 127",
    ):
        stage.expect(
            "invalid_response", f"upstream sent invalid header {_UPSTREAM}",
            phase="header", scheme="grpc", peer=peers[text], status=502, replies=0,
        )


_late = partial(answer_in_parts, read=read_http2)
_SIZED_HEADER = http2_headers(_OK, _TYPE, (b"content-length", b"2"))

_WRONG_BODIES = {
    "upstream sent data frame for unknown stream 3": http2(frames.H2_DATA, b"x", stream=3),
    "upstream sent frame for closed stream 1": _LAST_DATA + http2_headers(_STATUS, end=True),
    "upstream sent trailer without end stream flag": _DATA + http2_headers(_STATUS),
    'upstream sent invalid trailer ":status: 200"': _DATA + http2_headers(_OK, end=True),
}
"""What can only go wrong after the header, by what NGINX says of it."""


def grpc_body(stage: Stage) -> None:
    """A gRPC server rejects the stream or says goodbye after the header, cuts the message or the trailers off, or sends
    what HTTP/2 does not allow"""
    answers = {text: _late(_HEADER, data) for text, data in _WRONG_BODIES.items()} | {
        "upstream sent response body larger than indicated content length": _late(_SIZED_HEADER, 3 * _DATA),
        "upstream sent http2 frame with too long padding: 200 in frame 1": _late(
            _HEADER, http2(frames.H2_DATA, b"\xc8x", flags=frames.H2_PADDED, stream=1)
        ),
        "upstream prematurely closed stream": _late(_SIZED_HEADER, _LAST_DATA),
        "upstream prematurely closed connection": _late(_HEADER, _DATA),
        "upstream rejected request with error 2": _late(
            _HEADER, _DATA + http2(frames.H2_RST_STREAM, _error(frames.H2_INTERNAL_ERROR), stream=1)
        ),
        "upstream sent goaway with error 2": _late(
            _HEADER, _DATA + http2(frames.H2_GOAWAY, bytes(4) + _error(frames.H2_INTERNAL_ERROR))
        ),
    }
    classes = {
        "upstream prematurely closed stream": "body_truncated",
        "upstream prematurely closed connection": "body_truncated",
        "upstream rejected request with error 2": "request_rejected",
        "upstream sent goaway with error 2": "request_rejected",
    }
    for text, peer in _serve(stage, answers).items():
        stage.expect(
            classes.get(text, "invalid_response"), f"{text} while reading upstream",
            phase="body", scheme="grpc", peer=peer,
        )


def grpc_at_once(stage: Stage) -> None:
    """A gRPC server sends its header and a wrong body at once: NGINX still calls that reading the header, but drops the
    header, and the client gets no reply at all"""
    answers = {text: answer(_HEADER + data, read=read_http2) for text, data in _WRONG_BODIES.items()}
    larger = "upstream sent response body larger than indicated content length"
    answers[larger] = answer(_SIZED_HEADER + 3 * _DATA, read=read_http2)
    for text, peer in _serve(stage, answers).items():
        stage.expect("invalid_response", f"{text} {_UPSTREAM}", phase="header", scheme="grpc", peer=peer)
    if stage.seen:
        raise AssertionError(f"clients got replies: {stage.seen}")
