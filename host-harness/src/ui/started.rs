//! How the page was started, and the command line that starts it again with more grants.

use std::path::{Path, PathBuf};

use host::WaysOut;
use host::egress::Grant;

use crate::flags::Flags;

/// The command line is the operator's own; a longer one is not copied from a page. In bytes.
const LONGEST_COMMAND: usize = 4 * 1024;

/// How the page was started.
#[derive(Debug, Clone, Default)]
pub(super) struct Started {
    /// The words behind the program's name, as a shell takes them; none where they cannot be written for one.
    pub(super) words: Option<Vec<String>>,
    /// Its flags that count for every call, likewise.
    pub(super) call_flags: Option<Vec<String>>,
    /// The file of its component, where that is WebAssembly.
    pub(super) component: Option<PathBuf>,
    /// The port that was taken.
    pub(super) port: u16,
}

impl Started {
    /// Where a program finds the component, from whatever folder it is run in. Where the component is in no file, the
    /// name of one.
    pub(super) fn component(&self) -> String {
        let path = self.component.as_deref().and_then(|file| std::path::absolute(file).ok());
        path.as_deref().and_then(Path::to_str).unwrap_or("connector.wasm").to_owned()
    }

    /// The command line that starts the page again with these grants, at this port: there the browser finds what it
    /// keeps of its forms.
    pub(super) fn again(&self, grants: &[Grant]) -> Option<String> {
        let mut words = vec!["harness".to_owned()];
        words.extend(grants.iter().filter_map(|grant| Flags.grant(*grant)));
        let mut given = self.words.as_ref()?.iter().peekable();
        let mut has_port = false;
        while let Some(word) = given.next() {
            match word.as_str() {
                "--port=0" => {}
                "--port" if given.peek().is_some_and(|port| *port == "0") => drop(given.next()),
                _ => {
                    has_port |= word == "--port" || word.starts_with("--port=");
                    words.push(word.clone());
                }
            }
        }
        if !has_port {
            words.push(format!("--port {}", self.port));
        }
        Some(words.join(" ")).filter(|line| line.len() <= LONGEST_COMMAND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_the_same_with_the_grants_and_the_port_that_the_browser_knows() {
        let started = |words: &[&str]| Started {
            words: Some(words.iter().map(|word| (*word).to_owned()).collect()),
            port: 4000,
            ..Started::default()
        };
        let again = |words: &[&str]| started(words).again(&[Grant::AllowHttp]).unwrap();
        assert_eq!(again(&["serve", "--port", "0"]), "harness --allow-http serve --port 4000");
        assert_eq!(again(&["serve", "--port=0", "--open"]), "harness --allow-http serve --open --port 4000");
        assert_eq!(again(&["serve", "--port", "80"]), "harness --allow-http serve --port 80");
        assert_eq!(Started::default().again(&[]), None);
        assert_eq!(started(&[&"x".repeat(LONGEST_COMMAND)]).again(&[]), None);
    }
}
