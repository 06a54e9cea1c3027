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
mod config;
mod configuration;
mod context;
mod demo;
mod export;
mod extract;
mod failure;
mod fields;
mod filters;
mod import;
mod job;
mod log;
mod market;
mod migrate;
mod notification;
mod output;
mod paging;
mod photo;
mod report;
mod scrape;
mod sentences;
mod serve;
mod session;
mod sign_in;
mod source;
mod storage;
mod submission;
mod token;
mod user;
mod vehicle;
mod vin;
mod work;

use std::{ffi::OsString, io::IsTerminal as _, path::PathBuf, process::ExitCode};

use clap::{Arg, ArgMatches, CommandFactory as _, FromArgMatches as _};
use jpauto::ErrorCode;

use crate::{
    arguments::{Arguments, Command, Global},
    config::ConfigCommand,
    configuration::{LogFormat, Settings},
    context::Context,
    failure::Failure,
    log::{Finished, Log},
    output::Format,
};

#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let parsed = command_line()
        .try_get_matches()
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, configuration_file(&matches))));
    let (Arguments { global, command }, file) = match parsed {
        Ok(parsed) => parsed,
        Err(wrong) => return refuse(&wrong),
    };
    let in_json = global.format == Some(Format::Json);
    match start(global, command, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(in_json),
    }
}

fn start(global: Global, command: Command, file: Option<PathBuf>) -> Result<(), Failure> {
    // What shows how to configure must not fail for a configuration that is wrong.
    let settings = match command {
        Command::Config(ConfigCommand::Sample) => Settings::default(),
        _ => Settings::load(file.as_deref(), std::env::vars_os())?,
    };
    let usual = if global.verbose { "jpauto=debug,info" } else { command.usual_log() };
    let _log = log_to_stderr(usual, &settings, command.is_a_server())?;
    if global.acting_as.is_some() && !command.is_of_somebody() {
        let message = "--as is not for this command: the machine itself acts in it, whoever runs it";
        return Err(Failure::new(ErrorCode::Usage, message));
    }
    let mut context = Context::new(global, settings);
    context.make_a_database(command.makes_a_database());
    run(command, &mut context)?;
    Ok(context.output.finish()?)
}

/// The command line.
fn command_line() -> clap::Command {
    with_configuration_file(arguments::in_paragraphs(Arguments::command()))
}

/// The same with `--config` on each command that has no `--config` of its own.
fn with_configuration_file(command: clap::Command) -> clap::Command {
    let has_its_own = command.get_arguments().any(|option| option.get_long() == Some("config"));
    let command = match has_its_own {
        true => command,
        false => command.arg(
            Arg::new(CONFIGURATION_FILE)
                .long("config")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help_heading("Global options")
                .help("The configuration, else the file that JPAUTO_CONFIG names; `jpauto config sample` prints one"),
        ),
    };
    command.mut_subcommands(with_configuration_file)
}

const CONFIGURATION_FILE: &str = "configuration_file";

/// The file that was named on the command line, else the one of the environment.
fn configuration_file(matches: &ArgMatches) -> Option<PathBuf> {
    let mut named = None;
    let mut command = Some(matches);
    while let Some(matches) = command {
        if let Ok(Some(path)) = matches.try_get_one::<PathBuf>(CONFIGURATION_FILE) {
            named = Some(path.clone());
        }
        command = matches.subcommand().map(|(_, matches)| matches);
    }
    named.or_else(|| std::env::var_os(configuration::FILE).filter(|path| !path.is_empty()).map(PathBuf::from))
}

/// Tells what is wrong with the arguments, or prints the help that they ask for.
fn refuse(wrong: &clap::Error) -> ExitCode {
    // What `--help` prints is no failure, and a person reads clap's own words best: they know the usage and the nearest name.
    if wrong.use_stderr() && json_was_asked_for(std::env::args_os()) {
        return Failure::usage(wrong).report(true);
    }
    wrong.exit()
}

fn run(command: Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Migrate(arguments) => migrate::run(context, &arguments),
        Command::Check => check::run(context),
        Command::Backup(arguments) => backup::run(&arguments, context),
        Command::Config(command) => config::run(&command, context),
        Command::Vin(arguments) => vin::run(&arguments, context),
        Command::Extract(arguments) => extract::run(&arguments, &mut context.output),
        Command::Submission(command) => submission::run(command, context),
        Command::Vehicle(command) => vehicle::run(command, context),
        Command::Import(command) => import::run(command, context),
        Command::Competitor(command) => competitor::run(command, context),
        Command::Scrape(arguments) => scrape::run(&arguments, context),
        Command::Analyze(arguments) => analyze::run(&arguments, context),
        Command::Market(command) => market::run(command, context),
        Command::Photo(command) => photo::run(command, context),
        Command::Storage(command) => storage::run(command, context),
        Command::Export(arguments) => export::run(arguments, context),
        Command::Report => report::run(context),
        Command::Job(command) => job::run(command, context),
        Command::Work(arguments) => work::run(&arguments, context),
        Command::Serve(arguments) => serve::run(&arguments, context),
        Command::Alert(command) => alert::run(command, context),
        Command::Notification(command) => notification::run(command, context),
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

/// What the library and the server trace. `RUST_LOG` counts before the configuration, and that before what is usual.
fn log_to_stderr(usual: &str, settings: &Settings, is_a_server: bool) -> Result<Finished, Failure> {
    use tracing_subscriber::EnvFilter;
    let chosen = &settings.log;
    let filter = match (EnvFilter::try_from_default_env(), &chosen.filter) {
        (Ok(filter), _) => filter,
        (Err(_not_set), Some(filter)) => {
            EnvFilter::try_new(filter).map_err(|reason| settings.refuse("log.filter", reason.to_string()))?
        }
        (Err(_not_set), None) => EnvFilter::new(usual),
    };
    // Below that, the client of FTP tells each command that it sends, and one of them is the password.
    let filter = ["suppaftp=info", log::REMARKS]
        .iter()
        .filter_map(|text| text.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let in_colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let log = if is_a_server { log::of_a_server(chosen.format) } else { Log::to(std::io::stderr()) };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(in_colour)
        .with_writer(log.clone())
        // It would tell of them on standard error, and panic where that is gone.
        .log_internal_errors(false);
    match chosen.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(log.until_the_end())
}
