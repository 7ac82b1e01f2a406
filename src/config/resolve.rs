//! The addresses of names, and those of the machine itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};

use super::Root;

/// So many name servers' answers are waited for at once.
const MOST_AT_ONCE: usize = 16;

/// The addresses of names. What `/etc/hosts` does not know, this machine's resolver is asked; no other's
/// is. A name of which the resolver is sure that it has no address is known to have none; one that nobody
/// could answer in time is left out.
pub fn resolve(root: &Root, names: &[&str], deadline: Duration) -> HashMap<String, Vec<IpAddr>> {
    let mut names: HashSet<&str> = names.iter().copied().collect();
    let mut known = HashMap::new();
    if names.is_empty() {
        return known;
    }
    let hosts = hosts(root);
    names.retain(|&name| match hosts.get(&name.to_ascii_lowercase()) {
        Some(addresses) => {
            known.insert(name.to_owned(), addresses.clone());
            false
        }
        None => true,
    });
    if root.is_live() && !names.is_empty() {
        known.extend(ask(
            names.into_iter().map(str::to_owned).collect(),
            deadline,
            look_up,
        ));
    }
    known
}

/// Asks for all names at once. Who is still waiting for an answer when the time is over is left behind.
fn ask(
    names: VecDeque<String>,
    deadline: Duration,
    look_up: fn(&str) -> Option<Vec<IpAddr>>,
) -> HashMap<String, Vec<IpAddr>> {
    let end = Instant::now() + deadline;
    let count = names.len();
    let names = Arc::new(Mutex::new(names));
    let (answers, answered) = mpsc::channel();
    for _ in 0..count.min(MOST_AT_ONCE) {
        let names = Arc::clone(&names);
        let answers = answers.clone();
        let work = move || {
            let next = || names.lock().ok().and_then(|mut names| names.pop_front());
            while let Some(name) = next().filter(|_| Instant::now() < end) {
                let addresses = look_up(&name);
                if answers.send((name, addresses)).is_err() {
                    break;
                }
            }
        };
        // Where there is no thread to be had, the others do its work.
        let _ = thread::Builder::new().spawn(work);
    }
    drop(answers);
    let mut known = HashMap::new();
    let left = || end.saturating_duration_since(Instant::now());
    while let Ok((name, addresses)) = answered.recv_timeout(left()) {
        if let Some(addresses) = addresses {
            known.insert(name, addresses);
        }
    }
    known
}

/// `None` if nobody knows, which a name server that does not answer is the reason of.
fn look_up(name: &str) -> Option<Vec<IpAddr>> {
    let hints = AddrInfoHints {
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    match getaddrinfo(Some(name), None, Some(hints)) {
        Ok(found) => {
            let mut addresses: Vec<IpAddr> = found.flatten().map(|one| one.sockaddr.ip()).collect();
            addresses.dedup();
            Some(addresses)
        }
        Err(error) => match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData => Some(Vec::new()),
            _ => None,
        },
    }
}

/// `/etc/hosts` by names in small letters (`hosts(5)`).
fn hosts(root: &Root) -> HashMap<String, Vec<IpAddr>> {
    let text = root.read(Path::new("/etc/hosts")).unwrap_or_default();
    let mut hosts: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else {
            continue;
        };
        for name in words {
            let addresses = hosts.entry(name.to_ascii_lowercase()).or_default();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    hosts
}

/// The machine's own addresses, loopback among them: what Linux tells in `/proc/net`.
pub fn own_addresses(root: &Root) -> Vec<IpAddr> {
    // `/proc/net` is a link to the reader's own, which is not among a container's processes.
    let read = |name: &str| {
        let mut folders = ["/proc/net", "/proc/1/net"].into_iter();
        let text = folders.find_map(|folder| root.read(&Path::new(folder).join(name)).ok());
        text.unwrap_or_default()
    };
    let v4 = read("fib_trie");
    let v6 = read("if_inet6");
    let mut own: Vec<IpAddr> = local_v4(&v4).into_iter().chain(local_v6(&v6)).collect();
    own.sort_unstable();
    own.dedup();
    own
}

/// The address stands above what says that it is local.
fn local_v4(text: &str) -> Vec<IpAddr> {
    let mut local = Vec::new();
    let mut last = None;
    for line in text.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<IpAddr>().ok();
        } else if line == "/32 host LOCAL" {
            local.extend(last);
        }
    }
    local
}

