//! `nginx.conf` with all that it includes, or the output of `nginx -T`.

use std::path::{Path, PathBuf};

use super::{Address, Place, Problem, Root};

/// A directive, and the block that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// `fastcgi_pass`
    pub name: String,
    /// Its arguments, without quotes.
    pub args: Vec<String>,
    /// The directives between its braces, those of included files among them.
    pub block: Option<Vec<Directive>>,
    /// Where it stands.
    pub place: Place,
}

/// A configuration, all includes taken in.
#[derive(Debug, Clone, Default)]
pub struct Conf {
    /// What stands outside of all blocks.
    pub directives: Vec<Directive>,
    /// Every file that was read, in order.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// An `upstream` block.
#[derive(Debug, Clone)]
pub struct Upstream<'a> {
    pub name: &'a str,
    pub servers: Vec<Server<'a>>,
    /// `stream` or `http`
    pub is_stream: bool,
    pub directive: &'a Directive,
}

/// A `server` of an `upstream` block.
#[derive(Debug, Clone)]
pub struct Server<'a> {
    pub address: Address,
    pub directive: &'a Directive,
}

/// Where NGINX hands requests on: `fastcgi_pass`, `proxy_pass` and so on.
#[derive(Debug, Clone)]
pub struct Pass<'a> {
    pub directive: &'a Directive,
    /// `fastcgi`, `proxy`, `uwsgi`, `scgi`, `grpc`, `memcached`: how its directives begin.
    pub family: &'a str,
    pub target: Target,
    /// The blocks around it, the outermost first.
    pub scope: Scope<'a>,
}

/// What a pass names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An upstream block of this name.
    Upstream(String),
    /// One server, which NGINX resolves when it starts.
    Address(Address),
    /// Variables decide at run time; these are the values that `set`, `map` and the like can give, as far
    /// as they are constant, and whether there may be others.
    Variable { candidates: Vec<Target>, is_open: bool },
    /// Nothing that can be understood.
    Unknown,
}

/// The blocks around a directive, the outermost first.
#[derive(Debug, Clone)]
pub struct Scope<'a>(pub Vec<&'a [Directive]>);

impl<'a> Scope<'a> {
    /// The directive of this name that is in force here: that of the innermost block which has one.
    pub fn find(&self, name: &str) -> Option<&'a Directive> {
        self.0.iter().rev().find_map(|block| block.iter().rfind(|directive| directive.name == name))
    }
}

impl Conf {
    /// Reads `nginx.conf`, or a saved `nginx -T`.
    pub fn read(root: &Root, path: &Path) -> Result<Self, Problem> {
        let _ = (root, path);
        todo!()
    }

    /// The upstream blocks, of `http` and of `stream`.
    pub fn upstreams(&self) -> Vec<Upstream<'_>> {
        todo!()
    }

    /// Every place where NGINX hands requests on.
    pub fn passes(&self) -> Vec<Pass<'_>> {
        todo!()
    }

    /// A directive outside of all blocks, or in `events`.
    pub fn main(&self, name: &str) -> Option<&Directive> {
        let _ = name;
        todo!()
    }
}

/// A time as NGINX writes it, `60`, `60s`, `1m 30s`, `500ms`, in milliseconds.
pub fn milliseconds(text: &str) -> Option<u64> {
    let _ = text;
    todo!()
}
