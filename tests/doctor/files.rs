//! What stands in a house's files. `HOUSE` is its folder, `PORT` where its NGINX listens.

use std::fs;
use std::path::Path;

/// All that NGINX writes stays in the house: an NGINX that runs on the machine is not touched.
pub const NGINX: &str = r"user www-data;
worker_processes 1;
pid HOUSE/run/nginx.pid;
error_log HOUSE/log/error.log;

events {
    worker_connections 768;
}

http {
    access_log off;
    client_body_temp_path HOUSE/temp/body;
    proxy_temp_path HOUSE/temp/proxy;
    fastcgi_temp_path HOUSE/temp/fastcgi;
    uwsgi_temp_path HOUSE/temp/uwsgi;
    scgi_temp_path HOUSE/temp/scgi;
    include sites/*;
}
";

/// The site that most tests break.
pub const SITE: &str = r"server {
    listen 127.0.0.1:PORT;
    server_name shop.test;
    root HOUSE/www;

    location ~ \.php$ {
        include /etc/nginx/fastcgi.conf;
        fastcgi_pass unix:HOUSE/run/shop.sock;
    }
}
";

pub const FPM: &str = r"[global]
pid = HOUSE/run/php-fpm.pid
error_log = HOUSE/log/php-fpm.log
include = HOUSE/pool.d/*.conf
";

/// The pool that the site hands requests to, as Debian configures its own.
pub const POOL: &str = r"[shop]
user = www-data
group = www-data
listen = HOUSE/run/shop.sock
listen.owner = www-data
listen.group = www-data
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
";

pub const SCRIPTS: [(&str, &str); 3] = [
    ("quick.php", "<?php echo 'quick';"),
    (
        "slow.php",
        "<?php usleep(1000 * (int) $_GET['ms']); echo 'slow';",
    ),
    (
        "dies.php",
        "<?php posix_kill(posix_getpid(), 9); usleep(1000000);",
    ),
];

/// The place of a text in a file of a house, as doctor writes it.
pub fn place(file: &Path, text: &str) -> String {
    let lines = fs::read_to_string(file).unwrap();
    let line = lines.lines().position(|line| line.contains(text)).unwrap();
    format!("{}:{}", file.display(), line + 1)
}
