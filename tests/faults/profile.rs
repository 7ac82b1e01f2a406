//! Which system calls a run makes.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::program::{finish, start, traced};

/// A system call, and its numbers in the main thread, counted from 1.
pub struct Call {
    pub name: String,
    /// The first one behind what the loader and the language's runtime do.
    pub own: usize,
    /// The first one of the commit.
    pub commit: usize,
    pub last: usize,
}

/// Has the program run under strace and reads what calls it made: all, or those of one `name`. `begin` is
/// what the first call names that is the program's own; the commit begins where a file is made whose name
/// begins like `file`, the last time.
pub fn profile(
    name: Option<&str>,
    arguments: &[OsString],
    folder: &Path,
    (begin, file): (&str, &str),
) -> Vec<Call> {
    let trace = folder.join("trace");
    let mut options: Vec<OsString> = vec!["-o".into(), trace.clone().into()];
    if let Some(name) = name {
        options.extend([
            "--seccomp-bpf".into(),
            format!("--trace=openat,{name}").into(),
        ]);
    }
    let ended = finish(start(traced(&options, arguments)));
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    let text = fs::read(&trace).unwrap();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let main = lines[0].0;
    let calls: Vec<&str> = lines
        .iter()
        .filter(|(process, call)| {
            *process == main && !call.trim_start().starts_with(['<', '+', '-'])
        })
        .map(|(_, call)| call.trim_start())
        .collect();
    let is_own = |call: &&str| call.contains(begin) && !call.starts_with("execve");
    let own = calls.iter().position(is_own).unwrap_or(calls.len());
    let makes_file = |call: &&str| call.contains(file) && call.contains("O_CREAT");
    let commit = calls.iter().rposition(makes_file).unwrap_or(calls.len());
    let mut all: Vec<Call> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let name = call.split('(').next().unwrap_or_default();
        let known = all.iter().position(|call| call.name == name);
        let known = known.unwrap_or_else(|| {
            all.push(Call {
                name: name.to_owned(),
                own: 1,
                commit: 1,
                last: 0,
            });
            all.len() - 1
        });
        let call = &mut all[known];
        call.last += 1;
        call.own += usize::from(at < own);
        call.commit += usize::from(at < commit);
    }
    all.retain(|call| match name {
        Some(name) => call.name == name,
        None => !["execve", "exit_group"].contains(&call.name.as_str()),
    });
    all
}
