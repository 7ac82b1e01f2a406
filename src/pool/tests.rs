use std::fs;
use std::path::Path;

use super::*;
use crate::config::fpm::Fpm;
use crate::config::nginx::Conf;
use crate::config::{Found, Root};

#[test]
fn a_socket_gives_its_stem() {
    for (peer, expected) in [
        ("unix:/run/php/php8.2-fpm.sock", "php8.2-fpm"),
        ("unix:/run/shop", "shop"),
        ("unix:/run/.sock", ".sock"),
        ("unix:/run/", "unix:/run/"),
        ("unix:", "unix:"),
        ("backend", "backend"),
        ("[2001:db8::1]:80", "[2001:db8::1]:80"),
    ] {
        let found = name(None, Some(peer.as_bytes()));
        assert_eq!(found, expected.as_bytes(), "{peer}");
    }
}

/// Configurations of NGINX (`http` around the text, unless it begins with a block of its own), and those of
/// PHP-FPM by their paths.
fn found(nginx: &[&str], fpms: &[(&str, &str)]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path());
    let mut found = Found::default();
    for text in nginx {
        let is_whole = text.starts_with("http") || text.starts_with("stream");
        let text = if is_whole {
            (*text).to_owned()
        } else {
            format!("http {{ {text} }}")
        };
        fs::write(folder.path().join("nginx.conf"), text).unwrap();
        found
            .nginx
            .push(Conf::read(&root, Path::new("/nginx.conf")).unwrap());
    }
    for (path, text) in fpms {
        let outside = folder.path().join(&path[1..]);
        fs::create_dir_all(outside.parent().unwrap()).unwrap();
        fs::write(outside, text).unwrap();
        found.fpms.push(Fpm::read(&root, Path::new(path)).unwrap());
    }
    assert_eq!(found.all_problems().count(), 0);
    found
}

fn known() -> Known {
    let ips = |text: &str| text.split(' ').map(|ip| ip.parse().unwrap()).collect();
    Known {
        names: [
            (
                "backend.example.com".to_owned(),
                ips("10.0.0.7 2001:db8::7"),
            ),
            ("other.example.com".to_owned(), ips("10.0.0.8")),
            ("twin.example.com".to_owned(), ips("10.0.0.8")),
            ("localhost".to_owned(), ips("127.0.0.1 ::1")),
        ]
        .into(),
        own: ips("192.0.2.1 2001:db8::1"),
    }
}

fn names(named: &Found) -> Names {
    Names::new(named, &Found::default(), &known(), Machine::default())
}

fn check(names: &Names, server: Option<&str>, expected: &[(&str, &str)]) {
    for (peer, pool) in expected {
        let found = names.name(None, Some(peer.as_bytes()), server.map(str::as_bytes), None);
        assert_eq!(String::from_utf8_lossy(found), *pool, "{peer} {server:?}");
    }
}

