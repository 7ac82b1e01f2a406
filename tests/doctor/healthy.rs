//! Houses in which everything is well, each in its own way: doctor finds nothing.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::backend;
use super::files::POOL;
use super::house::House;
use super::port::free_port;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn one_pool_behind_a_socket() {
    let mut house = House::new();
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn two_pools_behind_a_socket_and_a_port() {
    let mut house = House::new();
    let port = free_port();
    let pool = POOL.replace("HOUSE/run/shop.sock", &format!("127.0.0.1:{port}"));
    house.write("pool.d/blog.conf", &pool.replace("shop", "blog"));
    let blog = format!("include /etc/nginx/fastcgi.conf; fastcgi_pass 127.0.0.1:{port};");
    house.location("~ ^/slow", &blog);
    house.open();
    house.serves("/slow.php?ms=1");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_listens_on_a_port_of_every_address() {
    let mut house = House::new();
    let port = free_port();
    house.change("pool.d/shop.conf", "HOUSE/run/shop.sock", &port.to_string());
    let address = format!("127.0.0.1:{port}");
    house.change("sites/shop", "unix:HOUSE/run/shop.sock", &address);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_listens_on_the_newer_loopback() {
    let mut house = House::new();
    let address = format!("[::1]:{}", free_port());
    house.change("pool.d/shop.conf", "HOUSE/run/shop.sock", &address);
    house.change("sites/shop", "unix:HOUSE/run/shop.sock", &address);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn scripts_below_the_document_root() {
    let mut house = House::new();
    let include = "include /etc/nginx/fastcgi_params;\n        \
                   fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;";
    house.change("sites/shop", "include /etc/nginx/fastcgi.conf;", include);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_backend_behind_an_upstream_block_whose_connections_are_kept() {
    let mut house = House::new();
    let port = free_port();
    backend::listen((Ipv4Addr::LOCALHOST, port));
    let upstream = format!(
        "upstream node {{\n    server 127.0.0.1:{port};\n    keepalive 16;\n}}\n\nserver {{\n    listen"
    );
    house.change("sites/shop", "server {\n    listen", &upstream);
    let kept = "proxy_pass http://node;\n        proxy_http_version 1.1;\n        \
                proxy_set_header Connection \"\";";
    house.location("/", kept);
    house.open();
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn backends_on_both_loopbacks_and_one_in_reserve() {
    let mut house = House::new();
    let port = free_port();
    backend::listen((Ipv4Addr::LOCALHOST, port));
    backend::listen((Ipv6Addr::LOCALHOST, port));
    let upstream = format!(
        "upstream node {{\n    server 127.0.0.1:{port};\n    server [::1]:{port};\n}}\n\nserver {{\n    listen"
    );
    house.change("sites/shop", "server {\n    listen", &upstream);
    house.location("/", "proxy_pass http://node;");
    house.open();
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_backend_that_listens_on_every_address_of_both_families() {
    let mut house = House::new();
    let port = free_port();
    // One socket for both, which the kernel lists among those of the newer family only.
    backend::listen((Ipv6Addr::UNSPECIFIED, port));
    house.location("/", &format!("proxy_pass http://127.0.0.1:{port};"));
    house.open();
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_server_that_is_marked_as_down() {
    let mut house = House::new();
    let (port, nobody) = (free_port(), free_port());
    backend::listen((Ipv4Addr::LOCALHOST, port));
    let upstream = format!(
        "upstream node {{\n    server 127.0.0.1:{port};\n    server 127.0.0.1:{nobody} down;\n}}\n\nserver {{\n    listen"
    );
    house.change("sites/shop", "server {\n    listen", &upstream);
    house.location("/", "proxy_pass http://node;");
    house.open();
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn nginx_in_front_of_itself() {
    let mut house = House::new();
    let port = free_port();
    let servers = format!(
        "server {{\n    listen unix:HOUSE/run/inner.sock;\n    listen 127.0.0.1:{port};\n    \
         return 200 quick;\n}}\n\nserver {{\n    listen 127.0.0.1:PORT"
    );
    house.change(
        "sites/shop",
        "server {\n    listen 127.0.0.1:PORT",
        &servers,
    );
    house.location("/socket", "proxy_pass http://unix:HOUSE/run/inner.sock:/;");
    house.location("/port", &format!("proxy_pass http://127.0.0.1:{port};"));
    house.open();
    house.serves("/socket");
    house.serves("/port");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_has_no_children_before_it_is_asked() {
    let mut house = House::new();
    house.change("pool.d/shop.conf", "pm = dynamic", "pm = ondemand");
    house.open_as_it_is();
    house.examine().finds_nothing();
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_variable_that_names_an_upstream_block() {
    let mut house = House::new();
    let port = free_port();
    backend::listen((Ipv4Addr::LOCALHOST, port));
    let upstream = format!(
        "map $host $backend {{\n    default node;\n}}\n\nupstream node {{\n    server 127.0.0.1:{port};\n}}\n\n\
         server {{\n    listen"
    );
    house.change("sites/shop", "server {\n    listen", &upstream);
    house.location("/", "proxy_pass http://$backend;");
    house.open();
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_address_in_a_variable() {
    let mut house = House::new();
    let port = free_port();
    backend::listen((Ipv4Addr::LOCALHOST, port));
    house.location(
        "/set",
        &format!("set $backend 127.0.0.1:{port};\nproxy_pass http://$backend;"),
    );
    house.location(
        "/uri",
        &format!("proxy_pass http://127.0.0.1:{port}$request_uri;"),
    );
    house.open();
    house.serves("/set");
    house.serves("/uri");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_fastcgi_service_that_is_no_php_fpm() {
    let mut house = House::new();
    let socket = house.path("run/other.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    house.location("/other", "fastcgi_pass unix:HOUSE/run/other.sock;");
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_script_that_ends_its_own_process() {
    let mut house = House::new();
    house.open();
    house.fails("/dies.php", 502, &["response_reset"]);
    // No configuration is to blame for it.
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_port_that_is_handed_on_as_it_is() {
    let mut house = House::new();
    let (port, behind) = (free_port(), free_port());
    backend::listen((Ipv4Addr::LOCALHOST, behind));
    house.has_stream(&format!(
        "upstream db {{\n    server 127.0.0.1:{behind};\n}}\nserver {{\n    listen 127.0.0.1:{port};\n    proxy_pass db;\n}}\n"
    ));
    house.location("/", &format!("proxy_pass http://127.0.0.1:{port};"));
    house.open();
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn two_installations_of_which_one_has_the_socket_that_both_are_configured_for() {
    let mut house = House::new();
    house.write(
        "other.conf",
        "[global]\npid = HOUSE/run/other.pid\ninclude = HOUSE/pool.d/*.conf\n",
    );
    let other = house.fill("HOUSE/other.conf");
    house.flags.splice(0..0, ["--php-fpm".to_owned(), other]);
    house.open();
    // Nor is a pool of the same name meant whose processes go on without their master.
    let mut elsewhere = House::new();
    elsewhere.open();
    elsewhere.kill_fpm_only();
    house.serves("/quick.php");
}
