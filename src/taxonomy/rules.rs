use regex::bytes::Regex;
use serde::Deserialize;
use toml::Spanned;

use crate::record::{Head, IsWanted, Record};

use super::class::{Class, Kind, UserClass};
use super::look::may_concern_upstream;
use super::phase::side;
use super::verdict::{Verdict, classify, consider, tells_failure};

/// What an operator adds to the table of messages: patterns of other modules, of scripts, of a
/// company's own.
///
/// ```
/// use badgateway::record::Splitter;
/// use badgateway::source::Start;
/// use badgateway::taxonomy::Rules;
///
/// let rules = Rules::parse(r#"
///     [[rule]]
///     name = "no_token"
///     regex = '^\[lua\] \S+ no token for (?<pool>\w+)'
///     kind = "W"
///     override = true
/// "#).unwrap();
/// let log = b"2026/11/01 09:15:02 [error] 12#12: *23 [lua] auth.lua:7: no token for shop, client: 192.0.2.1\n";
/// let mut splitter = Splitter::default();
/// let records = splitter.split(log, Start::Input, true);
/// let record = records.read(&records.spans()[0], 0).unwrap();
/// let verdict = rules.classify(&record).unwrap();
/// assert_eq!(verdict.class.name(), "no_token");
/// assert_eq!(verdict.pool, Some(b"shop".as_slice()));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Tried on every record.
    first: Vec<Rule>,
    /// Tried on what is of no other class.
    last: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    regex: Regex,
    class: Class,
    pool: Option<PoolName>,
}

/// What a rule names the pool.
#[derive(Debug, Clone)]
enum PoolName {
    /// What this group of the regex captured.
    Capture(usize),
    /// This.
    Fixed(&'static str),
}

/// What is wrong with a file of rules, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RuleError {
    /// The first is 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Written>,
}

/// A rule as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    regex: Spanned<String>,
    kind: Option<Spanned<String>>,
    pool: Option<Spanned<String>>,
    meaning: Option<String>,
    #[serde(default, rename = "override")]
    is_first: bool,
}

