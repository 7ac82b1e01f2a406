//! What visitors of a house see, what its log says, and what doctor says of it.

use std::process::Command;

use super::diagnosis::{Diagnosis, Finding, Step};
use super::fix;
use super::house::House;
use super::log::classes;
use super::process::wait_until;
use super::visitor::{get, get_each};

const PROGRAM: &str = env!("CARGO_BIN_EXE_badgateway");

impl House {
    /// Visitors are answered with a status, and the new errors are of these classes.
    pub fn fails(&mut self, path: &str, status: u16, expected: &[&str]) {
        self.log.news();
        for answer in get_each(3, self.port, path) {
            let answered = answer.as_ref().map(|answer| answer.status);
            assert_eq!(answered, Some(status), "{answer:?}; {}", self.log.news());
        }
        self.logged(expected);
    }

    /// The errors that are new in the log are of these classes.
    pub fn logged(&mut self, expected: &[&str]) {
        let news = self.log.news();
        let classes: Vec<String> = classes(&news).into_iter().collect();
        assert_eq!(classes, expected, "{news}");
    }

    /// What doctor says.
    pub fn examine(&self) -> Diagnosis {
        Diagnosis::of(Command::new(PROGRAM).args(self.flags()))
    }

    /// What doctor says of the machine alone.
    pub fn examine_without_log(&self) -> Diagnosis {
        let flags = self.flags();
        let (_log, flags) = flags.split_last().unwrap();
        Diagnosis::of(Command::new(PROGRAM).args(flags))
    }

    /// What doctor says to somebody who may not look at other users' processes.
    pub fn examine_as_nobody(&self) -> Diagnosis {
        // By another process: a program that one of ours has open for writing cannot be started.
        self.does(&format!("cp {PROGRAM} HOUSE/badgateway"));
        let mut doctor = Command::new("setpriv");
        doctor.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        Diagnosis::of(doctor.arg(self.path("badgateway")).args(self.flags()))
    }

    fn flags(&self) -> Vec<String> {
        let fixed = ["doctor", "--format", "json", "--timezone", "UTC"];
        let mut flags = fixed.map(str::to_owned).to_vec();
        flags.extend_from_slice(&self.flags);
        flags.push(self.log.path.display().to_string());
        flags
    }

    /// Visitors are served, and doctor has nothing to say.
    pub fn serves(&mut self, path: &str) {
        self.answers(path);
        self.examine().finds_nothing();
    }

    /// Visitors are served, soon at least, and without any new error.
    pub fn answers(&mut self, path: &str) {
        if self.served(path).is_ok() {
            return;
        }
        let is_served = || get(self.port, path).is_some_and(|answer| answer.status == 200);
        wait_until(&format!("{path} is served"), is_served);
        let served = self.served(path);
        assert_eq!(served, Ok(()));
    }

    /// Several visitors; what one of them sees instead of the page, and what the log says of it.
    fn served(&mut self, path: &str) -> Result<(), String> {
        self.log.news();
        let answers = get_each(4, self.port, path).into_iter();
        let mut others = answers.filter(|answer| {
            let status = answer.as_ref().map(|answer| answer.status);
            status != Some(200)
        });
        let (other, news) = (others.next(), self.log.news());
        match other.is_none() && news.is_empty() {
            true => Ok(()),
            false => Err(format!("{other:?}; {news}")),
        }
    }

    /// Does what the first finding advises, and looks again, until doctor has nothing left to say.
    pub fn heals(&self) {
        for _ in 0..8 {
            let diagnosis = self.examine();
            match diagnosis.all().first() {
                None => return,
                Some(finding) => self.apply(finding),
            }
        }
        self.examine().finds_nothing();
    }

    /// Does what a finding advises up to what fails; whether nothing does.
    pub fn tries(&self, finding: &Finding) -> bool {
        finding.fix.iter().all(|step| match step {
            Step::Run { command } => fix::shell(self, command).status.success(),
            _ => {
                fix::apply(self, step);
                true
            }
        })
    }

    /// Does what a finding advises, step by step.
    pub fn apply(&self, finding: &Finding) {
        for step in &finding.fix {
            // A signal has been sent then, and takes a moment.
            match step {
                Step::Run { command } if command.contains("USR2") => {
                    self.fpm.reloads(|| fix::apply(self, step));
                }
                Step::Run { command } if command.contains("reload") => {
                    self.nginx.reloads(|| fix::apply(self, step));
                }
                _ => fix::apply(self, step),
            }
        }
    }
}
