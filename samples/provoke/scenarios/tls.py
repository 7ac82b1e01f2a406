"""TLS towards the backend: NGINX's own side of it, the handshake, the backend's certificate."""

import socket
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from provoke.backends import PAUSE, answer, answer_and_hold, answer_and_reset, answer_in_parts, never_read, read_some
from provoke.stage import Stage

_ANSWER = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def _context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def tls_setup_failed(stage: Stage) -> None:
    """The client certificate that NGINX should show to the backend is not there"""
    peer = stage.backend(never_read)
    stage.nginx(
        f"""
        location / {{
            proxy_ssl_certificate {stage.folder}/$arg_id.pem;
            proxy_ssl_certificate_key {stage.folder}/$arg_id.key;
            proxy_pass https://{peer};
        }}
        """
    )
    stage.get("/?id=missing", times=2)
    stage.expect(
        "tls_setup_failed", f'cannot load certificate "{stage.folder}/missing.pem": ',
        phase="connect", scheme="https", peer=peer, status=500, events=2,
    )


def tls_handshake_failed(stage: Stage) -> None:
    """The backend does not speak TLS on that port, or ends the handshake"""
    alert = bytes((21, 3, 3, 0, 2, 2, 40))  # TLS record of type alert: fatal, handshake_failure
    peers = {
        "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)": stage.backend(
            answer(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", read=read_some)
        ),
        "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure": stage.backend(
            answer(alert, read=read_some)
        ),
        "peer closed connection in SSL handshake while SSL": stage.backend(answer(b"", read=read_some)),
    }
    resets = stage.backend(answer_and_reset(read=read_some))
    every = (*peers.values(), resets)
    stage.nginx("".join(f"location = /{at} {{ proxy_pass https://{peer}; }}\n" for at, peer in enumerate(every)))
    for number in range(len(every)):
        stage.get(f"/{number}")
    for text, peer in peers.items():
        stage.expect(
            "tls_handshake_failed", text, "while SSL handshaking to upstream", phase="tls_handshake", scheme="https",
            peer=peer, status=502,
        )
    stage.expect(
        "tls_handshake_failed", "peer closed connection in SSL handshake (104: Connection reset by peer) while SSL",
        phase="tls_handshake", os_error="ECONNRESET", scheme="https", peer=resets, status=502,
    )


def tls_handshake_timeout(stage: Stage) -> None:
    """The backend takes the connection and never answers the handshake"""
    peer = stage.backend(answer_and_hold(read=read_some))
    stage.nginx(f"location / {{ proxy_connect_timeout 1s; proxy_pass https://{peer}; }}")
    stage.get("/", times=2)
    stage.expect(
        "tls_handshake_timeout", "upstream timed out (110: Connection timed out) while SSL handshaking to upstream",
        phase="tls_handshake", os_error="ETIMEDOUT", scheme="https", peer=peer, status=504, events=2,
    )


def tls_certificate_rejected(stage: Stage) -> None:
    """The backend's certificate is signed by nobody NGINX trusts, or made for another name"""
    own, other = stage.certificate("own.test"), stage.certificate("other.test")
    unknown, misnamed = stage.backend(_ANSWER, tls=_context(own)), stage.backend(_ANSWER, tls=_context(other))
    stage.nginx(
        f"""
        proxy_ssl_verify on;
        proxy_ssl_name own.test;
        proxy_ssl_trusted_certificate {other[0]};
        location /unknown {{ proxy_pass https://{unknown}; }}
        location /misnamed {{ proxy_pass https://{misnamed}; }}
        """
    )
    stage.get("/unknown", times=2)
    stage.get("/misnamed")
    stage.expect(
        "tls_certificate_rejected", "upstream SSL certificate verify error: (18:self-signed certificate) while",
        phase="tls_handshake", scheme="https", peer=unknown, status=502, events=2,
    )
    stage.expect(
        "tls_certificate_rejected", 'upstream SSL certificate does not match "own.test" while SSL handshaking to',
        phase="tls_handshake", scheme="https", peer=misnamed, status=502,
    )


def tls_not_agreed(stage: Stage) -> None:
    """The backend wants to be called by a name (SNI) and NGINX sends none, or they have no TLS version and no cipher in
    common"""
    own = stage.certificate("own.test")

    def demand_name(_connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        return None if name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    by_name, modern, old, picky = (_context(own) for _ in range(4))
    by_name.sni_callback = demand_name
    modern.minimum_version = ssl.TLSVersion.TLSv1_3
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    picky.maximum_version = ssl.TLSVersion.TLSv1_2
    picky.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    cases = (
        (by_name, "", "crit", "tlsv1 unrecognized name:SSL alert number 112"),
        (modern, "proxy_ssl_protocols TLSv1.2;", "error", "tlsv1 alert protocol version:SSL alert number 70"),
        (old, "proxy_ssl_protocols TLSv1.3;", "error", "tlsv1 alert protocol version:SSL alert number 70"),
        (picky, "proxy_ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384;", "error", "sslv3 alert handshake failure:SSL alert"),
    )
    peers = [stage.backend(_ANSWER, tls=context) for context, _, _, _ in cases]
    locations = [
        f"location = /{at} {{ {settings} proxy_pass https://{peers[at]}; }}\n"
        for at, (_, settings, _, _) in enumerate(cases)
    ]
    named = f"location /named {{ proxy_ssl_server_name on; proxy_ssl_name own.test; proxy_pass https://{peers[0]}; }}"
    stage.nginx("".join(locations) + named)
    for at, (_, _, level, text) in enumerate(cases):
        stage.get(f"/{at}", times=2)
        stage.expect(
            "tls_handshake_failed", "SSL_do_handshake() failed (SSL: ", text, "while SSL handshaking to upstream",
            phase="tls_handshake", level=level, scheme="https", peer=peers[at], status=502, events=2,
        )
    stage.get("/named")  # Last: the session made here would be taken up again without a name.


def tls_client_certificate(stage: Stage) -> None:
    """The backend demands a client certificate: NGINX has none, or one that the backend does not know. With TLS 1.3
    that shows only after the handshake, and a backend that is NGINX itself answers 400, which is no event"""
    own, other = stage.certificate("own.test"), stage.certificate("other.test")

    def demanding(version: ssl.TLSVersion) -> ssl.SSLContext:
        context = _context(own)
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(own[0])
        return context

    def refuse(connection: socket.socket) -> None:
        context = demanding(ssl.TLSVersion.TLSv1_3)
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as spoken:
            with suppress(ssl.SSLError):
                spoken.do_handshake()
            time.sleep(PAUSE)  # Closing with the request unread would send a reset after the alert.

    before = stage.backend(_ANSWER, tls=demanding(ssl.TLSVersion.TLSv1_2))
    after, port = stage.backend(refuse), stage.port()
    stage.nginx(
        f"""
        proxy_ssl_protocols TLSv1.2 TLSv1.3;
        location = /before {{ proxy_pass https://{before}; }}
        location = /after {{ proxy_pass https://{after}; }}
        location = /nginx {{ proxy_pass https://127.0.0.1:{port}; }}
        location /with {{
            proxy_ssl_certificate {other[0]};
            proxy_ssl_certificate_key {other[1]};
            location = /with/unknown {{ proxy_pass https://{before}; }}
            location = /with/unknown/after {{ proxy_pass https://{after}; }}
        }}
        """,
        http=f"""
        server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {own[0]};
            ssl_certificate_key {own[1]};
            ssl_client_certificate {own[0]};
            ssl_verify_client on;
        }}
        """,
        level="info",
    )
    for target in ("/before", "/with/unknown", "/after", "/with/unknown/after"):
        stage.get(target)
    stage.get("/nginx")
    stage.noise("[info]", "client sent no required SSL certificate while reading client request headers", status=400)
    for text, request in (
        ("sslv3 alert handshake failure:SSL alert number 40) while SSL handshaking to upstream", "GET /before "),
        ("tlsv1 alert unknown ca:SSL alert number 48) while SSL handshaking to upstream", "GET /with/unknown "),
    ):
        stage.expect(
            "tls_handshake_failed", f"SSL routines::{text}", request,
            phase="tls_handshake", scheme="https", peer=before, status=502,
        )
    for level, text, request in (
        ("crit", "tlsv13 alert certificate required:SSL alert number 116", "GET /after "),
        ("error", "tlsv1 alert unknown ca:SSL alert number 48", "GET /with/unknown/after "),
    ):
        stage.expect(
            "response_reset", "SSL_read() failed (SSL: ", f"{text}) while reading response header from upstream",
            request, phase="header", level=level, scheme="https", peer=after, status=502,
        )


def _signed(stage: Stage, name: str, authority: tuple[Path, Path], days: int) -> tuple[Path, Path]:
    """Makes a certificate that an authority signed; with a negative number of days it has expired."""
    certificate, key, request = (stage.folder / f"{name}.{ending}" for ending in ("pem", "key", "csr"))
    asking = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}")
    signing = ("x509", "-req", "-in", request, "-CA", authority[0], "-CAkey", authority[1], "-days", str(days))
    for arguments in ((*asking, "-out", request, "-keyout", key), (*signing, "-out", certificate)):
        subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True)
    return certificate, key


