use std::fs;
use std::os::unix::fs::symlink;

use super::*;

fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let root = Root::new(folder.path());
    (folder, root)
}

/// Names of pools and what they listen on.
fn pools(fpm: &Fpm) -> Vec<String> {
    let one = |pool: &Pool| {
        let listen = pool.listen.as_ref().map(ToString::to_string);
        format!("{} {}", pool.name, listen.unwrap_or_default())
    };
    fpm.pools.iter().map(one).collect()
}

fn settings(settings: &[Setting]) -> Vec<String> {
    let one = |setting: &Setting| format!("{}={}", setting.key, setting.value);
    settings.iter().map(one).collect()
}

const DEBIAN: [(&str, &str); 6] = [
    (
        "etc/php/8.2/fpm/php-fpm.conf",
        "log_level = notice\n[global]\npid = /run/x.pid\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n",
    ),
    (
        "etc/php/8.2/fpm/pool.d/www.conf",
        "[www]\nlisten = /run/php/$pool.sock\npm.max_children = 5\npm.max_children = 6\n\
         php_admin_value[error_log] = /var/log/fpm-$pool.log\nphp_admin_flag[log_errors] = on\n",
    ),
    (
        "etc/php/8.2/fpm/pool.d/shop.conf",
        "[shop]\nprefix = srv/$pool\nlisten = run.sock\n[WWW]\nuser = me\n",
    ),
    ("etc/php/8.2/fpm/pool.d/off.txt", "[off]"),
    (
        "etc/php/8.2/fpm/php.ini",
        "[PHP]\nmemory_limit = 128M\n[HOST=a.example.com]\nmemory_limit = 1M\n[Date]\na = \"b\"\n",
    ),
    (
        "etc/php/8.2/mods-available/opcache.ini",
        "zend_extension=opcache.so\nmemory_limit = 64M",
    ),
];

#[test]
fn pools_are_read_with_their_prefixes_and_names_put_in() {
    let (folder, root) = machine(&DEBIAN);
    let link = folder.path().join("etc/php/8.2/fpm/conf.d/10-opcache.ini");
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink("/etc/php/8.2/mods-available/opcache.ini", link).unwrap();
    let fpm = Fpm::read(&root, Path::new("/etc/php/8.2/fpm/php-fpm.conf")).unwrap();
    assert_eq!(fpm.version.as_deref(), Some("8.2"));
    assert_eq!(fpm.problems, []);
    assert_eq!(
        settings(&fpm.global),
        ["log_level=notice", "pid=/run/x.pid"]
    );
    assert_eq!(
        pools(&fpm),
        [
            "shop unix:/usr/srv/shop/run.sock",
            "WWW unix:/run/php/WWW.sock"
        ]
    );
    let www = &fpm.pools[1];
    assert_eq!(www.find("pm.max_children").unwrap().value, "6");
    assert_eq!(
        www.find("user").unwrap().place.to_string(),
        "/etc/php/8.2/fpm/pool.d/shop.conf:5"
    );
    let log = www.find("php_admin_value[error_log]").unwrap();
    assert_eq!(log.value, "/var/log/fpm-WWW.log");
    assert_eq!(www.find("php_admin_flag[log_errors]").unwrap().value, "on");
    assert_eq!(
        settings(&fpm.ini),
        [
            "memory_limit=128M",
            "a=b",
            "zend_extension=opcache.so",
            "memory_limit=64M"
        ]
    );
    let files: Vec<_> = fpm
        .files
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(
        files,
        [
            "php-fpm.conf",
            "shop.conf",
            "www.conf",
            "php.ini",
            "10-opcache.ini"
        ]
    );
}

