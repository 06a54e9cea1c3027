//! The command line: global options and the tree of commands.

use clap::{Args, Parser, Subcommand};
use jpauto::{CreateFile, typed};

use crate::{
    activity::ActivityCommand,
    alert::AlertCommand,
    analyze::AnalyzeArgs,
    backup::BackupArgs,
    check,
    competitor::CompetitorCommand,
    config::{self, ConfigCommand},
    demo::DemoArgs,
    export::ExportArgs,
    extract::ExtractArgs,
    import::ImportCommand,
    job::JobCommand,
    market::{self, MarketCommand},
    migrate::MigrateArgs,
    notification::NotificationCommand,
    output::Format,
    photo::{self, PhotoCommand},
    report,
    scrape::ScrapeArgs,
    serve::ServeArgs,
    session::SessionCommand,
    storage::{self, StorageCommand},
    submission::SubmissionCommand,
    token::TokenCommand,
    user::UserCommand,
    vehicle::VehicleCommand,
    vin::VinArgs,
    work::WorkArgs,
};

const EXAMPLES: &str = "\
Examples:
  jpauto demo                                   a dealership to look at, made in seconds
  jpauto vin 1HGCM82633A004352                  what a VIN tells by itself
  jpauto submission submit --year 2019 --make Toyota --model Camry --asking-price 15000
  jpauto submission approve ID --price 16900    takes the car into inventory, at our price
  jpauto import page --competitor 'Example Motors' --url https://motors.example/used used.html
  jpauto scrape --due --threads 16              the competitors' lists, as far as they are due
  jpauto market analyze --all && jpauto report

Websites are fetched in somebody's name alone: --contact ADDRESS, or once for all
  export JPAUTO_FETCH_CONTACT=webmaster@dealer.example

Exit codes:
  0  done                                       3  refused, forbidden, in conflict, or not found
  1  a fault of this program                    4  unavailable, or asked too often: try later
  2  the input or the configuration is wrong

Where an id is asked, its beginning will do if no other begins so; for a vehicle also its VIN or stock number, or the beginning
of one. Money and miles may be typed as $7,995 and 112,345 mi. A price that looks like a typing error asks for --yes.

An error is one line on stderr, error[code]: message, and with --format json an object there.";

/// Reads an enum of the library from its words, and lists them in `--help`.
macro_rules! one_of {
    ($words:ty) => {{
        use clap::builder::TypedValueParser as _;
        clap::builder::PossibleValuesParser::new(<$words>::ALL.map(<$words>::as_str))
            .try_map(|word| word.parse::<$words>())
    }};
}
pub(crate) use one_of;

/// Reads a number of miles as people type it: `112,345 mi`. Whether a car can have run them is for the library to say.
pub(crate) fn miles(text: &str) -> Result<i32, &'static str> {
    typed::miles(text).ok_or(typed::EXPECTED_MILES)
}

/// Whether a doubtful price is meant.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Confirmation {
    /// Write the price even if it looks like a typing error
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Reads a switch from an environment variable. A variable that is missing or empty means off.
pub(crate) fn switch(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("expected 1 or 0, yes or no, true or false"),
    }
}

/// Joins the lines of each paragraph below the options, in all commands, so that clap wraps the text to the terminal.
pub(crate) fn in_paragraphs(command: clap::Command) -> clap::Command {
    let below = command.get_after_help().map(|text| paragraphs(&text.to_string()));
    let below_long = command.get_after_long_help().map(|text| paragraphs(&text.to_string()));
    let command = match below {
        Some(text) => command.after_help(text),
        None => command,
    };
    let command = match below_long {
        Some(text) => command.after_long_help(text),
        None => command,
    };
    command.mut_subcommands(in_paragraphs)
}

/// Joins the lines of each paragraph; an indented line stays a line.
fn paragraphs(text: &str) -> String {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let mut joined = String::with_capacity(text.len());
    let mut follows_prose = false;
    for line in text.lines() {
        if !joined.is_empty() {
            joined.push(if follows_prose && is_prose(line) { ' ' } else { '\n' });
        }
        joined.push_str(line);
        follows_prose = is_prose(line);
    }
    joined
}

