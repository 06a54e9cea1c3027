//! `jpauto competitor add`: a dealer watched from now on, by the address of its website. What is deliberately not here: finding
//! the list of vehicles and the platform, which the library does.

use std::path::{Path, PathBuf};

use clap::Args;
use jpauto::competitors::{NewCompetitor, TestOptions};
use serde_json::Value;

use crate::{
    competitor::test,
    context::Context,
    failure::Failure,
    fields::FieldOptions,
    output::{Format, Tone},
    scrape::FetchOptions,
    source,
};

/// What the library takes for a configuration is far smaller.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;

const HELP: &str = "\
Any page of the website will do: it is fetched, the page that lists the vehicles is looked for behind its links, the
platform is told by its marks, and a few vehicles are shown. The dealer is called as its website says, unless --name
says otherwise. A website that can not be read is not added; --no-fetch adds it without looking.

A website that is read wrongly is described in a file, its keys as in the documentation of ScraperConfig:
  {\"cards\": \"div.car\", \"fields\": {\"price\": \".price-now\", \"vin\": {\"selector\": \"i\", \"attribute\": \"data-vin\"}}}
jpauto competitor test shows what comes of it before anything is added.

Examples:
  export JPAUTO_FETCH_CONTACT=webmaster@dealer.example       in place of --contact, each time
  jpauto competitor add https://motors.example/
  jpauto competitor add https://motors.example/used --name 'Example Motors' --config motors.json
  jpauto competitor add https://motors.example/used --name 'Example Motors' --no-fetch";

/// A dealer to be watched.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct AddArgs {
    /// The address of its website: the list of vehicles, the front page, or any other
    #[arg(value_name = "URL")]
    url: String,
    /// What the dealer is called here; as its website says, without it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How to read the website, where nothing general does: a JSON file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Add it without looking: the address is then the page that lists the vehicles, and --name is needed
    #[arg(long)]
    no_fetch: bool,
    #[command(flatten)]
    more: FieldOptions,
    #[command(flatten)]
    fetching: FetchOptions,
}

/// Adds it.
pub(super) fn run(arguments: &AddArgs, context: &mut Context) -> Result<(), Failure> {
    let mut given = vec![("inventory_url", arguments.url.as_str())];
    given.extend(arguments.name.as_deref().map(|name| ("name", name)));
    let mut new: NewCompetitor = arguments.more.read(given)?.build()?;
    if let Some(path) = &arguments.config {
        new.scraper_config = Some(read_config(path)?);
    }
    if arguments.no_fetch {
        let added = context.desk()?.competitors().add(&new)?;
        return context.output.item(&added);
    }
    let (fetch, scraping) = arguments.fetching.config()?;
    context.fetch_with(fetch, scraping);
    let added = context.desk()?.competitors().add_at(&new, &TestOptions::default())?;
    let output = &mut context.output;
    match output.format() {
        Format::Json => return output.json(&added),
        Format::Jsonl => return output.json_line(&added),
        Format::Table => {}
    }
    let name = output.toned(&added.competitor.name, Tone::Strong);
    output.text(&format!("added {name}"))?;
    test::print(&added.test, output)?;
    output.text("")?;
    output.text(&format!("to record the whole lot: jpauto competitor scrape {}", added.competitor.id))
}

/// A configuration as JSON; what it says is checked by the library.
pub(super) fn read_config(path: &Path) -> Result<Value, Failure> {
    serde_json::from_slice(&source::read_whole(path, CONFIG_BYTES_MAX)?)
        .map_err(|reason| Failure::input("invalid_json", format!("{}: {reason}", path.display())))
}
