//! `jpauto competitor add`: a new dealer, by the address of its website.

use std::path::{Path, PathBuf};

use clap::Args;
use jpauto::{
    ErrorCode,
    competitors::{NewCompetitor, TestOptions, web_address},
};
use serde_json::Value;

use crate::{
    competitor::test,
    context::Context,
    failure::Failure,
    fields::FieldOptions,
    output::{Format, Tone, remark},
    scrape::FetchOptions,
    source,
};

/// What the library takes for a configuration is far smaller.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;

const HELP: &str = "\
Any page of the website will do: it is fetched, the page that lists the vehicles is looked for behind its links, the
platform is told by its marks, and a few vehicles are shown. The dealer is called as its website says, unless --name
says otherwise. A website that can not be read is not added; --no-fetch adds it without looking.

A website that is read wrongly is described in a file, as --help shows; jpauto competitor test shows what comes of it before
anything is added.

Examples:
  export JPAUTO_FETCH_CONTACT=webmaster@dealer.example       in place of --contact, each time
  jpauto competitor add https://motors.example/
  jpauto competitor add https://motors.example/used --name 'Example Motors' --config motors.json
  jpauto competitor add https://motors.example/used --name 'Example Motors' --no-fetch";

/// How a website is described, by examples of which each is a whole file.
pub(super) const CONFIG_HELP: &str = r#"The description of a website (--config FILE, --set scraper_config=JSON): a JSON object of
these keys. What it does not say is read as on any page.

The cards of the vehicles, and where in them the fields stand, by CSS selectors:
  {"cards": "div.car", "fields": {"heading": "h3", "price": [".sale", ".price"]}}
An attribute in place of the text, or a part of it, the first group of a regular expression:
  {"cards": "li", "fields": {"vin": {"attribute": "data-vin"},
    "stock_number": {"selector": "i", "regex": "Stock: (\\w+)"}}}
The fields: vin, external_id, stock_number, year, make, model, trim, price, mileage, url,
exterior_color, transmission, fuel_type, body_style, image_url, stock_status, sale_status,
title_brand, condition, odometer_status, is_sold, and heading for a text such as 2019 Ford F-150 XLT.

How the list goes on: by a link, by a parameter that counts pages, or one that counts vehicles;
size is how many vehicles a full page shows, where that is known:
  {"pagination": {"next": "a.next"}}
  {"pagination": {"page": {"parameter": "page", "first": 1, "size": 24}}}
  {"pagination": {"offset": {"parameter": "start", "size": 24}}}

Where the website's scripts ask for the list as JSON, ask the same; no page is read then:
  {"endpoint": {"url": "/api/search?type=used", "listings": "data.vehicles",
    "total": "data.count", "fields": {"price": "pricing.internet", "url": "links[0].href"},
    "pagination": {"page": {"parameter": "page", "first": 1, "size": 50}}}}
  {"endpoint": {"url": "/api/search", "method": "POST", "body": {"condition": "used"},
    "listings": "vehicles", "pagination": {"offset": {"parameter": "paging.start", "size": 50}}}}
  {"endpoint": {"url": "/api/list", "listings": "items", "pagination": {"next": "links.next"}}}
  {"endpoint": {"url": "/api/list", "listings": "items",
    "pagination": {"cursor": {"parameter": "after", "path": "page.end"}}}}

More: where the page says how many vehicles there are, the one store of a group's website, how
many pages are read at most, and how many missing cars are looked for on their own pages:
  {"total": ".found b", "store": "North", "max_pages": 40, "check_missing": 10}"#;

/// A dealer to be watched.
#[derive(Args, Debug)]
#[command(after_help = HELP, after_long_help = format!("{HELP}\n\n{CONFIG_HELP}"))]
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
    /// Render its pages in a browser, now and in each scrape: for a list that scripts make
    #[arg(long)]
    browser: bool,
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
    if let Some(address) = web_address(&arguments.url) {
        remark(&format!("read as {address}"));
    }
    let mut given = vec![("inventory_url", arguments.url.as_str())];
    given.extend(arguments.name.as_deref().map(|name| ("name", name)));
    let mut new: NewCompetitor = arguments.more.read(given)?.build()?;
    if let Some(path) = &arguments.config {
        new.scraper_config = Some(read_config(path)?);
    }
    new.use_playwright |= arguments.browser;
    if arguments.no_fetch {
        let added = context.desk()?.competitors().add(&new)?;
        return context.output.item(&added);
    }
    let (fetch, scraping) = arguments.fetching.config(&context.settings)?;
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
        .map_err(|reason| Failure::new(ErrorCode::InvalidJson, format!("{}: {reason}", path.display())))
}
