//! What a value with variables can be, as far as the configuration alone says.

use std::cell::Cell;
use std::collections::HashMap;

use super::Directive;
use super::script::{Part, parts};

/// Variables whose values hold variables, and so on.
const DEEPEST: usize = 8;
/// More values of one variable are not told apart.
const MOST_VALUES: usize = 256;
/// So much work for one value, and for all of a configuration.
const MOST_STEPS: usize = 20_000;
const MOST_STEPS_OF_ALL: usize = 2_000_000;

/// A value: what is constant, up to the first variable of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    /// The variable that follows; what comes behind it is not known either.
    pub(super) open: Option<String>,
}

/// The variables of `http` or of `stream`.
pub(super) struct Variables<'a> {
    /// The blocks that give each its value: `map`, `geo`, `split_clients`.
    blocks: HashMap<&'a str, Vec<&'a Directive>>,
    /// Whether there is code, which may set what `set` has declared.
    has_code: bool,
    steps_left: Cell<usize>,
}

/// The variables as they are in one place.
pub(super) struct Here<'a, 'b> {
    all: &'b Variables<'a>,
    /// The blocks around the place, the outermost first.
    around: &'b [&'a Directive],
    steps_left: Cell<usize>,
}

/// The directives `set` that can have given a variable its value.
struct Sets<'a> {
    directives: Vec<&'a Directive>,
    /// Whether one of them certainly has.
    is_certain: bool,
}

impl<'a> Variables<'a> {
    pub(super) fn of(world: &'a [Directive]) -> Self {
        let mut blocks: HashMap<&str, Vec<&Directive>> = HashMap::new();
        for directive in world {
            if !matches!(directive.name.as_str(), "map" | "geo" | "split_clients") {
                continue;
            }
            let name = directive
                .args
                .last()
                .and_then(|name| name.strip_prefix('$'));
            if let Some(name) = name {
                blocks.entry(name).or_default().push(directive);
            }
        }
        Self {
            blocks,
            has_code: has_code(world),
            steps_left: Cell::new(MOST_STEPS_OF_ALL),
        }
    }

    pub(super) fn at<'b>(&'b self, around: &'b [&'a Directive]) -> Here<'a, 'b> {
        Here {
            all: self,
            around,
            steps_left: Cell::new(MOST_STEPS),
        }
    }
}

fn has_code(block: &[Directive]) -> bool {
    block.iter().any(|directive| {
        let name = directive.name.as_str();
        name.contains("_by_lua")
            || matches!(name, "perl" | "js_content" | "js_access")
            || directive.block.as_deref().is_some_and(has_code)
    })
}

