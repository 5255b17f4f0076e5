//! The flow-builder page in a real browser, as `dist/harness serve` serves it, on a simulated service of each test's
//! own.
//!
//! Chromium is driven through chromedriver. Where there is no chromedriver the tests say so and pass, unless `CI` is
//! set.

mod accessibility;
mod bench;
pub(crate) mod bounds;
mod browser;
pub(crate) mod command;
mod editor;
mod forms;
mod history;
mod hostile;
mod journeys;
mod keyboard;
mod keys;
mod leaving;
mod past;
mod picker;
mod poisoned;
mod recordings;
mod results;
mod screenshots;
mod second;
mod secrecy;
mod status;
mod tables;
mod trigger;
mod waiting;
mod ways;