/// Everything a car dealership must know in one place: its lot, its market and its competitors.
#[derive(Debug, Parser)]
#[command(name = "jpauto", version, after_help = EXAMPLES, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The database: `sqlite:PATH` or `postgres://USER@HOST/NAME`; else that of the configuration or of `DATABASE_URL`
    /// [default: sqlite:jpauto.db]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) db: Option<String>,
    /// A table for people, one JSON document, or a JSON object a line; a table unless the command says otherwise
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub(crate) format: Option<Format>,
    /// Act as this member of staff, with no more than their role; without it the machine itself acts, as it always does in migrate, check,
    /// backup, serve, work and demo
    #[arg(long = "as", value_name = "EMAIL", global = true)]
    pub(crate) acting_as: Option<String>,
    // Written here, since a comment would need marks around the default.
    #[arg(
        long,
        value_name = "ZONE",
        global = true,
        help = "The time zone of the dealership, by which days, months and schedules are counted; else that of the configuration \
                [default: America/Los_Angeles]"
    )]
    pub(crate) time_zone: Option<String>,
    /// Refuse every write, in the database itself; a file that this user may only read opens so
    #[arg(long, global = true)]
    pub(crate) read_only: bool,
    /// Trace on stderr what happens
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
}

/// The commands, by noun.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a dealership at work: sixty days of sample data, priced and reported
    Demo(DemoArgs),
    /// Read VINs, decode them, and say what their vehicles are worth
    Vin(VinArgs),
    /// Read the listings of a saved page of a dealer's website
    Extract(ExtractArgs),
    /// Customers' submissions: send, review, approve into inventory, reject
    #[command(subcommand)]
    Submission(SubmissionCommand),
    /// The dealership's own vehicles
    #[command(subcommand)]
    Vehicle(VehicleCommand),
    /// The pictures of a vehicle or of a submission
    #[command(subcommand, after_help = photo::EXAMPLES)]
    Photo(PhotoCommand),
    /// The room that photos take, and photos that nothing shows
    #[command(subcommand, after_help = storage::EXAMPLES)]
    Storage(StorageCommand),
    /// Take in files: our own vehicles, or a competitor's lot from saved pages or listings
    #[command(subcommand)]
    Import(ImportCommand),
    /// The dealers that are watched, and what stands on their lots
    #[command(subcommand)]
    Competitor(CompetitorCommand),
    /// Fetch the lists of competitors, politely, and record what they show
    Scrape(ScrapeArgs),
    /// Price vehicles against the market
    Analyze(AnalyzeArgs),
    /// What the lot is worth on the market, how that changed, and how good the rule is
    #[command(subcommand, after_help = market::EXAMPLES)]
    Market(MarketCommand),
    /// Write the feeds of the website and of advertising platforms, and check them
    Export(ExportArgs),
    /// Show the lot, its market, the competitors and what waits, on one page
    #[command(after_help = report::EXAMPLES)]
    Report,
    /// What asks for attention
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Who was told of what has happened, by e-mail and by webhook
    #[command(subcommand)]
    Notification(NotificationCommand),
    /// Members of staff and their roles
    #[command(subcommand)]
    User(UserCommand),
    /// Who is signed in: end sessions, and delete those that have ended
    #[command(subcommand)]
    Session(SessionCommand),
    /// Secrets with which machines use the HTTP API
    #[command(subcommand)]
    Token(TokenCommand),
    /// The audit trail: who did what
    #[command(subcommand)]
    Activity(ActivityCommand),
    /// Jobs, when they run, and what their runs did
    #[command(subcommand)]
    Job(JobCommand),
    /// Run the jobs when they are due, until the process is told to end
    Work(Box<WorkArgs>),
    /// Serve the HTTP API
    Serve(Box<ServeArgs>),
    /// Bring the database's schema to this release's
    #[command(after_help = MIGRATE_HELP)]
    Migrate(MigrateArgs),
    /// Name what another application has left in the rows that jpauto reads otherwise
    #[command(after_help = check::HELP)]
    Check,
    /// Copy the whole database into a new file while it is in use
    Backup(BackupArgs),
    /// What can be configured, and how
    #[command(subcommand, after_help = config::HELP)]
    Config(ConfigCommand),
}

