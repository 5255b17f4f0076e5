//! What the clients of assistants are configured with, so that they start this command or find its server. No key
//! stands in it: the connection file reads it from the environment, and the client is told by which name.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::cli::connection_option::Source;
use crate::variable::{self, Part};

/// A client whose configuration is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Client {
    /// Claude Code and Claude Desktop
    Claude,
    /// Visual Studio Code
    Vscode,
    /// Cursor
    Cursor,
    /// Any other
    Generic,
}

/// The program and its arguments, as a client starts it from wherever it is.
pub(super) struct Program {
    command: String,
    arguments: Vec<String>,
}

impl Client {
    /// Where the configuration belongs.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Claude => {
                "for Claude Code this is .mcp.json of a project, which reads ${…} from its environment; Claude Desktop \
                 has it in claude_desktop_config.json, and needs the values themselves in the place of ${…}"
            }
            Self::Vscode => "this is .vscode/mcp.json of a project; VS Code asks for each key once, and keeps it",
            Self::Cursor => "this is .cursor/mcp.json of a project, or ~/.cursor/mcp.json",
            Self::Generic => "put the values in the place of ${…}, or have the client pass the variables on",
        }
    }

    /// A server that the client starts.
    pub(super) fn of_program(self, name: &str, program: &Program, variables: &BTreeSet<String>) -> Value {
        let env: Map<String, Value> =
            variables.iter().map(|variable| (variable.clone(), self.variable(variable).into())).collect();
        let mut server = json!({ "command": program.command, "args": program.arguments });
        if let Some(members) = server.as_object_mut() {
            if self == Self::Vscode {
                members.insert("type".into(), "stdio".into());
            }
            if !env.is_empty() {
                members.insert("env".into(), env.into());
            }
        }
        self.around(name, server, variables.iter().map(String::as_str))
    }

    /// A server that listens already.
    pub(super) fn of_server(self, name: &str, address: SocketAddr) -> Value {
        const TOKEN: &str = "HARNESS_MCP_TOKEN";
        let authorization = format!("Bearer {}", self.variable(TOKEN));
        let server = json!({
            "type": "http",
            "url": format!("http://{address}/mcp"),
            "headers": { "Authorization": authorization },
        });
        self.around(name, server, [TOKEN].into_iter())
    }

    /// How a variable of the environment is read.
    fn variable(self, name: &str) -> String {
        match self {
            Self::Claude | Self::Generic => format!("${{{name}}}"),
            Self::Vscode => format!("${{input:{name}}}"),
            Self::Cursor => format!("${{env:{name}}}"),
        }
    }

    fn around<'a>(self, name: &str, server: Value, asked: impl Iterator<Item = &'a str>) -> Value {
        match self {
            Self::Vscode => {
                let input = |id: &str| json!({"type": "promptString", "id": id, "description": id, "password": true});
                let inputs: Vec<Value> = asked.map(input).collect();
                json!({ "servers": { name: server }, "inputs": inputs })
            }
            Self::Claude | Self::Cursor | Self::Generic => json!({ "mcpServers": { name: server } }),
        }
    }
}

/// This command as it was started, but for what prints the configuration; files by their whole paths, because a client
/// starts it from elsewhere. The component and a connection that was found are named.
pub(super) fn program(
    added: &[OsString],
    component: Option<&Path>,
    sources: &[(Option<String>, Source)],
) -> Result<Program, String> {
    let command =
        std::env::current_exe().map_err(|error| format!("where this program is cannot be found out: {error}"))?;
    let command = command.into_os_string().into_string().map_err(|_| "this program's path is no text".to_owned())?;
    // What the settings of this folder add does not count where the client starts it.
    let given = added.iter().cloned().chain(std::env::args_os().skip(1)).map(|word| word.into_string());
    let given = given.collect::<Result<Vec<_>, _>>().map_err(|_| "a word of the command line is no text".to_owned())?;
    let mut arguments = without_print_config(given);
    let has = |flag: &str| arguments.iter().any(|word| word == flag || word.starts_with(&format!("{flag}=")));
    let mut more = Vec::new();
    if let Some(component) = component.filter(|_| !has("--component")) {
        more.extend(["--component".to_owned(), component.display().to_string()]);
    }
    if !has("--connection") {
        for (_, source) in sources {
            more.extend(["--connection".to_owned(), source.name()]);
        }
    }
    arguments.extend(more);
    Ok(Program { command, arguments: arguments.into_iter().map(whole).collect() })
}

fn without_print_config(words: Vec<String>) -> Vec<String> {
    let (mut kept, mut words) = (Vec::new(), words.into_iter());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--print-config" => drop(words.next()),
            _ if word.starts_with("--print-config=") => {}
            _ => kept.push(word),
        }
    }
    kept
}

/// A word with the whole path of the file that it names, if it names one: alone, or behind an equals sign.
fn whole(word: String) -> String {
    let path_of = |text: &str| {
        let path = Path::new(text);
        let is_file = path.is_relative() && path.is_file();
        is_file.then(|| std::path::absolute(path).ok()?.into_os_string().into_string().ok()).flatten()
    };
    // The last equals sign but one may end a connection's name.
    let places = word.match_indices('=').map(|(at, _)| at + 1);
    let found = std::iter::once(0).chain(places).find_map(|at| {
        let (before, path) = word.split_at_checked(at)?;
        Some(format!("{before}{}", path_of(path)?))
    });
    found.unwrap_or(word)
}

/// The variables of the environment that connection files read.
pub(super) fn variables(files: &[&Value]) -> BTreeSet<String> {
    let mut variables = BTreeSet::new();
    for file in files {
        collect(file, &mut variables);
    }
    variables
}

fn collect(value: &Value, variables: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let parts = variable::parts(text).into_iter();
            variables.extend(parts.filter_map(|part| match part {
                Part::Variable(name) => Some(name),
                Part::Text(_) => None,
            }));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, variables)),
        Value::Object(members) => members.values().for_each(|member| collect(member, variables)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_names_variables_and_holds_no_key() {
        let program = Program { command: "/bin/harness".into(), arguments: vec!["mcp".into()] };
        let file = json!({"key": "k", "fields": {"apiKey": "${API_KEY}", "url": ["https://${HOST}/$${x}"]}});
        let variables = variables(&[&file]);
        let vscode = Client::Vscode.of_program("x", &program, &variables);
        assert_eq!(vscode["servers"]["x"]["env"], json!({"API_KEY": "${input:API_KEY}", "HOST": "${input:HOST}"}));
        assert_eq!(
            vscode["inputs"][0],
            json!({"type": "promptString", "id": "API_KEY", "description": "API_KEY", "password": true})
        );
        let claude = Client::Claude.of_program("x", &program, &variables);
        assert_eq!(claude["mcpServers"]["x"]["env"]["API_KEY"], "${API_KEY}");
        let cursor = Client::Cursor.of_server("x", "127.0.0.1:8787".parse().unwrap());
        let server = &cursor["mcpServers"]["x"];
        assert_eq!(server["url"], "http://127.0.0.1:8787/mcp");
        assert_eq!(server["headers"]["Authorization"], "Bearer ${env:HARNESS_MCP_TOKEN}");
    }

    #[test]
    fn what_asked_for_the_configuration_is_left_out_of_it() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let expected = words("mcp --connection a.json");
        assert_eq!(without_print_config(words("mcp --print-config claude --connection a.json")), expected);
        assert_eq!(without_print_config(words("mcp --connection a.json --print-config=vscode")), expected);
    }
}
