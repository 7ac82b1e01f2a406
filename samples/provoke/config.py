"""The texts of `nginx.conf`, `php-fpm.conf` and `php.ini` that a scenario's servers start with."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from provoke.servers import WORKER_USER

_MODULES = Path("/usr/lib/nginx/modules")

_NGINX = """\
{modules}user {user};
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log {main_level};
{main}
events {{ worker_connections {connections}; }}
http {{
    error_log {folder}/error.log {level};
    access_log {folder}/access.log;
    client_body_temp_path {folder}/temp/client_body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/fastcgi;
    uwsgi_temp_path {folder}/temp/uwsgi;
    scgi_temp_path {folder}/temp/scgi;
    client_max_body_size 0;
{http}
    server {{
        listen {listen};
        server_name "{server_name}";
        root {folder}/www;
{server}
    }}
}}
{blocks}
"""

_PHP_FPM_POOL = """\
[pool{number}]
user = {user}
listen = {listen}
listen.mode = 0666
pm = static
pm.max_children = 1
{settings}
"""

PHP_INI = """\
display_errors = 0
log_errors = 1
html_errors = 0
error_reporting = 32767
"""


class Options(TypedDict, total=False):
    """What a scenario may add to `nginx.conf`, beside the content of its `server {}`."""

    http: str
    """More in `http {}`."""
    main: str
    """More at the top level, before `events {}`."""
    blocks: str
    """More at the top level, after `http {}`: `stream {}`, `mail {}`."""
    modules: Sequence[str]
    """Dynamic modules to load, by file name without `.so`."""
    level: str
    """What `http {}` logs: `error` unless given."""
    main_level: str
    """What everything else logs: `warn` unless given, which leaves the notices about processes out."""
    connections: int
    """`worker_connections`."""


def nginx_conf(folder: Path, listen: str, server_name: str, server: str, options: Options) -> str:
    """A whole `nginx.conf` with one `server {}`."""
    return _NGINX.format(
        folder=folder,
        listen=listen,
        server_name=server_name,
        user=WORKER_USER,
        server=_indent(server, 8),
        http=_indent(options.get("http", ""), 4),
        main=textwrap.dedent(options.get("main", "")),
        blocks=textwrap.dedent(options.get("blocks", "")),
        modules="".join(f"load_module {_MODULES}/{name}.so;\n" for name in options.get("modules", ())),
        level=options.get("level", "error"),
        main_level=options.get("main_level", "warn"),
        connections=options.get("connections", 64),
    )


def php_fpm_conf(pools: Sequence[tuple[str | Path, str]]) -> str:
    """A whole `php-fpm.conf`: pools of one child each, given as where they listen and more settings."""
    return "[global]\nerror_log = /proc/self/fd/2\n" + "".join(
        _PHP_FPM_POOL.format(number=number, user=WORKER_USER, listen=listen, settings=textwrap.dedent(settings))
        for number, (listen, settings) in enumerate(pools)
    )


def php_location(address: str, pattern: str = r"\.php$") -> str:
    """A location that gives paths of a pattern to PHP-FPM."""
    return f"""
    location ~ {pattern} {{
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass {address};
    }}
    """


def stream_conf(log: Path, servers: str) -> str:
    """A `stream {}` that logs all there is to log."""
    return f"stream {{ error_log {log} info; {servers} }}"


def _indent(text: str, by: int) -> str:
    return textwrap.indent(textwrap.dedent(text), " " * by)
