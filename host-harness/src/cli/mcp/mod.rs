//! `harness mcp`: the connector as tools for assistants.

mod client_config;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;
use host::egress::Secrets;
use operator::bearer;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::command_error::CommandError;
use super::connection_option::{ConnectionOption, Source};
use super::format::Format;
use super::options::GlobalOptions;
use super::session::Session;
use super::stop::Stop;
use super::values::{duration, listening_address, size};
use super::{complete, connection_file, output};
use crate::mcp::{Bounds, CALLS_AT_ONCE, HttpServer, McpOptions, NamedConnection, SMALLEST_PAGE, Server, Text};
use client_config::Client;

/// Shorter values stand nearly everywhere by chance.
const SHORTEST_SECRET: usize = 4;
/// Connections of one server.
const MOST_CONNECTIONS: usize = 16;

/// Serve the connector to AI assistants as tools, over the Model Context Protocol
///
/// An assistant's client starts this command and talks to it on standard input and output; with --http it listens on
/// this machine for clients that have its token. Actions are tools, records and triggers are resources, and ids are
/// completed from the data sources. The key stays in this process. Actions that change data are not there unless
/// --allow-changes names them, and then the person at the client is asked before anything is sent, where the client can
/// ask.
///
/// Of a result as much is given at once as --page-bytes allows, in whole records, and the tool readMore gives the rest.
/// 24 KiB of JSON are some 8,000 tokens; the text beside it has 2 KiB more.
#[derive(Args)]
#[command(after_long_help = "\
                             Examples:
  harness mcp --connection connection.json
  harness mcp --connection connection.json --print-config claude
  harness mcp --connection eu=eu.json --connection us=us.json --calls-per-minute us=20
  harness mcp --connection connection.json --allow-changes createThing
  harness mcp --connection connection.json --http 127.0.0.1:8787 --token-file token")]
