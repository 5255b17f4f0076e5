//! Components in OCI registries.
