"""Records that concern an upstream and are none of the known classes."""

from provoke.backends import answer
from provoke.stage import Stage


def upstream_other(stage: Stage) -> None:
    """A Lua filter complains of a backend's response; a backend switches protocols within a subrequest"""
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    prices, live = stage.backend(answer(ok)), stage.backend(answer(switching))
    stage.file("page.html", '<p><!--# include virtual="/live" --></p>')
    stage.nginx(
        f"""
        location /prices {{
            access_by_lua_block {{ ngx.log(ngx.ERR, "no token for the upstream") }}
            header_filter_by_lua_block {{ ngx.log(ngx.ERR, "no price in the response") }}
            body_filter_by_lua_block {{ if ngx.arg[2] then ngx.log(ngx.WARN, "short response") end }}
            proxy_pass http://{prices};
        }}
        location /page.html {{ default_type text/html; ssi on; }}
        location /live {{
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection Upgrade;
            proxy_pass http://{live};
        }}
        """,
        modules=("ndk_http_module", "ngx_http_lua_module"),
        level="warn",
    )
    stage.get("/prices", times=2)
    stage.get("/page.html", headers=["Upgrade: websocket"])
    stage.expect(
        "upstream_other", "[lua] header_filter_by_lua(", "no price in the response while reading response header from",
        phase="header", scheme="http", peer=prices, events=2,
    )
    stage.expect(
        "upstream_other", "connection upgrade in subrequest while reading response header from upstream",
        'subrequest: "/live"', phase="header", scheme="http", peer=live,
    )
    # Before an upstream was chosen, and below the level of an error.
    stage.noise("[lua] access_by_lua(", "no token for the upstream", records=2)
    stage.noise("[lua] body_filter_by_lua(", "short response while sending to client", records=2)
