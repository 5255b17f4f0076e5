//! Runs `dist/harness` as a person would, and keeps what came back.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::screen::quoted;
use crate::service::Service;
use crate::workspace::Workspace;

/// The harness with a connection to the simulated service.
pub(super) struct Harness {
    root: PathBuf,
    folder: PathBuf,
    program: String,
    key: String,
    connection: PathBuf,
    connection_text: String,
    recordings: Option<Recordings>,
}

/// Where runs are recorded, and how many were.
struct Recordings {
    folder: PathBuf,
    runs: Cell<usize>,
}

/// The commands whose calls can be recorded.
const RECORDED: [&str; 5] = ["test-connection", "action", "data-source", "poll", "watch"];

/// One run of the harness.
pub(super) struct Run {
    /// The exit status; none where a signal ended it.
    pub(super) status: Option<i32>,
    pub(super) output: String,
    pub(super) messages: String,
}

impl Harness {
    /// Writes the connection into `folder`.
    pub(super) fn new(workspace: &Workspace, service: &Service, folder: &Path) -> Result<Self> {
        let connection_text = connection_text(service.url())?;
        let connection = folder.join("connection.json");
        fs::write(&connection, &connection_text)
            .with_context(|| format!("{} cannot be written", connection.display()))?;
        Ok(Self {
            root: workspace.root.clone(),
            folder: folder.to_owned(),
            program: workspace.shown(&workspace.harness()).to_string(),
            key: service.key().to_owned(),
            connection,
            connection_text,
            recordings: None,
        })
    }

    /// The same, with every call recorded in this folder, in place of what is recorded there.
    pub(super) fn recording_in(self, folder: Option<&Path>) -> Result<Self> {
        let Some(folder) = folder else { return Ok(self) };
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "har") {
                fs::remove_file(path)?;
            }
        }
        let folder = folder.canonicalize()?;
        Ok(Self { recordings: Some(Recordings { folder, runs: Cell::new(0) }), ..self })
    }

    /// What is said to the harness beside the words of the tour.
    fn recorded(&self, arguments: &[String]) -> Vec<String> {
        let command = arguments.iter().find(|word| RECORDED.contains(&word.as_str()));
        let (Some(recordings), Some(command)) = (&self.recordings, command) else { return Vec::new() };
        recordings.runs.set(recordings.runs.get() + 1);
        let name = format!("{:02}-{command}.har", recordings.runs.get());
        vec!["--record".to_owned(), recordings.folder.join(name).to_string_lossy().into_owned()]
    }

    /// The connection's file.
    pub(super) fn connection(&self) -> &Path {
        &self.connection
    }

    /// What the connection's file holds.
    pub(super) fn connection_text(&self) -> &str {
        &self.connection_text
    }

    /// The API key that the harness gets by the environment.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// A file of the tour, by its name.
    pub(super) fn file(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// The command line as a person types it at the workspace's root.
    pub(super) fn line(&self, key: Option<&str>, arguments: &[String]) -> String {
        let mut words: Vec<String> = key.map(|key| format!("DURO_API_KEY={}", quoted(key))).into_iter().collect();
        words.push(self.program.clone());
        words.extend(arguments.iter().map(|argument| quoted(argument).into_owned()));
        words.join(" ")
    }

    /// Runs it, with another API key where one is given.
    pub(super) fn run(&self, key: Option<&str>, arguments: &[String]) -> Result<Run> {
        let output = Command::new(self.root.join(&self.program))
            .args(arguments)
            .args(self.recorded(arguments))
            .current_dir(&self.root)
            .env("DURO_API_KEY", key.unwrap_or(&self.key))
            .output()
            .with_context(|| format!("{} cannot be started", self.program))?;
        Ok(Run {
            status: output.status.code(),
            output: String::from_utf8(output.stdout).context("the harness printed what is not UTF-8")?,
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// A connection file for a service at this URL; the key comes from the environment.
pub(super) fn connection_text(url: &str) -> Result<String> {
    let connection = serde_json::json!({
        "key": "duroApiKey",
        "fields": {"apiKey": "${DURO_API_KEY}", "duroEnvironment": "Main (MFG)", "customDuroEnvironment": url},
    });
    Ok(serde_json::to_string_pretty(&connection)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::connection_text;

    #[test]
    fn the_connection_holds_the_url_and_a_reference_to_the_key() {
        let text = connection_text("http://127.0.0.1:4000/graphql").unwrap();
        assert!(text.contains("${DURO_API_KEY}") && text.contains("\"http://127.0.0.1:4000/graphql\""), "{text}");
    }
}
