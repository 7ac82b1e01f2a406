//! The configuration of NGINX and PHP-FPM, read the way those programs read it: includes, globs,
//! inheritance, `$pool`. Everything is read below a [`Root`], nothing is written, and nothing here
//! knows of logs.

mod address;
pub mod fpm;
pub mod nginx;
mod place;
mod root;

pub use address::Address;
pub use place::{Place, Problem};
pub use root::Root;