#[test]
fn includes_are_relative_to_where_php_fpm_was_installed() {
    let (_folder, root) = machine(&[
        (
            "usr/local/etc/php-fpm.conf",
            "[global]\ninclude=etc/php-fpm.d/*.conf\n",
        ),
        (
            "usr/local/etc/php-fpm.d/docker.conf",
            "[www]\nlisten = 9000\n",
        ),
        (
            "usr/local/etc/php-fpm.d/zz.conf",
            "[www]\nlisten = run/x.sock\n[global]\ndaemonize = no\n",
        ),
        ("usr/local/etc/php/conf.d/a.ini", "a=1"),
    ]);
    let fpm = Fpm::read(&root, Path::new("/usr/local/etc/php-fpm.conf")).unwrap();
    assert_eq!(pools(&fpm), ["www unix:/usr/local/run/x.sock"]);
    assert_eq!(settings(&fpm.global), ["daemonize=no"]);
    assert_eq!(settings(&fpm.ini), ["a=1"]);
}

#[test]
fn fedora_has_php_ini_beside_php_fpm_conf() {
    let (_folder, root) = machine(&[
        (
            "etc/php-fpm.conf",
            "include=/etc/php-fpm.d/*.conf\n[global]\n",
        ),
        (
            "etc/php-fpm.d/www.conf",
            "[www]\nlisten = /run/php-fpm/www.sock\n",
        ),
        ("etc/php.ini", "a = 1"),
        ("etc/php.d/20-b.ini", "b = 2"),
    ]);
    let fpm = Fpm::read(&root, Path::new("/etc/php-fpm.conf")).unwrap();
    assert_eq!(pools(&fpm), ["www unix:/run/php-fpm/www.sock"]);
    assert_eq!(settings(&fpm.ini), ["a=1", "b=2"]);
}

#[test]
fn a_file_of_pools_or_a_folder_of_them_can_be_read_alone() {
    let (_folder, root) = machine(&DEBIAN);
    let folder = Fpm::read(&root, Path::new("/etc/php/8.2/fpm/pool.d")).unwrap();
    assert_eq!(folder.pools.len(), 2);
    assert_eq!(folder.version.as_deref(), Some("8.2"));
    let file = Fpm::read(&root, Path::new("/etc/php/8.2/fpm/pool.d/www.conf")).unwrap();
    assert_eq!(pools(&file), ["www unix:/run/php/www.sock"]);
    assert_eq!(settings(&file.ini), ["memory_limit=128M", "a=b"]);
}

#[test]
fn what_is_wrong_is_told_and_the_rest_is_used() {
    let (_folder, root) = machine(&[(
        "a.conf",
        "[a]\nnonsense\ninclude = /missing\ninclude = /none/*.conf\ninclude = /a.conf\nlisten = 9000",
    )]);
    let fpm = Fpm::read(&root, Path::new("/a.conf")).unwrap();
    assert_eq!(pools(&fpm), ["a *:9000"]);
    let said: Vec<_> = fpm.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said[0],
        "/a.conf:2: neither a section nor a setting: nonsense"
    );
    assert_eq!(
        said[1],
        "/missing: cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!(said[2], "/a.conf:5: /a.conf includes itself");
    assert_eq!(said.len(), 3);
    let problem = Fpm::read(&root, Path::new("/b.conf")).unwrap_err();
    assert_eq!(problem.file, Path::new("/b.conf"));
}

#[test]
fn times_are_read_as_php_fpm_reads_them() {
    for (text, expected) in [
        ("30", Some(30)),
        ("30s", Some(30)),
        ("2m", Some(120)),
        ("1h", Some(3_600)),
        ("1d", Some(86_400)),
        ("0", Some(0)),
        ("", None),
        ("s", None),
        ("1w", None),
        ("-1", None),
        ("+1", None),
        ("1 s", None),
        ("99999999999999999999", None),
        ("9999999999999999999d", None),
    ] {
        assert_eq!(seconds(text), expected, "{text}");
    }
}

#[test]
fn thousands_of_pools_may_have_a_file_each() {
    let (folder, root) = machine(&[("php-fpm.conf", "include=/pool.d/*.conf\n")]);
    fs::create_dir(folder.path().join("pool.d")).unwrap();
    for number in 0..1_500 {
        let path = folder.path().join(format!("pool.d/{number}.conf"));
        fs::write(path, format!("[{number}]\nlisten = /run/{number}.sock\n")).unwrap();
    }
    let fpm = Fpm::read(&root, Path::new("/php-fpm.conf")).unwrap();
    assert_eq!((fpm.pools.len(), fpm.problems), (1_500, Vec::new()));
}
