//! From a core WebAssembly module to a component, and what the component asks of its host.

use std::io::Write;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use wit_component::{ComponentEncoder, DecodedWasm};

/// The interfaces whose functions the connector may call. Everything else (files, clocks, randomness, sockets) stays
/// out.
const ALLOWED_IMPORTS: [&str; 2] = ["integration:connector/http", "integration:connector/log"];

/// Makes a component of a core module and validates it.
pub(crate) fn componentise(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .context("the compiled module cannot be made a component; does it export the whole of wit/world.wit?")
}

/// Fails when the component calls anything that the contract does not give it.
pub(crate) fn check_imports(component: &[u8]) -> Result<()> {
    let imports = imported_functions(component)?;
    let surplus: Vec<&str> = imports.iter().map(String::as_str).filter(|name| !is_allowed(name)).collect();
    if !surplus.is_empty() {
        bail!(
            "the component imports {}, but may import {} alone; look for a new dependency that needs an operating \
             system",
            surplus.join(", "),
            ALLOWED_IMPORTS.join(" and ")
        );
    }
    Ok(())
}

/// The size in bytes as gzip packs it.
pub(crate) fn gzipped_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The imports that have functions. An interface of types alone gives the component nothing to call.
fn imported_functions(component: &[u8]) -> Result<Vec<String>> {
    let DecodedWasm::Component(resolve, world) =
        wit_component::decode(component).context("the component is unreadable")?
    else {
        bail!("the result is a WIT package and not a component");
    };
    let world = resolve.worlds.get(world).context("the component describes no world")?;
    let mut names = Vec::new();
    for (key, item) in &world.imports {
        let has_functions = match item {
            wit_parser::WorldItem::Interface { id, .. } => {
                resolve.interfaces.get(*id).is_none_or(|interface| !interface.functions.is_empty())
            }
            wit_parser::WorldItem::Function(_) => true,
            wit_parser::WorldItem::Type { .. } => false,
        };
        if has_functions {
            names.push(resolve.name_world_key(key));
        }
    }
    Ok(names)
}

fn is_allowed(name: &str) -> bool {
    ALLOWED_IMPORTS.iter().any(|allowed| name.strip_prefix(allowed).is_some_and(|rest| rest.starts_with('@')))
}

#[cfg(test)]
mod tests {
    use super::{check_imports, componentise, gzipped_size};

    const HTTP: &str = r#"(import "integration:connector/http@0.2.0" (instance (export "send" (func))))"#;
    const LOG: &str = r#"(import "integration:connector/log@0.2.0" (instance (export "log" (func))))"#;
    const TYPES: &str = r#"(import "integration:connector/types@0.2.0" (instance))"#;
    const CLOCK: &str = r#"(import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func))))"#;
    const HTTPS: &str = r#"(import "integration:connector/https@0.2.0" (instance (export "send" (func))))"#;

    fn component(parts: &[&str]) -> Vec<u8> {
        wat::parse_str(format!("(component {})", parts.join("\n"))).unwrap()
    }

    #[test]
    fn http_log_and_interfaces_of_types_alone_may_be_imported() {
        check_imports(&component(&[HTTP, LOG, TYPES])).unwrap();
        check_imports(&component(&[])).unwrap();
    }

    #[test]
    fn any_other_function_is_refused_by_name() {
        for (import, name) in [(CLOCK, "wasi:clocks/wall-clock"), (HTTPS, "integration:connector/https")] {
            let error = check_imports(&component(&[HTTP, LOG, import])).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_module_that_exports_nothing_of_the_contract_is_refused_with_a_hint() {
        let module = wat::parse_str(r#"(module (import "env" "open" (func)))"#).unwrap();
        let error = format!("{:#}", componentise(&module).unwrap_err());
        assert!(error.contains("wit/world.wit"), "{error}");
    }

    #[test]
    fn repeated_bytes_pack_to_less_than_they_are() {
        assert!(gzipped_size(&[7; 10_000]).unwrap() < 100);
    }
}
