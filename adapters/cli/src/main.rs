//! The `jpauto` command: reads arguments, calls the library, prints what it answers.
//!
//! What is deliberately not here: any rule. A command is a thin sentence over the library's services; what a price, a VIN or
//! a status means is decided there. `output` alone prints, `failure` alone knows exit codes.

mod activity;
mod alert;
mod analyze;
mod arguments;
mod auto_dev;
mod backup;
mod check;
mod competitor;
mod context;
mod demo;
mod export;
mod extract;
mod failure;
mod fields;
mod filters;
mod import;
mod job;
mod market;
mod migrate;
mod output;
mod paging;
mod report;
mod scrape;
mod sentences;
mod serve;
mod session;
mod sign_in;
mod source;
mod submission;
mod token;
mod user;
mod vehicle;
mod vin;
mod work;

use std::{
    ffi::{OsStr, OsString},
    io::IsTerminal as _,
    process::ExitCode,
};

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::{
    arguments::{Arguments, Command},
    context::{Context, DatabaseChoice},
    failure::Failure,
    output::Format,
};

fn main() -> ExitCode {
    let parsed = command_line().try_get_matches().and_then(|matches| {
        Ok((Arguments::from_arg_matches(&matches)?, DatabaseChoice::of(matches.value_source("db"))))
    });
    let (Arguments { global, command }, database) = match parsed {
        Ok(parsed) => parsed,
        Err(wrong) => return refuse(wrong),
    };
    log_to_stderr(if global.verbose { "jpauto=debug,info" } else { "error" });
    let in_json = global.format == Some(Format::Json);
    let mut context = Context::new(global, database);
    if command.may_make_a_database() {
        context.make_a_database();
    }
    match run(command, &mut context).and_then(|()| Ok(context.output.finish()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(in_json),
    }
}

/// The command line. A variable of the environment that is set to nothing is one that is not set.
fn command_line() -> clap::Command {
    without_variables(arguments::in_paragraphs(Arguments::command()), &|name| {
        std::env::var_os(name).is_some_and(|value| value.is_empty())
    })
}

/// The same without those variables of the environment that `is_left_out` names, in all its commands.
fn without_variables(command: clap::Command, is_left_out: &dyn Fn(&OsStr) -> bool) -> clap::Command {
    command
        .mut_args(|option| match option.get_env().is_some_and(is_left_out) {
            true => option.env(None::<&str>),
            false => option,
        })
        .mut_subcommands(|command| without_variables(command, is_left_out))
}

/// Tells what is wrong with the arguments, or prints the help that they ask for.
fn refuse(wrong: clap::Error) -> ExitCode {
    // What `--help` prints is no failure, and a person reads clap's own words best: they know the usage and the nearest name.
    if !wrong.use_stderr() {
        wrong.exit();
    }
    // clap's usage repeats what was given, also by the environment, where whoever typed the command does not look.
    let wrong = match without_variables(Arguments::command(), &|_| true).try_get_matches() {
        Err(as_typed) if as_typed.use_stderr() => as_typed,
        _ => wrong,
    };
    if json_was_asked_for(std::env::args_os()) {
        return Failure::usage(&wrong).report(true);
    }
    wrong.exit()
}

fn run(command: Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Migrate => migrate::run(context),
        Command::Check => check::run(context),
        Command::Backup(arguments) => backup::run(&arguments, context),
        Command::Vin(arguments) => vin::run(&arguments, context),
        Command::Extract(arguments) => extract::run(&arguments, &mut context.output),
        Command::Submission(command) => submission::run(command, context),
        Command::Vehicle(command) => vehicle::run(command, context),
        Command::Import(command) => import::run(command, context),
        Command::Competitor(command) => competitor::run(command, context),
        Command::Scrape(arguments) => scrape::run(&arguments, context),
        Command::Analyze(arguments) => analyze::run(&arguments, context),
        Command::Market(command) => market::run(command, context),
        Command::Export(arguments) => export::run(arguments, context),
        Command::Report => report::run(context),
        Command::Job(command) => job::run(command, context),
        Command::Work(arguments) => work::run(&arguments, context),
        Command::Serve(arguments) => serve::run(*arguments, context),
        Command::Alert(command) => alert::run(command, context),
        Command::Activity(command) => activity::run(command, context),
        Command::User(command) => user::run(command, context),
        Command::Session(command) => session::run(command, context),
        Command::Token(command) => token::run(command, context),
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
    let in_colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(in_colour).with_writer(std::io::stderr).init();
}
