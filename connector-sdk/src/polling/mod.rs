//! The trigger that loses nothing: what was created and what was changed since the last poll, of any list that is
//! ordered by its last change. See `docs/polling.md` for what it promises and why it is built like this; the modules,
//! from the bottom up:
//!
//! - [`bounds`] what one poll may cost and what it covers;
//! - `page` a page and where pages come from, `walk` pages joined by proof;
//! - [`memory`] what is remembered of delivered records, [`classify`] what is delivered and as what;
//! - `upper` how far the clock has come that stamps records, `untimed` records of which nobody knows when they were
//!   changed;
//! - `ties` how far down delivery got among records of one time;
//! - [`entered`] records that entered a state, each once;
//! - [`inventory`] which records are known, `round` which of them are gone;
//! - `pass` from the newest record down to the floor, [`state`] what the next poll needs, [`blob`], `text` and
//!   `packed` its text;
//! - `rebase` what a host gives in place of a state, `origin` which service a state belongs to;
//! - [`window`] a list in an order that nobody knows, of which what was changed since a day can be asked for.
//!
//! A trigger gives a [`PageSource`] and calls [`poll()`]; or a [`WindowSource`], and calls [`poll_window`].

pub mod blob;
pub mod bounds;
pub mod classify;
pub mod entered;
pub mod inventory;
pub mod memory;
mod origin;
mod packed;
mod page;
mod pass;
mod poll;
mod rebase;
mod round;
pub mod state;
mod text;
mod ties;
mod untimed;
mod upper;
pub mod walk;
pub mod window;

#[cfg(test)]
mod tests;

pub use blob::{Names, Watched};
pub use bounds::Bounds;
pub use classify::{Class, Deliveries};
pub use memory::hash;
pub use origin::{MAX_ORIGIN_BYTES, origin};
pub use page::{ChangePage, Item, PageSource, Record};
pub use poll::{Only, Polled, Show, Wanted, payload, poll, poll_pages};
pub use round::Gone;
pub use state::State;
pub use window::{WindowBounds, WindowSource, poll_window, poll_window_pages};
