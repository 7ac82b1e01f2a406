//! What doctor says.

use std::process::Command;

use serde::Deserialize;

pub struct Diagnosis {
    status: Option<i32>,
    findings: Vec<Finding>,
    not_looked_at: Vec<String>,
    /// What it printed, for messages.
    words: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Finding {
    pub check: String,
    pub severity: String,
    pub title: String,
    pub evidence: Vec<String>,
    pub consequence: String,
    pub places: Vec<String>,
    pub classes: Vec<String>,
    pub fix: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Step {
    /// Instead of a whole line.
    Edit {
        file: String,
        line: usize,
        old: String,
        new: String,
    },
    /// Behind a line.
    Insert {
        file: String,
        line: usize,
        new: String,
    },
    Create {
        file: String,
        text: String,
    },
    Run {
        command: String,
    },
    Advise {
        text: String,
    },
}

#[derive(Deserialize)]
struct Answer {
    findings: Vec<Finding>,
    not_looked_at: Vec<String>,
}

impl Diagnosis {
    pub fn of(doctor: &mut Command) -> Self {
        let output = doctor.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let words = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
        let answer: Answer = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{words}"));
        Self {
            status: output.status.code(),
            findings: answer.findings,
            not_looked_at: answer.not_looked_at,
            words,
        }
    }

    pub fn finds_nothing(&self) {
        let is_nothing = self.status == Some(0) && self.findings.is_empty();
        assert!(is_nothing, "{:?}: {}", self.status, self.words);
    }

    pub fn all(&self) -> &[Finding] {
        &self.findings
    }

    pub fn first(&self) -> &Finding {
        self.findings.first().expect(&self.words)
    }

    /// The checks that have found something, in order.
    pub fn checks(&self) -> Vec<&str> {
        let checks = self.findings.iter().map(|finding| finding.check.as_str());
        checks.collect()
    }

    /// It says that it could not read a file, and does not end as if it had.
    pub fn could_not_read(&self, file: &str) {
        let is_said = self.not_looked_at.iter().any(|what| what.contains(file));
        assert!(
            is_said && self.status == Some(2),
            "{:?}: {}",
            self.status,
            self.words
        );
    }

    /// One of the findings is of this check.
    pub fn says(&self, check: &str) {
        let is_said = self.findings.iter().any(|finding| finding.check == check);
        assert!(is_said, "{}", self.words);
    }

    /// The only finding is of this check.
    pub fn finds(&self, check: &str, severity: &str) -> Finding {
        self.finds_among(check, severity, &[])
    }

    /// The first finding is of this check, and others are of the checks that are true as well.
    pub fn finds_among(&self, check: &str, severity: &str, others: &[&str]) -> Finding {
        assert_eq!(self.status, Some(1), "{}", self.words);
        let first = self.first();
        let found = (first.check.as_str(), first.severity.as_str());
        assert_eq!(found, (check, severity), "{}", self.words);
        for finding in &self.findings[1..] {
            assert!(others.contains(&finding.check.as_str()), "{}", self.words);
        }
        first.clone()
    }
}

impl Finding {
    /// Its words name all of these.
    pub fn names(&self, texts: &[&str]) -> &Self {
        let evidence = self.evidence.join("\n");
        let words = format!("{}\n{evidence}\n{}", self.title, self.consequence);
        for text in texts {
            assert!(words.contains(text), "{text} in {self:?}");
        }
        self
    }

    /// It stands at this place of a configuration.
    pub fn is_at(&self, place: &str) -> &Self {
        assert!(
            self.places.iter().any(|at| at == place),
            "{place} in {self:?}"
        );
        self
    }

    /// It is the cause of what the log is full of.
    pub fn explains(&self, class: &str) -> &Self {
        assert!(
            self.classes.iter().any(|name| name == class),
            "{class} in {self:?}"
        );
        self
    }

    /// It gives words only, nothing to do for a program.
    pub fn only_advises(&self) -> &Self {
        let is_advice = |step: &Step| matches!(step, Step::Advise { .. });
        assert!(self.fix.iter().all(is_advice), "{self:?}");
        self
    }
}
