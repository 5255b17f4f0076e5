//! Whether programs and tests are compiled with one set of features. Cargo leaves out the features of dev-dependencies
//! where it builds a program; a crate that has others for the tests is compiled twice, and so is everything that uses
//! it: Wasmtime, for one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::cargo;
use crate::workspace::Workspace;

/// The features that each crate is compiled with, by its name and version: one set, or two where a build script or a
/// macro uses it, too.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Fails if a crate of the programs has other features in the tests.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let differing = differing(&features(workspace, "normal,build")?, &features(workspace, "normal,build,dev")?);
    if differing.is_empty() {
        return Ok(());
    }
    bail!(
        "tests would compile these crates, and all that use them, once more with other features:\n{}\nTo have one set: \
         write the [dev-dependencies] that bring them under [dependencies], where only tests are built from the \
         package; else write the features down in [workspace.dependencies].",
        differing.join("\n")
    );
}

fn features(workspace: &Workspace, edges: &str) -> Result<Features> {
    let mut command = workspace.native_cargo();
    command.args(["tree", "--locked", "--workspace", "--edges", edges, "--prefix", "none", "--format", "{p}\t{f}"]);
    Ok(read(&cargo::output(&mut command)?))
}

fn read(tree: &str) -> Features {
    let mut features = Features::new();
    for line in tree.lines() {
        // What was printed before comes again with a star.
        let line = line.strip_suffix(" (*)").unwrap_or(line);
        let Some((package, list)) = line.split_once('\t') else { continue };
        // The path of a package of the workspace says nothing more.
        let name = package.split(" (").next().unwrap_or(package);
        features.entry(name.to_owned()).or_default().insert(list.to_owned());
    }
    features
}

fn differing(programs: &Features, tests: &Features) -> Vec<String> {
    let shown = |sets: &BTreeSet<String>| sets.iter().map(|set| format!("[{set}]")).collect::<Vec<_>>().join(" and ");
    let of_both = programs.iter().filter_map(|(name, first)| Some((name, first, tests.get(name)?)));
    let different = of_both.filter(|(_, first, second)| first != second);
    different.map(|(name, first, second)| format!("  {name}: {}, in tests {}", shown(first), shown(second))).collect()
}

#[cfg(test)]
mod tests {
    use super::{differing, read};

    const PROGRAMS: &str = "host v0.1.0 (/w/host)\t\nsyn v2.0.1\tfull\ntokio v1.0.0\tfs,net\ntokio-macros v1.0.0 \
                            (proc-macro)\t\n\
                            syn v2.0.1\tfull (*)\n\ntokio v1.0.0\tfs,net (*)\n";

    #[test]
    fn crates_of_tests_alone_do_not_count() {
        let tests = format!("{PROGRAMS}proptest v1.0.0\tstd\n");
        assert_eq!(differing(&read(PROGRAMS), &read(&tests)), Vec::<String>::new());
    }

    #[test]
    fn a_crate_with_another_feature_in_tests_is_named_with_both_sets() {
        let tests = PROGRAMS.replace("fs,net", "fs,net,process");
        assert_eq!(differing(&read(PROGRAMS), &read(&tests)), ["  tokio v1.0.0: [fs,net], in tests [fs,net,process]"]);
    }

    #[test]
    fn a_second_set_for_macros_is_a_difference_too() {
        let tests = format!("{PROGRAMS}syn v2.0.1\tfold,full\n");
        let expected = ["  syn v2.0.1: [full], in tests [fold,full] and [full]"];
        assert_eq!(differing(&read(PROGRAMS), &read(&tests)), expected);
    }
}
