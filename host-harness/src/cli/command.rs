//! The commands: what each of them heeds, and that it is run.

use clap::Subcommand;

use super::command_error::CommandError;
use super::format::Format;
use super::options::GlobalOptions;
use super::record::Use;
use super::{
    action, check, compile, data_source, docs, doctor, documents, init, inspect, jq, key, mcp, poll, progress, project,
    pull, push, replay, serve, sign, state, test_connection, verify, watch,
};

/// Whether the settings of the folder count, in words, or why not.
pub(super) type Settings = Result<String, CommandError>;

#[derive(Subcommand)]
pub(super) enum Command {
    Inspect(inspect::Arguments),
    Compile(compile::Arguments),
    TestConnection(test_connection::Arguments),
    Key(key::Arguments),
    Action(action::Arguments),
    DataSource(data_source::Arguments),
    Poll(poll::Arguments),
    Watch(watch::Arguments),
    State(state::Arguments),
    Verify(verify::Arguments),
    Check(check::Arguments),
    Docs(docs::Arguments),
    Replay(replay::Arguments),
    Serve(serve::Arguments),
    Mcp(mcp::Arguments),
    Push(push::Arguments),
    Pull(pull::Arguments),
    Sign(sign::Arguments),
    KeyPair(sign::KeyPairArguments),
    Init(init::Arguments),
    Doctor(doctor::Arguments),
    Allow(project::allow::Arguments),
    Completions(documents::ScriptArguments),
    #[command(hide = true)]
    Documents(documents::Arguments),
    #[command(hide = true)]
    JqFilter(jq::Arguments),
}

impl Command {
    /// Whether its calls can be recorded.
    pub(super) fn recording(&self) -> Use {
        match self {
            Self::TestConnection(_)
            | Self::Action(_)
            | Self::DataSource(_)
            | Self::Poll(_)
            | Self::Watch(_)
            | Self::Verify(_)
            | Self::Doctor(_) => Use::Records,
            Self::Check(check) if check.calls_a_service() => Use::Records,
            Self::Check(_) => Use::Nothing(
                "is for what check does on the service that --connection FILE names: what it does on the one that it \
                 makes up comes to the same wherever it runs",
            ),
            Self::Serve(_) => Use::HasSwitch,
            // Whatever is taken out of such a file, the risk is greater than its use.
            Self::Key(_) | Self::Init(_) => Use::Nothing(
                "is not for key and init: they handle a key that is new to everybody, which no file but the one that \
                 you name for it is to hold; record `harness test-connection` with the connection that came of it",
            ),
            _ => Use::Nothing(
                "is for test-connection, action, data-source, poll, watch, verify, doctor, and check with \
                 --connection: this command makes no call for it; the page of `harness serve` has a switch for it",
            ),
        }
    }

    /// Whether it runs a component, and so by the settings of its folder.
    pub(super) fn heeds_settings(&self) -> bool {
        !matches!(
            self,
            Self::Allow(_)
                | Self::Completions(_)
                | Self::Documents(_)
                | Self::JqFilter(_)
                | Self::Sign(_)
                | Self::KeyPair(_)
        )
    }

    /// Fails where it would pass over a flag that somebody relies on.
    fn heeds(&self, options: &GlobalOptions) -> Result<(), CommandError> {
        let gives_records = matches!(self, Self::Action(_) | Self::DataSource(_) | Self::Poll(_));
        let is_no_format = match options.chosen_format() {
            // Its lines are that.
            Some(Format::Ndjson) => !gives_records && !matches!(self, Self::Watch(_)),
            Some(Format::Csv) => !gives_records,
            Some(Format::Junit) => !matches!(self, Self::Check(_)),
            Some(Format::Json | Format::Table) | None => false,
        };
        if is_no_format {
            return Err(CommandError::usage(
                "--format csv is for the records of action, data-source and poll, ndjson for those of watch too, and \
                 junit for the results of check; use json or table here",
            ));
        }
        let loads_none = matches!(self, Self::Pull(_) | Self::Sign(_) | Self::KeyPair(_) | Self::Allow(_));
        if loads_none && options.expect_manifest().is_some() {
            return Err(CommandError::usage(
                "--expect-manifest: this command loads no component, and does not look at its manifest; `inspect`, \
                 `compile` and all that call one do",
            ));
        }
        Ok(())
    }

    /// Whether a person waits for it, and is told what came of it where they cancel. What runs until it is told to end
    /// listens itself.
    pub(super) fn can_be_cancelled(&self) -> bool {
        self.heeds_settings() && !matches!(self, Self::Serve(_) | Self::Mcp(_) | Self::Watch(_)) && progress::is_seen()
    }

    /// Does what it is for.
    pub(super) async fn run(
        self,
        options: GlobalOptions,
        settings: Settings,
        command_line: clap::Command,
    ) -> Result<(), CommandError> {
        self.heeds(&options)?;
        match self {
            Self::Inspect(arguments) => inspect::run(arguments, options).await,
            Self::Compile(arguments) => compile::run(arguments, options).await,
            Self::TestConnection(arguments) => test_connection::run(arguments, options).await,
            Self::Key(arguments) => key::run(arguments, options).await,
            Self::Action(arguments) => action::run(arguments, options).await,
            Self::DataSource(arguments) => data_source::run(arguments, options).await,
            Self::Poll(arguments) => poll::run(arguments, options).await,
            Self::Watch(arguments) => watch::run(arguments, options).await,
            Self::State(arguments) => state::run(arguments, options).await,
            Self::Verify(arguments) => verify::run(arguments, options).await,
            Self::Docs(arguments) => docs::run(arguments, options).await,
            Self::Check(arguments) => check::run(arguments, options).await,
            Self::Replay(arguments) => replay::run(arguments, options).await,
            Self::Serve(arguments) => serve::run(arguments, options).await,
            Self::Mcp(arguments) => mcp::run(arguments, options).await,
            Self::Push(arguments) => push::run(arguments, options).await,
            Self::Pull(arguments) => pull::run(arguments, options).await,
            Self::Sign(arguments) => sign::run(&arguments),
            Self::KeyPair(arguments) => sign::key_pair(&arguments),
            Self::Init(arguments) => init::run(arguments, options).await,
            Self::Doctor(arguments) => doctor::run(arguments, options, settings).await,
            Self::Allow(arguments) => project::allow::run(arguments, &command_line),
            Self::Completions(arguments) => documents::script(&arguments),
            Self::Documents(arguments) => documents::run(&arguments, command_line),
            // Before this, without a runtime.
            Self::JqFilter(_) => Ok(()),
        }
    }
}