def tls_certificate_expired(stage: Stage) -> None:
    """The backend's certificate has expired, or NGINX does not trust the authority that signed it"""
    trusted, unknown = stage.certificate("trusted.test"), stage.certificate("unknown.test")
    peers = {
        "10:certificate has expired": stage.backend(_ANSWER, tls=_context(_signed(stage, "old.test", trusted, -1))),
        "21:unable to verify the first certificate": stage.backend(
            _ANSWER, tls=_context(_signed(stage, "new.test", unknown, 2))
        ),
    }
    stage.nginx(
        f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {trusted[0]};\n"
        + "".join(f"location = /{at} {{ proxy_pass https://{peer}; }}\n" for at, peer in enumerate(peers.values()))
    )
    for at, (text, peer) in enumerate(peers.items()):
        stage.get(f"/{at}", times=2)
        stage.expect(
            "tls_certificate_rejected", f"upstream SSL certificate verify error: ({text}) while SSL handshaking to",
            phase="tls_handshake", scheme="https", peer=peer, status=502, events=2,
        )


def tls_response(stage: Stage) -> None:
    """Over TLS, the backend closes, resets or falls silent before or within its response: to NGINX, a reset looks like
    the end"""
    own = _context(stage.certificate("own.test"))
    part = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100
    closed, timed_out = "upstream prematurely closed connection", "upstream timed out (110: Connection timed out)"
    cases = (
        (answer(b""), "response_closed", None, closed, 502),
        (answer_and_reset(), "response_closed", None, closed, 502),
        (answer_and_hold(), "response_timeout", "ETIMEDOUT", timed_out, 504),
        (answer_in_parts(part, b""), "body_truncated", None, closed, None),
        (answer_and_reset(part), "body_truncated", None, closed, None),
        (answer_and_hold(part), "body_timeout", "ETIMEDOUT", timed_out, None),
    )
    peers = [stage.backend(conduct, tls=own) for conduct, *_ in cases]
    stage.nginx(
        "proxy_read_timeout 1s;\n"
        + "".join(f"location = /{at} {{ proxy_pass https://{peer}; }}\n" for at, peer in enumerate(peers))
    )
    for at, (_, class_, os_error, text, status) in enumerate(cases):
        stage.get(f"/{at}")
        phase, action = ("header", "reading response header from upstream") if status else ("body", "reading upstream")
        stage.expect(
            class_, f"{text} while {action}", phase=phase, os_error=os_error, scheme="https", peer=peers[at],
            status=status,
        )
