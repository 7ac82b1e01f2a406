//! `nginx.conf` with all that it includes, or the output of `nginx -T`.

mod dump;
mod load;
mod lua;
mod pass;
mod script;
mod time;
mod upstream;
mod url;
mod value;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Address, Place, Problem, Root};

pub use time::milliseconds;

/// A directive, and the block that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// `fastcgi_pass`
    pub name: String,
    /// Its arguments, without quotes.
    pub args: Vec<String>,
    /// The directives between its braces, those of included files among them. That of a block of Lua code
    /// is empty.
    pub block: Option<Vec<Directive>>,
    /// Where it stands.
    pub place: Place,
}

impl fmt::Display for Directive {
    /// `/etc/nginx/nginx.conf:1: user www-data;`, without its block.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.name)?;
        for argument in &self.args {
            write!(out, " {argument}")?;
        }
        out.write_str(";")
    }
}

/// A configuration, all includes taken in.
#[derive(Debug, Clone, Default)]
pub struct Conf {
    /// What stands outside of all blocks.
    pub directives: Vec<Directive>,
    /// Every file that was read, in order; the main one is the first.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Whether it is what `nginx -T` has printed, here or elsewhere.
    pub is_dump: bool,
}

/// An `upstream` block.
#[derive(Debug, Clone)]
pub struct Upstream<'a> {
    /// Its name, as it is written.
    pub name: &'a str,
    /// Its servers. One whose address NGINX would not accept is left out.
    pub servers: Vec<Server<'a>>,
    /// `stream` or `http`
    pub is_stream: bool,
    /// The block.
    pub directive: &'a Directive,
}

/// A `server` of an `upstream` block.
#[derive(Debug, Clone)]
pub struct Server<'a> {
    /// Where it listens; one of HTTP without port has port 80.
    pub address: Address,
    /// The directive; its other arguments are `weight=5`, `backup` and so on.
    pub directive: &'a Directive,
}

impl Server<'_> {
    /// Whether it has a parameter that is one word: `down`, `backup`, `resolve`.
    pub fn has(&self, parameter: &str) -> bool {
        self.directive.args.iter().any(|arg| arg == parameter)
    }
}

/// Where NGINX hands requests on: `fastcgi_pass`, `proxy_pass` and so on.
#[derive(Debug, Clone)]
pub struct Pass<'a> {
    /// The directive.
    pub directive: &'a Directive,
    /// `fastcgi`, `proxy`, `uwsgi`, `scgi`, `grpc`, `memcached`: how its directives begin.
    pub family: &'a str,
    /// What it names.
    pub target: Target,
    /// Whether it stands in `stream`.
    pub is_stream: bool,
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
    /// Variables decide at run time.
    Variable {
        /// The values that `set`, `map` and the like can give, as far as they are constant.
        candidates: Vec<Target>,
        /// Whether there may be others.
        is_open: bool,
    },
    /// Nothing that can be understood.
    Unknown,
}

impl Target {
    /// This, or what it may be.
    fn candidates(&self) -> &[Self] {
        match self {
            Self::Variable { candidates, .. } => candidates,
            _ => std::slice::from_ref(self),
        }
    }

    /// The servers that it names itself, or may name.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        let all = self.candidates().iter();
        all.filter_map(|target| match target {
            Self::Address(address) => Some(address),
            _ => None,
        })
    }

    /// The upstream blocks that it names, or may name.
    pub fn blocks(&self) -> impl Iterator<Item = &str> {
        let all = self.candidates().iter();
        all.filter_map(|target| match target {
            Self::Upstream(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// The blocks around a directive, the outermost first.
#[derive(Debug, Clone)]
pub struct Scope<'a>(pub Vec<&'a [Directive]>);

impl<'a> Scope<'a> {
    /// The directive of this name that is in force here: that of the innermost block which has one.
    pub fn find(&self, name: &str) -> Option<&'a Directive> {
        self.0
            .iter()
            .rev()
            .find_map(|block| block.iter().rfind(|directive| directive.name == name))
    }

    /// Those of this name in the innermost block that has one: `listen` and `fastcgi_param` add up.
    pub fn find_all(&self, name: &str) -> Vec<&'a Directive> {
        let of = |block: &'a [Directive]| -> Vec<&'a Directive> {
            let all = block.iter();
            all.filter(|directive| directive.name == name).collect()
        };
        let mut found = self.0.iter().rev().map(|block| of(block));
        found.find(|found| !found.is_empty()).unwrap_or_default()
    }
}

impl Conf {
    /// Reads `nginx.conf`, or a saved `nginx -T`. What is wrong with an included file, or with a line, is
    /// a problem of the configuration; the error is that the file itself cannot be read.
    ///
    /// ```
    /// use badgateway::config::Root;
    /// use badgateway::config::nginx::Conf;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # std::fs::write(folder.path().join("nginx.conf"), "http { upstream shop { server 10.0.0.1; } }").unwrap();
    /// let conf = Conf::read(&Root::new(folder.path()), "/nginx.conf".as_ref()).unwrap();
    /// let upstreams = conf.upstreams();
    /// assert_eq!(upstreams[0].name, "shop");
    /// assert_eq!(upstreams[0].servers[0].address.to_string(), "10.0.0.1:80");
    /// ```
    pub fn read(root: &Root, path: &Path) -> Result<Self, Problem> {
        load::load(root, path)
    }

    /// Every directive, those inside of a block behind the one that has the block.
    pub fn walk(&self) -> impl Iterator<Item = &Directive> {
        let mut rest: Vec<&Directive> = self.directives.iter().rev().collect();
        std::iter::from_fn(move || {
            let next = rest.pop()?;
            rest.extend(next.block.iter().flatten().rev());
            Some(next)
        })
    }

    /// The upstream blocks, of `http` and of `stream`.
    pub fn upstreams(&self) -> Vec<Upstream<'_>> {
        upstream::all(self)
    }

    /// Every place where NGINX hands requests on.
    pub fn passes(&self) -> Vec<Pass<'_>> {
        pass::all(self)
    }

    /// The number that such a directive has for its first argument.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.main(name)?.args.first()?.parse().ok()
    }

    /// A directive outside of all blocks, or in `events`.
    pub fn main(&self, name: &str) -> Option<&Directive> {
        let events = self.directives.iter().filter(|one| one.name == "events");
        let events = events
            .filter_map(|events| events.block.as_deref())
            .flatten();
        let mut all = self.directives.iter().chain(events);
        let is_it = |directive: &&Directive| directive.name == name;
        all.by_ref().filter(is_it).last()
    }
}
