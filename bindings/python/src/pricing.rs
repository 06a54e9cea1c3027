//! The pricing rule on data of one's own: `jpauto.pricing` and `jpauto.market`. No database.
//!
//! One subject gives a record. A table or a list of them gives a table with a row for each.

use std::{collections::HashMap, thread};

use chrono::{DateTime, Utc};
use jpauto::{
    Money,
    market::{
        self, Comparable, ComparablePool, ComparableRow, OwnVins, PastListing, PricingRules, Subject, SubjectRow,
    },
};
use pyo3::{
    prelude::*,
    types::{PyDateTime, PyDict, PyMapping, PyString},
};

use crate::{
    ending::Inside,
    error,
    faults::{self, Faults, not},
    frame::{Frame, each_text, eager, is_arrow, texts},
    input,
    interrupt::{interruptible, take_turns},
    market::{Analysis, BacktestReport, Supply, backtest_options},
    record::{Amount, Told as _, record},
    tables::Batch,
    typed,
    unicode::{self, OfText as _},
    whole,
};

/// Subjects that are priced before their faults are counted.
const SUBJECTS_AT_ONCE: usize = 4_096;

/// A subject and what it is worth.
pub(crate) struct Priced {
    subject: Subject,
    analysis: market::Analysis,
}

record! {
    /// What a vehicle is worth on the market: the figures of an `Analysis` in one row.
    PricedSubject of Priced {
        () {
            /// Its VIN.
            vin: Option<String> = [subject.vin],
            /// Model year.
            year: i32 = [subject.year],
            /// Make.
            make: String = [subject.make],
            /// Model.
            model: String = [subject.model],
            /// Our price.
            our_price: Option<Amount> = [analysis.our_price],
            /// The median of the adjusted prices: what our price is compared with.
            median: Option<Amount> = [analysis.adjusted.map(|prices| prices.median)],
            /// The lower end of the recommended range.
            low: Option<Amount> = [analysis.recommended_range.map(|range| range.low)],
            /// The upper end of the recommended range.
            high: Option<Amount> = [analysis.recommended_range.map(|range| range.high)],
            /// The lowest adjusted price.
            min: Option<Amount> = [analysis.adjusted.map(|prices| prices.min)],
            /// The highest adjusted price.
            max: Option<Amount> = [analysis.adjusted.map(|prices| prices.max)],
            /// The median of the raw prices.
            median_price: Option<Amount> = [analysis.median_price],
            /// Kept comparables.
            sample_size: usize = [analysis.sample_size],
            /// How our price compares: `high`, `low`, `competitive` or `insufficient_data`.
            recommendation: Option<&'static str> = [analysis.recommendation],
            /// How far to trust it: `insufficient`, `limited`, `moderate` or `high`.
            confidence: &'static str = [analysis.confidence],
            /// How far our price is from the median, in percent of the median.
            difference_percent: Option<f64> = [analysis.position.map(|position| position.difference_percent)],
            /// Our price in percent of the median.
            price_to_market_percent: Option<f64> = [analysis.position.map(|position| position.price_to_market_percent)],
            /// Our place from the cheapest, which is 1.
            rank: Option<usize> = [analysis.position.map(|position| position.rank)],
            /// On offer now.
            active: usize = [analysis.supply.active],
            /// Sold within the window.
            sold: usize = [analysis.supply.sold],
            /// For how many days the offer lasts at that pace.
            market_days_supply: Option<f64> = [analysis.supply.market_days_supply],
            /// The median days on market of those sold.
            days_on_market: Option<f64> = [analysis.supply.days_on_market],
            /// Which tier of the search was taken, from 1.
            tier: usize = [analysis.search_parameters.tier],
            /// The slope of the logarithm of the price on miles.
            per_mile: f64 = [analysis.adjustment.per_mile],
            /// The alert that it calls for.
            alert_type: Option<&'static str> = [analysis.alert.map(|alert| alert.alert_type)],
        }
    }
}

