//! Where bytes come from.
//!
//! This room turns what the user named (files, folders, globs, URLs of objects, `-`) into [`Input`]s, opens them
//! as a memory map or a stream, decompressed, and hands out [`Chunk`]s that begin at a record. It does not know
//! what a record looks like: whoever asks for chunks brings a [`Cut`] that does.

mod chunk;
mod decompress;
mod discover;
mod fingerprint;
mod input;
mod map;
mod meter;
mod open;
mod privacy;
mod resume;
mod stream;
mod trouble;

pub use chunk::{Chunk, Chunks, Cut, Start};
pub use decompress::{Compression, Damage};
pub use discover::{covers, discover, whole_path};
pub use fingerprint::{End, Fingerprint, Mark};
pub use input::{Input, Memory};
pub use meter::{Meter, Position, Progress};
pub use open::{Access, Signature, Source, mapped, open};
pub use privacy::Privacy;
pub use resume::{Recognised, Watch};
pub use trouble::Trouble;
