use clap::Args;

use crate::rollup::Thresholds;

/// What makes an incident.
#[derive(Debug, Args)]
pub(super) struct Incidents {
    /// An incident begins when a pool has so many failures more than --incident-factor lets pass.
    ///
    /// What is let pass in each minute is taken off, so that N failures in a minute make an incident, and one
    /// failure a minute makes one if it goes on for 2 N minutes.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = "Incidents"
    )]
    incident_failures: u64,

    /// So many times what is usual for the pool is let pass in a minute, and half a failure at least.
    ///
    /// Usual is the upper quartile of the hours of a day, on most days of the week before: what is there for less
    /// than a quarter of each day is not, nor is what was there on three days only.
    #[arg(
        long,
        value_name = "X",
        default_value_t = 3.0,
        value_parser = factor,
        help_heading = "Incidents"
    )]
    incident_factor: f64,

    /// An incident is over when for so many minutes no more failed than is let pass.
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 10,
        value_parser = clap::value_parser!(i64).range(1..=1440),
        help_heading = "Incidents"
    )]
    incident_gap: i64,
}

impl Incidents {
    pub(super) fn thresholds(&self) -> Thresholds {
        Thresholds {
            failures: self.incident_failures,
            factor: self.incident_factor,
            gap_minutes: self.incident_gap,
        }
    }
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (1.0..=1e6).contains(&factor) => Ok(factor),
        _ => Err("expected a number from 1 to 1000000".to_owned()),
    }
}
