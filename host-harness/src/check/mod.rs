//! Whether a component keeps the contract: what a host, and a flow, count on, tried out. Knows no service: the one that
//! a component is tried on is made up from what its manifest says that it asks for, or answers what was recorded.
//!
//! `checks` is what they are called and ask for; `suite` makes them in order, and `not_loaded` says what comes of them
//! where there is nothing to call; `bench` is what they are made with; `service` the made-up service; `deliveries` what
//! came of its records; `bounds` and `payloads` look at every call that the others make; `schemas` is what values are
//! held against; the rest are the checks, by what they are about.

mod bench;
mod bounds;
mod calls;
mod checks;
mod declared;
mod deliveries;
mod histories;
mod live;
mod logs;
mod not_loaded;
mod payloads;
mod schemas;
mod service;
mod states;
mod suite;
mod troubles;
mod versions;

use serde::Serialize;

pub(crate) use live::Live;
pub(crate) use not_loaded::not_loaded;
pub(crate) use suite::{Subject, run};

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub(crate) enum Verdict {
    /// It holds.
    Passed {
        /// What was tried, in a few words.
        tried: String,
    },
    /// It does not.
    Failed {
        /// What was found, a sentence each.
        problems: Vec<String>,
    },
    /// It could not be tried.
    NotChecked {
        /// Why not.
        why: String,
    },
}

/// One check of the suite, done.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    /// Its name, by which it is known from version to version.
    pub(crate) check: &'static str,
    /// What has to hold.
    pub(crate) rule: &'static str,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// What to do where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) way_out: Option<&'static str>,
}

/// More problems of one check than these say nothing new.
const MOST_PROBLEMS: usize = 20;

impl Verdict {
    fn passed(tried: impl Into<String>) -> Self {
        Self::Passed { tried: tried.into() }
    }

    fn not_checked(why: impl Into<String>) -> Self {
        Self::NotChecked { why: why.into() }
    }

    /// Failed if there are problems, else passed.
    fn of(mut problems: Vec<String>, tried: impl Into<String>) -> Self {
        if problems.is_empty() {
            return Self::passed(tried);
        }
        let more = problems.len().saturating_sub(MOST_PROBLEMS);
        problems.truncate(MOST_PROBLEMS);
        if more > 0 {
            problems.push(format!("and {more} more"));
        }
        Self::Failed { problems }
    }

    pub(crate) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}