record! {
    /// Supply and demand of one subject in a row.
    SubjectSupply of market::Supply {
        () {
            /// On offer now.
            active: usize,
            /// Sold within the window.
            sold: usize,
            /// For how many days the offer lasts at that pace.
            market_days_supply: Option<f64>,
            /// The median days on market of those sold.
            days_on_market: Option<f64>,
        }
    }
}

record! {
    /// Days on the market in a row.
    DaysOnMarket of Option<i32> {
        () {
            /// Whole days; nothing where the first sighting is not known.
            days_on_market: Option<i32> = [map(|days| days.max(0))],
        }
    }
}

/// What does not depend on the subject.
struct Market {
    pool: ComparablePool,
    own: OwnVins,
    rules: PricingRules,
    now: DateTime<Utc>,
}

impl Market {
    fn of(
        comparables: &Bound<'_, PyAny>,
        own_vins: Option<&Bound<'_, PyAny>>,
        as_of: Option<&Bound<'_, PyDateTime>>,
        rules: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = comparables.py();
        let (own, rules, now) = (own(py, own_vins)?, rules_of(py, rules)?, now(as_of)?);
        let rows: Vec<ComparableRow> = rows_of("comparables", comparables)?;
        let pool = py.detach(|| ComparablePool::new(comparables_of(rows, now)));
        Ok(Self { pool, own, rules, now })
    }

    /// Answers for each of many subjects, in their order.
    fn each<T: Send>(
        &self,
        py: Python<'_>,
        subjects: Vec<Subject>,
        answer: impl Fn(&Self, Subject) -> jpauto::Result<T> + Sync,
    ) -> PyResult<Vec<T>> {
        let mut answers = Vec::with_capacity(subjects.len());
        let mut faults = Faults::default();
        let mut subjects = subjects.into_iter();
        let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
        loop {
            let some: Vec<_> = subjects.by_ref().take(SUBJECTS_AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            let found = interruptible(py, |stop| {
                side_by_side(some, threads, |subject| (!stop.is_asked()).then(|| answer(self, subject)))
            })?;
            for found in found.into_iter().flatten() {
                let row = answers.len();
                match found {
                    Ok(found) => answers.push(Some(found)),
                    Err(refusal) => {
                        answers.push(None);
                        for field in refusal.fields() {
                            faults.add(|| (format!("/subjects/{row}{}", field.pointer), field.message.clone()));
                        }
                    }
                }
            }
        }
        faults.checked(py)?;
        Ok(answers.into_iter().flatten().collect())
    }
}

/// Answers for each of them in their order, on several threads where there are many.
fn side_by_side<S: Send, T: Send>(some: Vec<S>, threads: usize, answer: impl Fn(S) -> T + Sync) -> Vec<T> {
    const WORTH_A_THREAD: usize = 64;
    let share = some.len().div_ceil(threads.max(1)).max(WORTH_A_THREAD);
    if some.len() <= share {
        return some.into_iter().map(answer).collect();
    }
    let mut parts = Vec::new();
    let mut some = some.into_iter();
    loop {
        let part: Vec<S> = some.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        parts.push(part);
    }
    thread::scope(|scope| {
        let answer = &answer;
        let begun: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || part.into_iter().map(answer).collect::<Vec<_>>()))
            .collect();
        begun
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn own(py: Python<'_>, vins: Option<&Bound<'_, PyAny>>) -> PyResult<OwnVins> {
    let Some(vins) = vins else { return Ok(OwnVins::default()) };
    let columns = texts("own_vins", vins)?;
    Ok(py.detach(|| {
        let mut own = Vec::new();
        for column in &columns {
            each_text(column.as_ref(), &mut |vin| own.extend(vin));
        }
        own.into_iter().collect()
    }))
}

fn rules_of(py: Python<'_>, rules: Option<&Bound<'_, PyDict>>) -> PyResult<PricingRules> {
    let Some(rules) = rules else { return Ok(PricingRules::default()) };
    let rules: PricingRules = input::fields(py, Some(rules))?;
    rules.checked().map_err(|reason| error::exception(py, &reason))
}

fn now(as_of: Option<&Bound<'_, PyDateTime>>) -> PyResult<DateTime<Utc>> {
    as_of.map_or_else(|| Ok(Utc::now()), |as_of| input::instant("as_of", as_of))
}

fn comparables_of(rows: Vec<ComparableRow>, now: DateTime<Utc>) -> Vec<Comparable> {
    rows.into_iter().map(|row| row.into_comparable(now)).collect()
}

/// A row of a table, a dictionary or a record of other programs.
pub(crate) trait Given: Clone + Default + Send {
    /// The names that are looked at.
    const NAMES: &'static [&'static str];
    /// Those that a table must have.
    const NEEDED: &'static [&'static str];

