//! Does literally what a fix says.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::process::{Output, Stdio};

use super::diagnosis::Step;
use super::house::House;

pub fn apply(house: &House, step: &Step) {
    match step {
        Step::Edit {
            file,
            line,
            old,
            new,
        } => change(file, |lines| {
            assert_eq!(&lines[line - 1], old, "{file}:{line}");
            lines[line - 1].clone_from(new);
        }),
        Step::Insert { file, line, new } => change(file, |lines| lines.insert(*line, new.clone())),
        Step::Create { file, text } => {
            let mut created = File::create_new(file).unwrap();
            created.write_all(text.as_bytes()).unwrap();
        }
        Step::Run { command } => {
            let output = shell(house, command);
            assert!(output.status.success(), "{command}: {output:?}");
        }
        Step::Advise { .. } => {}
    }
}

fn change(file: &str, change: impl FnOnce(&mut Vec<String>)) {
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(file, lines.join("\n") + "\n").unwrap();
}

/// What a command says. A daemon keeps its output open, so it is a file and no pipe.
pub fn shell(house: &House, line: &str) -> Output {
    let mut words = tempfile::tempfile().unwrap();
    let status = house
        .shell(line)
        .stdin(Stdio::null())
        .stdout(words.try_clone().unwrap())
        .stderr(words.try_clone().unwrap())
        .status()
        .unwrap();
    let (mut stdout, stderr) = (Vec::new(), Vec::new());
    words.rewind().unwrap();
    words.read_to_end(&mut stdout).unwrap();
    Output {
        status,
        stdout,
        stderr,
    }
}
