//! `cargo xtask new`: the beginning of an action or of a whole connector, which compiles and passes its tests.

mod action;
mod connector;
mod names;
mod selection;

use anyhow::Result;

use crate::workspace::Workspace;

/// Write the beginning of an action or of a connector, which compiles and passes its tests.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask new action getPart\n  cargo xtask new connector acme-things\n  \
                  cargo xtask new action getThing --connector acme-things")]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Write an action: its query, an example of its result, its code with a test, and its row in the connector's table
    Action {
        /// The action's key, in camelCase: getPart
        name: String,
        /// The connector that gets it: a folder of connectors/; without it the Duro connector
        #[arg(long, value_name = "NAME")]
        connector: Option<String>,
    },
    /// Write a connector on the SDK in connectors/NAME, with an action, a data source, a trigger, tests and a simulated
    /// service
    Connector {
        /// The name of its folder and package, in kebab-case: acme-things
        name: String,
    },
}

/// Writes what the options ask for, and says what to do next.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    match &options.what {
        What::Action { name, connector } => action::write(workspace, name, connector.as_deref()),
        What::Connector { name } => connector::write(workspace, name),
    }
}
