use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::render::{Wrap, count, plural};

use super::checks::CHECKS;
use super::finding::{Finding, Severity, Step};
use super::subject::Subject;

/// What all checks have found, and what they could look at. It is shown as text, and serialized as JSON.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    /// The gravest first.
    pub findings: Vec<Finding>,
    /// What the checks looked at.
    pub looked_at: LookedAt,
    /// What they could not look at, and why.
    pub not_looked_at: Vec<String>,
}

/// What the checks looked at.
#[derive(Debug, Serialize)]
pub struct LookedAt {
    /// Files of NGINX's configuration.
    pub nginx: Vec<PathBuf>,
    /// Files of PHP-FPM's configuration.
    pub php_fpm: Vec<PathBuf>,
    /// Whether processes and sockets were to be seen.
    pub live: bool,
    /// Error logs.
    pub logs: u64,
}

const WRAP: Wrap = Wrap::columns(80);
const LABEL: usize = 10;

impl Diagnosis {
    /// Lets every check look at `subject`; `logs` were read for it.
    pub fn new(subject: &Subject<'_>, logs: u64, mut not_looked_at: Vec<String>) -> Self {
        let mut findings: Vec<Finding> =
            CHECKS.iter().flat_map(|check| check.run(subject)).collect();
        // The order of the checks is kept: the cause before what follows from it.
        findings.sort_by_key(|finding| finding.severity);
        let system = subject.system;
        let live = system.processes.is_some() && system.sockets.is_some();
        if subject.fpms.is_empty() {
            not_looked_at.push("PHP-FPM: no configuration found; --php-fpm names one".to_owned());
        }
        if !live {
            not_looked_at.push("processes and sockets: /proc is not to be seen".to_owned());
        }
        if logs == 0 {
            not_looked_at
                .push("logs: none named; with one, findings count its failures".to_owned());
        }
        Self {
            findings,
            looked_at: LookedAt {
                nginx: subject
                    .nginx
                    .iter()
                    .flat_map(|nginx| nginx.conf.files.iter().cloned())
                    .collect(),
                php_fpm: subject
                    .fpms
                    .iter()
                    .flat_map(|fpm| fpm.files.iter().cloned())
                    .collect(),
                live,
                logs,
            },
            not_looked_at,
        }
    }
}

impl Diagnosis {
    /// One object; the README has its fields.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("writing to memory does not fail");
        text.push('\n');
        text
    }
}

impl fmt::Display for Diagnosis {
    /// At most 80 columns, but for paths and commands, which are not broken.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            writeln!(out, "Nothing is wrong as far as could be seen.")?;
        } else {
            let of = |severity| {
                self.findings
                    .iter()
                    .filter(|finding| finding.severity == severity)
                    .count()
            };
            let counts = [Severity::Critical, Severity::Warning, Severity::Notice];
            let counts = counts.map(|severity| (of(severity), severity.name()));
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<_> = counts
                .map(|&(number, name)| format!("{} {name}", count(number as u64)))
                .collect();
            let total = plural(self.findings.len() as u64, "finding");
            writeln!(out, "{total}: {}", counts.join(", "))?;
        }
        for finding in &self.findings {
            writeln!(out)?;
            write!(out, "{finding}")?;
        }
        writeln!(out)?;
        let LookedAt {
            nginx,
            php_fpm,
            live,
            logs,
        } = &self.looked_at;
        let mut looked_at = vec![
            format!("{} of NGINX", plural(nginx.len() as u64, "file")),
            format!("{} of PHP-FPM", plural(php_fpm.len() as u64, "file")),
        ];
        looked_at.extend(live.then(|| "processes and sockets".to_owned()));
        looked_at.extend((*logs > 0).then(|| plural(*logs, "log")));
        labelled(out, "Looked at", &looked_at.join(", "))?;
        for (at, what) in self.not_looked_at.iter().enumerate() {
            labelled(out, if at == 0 { "Not at" } else { "" }, what)?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        labelled(
            out,
            &self.severity.name().to_uppercase(),
            &format!("{} [{}]", self.title, self.check),
        )?;
        for (at, line) in self.evidence.iter().enumerate() {
            labelled(out, if at == 0 { "  seen" } else { "" }, line)?;
        }
        labelled(out, "  means", &self.consequence)?;
        for (at, step) in self.fix.iter().enumerate() {
            let label = if at == 0 { "  fix" } else { "" };
            match step {
                Step::Run { command } => {
                    WRAP.command(out, &format!("{label:LABEL$}$ "), command)?;
                }
                Step::Edit {
                    file,
                    line,
                    old,
                    new,
                } => {
                    whole(out, label, &format!("in {}, line {line}:", file.display()))?;
                    whole(out, "", &format!("  - {}", old.trim()))?;
                    whole(out, "", &format!("  + {}", new.trim()))?;
                }
                Step::Insert { file, line, new } => {
                    whole(
                        out,
                        label,
                        &format!("in {}, behind line {line}:", file.display()),
                    )?;
                    for line in new.lines() {
                        whole(out, "", &format!("  + {}", line.trim()))?;
                    }
                }
                Step::Create { file, text } => {
                    whole(out, label, &format!("a new file {}:", file.display()))?;
                    for line in text.lines() {
                        whole(out, "", &format!("  + {line}"))?;
                    }
                }
                Step::Advise { text } => labelled(out, label, text)?,
            }
        }
        Ok(())
    }
}

/// A paragraph with a word in front of it.
fn labelled(out: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    WRAP.hanging(out, &format!("{label:LABEL$}"), text)
}

/// A line that is to be typed or copied: it is not broken.
fn whole(out: &mut fmt::Formatter<'_>, label: &str, line: &str) -> fmt::Result {
    WRAP.unbroken(out, &format!("{label:LABEL$}"), line)
}
