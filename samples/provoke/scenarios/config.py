"""The configuration cannot work, which shows when a request comes."""

from provoke.stage import Stage


def upstream_misconfigured(stage: Stage) -> None:
    """Variables make an address that is none: no URL, no port, no host, no valid port"""
    stage.nginx(
        """
        location /url { set $backend "backend.test:8080"; proxy_pass $backend; }
        location /empty { set $backend ""; proxy_pass http://$backend; }
        location /no-port { set $pool "127.0.0.1"; fastcgi_pass $pool; }
        location /bad-port { set $port 99999; proxy_pass http://127.0.0.1:$port; }
        location /no-host { set $host_name ""; grpc_pass grpc://$host_name:8080; }
        location /bad-host { set $pool "tcp://127.0.0.1"; uwsgi_pass $pool; }
        location /no-path { set $socket ""; proxy_pass http://unix:$socket; }
        """
    )
    for target, text, peer in (
        ("/url", 'invalid URL prefix in "backend.test:8080"', None),
        ("/empty", 'invalid URL prefix in "http://"', None),
        ("/no-port", 'no port in upstream "127.0.0.1"', "127.0.0.1"),
        ("/bad-port", 'invalid port in upstream "127.0.0.1:99999"', "127.0.0.1:99999"),
        ("/no-host", 'no host in upstream ":8080"', ":8080"),
        ("/bad-host", 'invalid host in upstream "tcp://127.0.0.1"', "tcp://127.0.0.1"),
        ("/no-path", 'no path in the unix domain socket in upstream "unix:"', "unix:"),
    ):
        stage.get(target)
        stage.expect("upstream_misconfigured", text, phase="config", peer=peer, status=500)
