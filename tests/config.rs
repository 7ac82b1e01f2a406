//! What is read of a configuration is what NGINX and PHP-FPM themselves read of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use badgateway::config::Root;
use badgateway::config::fpm::{Fpm, seconds};
use badgateway::config::nginx::Conf;
use rand::{RngExt, SeedableRng};

/// Everything that is hard to read, and NGINX accepts.
const TRICKY: &str = r#"load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
load_module "/usr/lib/nginx/modules/ngx_stream_module.so";
error_log error.log; pid nginx.pid; # a "comment { with
events{worker_connections 64;}
http {
    access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
    uwsgi_temp_path t4; scgi_temp_path t5;
    include conf.d/*.conf; include sites-enabled/*;
    include nothing/*.conf;
    log_format a 'it\'s' ; log_format b "a;b{c}#d \"quoted\" \\ \t \. $host${uri}x"
        'second line' #comment; }
        ;
    map $http_host $a { default ""; ~^"x 1; "~^a{2}\.b;$" '}'; a#b c#d; }
    lua_load_resty_core off;
    server { listen 127.0.0.1:18081; server_name a.example.com *.b.example.com "c d";
        location ~ "^/x{1,2}/(?<y>[^/]+)$" { if ($a = "}") { return 200 "a}b{c;"; } proxy_pass http://127.0.0.1:${y}; }
        location /lua { content_by_lua_block {
            -- don't stop here }
            local text = "}" .. '{' .. [[ ] } ]] .. [=[ ]] } ]=]
            if text then ngx.say(text) end
        } }
        location /a { return 200 it's; }
        location /b { return 200 b\;c\ d\{e; }
        add_header X a;add_header Y "";}
}
stream { upstream db { server 127.0.0.1:3306; } server { listen 127.0.0.1:18082; proxy_pass db; } }
"#;

fn nginx(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = Command::new("nginx")
        .arg("-p")
        .arg(folder)
        .args(["-c", "nginx.conf", "-g", "user root;"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn compare(conf: &Path, dump: &Path) -> Conf {
    let from_files = Conf::read(&Root::default(), conf).unwrap();
    let from_dump = Conf::read(&Root::default(), dump).unwrap();
    assert_eq!(from_files.problems, []);
    assert_eq!(from_dump.problems, []);
    assert_eq!(from_files.files, from_dump.files);
    assert_eq!(from_files.directives, from_dump.directives);
    assert!(from_files.directives.len() > 3);
    from_files
}

#[test]
#[ignore = "needs NGINX, which tests/all installs"]
fn the_files_and_what_nginx_prints_of_them_are_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "nginx.conf", TRICKY);
    write(
        folder,
        "conf.d/b.conf",
        "upstream shop { server 127.0.0.1:1; include conf.d/inner; }\r\n",
    );
    write(
        folder,
        "conf.d/inner",
        "server 127.0.0.1:2;\n\n\n# configuration file in a comment:\nserver 127.0.0.1:3;",
    );
    write(folder, "conf.d/a-b.conf", "");
    write(folder, "conf.d/a.conf", "#only\n");
    write(
        folder,
        "sites-available/site",
        "server { listen 127.0.0.1:18083; location / { fastcgi_pass shop; } }\n",
    );
    fs::create_dir(folder.join("sites-enabled")).unwrap();
    let enabled = folder.join("sites-enabled");
    symlink(folder.join("sites-available/site"), enabled.join("site")).unwrap();
    symlink("../sites-available/site", enabled.join(".hidden")).unwrap();
    let (dump, said) = nginx(folder, &["-T"]);
    assert!(said.contains("test is successful"), "{said}");
    // As `nginx -T >file 2>&1` writes it.
    write(folder, "dump", &format!("{said}{dump}"));
    let conf = compare(&folder.join("nginx.conf"), &folder.join("dump"));
    let shop = &conf.upstreams()[0];
    let servers: Vec<_> = shop
        .servers
        .iter()
        .map(|one| one.address.to_string())
        .collect();
    assert_eq!(servers, ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
    assert_eq!(shop.servers[2].directive.place.line, 5);
    assert_eq!(conf.passes().len(), 3);
}

#[test]
#[ignore = "needs NGINX, which tests/all installs"]
fn what_comes_with_debians_nginx_is_read() {
    let output = Command::new("nginx").arg("-T").output().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    fs::write(&dump, output.stdout).unwrap();
    let conf = compare(Path::new("/etc/nginx/nginx.conf"), &dump);
    assert_eq!(conf.main("user").unwrap().args, ["www-data"]);
}

/// What NGINX says of the first thing in its configuration that it does not like, and the line. None where
/// an empty name stands for a folder.
fn complaint(folder: &Path) -> Option<(String, String)> {
    let (_, said) = nginx(folder, &["-t"]);
    let (_, what) = said.split_once("[emerg] ")?;
    // On the console there are no ids.
    let (ids, rest) = what.split_once(": ").unwrap_or_default();
    let are_ids = ids
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'#');
    let what = if are_ids { rest } else { what };
    let path = folder.join("nginx.conf");
    let (what, line) = what.rsplit_once(&format!(" in {}:", path.display()))?;
    let line = line.lines().next().unwrap_or_default();
    Some((what.to_owned(), line.to_owned()))
}

#[test]
#[ignore = "needs NGINX, which tests/all installs"]
fn words_and_mistakes_are_those_that_nginx_sees() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("nginx.conf");
    let mut dice = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(2);
    let bytes = b"aabc\\\"'${};# \t\r\n)(tn";
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..2000 {
        let length = dice.random_range(1..16);
        let text: String = (0..length)
            .map(|_| char::from(bytes[dice.random_range(0..bytes.len())]))
            .collect();
        // NGINX tells a first word that it does not know, and the second one where it is a file that is
        // not there.
        let before = ["", "include "][round % 2];
        fs::write(&path, format!("{before}{text}\nz y;\n")).unwrap();
        let Some((what, line)) = complaint(folder) else {
            continue;
        };
        let conf = Conf::read(&Root::default(), &path).unwrap();
        let first = conf.directives.first();
        let problems: Vec<_> = conf.problems.iter().map(ToString::to_string).collect();
        let context = format!("{before}{text:?}: NGINX: {what}; here: {first:?} {problems:?}");
        let is_told = |what: &str| {
            let line = format!("{}:{line}: {what}", path.display());
            problems.iter().any(|problem| problem.starts_with(&line))
        };
        let kind = if let Some(name) = what.strip_prefix("unknown directive ") {
            assert_eq!(name, format!("\"{}\"", first.unwrap().name), "{context}");
            "directive"
        } else if let Some(file) = what.strip_prefix("open() \"") {
            let file = file.rsplit_once("\" failed").unwrap().0;
            let what = format!("{}:1: includes {file}, which", path.display());
            let is_told = problems.iter().any(|problem| problem.starts_with(&what));
            assert!(is_told, "{context}");
            "file"
        } else if what.starts_with("unexpected end of file") {
            // Who sees only the end cannot tell where the quote is that was forgotten.
            let is_quote = problems
                .iter()
                .any(|problem| problem.ends_with("a quote without its end"));
            assert!(is_told(&what) || is_quote, "{context}");
            "end"
        } else if what.starts_with("unexpected \"") {
            assert!(is_told(&what), "{context}");
            "unexpected"
        } else if what.starts_with("invalid number of arguments") {
            assert!(first.unwrap().args.len() != 1, "{context}");
            "arguments"
        } else {
            assert_eq!(
                what, "directive \"include\" is not terminated by \";\"",
                "{context}"
            );
            assert!(first.unwrap().block.is_some(), "{context}");
            "block"
        };
        *kinds.entry(kind).or_default() += 1;
    }
    println!("{kinds:?}");
    for kind in ["directive", "file", "end", "unexpected"] {
        assert!(kinds[kind] > 50, "{kind}");
    }
}

/// What PHP-FPM prints of the settings that are in force, by pool and key.
fn printed(conf: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let output = Command::new("php-fpm8.2")
        .args(["-tt", "-R", "-y"])
        .arg(conf)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("test is successful"), "{text}");
    let mut pools: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().filter_map(|line| line.split_once("NOTICE: ")) {
        let line = line.1;
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
        {
            section = name.to_owned();
        } else if let Some((key, value)) = line.trim().split_once(" = ") {
            let settings = pools.entry(section.clone()).or_default();
            settings.insert(key.to_owned(), value.to_owned());
        }
    }
    pools
}

/// A value as it is printed: times in seconds, what is on as `yes` and for PHP as 1.
fn as_printed(key: &str, value: &str, printed: &str) -> (String, String) {
    let is_on = ["1", "on", "yes", "true"].contains(&value);
    if let Some(index) = key
        .strip_prefix("php_flag")
        .or(key.strip_prefix("php_admin_flag"))
    {
        let key = key.replace("_flag", "_value");
        assert!(key.ends_with(index));
        return (key, u8::from(is_on).to_string());
    }
    let value = match printed {
        "yes" | "no" => if is_on { "yes" } else { "no" }.to_owned(),
        _ if printed.ends_with('s') && seconds(printed).is_some() => {
            format!("{}s", seconds(value).unwrap())
        }
        _ => value.to_owned(),
    };
    (key.to_owned(), value)
}

fn compare_pools(conf: &Path) {
    let printed = printed(conf);
    let fpm = Fpm::read(&Root::default(), conf).unwrap();
    assert_eq!(fpm.problems, []);
    let sections = fpm
        .pools
        .iter()
        .map(|pool| (pool.name.as_str(), &pool.settings));
    let sections = sections.chain([("global", &fpm.global)]);
    let mut ours: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (name, settings) in sections {
        let theirs = &printed[name];
        let ours = ours.entry(name.to_owned()).or_default();
        for setting in settings {
            let value = theirs.get(&setting.key).map_or("", String::as_str);
            let (key, value) = as_printed(&setting.key, &setting.value, value);
            ours.insert(key, value);
        }
    }
    assert_eq!(
        printed.keys().collect::<Vec<_>>(),
        ours.keys().collect::<Vec<_>>()
    );
    for (name, ours) in &mut ours {
        let pool = fpm.pools.iter().find(|pool| pool.name == *name);
        if let Some(listen) = pool.and_then(|pool| pool.listen.as_ref()) {
            let listen = listen.to_string();
            let listen = listen.trim_start_matches("unix:").trim_start_matches("*:");
            ours.insert("listen".to_owned(), listen.to_owned());
        }
        // What is not set has its default.
        let theirs: BTreeMap<_, _> = printed[name]
            .iter()
            .filter(|(key, _)| ours.contains_key(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        assert_eq!(theirs, *ours, "{name}");
    }
}

#[test]
#[ignore = "needs PHP-FPM, which tests/all installs"]
fn pools_have_the_settings_that_php_fpm_gives_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let main = format!(
        "emergency_restart_threshold = 3\n[global]\nprocess_control_timeout = 2m\n\
         error_log = {0}/error.log\ninclude={0}/pool.d/*.conf\n[last]\n user = \"www-data\" ; why\n\
         listen = run/$pool.sock\npm=ondemand\npm.max_children = 3\n",
        folder.path().display()
    );
    write(folder.path(), "php-fpm.conf", &main);
    write(
        folder.path(),
        "pool.d/a.conf",
        r#"[shop]
; listen = x
user = www-data
group = 'www-data'
listen = 127.0.0.1:9001
listen.allowed_clients = 127.0.0.1,::1
pm = dynamic
PM.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
request_terminate_timeout = 1m
request_slowlog_timeout = 50
slowlog = /var/log/$pool.slow
php_admin_value[error_log] = /var/log/fpm-$pool.log
php_admin_flag[log_errors] = on
php_flag[display_errors] = off
php_value[x.y] = 'a;b"c'
php_value[session.save_path] = "N;/x"
env[HOSTNAME] = "a \"b\" \\ \n c"
access.format = "%R - \"%m\""
catch_workers_output = 1
clear_env = no
[Shop]
pm.max_requests = 500
[two]
prefix = /tmp
user=www-data
listen = $pool.sock
pm = static
pm.max_children = 1
pm.max_children = 2
"#,
    );
    write(
        folder.path(),
        "pool.d/b.conf",
        "[port]\nuser=www-data\nlisten = 9002\npm = static\npm.max_children = 1\n",
    );
    compare_pools(&at("php-fpm.conf"));
}

#[test]
#[ignore = "needs PHP-FPM, which tests/all installs"]
fn what_comes_with_debians_php_fpm_is_read() {
    let conf = PathBuf::from("/etc/php/8.2/fpm/php-fpm.conf");
    compare_pools(&conf);
    let fpm = Fpm::read(&Root::default(), &conf).unwrap();
    assert_eq!(fpm.version.as_deref(), Some("8.2"));
    let memory = fpm
        .ini
        .iter()
        .rfind(|setting| setting.key == "memory_limit");
    let output = Command::new("php-fpm8.2").arg("-i").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let printed = text
        .lines()
        .find_map(|line| line.strip_prefix("memory_limit => "));
    let printed = printed.and_then(|values| values.split(' ').next());
    assert_eq!(memory.map(|setting| setting.value.as_str()), printed);
}