impl<'a> Here<'a, '_> {
    /// What a text can be.
    pub(super) fn values(&self, text: &str) -> Vec<Value> {
        self.expand(text, 0)
    }

    /// Counts what is done; `None` once it is too much.
    fn step(&self, steps: usize) -> Option<()> {
        for left in [&self.steps_left, &self.all.steps_left] {
            left.set(left.get().checked_sub(steps)?);
        }
        Some(())
    }

    fn expand(&self, text: &str, depth: usize) -> Vec<Value> {
        let mut values = vec![Value {
            text: String::new(),
            open: None,
        }];
        for part in parts(text) {
            match part {
                Part::Text(text) => {
                    for value in values.iter_mut().filter(|value| value.open.is_none()) {
                        value.text.push_str(text);
                    }
                }
                Part::Variable(name) => {
                    let known = self.variable(name, depth);
                    let known = known.filter(|known| known.len() * values.len() <= MOST_VALUES);
                    values = values
                        .into_iter()
                        .flat_map(|value| append(value, name, known.as_deref()))
                        .collect();
                }
            }
        }
        distinct(values)
    }

    /// What a variable can be; `None` if that is not known.
    fn variable(&self, name: &str, depth: usize) -> Option<Vec<Value>> {
        if depth == DEEPEST {
            return None;
        }
        let mut values = Vec::new();
        let mut add = |text: &str, is_constant: bool| -> Option<()> {
            self.step(1)?;
            if is_constant {
                values.push(Value {
                    text: text.to_owned(),
                    open: None,
                });
            } else {
                values.extend(self.expand(text, depth + 1));
                values = distinct(std::mem::take(&mut values));
            }
            (values.len() <= MOST_VALUES).then_some(())
        };
        if let Some(sets) = self.sets(name)? {
            for set in &sets.directives {
                add(set.args.get(1).map_or("", String::as_str), false)?;
            }
            if !sets.is_certain {
                add("", true)?;
            }
            if self.all.has_code {
                values.push(Value {
                    text: String::new(),
                    open: Some(name.to_owned()),
                });
            }
            return Some(values);
        }
        if name == "scheme" {
            add("http", true)?;
            add("https", true)?;
            return Some(values);
        }
        for block in self.all.blocks.get(name)? {
            let mut has_default = false;
            for entry in block.block.as_deref().unwrap_or_default() {
                let Some(value) = entry.args.first() else {
                    // `hostnames`, `volatile`, `ranges`.
                    continue;
                };
                if block.name == "geo" && matches!(entry.name.as_str(), "proxy" | "delete") {
                    continue;
                }
                has_default |= matches!(entry.name.as_str(), "default" | "*");
                // Only those of `map` may hold variables.
                add(value, block.name != "map")?;
            }
            if !has_default {
                add("", true)?;
            }
        }
        Some(distinct(values))
    }

    /// What can have set a variable here. `None` if it took too much to find out, `Some(None)` if nothing
    /// can.
    fn sets(&self, name: &str) -> Option<Option<Sets<'a>>> {
        let innermost = |name: &str| self.around.iter().rposition(|block| block.name == name);
        let mut directives = Vec::new();
        // Those of the location run last, each time a request comes into it.
        if let Some(at) = innermost("location")
            && self.run(self.around[at], name, &mut directives)?
        {
            return Some(Some(Sets {
                directives,
                is_certain: true,
            }));
        }
        // Without, the value may be left from wherever the request was before.
        let Some(at) = innermost("server") else {
            return Some(None);
        };
        let server = self.around[at];
        let is_certain = self.run(server, name, &mut directives)?;
        directives.clear();
        self.collect(server, name, &mut directives)?;
        Some((!directives.is_empty()).then_some(Sets {
            directives,
            is_certain,
        }))
    }

    /// Goes through a block as a request does; tells whether the variable was certainly set.
    fn run(
        &self,
        block: &'a Directive,
        name: &str,
        found: &mut Vec<&'a Directive>,
    ) -> Option<bool> {
        let mut is_certain = false;
        let inside = block.block.as_deref().unwrap_or_default();
        self.step(inside.len())?;
        for directive in inside {
            if sets(directive, name) {
                found.clear();
                found.push(directive);
                is_certain = true;
            } else if directive.name == "if" {
                let is_around = |block: &&Directive| std::ptr::eq(*block, directive);
                if self.around.iter().any(is_around) {
                    is_certain |= self.run(directive, name, found)?;
                } else {
                    self.collect(directive, name, found)?;
                }
            }
        }
        Some(is_certain)
    }

    fn collect(
        &self,
        block: &'a Directive,
        name: &str,
        found: &mut Vec<&'a Directive>,
    ) -> Option<()> {
        let inside = block.block.as_deref().unwrap_or_default();
        self.step(inside.len())?;
        for directive in inside {
            if sets(directive, name) {
                found.push(directive);
            }
            self.collect(directive, name, found)?;
        }
        Some(())
    }
}

fn sets(directive: &Directive, name: &str) -> bool {
    let variable = directive
        .args
        .first()
        .and_then(|name| name.strip_prefix('$'));
    directive.name == "set" && variable == Some(name)
}

/// A value with what a variable can be behind it.
fn append(value: Value, name: &str, known: Option<&[Value]>) -> Vec<Value> {
    if value.open.is_some() {
        return vec![value];
    }
    let Some(known) = known else {
        let open = Some(name.to_owned());
        return vec![Value { open, ..value }];
    };
    let both = known.iter().map(|more| Value {
        text: format!("{}{}", value.text, more.text),
        open: more.open.clone(),
    });
    both.collect()
}

fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<Value> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}
