"""Records that NGINX cut at 2,048 bytes, because the client or the application sent too much."""

from provoke.config import php_location
from provoke.expect import split_records
from provoke.stage import Stage

_WHOLE = 2048
"""Bytes of a cut record, its line end included (NGX_MAX_ERROR_STR)."""


class NotCut(Exception):
    """NGINX did not cut where the scenario meant it to."""


def _require_cut(record: bytes, ending: str) -> None:
    if len(record) != _WHOLE or not record.endswith(f"{ending}\n".encode()):
        raise NotCut(repr(record[-200:]))


def cut_tail(stage: Stage) -> None:
    """Requests so long that the record ends before the upstream, within it, or soon after it; some name the peer in
    the message too"""
    peer, missing = stage.dead(), f"unix:{stage.socket_path('mypool')}"
    stage.nginx(
        f"""
        location / {{ proxy_pass http://{peer}; }}
        location ~ \\.php$ {{ fastcgi_pass {missing}; }}
        """
    )
    refused = "connect() failed (111: Connection refused) while connecting to upstream"
    # Whole records first: they show where the peer stands, and every byte more in the request moves it by one. The
    # connection's number must have two digits from there on.
    stage.get("/?", times=6)
    stage.expect(
        "connect_refused", refused, 'GET /? HTTP/1.1", upstream: "', phase="connect", os_error="ECONNREFUSED",
        scheme="http", peer=peer, status=502, events=6,
    )
    whole = f"http://{peer}/?"
    at = split_records(stage.log())[-1].index(whole.encode())
    for ending, start, scheme, known in (
        (whole, 0, "http", peer),
        # Nothing tells whether the port would have gone on.
        (f"http://{peer}", 0, "http", None),
        (f"http://{peer[:-2]}", 0, "http", None),
        ("ht", 0, None, None),
        (", upstre", len(', upstream: "'), None, None),
    ):
        stage.get("/?" + "x" * (_WHOLE - 1 - at - len(ending) + start))
        _require_cut(split_records(stage.log())[-1], ending)
        stage.expect(
            "connect_refused", refused, f"{ending}\n", phase="connect", os_error="ECONNREFUSED", scheme=scheme,
            peer=known, status=502,
        )
    stage.get("/?" + "y" * 3000)
    _require_cut(split_records(stage.log())[-1], "yyy")
    stage.expect("connect_refused", refused, "yyy\n", phase="connect", os_error="ECONNREFUSED", status=502)
    for _ in range(2):
        stage.get("/index.php?" + "x" * 3000)
        _require_cut(split_records(stage.log())[-1], "xxx")
    stage.expect(
        "socket_missing", f"connect() to {missing} failed (2: No such file or directory) while connecting to",
        phase="connect", os_error="ENOENT", level="crit", peer=missing, status=502, events=2,
    )


def cut_in_stderr(stage: Stage) -> None:
    """Applications that say so much that the record ends within their words: neither client nor peer is left"""
    path = stage.socket_path("mypool")
    stage.php((path, ""))
    # PHP-FPM itself cuts each message at 1,024 bytes: it takes several to fill a record.
    log_twice = "foreach ([1, 2] as $n) { error_log(\"dump $n: \" . str_repeat('0123456789 ', 90)); }"
    scripts = {
        "app_stderr": ("dumps.php", f"<?php {log_twice} {log_twice}", "dump 1: 0123456789 "),
        "app_fatal": (
            "shutdown.php",
            f"<?php register_shutdown_function(function () {{ {log_twice} }}); throw new Exception('too deep');",
            "PHP Fatal error:  Uncaught Exception: too deep in ",
        ),
        "app_warning": (
            "warnings.php",
            "<?php for ($n = 0; $n < 40; $n++) { trigger_error(\"cache is cold, try $n\", E_USER_WARNING); }",
            "PHP Warning:  cache is cold, try 0 in ",
        ),
    }
    for name, text, _ in scripts.values():
        stage.file(name, text)
    stage.nginx(php_location(f"unix:{path}"))
    for class_, (name, _, words) in scripts.items():
        stage.get(f"/{name}")
        stage.expect(
            class_, f'FastCGI sent in stderr: "PHP message: {words}', server=None, client=None,
            status=500 if class_ == "app_fatal" else None,
        )
    # What the application says takes up the buffer meant for the response header.
    stage.expect(
        "header_too_big", "upstream sent too big header while reading response header from upstream", "dumps.php",
        phase="header", scheme="fastcgi", peer=f"unix:{path}", status=502,
    )
    # More than NGINX's buffer holds: a second record goes on where the first was cut, and has a tail.
    stage.expect("app_warning", "cache is cold, try 39 in ", phase="header", scheme="fastcgi", peer=f"unix:{path}")
