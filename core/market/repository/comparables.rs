//! Comparables from the competitors' listings.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Nullable, Text},
};

use crate::{
    competitors::is_watched_since as is_watched_since_sql,
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        functions::lower,
        held::{Held, HeldText, MayBeNull as _},
        on_each,
        schema::{competitor_inventory, competitor_metrics, competitors, listed_models},
        types::DbInstant,
    },
    extract::OdometerStatus,
    ids::{ListingId, MetricsId},
    market::{
        Comparable, Source,
        pricing::{
            branded_title::{is_branded_listing, record_says_branded},
            names::{folded, same_name},
            subject::known_mileage,
        },
    },
    money::Money,
};

/// A year, make and model as competitors' listings spell them, in the database's own lower case.
#[derive(Clone, Debug)]
struct ListedModel {
    year: i32,
    make: String,
    model: String,
}

/// Every year and spelling of a model among the competitors' listings, loaded once a run. Recording keeps a table of them
/// (`listed_models`), for both databases read every listing for a DISTINCT.
///
/// The rule compares names without punctuation (`F-150` is `f150`), which SQL cannot do portably. So the rule compares the few
/// spellings, and listings are then found by the exact ones, through the index.
#[derive(Clone, Debug, Default)]
pub(in crate::market) struct ListedModels(Vec<ListedModel>);

impl ListedModels {
    /// Those of these model years, of any make.
    pub(in crate::market) fn of_years(conn: &mut DbConnection, first: i32, last: i32) -> DbResult<Self> {
        Self::of(conn, first, last, None)
    }

    /// Those of these model years and one make.
    pub(in crate::market) fn of_make(conn: &mut DbConnection, first: i32, last: i32, make: &str) -> DbResult<Self> {
        use listed_models::dsl;
        let of_years = dsl::listed_models.filter(dsl::year.ge(first).and(dsl::year.le(last)));
        let listed: Vec<HeldText> = of_years.select(dsl::make).distinct().load(conn)?;
        let mut makes: Vec<String> = listed.into_iter().map(HeldText::text).collect();
        makes.retain(|listed| same_name(listed, make));
        if makes.is_empty() { Ok(Self(Vec::new())) } else { Self::of(conn, first, last, Some(makes)) }
    }

    fn of(conn: &mut DbConnection, first: i32, last: i32, makes: Option<Vec<String>>) -> DbResult<Self> {
        use listed_models::dsl;
        let mut query = dsl::listed_models.into_boxed::<MultiBackend>();
        query = match makes {
            // One year after the other, so that the key leads to the make within each.
            Some(makes) if last.saturating_sub(first) < 100 => {
                query.filter(dsl::year.eq_any((first..=last).collect::<Vec<_>>())).filter(dsl::make.eq_any(makes))
            }
            Some(makes) => query.filter(dsl::year.ge(first).and(dsl::year.le(last))).filter(dsl::make.eq_any(makes)),
            None => query.filter(dsl::year.ge(first).and(dsl::year.le(last))),
        };
        let rows: Vec<(i32, HeldText, HeldText)> = query.select((dsl::year, dsl::make, dsl::model)).load(conn)?;
        Ok(Self(
            rows.into_iter()
                .map(|(year, make, model)| ListedModel { year, make: make.into(), model: model.into() })
                .collect(),
        ))
    }

    fn like<'a>(&'a self, query: &'a ComparableQuery<'_>) -> impl Iterator<Item = &'a ListedModel> {
        let (first, last) = query.years();
        self.0.iter().filter(move |listed| {
            (first..=last).contains(&listed.year)
                && same_name(&listed.make, query.make)
                && same_name(&listed.model, query.model)
        })
    }
}

/// Which listings a subject could be compared with.
#[derive(Clone, Copy, Debug)]
pub(in crate::market) struct ComparableQuery<'a> {
    pub(in crate::market) make: &'a str,
    pub(in crate::market) model: &'a str,
    pub(in crate::market) year: i32,
    pub(in crate::market) year_window: i32,
    /// Only listings of about this mileage, or of an unknown one.
    pub(in crate::market) mileage: Option<i32>,
    pub(in crate::market) mileage_window: i32,
}

