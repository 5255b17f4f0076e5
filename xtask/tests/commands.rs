//! The program itself.

use std::process::Command;

#[test]
fn the_help_names_every_command() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for command in ["build", "demo", "test", "check", "manifest", "new", "soak", "fuzz", "bench"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {help}");
    }
}

#[test]
fn a_command_that_is_not_there_is_an_error_with_the_way_out() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("bild").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("build"), "{output:?}");
}
