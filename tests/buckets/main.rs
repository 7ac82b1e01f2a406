//! Logs and datasets in buckets, against a real S3 server on loopback.

mod house;
mod kills;
mod line;
mod logs;
mod races;
mod requests;
mod same;
mod server;
