//! What comes with the program: manual pages, and the scripts by which shells complete its command line. Made from the
//! command line itself, by `cargo xtask build`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueEnum};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

use super::command_error::CommandError;
use super::output;

/// Write the manual pages and the completions of shells to a folder
#[derive(Args)]
#[command(after_long_help = "\
Example:
  harness documents dist")]
pub(super) struct Arguments {
    /// The folder, in which man/ and completions/ are made
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Print the script by which a shell completes this command's words, with the keys and inputs of the component at hand
///
/// The manual pages and the scripts of all four shells come with a release, in man/ and completions/.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  source <(harness completions bash)                                  # in ~/.bashrc
  harness completions zsh > \"${fpath[1]}/_harness\"
  harness completions fish > ~/.config/fish/completions/harness.fish
  harness completions powershell >> $PROFILE")]
pub(super) struct ScriptArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell that completes words by asking the program.
#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    /// What the file with its script is called.
    fn file(self) -> &'static str {
        match self {
            Self::Bash => "harness.bash",
            Self::Zsh => "_harness",
            Self::Fish => "harness.fish",
            Self::Powershell => "harness.ps1",
        }
    }

    fn script(self) -> io::Result<Vec<u8>> {
        let completer: &dyn EnvCompleter = match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
        };
        let mut script = Vec::new();
        // By its name alone: whichever is first on the path completes itself.
        completer.write_registration(VARIABLE, "harness", "harness", "harness", &mut script)?;
        let with = |changes: &[(&str, &str)]| {
            let text = String::from_utf8_lossy(&script).into_owned();
            changes.iter().fold(text, |text, (from, to)| text.replacen(from, to, 1))
        };
        match self {
            Self::Bash => script.extend_from_slice(WHOLE_WORDS.as_bytes()),
            Self::Zsh => script = (with(&IN_ZSH) + AUTOLOADED).into_bytes(),
            Self::Fish => script = with(&[IN_FISH]).into_bytes(),
            Self::Powershell => {}
        }
        Ok(script)
    }
}

/// Prints one script.
pub(super) fn script(arguments: &ScriptArguments) -> Result<(), CommandError> {
    let script = arguments.shell.script()?;
    let text = String::from_utf8(script).map_err(|error| CommandError::usage(error.to_string()))?;
    Ok(output::bare_line(text.trim_end())?)
}

/// The variable that has the program complete a line in place of running it.
pub(super) const VARIABLE: &str = "HARNESS_COMPLETE";

/// What bash needs beside, so that it completes what follows the equals sign of an input.
const WHOLE_WORDS: &str = include_str!("words.bash");

/// What zsh does otherwise: the program is given the words without their quotes, so that a folder's name may have blanks;
/// and behind the equals sign of an input there is no blank, because its value comes there.
const IN_ZSH: [(&str, &str); 5] = [
    (
        "    local _CLAP_IFS=$'\\n'\n",
        "    local _CLAP_IFS=$'\\n'\n    local -a typed=(\"${(@Q)words}\")\n    typed[CURRENT]=\"${(Q)PREFIX}\"\n",
    ),
    ("\"${words[@]}\"", "\"${typed[@]}\""),
    ("        local -a other=()\n", "        local -a other=()\n        local -a inputs=()\n"),
    (
        "            else\n                other+=(\"$completion\")\n",
        "            elif [[ \"$value\" == *= ]]; then\n                inputs+=(\"$completion\")\n            else\n                \
         other+=(\"$completion\")\n",
    ),
    (
        "        [[ -n $other ]] &&",
        "        [[ -n $inputs ]] && _describe -V 'values' inputs -S ''\n        [[ -n $other ]] &&",
    ),
];

/// What fish does otherwise: likewise without quotes.
const IN_FISH: (&str, &str) = ("(commandline --current-token)", "(commandline --current-token | string unescape)");

/// As a file on its path, zsh runs the script when it first completes a line, and wants its answer at once.
const AUTOLOADED: &str = "\nif [[ \"$funcstack[1]\" == _harness ]]; then\n    _clap_dynamic_completer_harness \
                          \"$@\"\nfi\n";

pub(super) fn run(arguments: &Arguments, command: Command) -> Result<(), CommandError> {
    let folder = &arguments.folder;
    let failed = |error: io::Error| CommandError::usage(format!("{} cannot be written to: {error}", folder.display()));
    manual_pages(command, &folder.join("man")).map_err(failed)?;
    completions(&folder.join("completions")).map_err(failed)?;
    output::message(&format!("note: {0}/man and {0}/completions are written", folder.display()));
    Ok(())
}

fn manual_pages(command: Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}

fn completions(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    Shell::value_variants().iter().try_for_each(|shell| fs::write(folder.join(shell.file()), shell.script()?))
}