    fn fill(frame: &mut Frame, rows: &mut [Self]);

    /// Takes a value of a dictionary as it takes one of a table. The error is what was expected.
    fn take(&mut self, name: &str, value: &Bound<'_, PyAny>) -> Result<(), &'static str>;
}

/// Says which columns of a table go to which fields of a row.
macro_rules! given {
    ($row:ty, needs [$($needed:literal),*] { $($field:ident: $type:ty,)+ }) => {
        impl $crate::pricing::Given for $row {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];
            const NEEDED: &'static [&'static str] = &[$($needed),*];

            fn fill(frame: &mut $crate::frame::Frame, rows: &mut [Self]) {
                $(frame.fill(rows, stringify!($field), |row: &mut Self, value: $type| row.$field = Some(value));)+
            }

            fn take(&mut self, name: &str, value: &Bound<'_, PyAny>) -> Result<(), &'static str> {
                match name {
                    $(stringify!($field) => self.$field = $crate::frame::value::<$type>(value)?,)+
                    _ => {}
                }
                Ok(())
            }
        }
    };
}
pub(crate) use given;

given!(SubjectRow, needs ["year", "make", "model"] {
    vin: String, year: i32, make: String, model: String, trim: String, mileage: i32, price: Money, cost: Money,
    branded: bool, is_new: bool, title_status: String, title_brand: String, condition: String,
});

given!(ComparableRow, needs ["year", "make", "model", "price"] {
    id: String, source: String, vin: String, external_id: String, stock_number: String, url: String, year: i32, make: String,
    model: String, trim: String, price: Money, mileage: i32, distance_miles: f64, dealer: String,
    first_seen_at: DateTime<Utc>, last_seen_at: DateTime<Utc>, is_sold: bool, sold_at: DateTime<Utc>, branded: bool,
    title_brand: String, condition: String, odometer_status: String, sale_status: String,
});