const MIGRATE_HELP: &str = "\
Safe at each start and from several machines at once. A new SQLite file needs no migration.

What another application has left in the rows is repaired where it is certain what it means (letters, blanks, shapes of lists, \
times under another name), each repair with its entry in the audit trail, and the rest is named. `jpauto check` tells the same \
and changes nothing. Make a backup first: jpauto backup FILE.

--partition-competitors copies the tables beside what is there while everybody works on, dealer by dealer, and lets the copies take \
their place at the end. Ended early, it goes on where it was when it is called again; called with the number that holds, it gives \
the copy up. The disk needs room for both until then. docs/scaling.md says when partitions are worth it.";

impl Command {
    /// What is logged where nothing else is asked for. A server logs its requests.
    pub(crate) fn usual_log(&self) -> &'static str {
        match self {
            Self::Serve(_) => "warn,jpauto_http=info",
            _ => "error",
        }
    }

    /// Whether it runs until it is told to end.
    pub(crate) fn is_a_server(&self) -> bool {
        match self {
            Self::Serve(arguments) => !arguments.only_checks(),
            Self::Work(_) => true,
            _ => false,
        }
    }

    /// Whether somebody acts in it. In the others the machine does, or nobody.
    pub(crate) fn is_of_somebody(&self) -> bool {
        !matches!(
            self,
            Self::Migrate(_)
                | Self::Check
                | Self::Backup(_)
                | Self::Serve(_)
                | Self::Work(_)
                | Self::Demo(_)
                | Self::Config(_)
                | Self::Extract(_)
        )
    }

    /// Whether the command is one that a dealership begins with. Any other one on a database that is missing has the wrong path.
    pub(crate) fn makes_a_database(&self) -> CreateFile {
        match self {
            Self::Serve(arguments) if arguments.only_checks() => CreateFile::Never,
            Self::Serve(_) | Self::Work(_) | Self::Migrate(_) => CreateFile::AtOnce,
            Self::Import(_)
            | Self::Submission(SubmissionCommand::Submit { .. })
            | Self::Vehicle(VehicleCommand::Add { .. })
            | Self::Competitor(CompetitorCommand::Add(_))
            | Self::User(UserCommand::Add { .. })
            | Self::Token(TokenCommand::Create { .. }) => CreateFile::AtFirstWrite,
            _ => CreateFile::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn lines_of_a_paragraph_are_one_and_examples_stay_lines() {
        let text = "It reads\nand writes.\n\nExamples:\n  jpauto one\n  jpauto two\nMore of it:\n  {}";
        let expected = "It reads and writes.\n\nExamples:\n  jpauto one\n  jpauto two\nMore of it:\n  {}";
        assert_eq!(paragraphs(text), expected);
    }

    #[test]
    fn no_help_is_wrapped_twice() {
        fn check(command: &mut clap::Command) {
            let name = command.get_name().to_owned();
            for help in [command.render_help(), command.render_long_help()] {
                let help = help.to_string();
                let lines: Vec<_> = help.lines().collect();
                // A short line within a paragraph was broken by hand and then by clap; a word more would have fitted.
                for pair in lines.windows(2) {
                    let is_prose = |line: &str| line.starts_with(|sign: char| sign.is_alphabetic());
                    let next = pair[1].split(' ').next().unwrap_or_default();
                    let is_torn = is_prose(pair[0]) && is_prose(pair[1]) && pair[0].len() + next.len() < 99;
                    assert!(!is_torn || pair[0].ends_with(':'), "{name}: {pair:?}");
                }
            }
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = in_paragraphs(Arguments::command()).term_width(100);
        command.build();
        check(&mut command);
    }
}
