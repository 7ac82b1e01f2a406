use super::*;

#[test]
fn upstreams_of_http_and_stream_have_their_servers() {
    let conf = read(&[(
        "nginx.conf",
        "http { upstream shop { zone a 64k; server 10.0.0.1 weight=5; server unix:/run/a.sock backup; \
         server [::1]:81; server name; server name:82 down; server nonsense:x; } } \
         stream { upstream db { server 10.0.0.2:3306; server 10.0.0.3; } } upstream stray { server a; }",
    )]);
    let told: Vec<String> = conf
        .upstreams()
        .iter()
        .map(|one| {
            let servers = one.servers.iter().map(|server| server.address.to_string());
            let servers = servers.collect::<Vec<_>>().join(" ");
            format!("{} {} {servers}", one.name, one.is_stream)
        })
        .collect();
    assert_eq!(
        told,
        [
            "shop false 10.0.0.1:80 unix:/run/a.sock [::1]:81 name:80 name:82",
            "db true 10.0.0.2:3306"
        ]
    );
    assert_eq!(conf.upstreams()[0].servers[0].directive.args[1], "weight=5");
}

/// A target on one line.
fn target(target: &Target) -> String {
    match target {
        Target::Upstream(name) => format!("<{name}>"),
        Target::Address(address) => address.to_string(),
        Target::Unknown => "?".to_owned(),
        Target::Variable {
            candidates,
            is_open,
        } => {
            let mut all: Vec<String> = candidates.iter().map(self::target).collect();
            if *is_open {
                all.push("…".to_owned());
            }
            format!("({})", all.join(" "))
        }
    }
}

fn targets(conf: &Conf) -> Vec<String> {
    conf.passes()
        .iter()
        .map(|pass| format!("{} {}", pass.family, target(&pass.target)))
        .collect()
}

#[test]
fn passes_of_every_family_are_found_wherever_they_stand() {
    let conf = read(&[(
        "nginx.conf",
        "http { upstream Shop { server a; } server { location / { fastcgi_pass unix:/run/a:b.sock; \
         location /a { if ($x) { proxy_pass http://shop/x; } limit_except GET { proxy_pass https://b; } } } \
         location /b { uwsgi_pass uwsgi://127.0.0.1:3031; } location /c { uwsgi_pass suwsgi://c:1; } \
         location /d { scgi_pass 127.0.0.1:4000; } location /e { grpc_pass grpcs://d; } \
         location /f { grpc_pass [::1]:50051; } location /g { memcached_pass 127.0.0.1:11211; } \
         location /h { proxy_pass http://unix:/run/h.sock:/uri; } location /i { proxy_pass HTTP://i:8080; } \
         location /j { fastcgi_pass shop; } location /k { proxy_pass db; } location /l { fastcgi_pass db; } } } \
         stream { upstream db { server a:1; } server { proxy_pass DB; } server { proxy_pass shop:3306; } \
         server { proxy_pass unix:/run/db:sock; } }",
    )]);
    assert_eq!(
        targets(&conf),
        [
            "fastcgi unix:/run/a:b.sock",
            "proxy <Shop>",
            "proxy b:443",
            "uwsgi 127.0.0.1:3031",
            "uwsgi c:1",
            "scgi 127.0.0.1:4000",
            "grpc d:443",
            "grpc [::1]:50051",
            "memcached 127.0.0.1:11211",
            "proxy unix:/run/h.sock",
            "proxy i:8080",
            "fastcgi <Shop>",
            "proxy ?",
            "fastcgi ?",
            "proxy <db>",
            "proxy shop:3306",
            "proxy unix:/run/db:sock",
        ]
    );
}

#[test]
fn what_is_in_force_around_a_pass_is_found_in_its_scope() {
    let conf = http(
        "proxy_read_timeout 1; proxy_send_timeout 1; server { proxy_read_timeout 2; server_name a b; \
         location / { proxy_read_timeout 3; proxy_read_timeout 4; proxy_pass http://a; } }",
    );
    let passes = conf.passes();
    let find = |name: &str| Some(passes[0].scope.find(name)?.args.join(" "));
    assert_eq!(find("proxy_read_timeout").as_deref(), Some("4"));
    assert_eq!(find("proxy_send_timeout").as_deref(), Some("1"));
    assert_eq!(find("server_name").as_deref(), Some("a b"));
    assert_eq!(find("proxy_buffers"), None);
    assert_eq!(passes[0].scope.0.len(), 4);
}