impl Rules {
    /// Reads rules in TOML.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let error = |at: usize, what: String| RuleError {
            line: 1 + text[..at.min(text.len())].matches('\n').count(),
            what,
        };
        let file: File = toml::from_str(text).map_err(|toml| {
            let at = toml.span().map_or(0, |span| span.start);
            error(at, toml.message().to_owned())
        })?;
        let mut rules = Self::default();
        let mut classes: Vec<Class> = Vec::new();
        for written in file.rule {
            let class = written
                .class(&classes)
                .map_err(|(at, what)| error(at, what))?;
            classes.push(class);
            let regex = written.regex.get_ref();
            let regex = Regex::new(regex).map_err(|wrong| {
                error(
                    written.regex.span().start,
                    format!("regex: {}", reason(&wrong)),
                )
            })?;
            let pool = written.pool(&regex).map_err(|(at, what)| error(at, what))?;
            let rule = Rule { regex, class, pool };
            match written.is_first {
                true => rules.first.push(rule),
                false => rules.last.push(rule),
            }
        }
        Ok(rules)
    }

    /// What tells by a head whether a record could be an event ([`may_concern_upstream`]); `None` where rules make events
    /// of records whatever their heads are.
    pub fn concern(&self) -> Option<IsWanted> {
        self.first.is_empty().then_some(may_concern_upstream)
    }

    /// Whether a record with this head could be an event.
    pub fn may_concern(&self, head: &Head<'_>) -> bool {
        self.concern().is_none_or(|may_concern| may_concern(head))
    }

    /// Like [`classify`], with the rules in mind.
    pub fn classify<'a>(&self, record: &Record<'a>) -> Option<Verdict<'a>> {
        if let Some(verdict) = self
            .first
            .iter()
            .find_map(|rule| rule.verdict(record, None))
        {
            return Some(verdict);
        }
        let verdict = consider(record)?;
        if verdict.class != Class::UpstreamOther {
            return Some(verdict);
        }
        let by_rule = self
            .last
            .iter()
            .find_map(|rule| rule.verdict(record, Some(verdict)));
        by_rule.or_else(|| tells_failure(record).then_some(verdict))
    }

    /// These rules, and behind them others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.first.extend(others.first);
        self.last.extend(others.last);
        self
    }

    /// The operator's own classes, each once.
    pub fn classes(&self) -> Vec<Class> {
        let rules = self.first.iter().chain(&self.last);
        let own = rules
            .map(|rule| rule.class)
            .filter(|class| matches!(class, Class::User(_)));
        let mut classes: Vec<Class> = own.collect();
        classes.sort();
        classes.dedup();
        classes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.first.len() + self.last.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Rule {
    /// What the rule makes of a record, of which `before` is known. It sees what NGINX wrote before the
    /// context fields, so no request, Host or Referer matches it.
    fn verdict<'a>(&self, record: &Record<'a>, before: Option<Verdict<'a>>) -> Option<Verdict<'a>> {
        let pool = match self.pool {
            Some(PoolName::Capture(group)) => {
                let captures = self.regex.captures(record.statement)?;
                let captured = captures.get(group).map(|found| found.as_bytes());
                captured.filter(|name| !name.is_empty())
            }
            Some(PoolName::Fixed(name)) => self
                .regex
                .is_match(record.statement)
                .then_some(Some(name.as_bytes()))?,
            None => self.regex.is_match(record.statement).then_some(None)?,
        };
        // A built-in class brings no status here: what the client got, the rule does not know.
        let verdict = before.or_else(|| classify(record)).unwrap_or(Verdict {
            class: self.class,
            phase: side(record.action).phase(),
            os_error: record
                .errno
                .as_ref()
                .and_then(crate::record::Errno::os_error),
            status: None,
            peer: record.tail.upstream.and_then(|upstream| upstream.peer),
            pool: None,
        });
        Some(Verdict {
            class: self.class,
            pool,
            ..verdict
        })
    }
}

impl Written {
    /// The class: one that exists, one that an earlier rule has made, or a new one.
    fn class(&self, made: &[Class]) -> Result<Class, (usize, String)> {
        let name = self.name.get_ref();
        let at = self.name.span().start;
        let kind = match &self.kind {
            Some(kind) => Some(Kind::from_letter(kind.get_ref()).ok_or_else(|| {
                let what = "kind: expected \"F\" (failed), \"W\" (works, but degraded) or \"C\" (the client's doing)";
                (kind.span().start, what.to_owned())
            })?),
            None => None,
        };
        let mut known = Class::ALL.iter().chain(made);
        if let Some(&class) = known.find(|class| class.name() == name) {
            return match kind {
                Some(kind) if kind != class.kind() => {
                    let letter = class.kind().letter();
                    Err((
                        at,
                        format!("name: {name} is a class already, of kind {letter}"),
                    ))
                }
                _ => Ok(class),
            };
        }
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            let what = format!("name: expected small letters, digits and _, not \"{name}\"");
            return Err((at, what));
        }
        let kind = kind.ok_or_else(|| (at, format!("kind is missing: {name} is a new class")))?;
        let meaning = self.meaning.clone();
        let meaning = meaning.unwrap_or_else(|| "a class of your rules".to_owned());
        Ok(Class::User(UserClass::new(name.clone(), kind, meaning)))
    }

    /// `pool = "$name"` or `"$1"` is a capture, any other text is itself; without it, a capture that is
    /// called `pool` counts.
    fn pool(&self, regex: &Regex) -> Result<Option<PoolName>, (usize, String)> {
        let group = |name: &str| {
            let named = regex.capture_names().position(|group| group == Some(name));
            named.or_else(|| {
                name.parse()
                    .ok()
                    .filter(|&group| group < regex.captures_len())
            })
        };
        let Some(pool) = &self.pool else {
            return Ok(group("pool").map(PoolName::Capture));
        };
        match pool.get_ref().strip_prefix('$') {
            Some(name) => group(name).map(PoolName::Capture).map(Some).ok_or_else(|| {
                let what = format!("pool: the regex has no group \"{name}\"");
                (pool.span().start, what)
            }),
            None => Ok(Some(PoolName::Fixed(pool.get_ref().clone().leak()))),
        }
    }
}

