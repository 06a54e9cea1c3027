//! The columns of `competitor_inventory`, once: what is read of a listing, and what a scrape writes of it.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::sql_types::{Bool, Double, Integer, Nullable, Text};
use serde_json::Value;

use super::seen_between;
#[cfg(feature = "postgres")]
use crate::db::types::{DbInstant, DbMoney};
use crate::{
    competitors::{Listing, days_on_market},
    db::{
        Instant, Json,
        held::{Held, HeldText, MayBeNull as _},
        schema::competitor_inventory,
    },
    extract::{Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand},
    ids::{CompetitorId, ListingId},
    money::Money,
    tracking::{
        facts::StoredListing,
        sighting::{Details, Keys},
        sold::days_to_sale,
    },
};

/// A statement of PostgreSQL that arrays are bound to.
#[cfg(feature = "postgres")]
pub(super) type ArrayQuery<'q> =
    diesel::query_builder::BoxedSqlQuery<'q, diesel::pg::Pg, diesel::query_builder::SqlQuery>;

/// The written columns that stand in an index, or say whether a row does, in groups that mostly change together. SQLite keeps a
/// statement prepared for each choice of groups.
#[cfg(feature = "sqlite")]
const INDEXED: [&[&str]; 5] = [
    &["external_id", "vin", "stock_number"],
    &["year", "make", "model"],
    &["mileage"],
    &["price", "highest_price", "price_changed_at"],
    &["is_sold", "sold_at"],
];

#[cfg(feature = "sqlite")]
fn group_of(column: &str) -> Option<usize> {
    INDEXED.iter().position(|group| group.contains(&column))
}

/// Makes, of one list of columns, the row that a scrape writes and its binding to PostgreSQL as one array a column.
macro_rules! written_columns {
    ($($column:ident: $rust:ty as $sql:ty),+ $(,)?) => {
        /// What a scrape writes of a new or a changed listing, apart from what only one of the two writes.
        #[derive(Insertable, AsChangeset)]
        #[diesel(table_name = competitor_inventory, treat_none_as_default_value = false, treat_none_as_null = true)]
        pub(super) struct Written<'a> {
            $(pub(super) $column: $rust),+
        }

        /// The columns of a changed listing that are to be written.
        #[cfg(feature = "sqlite")]
        #[derive(AsChangeset)]
        #[diesel(table_name = competitor_inventory)]
        pub(super) struct Changed<'a> {
            $($column: Option<$rust>),+
        }

        #[cfg(feature = "sqlite")]
        impl<'a> Written<'a> {
            /// What is to be written where this stood before; where that is not known, everything. SQLite writes the entry of an
            /// index anew wherever an update sets one of its columns, also to the same value: what stays is left out.
            pub(super) fn changed(&self, before: Option<&Self>) -> Changed<'a> {
                let mut stays = [before.is_some(); INDEXED.len()];
                if let Some(before) = before {
                    $(if self.$column != before.$column && let Some(group) = group_of(stringify!($column)) {
                        stays[group] = false;
                    })+
                }
                let is_written = |column| group_of(column).is_none_or(|group| !stays[group]);
                Changed { $($column: is_written(stringify!($column)).then_some(self.$column)),+ }
            }
        }

        #[cfg(any(feature = "postgres", test))]
        impl Written<'_> {
            pub(super) const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];
        }

        #[cfg(feature = "postgres")]
        impl Written<'_> {
            pub(super) fn bind<'q>(query: ArrayQuery<'q>, rows: &[Written<'q>]) -> ArrayQuery<'q> {
                $(let query = query.bind::<diesel::sql_types::Array<$sql>, _>(
                    rows.iter().map(|row| row.$column).collect::<Vec<_>>(),
                );)+
                query
            }
        }
    };
}

/// A word as it is stored. Another application may have written words of its own.
fn word<T: FromStr>(stored: Option<HeldText>) -> Option<T> {
    stored?.parse().ok()
}

