"""Records that concern an upstream and are none of the known classes."""

from provoke.backends import answer
from provoke.stage import Stage


def upstream_other(stage: Stage) -> None:
    """A Lua balancer gives up; a filter's words while reading a response are about no upstream"""
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    prices = stage.backend(answer(ok))
    stage.nginx(
        f"""
        location /prices {{
            access_by_lua_block {{ ngx.log(ngx.ERR, "no token for the upstream") }}
            header_filter_by_lua_block {{ ngx.log(ngx.ERR, "no price in the response") }}
            body_filter_by_lua_block {{ if ngx.arg[2] then ngx.log(ngx.WARN, "short response") end }}
            proxy_pass http://{prices};
        }}
        location /shop {{ proxy_pass http://chosen; }}
        """,
        http="""
        upstream chosen {
            server 127.0.0.1:1;
            balancer_by_lua_block { error("no shop is open") }
        }
        """,
        modules=("ndk_http_module", "ngx_http_lua_module"),
        level="warn",
    )
    stage.get("/prices", times=2)
    stage.get("/shop")
    stage.expect(
        "upstream_other", "failed to run balancer_by_lua*", "no shop is open", phase="connect",
    )
    # Before an upstream was chosen, by a script, and below the level of an error.
    stage.noise("[lua] access_by_lua(", "no token for the upstream", records=2)
    stage.noise("[lua] header_filter_by_lua(", "no price in the response while reading response header from", records=2)
    stage.noise("[lua] body_filter_by_lua(", "short response while sending to client", records=2)
