mod passes;
mod reading;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;

/// A machine with these files below its `/etc/nginx`.
fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join("etc/nginx").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let root = Root::new(folder.path());
    (folder, root)
}

fn read(files: &[(&str, &str)]) -> Conf {
    let (_folder, root) = machine(files);
    Conf::read(&root, Path::new("/etc/nginx/nginx.conf")).unwrap()
}

fn http(text: &str) -> Conf {
    let conf = read(&[("nginx.conf", &format!("http {{ {text} }}"))]);
    assert_eq!(conf.problems, [], "{text}");
    conf
}