impl ComparableQuery<'_> {
    /// The years in which it looks.
    pub(in crate::market) fn years(&self) -> (i32, i32) {
        (self.year.saturating_sub(self.year_window), self.year.saturating_add(self.year_window))
    }

    /// The mileages between which it looks; without a mileage, any.
    pub(in crate::market) fn miles(&self) -> (i32, i32) {
        known_mileage(self.mileage).map_or((i32::MIN, i32::MAX), |mileage| {
            (mileage.saturating_sub(self.mileage_window), mileage.saturating_add(self.mileage_window))
        })
    }

    /// Whether it would find this listing, of the right make and model.
    pub(in crate::market) fn takes(&self, comparable: &Comparable) -> bool {
        let ((first, last), (fewest, most)) = (self.years(), self.miles());
        (first..=last).contains(&comparable.year)
            && known_mileage(comparable.mileage).is_none_or(|mileage| (fewest..=most).contains(&mileage))
    }
}

/// How recent a listing must be.
#[derive(Clone, Copy, Debug)]
pub(in crate::market) struct Recency {
    /// A listing on offer was seen then or later; see `TrackingRules::on_the_market_days`.
    pub(in crate::market) seen_since: DateTime<Utc>,
    /// A sold one was sold then or later.
    pub(in crate::market) sold_since: DateTime<Utc>,
}

/// A competitor's listing, as far as a comparable needs it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_inventory)]
pub(super) struct ListingRow {
    pub(super) id: ListingId,
    vin: Option<HeldText>,
    url: Option<HeldText>,
    year: Option<Held<i32>>,
    make: Option<HeldText>,
    model: Option<HeldText>,
    trim: Option<HeldText>,
    price: Option<Held<Money>>,
    mileage: Option<Held<i32>>,
    title_brand: Option<HeldText>,
    condition: Option<HeldText>,
    odometer_status: Option<HeldText>,
    sale_status: Option<HeldText>,
    first_seen_at: Option<Instant>,
    last_seen_at: Option<Instant>,
    is_sold: Option<bool>,
    sold_at: Option<Instant>,
    created_at: Option<Instant>,
}

impl ListingRow {
    /// `None` for a row without year, make, model or any date, which cannot be compared.
    ///
    /// `record` is what else the page gave, as [`title_record`] selects it.
    pub(super) fn into_comparable(self, dealer: String, record: Option<&str>) -> Option<Comparable> {
        // Another application may have written words of its own.
        let title_brand = self.title_brand.and_then(|word| word.parse().ok());
        let odometer_status: Option<OdometerStatus> = self.odometer_status.and_then(|word| word.parse().ok());
        let branded = is_branded_listing(title_brand, odometer_status, self.trim.as_deref(), self.url.as_deref())
            || record.is_some_and(record_says_branded);
        let first_seen_at = self.first_seen_at.or(self.created_at).or(self.last_seen_at)?;
        Some(Comparable {
            source: Source::Competitor,
            vin: self.vin.text(),
            external_id: Some(self.id.to_string()),
            url: self.url.text(),
            year: self.year?.known()?,
            make: self.make?.into(),
            model: self.model?.into(),
            trim: self.trim.text(),
            price: self.price.and_then(Held::known),
            mileage: self
                .mileage
                .and_then(Held::known)
                .filter(|_| !odometer_status.is_some_and(OdometerStatus::is_wrong)),
            distance_miles: None,
            dealer: Some(dealer),
            first_seen_at: first_seen_at.into(),
            last_seen_at: self.last_seen_at.unwrap_or(first_seen_at).into(),
            sold_at: self.sold_at.filter(|_| self.is_sold == Some(true)).map(DateTime::from),
            branded,
            title_brand,
            condition: self.condition.and_then(|word| word.parse().ok()),
            odometer_status,
            sale_status: self.sale_status.and_then(|word| word.parse().ok()),
        })
    }
}

/// SQL for a listing's record as text where it may say something about the title, and null elsewhere.
///
/// Few records do, so few are sent. The database does not parse them as JSON: one broken row of an adopted table would fail the
/// whole query.
pub(super) fn title_record(conn: &DbConnection) -> &'static str {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "CASE WHEN competitor_inventory.raw_data IS NOT NULL
                  AND competitor_inventory.raw_data::text ~* 'title|salvage|branded|condition'
             THEN competitor_inventory.raw_data::text END"
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "CASE WHEN competitor_inventory.raw_data LIKE '%title%' OR competitor_inventory.raw_data LIKE '%salvage%'
                  OR competitor_inventory.raw_data LIKE '%branded%' OR competitor_inventory.raw_data LIKE '%condition%'
             THEN competitor_inventory.raw_data END"
        }
    }
}

