//! What the pools are called, through the program: by configurations that are named, and by those that are
//! found.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const NGINX: &str = "events { }
http {
    include upstreams/*.conf;
    map $uri $target { default api.example.com:8080; }
    server {
        server_name a.example.com;
        location / { fastcgi_pass php; }
        location /one { proxy_pass http://one; }
        location /api { proxy_pass http://$target; }
        location /local { proxy_pass http://localhost:8081; }
        location /gone { proxy_pass http://gone.invalid; }
    }
    server {
        server_name b.example.com;
        location / { proxy_pass http://two; }
    }
}
";

const UPSTREAMS: &str = "upstream php { server unix:/run/php/www.sock; }
upstream one { server 10.0.0.1:80; server 10.0.0.3:80; }
upstream two { server 10.0.0.1:80; }
";

const FPM: &str = "[www]\nlisten = /run/php/www.sock\n[shop]\nlisten = /run/php/php-shop.sock\n[port]\nlisten = 9000\n";

/// Peers, the servers under which they are logged, and their pools by these configurations.
const EXPECTED: [(&str, &str, &str); 9] = [
    ("fastcgi://unix:/run/php/www.sock:", "a.example.com", "php"),
    (
        "fastcgi://unix:/run/php/php-shop.sock:",
        "a.example.com",
        "shop",
    ),
    (
        "fastcgi://unix:/run/php/else.sock:",
        "a.example.com",
        "else",
    ),
    ("fastcgi://127.0.0.1:9000", "a.example.com", "port"),
    ("http://10.0.0.1:80/", "a.example.com", "one"),
    ("http://10.0.0.1:80/", "b.example.com", "two"),
    ("http://10.0.0.3:80/", "b.example.com", "one"),
    ("http://127.0.0.1:8081/", "a.example.com", "localhost:8081"),
    ("http://10.0.0.9:80/", "a.example.com", "10.0.0.9:80"),
];

struct House(tempfile::TempDir);

impl House {
    fn new() -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        house.write("nginx/nginx.conf", NGINX);
        house.write("nginx/upstreams/all.conf", UPSTREAMS);
        house.write("php/pools.conf", FPM);
        house.write("error.log", &log(""));
        house
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        command.args(arguments).env("TZ", "UTC");
        command.current_dir(self.0.path()).output().unwrap()
    }
}

/// A record of each peer that is expected, with something in front.
fn log(envelope: &str) -> String {
    let record = |(peer, server, _): &(&str, &str, &str)| {
        format!(
            "{envelope}2026/11/01 09:15:02 [error] 7#7: *23 connect() failed (111: Connection refused) while \
             connecting to upstream, client: 192.0.2.1, server: {server}, request: \"GET / HTTP/1.1\", \
             upstream: \"{peer}\", host: \"a\"\n"
        )
    };
    EXPECTED.iter().map(record).collect()
}

/// The pools of all events, in order.
fn pools(output: &Output) -> Vec<String> {
    assert!(!output.stdout.is_empty(), "{}", said(output));
    let text = String::from_utf8_lossy(&output.stdout);
    let pool = |line: &str| -> Option<String> {
        let event: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).ok()?;
        Some(event["pool"].as_str()?.to_owned())
    };
    text.lines().filter_map(pool).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn expected() -> Vec<&'static str> {
    EXPECTED.iter().map(|(_, _, pool)| *pool).collect()
}

/// What they are called where nothing is known.
const PLAIN: [&str; 9] = [
    "www",
    "php-shop",
    "else",
    "127.0.0.1:9000",
    "10.0.0.1:80",
    "10.0.0.1:80",
    "10.0.0.3:80",
    "127.0.0.1:8081",
    "10.0.0.9:80",
];

#[test]
fn named_configurations_name_the_pools() {
    let house = House::new();
    let arguments = [
        "events",
        "error.log",
        "--nginx-conf",
        "nginx/nginx.conf",
        "--php-fpm",
    ];
    for php in ["php/pools.conf", "php"] {
        let output = house.run(&[&arguments[..], &[php]].concat());
        assert_eq!(pools(&output), expected());
        assert_eq!(said(&output), "");
        assert_eq!(output.status.code(), Some(0));
    }
    let output = house.run(&[
        "report",
        "error.log",
        "--php-fpm",
        "php",
        "--nginx-conf",
        "nginx/nginx.conf",
    ]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("\n  php  "));
}

#[test]
fn a_saved_dump_names_the_pools_and_may_be_a_pipe() {
    let house = House::new();
    let dump = format!(
        "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n# configuration file \
         /etc/nginx/nginx.conf:\n{NGINX}\n# configuration file /etc/nginx/upstreams/all.conf:\n{UPSTREAMS}\n"
    );
    house.write("dump", &dump);
    let program = env!("CARGO_BIN_EXE_badgateway");
    let line =
        format!("{program} events error.log --timezone UTC --php-fpm php --nginx-conf <(cat dump)");
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(house.0.path())
        .output()
        .unwrap();
    assert_eq!(said(&output), "");
    assert_eq!(pools(&output), expected());
}

#[test]
fn without_configurations_the_peer_names_the_pool() {
    let house = House::new();
    let output = house.run(&["events", "error.log", "--no-discover"]);
    assert_eq!(pools(&output), PLAIN);
}

#[test]
fn named_configurations_count_for_all_machines() {
    let house = House::new();
    house.write("error.log", &log("Nov  1 09:15:02 elsewhere nginx: "));
    let named = ["--nginx-conf", "nginx/nginx.conf", "--php-fpm", "php"];
    let output = house.run(&[&["events", "error.log", "--host", "web7"], &named[..]].concat());
    assert_eq!(pools(&output), expected());
}

#[test]
fn a_rule_comes_before_any_configuration() {
    let house = House::new();
    house.write(
        "rules.toml",
        "[[rule]]\nname = 'mine'\nregex = '^connect'\nkind = 'F'\npool = 'ruled'\noverride = true\n",
    );
    let output = house.run(&[
        "events",
        "error.log",
        "--rules",
        "rules.toml",
        "--nginx-conf",
        "nginx/nginx.conf",
    ]);
    assert_eq!(pools(&output), ["ruled"; 9]);
}

#[test]
fn a_named_configuration_that_cannot_be_read_is_said_once_and_the_rest_goes_on() {
    let house = House::new();
    for command in ["events", "report", "aggregate"] {
        let mut arguments = vec![
            command,
            "error.log",
            "-q",
            "--nginx-conf",
            "missing",
            "--php-fpm",
            "php",
        ];
        if command == "aggregate" {
            arguments.extend(["--out", "dataset"]);
        }
        let output = house.run(&arguments);
        let path = house.0.path().join("missing");
        let line = format!(
            "badgateway: {}: cannot be read: No such file or directory (os error 2)\n",
            path.display()
        );
        assert_eq!(said(&output), line, "{command}");
        assert_eq!(output.status.code(), Some(1), "{command}");
    }
    assert!(house.0.path().join("dataset/hourly").is_dir());
}

#[test]
fn what_is_wrong_in_a_named_configuration_is_said_with_its_line() {
    let house = House::new();
    house.write("nginx/upstreams/all.conf", &format!("{UPSTREAMS}}}\n"));
    let named = ["--nginx-conf", "nginx/nginx.conf", "--php-fpm", "php"];
    let output = house.run(&[&["events", "error.log"], &named[..]].concat());
    let said = said(&output);
    assert!(
        said.ends_with("nginx/upstreams/all.conf:4: unexpected \"}\"\n"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
    assert_eq!(pools(&output), expected());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn more_is_said_to_those_who_ask_for_it() {
    let house = House::new();
    let named = ["--nginx-conf", "nginx/nginx.conf", "--php-fpm", "php"];
    let output = house.run(&[&["events", "error.log", "-v"], &named[..]].concat());
    let said = said(&output);
    for line in [
        "nginx/nginx.conf: 3 upstream blocks\n",
        "php: 3 pools of PHP-FPM\n",
        "badgateway: gone.invalid: no address is known for this name\n",
        "badgateway: 10.0.0.1:80 is in several pools (one, two); where the server does not tell, it is in the first\n",
    ] {
        assert!(said.contains(line), "{line}{said}");
    }
    assert_eq!(output.status.code(), Some(0));
}

/// Runs the program where `/etc/nginx` and `/etc/php` are those of the house, as `user`.
fn at_home(house: &House, user: &str, arguments: &str) -> Output {
    let folder = house.0.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    // The program may be where not everybody may go.
    fs::write(folder.join("program"), "").unwrap();
    let program = env!("CARGO_BIN_EXE_badgateway");
    let line = format!(
        "mount --bind {program} program && mount --bind nginx /etc/nginx && mount --bind etc-php /etc/php && \
         echo web1.example.com >/proc/sys/kernel/hostname && \
         exec setpriv --reuid {user} --clear-groups ./program {arguments} --timezone UTC"
    );
    Command::new("unshare")
        .args(["--mount", "--uts", "sh", "-c", &line])
        .current_dir(folder)
        .output()
        .unwrap()
}

fn home() -> House {
    let house = House::new();
    house.write(
        "etc-php/8.2/fpm/php-fpm.conf",
        "include=/etc/php/8.2/fpm/pool.d/*.conf\n",
    );
    house.write("etc-php/8.2/fpm/pool.d/all.conf", FPM);
    assert!(Path::new("/etc/nginx").is_dir() && Path::new("/etc/php").is_dir());
    house
}

#[test]
#[ignore = "needs root, NGINX and PHP-FPM, which tests/all installs"]
fn what_is_found_names_the_pools_of_this_machine_alone() {
    let house = home();
    let output = at_home(&house, "root", "events error.log");
    assert_eq!(said(&output), "");
    assert_eq!(pools(&output), expected());
    let output = at_home(&house, "root", "events error.log --host web1.example.com");
    assert_eq!(pools(&output), expected());
    let output = at_home(&house, "root", "events error.log --host web2");
    assert_eq!(pools(&output), PLAIN);
    let output = at_home(&house, "root", "events error.log --no-discover");
    assert_eq!(pools(&output), PLAIN);
    for (host, pools_there) in [("web1", expected()), ("web2", PLAIN.to_vec())] {
        house.write(
            "error.log",
            &log(&format!("Nov  1 09:15:02 {host} nginx: ")),
        );
        let output = at_home(&house, "root", "events error.log --host web2");
        assert_eq!(pools(&output), pools_there, "{host}");
    }
}

#[test]
#[ignore = "needs root, NGINX and PHP-FPM, which tests/all installs"]
fn what_is_named_takes_the_place_of_what_is_found_of_its_kind() {
    let house = home();
    house.write(
        "other.conf",
        "http { upstream other { server 10.0.0.9:80; } }",
    );
    let output = at_home(&house, "root", "events error.log --nginx-conf other.conf");
    let mut expected = PLAIN.map(str::to_owned);
    expected[1] = "shop".to_owned();
    expected[3] = "port".to_owned();
    expected[8] = "other".to_owned();
    assert_eq!(pools(&output), expected);
}

#[test]
#[ignore = "needs root, NGINX and PHP-FPM, which tests/all installs"]
fn what_is_found_and_cannot_be_read_is_said_once_and_is_no_failure() {
    let house = home();
    let all = house.0.path().join("nginx/upstreams/all.conf");
    fs::set_permissions(&all, fs::Permissions::from_mode(0o600)).unwrap();
    let output = at_home(&house, "65534", "events error.log");
    assert_eq!(
        said(&output),
        "badgateway: /etc/nginx/upstreams/all.conf: cannot be read: Permission denied (os error 13)\n"
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(pools(&output)[1], "shop");
    let output = at_home(&house, "65534", "events error.log -q");
    assert_eq!(
        (said(&output), output.status.code()),
        (String::new(), Some(0))
    );
    let main = house.0.path().join("nginx/nginx.conf");
    fs::set_permissions(&main, fs::Permissions::from_mode(0o600)).unwrap();
    let output = at_home(&house, "65534", "events error.log");
    assert_eq!(
        said(&output),
        "badgateway: /etc/nginx/nginx.conf: cannot be read: Permission denied (os error 13)\n"
    );
}