/// The rows of a table, or of dictionaries and records.
pub(crate) fn rows_of<G: Given>(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<Vec<G>> {
    let given = &eager(given)?;
    let py = given.py();
    if let Some(mut frame) = Frame::of(name, given, G::NAMES, G::NEEDED)? {
        let rows = py.detach(|| {
            G::NEEDED.iter().for_each(|column| frame.need(column));
            let mut rows = vec![G::default(); frame.rows()];
            G::fill(&mut frame, &mut rows);
            rows
        });
        frame.checked(py)?;
        return Ok(rows);
    }
    if given.cast::<PyMapping>().is_ok() || given.cast::<PyString>().is_ok() {
        return Err(faults::no_table(name, given));
    }
    let _inside = Inside::begin(py);
    let mut rows = Vec::new();
    let mut faults = Faults::default();
    let mut lacking = G::NEEDED.to_vec();
    for (place, item) in faults::rows(name, given)?.enumerate() {
        take_turns(py)?;
        let at = format!("/{name}/{place}");
        match known_fields::<G>(&item?)? {
            Some(known) => {
                let mut lacks = Vec::with_capacity(lacking.len());
                for field in lacking {
                    if !known.contains(field)? {
                        lacks.push(field);
                    }
                }
                lacking = lacks;
                rows.push(row_of(&known, &at, &mut faults)?);
            }
            None => faults.add(|| (at, NO_ROW.to_owned())),
        }
    }
    if faults.is_empty() && !rows.is_empty() {
        for field in lacking {
            faults.add(|| (format!("/{name}/{field}"), "expected a field of this name".to_owned()));
        }
    }
    faults.checked(py)?;
    Ok(rows)
}

/// A row of the fields that are known. What is wrong with them is added to the faults.
fn row_of<G: Given>(known: &Bound<'_, PyDict>, at: &str, faults: &mut Faults) -> PyResult<G> {
    let mut row = G::default();
    for (name, value) in known {
        let name = String::of("name", &name)?;
        if let Err(expected) = row.take(&name, &value) {
            faults.add(|| (format!("{at}/{name}"), format!("expected {expected}, found {}", input::shown(&value))));
        }
    }
    Ok(row)
}

/// What is said of an item that is no row.
const NO_ROW: &str = "expected a dictionary or a record";

/// The known fields of a dictionary, a record, or a row of another library; `None` for what is none of them.
fn known_fields<'py, G: Given>(item: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let known = PyDict::new(item.py());
    let named = named_row(item)?;
    let item = named.as_ref().unwrap_or(item);
    if let Ok(mapping) = item.cast::<PyMapping>() {
        for name in G::NAMES {
            if mapping.contains(name)? {
                known.set_item(name, input::cell(mapping.get_item(name)?)?)?;
            }
        }
    } else if item.hasattr("as_dict")? {
        for name in G::NAMES {
            if let Some(value) = item.getattr_opt(name)? {
                known.set_item(name, value)?;
            }
        }
    } else {
        return Ok(None);
    }
    Ok(Some(known))
}

/// A row of pandas, a named tuple or a row of `sqlite3` as a dictionary; `None` for anything else.
fn named_row<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if item.cast::<PyMapping>().is_ok() {
        return Ok(None);
    }
    if item.hasattr("_asdict")? {
        return item.call_method0("_asdict").map(Some);
    }
    let is_row = input::is_of(item, "pandas", "Series") || input::is_of(item, "sqlite3", "Row");
    if !is_row {
        return Ok(None);
    }
    let names: Vec<Bound<'_, PyAny>> = item.call_method0("keys")?.try_iter()?.collect::<PyResult<_>>()?;
    // A column of pandas is a series, too, and has numbers for names.
    if names.is_empty() || names.iter().any(|name| name.cast::<PyString>().is_err()) {
        return Ok(None);
    }
    item.py().get_type::<PyDict>().call1((item,)).map(Some)
}

/// Whether it is something that many subjects can be read of.
fn is_many(subject: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(is_arrow(subject) || input::is_of(subject, "polars", "LazyFrame") || subject.hasattr("__iter__")?)
}

/// One subject, where it is one and not many.
fn one_subject(subject: &Bound<'_, PyAny>) -> PyResult<Option<Subject>> {
    let named = named_row(subject)?;
    let is_one = subject.cast::<PyMapping>().is_ok() || subject.hasattr("as_dict")?;
    if named.is_none() && (is_arrow(subject) || !is_one) {
        if subject.cast::<PyString>().is_ok() || !is_many(subject)? {
            return Err(not("subject", "a dictionary, a record, a row of a table, or many of them", subject));
        }
        return Ok(None);
    }
    let Some(known) = known_fields::<SubjectRow>(named.as_ref().unwrap_or(subject))? else { return Ok(None) };
    let mut faults = Faults::default();
    let row: SubjectRow = row_of(&known, "", &mut faults)?;
    faults.checked(subject.py())?;
    Ok(Some(row.into()))
}

pub(crate) fn many_subjects(subjects: &Bound<'_, PyAny>) -> PyResult<Vec<Subject>> {
    let rows: Vec<SubjectRow> = rows_of("subjects", subjects)?;
    Ok(subjects.py().detach(|| rows.into_iter().map(Subject::from).collect()))
}

