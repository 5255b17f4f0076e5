//! `--jq`: a result through an expression of the jq language. What it works on came from a service, and an expression
//! can ask for any time and any memory; so it runs in a process of its own, which is this program again, without its
//! environment, and is ended when it takes too long. Pure, but for that process.

mod filter;

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;

pub(super) use filter::run;

/// How long an expression may take.
const LONGEST: Duration = Duration::from_secs(30);
/// How much an expression may print, in bytes: as much as the largest result may have.
const LARGEST_OUTPUT: u64 = 256 * 1024 * 1024;
/// How much of its complaints is read, in bytes.
const LARGEST_COMPLAINT: u64 = 16 * 1024;

/// Run an expression of the jq language on standard input; the other half of --jq, and a process of its own
#[derive(Args)]
#[command(after_long_help = "\
Example:
  echo '{\"a\": 1}' | harness jq-filter .a")]
pub(super) struct Arguments {
    /// The expression
    pub(super) expression: String,
    /// The process that waits for the result, by its number: this one ends with it
    #[arg(long, value_name = "NUMBER")]
    pub(super) asked_by: Option<u32>,
}

/// The name of the command that runs an expression.
const COMMAND: &str = "jq-filter";

/// Reads an expression, and runs nothing. The error says what is wrong with it.
pub(super) fn check(expression: &str) -> Result<(), String> {
    filter::compiled(expression).map(drop)
}

/// Runs the expression on each JSON value of a text, and gives the values that come of it, each as JSON on one line.
/// The error says what is wrong with the expression, or that it went beyond a bound.
pub(super) fn values(expression: &str, json: &str) -> Result<String, String> {
    let mut child = start(expression).map_err(|error| format!("it cannot be run: {error}"))?;
    let (input, output, complaint) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ended = std::thread::scope(|scope| {
        // All at once: whoever waits for one of them would hold up the other.
        scope.spawn(move || input.map(|mut input| input.write_all(json.as_bytes())));
        let (send, receive) = mpsc::channel();
        scope.spawn(move || {
            let output = bounded(output, LARGEST_OUTPUT);
            send.send(output).ok();
        });
        let complaint = scope.spawn(move || bounded(complaint, LARGEST_COMPLAINT).unwrap_or_default());
        let output = receive.recv_timeout(LONGEST);
        // What has printed all that is read of it is of no more use, and what has not has had its time.
        let status = match &output {
            Ok(Ok(output)) if output.len() as u64 <= LARGEST_OUTPUT => child.wait(),
            _ => child.kill().and_then(|()| child.wait()),
        };
        (output, status, complaint.join().unwrap_or_default())
    });
    let (output, status, complaint) = ended;
    let output = match output {
        Err(_) => return Err(format!("it took longer than {} s", LONGEST.as_secs())),
        Ok(Err(error)) => return Err(format!("what it prints cannot be read: {error}")),
        Ok(Ok(output)) if output.len() as u64 > LARGEST_OUTPUT => {
            return Err(format!("it prints more than {LARGEST_OUTPUT} bytes"));
        }
        Ok(Ok(output)) => output,
    };
    judge(status, &complaint)?;
    String::from_utf8(output).map_err(|_| "it gives a text that is not UTF-8".to_owned())
}

fn start(expression: &str) -> io::Result<Child> {
    let mut command = Command::new(this_program()?);
    let this = std::process::id().to_string();
    command.args([COMMAND, "--asked-by", &this, "--"]).arg(expression);
    // The filters `env` and `$ENV` would show what is in it, and a key may be.
    command.env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// The program that runs, also where another one has taken its name since.
fn this_program() -> io::Result<std::path::PathBuf> {
    let own = std::path::Path::new("/proc/self/exe");
    if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() }
}

fn bounded(from: Option<impl Read>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(most + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn judge(status: io::Result<ExitStatus>, complaint: &[u8]) -> Result<(), String> {
    match status.map_err(|error| error.to_string())?.code() {
        Some(0) => Ok(()),
        Some(filter::WRONG) => Err(String::from_utf8_lossy(complaint).trim().to_owned()),
        // The allocator and the guard of the stack end a process without a word of their own.
        _ => {
            Err(format!("it needs more than {} MiB of memory, or never ends calling itself", filter::MOST_MEMORY >> 20))
        }
    }
}