#[test]
fn a_peer_belongs_to_the_upstream_block_that_holds_it() {
    let found = found(
        &[
            "upstream shop { server 10.0.0.1; server 10.0.0.2:8080 backup; server unix:/run/shop.sock; \
             server [2001:db8::5]; server backend.example.com:81; server nowhere.example.com; }",
            "stream { upstream db { server 10.0.0.1:3306; } }",
        ],
        &[],
    );
    check(
        &names(&found),
        None,
        &[
            ("10.0.0.1:80", "shop"),
            ("10.0.0.2:8080", "shop"),
            ("unix:/run/shop.sock", "shop"),
            ("[2001:db8::5]:80", "shop"),
            ("10.0.0.7:81", "shop"),
            ("[2001:db8::7]:81", "shop"),
            ("10.0.0.1:3306", "db"),
            // NGINX knows no address of it, or no server is left.
            ("nowhere.example.com", "shop"),
            ("nowhere.example.com:80", "shop"),
            ("shop", "shop"),
            ("10.0.0.2:80", "10.0.0.2:80"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ],
    );
}

#[test]
fn a_peer_belongs_to_the_pool_of_php_fpm_that_listens_there() {
    let found = found(
        &[],
        &[(
            "/etc/php-fpm.conf",
            "[sock]\nlisten = /run/php/a.sock\n[old]\nlisten = /var/run/b.sock\n[here]\nlisten = 127.0.0.1:9000\n\
             [v6]\nlisten = [::1]:9001\n[all]\nlisten = 9002\n[v4]\nlisten = 0.0.0.0:9003\n[both]\n\
             listen = [::]:9004\n[name]\nlisten = localhost:9005\n[one]\nlisten = 192.0.2.9:9006\n",
        )],
    );
    check(
        &names(&found),
        None,
        &[
            ("unix:/run/php/a.sock", "sock"),
            ("unix:/var/run/php/a.sock", "sock"),
            ("unix:/run/b.sock", "old"),
            ("127.0.0.1:9000", "here"),
            ("localhost:9000", "here"),
            ("[::1]:9001", "v6"),
            ("127.0.0.1:9002", "all"),
            ("[::1]:9002", "all"),
            ("192.0.2.1:9002", "all"),
            ("[2001:db8::1]:9002", "all"),
            ("localhost:9002", "all"),
            ("192.0.2.1:9003", "v4"),
            ("[2001:db8::1]:9003", "[2001:db8::1]:9003"),
            ("192.0.2.1:9004", "both"),
            ("[::1]:9004", "both"),
            ("127.0.0.1:9005", "name"),
            ("[::1]:9005", "name"),
            ("192.0.2.9:9006", "one"),
            ("127.0.0.1:9006", "127.0.0.1:9006"),
        ],
    );
}

#[test]
fn pools_of_one_name_are_told_apart_by_version_or_place() {
    let pool = "[www]\nlisten = /run/VERSION.sock\n";
    let versions = ["8.1", "8.2"].map(|version| {
        (
            format!("/etc/php/{version}/fpm/php-fpm.conf"),
            pool.replace("VERSION", version),
        )
    });
    let only = "[www]\nlisten = /run/x.sock\n[shop]\nlisten = /run/y.sock\n";
    let mut fpms: Vec<(&str, &str)> = versions
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    fpms.push(("/etc/php-fpm.conf", only));
    check(
        &names(&found(&[], &fpms)),
        None,
        &[
            ("unix:/run/8.1.sock", "www (8.1)"),
            ("unix:/run/8.2.sock", "www (8.2)"),
            ("unix:/run/x.sock", "www (/etc/php-fpm.conf)"),
            ("unix:/run/y.sock", "shop"),
        ],
    );
}

#[test]
fn the_upstream_block_comes_before_the_pool_of_php_fpm_and_that_before_a_name() {
    let found = found(
        &[
            "upstream php { server unix:/run/php/www.sock; } server { location / { fastcgi_pass php; } \
             location /a { fastcgi_pass localhost:9000; } location /b { fastcgi_pass localhost:9001; } }",
        ],
        &[(
            "/etc/php-fpm.conf",
            "[www]\nlisten = /run/php/www.sock\n[port]\nlisten = 9000\n",
        )],
    );
    let names = names(&found);
    check(
        &names,
        None,
        &[
            ("unix:/run/php/www.sock", "php"),
            ("127.0.0.1:9000", "port"),
            ("127.0.0.1:9001", "localhost:9001"),
        ],
    );
    let peer = Some(b"127.0.0.1:9000".as_slice());
    assert_eq!(names.name(Some(b"rule"), peer, None, None), b"rule");
    assert_eq!(names.name(None, None, None, None), UNKNOWN);
}

#[test]
fn without_a_block_the_pool_is_the_name_as_it_is_written() {
    let found = found(
        &[
            "map $uri $target { default backend.example.com:8080; } server { \
             location /a { proxy_pass http://backend.example.com/x; } \
             location /b { proxy_pass http://$target$request_uri; } \
             location /c { proxy_pass https://backend.example.com:443; } \
             location /d { grpc_pass grpcs://other.example.com:444; } \
             location /e { proxy_pass http://10.0.0.9:81; } }",
            "stream { server { proxy_pass other.example.com:80; } }",
        ],
        &[],
    );
    check(
        &names(&found),
        None,
        &[
            ("10.0.0.7:80", "backend.example.com"),
            ("10.0.0.7:443", "backend.example.com"),
            ("[2001:db8::7]:8080", "backend.example.com:8080"),
            ("10.0.0.8:444", "other.example.com:444"),
            ("10.0.0.8:80", "other.example.com:80"),
            ("10.0.0.9:81", "10.0.0.9:81"),
            // Of two of this name it can be either.
            ("backend.example.com", "backend.example.com"),
        ],
    );
}

#[test]
fn a_peer_of_several_pools_is_in_the_one_to_which_the_server_passes() {
    let found = found(
        &[
            "upstream a { server 10.0.0.1; server 10.0.0.2; } upstream b { server 10.0.0.1; } \
           upstream c { server 10.0.0.1; } \
           server { server_name a.example.com; location / { proxy_pass http://a; } } \
           server { server_name *.example.com; location / { proxy_pass http://b; } } \
           server { server_name both.org; location / { proxy_pass http://b; } location /c { proxy_pass http://c; } } \
           server { location / { proxy_pass http://c; } } \
           server { server_name twin.org; location / { proxy_pass http://twin.example.com; } } \
           server { server_name other.org; location / { proxy_pass http://other.example.com; } }",
        ],
        &[],
    );
    let names = names(&found);
    for (server, pool) in [
        (Some("a.example.com"), "a"),
        (Some("*.example.com"), "b"),
        (Some("x.example.com"), "b"),
        (Some(""), "c"),
        (Some("both.org"), "a"),
        (Some("unheard.of"), "a"),
        (None, "a"),
    ] {
        check(
            &names,
            server,
            &[("10.0.0.1:80", pool), ("10.0.0.2:80", "a")],
        );
    }
    check(
        &names,
        Some("other.org"),
        &[("10.0.0.8:80", "other.example.com")],
    );
    check(
        &names,
        Some("twin.org"),
        &[("10.0.0.8:80", "twin.example.com")],
    );
    let shared: Vec<_> = names.shared().collect();
    assert_eq!(
        shared[0],
        (
            "10.0.0.1:80".to_owned(),
            ["a", "b", "c"].map(str::to_owned).into()
        )
    );
    assert_eq!(shared.len(), 2);
}

#[test]
fn what_was_found_on_this_machine_says_nothing_of_others() {
    let named = found(&["upstream named { server 10.0.0.1; }"], &[]);
    let found = found(
        &["upstream found { server 10.0.0.2; server 10.0.0.1; }"],
        &[],
    );
    for (is_default, host, is_here) in [
        (true, None, true),
        (false, None, false),
        (true, Some("web1.example.com"), true),
        (true, Some("web1"), true),
        (false, Some("web1"), true),
        (true, Some("web2"), false),
        (true, Some("web1.example"), false),
    ] {
        let machine = Machine {
            name: "web1.example.com".to_owned(),
            is_default,
        };
        let names = Names::new(&named, &found, &known(), machine);
        let name = |peer: &str| {
            let host = host.map(str::as_bytes);
            String::from_utf8_lossy(names.name(None, Some(peer.as_bytes()), None, host))
                .into_owned()
        };
        assert_eq!(name("10.0.0.1:80"), "named", "{host:?}");
        let expected = if is_here { "found" } else { "10.0.0.2:80" };
        assert_eq!(name("10.0.0.2:80"), expected, "{host:?} {is_default}");
    }
}
