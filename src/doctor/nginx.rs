use std::path::{Path, PathBuf};

use crate::config::nginx::{Conf, Pass, Upstream};

use super::services::NginxService;
use super::system::{Account, System};

/// A configuration of NGINX.
#[derive(Debug)]
pub(super) struct Nginx<'a> {
    pub conf: &'a Conf,
    pub file: &'a Path,
    pub upstreams: Vec<Upstream<'a>>,
    pub passes: Vec<Pass<'a>>,
    /// Who the workers are, if that is known.
    pub worker: Option<Account>,
}

impl<'a> Nginx<'a> {
    pub fn new(system: &System, conf: &'a Conf) -> Self {
        let file = conf.files.first();
        let file = file.map_or(Path::new("nginx.conf"), PathBuf::as_path);
        Self {
            conf,
            file,
            upstreams: conf.upstreams(),
            passes: conf.passes(),
            worker: worker(system, conf, file),
        }
    }
}

/// Who NGINX's workers are: those that run, or whom the configuration or a package names.
fn worker(system: &System, conf: &Conf, file: &Path) -> Option<Account> {
    let running = system.processes.as_ref().and_then(|processes| {
        let master = NginxService::new(system, file).master()?;
        processes.nginx_workers(master).next()
    });
    if let Some(worker) = running {
        return Some(Account {
            name: system.accounts.user_name(worker.uid),
            group: worker
                .gids
                .first()
                .map_or_else(String::new, |&gid| system.accounts.group_name(gid)),
            uid: worker.uid,
            gids: worker.gids.clone(),
        });
    }
    match conf.main("user").map(|user| user.args.as_slice()) {
        Some([name]) => {
            // Without a group NGINX takes the one of the same name (ngx_core_module, user).
            system
                .accounts
                .account(name, Some(name))
                .or_else(|| system.accounts.account(name, None))
        }
        Some([name, group, ..]) => system.accounts.account(name, Some(group)),
        _ => {
            let mut usual = ["www-data", "nginx", "nobody"].into_iter();
            let name = usual.find(|name| system.accounts.has_user(name))?;
            system.accounts.account(name, None)
        }
    }
}
