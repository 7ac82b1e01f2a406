//! What every command that reads logs takes: flags, the scan that they ask for, and what is said about it.

mod prepared;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::config::Root;
use crate::pool::{Configurations, Machine, this_machine};
use crate::record::{Moment, Zone};
use crate::render::Site;
use crate::scan::{Bucket, When, period, read_rules};
use crate::source::{Input, Trouble, covers, discover};
use crate::taxonomy::Rules;

use super::CliError;
use super::progress;

pub(super) use prepared::Prepared;

/// What every command that reads logs takes.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Error logs: files, folders (their *error*log* files), globs, or - for standard input.
    ///
    /// A file that is named twice is read once. Programs built with object storage take URLs of objects and of folders
    /// of them, too: s3://bucket/key, gs://bucket/key, az://container/key.
    #[arg(value_name = "LOG", required = true, help_heading = "Input")]
    logs: Vec<PathBuf>,

    /// The time zone in which the logs were written [default: this machine's].
    ///
    /// NGINX logs local time without saying which. Name the zone as the time zone database does:
    /// UTC, Europe/Berlin, America/New_York.
    #[arg(long, value_name = "TZ", help_heading = "Input")]
    timezone: Option<Zone>,

    /// The name of the machine whose logs these are [default: this machine's].
    ///
    /// Where syslog or the journal names one, that counts.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    host: Option<String>,

    /// Read files through a memory map, however small they are.
    ///
    /// By default only larger files are mapped. A mapped file that is truncated while it is read is
    /// noticed and reported.
    #[arg(long, overrides_with = "no_mmap", help_heading = "Input")]
    mmap: bool,

    /// Never read through a memory map.
    #[arg(long, overrides_with = "mmap", help_heading = "Input")]
    no_mmap: bool,

    /// Only events at or after this time.
    ///
    /// A date (2026-11-01, today, yesterday), a time in the logs' zone (2026-11-01 09:15) or with its own
    /// (2026-11-01T09:15:02Z), or a span that ends now (90m, 24h, 7d). In an hour that the zone repeats
    /// it is the first one.
    #[arg(long, value_name = "TIME", help_heading = "Filter")]
    since: Option<When>,

    /// Only events before this time.
    #[arg(long, value_name = "TIME", help_heading = "Filter")]
    until: Option<When>,

    #[command(flatten)]
    pub(super) configs: Configs,

    /// Rules in TOML that add classes; see the README.
    #[arg(long, value_name = "FILE", help_heading = "Filter")]
    rules: Option<PathBuf>,

    /// Tell no client's address: cut it to a network (192.0.2.0, 2001:db8:1::), or leave it out.
    ///
    /// That is so in the field client, in records that are kept as examples, and where clients are counted: they are
    /// networks then. What stands in requests, referrers and messages is left as it is.
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "cut",
        help_heading = "Output"
    )]
    anonymize: Option<How>,

    /// How many threads work; 0 chooses one per processor.
    #[arg(
        long,
        short = 'j',
        value_name = "N",
        default_value_t = 0,
        help_heading = "Work"
    )]
    threads: usize,

    /// About how many bytes a thread takes at once.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, hide = true, help_heading = "Work")]
    chunk_size: usize,

    #[command(flatten)]
    progress: progress::Flags,

    /// Say nothing but errors.
    #[arg(long, short, overrides_with = "verbose", help_heading = "Words")]
    quiet: bool,

    /// Say more: how inputs are read, and lines that were not understood.
    #[arg(long, short, overrides_with = "quiet", help_heading = "Words")]
    verbose: bool,
}

/// Which configurations are read.
#[derive(Debug, Args)]
pub(super) struct Configs {
    /// NGINX's configuration: nginx.conf, or what nginx -T has printed.
    ///
    /// Names pools by upstream blocks, whatever machine the events are of. May be repeated. Without, the
    /// one in the usual place counts, for events of this machine.
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    nginx_conf: Vec<PathBuf>,

    /// PHP-FPM's configuration: php-fpm.conf, a pool's file, or a folder of them.
    ///
    /// Names pools by what PHP-FPM calls them, whatever machine the events are of. May be repeated. Without,
    /// those in the usual places count, for events of this machine.
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    php_fpm: Vec<PathBuf>,

