//! The project's own commands: `cargo xtask build`, `demo`, `editor`, `fleet`, `test`, `soak`, `fuzz`, `hosts`, `mcp`,
//! `bench`, `scale`, `manifest`, `package`, `check` and `new`.
//!
//! Each command is one module; what several of them share is in a module of its own below.

mod arrows;
mod bench;
mod build;
mod cargo;
mod check;
mod componentise;
mod contract;
mod demo;
mod difference;
mod editor;
mod environment;
mod features;
mod files;
mod fleet;
mod fuzz;
mod hosts;
mod installing;
mod manifest;
mod mcp;
mod new;
mod optimise;
mod package;
mod packages;
mod progress;
mod scale;
mod service;
mod soak;
mod symbols;
mod test;
mod wasm_target;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bench(bench::Options),
    Build(build::Options),
    Demo(demo::Options),
    Editor(editor::Options),
    Fleet(fleet::Options),
    Test(test::Options),
    Fuzz(fuzz::Options),
    Hosts(hosts::Options),
    Check(check::Options),
    Manifest(manifest::Options),
    Mcp(mcp::Options),
    New(new::Options),
    Package(package::Options),
    Scale(scale::Options),
    Soak(soak::Options),
}

fn main() -> ExitCode {
    let result = workspace::Workspace::locate().and_then(|workspace| match CommandLine::parse().command {
        Command::Bench(options) => bench::run(&workspace, &options),
        Command::Build(options) => build::run(&workspace, &options),
        Command::Demo(options) => demo::run(&workspace, &options),
        Command::Editor(options) => editor::run(&workspace, &options),
        Command::Fleet(options) => fleet::run(&workspace, &options),
        Command::Test(options) => test::run(&workspace, &options),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::Hosts(options) => hosts::run(&workspace, &options),
        Command::Check(options) => check::run(&workspace, &options),
        Command::Manifest(options) => manifest::run(&workspace, &options),
        Command::Mcp(options) => mcp::run(&workspace, &options),
        Command::New(options) => new::run(&workspace, &options),
        Command::Package(options) => package::run(&workspace, &options),
        Command::Scale(options) => scale::run(&workspace, &options),
        Command::Soak(options) => soak::run(&workspace, &options),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
