//! What is counted.
//!
//! An [`Event`] is added to a [`Rollup`]; rollups merge; a rollup gives sorted [`Row`]s, and those
//! a [`Summary`]. An [`Intake`] counts what was read on the way. Nothing here knows where records
//! come from or where rows go.

mod clients;
mod event;
mod examples;
mod incident;
mod intake;
mod minutes;
mod row;
mod summary;
mod table;

pub use clients::Clients;
pub use event::Event;
pub use incident::{Incident, Thresholds};
pub use intake::{Intake, Sample};
pub use minutes::Minutes;
pub use row::Row;
pub use summary::{Pool, Summary, Tally};
pub use table::Rollup;
