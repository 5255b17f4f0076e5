//! `fleet rollout`: which version of a connector polls which triggers.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use host::NetworkOptions;

use super::StoreOptions;
use super::serve::components;
use super::store::with_engine;
use crate::engine::Engine;
use crate::model::{Name, Rollout};

/// Say which version of a connector polls, or show it
///
/// Without a version it shows what was said. With --percent, so many of a hundred triggers are polled by the version,
/// always the same ones; with 100 it is the current one. Triggers that are pinned to a version have no part in it. A
/// version by which half of its triggers fail is held back by itself; to name it again lets it go on. A version that
/// goes back reads the state that it wrote last, where it cannot read the newer one's: changes come again, and none is
/// lost.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    store: StoreOptions,
    /// The connector: the name of its folder of components
    connector: Name,
    /// The version: the name of its file, without .wasm
    version: Option<String>,
    /// The folder of components, to see that the version is there
    #[arg(long, env = "FLEET_COMPONENTS", value_name = "DIR")]
    components: Option<PathBuf>,
    /// So many of a hundred triggers
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100), requires = "version")]
    percent: u8,
    /// Go back: try no other version any more, or, where none is tried, make the one before the current one again
    #[arg(long, conflicts_with = "version")]
    back: bool,
}

pub(super) async fn run(options: Options) -> Result<()> {
    let connector = &options.connector;
    if let Some(version) = &options.version {
        let Some(folder) = &options.components else {
            bail!("name the folder of components with --components, so that it can be seen that {version} is there");
        };
        let loaded = components(folder, false, NetworkOptions::default()).await?;
        let there = loaded.folder().versions(connector);
        if !there.iter().any(|there| **there == **version) {
            let there = there.iter().map(|version| &**version).collect::<Vec<_>>().join(", ");
            bail!("there is no version {version} of {connector} in {} that can be loaded: {there}", folder.display());
        }
    }
    let rollout = with_engine!(options.store.open(&NetworkOptions::default()).await?, engine => {
        let known = engine.rollout(connector).await?;
        match (&options.version, options.back) {
            (None, false) => known,
            (None, true) => {
                let Some(mut rollout) = known else { bail!("nobody has said yet how {connector} is rolled out") };
                if !rollout.go_back() {
                    bail!("there is no version of {connector} to go back to");
                }
                engine.roll_out(connector, &rollout).await?;
                Some(rollout)
            }
            (Some(version), _) => {
                let mut rollout = match known {
                    Some(rollout) => rollout,
                    None if options.percent < 100 => bail!(
                        "nobody has said yet which version of {connector} is the current one: say so first, without \
                         --percent"
                    ),
                    None => Rollout::of(version),
                };
                rollout.advance(version, options.percent);
                engine.roll_out(connector, &rollout).await?;
                Some(rollout)
            }
        }
    });
    println!("{}", serde_json::to_string(&rollout)?);
    Ok(())
}
