//! Loads, sandboxes and runs connector components.
