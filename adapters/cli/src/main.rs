//! The `jpauto` command: reads arguments, calls the library, prints what it answers.
//!
//! What is deliberately not here: any rule. A command is a thin sentence over the library's services; what a price, a VIN or
//! a status means is decided there. `output` alone prints, `failure` alone knows exit codes.

mod activity;
mod alert;
mod analyze;
mod arguments;
mod auto_dev;
mod competitor;
mod context;
mod demo;
mod extract;
mod failure;
mod fields;
mod import;
mod market;
mod migrate;
mod output;
mod paging;
mod report;
mod scrape;
mod sentences;
mod serve;
mod source;
mod submission;
mod user;
mod vehicle;
mod vin;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::{
    arguments::{Arguments, Command},
    context::{Context, DatabaseChoice},
    failure::Failure,
    output::Format,
};

fn main() -> ExitCode {
    let parsed = Arguments::command().try_get_matches().and_then(|matches| {
        Ok((Arguments::from_arg_matches(&matches)?, DatabaseChoice::of(matches.value_source("db"))))
    });
    let (Arguments { global, command }, database) = match parsed {
        Ok(parsed) => parsed,
        Err(wrong) if wrong.use_stderr() && json_was_asked_for(std::env::args_os()) => {
            return Failure::usage(&wrong).report(true);
        }
        // What `--help` prints is no failure, and a person reads clap's own words best: they know the usage and the nearest name.
        Err(wrong) => wrong.exit(),
    };
    log_to_stderr(if global.verbose { "jpauto=debug,info" } else { "error" });
    let in_json = global.format == Some(Format::Json);
    let mut context = Context::new(global, database);
    match run(command, &mut context).and_then(|()| Ok(context.output.finish()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(in_json),
    }
}

fn run(command: Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Migrate => migrate::run(context),
        Command::Vin(arguments) => vin::run(&arguments, context),
        Command::Extract(arguments) => extract::run(&arguments, &mut context.output),
        Command::Submission(command) => submission::run(command, context),
        Command::Vehicle(command) => vehicle::run(command, context),
        Command::Import(command) => import::run(command, context),
        Command::Competitor(command) => competitor::run(command, context),
        Command::Scrape(arguments) => scrape::run(&arguments, context),
        Command::Analyze(arguments) => analyze::run(&arguments, context),
        Command::Market(command) => market::run(command, context),
        Command::Report => report::run(context),
        Command::Serve(arguments) => serve::run(arguments, context),
        Command::Alert(command) => alert::run(command, context),
        Command::Activity(command) => activity::run(command, context),
        Command::User(command) => user::run(command, context),
        Command::Demo(arguments) => demo::run(&arguments, context),
    }
}

/// Whether the arguments, which can not be read as a whole, ask for JSON.
fn json_was_asked_for(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut arguments = arguments.take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == "--format=json" || (argument == "--format" && arguments.next().is_some_and(|it| it == "json")) {
            return true;
        }
    }
    false
}

/// What the library traces, for who asked for it; `RUST_LOG` chooses otherwise.
fn log_to_stderr(usual: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_not_set| tracing_subscriber::EnvFilter::new(usual));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
