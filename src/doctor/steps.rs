//! Steps of a fix that change one line of a configuration. What would be more than a word there, as it stands
//! in another configuration, is left to a person.

use std::net::IpAddr;
use std::ops::Range;

use crate::config::fpm::Pool;
use crate::config::nginx::{Directive, Pass};
use crate::config::{Address, Place};
use crate::render::is_word;

use super::finding::Step;
use super::subject::Subject;

/// The line at `place`, changed by `change`; words where the line is not what it seems.
fn edit(
    subject: &Subject<'_>,
    place: &Place,
    what: &str,
    change: impl FnOnce(&str) -> Option<String>,
) -> Step {
    let text = subject.system.root.read(&place.file).unwrap_or_default();
    let old = text.lines().nth(place.line.saturating_sub(1));
    match old.and_then(|old| Some((old, change(old)?))) {
        Some((old, new)) => Step::Edit {
            file: place.file.clone(),
            line: place.line,
            old: old.to_owned(),
            new,
        },
        None => Step::advise(format!("at {place}: {what}")),
    }
}

/// Where a directive of NGINX stands in its line, up to its semicolon or to the line's end.
fn span(line: &str, directive: &Directive) -> Option<Range<usize>> {
    let name = directive.name.as_str();
    let argument = directive.args.first().map_or("", String::as_str);
    let mut starts = line.match_indices(name).map(|(start, _)| start);
    starts.find_map(|start| {
        let is_begin = line[..start].ends_with([' ', '\t', ';', '{', '}']) || start == 0;
        let rest = &line[start + name.len()..];
        let is_name = is_begin && rest.starts_with([' ', '\t', ';']);
        let length = rest.find(';').unwrap_or(rest.len());
        let is_it = is_name && rest[..length].contains(argument);
        is_it.then(|| start..start + name.len() + length)
    })
}

/// Another text in the arguments of a directive of NGINX.
pub(super) fn argument(subject: &Subject<'_>, directive: &Directive, old: &str, new: &str) -> Step {
    let what = format!("{new} instead of {old}");
    edit(subject, &directive.place, &what, |line| {
        let span = span(line, directive)?;
        let from = span.start + directive.name.len();
        let at = from + line[from..span.end].find(old)?;
        Some(format!("{}{new}{}", &line[..at], &line[at + old.len()..]))
    })
}

/// Another word in the arguments of a directive of NGINX.
pub(super) fn word(subject: &Subject<'_>, directive: &Directive, old: &str, new: &str) -> Step {
    match is_word(new) {
        true => argument(subject, directive, old, new),
        false => Step::advise(format!("at {}: {new} instead of {old}", directive.place)),
    }
}

/// Another address in a directive of NGINX, which may name a host without its port.
pub(super) fn address(
    subject: &Subject<'_>,
    directive: &Directive,
    old: &Address,
    new: &str,
) -> Step {
    let whole = old.to_string();
    let host = match old {
        Address::Name(host, _) => host.clone(),
        Address::Inet(address) => match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        },
        _ => whole.clone(),
    };
    let has = |directive: &Directive, text: &str| {
        let mut args = directive.args.iter();
        args.any(|arg| arg.contains(text))
    };
    if !has(directive, &whole) && has(directive, &host) {
        return word(subject, directive, &host, new);
    }
    // It may stand in a variable that the directive names: in a `set`, in a `map`.
    let all = subject.nginx.iter().flat_map(|nginx| nginx.conf.walk());
    let mut elsewhere = all.filter(|other| {
        let is_address =
            other.name.ends_with("_pass") || ["server", "listen"].contains(&other.name.as_str());
        !is_address && has(other, &whole)
    });
    let directive = match (elsewhere.next(), elsewhere.next()) {
        (Some(only), None) if !has(directive, &whole) => only,
        _ => directive,
    };
    word(subject, directive, &whole, new)
}

/// A directive of NGINX that is to be in force at a pass: its value is changed where it stands, or it is
/// put behind the pass.
pub(super) fn directive(subject: &Subject<'_>, pass: &Pass<'_>, name: &str, value: &str) -> Step {
    match pass.scope.find(name) {
        Some(found) => values(subject, found, value),
        None => behind(subject, pass.directive, &format!("{name} {value};")),
    }
}

