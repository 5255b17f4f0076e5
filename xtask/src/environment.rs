//! Which environment variables a nested cargo may see.
//!
//! `cargo xtask` is itself started by `cargo run`, which describes the package `xtask` to it in variables that would
//! mislead a second cargo: builds with other flags than before (everything compiles again), or a compiler meant for
//! another target.

/// Whether a native build may see the variable. What a person set stays, so that the nested build has the same flags as
/// the one that compiled xtask; what `cargo run` set goes.
pub(crate) fn native_build_sees(name: &str) -> bool {
    const SET_BY_CARGO_RUN: [&str; 9] = [
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_MAKEFLAGS",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_LINKS",
        "CARGO_MANIFEST_PATH",
        "CARGO_PRIMARY_PACKAGE",
        "OUT_DIR",
    ];
    const PREFIXES_SET_BY_CARGO_RUN: [&str; 4] = ["CARGO_BIN_EXE_", "CARGO_CFG_", "CARGO_FEATURE_", "CARGO_PKG_"];
    !SET_BY_CARGO_RUN.contains(&name) && !PREFIXES_SET_BY_CARGO_RUN.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the build of the component may see the variable. Only what says where crates come from and how cargo prints
/// stays: the component must not depend on the flags that somebody likes for native code.
pub(crate) fn component_build_sees(name: &str) -> bool {
    const KEPT: [&str; 3] = ["CARGO_BUILD_JOBS", "CARGO_HOME", "CARGO_INCREMENTAL"];
    const KEPT_PREFIXES: [&str; 6] =
        ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_", "CARGO_SOURCE_", "CARGO_TERM_"];
    if KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return true;
    }
    const DROPPED: [&str; 7] = ["CARGO", "CLIPPY_ARGS", "OUT_DIR", "RUSTC", "RUSTDOC", "RUSTDOCFLAGS", "RUSTFLAGS"];
    const DROPPED_PREFIXES: [&str; 2] = ["CARGO_", "RUSTC_"];
    !DROPPED.contains(&name) && !DROPPED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::{component_build_sees, native_build_sees};

    #[test]
    fn a_native_build_keeps_what_a_person_set() {
        for name in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "RUSTC_WRAPPER", "CARGO_HOME", "PATH"] {
            assert!(native_build_sees(name), "{name}");
        }
    }

    #[test]
    fn a_native_build_does_not_see_the_package_that_cargo_run_describes() {
        for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_VERSION", "CARGO_PKG_NAME", "OUT_DIR", "CARGO_BIN_NAME"]
        {
            assert!(!native_build_sees(name), "{name}");
        }
    }

    #[test]
    fn the_component_is_not_built_with_flags_or_compilers_meant_for_native_code() {
        for name in [
            "CARGO",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO_PROFILE_RELEASE_DEBUG",
            "CARGO_TARGET_DIR",
            "RUSTC",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTFLAGS",
        ] {
            assert!(!component_build_sees(name), "{name}");
        }
    }

    #[test]
    fn the_component_is_built_from_the_crates_that_the_settings_point_to() {
        for name in [
            "CARGO_HOME",
            "CARGO_HTTP_PROXY",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_COMPANY_INDEX",
            "CARGO_SOURCE_CRATES_IO_REPLACE_WITH",
            "HTTPS_PROXY",
            "PATH",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(component_build_sees(name), "{name}");
        }
    }
}
