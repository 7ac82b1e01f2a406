use super::night;
use crate::render::report::document::{Document, Named, Read};

/// What strangers may write, and must not do.
pub(in crate::render::report) const HOSTILE: &str = "<script>alert(1)</script>`a``b| c |\\|[x](javascript:1)![i](http://e/) *b* _c_ #12 \
     @root https://evil.example/ www.evil.example \u{1b}[31m\u{9b}2J\r\n# x\n\n<img src=x onerror=1>\u{202e}&lt;~~s~~$x$";

/// A text of a stranger in each field that can hold one.
pub(in crate::render::report) fn hostile(text: &str) -> Document {
    let mut document = night();
    let same = |names: &mut Vec<Named>| {
        for named in names {
            text.clone_into(&mut named.name);
        }
    };
    let likely = format!("{}.", text.chars().take(300).collect::<String>());
    for pool in &mut document.pools {
        text.clone_into(&mut pool.pool);
        same(&mut pool.peers);
        same(&mut pool.servers);
        pool.likely = Some(likely.clone());
    }
    for incident in &mut document.incidents {
        text.clone_into(&mut incident.pool);
        incident.likely = Some(text.to_owned());
        incident.example = Some(text.to_owned());
        same(&mut incident.peers);
        same(&mut incident.servers);
    }
    same(&mut document.servers);
    document.clients.iter_mut().for_each(same);
    for request in document.requests.iter_mut().flatten() {
        text.clone_into(&mut request.pool);
        text.clone_into(&mut request.request);
    }
    if let Some(change) = &mut document.change {
        for pool in &mut change.pools {
            text.clone_into(&mut pool.pool);
        }
        for new in &mut change.new {
            text.clone_into(&mut new.pool);
        }
    }
    for example in &mut document.not_understood.examples {
        text.clone_into(&mut example.source);
        text.clone_into(&mut example.what);
        text.clone_into(&mut example.text);
    }
    if let Read::Logs {
        paths, troubles, ..
    } = &mut document.read
    {
        paths.push(text.to_owned());
        troubles.push(text.to_owned());
    }
    document
}
