//! Tenants' services: a simulated one for each, in this process, which is never killed: what they hold is what is true.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use duro_sim::{DuroSim, Fault, Resource};
use jiff::Timestamp;

/// How many records each has to begin with.
const RECORDS: usize = 40;

/// One tenant with its service.
pub(crate) struct Tenant {
    /// The tenant's name.
    pub(crate) name: String,
    /// The key of its service.
    pub(crate) key: String,
    /// The service.
    pub(crate) sim: DuroSim,
    ids: Vec<String>,
    /// Records that were changed since the triggers began to count.
    changed: BTreeSet<String>,
}

/// What is wrong with the services of tenants that misbehave: their names say it.
const FAULTS: [(&str, &str); 4] =
    [("bad-429", "429:1"), ("bad-key", "unauthorized"), ("bad-endless", "huge:30000000"), ("bad-late", "slow-body:8s")];

/// All of them.
pub(crate) struct Services {
    /// The tenants.
    pub(crate) tenants: Vec<Tenant>,
    /// Changes that were made.
    pub(crate) changes: u64,
}

impl Services {
    pub(crate) fn start(count: usize) -> Result<Self> {
        let tenants = (0..count).map(|n| tenant(format!("tenant-{n}"), n));
        Ok(Self { tenants: tenants.collect::<Result<_>>()?, changes: 0 })
    }

    /// Tenants whose services misbehave, beside `count` that do not.
    pub(crate) fn start_bad(count: usize) -> Result<Self> {
        let tenants = FAULTS.into_iter().enumerate().map(|(n, (name, fault))| {
            let tenant = tenant(name.to_owned(), count + n)?;
            tenant.sim.fault_every(1, fault.parse::<Fault>()?);
            Ok(tenant)
        });
        Ok(Self { tenants: tenants.collect::<Result<_>>()?, changes: 0 })
    }

    /// Changes a record of some tenant, or adds one.
    pub(crate) fn change(&mut self) {
        let Some(tenant) = fastrand::choice(&mut self.tenants) else { return };
        let id = match fastrand::choice(&tenant.ids).filter(|_| fastrand::u8(0..4) > 0) {
            Some(id) => {
                tenant.sim.touch(Resource::Components, id);
                id.clone()
            }
            None => {
                let id = tenant.sim.add(Resource::Components, &format!("Part {}", self.changes));
                tenant.ids.push(id.clone());
                id
            }
        };
        tenant.changed.insert(id);
        self.changes += 1;
    }

    /// Changes a record of every tenant's.
    pub(crate) fn change_all(&mut self) {
        for tenant in &mut self.tenants {
            if let Some(id) = fastrand::choice(&tenant.ids).cloned() {
                tenant.sim.touch(Resource::Components, &id);
                tenant.changed.insert(id);
                self.changes += 1;
            }
        }
    }

    /// What each tenant's triggers must have delivered by now: of each changed record, when it was changed last.
    pub(crate) fn truth(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let truth = self.tenants.iter().map(|tenant| {
            let records = tenant.changed.iter().filter_map(|id| {
                let record = tenant.sim.record(Resource::Components, id)?;
                Some((id.clone(), timestamp(record.last_modified)?))
            });
            (tenant.name.clone(), records.collect())
        });
        truth.collect()
    }

    /// Requests that all services had.
    pub(crate) fn requests(&self) -> u64 {
        self.tenants.iter().map(|tenant| tenant.sim.request_count()).sum()
    }
}

fn tenant(name: String, n: usize) -> Result<Tenant> {
    let builder = DuroSim::builder().components(RECORDS).personal_components(0).change_orders(0);
    let sim = builder.seed(n as u64 + 1).key(&key(n)).kept_requests(0).spawn_blocking();
    let sim = sim.context("a simulated service cannot be started")?;
    let ids = sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
    Ok(Tenant { name, key: key(n), sim, ids, changed: BTreeSet::new() })
}

/// The key of a tenant's service. Looks like nothing else, so that it can be looked for.
fn key(tenant: usize) -> String {
    format!("canary-key-of-tenant-{tenant}-4f1c9a77e2")
}

/// As the service writes it.
fn timestamp(milliseconds: i64) -> Option<String> {
    Some(format!("{:.3}", Timestamp::from_millisecond(milliseconds).ok()?))
}
