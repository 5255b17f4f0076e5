//! A terminal with a person at it: what a command shows there, and what is typed.

use crate::harness::{Desk, KEY};
use crate::support::{OF_A_USER, built};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// When a test gives up on a word that does not come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    /// All that was shown, with what drives the terminal.
    shown: Arc<Mutex<Vec<u8>>>,
    /// Ends with the last that was shown.
    reader: JoinHandle<()>,
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
        command.env("INPUTRC", "/dev/null");
        for name in OF_A_USER.iter().chain(&["CI"]) {
            if !variables.iter().any(|(known, _)| known == name) {
                command.env_remove(name);
            }
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, heard) = (pair.master.try_clone_reader().unwrap(), shown.clone());
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut piece) {
                heard.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Self { child, keyboard: pair.master.take_writer().unwrap(), shown, reader, _master: pair.master }
    }

    /// What was shown, as it came.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
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
    pub(crate) async fn end(self) -> (u32, String) {
        let (status, raw) = self.end_raw().await;
        (status, plain(&raw))
    }

    /// The same, with what drives the terminal.
    pub(crate) async fn end_raw(mut self) -> (u32, String) {
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
        // What was written last is read after the end; a process that outlives the command may still hold the terminal.
        let begun = Instant::now();
        while !self.reader.is_finished() && begun.elapsed() < Duration::from_secs(2) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        (status.exit_code(), self.raw())
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
            '\n' | '\t' => plain.push(character),
            // A shell rings, too.
            character if character.is_control() => {}
            character => plain.push(character),
        }
    }
    plain
}