fn local_v6(text: &str) -> Vec<IpAddr> {
    let bits = |line: &str| u128::from_str_radix(line.split_whitespace().next()?, 16).ok();
    let addresses = text.lines().filter_map(bits);
    addresses.map(|bits| Ipv6Addr::from(bits).into()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn ips(text: &str) -> Vec<IpAddr> {
        text.split(' ').map(|ip| ip.parse().unwrap()).collect()
    }

    #[test]
    fn another_machines_names_are_those_of_its_hosts_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        fs::create_dir(folder.path().join("etc")).unwrap();
        let hosts = "127.0.0.1 localhost\n::1\tlocalhost\n10.0.0.7 Backend backend.example.com # main\n\
                     #10.0.0.8 old\nnonsense x\n";
        fs::write(folder.path().join("etc/hosts"), hosts).unwrap();
        let names = ["localhost", "backend", "old", "x", "main"];
        let known = resolve(&root, &names, Duration::ZERO);
        assert_eq!(known["localhost"], ips("127.0.0.1 ::1"));
        assert_eq!(known["backend"], ips("10.0.0.7"));
        assert_eq!(known.len(), 2);
    }

    #[test]
    fn a_name_server_that_does_not_answer_is_not_waited_for() {
        let look_up = |name: &str| {
            if name.starts_with("slow") {
                thread::sleep(Duration::from_secs(5));
            }
            Some(ips("192.0.2.1"))
        };
        let names = ["slow1", "quick", "slow2"].map(str::to_owned).into();
        let begin = Instant::now();
        let known = ask(names, Duration::from_millis(300), look_up);
        assert!(begin.elapsed() < Duration::from_secs(2));
        assert_eq!(known.len(), 1);
        assert_eq!(known["quick"], ips("192.0.2.1"));
    }

    #[test]
    fn no_time_is_lost_where_all_have_answered() {
        let look_up = |name: &str| match name {
            "none" => Some(Vec::new()),
            "unanswered" => None,
            _ => Some(ips("192.0.2.1")),
        };
        let names: VecDeque<String> = (0..100).map(|n| format!("n{n}")).collect();
        let begin = Instant::now();
        let known = ask(names, Duration::from_secs(60), look_up);
        assert!(begin.elapsed() < Duration::from_secs(30));
        assert_eq!(known.len(), 100);
        let names = ["none", "unanswered"].map(str::to_owned).into();
        let known = ask(names, Duration::from_secs(60), look_up);
        assert_eq!(known, HashMap::from([("none".to_owned(), Vec::new())]));
    }

    #[test]
    fn linux_tells_which_addresses_are_the_machines_own() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        fs::create_dir_all(folder.path().join("proc/net")).unwrap();
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     \
                    +-- 10.0.0.0/24 2 0 2\n        |-- 10.0.0.0\n           /24 link UNICAST\n        \
                    |-- 10.0.0.7\n           /32 host LOCAL\n        |-- 10.0.0.255\n           \
                    /32 link BROADCAST\n     |-- 127.0.0.1\n        /32 host LOCAL\nLocal:\n     \
                    |-- 10.0.0.7\n        /32 host LOCAL\n";
        fs::write(folder.path().join("proc/net/fib_trie"), trie).unwrap();
        let v6 = "00000000000000000000000000000001 01 80 10 80       lo\n\
                  20010db8000000000000000000000007 02 40 00 80     eth0\n";
        fs::write(folder.path().join("proc/net/if_inet6"), v6).unwrap();
        assert_eq!(
            own_addresses(&root),
            ips("10.0.0.7 127.0.0.1 ::1 2001:db8::7")
        );
        assert!(own_addresses(&Root::new("/nowhere")).is_empty());
        assert!(own_addresses(&Root::default()).contains(&ips("127.0.0.1")[0]));
    }
}
