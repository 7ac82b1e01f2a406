//! README's section "In Grafana": its commands put the files where Grafana looks for them, and change the folder wherever it stands.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::house::root;

/// The indented blocks of the section.
fn blocks() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n### In Grafana\n").unwrap();
    let end = section.find("\n#").unwrap();
    let blocks = section[..end].split("\n\n");
    let indented = blocks.filter(|block| block.starts_with("    "));
    indented.map(str::to_owned).collect()
}

/// The block with `word` in it, in a machine whose `/etc` is `etc`.
fn run(word: &str, etc: &Path) {
    let blocks = blocks();
    let block = blocks.iter().find(|block| block.contains(word)).unwrap();
    let status = Command::new("bash")
        .args([
            "-euc",
            &block.replace("/etc/", &format!("{}/", etc.display())),
        ])
        .current_dir(etc.parent().unwrap())
        .status();
    assert!(status.unwrap().success(), "{block}");
}

#[test]
fn the_commands_of_the_readme_put_the_files_in_place() {
    let house = tempfile::tempdir().unwrap();
    let etc = house.path().join("etc");
    for part in ["datasources", "dashboards"] {
        fs::create_dir_all(etc.join("grafana/provisioning").join(part)).unwrap();
    }
    symlink(root().join("grafana"), house.path().join("grafana")).unwrap();

    run("cp grafana/", &etc);
    let provider =
        fs::read_to_string(etc.join("grafana/provisioning/dashboards/badgateway.yaml")).unwrap();
    let (_, path) = provider.split_once("path: ").unwrap();
    let folder = etc.join(path.trim().strip_prefix("/etc/").unwrap());
    let (source, dashboard) = (
        etc.join("grafana/provisioning/datasources/badgateway-duckdb.yaml"),
        folder.join("badgateway-duckdb.json"),
    );
    for file in [&source, &dashboard] {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains("/var/lib/badgateway"), "{}", file.display());
    }

    run("sed -i", &etc);
    for file in [&source, &dashboard] {
        let text = fs::read_to_string(file).unwrap();
        assert!(
            !text.contains("/var/lib/badgateway") && text.contains("/srv/badgateway"),
            "{text}"
        );
    }
}
