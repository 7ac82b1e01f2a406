use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::config::{Found, Problem, Root, own_addresses, resolve};
use crate::doctor::{Diagnosis, Logged, Subject, System};
use crate::pool::{Known, Machine, Names};
use crate::render::plural;
use crate::rollup::{Bounded, Row, Unnamed};
use crate::scan::Scan;
use crate::taxonomy::Rules;

use super::args::Common;
use super::say::{print, say};
use super::{CliError, Status};

/// NGINX, PHP-FPM, the sockets between them and the log, checked against each other.
///
/// Reads the configurations, looks at processes and sockets, and changes nothing. With logs it counts what
/// each finding has caused, and finds what only load shows. Exit status: 0 nothing is wrong; 1 there
/// are findings; 2 it could not look.
#[derive(Debug, Args)]
#[command(mut_arg("logs", |logs| logs.required(false)))]
pub(super) struct Doctor {
    #[command(flatten)]
    common: Common,

    /// The folder of another machine's files: an image, a backup, a container's /proc/PID/root.
    #[arg(long, value_name = "DIR", default_value = "/", help_heading = "Input")]
    root: PathBuf,

    /// How findings are written.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Terminal,
    Json,
}

/// How long name servers may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A minute tells well enough what was before a change of the configuration.
const BUCKET: i64 = 60_000_000;

/// What an NGINX says that has run out of connections or files while clients connect: no event of an upstream,
/// but of the same limit (`src/event/ngx_event_accept.c`, `src/core/ngx_connection.c`).
const EXHAUSTED: &str = r"
    [[rule]]
    name = 'connections_exhausted'
    regex = '^\d+ worker_connections are not enough'
    override = true
    [[rule]]
    name = 'files_exhausted'
    regex = '^accept4?\(\) failed \((23|24):'
    override = true
";

fn exhausted() -> Rules {
    Rules::parse(EXHAUSTED).expect("a test reads them")
}

impl Doctor {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let root = Root::new(&self.root);
        let found = self.common.configs.read(&root).all();
        if found.nginx.is_empty() {
            found.all_problems().for_each(say);
            return Err(CliError::NothingToCheck);
        }
        // What is wrong with a file is a finding, that it may not be read is not.
        let is_unseen = |problem: &&Problem| problem.is_denied || found.problems.contains(problem);
        let unseen = found.all_problems().filter(is_unseen);
        let unseen: Vec<String> = unseen.map(ToString::to_string).collect();
        let mut is_whole = unseen.is_empty();
        let asked = found.hosts();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let known = Known {
            names: resolve(&root, &asked, PATIENCE),
            own: own_addresses(&root),
        };
        let mut logs = 0;
        let mut rows = Vec::new();
        if self.common.has_logs() {
            let names = Names::new(&found, &Found::default(), &known, Machine::default());
            let named = names.pools();
            let count = |scan: &Scan| {
                let most = scan.most_held_by_one();
                Ok(scan.count(|| Bounded::new(BUCKET, most, &Unnamed)))
            };
            let mut prepared = self.common.prepare_with(names)?;
            logs = prepared.scan.inputs.len() as u64;
            let rules = std::mem::take(&mut prepared.scan.rules);
            prepared.scan.rules = rules.and(exhausted());
            let (outcome, status) = self.common.scan_prepared(prepared, count)?;
            is_whole &= status == Status::Done;
            let counted = outcome.value.into_rows(|pool| named.contains(pool))?;
            counted.each(|some| rows.extend_from_slice(some))?;
            self.leave_out_others(&mut rows);
        }
        let logged = Logged::new(rows, self.common.zone());
        let system = System::look(root);
        let subject = Subject::new(&system, &found, &known, &logged);
        let diagnosis = Diagnosis::new(&subject, logs, unseen);
        print(&match self.format {
            Format::Terminal => diagnosis.to_string(),
            Format::Json => diagnosis.json(),
        })?;
        Ok(match (diagnosis.findings.is_empty(), is_whole) {
            (false, _) => Status::Incomplete,
            (true, true) => Status::Done,
            (true, false) => Status::NoResult,
        })
    }

    /// What a central log says of other machines is no evidence here.
    fn leave_out_others(&self, rows: &mut Vec<Row>) {
        let machine = Machine {
            name: self.common.host(),
            is_default: true,
        };
        let count = |rows: &[Row]| rows.iter().map(|row| row.events).sum::<u64>();
        let before = count(rows);
        rows.retain(|row| machine.is(Some(row.host.as_bytes())));
        let others = before - count(rows);
        if others > 0 {
            let events = plural(others, "event");
            self.common
                .remark(format_args!("{events} of other machines left out"));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rules_are_rules() {
        assert_eq!(super::exhausted().len(), 2);
    }
}