pub(super) struct Arguments {
    /// A connection, as for other commands; several by names, which come before the names of their tools: eu=eu.json
    /// [default: as for other commands]
    #[arg(long = "connection", value_name = "[NAME=]FILE", value_parser = named_file)]
    connections: Vec<(Option<String>, PathBuf)>,
    /// Let the action of this key be called although it changes data; NAME_KEY for one connection alone. Several: the
    /// flag several times, or with commas
    #[arg(long, value_name = "KEY", value_delimiter = ',', add = ArgValueCompleter::new(complete::action_key))]
    allow_changes: Vec<String>,
    /// Listen on this address of this machine, at /mcp, and not on standard input [default: 127.0.0.1:0, any free port]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:0", value_parser = listening_address)]
    http: Option<SocketAddr>,
    /// The file that holds the token of --http; without it one is made, and printed once
    #[arg(long, value_name = "FILE", requires = "http")]
    token_file: Option<PathBuf>,
    /// The pause between two polls of a trigger that a client has subscribed to
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    every: Duration,
    /// The most that the data of one answer have, as JSON; 1 KiB at least
    #[arg(long, value_name = "SIZE", default_value = "24KiB", value_parser = page_size)]
    page_bytes: usize,
    /// What the text beside the data is: short, or the data as JSON too, for clients that pass on nothing but text
    #[arg(long, value_enum, default_value_t = TextOption::Short)]
    text: TextOption,
    /// The most calls of a connection in a minute [default: 120]
    #[arg(long, value_name = "[NAME=]COUNT", value_parser = calls)]
    calls_per_minute: Vec<(Option<String>, u32)>,
    /// The most bytes that the calls of a connection send and receive in a minute [default: 64MiB]
    #[arg(long, value_name = "[NAME=]SIZE", value_parser = bytes)]
    bytes_per_minute: Vec<(Option<String>, u64)>,
    /// Print the configuration with which a client starts this command, with these flags, and serve nothing
    #[arg(long, value_name = "CLIENT", value_enum)]
    print_config: Option<Client>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TextOption {
    /// What there is, with the records by name
    Short,
    /// The data as JSON
    Json,
}

/// The name before an equals sign, and what is behind it; no name where what stands there could be none.
fn named(text: &str) -> (Option<String>, &str) {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text.split_once('=') {
        Some((name, rest)) if is_name(name) => (Some(name.to_owned()), rest),
        _ => (None, text),
    }
}

fn named_file(text: &str) -> Result<(Option<String>, PathBuf), String> {
    match named(text) {
        (_, "" | "-") => Err("name a file: standard input is the client's".into()),
        (name, file) => Ok((name, file.into())),
    }
}

fn calls(text: &str) -> Result<(Option<String>, u32), String> {
    let (name, count) = named(text);
    match count.parse() {
        Ok(0) | Err(_) => Err("must be a whole number from 1".into()),
        Ok(count) => Ok((name, count)),
    }
}

fn bytes(text: &str) -> Result<(Option<String>, u64), String> {
    let (name, bytes) = named(text);
    size(bytes).map(|bytes| (name, bytes))
}

fn page_size(text: &str) -> Result<usize, String> {
    match usize::try_from(size(text)?) {
        Ok(size) if size >= SMALLEST_PAGE => Ok(size),
        _ => Err(format!("must be {SMALLEST_PAGE} bytes at least")),
    }
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    if let Some(address) = arguments.http.filter(|address| !address.ip().is_loopback()) {
        return Err(CommandError::usage(format!(
            "--http {address}: only an address of this machine itself can be opened, such as 127.0.0.1:8787; put a \
             proxy with TLS before it"
        )));
    }
    let sources = sources(&arguments, &options)?;
    if let Some(client) = arguments.print_config {
        return print_config(&arguments, &sources, client, options).await;
    }
    // As soon as possible: whoever waits for the address does not want to wait for a file that cannot be read.
    let token = match arguments.http {
        Some(_) => {
            let warn = |warning| output::message(&format!("warning: {warning}"));
            Some(bearer::from_file(arguments.token_file.as_deref(), warn).map_err(CommandError::usage)?)
        }
        None => None,
    };
    let at_once = u32::try_from(CALLS_AT_ONCE.saturating_mul(sources.len())).unwrap_or(u32::MAX);
    let session = Session::open_for(options, at_once).await?;
    let connections = connections(&arguments, &sources, &session)?;
    for named in &connections {
        let name = named.name.as_deref().map_or_else(String::new, |name| format!("{name}: "));
        output::message(&format!("note: {name}{}", named.connection.destination()));
    }
    let options = McpOptions {
        connections,
        allowed: arguments.allow_changes.iter().map(|key| key.trim().to_owned()).collect(),
        page_bytes: arguments.page_bytes,
        text: if arguments.text == TextOption::Json { Text::Json } else { Text::Short },
        every: arguments.every,
        call_options: session.plain_call_options(),
        hide: output::without_hidden,
    };
    let format = session.options.format_for_people();
    let server = Server::new(session.connector, options).map_err(CommandError::usage)?;
    match (arguments.http, token) {
        (Some(address), Some((token, is_made))) => {
            let listening = server.listen(address, token.clone()).await.map_err(CommandError::usage)?;
            print_address(&listening, format, is_made.then_some(&token))?;
            until_stopped(async { listening.serve().await.map_err(|error| error.to_string()) }).await
        }
        _ => {
            if std::io::stdin().is_terminal() {
                output::message(
                    "note: standard input is a terminal; an assistant's client starts this command and talks to it. \
                     --print-config prints how, and --http listens on an address. Ctrl-C ends it.",
                );
            }
            let serving = async {
                let cut_off = server.serve_standard_streams().await?;
                if cut_off > 0 {
                    output::message(&format!(
                        "warning: {cut_off} requests were under way when the client closed its end; what they had sent \
                         may have been done"
                    ));
                }
                Ok(())
            };
            until_stopped(serving).await
        }
    }
}

/// The connections' names and files.
fn sources(arguments: &Arguments, options: &GlobalOptions) -> Result<Vec<(Option<String>, Source)>, CommandError> {
    match arguments.connections.as_slice() {
        [] => match ConnectionOption::unnamed(options.set_connection())? {
            Source::StandardInput => {
                Err(CommandError::usage("standard input is the client's: name the connection's file with --connection"))
            }
            source => Ok(vec![(None, source)]),
        },
        files if files.len() > MOST_CONNECTIONS => {
            Err(CommandError::usage(format!("a server has {MOST_CONNECTIONS} connections at most")))
        }
        files => Ok(files.iter().map(|(name, file)| (name.clone(), Source::Named(file.clone()))).collect()),
    }
}

fn connections(
    arguments: &Arguments,
    sources: &[(Option<String>, Source)],
    session: &Session,
) -> Result<Vec<NamedConnection>, CommandError> {
    let names = || sources.iter().map(|(name, _)| name);
    let unknown = |name: &&Option<String>| name.is_some() && !names().any(|known| known == *name);
    let bounded = arguments.calls_per_minute.iter().map(|(name, _)| name);
    let mut bounded = bounded.chain(arguments.bytes_per_minute.iter().map(|(name, _)| name));
    if let Some(Some(name)) = bounded.find(unknown) {
        return Err(CommandError::usage(format!(
            "a budget names the connection {name}, and there is none of that name"
        )));
    }
    let definition = session.connector.definition();
    let files = connection_file::read_all(sources.iter().map(|(_, source)| source), definition)?;
    let read = sources.iter().zip(files).map(|((name, source), file)| {
        let connection = session.connection_in(&file.value, source)?;
        let secrets = secrets(&file.value, definition.connection(connection.key()));
        let default = Bounds::default();
        let bounds = Bounds {
            calls: of(&arguments.calls_per_minute, name).unwrap_or(default.calls),
            bytes: of(&arguments.bytes_per_minute, name).unwrap_or(default.bytes),
        };
        Ok(NamedConnection { name: name.clone(), connection, secrets, bounds })
    });
    read.collect()
}

/// What is said of a connection: by its name, else of all.
fn of<T: Copy>(said: &[(Option<String>, T)], name: &Option<String>) -> Option<T> {
    let find = |wanted: &Option<String>| said.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    find(name).or_else(|| find(&None))
}

/// The secrets of a connection file, to be looked for in all that leaves.
fn secrets(value: &Value, kind: Option<&host::contract::ConnectionDefinition>) -> Secrets {
    let mut secrets = Secrets::default();
    for field in kind.into_iter().flat_map(|kind| &kind.fields).filter(|field| field.secret) {
        let value = value.get("fields").and_then(|fields| fields.get(&field.input.key)).and_then(Value::as_str);
        if let Some(value) = value.map(str::trim).filter(|value| value.len() >= SHORTEST_SECRET) {
            // What no header can carry was refused when the connection was made.
            secrets.declare(&field.input.key, Some(SecretString::from(value.to_owned()))).ok();
        }
    }
    secrets
}

fn print_address(listening: &HttpServer, format: Format, made: Option<&String>) -> Result<(), CommandError> {
    let url = listening.url();
    match (format, made) {
        (Format::Json, Some(token)) => output::json_line(&json!({ "url": url, "token": token }))?,
        (Format::Json, None) => output::json_line(&json!({ "url": url }))?,
        (_, token) => {
            output::text_line(&url)?;
            if let Some(token) = token {
                output::line(&format!("note: the token, good until this ends, is {token}"));
            }
        }
    }
    output::message("Clients that send `Authorization: Bearer …` are served. Ctrl-C ends it.");
    Ok(())
}

/// Serves until it ends by itself, or Ctrl-C or a service manager ends it.
async fn until_stopped(serving: impl Future<Output = Result<(), String>>) -> Result<(), CommandError> {
    let stop = Stop::listen()?;
    tokio::select! {
        ended = serving => ended.map_err(|error| CommandError::usage(format!("the server cannot go on: {error}"))),
        () = stop.asked() => Ok(()),
    }
}

async fn print_config(
    arguments: &Arguments,
    sources: &[(Option<String>, Source)],
    client: Client,
    options: GlobalOptions,
) -> Result<(), CommandError> {
    let component = options.component().ok();
    let names_component = options.precompiled().is_some();
    let added = options.added().to_vec();
    let session = Session::open(options).await?;
    let definition = session.connector.definition();
    let files = connection_file::read_all(sources.iter().map(|(_, source)| source), definition)?;
    let written: Vec<&Value> = files.iter().map(|file| &file.written).collect();
    let config = match arguments.http {
        Some(address) if address.port() == 0 => {
            return Err(CommandError::usage(
                "--http: give the port that the server will listen on, such as 127.0.0.1:8787; a free one is another \
                 at each start",
            ));
        }
        Some(address) => client.of_server(&definition.key, address),
        None => {
            let component = component.filter(|_| !names_component);
            let program = client_config::program(&added, component.as_deref(), sources).map_err(CommandError::usage)?;
            client.of_program(&definition.key, &program, &client_config::variables(&written))
        }
    };
    output::json_document(&config)?;
    output::message(&format!("note: {}", client.place()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_an_equals_sign_and_a_path_has_none() {
        assert_eq!(named("eu=a/b.json"), (Some("eu".into()), "a/b.json"));
        assert_eq!(named("a/b=c.json"), (None, "a/b=c.json"));
        assert_eq!(named("c.json"), (None, "c.json"));
        assert!(named_file("-").is_err() && named_file("eu=").is_err());
        assert_eq!(calls("eu=5"), Ok((Some("eu".into()), 5)));
        assert!(calls("0").is_err() && calls("eu=x").is_err());
        let said = [(None, 1), (Some("eu".to_owned()), 2)];
        assert_eq!(
            (of(&said, &Some("eu".into())), of(&said, &Some("us".into())), of(&said, &None)),
            (Some(2), Some(1), Some(1))
        );
    }
}
