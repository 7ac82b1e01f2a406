//! Where bytes come from.
//!
//! This room turns what the user named (files, folders, globs, `-`) into [`Input`]s, opens them
//! as a memory map or a stream, and hands out [`Chunk`]s that begin at a record. It does not know
//! what a record looks like: whoever asks for chunks brings a [`Cut`] that does.

mod chunk;
mod discover;
mod map;
mod open;
mod trouble;

pub use chunk::{Chunk, Chunks, Cut, Start};
pub use discover::{Input, discover};
pub use open::{Access, Source, open};
pub use trouble::Trouble;
