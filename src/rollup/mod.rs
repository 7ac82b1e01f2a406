//! What is counted.
//!
//! An [`Event`] is added to a [`Rollup`]; rollups merge; a rollup gives sorted [`Row`]s, and those
//! a [`Summary`]. One that is [`Bounded`] puts rows on a [`Shelf`] where they are too many; rows whose names are too many
//! are [`Named`] by fewer. An [`Intake`] counts what was read on the way. Nothing here knows where records come from or
//! where rows go.

mod ahead;
mod cell;
mod clients;
mod count;
mod event;
mod examples;
mod frequent;
mod incident;
mod intake;
mod leaders;
mod merge;
mod minutes;
mod names;
mod other;
mod row;
mod rows;
mod runs;
mod stored;
mod summary;
mod survey;
mod table;

pub(crate) use ahead::{ahead, some};
pub use clients::{Clients, ClientsTogether};
pub use count::Count;
pub use event::Event;
pub use examples::choose_example;
pub(crate) use examples::lot;
pub use incident::{Bursts, Failures, Incident, Thresholds};
pub use intake::{Intake, Sample};
pub use leaders::Leaders;
pub use minutes::Minutes;
pub use other::{Few, Mention, Named, OTHER, RowByRow, Source};
pub use row::Row;
pub use runs::{Bounded, Place, Rows, Runs, Shelf, Unnamed};
pub use summary::{Change, Earlier, Gist, Pool, Span, Summary, Summing, Tally};
pub use survey::Survey;
pub use table::Rollup;
