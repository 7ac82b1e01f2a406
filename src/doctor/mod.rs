//! NGINX, PHP-FPM, the sockets between them and the log, checked against each other.
//!
//! A check is one function in `checks/`: it looks at a [`Subject`] and returns [`Finding`]s, each with
//! evidence, consequence and a fix that can be applied literally. Nothing here writes, or starts
//! anything.

mod backends;
mod checks;
mod complaints;
mod facts;
mod finding;
mod knock;
mod links;
mod logged;
mod nearest;
mod nginx;
mod reach;
mod services;
mod steps;
mod subject;
mod system;
mod tell;

pub use checks::{CHECKS, Check};
pub use finding::{Finding, Severity, Step};
pub use logged::Logged;
pub use subject::Subject;
pub use system::System;
pub use tell::{Diagnosis, LookedAt};