/// The competitors' listings that a subject could be compared with: on offer at a watched dealer, or sold recently.
///
/// One query, and none where no listed name fits.
pub(in crate::market) fn comparables(
    conn: &mut DbConnection,
    query: &ComparableQuery<'_>,
    listed: &ListedModels,
    recency: Recency,
) -> DbResult<Vec<Comparable>> {
    comparables_of_model(conn, &[*query], listed, recency)
}

/// The same for many subjects, in their order: one query a model, for any number of subjects.
pub(in crate::market) fn comparables_of_each(
    conn: &mut DbConnection,
    queries: &[ComparableQuery<'_>],
    listed: &ListedModels,
    recency: Recency,
) -> DbResult<Vec<Vec<Comparable>>> {
    let mut by_model: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (place, query) in queries.iter().enumerate() {
        by_model.entry((folded(query.make), folded(query.model))).or_default().push(place);
    }
    let mut found: Vec<Vec<Comparable>> = Vec::new();
    found.resize_with(queries.len(), Vec::new);
    for places in by_model.into_values() {
        let of_model: Vec<ComparableQuery<'_>> =
            places.iter().filter_map(|&place| queries.get(place).copied()).collect();
        let comparables = comparables_of_model(conn, &of_model, listed, recency)?;
        for (place, query) in places.into_iter().zip(of_model) {
            if let Some(found) = found.get_mut(place) {
                found.extend(comparables.iter().filter(|comparable| query.takes(comparable)).cloned());
            }
        }
    }
    Ok(found)
}

/// The id of the newest figures of any competitor. Every scrape that is recorded writes figures under a new id, so as long as it
/// stays the same, nobody has recorded one.
pub(in crate::market) fn newest_figures(conn: &mut DbConnection) -> DbResult<Option<MetricsId>> {
    use competitor_metrics::dsl;
    Ok(dsl::competitor_metrics.order(dsl::id.desc()).select(dsl::id).first(conn).optional()?)
}

/// The listings for any of the queries, which are all about one model.
pub(in crate::market) fn comparables_of_model(
    conn: &mut DbConnection,
    queries: &[ComparableQuery<'_>],
    listed: &ListedModels,
    recency: Recency,
) -> DbResult<Vec<Comparable>> {
    use competitor_inventory::dsl;
    fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
        let mut values: Vec<T> = values.collect();
        values.sort_unstable();
        values.dedup();
        values
    }
    let like = || queries.iter().flat_map(|query| listed.like(query));
    let years = distinct(like().map(|listed| listed.year));
    let makes = distinct(like().map(|listed| listed.make.as_str()));
    let models = distinct(like().map(|listed| listed.model.as_str()));
    if years.is_empty() {
        return Ok(Vec::new());
    }
    let fewest = queries.iter().map(|query| query.miles().0).min().unwrap_or(i32::MIN);
    let most = queries.iter().map(|query| query.miles().1).max().unwrap_or(i32::MAX);
    let within = dsl::mileage.ge(fewest).and(dsl::mileage.le(most));
    let is_watched = sql::<Bool>(&is_watched_since_sql(conn, "competitor_inventory"))
        .bind::<DbInstant, _>(Instant(recency.seen_since));
    let on_offer = dsl::is_sold.is_null().or(dsl::is_sold.eq(false)).and(is_watched);
    let counts = on_offer.or(dsl::sold_at.ge(Instant(recency.sold_since)));
    // Reading rows is most of the cost, so each database's own connection reads them, not the enum over both.
    let record = title_record(conn);
    let rows: Vec<(ListingRow, HeldText, Option<HeldText>)> = on_each!(conn, c => dsl::competitor_inventory
        .inner_join(competitors::table.on(competitors::id.eq(dsl::competitor_id)))
        .filter(dsl::year.eq_any(years))
        .filter(lower(dsl::make.assume_not_null()).eq_any(makes))
        .filter(lower(dsl::model.assume_not_null()).eq_any(models))
        .filter(counts)
        // A mileage below zero counts as unknown.
        .filter(dsl::mileage.is_null().or(dsl::mileage.lt(0)).or(within))
        // A car that moved to another lot was not sold. It counts there.
        .filter(sql::<Bool>("NOT (competitor_inventory.is_sold IS TRUE AND competitor_inventory.transferred_at IS NOT NULL)"))
        .select((ListingRow::as_select(), competitors::name, sql::<Nullable<Text>>(record)))
        .load(c))?;
    Ok(rows
        .into_iter()
        .filter_map(|(row, dealer, record)| row.into_comparable(dealer.into(), record.as_deref()))
        .collect())
}
