//! The machine as it is: processes, sockets, accounts, permissions. Read from the files below a
//! [`Root`], `/proc` among them, so that a folder can stand for a machine.

mod access;
mod accounts;
mod processes;
mod sockets;
mod units;

use std::path::Path;

use crate::config::Root;

pub(super) use access::{Barrier, Locked, barrier};
pub(super) use accounts::{Account, Accounts};
pub(super) use processes::{Process, Processes};
pub(super) use sockets::{Listening, Sockets};
pub(super) use units::{Init, Units};

/// What is known of the machine.
#[derive(Debug)]
pub struct System {
    /// Where its files lie.
    pub root: Root,
    /// NGINX's and PHP-FPM's processes; `None` where `/proc` is not to be seen.
    pub(super) processes: Option<Processes>,
    /// What is listened on; `None` where `/proc/net` is not to be seen.
    pub(super) sockets: Option<Sockets>,
    /// Users and groups.
    pub(super) accounts: Accounts,
    /// How services are started.
    pub(super) units: Units,
}

impl System {
    /// Looks at the machine below `root`.
    pub fn look(root: Root) -> Self {
        Self {
            processes: Processes::look(&root),
            sockets: Sockets::look(&root),
            accounts: Accounts::look(&root),
            units: Units::look(&root),
            root,
        }
    }

    /// A number of the kernel's, such as `net/core/somaxconn` below `/proc/sys`.
    pub(super) fn sysctl(&self, name: &str) -> Option<u64> {
        let path = Path::new("/proc/sys").join(name);
        self.root.read(&path).ok()?.trim().parse().ok()
    }

    /// Bytes of memory that new processes can have without swapping.
    pub(super) fn available_memory(&self) -> Option<u64> {
        let text = self.root.read(Path::new("/proc/meminfo")).ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemAvailable:"))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Whether SELinux enforces its rules and does not let web servers connect to the network.
    pub(super) fn selinux_forbids_network(&self) -> bool {
        let flag = |path: &str| {
            let text = self.root.read(Path::new(path)).ok()?;
            Some(text.trim_start().starts_with('1'))
        };
        let boolean = "/sys/fs/selinux/booleans/httpd_can_network_connect";
        flag("/sys/fs/selinux/enforce") == Some(true) && flag(boolean) == Some(false)
    }
}
