//! `jpauto competitor test`: what a scrape would read on a website.

use std::path::PathBuf;

use clap::Args;
use jpauto::{
    ErrorCode, ErrorKind,
    competitors::{PlatformCertainty, ScorePart, TestOptions, TestReport, TestSite, web_address},
    extract::is_unseen,
};

use super::{
    add::{CONFIG_HELP, read_config},
    find,
};
use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, counted, remark},
    scrape::FetchOptions,
};

const HELP: &str = "\
Fetches the first pages, politely, and writes nothing. The score says how much of what matters was read, 0 to 100: to know
a vehicle again 30 (half of it without a VIN), price 25, year with make and model 20, mileage 15, a page of its own 7, a
picture 3. A website that can not be read at all, and one on which nothing is a vehicle, end the command with exit code 4.
--help shows how a website is described that is read wrongly.

Examples:
  export JPAUTO_FETCH_CONTACT=webmaster@dealer.example       in place of --contact, each time
  jpauto competitor test https://motors.example/
  jpauto competitor test 'Example Motors' --config motors.json --pages 3
  jpauto competitor test https://motors.example/used --format json | jq '.score.percent, .warnings'";

/// What to try out.
#[derive(Args, Debug)]
#[command(after_help = HELP, after_long_help = format!("{HELP}\n\n{CONFIG_HELP}"))]
pub(crate) struct TestArgs {
    /// The address of a website, or the name or id of a dealer that is watched
    #[arg(value_name = "URL|COMPETITOR")]
    website: String,
    /// How to read the website, in place of what is stored: a JSON file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Render its pages in a browser, for a list that scripts make; of a dealer that is watched that is known
    #[arg(long)]
    browser: bool,
    /// Pages of the list that are read, 1 to 10
    #[arg(long, value_name = "NUMBER", default_value_t = TestOptions::default().pages)]
    pages: u32,
    /// Vehicles that are shown
    #[arg(long, value_name = "NUMBER", default_value_t = TestOptions::default().listings)]
    listings: usize,
    #[command(flatten)]
    fetching: FetchOptions,
}

/// Tries it out.
pub(super) fn run(arguments: &TestArgs, context: &mut Context) -> Result<(), Failure> {
    let config = arguments.config.as_deref().map(read_config).transpose()?;
    let (fetch, scraping) = arguments.fetching.config(&context.settings)?;
    context.fetch_with(fetch, scraping);
    let desk = context.desk_or_passing()?;
    let text = arguments.website.as_str();
    let mut site = if text.starts_with("http://") || text.starts_with("https://") {
        TestSite::from(text)
    } else {
        // A dealer may well be called by its address.
        match (find(&desk, text), web_address(text)) {
            (Err(Failure::Library(unknown)), Some(address)) if unknown.kind() == ErrorKind::NotFound => {
                remark(&format!("read as {address}"));
                TestSite::from(address.as_str())
            }
            (known, _) => TestSite::from(&known?),
        }
    };
    site.scraper_config = config.or(site.scraper_config);
    site.use_playwright |= arguments.browser;
    let options = TestOptions { pages: arguments.pages, listings: arguments.listings, ..TestOptions::default() };
    let report = desk.competitors().test(site, &options)?;
    let output = &mut context.output;
    match output.format() {
        Format::Json => output.json(&report)?,
        Format::Jsonl => output.json_line(&report)?,
        Format::Table => print(&report, output)?,
    }
    match report.refusal() {
        Some(refusal) => {
            output.flush()?;
            Err(Failure::new(ErrorCode::WebsiteUnreadable, refusal.to_string()))
        }
        None => Ok(()),
    }
}

/// A report for people.
pub(super) fn print(report: &TestReport, output: &mut Output) -> Result<(), Failure> {
    match report.site_name.as_deref().unwrap_or(&report.url) {
        name if name == report.inventory_url => output.heading(name, "")?,
        name => output.heading(name, &report.inventory_url)?,
    }
    let platform = report.platform.as_deref();
    let sure = match report.platform_certainty {
        PlatformCertainty::Certain => "certain: only its templates write what stands in the page",
        PlatformCertainty::Possible => "possible: others write what points to it, too",
        PlatformCertainty::Said => "as was said; the page neither confirms nor denies it",
        _ => "none that is known",
    };
    line(output, "platform", &platform.map_or_else(|| sure.to_owned(), |platform| format!("{platform} ({sure})")))?;
    if let Some(technique) = &report.technique {
        let how = match technique.as_str() {
            "structured_data" => "the structured data in its pages".to_owned(),
            "cards" => "the cards around the VINs in its pages".to_owned(),
            "generic" => "its configuration".to_owned(),
            platform => format!("what is known of {platform}"),
        };
        let from = report.endpoint.as_ref().map(|endpoint| format!(", from {endpoint}")).unwrap_or_default();
        line(output, "read by", &format!("{how}{from}"))?;
    }
    let pages = if report.endpoint.is_some() { "answer" } else { "page" };
    let claimed = report.total_claimed.map(|total| format!("; the website claims {total}")).unwrap_or_default();
    let seen = format!("{} on {}{claimed}", report.listings_found, counted(report.pages.len(), pages));
    line(output, "vehicles", &seen)?;
    if let Some(next) = &report.next {
        line(output, "goes on", next)?;
    }
    let tone = match report.score.percent {
        80.. => Tone::Good,
        50.. => Tone::Warning,
        _ => Tone::Bad,
    };
    let score = output.toned(&format!("{} of 100", report.score.percent), tone);
    line(output, "score", &score)?;
    if !report.listings.is_empty() {
        output.heading("What was read", "of all vehicles on these pages")?;
        output.table(&report.score.parts)?;
        let more = report.listings_found > report.listings.len();
        output.heading("Vehicles", if more { "the first ones" } else { "all of them" })?;
        output.table(&report.listings)?;
    }
    output.flush()?;
    for warning in &report.warnings {
        remark(&format!("warning[{}]: {warning}", warning.code()));
    }
    Ok(())
}

fn line(output: &mut Output, label: &str, text: &str) -> Result<(), Failure> {
    // What a stranger wrote must not move the cursor; our own colours may.
    let text = text.replace(|sign: char| is_unseen(sign) && sign != '\u{1b}', " ");
    let label = output.toned(&format!("{label:<9}"), Tone::Faint);
    output.text(&format!("{label} {text}"))
}

impl Row for ScorePart {
    const COLUMNS: &'static [Column] = &[Column::text("Part"), Column::number("Weight"), Column::number("Read")];

    fn cells(&self) -> Vec<Cell> {
        let share = format!("{:.0} %", self.share * 100.0);
        let tone = if self.share >= 0.8 { Tone::Good } else { Tone::Warning };
        vec![self.name.into(), self.weight.to_string().into(), Cell::new(share).tone(tone)]
    }
}