    /// Do not look for configurations in the usual places.
    #[arg(long, help_heading = "Configuration")]
    no_discover: bool,
}

impl Configs {
    /// Reads what was named; and what is in the usual places, of the kind of which nothing was named.
    pub(super) fn read(&self, root: &Root) -> Configurations {
        let mut configurations = Configurations::named(root, &self.nginx_conf, &self.php_fpm);
        if !self.no_discover && self.nginx_conf.is_empty() {
            configurations.found.look_for_nginx(root);
        }
        if !self.no_discover && self.php_fpm.is_empty() {
            configurations.found.look_for_fpms(root);
        }
        configurations
    }
}

/// What becomes of clients' addresses.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum How {
    /// The last octet of IPv4 is 0, of IPv6 the first 48 bits are left.
    Cut,
    /// No client is told, and none is counted.
    Drop,
}

/// The width of the buckets, for the commands that count.
#[derive(Debug, Args)]
pub(super) struct Bucketed {
    /// The width of a bucket: 1m to 1d; a day begins at midnight in UTC.
    #[arg(
        long,
        value_name = "WIDTH",
        default_value = "1h",
        help_heading = "Output"
    )]
    bucket: Bucket,
}

impl Bucketed {
    pub(super) fn seconds(&self) -> i64 {
        self.bucket.seconds
    }

    pub(super) fn micros(&self) -> i64 {
        self.bucket.micros()
    }
}

impl Common {
    pub(super) fn zone(&self) -> Zone {
        self.timezone.unwrap_or_default()
    }

    /// The zone that was named.
    pub(super) fn asked_zone(&self) -> Option<Zone> {
        self.timezone
    }

    /// The machine that was named.
    pub(super) fn asked_host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The rules that were named.
    pub(super) fn rules(&self) -> Result<Rules, CliError> {
        Ok(read_rules(self.rules.as_deref())?)
    }

    /// Whether more is to be told than the worst.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// What is known of this machine, where no log is read.
    pub(super) fn look_around(&self) -> Site {
        let root = Root::default();
        let pools = self.configs.read(&root).pools(&root, self.machine());
        self.site(pools.services)
    }

    /// The machine whose events those are that name none.
    pub(super) fn host(&self) -> String {
        self.host.clone().unwrap_or_else(this_machine)
    }

    /// Which machine's configuration was found here, and whether events are its own that name none.
    fn machine(&self) -> Machine {
        let name = this_machine();
        let is_default = self.host.as_ref().is_none_or(|host| *host == name);
        Machine { name, is_default }
    }

    /// What the arguments stand for now.
    pub(super) fn discover(&self) -> (Vec<Input>, Vec<Trouble>) {
        discover(&self.logs)
    }

    /// What is known of the machine, for commands that a report proposes.
    fn site(&self, services: HashMap<String, String>) -> Site {
        let log = match self.logs.as_slice() {
            [log] if log.is_file() => Some(log.display().to_string()),
            _ => None,
        };
        Site { services, log }
    }

    /// Whether any log was named.
    pub(super) fn has_logs(&self) -> bool {
        !self.logs.is_empty()
    }

    /// Whether a file was asked for by this name, and not found in a folder or by a pattern.
    pub(super) fn names(&self, path: &Path) -> bool {
        self.logs.iter().any(|log| log == path)
    }

    /// Whether the arguments stand for a file of this path.
    pub(super) fn covers(&self, path: &Path) -> bool {
        covers(&self.logs, path)
    }

    fn window(&self) -> Result<std::ops::Range<Moment>, CliError> {
        let (since, until) = self.asked(self.zone(), Utc::now())?;
        Ok(since.unwrap_or(Moment(i64::MIN))..until.unwrap_or(Moment(i64::MAX)))
    }

    /// What --since and --until mean now, in this zone.
    pub(super) fn asked(
        &self,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<(Option<Moment>, Option<Moment>), CliError> {
        Ok(period(self.since, self.until, zone, now)?)
    }
}
