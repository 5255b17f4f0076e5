//! The components that a fleet polls with, several versions of each side by side, and how they do.

mod folder;
mod health;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use host::Connector;

pub(crate) use folder::Folder;
pub(crate) use health::Health;

use crate::model::{Definition, Name, Rollout, TriggerId};

/// The connectors of a fleet.
#[derive(Debug)]
pub(crate) struct Connectors {
    folder: Folder,
    rollouts: RwLock<HashMap<Name, Rollout>>,
}

/// The version that polls a trigger.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// Which one.
    pub(crate) version: Arc<str>,
    /// The component.
    pub(crate) connector: Connector,
}

impl Connectors {
    pub(crate) fn new(folder: Folder) -> Self {
        Self { folder, rollouts: RwLock::default() }
    }

    /// The components that there are.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Takes over how a connector is rolled out; none where nobody has said so.
    pub(crate) fn set_rollout(&self, connector: &Name, rollout: Option<Rollout>) {
        let mut rollouts = self.rollouts.write().unwrap_or_else(PoisonError::into_inner);
        match rollout {
            Some(rollout) => rollouts.insert(connector.clone(), rollout),
            None => rollouts.remove(connector),
        };
    }

    /// Holds a version back here, before the engine says so. False where it is held already, and where there is nothing
    /// to fall back to, because nobody has said how the connector is rolled out.
    pub(crate) fn hold(&self, connector: &Name, version: &str, reason: &str) -> bool {
        let mut rollouts = self.rollouts.write().unwrap_or_else(PoisonError::into_inner);
        rollouts.get_mut(connector).is_some_and(|rollout| rollout.hold(version, reason))
    }

    /// The version that is to poll a trigger. The error says what to do.
    pub(crate) fn choose(&self, id: &TriggerId, definition: &Definition) -> Result<Chosen, String> {
        let connector = &definition.connector;
        let versions = self.folder.versions(connector);
        let rollouts = self.rollouts.read().unwrap_or_else(PoisonError::into_inner);
        let wanted = match (rollouts.get(connector), &definition.version) {
            (_, Some(pinned)) => pinned.as_str(),
            (Some(rollout), None) => rollout.version(id, definition),
            (None, None) => match versions.as_slice() {
                [only] => only,
                [] => {
                    return Err(format!(
                        "there is no connector {connector} here: put {connector}/VERSION.wasm into --components"
                    ));
                }
                several => {
                    let several = several.iter().map(|version| &**version).collect::<Vec<_>>().join(", ");
                    return Err(format!(
                        "there are the versions {several} of {connector}, and nobody has said which one polls: `fleet \
                         rollout {connector} VERSION`"
                    ));
                }
            },
        };
        // A version that is not here, or that cannot be loaded, stops nobody who is not pinned to it.
        let others = rollouts.get(connector).filter(|_| definition.version.is_none());
        let others =
            others.into_iter().flat_map(|rollout| [Some(&rollout.current), rollout.previous.as_ref()]).flatten();
        let candidates = std::iter::once(wanted).chain(others.map(String::as_str));
        let found = candidates.filter_map(|version| self.folder.connector(connector, version)).next();
        found.ok_or_else(|| {
            let there = versions.iter().map(|version| &**version).collect::<Vec<_>>().join(", ");
            format!(
                "there is no version {wanted} of {connector} here, only {there}: put {connector}/{wanted}.wasm \
                 into --components"
            )
        })
    }
}
