//! What reading compressed logs costs beside their decoder alone, on the same threads.
//!
//! `cargo run --release --example reading -- [--threads N] [--rounds N] LOG.gz …`
//!
//! The decoder alone is zlib-rs into a buffer that is thrown away. Reading is what every command does
//! before it looks at a record: chunks that begin at a record, in memory of their own. Both are timed in
//! turns, the faster rounds of each are compared.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::record::Boundaries;
use badgateway::source::{Access, Chunks, Input, Position, open};
use clap::Parser;
use flate2::bufread::MultiGzDecoder;

#[derive(Parser)]
struct Arguments {
    /// How many files are read at once.
    #[arg(long, default_value_t = 2)]
    threads: usize,

    /// How often each is timed.
    #[arg(long, default_value_t = 9)]
    rounds: usize,

    /// How large a chunk is, in bytes.
    #[arg(long, default_value_t = 1 << 20)]
    chunk_size: usize,

    /// Only decompress, once, and print how many bytes there were.
    #[arg(long)]
    decoder_alone: bool,

    /// Files that gzip has compressed.
    #[arg(required = true)]
    logs: Vec<PathBuf>,
}

fn main() {
    let arguments = Arguments::parse();
    if arguments.decoder_alone {
        let (_, bytes) = timed(&arguments, |log, _| decode(log));
        return println!("{bytes}");
    }
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=arguments.rounds {
        let (alone, bytes) = timed(&arguments, |log, _| decode(log));
        let (reading, read) = timed(&arguments, read);
        assert_eq!(bytes, read, "both must see the same");
        // The first one warms the page cache.
        if round > 0 {
            times[0].push(alone);
            times[1].push(reading);
        }
    }
    let [alone, reading] = times.map(|mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    println!(
        "decoder alone {alone:.3} s, reading {reading:.3} s, {:.3}",
        reading / alone
    );
}

/// Has `work` done for every file, on all threads; the time it took, and how many bytes there were.
fn timed(arguments: &Arguments, work: fn(&Path, usize) -> u64) -> (Duration, u64) {
    let waiting = Mutex::new(arguments.logs.clone());
    let bytes = AtomicU64::new(0);
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                while let Some(log) = waiting.lock().ok().and_then(|mut logs| logs.pop()) {
                    bytes.fetch_add(work(&log, arguments.chunk_size), Ordering::Relaxed);
                }
            });
        }
    });
    (begin.elapsed(), bytes.into_inner())
}

fn decode(log: &Path) -> u64 {
    let file = File::open(log).expect("the log opens");
    let mut decoder = MultiGzDecoder::new(BufReader::with_capacity(128 * 1024, file));
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match decoder.read(&mut buffer).expect("the log is whole") {
            0 => return bytes,
            read => bytes += read as u64,
        }
    }
}

fn read(log: &Path, chunk_size: usize) -> u64 {
    let source = open(
        &Input::File(log.to_path_buf()),
        Access::Auto,
        Position::default(),
    )
    .expect("the log opens");
    let chunks = Chunks::new(source, &Boundaries, chunk_size);
    chunks
        .map(|chunk| chunk.expect("the log is whole").len() as u64)
        .sum()
}
