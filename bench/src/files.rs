//! Where a run finds the component, and keeps its own files.

use std::path::PathBuf;

/// What every process of a run needs to find.
#[derive(clap::Args, Clone)]
pub(crate) struct Files {
    /// The component
    #[arg(long)]
    pub(crate) component: PathBuf,
    /// Where recordings and other files of the run go
    #[arg(long)]
    pub(crate) work: PathBuf,
}
