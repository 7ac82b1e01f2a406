//! Nights in which clocks are put back or forward: every event is counted when it happened, however
//! the log is read.

mod program;
mod runs;
mod truth;
mod whole;
