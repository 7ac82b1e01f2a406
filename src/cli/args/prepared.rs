use crate::config::Root;
use crate::pool::Names;
use crate::render::Site;
use crate::scan::{Anonymize, Outcome, Scan};
use crate::source::{Access, Input, Meter, Privacy, Trouble};

use super::{Common, How};
use crate::cli::output::Surface;
use crate::cli::{CliError, Status, say};

/// Logs that wait to be scanned.
pub(in crate::cli) struct Prepared {
    pub(in crate::cli) scan: Scan,
    /// Whether all configurations could be read that were named.
    pub(in crate::cli) is_whole: bool,
    pub(in crate::cli) site: Site,
    pub(in crate::cli) troubles: Vec<Trouble>,
    /// Where data goes while the logs are scanned.
    pub(in crate::cli) beside: Surface,
}

impl Prepared {
    /// Who may read what is made of the logs.
    pub(in crate::cli) fn privacy(&self) -> Privacy {
        Privacy::of_all(self.scan.inputs.iter().map(Input::privacy))
    }

    /// Works on the scan with the threads, and shows meanwhile how far it has come.
    pub(in crate::cli) fn work<T: Send>(
        &mut self,
        common: &Common,
        work: impl FnOnce(&Scan) -> T + Send,
    ) -> T {
        let scan = &mut self.scan;
        let meter = || {
            scan.meter = Meter::new(&scan.inputs);
            scan.meter.clone()
        };
        let _shown = match common.quiet {
            true => None,
            false => common.progress.show(self.beside, meter),
        };
        rayon::scope(|_| work(&self.scan))
    }
}

impl Common {
    /// What was asked for: where to read, what could not be found, and the threads that work.
    pub(in crate::cli) fn prepare(&self) -> Result<Prepared, CliError> {
        let root = Root::default();
        let pools = self.configs.read(&root).pools(&root, self.machine());
        for fault in &pools.faults {
            say(fault);
        }
        for remark in &pools.remarks {
            self.remark(remark);
        }
        if self.verbose {
            pools.details.iter().for_each(say);
        }
        let is_whole = pools.faults.is_empty();
        Ok(Prepared {
            is_whole,
            site: self.site(pools.services),
            ..self.prepare_with(pools.names)?
        })
    }

    /// The same, where it is known already what the pools are called.
    pub(in crate::cli) fn prepare_with(&self, names: Names) -> Result<Prepared, CliError> {
        let (inputs, troubles) = self.discover();
        let scan = Scan {
            access: match (self.mmap, self.no_mmap) {
                (true, _) => Access::Map,
                (_, true) => Access::Read,
                _ => Access::Auto,
            },
            zone: self.zone(),
            host: self.host(),
            window: self.window()?,
            rules: self.rules()?,
            names,
            anonymize: self.anonymize.map(|how| match how {
                How::Cut => Anonymize::Cut,
                How::Drop => Anonymize::Drop,
            }),
            chunk_size: self.chunk_size,
            ..Scan::new(inputs)
        };
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build_global()?;
        if self.verbose {
            say(format_args!(
                "{} inputs, {} threads, times in {}",
                scan.inputs.len(),
                rayon::current_num_threads(),
                scan.zone
            ));
        }
        Ok(Prepared {
            scan,
            is_whole: true,
            site: Site::default(),
            troubles,
            beside: Surface::Empty,
        })
    }

    /// Scans the logs with `work`, on as many threads as asked for, and tells what was left out.
    pub(in crate::cli) fn scan_prepared<T: Send>(
        &self,
        mut prepared: Prepared,
        work: impl FnOnce(&Scan) -> Result<Outcome<T>, CliError> + Send,
    ) -> Result<(Outcome<T>, Status), CliError> {
        let mut outcome = prepared.work(self, work)?;
        outcome.troubles.splice(0..0, prepared.troubles);
        self.tell(&outcome.intake, &outcome.troubles);
        let status = match outcome.troubles.is_empty() {
            true => Status::Done,
            false if outcome.is_no_result() => Status::NoResult,
            false => Status::Incomplete,
        };
        Ok((outcome, status.but(prepared.is_whole)))
    }
}
