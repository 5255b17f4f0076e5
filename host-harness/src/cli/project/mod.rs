//! What a folder says of how connectors are run in it: `harness.toml`, and a `connection.json` that nobody named. Such
//! files come with what one clones, and a file that sends a key elsewhere or opens a network looks like any other. So
//! none of them counts before this user has allowed it as it is: see [`trusted`].

pub(super) mod allow;
pub(super) mod config;
pub(super) mod trusted;
