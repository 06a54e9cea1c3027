//! `jpauto competitor listings` and `prices`: which listings, and how they are shown.

use clap::Args;
use jpauto::{
    CompetitorId, Money,
    competitors::{
        Condition, Listing, ListingFilter, ListingSort, OdometerStatus, PricePoint, SaleStatus, StockStatus, TitleBrand,
    },
};

use crate::{
    arguments::one_of,
    filters::{ModelOptions, RangeOptions},
    output::{Cell, Column, Row, Tone, car, dash, day, miles, moment, money},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  jpauto competitor listings 'Example Motors' --active --make Toyota --sort price
  jpauto competitor listings 'Example Motors' --unseen
  jpauto competitor listings --sold --all --format jsonl > sold.jsonl
  jpauto competitor listings --active --days-on-market-min 45 --sort=-days_on_market
  jpauto competitor listings --price-drop-min 500 --price-drop-within 7 --sort=-price_drop
  jpauto competitor listings --title-brand salvage --title-brand rebuilt --sort price
  jpauto competitor listings --vin 1HGCM82633A004352";

/// Which listings.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct ListingOptions {
    /// Those that are not sold: on sale, or unseen
    #[arg(long, conflicts_with = "sold")]
    active: bool,
    /// Those that the website shows
    #[arg(long, conflicts_with_all = ["sold", "unseen"])]
    on_sale: bool,
    /// Those that the website shows no more, and that are not sold yet
    #[arg(long, conflicts_with = "sold")]
    unseen: bool,
    /// Those that are sold
    #[arg(long)]
    sold: bool,
    /// With this VIN
    #[arg(long, value_name = "VIN")]
    vin: Option<String>,
    #[command(flatten)]
    called: ModelOptions,
    #[command(flatten)]
    within: RangeOptions,
    /// On the market for so many days or longer
    #[arg(long, value_name = "DAYS")]
    days_on_market_min: Option<i32>,
    /// On the market for so many days or shorter
    #[arg(long, value_name = "DAYS")]
    days_on_market_max: Option<i32>,
    /// Standing there, by its website's word; repeatable, as are the four below
    #[arg(long, value_name = "STATUS", value_parser = one_of!(StockStatus))]
    stock_status: Vec<StockStatus>,
    /// How far its sale has come
    #[arg(long, value_name = "STATUS", value_parser = one_of!(SaleStatus))]
    sale_status: Vec<SaleStatus>,
    /// What its title says
    #[arg(long, value_name = "BRAND", value_parser = one_of!(TitleBrand))]
    title_brand: Vec<TitleBrand>,
    /// Offered as new, used or certified
    #[arg(long, value_parser = one_of!(Condition))]
    condition: Vec<Condition>,
    /// What is said of its odometer
    #[arg(long, value_name = "STATUS", value_parser = one_of!(OdometerStatus))]
    odometer_status: Vec<OdometerStatus>,
    /// Those whose price has come down
    #[arg(long)]
    price_dropped: bool,
    /// Those whose price has come down by this much or more
    #[arg(long, value_name = "DOLLARS", value_parser = jpauto::typed::money)]
    price_drop_min: Option<Money>,
    /// Those whose price has come down within so many days
    #[arg(long, value_name = "DAYS")]
    price_drop_within: Option<u32>,
    /// Every word stands somewhere in make, model, trim, VIN or stock number
    #[arg(long, value_name = "WORDS")]
    q: Option<String>,
    /// The order: a column, with a minus for the largest first
    #[arg(
        long,
        value_name = "ORDER",
        default_value = ListingSort::FirstSeenAtDescending.as_str(),
        value_parser = one_of!(ListingSort),
        allow_hyphen_values = true
    )]
    sort: ListingSort,
}

impl ListingOptions {
    pub(super) fn into_filter(self, competitors: Vec<CompetitorId>) -> ListingFilter {
        ListingFilter {
            competitors,
            sold: (self.active || self.on_sale || self.sold).then_some(self.sold),
            unseen: (self.on_sale || self.unseen).then_some(self.unseen),
            vin: self.vin,
            make: self.called.make,
            model: self.called.model,
            year_min: self.called.year_min,
            year_max: self.called.year_max,
            price_min: self.within.price_min,
            price_max: self.within.price_max,
            mileage_min: self.within.mileage_min,
            mileage_max: self.within.mileage_max,
            days_on_market_min: self.days_on_market_min,
            days_on_market_max: self.days_on_market_max,
            stock_status: self.stock_status,
            sale_status: self.sale_status,
            title_brand: self.title_brand,
            condition: self.condition,
            odometer_status: self.odometer_status,
            price_dropped: self.price_dropped,
            price_drop_min: self.price_drop_min,
            price_drop_within_days: self.price_drop_within,
            q: self.q,
            sort: self.sort,
        }
    }
}

impl Row for Listing {
    const COLUMNS: &'static [Column] = &[
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::number("Lowest").spare(4),
        Column::number("Miles"),
        Column::number("Days"),
        Column::text("Sold or unseen"),
        Column::text("Said of it").spare(1),
        Column::text("VIN").spare(1),
        Column::text("Stock").spare(2),
        Column::text("First seen").spare(3),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            car(self.year, self.make.as_deref(), self.model.as_deref(), self.trim.as_deref()).into(),
            dash(self.price, money).into(),
            dash(self.lowest_price, money).into(),
            dash(self.mileage, miles).into(),
            self.days_on_market.to_string().into(),
            self.fate().into(),
            self.said().into(),
            Cell::new(dash(self.vin.clone(), |vin| vin)).tone(Tone::Faint),
            dash(self.stock_number.clone(), |number| number).into(),
            day(self.first_seen_at).into(),
        ]
    }
}

impl Row for PricePoint {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::number("Price"),
        Column::number("Lowest so far"),
        Column::number("Miles").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            moment(self.recorded_at).into(),
            money(self.price).into(),
            dash(self.min_price, money).into(),
            dash(self.mileage, miles).into(),
        ]
    }
}

/// What is shown of a listing for people.
trait Shown {
    fn fate(&self) -> String;
    fn said(&self) -> String;
}

impl Shown for Listing {
    /// The day of the sale, or who has the vehicle now, or since when it is missing.
    fn fate(&self) -> String {
        match &self.transferred_to {
            Some(transfer) => format!("to {}", transfer.competitor),
            None if self.is_unseen => format!("unseen since {}", day(self.last_seen_at)),
            None => dash(self.sold_at, day),
        }
    }

    /// What its website says of it that a buyer would ask, in a few words: `certified, sale pending`.
    fn said(&self) -> String {
        let title = self.title_brand.filter(|brand| *brand != TitleBrand::Clean).map(|brand| format!("{brand} title"));
        let odometer = self.odometer_status.filter(|status| *status != OdometerStatus::Actual);
        let pending = self.sale_status.filter(|status| *status != SaleStatus::Available);
        let away =
            self.stock_status.filter(|status| !matches!(status, StockStatus::InStock | StockStatus::SalePending));
        let words = [
            title,
            odometer.map(|status| format!("odometer {}", status.as_str().replace('_', " "))),
            self.condition.filter(|condition| *condition != Condition::Used).map(|condition| condition.to_string()),
            pending.map(|status| format!("sale {status}")),
            away.map(|status| status.as_str().replace('_', " ")),
        ];
        let said: Vec<_> = words.into_iter().flatten().collect();
        dash(Some(said).filter(|said| !said.is_empty()), |said| said.join(", "))
    }
}
