//! What a whole run is told: where things are, and what the report repeats.

use std::path::PathBuf;

use crate::files::Files;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) files: Files,
    /// The harness command
    #[arg(long)]
    pub(crate) harness: PathBuf,
    /// The Node script, beside its installed modules; without it Node is left out
    #[arg(long)]
    pub(crate) node: Option<PathBuf>,
    /// Where the report goes
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Sizes of the component that the report repeats: bytes, and bytes gzipped
    #[arg(long, num_args = 2)]
    pub(crate) sizes: Vec<u64>,
    /// Versions that the report repeats, such as "wasmtime 48.0.8"
    #[arg(long)]
    pub(crate) version: Vec<String>,
    /// A round of each case in place of several
    #[arg(long)]
    pub(crate) quick: bool,
}
