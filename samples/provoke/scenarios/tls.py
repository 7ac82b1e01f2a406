"""TLS towards the backend: NGINX's own side of it, the handshake, the backend's certificate."""

import ssl
from pathlib import Path

from provoke.backends import answer, answer_and_hold, answer_and_reset, never_read, read_some
from provoke.stage import Stage


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
    ok = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    unknown, misnamed = stage.backend(ok, tls=_context(own)), stage.backend(ok, tls=_context(other))
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