/// The last line of what the regex crate says: those before show the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Splitter;
    use crate::source::Start;

    fn classes(rules: &Rules, log: &str) -> Vec<(String, Option<String>)> {
        let mut splitter = Splitter::default();
        let records = splitter.split(log.as_bytes(), Start::Input, true);
        let records = records
            .spans()
            .iter()
            .filter_map(|span| records.read(span, 0));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        records
            .filter(|record| rules.may_concern(&record.head))
            .filter_map(|record| rules.classify(&record))
            .map(|verdict| (verdict.class.to_string(), verdict.pool.map(text)))
            .collect()
    }

    const LOG: &str = "\
2026/11/01 09:15:02 [error] 1#1: *2 pool shop is tired while connecting to upstream, client: 192.0.2.1, server: a
2026/11/01 09:15:02 [error] 1#1: *3 no live upstreams while connecting to upstream, client: 192.0.2.1, server: a
2026/11/01 09:15:02 [warn] 1#1: *4 pool shop is tired, client: 192.0.2.1, server: pool b is tired
";

    fn rules(text: &str) -> Rules {
        Rules::parse(text).unwrap()
    }

    fn named(class: &str, pool: Option<&str>) -> (String, Option<String>) {
        (class.to_owned(), pool.map(str::to_owned))
    }

    #[test]
    fn rules_are_tried_on_what_is_nothing_else_or_first() {
        assert_eq!(
            classes(&Rules::default(), LOG),
            [named("no_live_upstreams", None)]
        );
        let tired =
            "[[rule]]\nname = 'tired'\nregex = 'pool (\\w+) is tired'\nkind = 'W'\npool = '$1'\n";
        assert_eq!(
            classes(&rules(tired), LOG),
            [
                named("tired", Some("shop")),
                named("no_live_upstreams", None)
            ]
        );
        let first = format!("{tired}override = true\n");
        assert_eq!(
            classes(&rules(&first), LOG),
            [
                named("tired", Some("shop")),
                named("no_live_upstreams", None),
                named("tired", Some("shop"))
            ]
        );
        let fixed =
            "[[rule]]\nname = 'peer_disabled'\nregex = '^no live'\npool = 'all'\noverride = true\n";
        assert_eq!(
            classes(&rules(fixed), LOG),
            [named("peer_disabled", Some("all"))]
        );
        // What tells of a failure is one, even if nobody has heard of it.
        let worn_out = LOG.replace("is tired while", "is too tired while");
        let classes = classes(&Rules::default(), &worn_out);
        assert_eq!(classes[0], named("upstream_other", None));
    }

    #[test]
    fn of_two_sets_the_first_one_wins() {
        let named = |name: &str| {
            let text = format!(
                "[[rule]]\nname = '{name}'\nregex = 'is tired'\nkind = 'W'\noverride = true\n"
            );
            rules(&text)
        };
        let both = named("one").and(named("other"));
        assert_eq!(both.len(), 2);
        assert_eq!(classes(&both, LOG)[0], super::tests::named("one", None));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, what) in [
            (
                "[[rule]]\nname = 'a'\nregex = '('\nkind = 'F'\n",
                3,
                "regex: unclosed group",
            ),
            (
                "[[rule]]\nname = 'a'\nregex = 'x'\n",
                2,
                "kind is missing: a is a new class",
            ),
            (
                "\n[[rule]]\nname = 'a'\nregex = 'x'\nkind = 'X'\n",
                5,
                "kind: expected",
            ),
            (
                "[[rule]]\nname = 'A b'\nregex = 'x'\nkind = 'F'\n",
                2,
                "name: expected",
            ),
            (
                "[[rule]]\nname = 'peer_disabled'\nregex = 'x'\nkind = 'F'\n",
                2,
                "name: peer_disabled is a class already, of kind W",
            ),
            (
                "[[rule]]\nname = 'a'\nregex = 'x'\nkind = 'F'\npool = '$2'\n",
                5,
                "pool: the regex has no group \"2\"",
            ),
            (
                "[[rule]]\nname = 'a'\nregexp = 'x'\n",
                3,
                "unknown field `regexp`",
            ),
            ("[[rule]]\nname = 'a'\n", 1, "missing field `regex`"),
            ("[[rule]\n", 1, ""),
            ("rules = 1\n", 1, "unknown field `rules`"),
        ] {
            let error = Rules::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.what.starts_with(what), "{text}: {error}");
        }
    }
}
