//! The connector that this is a copy of exports the same names. The first definition counts, which is this package's.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family.split(',').any(|of| of == "wasm")) {
        println!("cargo::rustc-link-arg=--allow-multiple-definition");
    }
}
