//! A terminal with a person at it: what a command shows there, and what is typed.

use crate::harness::{Desk, KEY};
use crate::support::built;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// When a test gives up on a word that does not come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    /// All that was shown, with what drives the terminal.
    shown: Arc<Mutex<String>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the command at a terminal of so many columns, with these variables.
    pub(crate) fn start(desk: &Desk, columns: u16, variables: &[(&str, &str)], words: &[&str]) -> Self {
        let mut command = CommandBuilder::new(built("harness"));
        command.args(words);
        Self::start_command(desk, columns, variables, command)
    }

    /// The same for another program, to which `harness` is a command.
    pub(crate) fn start_program(desk: &Desk, program: &str, words: &[&str]) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(words);
        let (harness, path) = (built("harness"), std::env::var("PATH").unwrap());
        let path = format!("{}:{path}", harness.parent().unwrap().display());
        Self::start_command(desk, 100, &[("PATH", &path)], command)
    }

    fn start_command(desk: &Desk, columns: u16, variables: &[(&str, &str)], mut command: CommandBuilder) -> Self {
        let size = PtySize { rows: 40, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        command.cwd(desk.folder.path());
        for (name, value) in [("TERM", "xterm-256color"), ("DURO_API_KEY", KEY)].iter().chain(variables) {
            command.env(name, value);
        }
        command.env("XDG_STATE_HOME", desk.file("allowed"));
        for name in ["NO_COLOR", "HARNESS_CONNECTION", "CI"] {
            if !variables.iter().any(|(known, _)| *known == name) {
                command.env_remove(name);
            }
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut screen, heard) = (pair.master.try_clone_reader().unwrap(), shown.clone());
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut piece) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..length]));
            }
        });
        Self { child, keyboard: pair.master.take_writer().unwrap(), shown, _master: pair.master }
    }

    /// What was shown, as it came.
    pub(crate) fn raw(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// The same, to be looked at after the end.
    pub(crate) fn raw_handle(&self) -> Arc<Mutex<String>> {
        self.shown.clone()
    }

    /// What was shown, as text.
    pub(crate) fn text(&self) -> String {
        plain(&self.raw())
    }

    /// Waits until this was shown.
    pub(crate) async fn wait_for(&self, text: &str) {
        let begun = Instant::now();
        while !self.text().contains(text) {
            assert!(begun.elapsed() < PATIENCE, "{text:?} does not come in {}", self.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the command's end; gives its status and all that was shown as text.
    pub(crate) async fn end(mut self) -> (u32, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                self.child.kill().ok();
                panic!("it does not end: {}", self.text());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        // What was written last is read after the end.
        tokio::time::sleep(Duration::from_millis(200)).await;
        (status.exit_code(), self.text())
    }
}

/// Text without the sequences that drive a terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' if rest.clone().next() == Some('[') => {
                rest.find(|c| c.is_ascii_alphabetic());
            }
            '\r' => {}
            character => plain.push(character),
        }
    }
    plain
}
