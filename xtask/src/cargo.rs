//! Runs cargo and other programs from inside a cargo command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::environment;

/// Cargo with the person's settings, in the current folder.
pub(crate) fn native() -> Command {
    cleaned("cargo", environment::native_build_sees)
}

/// Cargo without what a person set for native code, in the current folder.
pub(crate) fn component() -> Command {
    cleaned("cargo", environment::component_build_sees)
}

/// The compiler that the guest's build will use.
pub(crate) fn rustc() -> Command {
    cleaned("rustc", environment::component_build_sees)
}

/// Runs a program whose output people may read as it comes. A status other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    // Standard output belongs to the commands' own results.
    let status = command.stdout(std::io::stderr()).status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a program whose standard output is this command's own.
pub(crate) fn hand_over(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a program and gives what it printed on standard output. A status other than 0 is an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed what is not UTF-8", shown(command)))
}

/// Runs a `cargo build` or `cargo rustc` and gives the files that it made or found fresh. Asking cargo for their names
/// is the one way that holds under every setting of target directory and target.
pub(crate) fn built_files(command: &mut Command) -> Result<Vec<PathBuf>> {
    command.arg("--message-format=json-render-diagnostics");
    Ok(files_in_messages(&output(command)?))
}

/// The one file among `files` with this name.
pub(crate) fn named<'files>(files: &'files [PathBuf], name: &str) -> Result<&'files Path> {
    let found = files.iter().find(|file| file.file_name().is_some_and(|found| found == name));
    found.map(PathBuf::as_path).with_context(|| format!("cargo built no file named {name}"))
}

/// The program of this name, without the ending that programs have here, that the shell would start.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    program_in(std::env::split_paths(&std::env::var_os("PATH")?), name)
}

/// The same in the first of these folders that has it.
pub(crate) fn program_in(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    folders.into_iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// The command line as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn cannot_start(command: &Command) -> String {
    format!("`{}` could not be started", command.get_program().to_string_lossy())
}

/// Not the path in `CARGO`: by its name, rustup chooses cargo and compiler of one toolchain, and `RUSTUP_TOOLCHAIN`
/// still holds the choice that `cargo +name xtask` made.
fn cleaned(program: &str, sees: fn(&str) -> bool) -> Command {
    let mut command = Command::new(program);
    for name in hidden(std::env::vars_os().map(|(name, _)| name), sees) {
        command.env_remove(name);
    }
    command
}

fn hidden(names: impl Iterator<Item = OsString>, sees: fn(&str) -> bool) -> Vec<OsString> {
    names.filter(|name| name.to_str().is_some_and(|name| !sees(name))).collect()
}

fn files_in_messages(messages: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if message.get("reason").and_then(Value::as_str) != Some("compiler-artifact") {
            continue;
        }
        let names = message.get("filenames").and_then(Value::as_array).into_iter().flatten();
        files.extend(names.filter_map(Value::as_str).map(PathBuf::from));
    }
    files
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::{files_in_messages, hidden, named, program_in};
    use crate::environment;

    #[test]
    fn files_are_read_from_artifact_messages_only() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","filenames":["/t/release/duro_plm.wasm","/t/release/libduro_plm.rlib"]}"#,
            "\n",
            "warning: not JSON\n",
            r#"{"reason":"build-script-executed","filenames":["/t/other"]}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
            "\n"
        );
        let files = files_in_messages(messages);
        assert_eq!(files.len(), 2);
        assert_eq!(named(&files, "duro_plm.wasm").unwrap(), Path::new("/t/release/duro_plm.wasm"));
        assert!(named(&files, "other").unwrap_err().to_string().contains("other"));
    }

    #[test]
    fn a_program_is_found_in_the_first_folder_that_has_it_and_a_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let folders = ["a", "b", "c", "d"].map(|name| folder.path().join(name));
        let name = format!("tool{}", std::env::consts::EXE_SUFFIX);
        std::fs::create_dir_all(folders[1].join(&name)).unwrap();
        for with_tool in &folders[2..] {
            std::fs::create_dir(with_tool).unwrap();
            std::fs::write(with_tool.join(&name), "").unwrap();
        }
        assert_eq!(program_in(folders.clone(), "tool"), Some(folders[2].join(&name)));
        assert_eq!(program_in(folders, "other"), None);
    }

    #[test]
    fn hidden_variables_are_those_that_the_rule_does_not_admit() {
        let names = ["CARGO_PKG_NAME", "PATH", "RUSTFLAGS"].map(OsString::from);
        let found = hidden(names.into_iter(), environment::component_build_sees);
        assert_eq!(found, [OsString::from("CARGO_PKG_NAME"), OsString::from("RUSTFLAGS")]);
    }
}
