//! Files become a tree of directives; what they include takes its place.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use super::dump::Dump;
use super::words::{End, Words};
use super::{Conf, Directive};
use crate::config::root::is_pattern;
use crate::config::{Place, Problem, Root};

/// Blocks in blocks, and files in files: more is no configuration but an attack on the stack.
const DEEPEST: usize = 64;
const MOST_NESTED_FILES: usize = 16;

/// A file that is included by many is read as often, as NGINX does. Files that include each other twice
/// would be read without end.
const MOST_FILES: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;
const MOST_DIRECTIVES: usize = 1_000_000;
/// Names in folders that are compared with patterns.
const MOST_NAMES: usize = 1_000_000;

/// Where files come from.
enum Files<'a> {
    Root(&'a Root),
    Dump(Dump),
}

struct Loader<'a> {
    files: Files<'a>,
    /// The folder of the main file, to which includes are relative (`ngx_conf_full_name`).
    folder: PathBuf,
    conf: Conf,
    met: HashSet<PathBuf>,
    /// The files that are being read, the outermost first.
    chain: Vec<PathBuf>,
    files_left: usize,
    bytes_left: usize,
    directives_left: usize,
    names_left: usize,
    is_over: bool,
}

/// A block that is not closed yet.
struct Open {
    directive: Directive,
    inside: Vec<Directive>,
}

/// Reads the file at `path`, or the dump that it holds.
pub(super) fn load(root: &Root, path: &Path) -> Result<Conf, Problem> {
    let text = root
        .read_named(path)
        .map_err(|error| Problem::unreadable(path, &error))?;
    let (files, main, text) = match Dump::read(&text) {
        Some(dump) => {
            let main = dump.main.clone();
            let text = dump.file(&main).unwrap_or_default().to_owned();
            (Files::Dump(dump), main, text)
        }
        None => (Files::Root(root), path.to_path_buf(), text),
    };
    let mut loader = Loader {
        files,
        folder: main.parent().unwrap_or(Path::new("/")).to_path_buf(),
        conf: Conf::default(),
        met: HashSet::new(),
        chain: Vec::new(),
        files_left: MOST_FILES,
        bytes_left: MOST_BYTES,
        directives_left: MOST_DIRECTIVES,
        names_left: MOST_NAMES,
        is_over: false,
    };
    loader.conf.is_dump = matches!(loader.files, Files::Dump(_));
    loader.conf.directives = loader.file(main, &text, 0);
    Ok(loader.conf)
}

