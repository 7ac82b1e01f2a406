"""The client leaves while the backend works."""

import time

from provoke import client
from provoke.backends import PAUSE, answer_and_hold, answer_late, read_some
from provoke.stage import Stage


def client_aborted(stage: Stage) -> None:
    """Clients close or reset the connection while the backend still works on their requests"""
    works = stage.backend(answer_and_hold())
    late = stage.backend(answer_late(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    php = stage.unix_backend("mypool", answer_and_hold(read=read_some))
    half = stage.backend(answer_and_hold(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(500)))
    stage.nginx(
        f"""
        location / {{ proxy_pass http://{works}; }}
        location ~ \\.php$ {{ fastcgi_pass {php}; }}
        location /cached {{ proxy_cache small; proxy_pass http://{late}; }}
        location /half {{ proxy_pass http://{half}; }}
        location /unbuffered {{ proxy_buffering off; proxy_pass http://{half}; }}
        """,
        http=f"proxy_cache_path {stage.folder}/cache keys_zone=small:1m levels=1 use_temp_path=off;",
        level="info",
    )

    def leave(target: str, how: str) -> None:
        connection = stage.connect()
        connection.sendall(stage.request(target))
        time.sleep(PAUSE)
        client.reset(connection) if how == "resets" else connection.close()

    reported = "epoll_wait() reported that client prematurely closed connection"
    both = f"{reported}, so upstream connection is closed too"
    for target, how, text, phase, scheme, peer in (
        ("/", "closes", f"{both} while sending request to upstream", "send", "http", works),
        ("/", "resets", f"{both} (104: Connection reset by peer) while sending request to", "send", "http", works),
        ("/index.php", "closes", f"{both} while sending request to upstream", "send", "fastcgi", php),
        ("/cached", "closes", f"{reported} while sending request to upstream", "send", "http", late),
        ("/half", "resets", f"{both} (104: Connection reset by peer) while reading upstream", "body", "http", half),
        ("/unbuffered", "resets", f"{both} (104: Connection reset by peer) while sending to", None, "http", half),
    ):
        leave(target, how)
        # With the header sent, the status is what the backend said; before that, NGINX counts the request as 499.
        stage.expect(
            "client_aborted", text, phase=phase, os_error="ECONNRESET" if how == "resets" else None, level="info",
            scheme=scheme, peer=peer, status=499 if phase == "send" else None,
        )
    # A client that left sees no status; NGINX's access log does.
    stage.until(lambda: stage.access_log().count(b"\n") == 6)
    stage.seen[499] = stage.access_log().count(b'" 499 ')
