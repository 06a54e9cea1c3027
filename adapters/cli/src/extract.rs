//! `jpauto extract`: the listings of a saved page. What is deliberately not here: a database, and fetching.

use std::path::PathBuf;

use clap::Args;
use jpauto::extract::{self, ScrapedListing};

use crate::{
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, car, dash, miles, money, remark},
    source,
};

/// Twice what the library reads: an encoding may take two bytes for what is one in UTF-8.
const PAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  jpauto extract used.html --url https://lot.example/used-inventory/
  curl -s https://lot.example/used | jpauto extract - --url https://lot.example/used --format jsonl
  jpauto extract used.html --url https://lot.example/ --format json | jq '.listings[].vin'

With table and jsonl, stderr says which platform was found, the count of listings, the total that the page claims, and
the address of the next page. The keys of a listing are the columns that `jpauto import listings` reads. On a vehicle's own
page that vehicle comes first; those that the page suggests are `related`, and no scrape takes them.";

/// The page to read.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExtractArgs {
    /// The saved page, in any encoding; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the page was saved from; relative links are read against it
    #[arg(long, value_name = "URL")]
    url: String,
    /// Read as this platform instead of detecting it; `generic` leaves all platforms aside
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
}

/// Prints the page's listings.
pub(crate) fn run(arguments: &ExtractArgs, output: &mut Output) -> Result<(), Failure> {
    let bytes = read_page(&arguments.file)?;
    let page = extract::listings_from_bytes(&bytes, None, &arguments.url, arguments.platform.as_deref())?;
    for warning in &page.warnings {
        remark(&format!("warning[{}]: {warning}", warning.code()));
    }
    match output.format() {
        Format::Json => return output.json(&page),
        Format::Jsonl => page.listings.iter().try_for_each(|listing| output.json_line(listing))?,
        Format::Table if page.listings.is_empty() => {}
        Format::Table => output.table(&page.listings)?,
    }
    output.flush()?;
    remark(&format!("platform: {}", page.platform));
    remark(&format!("count: {}", page.listings.len()));
    let related = page.listings.iter().filter(|listing| !listing.is_offered_here()).count();
    if related > 0 {
        remark(&format!(
            "related: {related} of these, suggested on another vehicle's own page; a scrape leaves them out"
        ));
    }
    remark(&format!("total: {}", page.total.map_or_else(|| "unknown".to_owned(), |total| total.to_string())));
    remark(&format!("next: {}", page.next.as_deref().unwrap_or("none")));
    Ok(())
}

/// The bytes of a saved page.
pub(crate) fn read_page(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    source::read_whole(path, PAGE_BYTES_MAX)
}

/// The vehicle, and whether the page merely suggests it.
fn named(listing: &ScrapedListing) -> String {
    let name = car(listing.year, listing.make.as_deref(), listing.model.as_deref(), listing.trim.as_deref());
    if listing.is_offered_here() { name } else { format!("{name} (related)") }
}

impl Row for ScrapedListing {
    const COLUMNS: &'static [Column] = &[
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::number("Miles"),
        Column::text("VIN"),
        Column::text("Stock").spare(1),
        Column::text("Colour").spare(2),
        Column::text("Body").spare(3),
    ];

    fn cells(&self) -> Vec<Cell> {
        let text = |value: &Option<String>| Cell::new(dash(value.clone(), |text| text));
        vec![
            named(self).into(),
            dash(self.price, money).into(),
            dash(self.mileage, miles).into(),
            text(&self.vin),
            text(&self.stock_number),
            text(&self.exterior_color),
            text(&self.body_style),
        ]
    }
}
