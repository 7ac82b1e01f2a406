//! Reads NGINX error logs and answers which upstream pool failed, how, when, and what to do.
//!
//! The way of a byte: [`source`] cuts a log into chunks that begin at a record, [`record`] borrows
//! the fields, [`taxonomy`] decides the class, [`pool`] names the pool by what [`config`] has read,
//! [`rollup`] counts.
//! [`scan`] walks that way on all cores. [`dataset`] and [`render`] write the outcome once. [`doctor`]
//! checks the configurations, the machine and what was counted against each other.
//! Each room knows only the rooms before it.
//!
//! ```
//! use badgateway::rollup::Summary;
//! use badgateway::scan::Scan;
//! use badgateway::source::discover;
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let log = folder.path().join("error.log");
//! # std::fs::write(&log, "2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection \
//! #     refused) while connecting to upstream, client: 192.0.2.1, server: a, request: \"GET / \
//! #     HTTP/1.1\", upstream: \"http://127.0.0.1:8080/\", host: \"a\"\n").unwrap();
//! let (inputs, _) = discover(&[log]);
//! let hour = 3_600_000_000;
//! let outcome = Scan::new(inputs).rollup(hour);
//! let summary = Summary::new(&outcome.value.into_rows(), outcome.intake);
//! assert_eq!(summary.pools[0].name, "127.0.0.1:8080");
//! assert_eq!(summary.pools[0].worst.0.name(), "connect_refused");
//! ```

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod cli;
pub mod config;
pub mod dataset;
pub mod doctor;
pub mod pool;
pub mod record;
pub mod render;
pub mod rollup;
pub mod scan;
pub mod source;
pub mod store;
pub mod taxonomy;
