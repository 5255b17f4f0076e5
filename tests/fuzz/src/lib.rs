//! Everything that reads what others wrote, as functions of bytes that must not panic and must keep their promises.
//! `main` feeds them mutations of `corpus/`, and the end-to-end tests replay it. See `README.md`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken promise is reported by a panic, as in a test"
)]

mod egress;
mod guest;
mod manifest;
mod read_only;

use std::path::PathBuf;

/// One thing that is fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its folder in `corpus/`.
    pub name: &'static str,
    /// Feeds it one input. Panics when a promise is broken; otherwise gives a number that stands for what became of the
    /// input, so that an input with a new outcome can be kept.
    pub run: fn(&[u8]) -> u64,
    /// Words that mean something to it.
    pub words: &'static [&'static str],
}

/// Every target.
pub const TARGETS: [Target; 6] = [
    Target { name: "response", run: guest::response, words: guest::WORDS },
    Target { name: "inputs", run: guest::inputs, words: guest::WORDS },
    Target { name: "state", run: guest::state, words: guest::WORDS },
    Target { name: "egress", run: egress::policy, words: egress::WORDS },
    Target { name: "read-only", run: read_only::documents, words: read_only::WORDS },
    Target { name: "manifest", run: manifest::manifest, words: manifest::WORDS },
];

/// Where the corpus of a target is, in the repository.
pub fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The inputs of a target's corpus with their file names, in order.
pub fn seeds(target: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(corpus(target))? {
        let entry = entry?;
        seeds.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?));
    }
    seeds.sort();
    Ok(seeds)
}

/// What a text says apart from its numbers and quotations, as a number: two errors that differ only in what they repeat
/// are one outcome.
fn outcome(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut quoted = false;
    let mut before = b' ';
    for byte in text.bytes().take(90) {
        // Quotations within a text that is shown for debugging have escaped marks.
        quoted ^= byte == b'`' || (byte == b'"' && before == b'\\');
        before = byte;
        if !quoted && (byte.is_ascii_alphabetic() || byte == b' ') {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

/// The first byte as a choice, and the rest.
fn choice(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}
