use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::Address;
use crate::config::fpm::Fpm;
use crate::render::is_word;

use crate::doctor::backends::Backend;
use crate::doctor::checks::few;
use crate::doctor::facts::Listener;
use crate::doctor::finding::Step;
use crate::doctor::nearest::nearest;
use crate::doctor::steps;
use crate::doctor::subject::Subject;

/// What is to be said and done about an address on which no pool listens.
pub(in crate::doctor::checks) struct Remedy {
    /// The end of a title: which pool was meant.
    pub why: String,
    /// What the pools listen on.
    pub seen: Vec<String>,
    pub fix: Vec<Step>,
}

pub(in crate::doctor::checks) fn remedy(subject: &Subject<'_>, backend: &Backend<'_>) -> Remedy {
    let listens = |Listener {
                       fpm, pool, listen, ..
                   }: &Listener<'_>| {
        let title = subject.fpm_service(fpm).title();
        format!(
            "the pool {} of {title} listens on {}",
            pool.name, listen.address
        )
    };
    let shown = |listener: &Listener<'_>| format!("{}: {}", listener.pool.place, listens(listener));
    match similar(subject, backend) {
        Some(meant) => Remedy {
            why: format!("; {}", listens(meant)),
            seen: vec![shown(meant)],
            fix: rename(subject, backend, meant.listen.address),
        },
        None => Remedy {
            why: String::new(),
            seen: few(subject.listeners.iter().map(shown)),
            fix: create(subject, backend),
        },
    }
}

/// The pool that was meant: one with a similar address, or of that name, or the only one that nobody uses.
pub(super) fn similar<'s, 'a>(
    subject: &'s Subject<'a>,
    backend: &Backend<'_>,
) -> Option<&'s Listener<'a>> {
    let listeners = subject.listeners.iter();
    let candidates = listeners.map(|listener| (&listener.listen, listener.is_used, listener));
    if let Some(found) = nearest(&backend.address, candidates) {
        return Some(found);
    }
    if let Some(name) = stem(&backend.address) {
        let mut listeners = subject.listeners.iter();
        return listeners.find(|listener| listener.pool.name == name);
    }
    // A port says nothing of its pool. One that nobody uses is the one.
    let mut unused = subject.listeners.iter().filter(|one| !one.is_used);
    match (unused.next(), unused.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// `shop` of `/run/php/shop.sock`
fn stem(address: &Address) -> Option<String> {
    match address {
        Address::Unix(path) => Some(path.file_stem()?.to_string_lossy().into_owned()),
        _ => None,
    }
}

/// NGINX is to pass requests to the pool that was meant.
fn rename(subject: &Subject<'_>, backend: &Backend<'_>, listen: &Address) -> Vec<Step> {
    let new = match listen {
        Address::Port(port) => format!("127.0.0.1:{port}"),
        Address::Inet(address) if address.ip().is_unspecified() => match address.is_ipv6() {
            true => format!("[::1]:{}", address.port()),
            false => format!("127.0.0.1:{}", address.port()),
        },
        other => other.to_string(),
    };
    lead_to(subject, backend, &new)
}

/// Every pass to a backend is to lead to another address.
pub(in crate::doctor::checks) fn lead_to(
    subject: &Subject<'_>,
    backend: &Backend<'_>,
    new: &str,
) -> Vec<Step> {
    let mut places = BTreeSet::new();
    let uses = backend.uses.iter();
    let uses = uses.filter(|of| places.insert(of.directive.place.clone()));
    let mut fix: Vec<Step> = uses
        .map(|of| steps::address(subject, of.directive, &backend.address, new))
        .collect();
    fix.push(Step::run(subject.nginx_service(backend).reload()));
    fix
}

/// A new pool.
fn create(subject: &Subject<'_>, backend: &Backend<'_>) -> Vec<Step> {
    // The newest PHP is the one that new sites get.
    let Some(fpm) = subject.fpms.iter().max_by_key(|fpm| version(fpm)) else {
        return Vec::new();
    };
    let name = stem(&backend.address).unwrap_or_else(|| "site".to_owned());
    let is_free = |name: &String| {
        let exists = |path: &Path| subject.system.root.outside(path).exists();
        fpm.pools.iter().all(|pool| pool.name != *name) && !exists(&pool_file(fpm, name))
    };
    let others = (2..).map(|number| format!("{name}-{number}"));
    let name = std::iter::once(name.clone())
        .chain(others)
        .find(is_free)
        .unwrap_or(name);
    let worker = subject.nginx[backend.nginx].worker.as_ref();
    let (user, group) = worker.map_or(("www-data", "www-data"), |worker| {
        (&worker.name, &worker.group)
    });
    let listen = match &backend.address {
        Address::Unix(path) => path.display().to_string(),
        other => other.to_string(),
    };
    if ![&name, &listen].into_iter().all(|text| is_word(text)) {
        let advice = format!(
            "{listen} is no address that a pool should have: choose another one, for both sides"
        );
        return vec![Step::advise(advice)];
    }
    let mut text = format!("[{name}]\nuser = {user}\ngroup = {group}\nlisten = {listen}\n");
    if matches!(backend.address, Address::Unix(_)) {
        text.push_str(&format!(
            "listen.owner = {user}\nlisten.group = {group}\nlisten.mode = 0660\n"
        ));
    }
    text.push_str("pm = dynamic\npm.max_children = 5\npm.start_servers = 2\npm.min_spare_servers = 1\npm.max_spare_servers = 3\n");
    let file = pool_file(fpm, &name);
    let is_included = fpm
        .pools
        .iter()
        .any(|pool| pool.place.file.parent() == file.parent());
    let step = match is_included {
        true => Step::Create { file, text },
        false => {
            let conf = subject.system.root.read(&fpm.conf).unwrap_or_default();
            Step::Insert {
                file: fpm.conf.clone(),
                line: conf.lines().count(),
                new: text,
            }
        }
    };
    vec![
        step,
        Step::run(subject.fpm_service(fpm).reload()),
        Step::advise(format!(
            "the pool's processes run as {user}; a user of its own for each site is safer (`user`, `group`)"
        )),
    ]
}

/// Where a new pool's file belongs: beside those that are there.
fn pool_file(fpm: &Fpm, name: &str) -> PathBuf {
    let mut files = fpm.pools.iter().map(|pool| &pool.place.file);
    let beside = files.find(|file| **file != fpm.conf);
    let name = format!("{name}.conf");
    match beside {
        Some(file) => file.with_file_name(name),
        None => fpm.conf.with_file_name("pool.d").join(name),
    }
}

fn version(fpm: &Fpm) -> Vec<u32> {
    let version = fpm.version.as_deref().unwrap_or_default();
    version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect()
}
