//! `badgateway doctor` against real parts: an NGINX and a PHP-FPM that are broken on purpose.
//!
//! Each test breaks one thing, makes requests until the visitor and the error log show it, lets doctor
//! look, does literally what it advises, and asks again: the visitor is served, nothing new stands in the
//! log, and doctor has nothing left to say, although the old errors are still there.

mod backend;
mod containers;
mod daemons;
mod debian;
mod diagnosis;
mod files;
mod fix;
mod healthy;
mod house;
mod keepalive;
mod limits;
mod load;
mod log;
mod names;
mod nameserver;
mod namespace;
mod paths;
mod pools;
mod port;
mod ports;
mod process;
mod rights;
mod sockets;
mod stopped;
mod timeouts;
mod unloaded;
mod variables;
mod visitor;
mod visits;
