//! Breaks the Node host on purpose, a duty at a time, and sees that the comparison notices: one that cannot fail shows
//! nothing.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::install;
use super::program::{Desk, Program};
use super::{calls, misdeeds};
use crate::workspace::Workspace;

struct Breach {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The call in which it must be noticed.
    call: &'static str,
}

const BREACHES: [Breach; 9] = [
    Breach { file: "command.mjs", from: "`${plain(json)}\\n`", to: "`${plain(json)} \\n`", call: "an action" },
    Breach { file: "told.mjs", from: "status: text(val.status), ", to: "", call: "an error of the service" },
    Breach {
        file: "duties.mjs",
        from: "delete seen[input.key];",
        to: "",
        call: "a fresh instance, and what it sees of the connection",
    },
    Breach {
        file: "duties.mjs",
        from: "if (originOf(url) !== origin)",
        to: "if (false)",
        call: "the same machine by another name",
    },
    Breach {
        file: "duties.mjs",
        from: "if (pattern) text",
        to: "if (false) text",
        call: "an echo of the secret, in each of its spellings",
    },
    Breach {
        file: "duties.mjs",
        from: "if (pattern) text",
        to: "if (false) text",
        call: "the secret, looked for in all of the memory",
    },
    Breach {
        file: "duties.mjs",
        from: "if (RULES.hostsOwnHeaders.includes(folded)",
        to: "if (folded === 'host'",
        call: "one that is spelled with an underscore",
    },
    Breach {
        file: "duties.mjs",
        from: "if (!value.toString().includes('\\ufffd'))",
        to: "if (raw[at].toLowerCase() !== 'date')",
        call: "every header of an answer, Date among them",
    },
    Breach {
        file: "duties.mjs",
        from: "answer.on('end', () => {",
        to: "answer.on('end', () => {\n          if (answer.headers.location) return send({ ...request, url: \
             answer.headers.location }).then(resolve, reject);",
        call: "a redirect to another origin",
    },
];

/// Gives the breaches that nobody noticed.
pub(super) fn run(workspace: &Workspace, desk: &Desk, node: &Program) -> Result<Vec<String>> {
    let all = [calls::all(desk), misdeeds::all(desk)].concat();
    let mut problems = Vec::new();
    for Breach { file, from, to, call } in BREACHES {
        let script = install::broken(workspace)?;
        let path = script.with_file_name(file);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        ensure!(text.contains(from), "{file} no longer holds {from:?}: break something else");
        fs::write(&path, text.replace(from, to))?;
        let call = all.iter().find(|known| known.name == call).with_context(|| format!("there is no call {call:?}"))?;
        let mut host = node.clone();
        if let Some(word) = host.command.get_mut(1) {
            *word = script.into_os_string();
        }
        let (expected, found) = (desk.make(&desk.harness, call)?, desk.make(&host, call)?);
        if call.compared.problem("", &expected, &found).is_none() {
            problems.push(format!("{file} without {from:?} is not noticed in: {}", call.name));
        }
    }
    eprintln!("  {} breaches of a host's duties", BREACHES.len());
    Ok(problems)
}