#[test]
fn variables_have_the_values_that_the_configuration_gives_them() {
    let maps = "upstream Blue { server a; } upstream green { server b; } \
                map $host $pool { default blue; a.example.com green; ~^b $other; } \
                map $uri $other { /x 10.0.0.1:81; hostnames; } \
                map $host $any { default $arg_pool; a green; } \
                map $host $suffix { a -x; } \
                map $x $loop { default $loop; } \
                geo $near { default green; ranges; proxy 10.0.0.0/8; 10.0.0.0/8 blue; } \
                geo $http_x $near2 { 10.0.0.0/8 $literal; } \
                split_clients $remote_addr $split { 10% blue; * green; } \
                split_clients $remote_addr $part { 10% blue; }";
    for (pass, expected) in [
        (
            "proxy_pass http://$pool;",
            "proxy (<Blue> <green> 10.0.0.1:81)",
        ),
        (
            "fastcgi_pass $pool;",
            "fastcgi (<Blue> <green> 10.0.0.1:81)",
        ),
        ("proxy_pass http://$any;", "proxy (<green> …)"),
        ("proxy_pass http://blue$suffix;", "proxy (blue-x:80 <Blue>)"),
        ("proxy_pass http://$loop;", "proxy (…)"),
        ("proxy_pass http://$near;", "proxy (<green> <Blue>)"),
        ("proxy_pass http://$near2;", "proxy ($literal:80)"),
        ("proxy_pass http://$split/$1;", "proxy (<Blue> <green>)"),
        ("fastcgi_pass ${part};", "fastcgi (<Blue>)"),
        ("proxy_pass http://$host;", "proxy (…)"),
        ("proxy_pass $scheme://c;", "proxy (c:80 c:443)"),
        (
            "proxy_pass http://127.0.0.1:8080$request_uri;",
            "proxy (127.0.0.1:8080)",
        ),
        ("proxy_pass http://blue$uri$is_args$args;", "proxy (<Blue>)"),
        ("proxy_pass http://c$uri;", "proxy (c:80)"),
        ("proxy_pass http://c/$1;", "proxy (c:80)"),
        ("proxy_pass http://blue$1;", "proxy (<Blue> …)"),
        (
            "proxy_pass http://127.0.0.1:8080$1;",
            "proxy (127.0.0.1:8080 …)",
        ),
        ("proxy_pass http://c$1;", "proxy (…)"),
        ("proxy_pass http://unix:/run/$arg_a.sock;", "proxy (…)"),
        (
            "proxy_pass http://unix:/run/a.sock:$request_uri;",
            "proxy (unix:/run/a.sock)",
        ),
        (
            "fastcgi_pass unix:/run/php/$near.sock;",
            "fastcgi (unix:/run/php/green.sock unix:/run/php/blue.sock)",
        ),
        (
            "set $v 8.2; fastcgi_pass unix:/run/php$v.sock;",
            "fastcgi (unix:/run/php8.2.sock)",
        ),
        (
            "set $v blue; set $v $pool; if ($x) { set $v c; } proxy_pass http://$v;",
            "proxy (<Blue> <green> 10.0.0.1:81 c:80)",
        ),
        (
            "if ($x) { set $v c; } proxy_pass http://$v;",
            "proxy (c:80)",
        ),
        (
            "set $v a; if ($x) { set $v c; proxy_pass http://$v; }",
            "proxy (c:80)",
        ),
        ("proxy_pass http://$srv;", "proxy (<green> c:80)"),
        ("proxy_pass http://$elsewhere:81;", "proxy (d:81)"),
    ] {
        let conf = http(&format!(
            "{maps} server {{ set $srv green; if ($y) {{ set $srv c; }} location / {{ {pass} }} \
             location /b {{ set $elsewhere d; }} }} server {{ set $v other; set $srv other; }}"
        ));
        assert_eq!(targets(&conf), [expected], "{pass}");
    }
}

#[test]
fn code_may_set_what_a_configuration_declares() {
    let conf = http(
        "server { set $pool 10.0.0.1; access_by_lua_block { ngx.var.pool = '10.0.0.2' } \
         location / { proxy_pass http://$pool; } }",
    );
    assert_eq!(targets(&conf), ["proxy (10.0.0.1:80 …)"]);
}

#[test]
fn variables_that_multiply_end() {
    let mut text = String::new();
    for number in 0..8 {
        let next = number + 1;
        let entries: String = (0..200)
            .map(|entry| format!("{entry} {entry}$v{next};"))
            .collect();
        text.push_str(&format!("map $a $v{number} {{ {entries} }}"));
    }
    text.push_str("map $a $v8 { default c; }");
    let passes = "location / { proxy_pass http://$v0; }".repeat(2000);
    let begin = Instant::now();
    let conf = http(&format!("{text} server {{ {passes} }}"));
    assert_eq!(targets(&conf)[0], "proxy (…)");
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_directive_outside_of_blocks_or_in_events_is_of_the_main_context() {
    let conf = read(&[(
        "nginx.conf",
        "user a; events { worker_connections 768; } http { user b; }",
    )]);
    assert_eq!(conf.main("user").unwrap().args, ["a"]);
    assert_eq!(conf.main("worker_connections").unwrap().args, ["768"]);
    assert_eq!(conf.main("nothing"), None);
}
