//! What was asked of a component and what came of it, in one file: readable by people, by the network panel of a
//! browser (it is a HAR), and by whoever runs the component on it again without a network.
//!
//! `call` is one call as it is kept, `file` all of them, in the shapes of `har`, `recorder` what hears of calls,
//! `redaction` what is taken out before they are written, which `taking_out` does, `finish` what stands between the
//! two, `tape` and `replay` run them again, `difference` says what is no longer the same, and `answers` has exchanges
//! stand in for a service.

mod answers;
mod bytes_text;
mod call;
mod component;
mod difference;
mod file;
mod finish;
mod har;
mod recorder;
mod redaction;
mod replay;
mod rewriting;
mod taking_out;
mod tape;

pub(crate) use answers::Answers;
pub(crate) use call::Call;
pub(crate) use component::Component;
pub(crate) use difference::Difference;
pub(crate) use file::{LARGEST, Recording};
pub(crate) use finish::{Finished, finish};
pub(crate) use recorder::Recorder;
pub(crate) use redaction::Redaction;
pub(crate) use replay::replay;
