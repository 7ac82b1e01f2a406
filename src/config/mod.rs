//! The configuration of NGINX and PHP-FPM, read the way those programs read it: includes, globs,
//! inheritance, `$pool`. Everything is read below a [`Root`], nothing is written, and nothing here
//! knows of logs.

mod address;
pub mod directives;
mod discover;
pub mod fpm;
pub mod nginx;
mod place;
mod resolve;
mod root;

pub use address::Address;
pub use discover::{Found, discover};
pub use place::{Place, Problem};
pub use resolve::{own_addresses, resolve};
pub use root::Root;
