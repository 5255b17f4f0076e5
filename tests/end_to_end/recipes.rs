//! The recipes of CONTRIBUTING.md, followed as they stand there in a copy of the repository; and the connector that one
//! of them makes, in the harness, on its own simulated service.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{built, root};

/// A copy of the repository, with a target directory of its own that is kept from one run to the next.
struct Checkout {
    root: PathBuf,
    target: PathBuf,
    xtask: PathBuf,
}

impl Checkout {
    fn new() -> Self {
        // Beside the program that runs this stands what cargo built.
        let deps = std::env::current_exe().unwrap();
        let release = deps.parent().unwrap().parent().unwrap();
        let target = release.parent().unwrap().join("recipes");
        let checkout = target.join("checkout");
        if checkout.exists() {
            fs::remove_dir_all(&checkout).unwrap();
        }
        copy(&root(), &checkout);
        let xtask = release.join(format!("xtask{}", std::env::consts::EXE_SUFFIX));
        assert!(xtask.exists(), "{} is not there: run the tests with `cargo xtask test`", xtask.display());
        Self { root: checkout, target, xtask }
    }

    /// Runs every line of the recipe. `cargo xtask` is the program that is built already, and the harness that it would
    /// build is too.
    fn follow(&self, name: &str) {
        for line in recipe(&fs::read_to_string(self.root.join("CONTRIBUTING.md")).unwrap(), name) {
            let (mut command, words) = match line.strip_prefix("cargo xtask ") {
                Some(words) => (Command::new(&self.xtask), words.to_owned()),
                None => {
                    (Command::new("cargo"), line.strip_prefix("cargo ").unwrap_or_else(|| panic!("{line}")).to_owned())
                }
            };
            self.run(command.args(words.split(' ')), &line);
        }
    }

    fn run(&self, command: &mut Command, line: &str) -> Output {
        // What cargo set for these tests is not for another checkout.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_") && name != "CARGO_HOME" || name.starts_with("NEXTEST"))
            {
                command.env_remove(name);
            }
        }
        command.env_remove("RUSTFLAGS").env("CARGO_TARGET_DIR", &self.target).current_dir(&self.root);
        command.env("XTASK_HARNESS", built(&format!("harness{}", std::env::consts::EXE_SUFFIX)));
        let output = command.output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{line}: {}{}", said(&output.stdout), said(&output.stderr));
        output
    }
}

/// The lines of the block behind the mark of this name.
fn recipe(page: &str, name: &str) -> Vec<String> {
    let (_, rest) = page.split_once(&format!("<!-- recipe: {name} -->\n```sh\n")).unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    block.lines().map(str::to_owned).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if [".git", "target", "dist", "node_modules"].iter().any(|left_out| name == *left_out) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The simulated service of the new connector.
struct Service {
    process: Child,
    url: String,
    key: String,
}

impl Service {
    fn start(program: &Path) -> Self {
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| address[key].as_str().unwrap().to_owned();
        Self { process, url: text("url"), key: text("key") }
    }

    /// Changes one thing.
    fn touch(&self) {
        let host = self.url.strip_prefix("http://").unwrap().strip_suffix("/graphql").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "POST /touch HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[test]
fn the_recipes_are_followed_as_they_are_written_and_what_they_make_runs_everywhere() {
    let checkout = Checkout::new();
    let before = fs::read_to_string(checkout.root.join("manifest.json")).unwrap();

    checkout.follow("action");
    let made = |name: &str| checkout.root.join("src/actions").join(name).exists();
    assert!(made("get_part.rs") && made("get_part.graphql") && made("get_part.example.json"));
    let after = fs::read_to_string(checkout.root.join("manifest.json")).unwrap();
    assert!(!before.contains("getPart") && after.contains("\"getPart\""));

    checkout.follow("connector");
    // The connector's own action, by the same command.
    checkout.run(
        Command::new(&checkout.xtask).args(["new", "action", "getThing", "--connector", "acme-things"]),
        "new action",
    );
    checkout.run(Command::new("cargo").args(["test", "--release", "-p", "acme-things"]), "its tests");
    let example = ["build", "--release", "-p", "acme-things", "--example", "acme_things_service"];
    checkout.run(Command::new("cargo").args(example), "its service");
    runs_in_the_harness(&checkout);
}

fn runs_in_the_harness(checkout: &Checkout) {
    let suffix = std::env::consts::EXE_SUFFIX;
    let service =
        Service::start(&checkout.target.join("release/examples").join(format!("acme_things_service{suffix}")));
    let component = checkout.root.join("dist/connectors/acme_things.wasm");
    let folder = tempfile::tempdir().unwrap();
    let connection = json!({ "key": "apiKey", "fields": { "apiKey": "${THINGS_KEY}", "url": service.url } });
    fs::write(folder.path().join("connection.json"), connection.to_string()).unwrap();
    let harness = |words: &[&str]| {
        let mut command = Command::new(built(&format!("harness{suffix}")));
        command.args(["--allow-http", "--allow-private-network", "--component"]).arg(&component).args(words);
        command.current_dir(folder.path()).env("THINGS_KEY", &service.key);
        command
    };
    let ask = |words: &[&str]| -> Value {
        let output = harness(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {}{said}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let to = ["--connection", "connection.json"];
    let manifest = ask(&["--format", "json", "inspect"]);
    assert!(manifest.to_string().contains("listThings"), "{manifest}");
    assert_eq!(ask(&[&["test-connection"], &to[..]].concat())["user"], "Ada");
    let listed = ask(&[&["action", "listThings", "--input", "first=110"], &to[..]].concat());
    assert_eq!(listed["data"].as_array().unwrap().len(), 110);
    let items = ask(&[&["data-source", "selectThing"], &to[..]].concat());
    assert_eq!(items["result"].as_array().unwrap().len(), 100);

    let poll = [&["poll", "pollChanges", "--state", "poll.state"], &to[..]].concat();
    assert_eq!(ask(&poll)["noChanges"], true);
    service.touch();
    let polled = ask(&poll);
    assert_eq!(polled["payload"]["body"]["data"]["updated"].as_array().unwrap().len(), 1, "{polled}");
    assert_eq!(ask(&poll)["noChanges"], true);

    let serve = [&["--format", "json", "serve", "--port", "0"], &to[..]].concat();
    let mut page = harness(&serve).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(page.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let link: Value = serde_json::from_str(&line).unwrap();
    let (host, path) = link["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    page.kill().unwrap();
    page.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 30"), "{answer}");
}