/// The rule applied to one subject, as a record, or to each of many, as a table with a row for each.
fn one_or_many<T, One, Row>(
    subject: &Bound<'_, PyAny>,
    market: impl FnOnce() -> PyResult<Market>,
    rule: impl Fn(&Market, &Subject) -> jpauto::Result<T> + Sync,
    one: impl FnOnce(T) -> One,
    row: impl Fn(Subject, T) -> Row + Sync,
) -> PyResult<Py<PyAny>>
where
    T: Send,
    One: crate::record::Record + Into<PyClassInitializer<One>>,
    Row: crate::arrow::Row + Send,
{
    let py = subject.py();
    let Some(subject) = one_subject(subject)? else {
        let subjects = many_subjects(subject)?;
        let rows = market()?.each(py, subjects, |market, subject| {
            let found = rule(market, &subject)?;
            Ok(row(subject, found))
        })?;
        let table = py.detach(move || Batch::of(&rows))?;
        return Ok(Py::new(py, table)?.into_any());
    };
    let market = market()?;
    let found = py.detach(|| rule(&market, &subject)).map_err(|refusal| error::exception(py, &refusal))?;
    Ok(Py::new(py, one(found))?.into_any())
}

/// Prices one subject or many. `jpauto.pricing.price` says more.
#[pyfunction]
#[pyo3(signature = (subject, comparables, *, own_vins = None, as_of = None, rules = None))]
pub(crate) fn price_subjects(
    subject: &Bound<'_, PyAny>,
    comparables: &Bound<'_, PyAny>,
    own_vins: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = typed::as_of)] as_of: Option<&Bound<'_, PyDateTime>>,
    #[pyo3(from_py_with = typed::rules)] rules: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    one_or_many(
        subject,
        || Market::of(comparables, own_vins, as_of, rules),
        |market, subject| market.pool.price(subject, &market.own, &market.rules, market.now),
        Analysis::told,
        |subject, analysis| PricedSubject::told(Priced { subject, analysis }),
    )
}

/// Supply and demand of one subject or of many. `jpauto.market.supply` says more.
#[pyfunction]
#[pyo3(signature = (subject, comparables, *, own_vins = None, as_of = None, rules = None))]
pub(crate) fn supply_of_subjects(
    subject: &Bound<'_, PyAny>,
    comparables: &Bound<'_, PyAny>,
    own_vins: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = typed::as_of)] as_of: Option<&Bound<'_, PyDateTime>>,
    #[pyo3(from_py_with = typed::rules)] rules: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    one_or_many(
        subject,
        || Market::of(comparables, own_vins, as_of, rules),
        |market, subject| market.pool.supply(subject, &market.own, &market.rules, market.now),
        Supply::told,
        |_subject, supply| SubjectSupply::told(supply),
    )
}

/// A price of a listing at a time.
#[derive(Clone, Default)]
struct PriceRow {
    listing_id: Option<String>,
    recorded_at: Option<DateTime<Utc>>,
    price: Option<Money>,
}

given!(PriceRow, needs ["listing_id", "recorded_at", "price"] {
    listing_id: String, recorded_at: DateTime<Utc>, price: Money,
});

