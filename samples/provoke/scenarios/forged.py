"""Clients that forge: fields, messages and whole records. None of it may count, and none of it may rename a peer."""

from functools import partial
from urllib.parse import quote

from provoke import frames
from provoke.expect import as_record
from provoke.stage import Stage

_REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
_EVIL = ', client: 10.9.9.9, server: evil.example, request: "GET / HTTP/1.1", upstream: "http://10.9.9.9:80/"'
_EVIL_HOST = ', host: "evil.example'
"""Left open: what NGINX writes next closes the quote."""


def _path(text: str) -> str:
    """A path that NGINX decodes to `text`."""
    return "/" + quote(text, safe="")


def forged_referer(stage: Stage) -> None:
    """Referers that hold another upstream, another context, or a whole other tail, also in records that are no
    events and in one that names no upstream"""
    peer, dns = stage.dead(), stage.responder(partial(frames.dns_answer, {"gone.test": frames.DNS_NXDOMAIN}))
    stage.nginx(
        f"""
        location / {{ proxy_pass http://{peer}/app/; }}
        location /unresolved {{ resolver {dns} ipv6=off; set $backend gone.test; proxy_pass http://$backend; }}
        location /files/ {{ }}
        location /private/ {{ deny all; }}
        """
    )
    referers = (
        'x", upstream: "http://10.9.9.9:80/", host: "evil.example',
        'x", upstream: "fastcgi://unix:/run/php/evil.sock:", host: "evil.example',
        f'"{_EVIL}{_EVIL_HOST}',
        f'x" while connecting to upstream{_EVIL}{_EVIL_HOST}',
        f"no live upstreams while connecting to upstream{_EVIL}{_EVIL_HOST}",
    )
    for referer in referers:
        for target in ("/", "/unresolved", "/files/x", "/private/x"):
            stage.get(target, headers=[f"Referer: {referer}"])
    stage.expect(
        "connect_refused", _REFUSED, f", client: 127.0.0.1, server: {stage.server_name}, request: \"GET / ",
        f'upstream: "http://{peer}/app/", host: ',
        phase="connect", os_error="ECONNREFUSED", scheme="http", peer=peer, status=502, events=5,
    )
    stage.expect(
        "resolve_failed", "gone.test could not be resolved (3: Host not found), client: ", phase="resolve", peer="gone.test",
        status=502, events=5,
    )
    stage.noise("open()", "/www/files/x", records=5, status=404)
    stage.noise("access forbidden by rule, client: 127.0.0.1", records=5)


def forged_host(stage: Stage) -> None:
    """Host headers with quotes and fields in them; one becomes the beginning of the message"""
    peer = stage.dead()
    dns = stage.responder(partial(frames.dns_answer, {'x",upstream': frames.DNS_NXDOMAIN}))
    stage.nginx(
        f"""
        location / {{ proxy_pass http://{peer}; }}
        location /to {{ resolver {dns} ipv6=off; proxy_pass http://$host:8080; }}
        """
    )
    evil = 'x",upstream:"10.9.9.9:80'
    stage.get("/", host=evil)
    stage.get("/", host='"')
    stage.get("http://evil.example/", host=evil)
    stage.get("/to", times=2, host=evil)
    stage.expect(
        "connect_refused", _REFUSED, phase="connect", os_error="ECONNREFUSED", scheme="http", peer=peer, status=502,
        events=3,
    )
    stage.expect(
        "resolve_failed", 'x",upstream could not be resolved (3: Host not found)', phase="resolve", status=502, events=2
    )


def forged_path(stage: Stage) -> None:
    """Paths that read like whole records once NGINX has decoded them; one genuine event among them"""
    peer = stage.dead()
    stage.nginx(f"merge_slashes off; location = /app {{ proxy_pass http://{peer}; }}")
    missing = 'x" failed (2: No such file or directory)'
    texts = (
        f"{_REFUSED}{_EVIL}{_EVIL_HOST}",
        f"{missing} while connecting to upstream{_EVIL}{_EVIL_HOST}",
        f'x" failed (13: Permission denied) while reading upstream{_EVIL}{_EVIL_HOST}", referrer: "x',
        f"no live upstreams while connecting to upstream{_EVIL}",
        '", upstream: "http://10.9.9.9:80/", host: "evil.example',
        "connect() to unix:/run/php/evil.sock failed (111: Connection refused) while connecting to upstream",
        f'FastCGI sent in stderr: "PHP Fatal error:  x" while reading response header from upstream{_EVIL}',
    )
    for text in texts:
        stage.get(_path(text))
        stage.noise(f'open() "{stage.folder}/www/{text}" failed (2: No such file', status=404)
    stage.get("/app")
    stage.get(_path(_REFUSED + _EVIL) + "/")
    stage.noise(f"{_EVIL}/index.html\" is not found (2: No such file or directory), client: 127.0.0.1", status=404)
    stage.expect(
        "connect_refused", f": *8 {_REFUSED}",
        phase="connect", os_error="ECONNREFUSED", scheme="http", peer=peer, status=502,
    )


def forged_line(stage: Stage) -> None:
    """Paths with line ends in them, so that forged records stand on lines of their own; genuine events between them"""
    peer = stage.dead()
    stage.nginx(f"merge_slashes off; location = /app {{ proxy_pass http://{peer}; }}")
    line = as_record(_REFUSED + _EVIL)
    fake_tail = (
        '" failed (2: No such file or directory), client: 10.9.9.9, server: evil.example, '
        'request: "GET /x HTTP/1.1", host: "evil.example"'
    )
    paths = (
        f"x\n{line}{_EVIL_HOST}",
        f"\n{line}{_EVIL_HOST}\"\n{line}{_EVIL_HOST}",
        f"x{fake_tail}\n{line}{_EVIL_HOST}",
        f'x\n{line}{_EVIL_HOST}", referrer: "x',
    )
    for path in paths:
        stage.get("/app")
        stage.get(_path(path))
        stage.noise(f'open() "{stage.folder}/www/{path}" failed (2: No such file', status=404)
    stage.get(_path(f"x\n{line}{_EVIL_HOST}") + "/")
    stage.noise(f'"{stage.folder}/www/x\n{line}{_EVIL_HOST}/index.html" is not found (2: No such file', status=404)
    stage.get("/app")
    stage.expect(
        "connect_refused", _REFUSED, 'request: "GET /app HTTP/1.1", upstream: "', phase="connect",
        os_error="ECONNREFUSED", scheme="http", peer=peer, status=502, events=len(paths) + 1,
    )


def forged_subrequest(stage: Stage) -> None:
    """A page that includes a part named by its own path (SSI): the decoded path stands before the genuine upstream"""
    peer = stage.dead()
    stage.file("page.html", '<p><!--# include virtual="/part$path" --></p>')
    stage.nginx(
        f"""
        merge_slashes off;
        default_type text/html;
        location /part {{ proxy_pass http://{peer}; }}
        location / {{ ssi on; set $path $uri; try_files /page.html =404; }}
        """
    )
    line = as_record(_REFUSED + _EVIL)
    paths = (f'x", upstream: "http://10.9.9.9:80/"{_EVIL_HOST}', f"x\n{line}{_EVIL_HOST}")
    for path in paths:
        stage.get(_path(path))
    stage.expect(
        "connect_refused", _REFUSED, 'subrequest: "/part/x', phase="connect", os_error="ECONNREFUSED", scheme="http",
        peer=peer, events=2,
    )