impl Loader<'_> {
    fn file(&mut self, path: PathBuf, text: &str, depth: usize) -> Vec<Directive> {
        if self.met.insert(path.clone()) {
            self.conf.files.push(path.clone());
        }
        self.chain.push(path.clone());
        let mut words = Words::new(text);
        let tree = self.tree(&path, &mut words, depth);
        self.chain.pop();
        if let Some((line, what)) = words.fault {
            self.blame(&Place { file: path, line }, what);
        }
        tree
    }

    fn tree(&mut self, file: &Path, words: &mut Words<'_>, depth: usize) -> Vec<Directive> {
        let mut top = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        // Blocks that are too deep and are left out.
        let mut ignored = 0;
        loop {
            let statement = words.next();
            let place = Place {
                file: file.to_path_buf(),
                line: statement.line,
            };
            let mut parts = statement.words.into_iter();
            let name = parts.next().unwrap_or_default();
            let is_lua = name.ends_with("_by_lua_block");
            if statement.end == End::Open && is_lua {
                words.skip_lua();
            }
            match statement.end {
                End::File => break,
                End::Close if ignored > 0 => ignored -= 1,
                End::Open if ignored > 0 => ignored += usize::from(!is_lua),
                End::Semicolon if ignored > 0 => {}
                End::Close => match open.pop() {
                    Some(block) => close(block, &mut open, &mut top),
                    None => words.blame(statement.line, "unexpected \"}\""),
                },
                End::Open | End::Semicolon => {
                    self.spend(&place, 1, |loader| &mut loader.directives_left);
                    if self.is_over {
                        break;
                    }
                    let args: Vec<String> = parts.collect();
                    let inside = open.last_mut().map_or(&mut top, |block| &mut block.inside);
                    if statement.end == End::Semicolon && name == "include" && args.len() == 1 {
                        let depth = depth + open.len();
                        let included = self.include(&args[0], &place, depth);
                        let inside = open.last_mut().map_or(&mut top, |block| &mut block.inside);
                        inside.extend(included);
                        continue;
                    }
                    let mut directive = Directive {
                        name,
                        args,
                        block: None,
                        place,
                    };
                    if statement.end == End::Semicolon {
                        inside.push(directive);
                    } else if is_lua {
                        directive.block = Some(Vec::new());
                        inside.push(directive);
                    } else if depth + open.len() >= DEEPEST {
                        self.blame(&directive.place, "too many blocks in each other");
                        ignored = 1;
                    } else {
                        let inside = Vec::new();
                        open.push(Open { directive, inside });
                    }
                }
            }
        }
        if !open.is_empty() && !self.is_over {
            words.blame(words.line(), "unexpected end of file, expecting \"}\"");
        }
        while let Some(block) = open.pop() {
            close(block, &mut open, &mut top);
        }
        top
    }

    fn include(&mut self, pattern: &str, place: &Place, depth: usize) -> Vec<Directive> {
        let whole = self.folder.join(pattern);
        if !is_pattern(pattern) {
            return self.include_file(whole, place, depth);
        }
        let paths = match &self.files {
            Files::Dump(dump) => dump.glob(&whole),
            Files::Root(root) => {
                let (paths, failed) = root.glob(&whole, &mut self.names_left);
                let failed = failed.into_iter();
                self.conf
                    .problems
                    .extend(failed.map(|(folder, error)| Problem::unreadable(folder, &error)));
                paths
            }
        };
        self.spend(place, usize::from(self.names_left == 0), |loader| {
            &mut loader.names_left
        });
        let mut all = Vec::new();
        for path in paths {
            all.extend(self.include_file(path, place, depth));
        }
        all
    }

    fn include_file(&mut self, path: PathBuf, place: &Place, depth: usize) -> Vec<Directive> {
        self.spend(place, 1, |loader| &mut loader.files_left);
        if self.is_over {
            return Vec::new();
        }
        if self.chain.contains(&path) {
            let what = format!("{} includes itself", path.display());
            self.blame(place, what);
            return Vec::new();
        }
        if self.chain.len() > MOST_NESTED_FILES {
            self.blame(place, "too many files that include each other");
            return Vec::new();
        }
        let text = match &self.files {
            Files::Root(root) => root.read(&path),
            Files::Dump(dump) => match dump.file(&path) {
                Some(text) => Ok(text.to_owned()),
                None => Err(io::Error::other("the dump does not hold it")),
            },
        };
        match text {
            Ok(text) => {
                self.spend(place, text.len(), |loader| &mut loader.bytes_left);
                match self.is_over {
                    true => Vec::new(),
                    false => self.file(path, &text, depth),
                }
            }
            Err(error) => {
                let mut problem = Problem::unreadable(path, &error);
                if !problem.is_denied {
                    let path = problem.file.display();
                    let what = format!("includes {path}, which {}", problem.what);
                    problem = Problem::at(place, what);
                }
                self.conf.problems.push(problem);
                Vec::new()
            }
        }
    }

    fn blame(&mut self, place: &Place, what: impl Into<String>) {
        self.conf.problems.push(Problem::at(place, what));
    }

    /// Ends the reading once there is more of something than any configuration has.
    fn spend(&mut self, place: &Place, much: usize, left: fn(&mut Self) -> &mut usize) {
        match left(self).checked_sub(much) {
            Some(rest) => *left(self) = rest,
            None if self.is_over => {}
            None => {
                self.is_over = true;
                self.blame(
                    place,
                    "the configuration is too large: the rest is left out",
                );
            }
        }
    }
}

fn close(mut block: Open, open: &mut [Open], top: &mut Vec<Directive>) {
    block.directive.block = Some(block.inside);
    match open.last_mut() {
        Some(outer) => outer.inside.push(block.directive),
        None => top.push(block.directive),
    }
}
