//! What shells complete, and the files that have them do so.

use std::fs;

use crate::harness::{Desk, ended};
#[cfg(unix)]
use crate::pty::Terminal;
use crate::support::built;

#[tokio::test]
async fn shells_complete_keys_inputs_and_choices_from_the_component() {
    let desk = Desk::new().await;
    let completed = async |shell: &str, words: &[&str]| {
        let mut command = desk.command(&[&["--", "harness"], words].concat());
        command.env("HARNESS_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", (words.len()).to_string());
        ended(command).await.output
    };
    for shell in ["fish", "bash", "zsh", "powershell"] {
        let keys = completed(shell, &["action", "listC"]).await;
        assert!(keys.contains("listComponents") && !keys.contains("rawRequest"), "{shell}: {keys}");
    }
    let inputs = completed("fish", &["action", "createChangeOrder", "--input", ""]).await;
    assert!(inputs.contains("name=\tName") && inputs.contains("type=\tType"), "{inputs}");
    let choices = completed("fish", &["action", "createChangeOrder", "--input", "type="]).await;
    assert!(choices.contains("type=ECO") && choices.contains("type=DCO"), "{choices}");
    assert!(completed("fish", &["poll", ""]).await.contains("pollChangesTrigger"));
}

/// A real bash: it breaks words at = and : before it asks what to complete them by.
#[cfg(unix)]
#[tokio::test]
async fn bash_completes_the_choices_of_an_input() {
    let desk = Desk::new().await;
    let mut shell = Terminal::start_program(&desk, "bash", &["--norc", "--noprofile", "-i"]);
    let script = built("completions/harness.bash");
    shell.type_in(&format!("PS1='> '; . '{}'; echo 'rea'dy\n", script.display()));
    shell.wait_for("ready").await;
    let action = "harness action createChangeOrder";
    for (typed, completed) in [
        (format!("{action} --input type=E"), format!("{action} --input type=ECO ")),
        (format!("{action} --input=type=M"), format!("{action} --input=type=MCO ")),
        (format!("{action} --input 'type=D"), format!("{action} --input 'type=DCO' ")),
        (format!("{action} --input nam"), format!("{action} --input name=")),
        ("harness poll poll".to_owned(), "harness poll pollChangesTrigger ".to_owned()),
    ] {
        shell.type_in(&format!("{typed}\t"));
        shell.wait_for(&completed).await;
        // Empties the line.
        shell.type_in("\u{15}");
    }
    shell.type_in(&format!("{action} --input type=\t\t"));
    shell.wait_for("ECO  MCO  DCO").await;
    shell.type_in("\u{15}exit\n");
    shell.end().await;
}

/// Real ones of zsh and fish: a key or a choice is followed by a blank, and an input by its value. In zsh the script is
/// a file on its path, and the first line is completed already.
#[cfg(unix)]
#[tokio::test]
async fn zsh_and_fish_complete_keys_inputs_and_choices_as_bash_does() {
    let desk = Desk::new().await;
    fs::create_dir(desk.file("functions")).unwrap();
    fs::create_dir(desk.file("a folder")).unwrap();
    fs::write(desk.file("a folder/c.json"), "{}").unwrap();
    fs::copy(built("completions/_harness"), desk.file("functions/_harness")).unwrap();
    let fish =
        format!("function fish_prompt; echo -n '> '; end; source '{}'", built("completions/harness.fish").display());
    let zsh = "PROMPT='> '; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D";
    for (shell, flags, prepared) in [("zsh", ["-f", "-i"], zsh), ("fish", ["--no-config", "-i"], fish.as_str())] {
        if !is_there(shell) {
            continue;
        }
        let mut terminal = Terminal::start_program(&desk, shell, &flags);
        terminal.type_in(&format!("{prepared}; echo 'rea'dy\n"));
        terminal.wait_for("ready\n").await;
        let action = "harness action createChangeOrder";
        for (typed, completed) in [
            (format!("{action} --input type=E"), format!("{action} --input type=ECO next")),
            (format!("{action} --input=type=M"), format!("{action} --input=type=MCO next")),
            (format!("{action} --input nam"), format!("{action} --input name=next")),
            ("harness poll poll".to_owned(), "harness poll pollChangesTrigger next".to_owned()),
            ("harness poll --connection a\\ fol".to_owned(), r"harness poll --connection a\ folder/next".to_owned()),
            (
                r"harness poll --connection a\ folder/c".to_owned(),
                r"harness poll --connection a\ folder/c.json next".to_owned(),
            ),
        ] {
            terminal.type_in(&format!("{typed}\t"));
            let (word, _) = completed.rsplit_once("next").unwrap();
            terminal.wait_for(word.trim_end()).await;
            // Where what is typed next stands is seen in the whole line, which the shell repeats.
            terminal.type_in("next\u{1}echo \n");
            terminal.wait_for(&completed).await;
        }
        terminal.type_in("exit\n");
        terminal.end().await;
    }
}

/// Whether there is such a program, which .ci/run installs.
#[cfg(unix)]
fn is_there(program: &str) -> bool {
    let found = std::process::Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is missing: .ci/run installs it");
    if !found {
        eprintln!("\n*** NOT TESTED: there is no {program}, to complete lines in. ***\n");
    }
    found
}

#[tokio::test]
async fn manual_pages_and_completions_come_with_the_program() {
    let desk = Desk::new().await;
    let made = desk.run_bare(&["documents", "."]).await;
    assert_eq!(made.status, 0, "{}", made.messages);
    let page = fs::read_to_string(desk.file("man/harness-action.1")).unwrap();
    assert!(page.contains("Perform an action") && page.contains("\\-\\-jq"), "{page}");
    assert!(desk.file("man/harness.1").exists() && !desk.file("man/harness-jq-filter.1").exists());
    for name in ["harness.bash", "_harness", "harness.fish", "harness.ps1"] {
        let script = fs::read_to_string(desk.file("completions").join(name)).unwrap();
        assert!(script.contains("HARNESS_COMPLETE"), "{name}: {script}");
        assert_eq!(fs::read_to_string(built("completions").join(name)).unwrap(), script, "{name} of dist/");
    }
}
