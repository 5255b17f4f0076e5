//! Why a component cannot be loaded.

use std::path::PathBuf;

use super::bindings::Contract;
use super::error::CallError;
use crate::limits::LimitExceeded;

/// Why a component cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the component {} cannot be read: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The compiled component cannot be used, or not be written.
    #[error("the compiled component {} cannot be used: {reason}", .path.display())]
    Precompiled {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The bytes are not a component, or not a valid one.
    #[error("this is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The bytes are machine code where WebAssembly was asked for.
    #[error(
        "this is not a WebAssembly component: it is a program or a compiled component, which is machine code and runs \
         unchecked; if you made it, load it with Runtime::load_precompiled"
    )]
    MachineCode,
    /// The component asks for something that no connector is given.
    #[error("the component imports {}, and a connector is given http and log and nothing else", .0.join(", "))]
    Imports(Vec<String>),
    /// The component does not fit the contract.
    #[error(
        "the component does not fit the contract integration:connector, of which this host speaks {spoken}: {0}",
        spoken = Contract::spoken()
    )]
    Contract(String),
    /// The manifest could not be had.
    #[error("the component's manifest could not be read: {0}")]
    Describe(Box<CallError>),
    /// The manifest contradicts itself.
    #[error("the component's manifest is not sound: {}", .0.join("; "))]
    Manifest(Vec<String>),
    /// The component, or what loading it takes, is over a limit.
    #[error("{0}")]
    Limit(LimitExceeded),
    /// The manifest is not the one that was approved.
    #[error("the component's manifest is not the expected one: {}", said(.0))]
    OtherManifest(Vec<String>),
}

fn said(changes: &[String]) -> String {
    match changes {
        [] => "it differs, though not in which fields are secret nor in where requests go".to_owned(),
        _ => changes.join("; "),
    }
}