/// Measures the rule on listings of one's own. `jpauto.pricing.backtest` says more.
#[pyfunction]
#[pyo3(signature = (
    listings, prices = None, *, own_vins = None, as_of = None, make = None, model = None, since = None, until = None,
    event = None, max_events_a_model = None, rules = None
))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn backtest_listings(
    py: Python<'_>,
    listings: &Bound<'_, PyAny>,
    prices: Option<&Bound<'_, PyAny>>,
    own_vins: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = typed::as_of)] as_of: Option<&Bound<'_, PyDateTime>>,
    #[pyo3(from_py_with = unicode::make)] make: Option<String>,
    #[pyo3(from_py_with = unicode::model)] model: Option<String>,
    #[pyo3(from_py_with = typed::since)] since: Option<&Bound<'_, PyDateTime>>,
    #[pyo3(from_py_with = typed::until)] until: Option<&Bound<'_, PyDateTime>>,
    #[pyo3(from_py_with = unicode::event)] event: Option<&str>,
    #[pyo3(from_py_with = whole::max_events_a_model)] max_events_a_model: Option<usize>,
    #[pyo3(from_py_with = typed::rules)] rules: Option<&Bound<'_, PyDict>>,
) -> PyResult<BacktestReport> {
    let options = backtest_options(py, (make, model), (since, until), event, max_events_a_model)?;
    let (own, rules, now) = (own(py, own_vins)?, rules_of(py, rules)?, now(as_of)?);
    let rows: Vec<ComparableRow> = rows_of("listings", listings)?;
    let prices: Vec<PriceRow> = prices.map_or_else(|| Ok(Vec::new()), |prices| rows_of("prices", prices))?;
    let past = py.detach(|| past_listings(comparables_of(rows, now), prices));
    interruptible(py, |stop| market::backtest_observed(past, own, &options, &rules, now, &mut |_| stop.flow()))?
        .map(BacktestReport::told)
        .map_err(|refusal| error::exception(py, &refusal))
}

/// The listings with their prices, which refer to them by their ids.
fn past_listings(comparables: Vec<Comparable>, prices: Vec<PriceRow>) -> Vec<PastListing> {
    let mut of_listing: HashMap<String, Vec<(DateTime<Utc>, Money)>> = HashMap::new();
    for row in prices {
        if let (Some(listing), Some(at), Some(price)) = (row.listing_id, row.recorded_at, row.price) {
            of_listing.entry(listing).or_default().push((at, price));
        }
    }
    comparables
        .into_iter()
        .map(|comparable| {
            let prices = comparable.external_id.as_ref().and_then(|id| of_listing.remove(id)).unwrap_or_default();
            PastListing { comparable, prices, moved_at: None }
        })
        .collect()
}

/// A listing's two times.
#[derive(Clone, Default)]
struct Times {
    first_seen_at: Option<DateTime<Utc>>,
    sold_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
}

given!(Times, needs ["first_seen_at"] {
    first_seen_at: DateTime<Utc>, sold_at: DateTime<Utc>, last_seen_at: DateTime<Utc>,
});

/// Whole days on the market, of one listing or of a table. `jpauto.market.days_on_market` says more.
#[pyfunction]
#[pyo3(signature = (first_seen_at, until = None))]
pub(crate) fn days_on_market_of(
    py: Python<'_>,
    first_seen_at: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = typed::until)] until: Option<&Bound<'_, PyDateTime>>,
) -> PyResult<Py<PyAny>> {
    let days = jpauto::competitors::days_on_market;
    if let Ok(first) = first_seen_at.cast::<PyDateTime>() {
        let until = until.map_or_else(|| Ok(Utc::now()), |until| input::instant("until", until))?;
        return Ok(days(input::instant("first_seen_at", first)?, until).into_pyobject(py)?.into_any().unbind());
    }
    let until = until.map(|until| input::instant("until", until)).transpose()?;
    let of_row = |row: &Times| {
        let end = row.sold_at.or(until).or(row.last_seen_at).unwrap_or_else(Utc::now);
        row.first_seen_at.map(|first| days(first, end))
    };
    let is_one = first_seen_at.cast::<PyMapping>().is_ok() || first_seen_at.hasattr("as_dict")?;
    if is_one && !is_arrow(first_seen_at) {
        let Some(known) = known_fields::<Times>(first_seen_at)? else { return Ok(py.None()) };
        let mut faults = Faults::default();
        let row: Times = row_of(&known, "", &mut faults)?;
        faults.checked(py)?;
        return Ok(of_row(&row).into_pyobject(py)?.into_any().unbind());
    }
    let rows: Vec<Times> = rows_of("first_seen_at", first_seen_at)?;
    let table = py.detach(|| Batch::of(&rows.iter().map(|row| DaysOnMarket::told(of_row(row))).collect::<Vec<_>>()))?;
    Ok(Py::new(py, table)?.into_any())
}
