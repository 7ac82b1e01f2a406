"""Provokes upstream failures in a real NGINX before real and scripted servers, and keeps what NGINX logged.

Each scenario starts its own NGINX under a fixed prefix, makes backends misbehave, and states which events must
follow from what it did. `python3 -m provoke` writes `NAME.log` (the error log as NGINX wrote it) and `NAME.toml` (the
expected events) per scenario, and writes neither when the log does not bear the statement out.

| module      | owns                                                                  |
|-------------|-----------------------------------------------------------------------|
| `cli`       | options, running the scenarios side by side, exit status              |
| `scenarios` | what is provoked, and what must come of it, by phase of the exchange  |
| `stage`     | what one scenario works with: folder, ports, servers, statements      |
| `expect`    | the statements, checking them against a log, writing them as TOML     |
| `servers`   | starting and stopping NGINX, PHP-FPM and the other real servers       |
| `backends`  | servers that misbehave, on threads                                    |
| `frames`    | FastCGI records, HTTP/2 frames and DNS answers as bytes               |
| `client`    | requests that no proper HTTP client would send                        |
| `network`   | a network or a host name of its own for scenarios that need one       |
| `workspace` | the prefix folder and the lock on it                                  |

Packages (Debian 12): nginx, libnginx-mod-stream, libnginx-mod-mail, libnginx-mod-http-lua, php8.2-fpm, uwsgi-core,
uwsgi-plugin-python3, python3-grpcio, memcached, rsyslog, openssl, iproute2. Nothing leaves the
machine: every address is a loopback one, a unix socket, or in a network of its own.
"""