/// Makes the rows of the columns that are stored as they are seen, and of those named here besides.
macro_rules! listing_rows {
    (
        keys: String { $($key:ident),+ }
        details: String { $($text:ident),+ }
        details: i32 { $($number:ident),+ }
        details: words { $($word:ident: $words:ty),+ }
        listing: Money { $($price:ident),+ }
    ) => {
        /// The columns that a scrape is planned from, without `raw_data`, which may be large.
        #[derive(Queryable, Selectable)]
        #[diesel(table_name = competitor_inventory)]
        pub(super) struct StoredRow {
            pub(super) id: ListingId,
            $(pub(super) $key: Option<HeldText>,)+
            $(pub(super) $text: Option<HeldText>,)+
            $(pub(super) $number: Option<Held<i32>>,)+
            $(pub(super) $price: Option<Held<Money>>,)+
            $(pub(super) $word: Option<HeldText>,)+
            pub(super) first_seen_at: Option<Held<Instant>>,
            pub(super) last_seen_at: Option<Instant>,
            pub(super) is_sold: Option<bool>,
            pub(super) sold_at: Option<Instant>,
            pub(super) created_at: Option<Instant>,
            pub(super) price_changed_at: Option<Instant>,
            pub(super) p_return: Option<f64>,
        }

        impl StoredRow {
            /// Whether writing what is read of it would leave it as it is.
            #[cfg(feature = "sqlite")]
            pub(super) fn is_as_written(&self) -> bool {
                let of = |is_as_written: Option<bool>| is_as_written.unwrap_or(true);
                $(of(self.$key.as_ref().map(Held::is_as_written)))&&+
                    $(&& of(self.$text.as_ref().map(Held::is_as_written)))+
                    $(&& of(self.$number.as_ref().map(Held::is_as_written)))+
                    $(&& of(self.$price.as_ref().map(Held::is_as_written)))+
                    && (self.price.is_none() || (self.lowest_price.is_some() && self.highest_price.is_some()))
                    && self.is_sold.is_some()
                    && self.sold_at.is_none_or(|sold_at| sold_at.known().is_some())
            }

            /// The times of the first and the last sighting.
            pub(super) fn seen_between(&self) -> (DateTime<Utc>, DateTime<Utc>) {
                let first = self.first_seen_at.clone().map(Held::nearest);
                seen_between(first, self.last_seen_at, self.created_at)
            }
        }

        impl From<StoredRow> for StoredListing {
            fn from(row: StoredRow) -> Self {
                let (first_seen_at, last_seen_at) = row.seen_between();
                let mut listing = Self {
                    keys: Keys { $($key: row.$key.text()),+ },
                    details: Details {
                        $($text: row.$text.text(),)+
                        $($number: row.$number.and_then(Held::known),)+
                        $($word: word(row.$word),)+ },
                    $($price: row.$price.and_then(Held::known),)+
                    price_changed_at: row.price_changed_at.map(DateTime::from),
                    first_seen_at,
                    last_seen_at,
                    is_sold: row.is_sold.unwrap_or(false),
                    sold_at: row.sold_at.and_then(Instant::known),
                    p_return: row.p_return,
                };
                // An adopted row may have a price and no lowest one.
                listing.lowest_price = listing.lowest_price.or(listing.price);
                listing.highest_price = listing.highest_price.or(listing.price);
                listing
            }
        }

        impl ListingRow {
            pub(super) fn into_listing(self, now: DateTime<Utc>) -> Listing {
                let row = self.stored;
                let (is_sold, sold_at) = (row.is_sold.unwrap_or(false), row.sold_at.and_then(Instant::known));
                let (first_seen_at, last_seen_at) = row.seen_between();
                let days_on_market = match (is_sold, self.days_on_market.and_then(Held::known)) {
                    (true, Some(days)) => days,
                    (true, None) => days_to_sale(first_seen_at, sold_at.unwrap_or(last_seen_at)),
                    (false, _) => days_on_market(first_seen_at, now),
                };
                Listing {
                    id: row.id,
                    competitor_id: self.competitor_id,
                    $($key: row.$key.text(),)+
                    $($text: row.$text.text(),)+
                    $($number: row.$number.and_then(Held::known),)+
                    $($price: row.$price.and_then(Held::known),)+
                    first_seen_at,
                    last_seen_at,
                    is_sold,
                    is_unseen: false,
                    sold_at,
                    days_on_market,
                    raw_data: self.raw_data.map(|document| document.0),
                    created_at: row.created_at.map(DateTime::from),
                    updated_at: self.updated_at.map(DateTime::from),
                    price_changed_at: row.price_changed_at.map(DateTime::from),
                    p_return: row.p_return.filter(|_| is_sold),
                    $($word: word(row.$word),)+
                    transferred_from: None,
                    transferred_to: None,
                }
            }
        }

        written_columns! {
            $($key: Option<&'a str> as Nullable<Text>,)+
            $($text: Option<&'a str> as Nullable<Text>,)+
            $($number: Option<i32> as Nullable<Integer>,)+
            $($price: Option<Money> as Nullable<DbMoney>,)+
            $($word: Option<&'a str> as Nullable<Text>,)+
            last_seen_at: Instant as DbInstant,
            is_sold: bool as Bool,
            sold_at: Option<Instant> as Nullable<DbInstant>,
            updated_at: Instant as DbInstant,
            price_changed_at: Option<Instant> as Nullable<DbInstant>,
            p_return: Option<f64> as Nullable<Double>,
        }

        impl<'a> Written<'a> {
            pub(super) fn of(listing: &'a StoredListing, now: DateTime<Utc>) -> Self {
                Self {
                    $($key: listing.keys.$key.as_deref(),)+
                    $($text: listing.details.$text.as_deref(),)+
                    $($number: listing.details.$number,)+
                    $($price: listing.$price,)+
                    $($word: listing.details.$word.map(<$words>::as_str),)+
                    last_seen_at: Instant(listing.last_seen_at),
                    is_sold: listing.is_sold,
                    sold_at: listing.sold_at.map(Instant),
                    updated_at: Instant(now),
                    price_changed_at: listing.price_changed_at.map(Instant),
                    p_return: listing.p_return,
                }
            }
        }
    };
}

listing_rows! {
    keys: String { external_id, vin, stock_number }
    details: String {
        make, model, trim, exterior_color, transmission, fuel_type, body_style, url, image_url
    }
    details: i32 { year, mileage }
    details: words {
        stock_status: StockStatus,
        sale_status: SaleStatus,
        title_brand: TitleBrand,
        condition: Condition,
        odometer_status: OdometerStatus
    }
    listing: Money { price, unconfirmed_price, lowest_price, highest_price, previous_price }
}

/// All columns of a listing.
#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_inventory)]
pub(super) struct ListingRow {
    #[diesel(embed)]
    pub(super) stored: StoredRow,
    competitor_id: CompetitorId,
    pub(super) days_on_market: Option<Held<i32>>,
    raw_data: Option<Json<Value>>,
    updated_at: Option<Instant>,
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use diesel::{SqliteConnection, debug_query, sql_query, sql_types::Text, sqlite::Sqlite};
    use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

    use super::{competitor_inventory::dsl, *};

    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

    fn statement(change: impl Fn(&mut StoredListing)) -> String {
        let before = StoredListing { price: Some(Money::from_cents(1_500_000)), ..StoredListing::default() };
        let mut after = before.clone();
        change(&mut after);
        let (before, after) = (Written::of(&before, Utc::now()), Written::of(&after, Utc::now()));
        let update = diesel::update(dsl::competitor_inventory).set(after.changed(Some(&before)));
        debug_query::<Sqlite, _>(&update).to_string()
    }

    #[test]
    fn a_new_price_leaves_the_other_indexes_alone() {
        let sql = statement(|listing| listing.price = Some(Money::from_cents(1_400_000)));
        for column in Written::COLUMNS {
            let is_among_those = |group: Option<usize>| group.is_none_or(|group| INDEXED[group].contains(&"price"));
            assert_eq!(sql.contains(&format!("`{column}` =")), is_among_those(group_of(column)), "{column}: {sql}");
        }
        assert!(statement(|listing| listing.keys.vin = Some("4T1B11HK9KU211111".into())).contains("`vin` ="));
        assert!(statement(|listing| listing.is_sold = true).contains("`is_sold` ="));
    }

    #[test]
    fn every_column_of_an_index_is_known_as_one() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        conn.run_pending_migrations(MIGRATIONS).unwrap();
        let sql =
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'competitor_inventory' AND sql <> ''";
        let indexes: Vec<Sql> = sql_query(sql).load(&mut conn).unwrap();
        assert!(indexes.len() > 10);
        for index in indexes {
            let sql: &str = &index.sql;
            let (_, columns) = sql.split_once('(').unwrap();
            let words: Vec<&str> = columns.split(|sign: char| !sign.is_alphanumeric() && sign != '_').collect();
            let unknown = Written::COLUMNS.iter().find(|column| words.contains(column) && group_of(column).is_none());
            assert_eq!(unknown, None, "of {sql}");
        }
    }

    #[derive(diesel::QueryableByName)]
    struct Sql {
        #[diesel(sql_type = Text)]
        sql: HeldText,
    }
}