/// Other arguments for a directive of NGINX.
pub(super) fn values(subject: &Subject<'_>, found: &Directive, value: &str) -> Step {
    let name = found.name.as_str();
    edit(subject, &found.place, &format!("{name} {value};"), |line| {
        let Range { start, end } = span(line, found)?;
        let is_whole = line[end..].starts_with(';');
        is_whole.then(|| format!("{}{name} {value}{}", &line[..start], &line[end..]))
    })
}

/// A directive behind another one in its block.
pub(super) fn behind(subject: &Subject<'_>, directive: &Directive, new: &str) -> Step {
    let Place { file, line } = &directive.place;
    let text = subject.system.root.read(file).unwrap_or_default();
    let found = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let indent = &found[..found.len() - found.trim_start().len()];
    let is_alone = found.trim_start().starts_with(&directive.name)
        && found.trim_end().ends_with(';')
        && found.matches(';').count() == 1;
    if is_alone {
        return Step::Insert {
            file: file.clone(),
            line: *line,
            new: format!("{indent}{new}"),
        };
    }
    edit(subject, &directive.place, new, |line| {
        let (before, behind) = line.split_at(span(line, directive)?.end);
        let behind = behind.strip_prefix(';')?;
        Some(format!("{before}; {new}{behind}"))
    })
}

/// A setting of a PHP-FPM pool: its line is changed, or one is put behind the pool's name.
pub(super) fn setting(subject: &Subject<'_>, pool: &Pool, key: &str, value: &str) -> Step {
    let new = format!("{key} = {value}");
    if !is_word(value) {
        return Step::advise(format!("in the pool at {}: {new}", pool.place));
    }
    match pool.find(key) {
        Some(found) => edit(subject, &found.place, &new, |_| Some(new.clone())),
        None => Step::Insert {
            file: pool.place.file.clone(),
            line: pool.place.line,
            new,
        },
    }
}

/// The steps in an order in which each finds the lines that it names: lines are changed before new ones move
/// them, and those from the bottom to the top. What changes nothing is no step.
pub(super) fn ordered(steps: Vec<Step>) -> Vec<Step> {
    let steps = steps.into_iter().filter(|step| match step {
        Step::Edit { old, new, .. } => old != new,
        _ => true,
    });
    let mut steps: Vec<Step> = steps.collect();
    steps.sort_by_key(|step| match step {
        Step::Edit { .. } => (0, 0),
        Step::Insert { line, .. } => (1, usize::MAX - line),
        Step::Create { .. } => (2, 0),
        Step::Run { .. } | Step::Advise { .. } => (3, 0),
    });
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directive(name: &str, argument: &str) -> Directive {
        Directive {
            name: name.to_owned(),
            args: vec![argument.to_owned()],
            block: None,
            place: Place {
                file: "a".into(),
                line: 1,
            },
        }
    }

    #[test]
    fn a_directive_is_found_among_others_in_its_line() {
        for (line, name, argument, expected) in [
            ("    keepalive 8;", "keepalive", "8", Some("keepalive 8")),
            (
                "keepalive_timeout 8s; keepalive 8;",
                "keepalive",
                "8",
                Some("keepalive 8"),
            ),
            (
                "keepalive 16; } b { keepalive 8;",
                "keepalive",
                "8",
                Some("keepalive 8"),
            ),
            (
                "location /proxy_pass { proxy_pass http://a; }",
                "proxy_pass",
                "http://a",
                Some("proxy_pass http://a"),
            ),
            ("proxy_pass", "proxy_pass", "http://a", None),
            (
                "set $a ';'; log_format a ';b';",
                "log_format",
                "a",
                Some("log_format a '"),
            ),
            (
                "server localhost:1",
                "server",
                "localhost:1",
                Some("server localhost:1"),
            ),
        ] {
            let found = span(line, &directive(name, argument)).map(|span| &line[span]);
            assert_eq!(found, expected, "{line}");
        }
    }
}
