//! NGINX and PHP-FPM that do not wait equally long.

use super::files::place;
use super::house::House;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_ends_scripts_before_nginx_stops_waiting_is_found() {
    let mut house = House::new();
    let pool = "[shop]\nrequest_terminate_timeout = 1s";
    house.change("pool.d/shop.conf", "[shop]", pool);
    house.open_as_it_is();
    house.fails("/slow.php?ms=3000", 502, &["response_reset"]);
    let diagnosis = house.examine();
    let finding = diagnosis.finds("terminate_before_read_timeout", "warning");
    finding.names(&["shop", "request_terminate_timeout", "fastcgi_read_timeout"]);
    let pool = house.path("pool.d/shop.conf");
    finding.names(&[&place(&pool, "request_terminate_timeout")]);
    finding.is_at(&place(&pool, "[shop]"));
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    finding.explains("response_reset");
    house.apply(&finding);
    house.serves("/slow.php?ms=1500");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_that_stops_waiting_before_the_pool_ends_scripts_is_found() {
    let mut house = House::new();
    let pool = "[shop]\nrequest_terminate_timeout = 60s";
    house.change("pool.d/shop.conf", "[shop]", pool);
    let pass = "fastcgi_read_timeout 1s;\n        fastcgi_pass";
    house.change("sites/shop", "fastcgi_pass", pass);
    house.open_as_it_is();
    house.fails("/slow.php?ms=1200", 504, &["response_timeout"]);
    let diagnosis = house.examine();
    let finding = diagnosis.finds("read_timeout_before_terminate", "warning");
    finding.names(&["shop", "request_terminate_timeout", "fastcgi_read_timeout"]);
    let site = house.path("sites/shop");
    finding.names(&[&place(&site, "fastcgi_read_timeout")]);
    finding.is_at(&place(&site, "fastcgi_pass"));
    finding.explains("response_timeout");
    house.apply(&finding);
    house.serves("/slow.php?ms=1200");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_site_on_one_line_is_mended_as_well() {
    let mut house = House::new();
    let site = "server { listen 127.0.0.1:PORT; root HOUSE/www; location ~ php$ { include /etc/nginx/fastcgi.conf; \
                fastcgi_pass unix:HOUSE/run/shop.sock; fastcgi_read_timeout 1s; } }\n";
    house.write("sites/shop", site);
    let pool = "[shop]\nrequest_terminate_timeout = 60s";
    house.change("pool.d/shop.conf", "[shop]", pool);
    house.open_as_it_is();
    house.fails("/slow.php?ms=1200", 504, &["response_timeout"]);
    let finding = house
        .examine()
        .finds("read_timeout_before_terminate", "warning");
    house.apply(&finding);
    house.serves("/slow.php?ms=1200");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn scripts_that_are_given_more_time_than_nginx_waits_are_found() {
    let mut house = House::new();
    let pool = "[shop]\nphp_admin_value[max_execution_time] = 90";
    house.change("pool.d/shop.conf", "[shop]", pool);
    let pass = "fastcgi_read_timeout 1s;\n        fastcgi_pass";
    house.change("sites/shop", "fastcgi_pass", pass);
    house.open_as_it_is();
    house.fails("/slow.php?ms=1200", 504, &["response_timeout"]);
    // Whatever is said, what is to be done must not contradict itself.
    let diagnosis = house.examine();
    diagnosis.says("execution_time");
    house.heals();
    house.serves("/slow.php?ms=1200");
}
