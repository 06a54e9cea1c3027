//! What is looked for: each column with what it should hold, and the conditions and repairs that follow, as SQL. That a column holds a
//! value of its type is looked for in all columns of `db::schema`; what else a column should hold is in the table here.
//!
//! One scan of a table counts all its faults at once, so a condition of the scan is cheap and looks at its own row alone. What
//! needs other rows is in `exact`, and is asked only where the scan has found something. Nothing here runs a statement.

use super::{
    FindingKind,
    rules::{self, Rule, Times},
};
use crate::{
    actor::Role,
    competitors::{ScrapeErrorType, YEARS_OF_CARS},
    db::{Column, columns_of},
    inventory::VehicleStatus,
    market::Recommendation,
    submissions::SubmissionStatus,
};

/// The first and the last model year that is believed.
const YEARS: (i32, i32) = (1886, 2100);

/// No number of a vehicle is larger; its mileage is the largest.
const MOST: i32 = 2_000_000;

/// Before this year a chassis number had any length.
const FIRST_YEAR_OF_VINS: i32 = 1981;

/// Makes a condition or an expression about a column.
type OfColumn = fn(&str) -> String;

/// What differs between the databases.
pub(super) struct Dialect {
    /// Whether a column holds an id or null; `None` where the type holds nothing else. So with those that follow.
    pub(super) is_no_id: Option<OfColumn>,
    /// Whether a text may be none: bytes that are no text, a blob, or a number. All but letters of ASCII are looked at closer.
    pub(super) may_be_no_text: Option<OfColumn>,
    /// Whether a number or a flag is none.
    pub(super) is_no_integer: Option<OfColumn>,
    pub(super) is_no_real: Option<OfColumn>,
    pub(super) is_no_document: Option<OfColumn>,
    /// The largest amount, where the type holds larger ones.
    pub(super) most: Option<i64>,
    /// An instant in another form: whether it is one, and as jpauto writes it; `None` where the type has one form.
    pub(super) other_time: Option<[OfColumn; 2]>,
    /// A text without blanks at its ends, of which case is that of ASCII whatever the language of the database.
    pub(super) trimmed: OfColumn,
    /// Whether a text may be UTF-8 that was read as another encoding. What it means is looked at closer.
    pub(super) may_be_mangled: OfColumn,
    /// Whether a column holds anything but null or a list of texts.
    pub(super) is_no_list: fn(&str) -> String,
    /// Whether a listing has a make and a model, and on SQLite a year that is a number.
    pub(super) has_model: &'static str,
    /// Whether an instant is none.
    pub(super) is_no_time: fn(&str) -> String,
    /// Whether an amount is none; `None` where the type holds nothing else.
    pub(super) is_no_amount: Option<fn(&str) -> String>,
    /// Whether an upper-case text is no VIN of the standard.
    pub(super) is_no_vin: fn(&str) -> String,
    /// The time of a column of this type as an instant; `None` for types that hold none.
    pub(super) instant: fn(column: &str, r#type: &str) -> Option<String>,
    /// The same two seconds later.
    pub(super) later: fn(instant: &str) -> String,
    /// Whether no vehicle that a submission became has left it since: the audit trail would say from which one.
    pub(super) has_no_past_vehicle: &'static str,
}

/// What a column should hold.
#[derive(Clone, Copy)]
enum Holds {
    /// One of these words or null.
    Word(&'static [&'static str]),
    /// A VIN, in a column that is unique.
    UniqueVin,
    /// The same, or null.
    UniqueNullableVin,
    /// A VIN.
    Vin,
    /// An e-mail address, in a column that is unique.
    UniqueEmail,
    /// A text without blanks at its ends, never empty.
    Text,
    /// The same, or null.
    NullableText,
    /// The same, in a column that is unique.
    UniqueText,
    /// A list of texts.
    List,
    /// An amount that is not negative.
    Amount,
    /// An amount above zero.
    Price,
    /// A model year.
    Year,
    /// A number that is not negative.
    Number,
    /// The id of a row of this table.
    Reference(&'static str),
}

const VEHICLE_STATUSES: [&str; 4] = [
    VehicleStatus::Available.as_str(),
    VehicleStatus::Pending.as_str(),
    VehicleStatus::Hold.as_str(),
    VehicleStatus::Sold.as_str(),
];
const SUBMISSION_STATUSES: [&str; 3] =
    [SubmissionStatus::Pending.as_str(), SubmissionStatus::Approved.as_str(), SubmissionStatus::Rejected.as_str()];

const RECOMMENDATIONS: [&str; 4] = [
    Recommendation::High.as_str(),
    Recommendation::Low.as_str(),
    Recommendation::Competitive.as_str(),
    Recommendation::InsufficientData.as_str(),
];
// Jobs and notifications use this room, so their words are written out here; a test compares them.
pub(super) const RUN_STATUSES: [&str; 4] = ["running", "success", "partial", "failure"];
pub(super) const NOTIFICATION_STATUSES: [&str; 3] = ["waiting", "delivered", "given_up"];
const SCRAPE_ERRORS: [&str; 7] = [
    ScrapeErrorType::Network.as_str(),
    ScrapeErrorType::Timeout.as_str(),
    ScrapeErrorType::HttpStatus.as_str(),
    ScrapeErrorType::Blocked.as_str(),
    ScrapeErrorType::Robots.as_str(),
    ScrapeErrorType::Parsing.as_str(),
    ScrapeErrorType::Empty.as_str(),
];

const ROLES: [&str; 3] = [Role::Viewer.as_str(), Role::Manager.as_str(), Role::Admin.as_str()];

/// A table, its columns, and what each holds. The order is that of the report.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// How the audit trail calls its rows.
    pub(super) noun: &'static str,
    columns: &'static [(&'static str, Holds)],
    rules: &'static [Rule],
    /// Lists leave out a row without these.
    required: &'static [&'static str],
    /// Whether lists leave rows out of it that a person may look for.
    pub(super) is_listed: bool,
}

impl Table {
    /// A table of whose columns nothing is known but their types.
    const fn of_ours(name: &'static str) -> Self {
        Self { name, noun: name, columns: &[], rules: &[], required: &[], is_listed: false }
    }
}

/// The table of listings, whose triggers keep `listed_models`. A program may have written while they were off.
const LISTINGS: &str = "competitor_inventory";

/// Whether a row of `listed_models` is of a listing.
const IS_ITS_MODEL: &str = "known.year = competitor_inventory.year AND known.make = lower(competitor_inventory.make) \
                            AND known.model = lower(competitor_inventory.model)";

/// Every table that is looked at. Not here are those whose rows have no id and last for hours: leases, sessions, sign-ins, keys
/// of repeated calls, and what others' services have answered.
pub(super) const TABLES: [Table; 20] = [
    Table {
        name: "users",
        noun: "users",
        columns: &[("role", Holds::Word(&ROLES)), ("email", Holds::UniqueEmail), ("name", Holds::Text)],
        rules: &rules::USERS,
        required: &[],
        is_listed: true,
    },
    Table {
        name: "pending_submissions",
        noun: "submissions",
        columns: &[
            ("submission_status", Holds::Word(&SUBMISSION_STATUSES)),
            ("vin", Holds::UniqueNullableVin),
            ("make", Holds::Text),
            ("model", Holds::Text),
            ("trim", Holds::NullableText),
            ("customer_name", Holds::NullableText),
            ("customer_email", Holds::NullableText),
            ("customer_phone", Holds::NullableText),
            ("images", Holds::List),
            ("year", Holds::Year),
            ("mileage", Holds::Number),
            ("asking_price", Holds::Amount),
            ("reviewed_by", Holds::Reference("users")),
        ],
        rules: &rules::SUBMISSIONS,
        required: &["year", "make", "model"],
        is_listed: true,
    },
    Table {
        name: "inventory",
        noun: "inventory",
        columns: &[
            ("status", Holds::Word(&VEHICLE_STATUSES)),
            ("vin", Holds::UniqueVin),
            ("stock_number", Holds::UniqueText),
            ("make", Holds::Text),
            ("model", Holds::Text),
            ("trim", Holds::NullableText),
            ("exterior_color", Holds::NullableText),
            ("interior_color", Holds::NullableText),
            ("transmission", Holds::NullableText),
            ("engine", Holds::NullableText),
            ("fuel_type", Holds::NullableText),
            ("drivetrain", Holds::NullableText),
            ("body_style", Holds::NullableText),
            ("condition", Holds::NullableText),
            ("title_status", Holds::NullableText),
            ("features", Holds::List),
            ("images", Holds::List),
            ("year", Holds::Year),
            ("price", Holds::Price),
            ("cost", Holds::Amount),
            ("msrp", Holds::Amount),
            ("mileage", Holds::Number),
            ("doors", Holds::Number),
            ("mpg_city", Holds::Number),
            ("mpg_highway", Holds::Number),
            ("owners", Holds::Number),
            ("accidents", Holds::Number),
            ("source_submission_id", Holds::Reference("pending_submissions")),
            ("created_by", Holds::Reference("users")),
            ("updated_by", Holds::Reference("users")),
        ],
        rules: &rules::VEHICLES,
        required: &["year", "make", "model", "vin", "price", "mileage"],
        is_listed: true,
    },
    Table {
        name: "competitors",
        noun: "competitors",
        columns: &[
            ("name", Holds::Text),
            ("inventory_url", Holds::Text),
            ("platform_type", Holds::NullableText),
            ("scrape_error_type", Holds::Word(&SCRAPE_ERRORS)),
        ],
        rules: &rules::COMPETITORS,
        required: &[],
        is_listed: true,
    },
    Table {
        name: "competitor_inventory",
        noun: "competitors",
        columns: &[
            ("vin", Holds::Vin),
            ("stock_number", Holds::NullableText),
            ("external_id", Holds::NullableText),
            ("make", Holds::NullableText),
            ("model", Holds::NullableText),
            ("trim", Holds::NullableText),
            ("price", Holds::Amount),
            ("mileage", Holds::Number),
        ],
        rules: &rules::LISTINGS,
        required: &[],
        is_listed: true,
    },
    Table {
        name: "export_logs",
        noun: "export_logs",
        columns: &[("status", Holds::Word(&["success", "failure"]))],
        rules: &rules::EXPORTS,
        required: &[],
        is_listed: true,
    },
    Table {
        name: "storage_alerts",
        noun: "alerts",
        columns: &[("severity", Holds::Word(&["warning", "critical"]))],
        rules: &[],
        required: &[],
        is_listed: true,
    },
    Table {
        columns: &[("price_recommendation", Holds::Word(&RECOMMENDATIONS))],
        ..Table::of_ours("market_research_results")
    },
    Table::of_ours("market_price_history"),
    Table::of_ours("vin_evaluation_cache"),
    Table::of_ours("competitor_price_history"),
    Table::of_ours("competitor_metrics"),
    Table::of_ours("competitor_scrapes"),
    Table::of_ours("activity_logs"),
    Table { columns: &[("status", Holds::Word(&RUN_STATUSES))], ..Table::of_ours("job_history") },
    Table::of_ours("vehicle_sales"),
    Table { columns: &[("role", Holds::Word(&ROLES))], rules: &rules::TOKENS, ..Table::of_ours("api_tokens") },
    Table::of_ours("competitor_pages"),
    Table::of_ours("outbox"),
    Table { columns: &[("status", Holds::Word(&NOTIFICATION_STATUSES))], ..Table::of_ours("notifications") },
];

/// How rows of a fault are put right.
pub(super) enum Mend {
    /// By nobody but a person.
    ByHand,
    /// By setting the column to this expression.
    Set(String),
    /// By reading the list and writing it anew; what cannot be read is left.
    List,
    /// The same of a text.
    Text,
    /// By reading a text in the encoding in which it was written; what may be meant so is left.
    Encoding,
    /// By noting what the listing is called.
    Model,
}

/// One kind of fault in one column.
pub(super) struct Fault {
    pub(super) kind: FindingKind,
    pub(super) column: &'static str,
    /// What a scan of the table counts.
    pub(super) scan: String,
    /// The rows themselves, where that takes more than a scan.
    pub(super) exact: Option<String>,
    pub(super) mend: Mend,
}

impl Fault {
    /// The rows of this fault.
    pub(super) fn rows(&self) -> &str {
        self.exact.as_deref().unwrap_or(&self.scan)
    }

    pub(super) fn by_hand(kind: FindingKind, column: &'static str, scan: String) -> Self {
        Self { kind, column, scan, exact: None, mend: Mend::ByHand }
    }

    fn mended(kind: FindingKind, column: &'static str, scan: String, by: String) -> Self {
        Self { kind, column, scan, exact: None, mend: Mend::Set(by) }
    }
}

/// A column of another application whose name means one of ours.
pub(super) struct Twin {
    pub(super) table: String,
    /// Our name for it: `created_at`, `updated_at` or `deleted_at`.
    pub(super) ours: String,
    pub(super) theirs: String,
    pub(super) r#type: String,
}

impl Table {
    /// What may be no text. It is repaired before anything else is looked for.
    pub(super) fn texts(&self, dialect: &Dialect) -> Vec<Fault> {
        let Some(may_be_none) = dialect.may_be_no_text else { return Vec::new() };
        let is_text = |column: &&Column| ["Text", "DbJson"].contains(&column.sql_type);
        columns_of(self.name)
            .iter()
            .filter(is_text)
            .map(|column| Fault {
                mend: Mend::Text,
                ..Fault::by_hand(FindingKind::TextForm, column.name, may_be_none(column.name))
            })
            .collect()
    }

    /// Whether a column holds documents of JSON.
    pub(super) fn is_document(&self, name: &str) -> bool {
        columns_of(self.name).iter().any(|column| column.name == name && column.sql_type == "DbJson")
    }

    /// All else that is looked for in this table, in the order in which it is repaired.
    pub(super) fn faults(&self, twins: &[Twin], times: &Times, dialect: &Dialect) -> Vec<Fault> {
        let mut faults = self.unreadable(dialect);
        // Before blanks: the second half of a letter may look like one.
        faults.extend(self.mangled(dialect));
        faults.extend(self.columns.iter().flat_map(|(column, holds)| self.faults_of(column, *holds, dialect)));
        faults.extend(columns_of(self.name).iter().flat_map(|column| self.no_values(column, dialect)));
        faults.extend(self.rules.iter().filter_map(|rule| rule.fault(times, dialect)));
        // `updated_at` first: whether it was filled by a default shows in `created_at`.
        for ours in ["updated_at", "created_at", "deleted_at"] {
            let is_there = ours == "deleted_at" || columns_of(self.name).iter().any(|column| column.name == ours);
            let twins = twins.iter().filter(|twin| is_there && twin.table == self.name && twin.ours == ours);
            faults.extend(twins.flat_map(|twin| carried_over(twin, dialect)));
        }
        if self.name == LISTINGS {
            let scan = format!(
                "{YEARS_OF_CARS} AND {} AND NOT EXISTS (SELECT 1 FROM listed_models AS known WHERE {IS_ITS_MODEL})",
                dialect.has_model
            );
            faults.push(Fault { mend: Mend::Model, ..Fault::by_hand(FindingKind::UnnotedModel, "model", scan) });
        }
        faults.into_iter().map(|fault| self.of_texts(fault, dialect)).collect()
    }

    /// Texts for people that may have been read in another encoding than they were written in.
    fn mangled(&self, dialect: &Dialect) -> impl Iterator<Item = Fault> {
        let is_for_people = |column: &&'static str| !["external_id", "inventory_url", "platform_type"].contains(column);
        let of_the_table = self
            .columns
            .iter()
            .filter(|(_, holds)| matches!(holds, Holds::Text | Holds::NullableText))
            .map(|(column, _)| *column)
            .filter(is_for_people);
        let others = columns_of(self.name).iter().map(|column| column.name);
        let others = others.filter(|column| ["description", "additional_notes"].contains(column));
        of_the_table.chain(others).map(|column| Fault {
            mend: Mend::Encoding,
            ..Fault::by_hand(FindingKind::Encoding, column, (dialect.may_be_mangled)(column))
        })
    }

    /// The fault in texts alone, where case and blanks are put right: a number is none, and some tables refuse it when it is written.
    fn of_texts(&self, fault: Fault, dialect: &Dialect) -> Fault {
        let of_texts = |column: &Column| column.name == fault.column && column.sql_type == "Text";
        let is_mended = matches!(fault.mend, Mend::Set(_)) && dialect.may_be_no_text.is_some();
        if !is_mended || !columns_of(self.name).iter().any(of_texts) {
            return fault;
        }
        let texts = |condition: String| format!("typeof({}) = 'text' AND ({condition})", fault.column);
        Fault { scan: texts(fault.scan), exact: fault.exact.map(texts), ..fault }
    }

    /// What is looked for in a column of a type.
    fn no_values(&self, column: &Column, dialect: &Dialect) -> Vec<Fault> {
        let name = column.name;
        // A row that lists leave out is named as such. PostgreSQL's have a number, which may be `NaN`.
        let is_required = self.required.contains(&name);
        if name == "id" || is_required && dialect.is_no_integer.is_some() {
            return Vec::new();
        }
        let by_hand = |kind, condition: Option<OfColumn>| Some(Fault::by_hand(kind, name, condition?(name)));
        let mut faults = Vec::new();
        if !column.may_be_null && !is_required {
            faults.push(Fault::by_hand(FindingKind::MissingValue, name, format!("{name} IS NULL")));
        }
        let is_named = self
            .columns
            .iter()
            .any(|(named, holds)| *named == name && matches!(holds, Holds::Reference(_) | Holds::List));
        faults.extend(match column.sql_type {
            "DbInstant" => by_hand(FindingKind::UnreadableTime, Some(dialect.is_no_time)),
            "DbMoney" => by_hand(FindingKind::UnreadableAmount, dialect.is_no_amount),
            "Integer" => dialect.is_no_integer.map(|is_none| {
                let is_none = format!("({} OR {name} NOT BETWEEN {} AND {})", is_none(name), i32::MIN, i32::MAX);
                Fault::by_hand(FindingKind::UnreadableNumber, name, is_none)
            }),
            "BigInt" | "Bool" => by_hand(FindingKind::UnreadableNumber, dialect.is_no_integer),
            "Double" => by_hand(FindingKind::UnreadableNumber, dialect.is_no_real),
            "DbJson" if !is_named => by_hand(FindingKind::UnreadableDocument, dialect.is_no_document),
            "DbId" if !is_named => by_hand(FindingKind::MissingReference, dialect.is_no_id),
            _ => None,
        });
        if let ("DbInstant", Some([is_other, as_ours])) = (column.sql_type, dialect.other_time) {
            faults.push(Fault::mended(FindingKind::TimeForm, name, is_other(name), as_ours(name)));
        }
        faults
    }

    /// What makes rows unreadable.
    pub(super) fn unreadable(&self, dialect: &Dialect) -> Vec<Fault> {
        let lacks = |column: &&'static str| {
            let is_number = columns_of(self.name)
                .iter()
                .any(|known| known.name == *column && ["Integer", "DbMoney"].contains(&known.sql_type));
            let is_none = dialect.is_no_integer.filter(|_| is_number);
            let is_none = is_none.map(|is_none| format!(" OR {}", is_none(column))).unwrap_or_default();
            (*column, format!("({column} IS NULL{is_none})"))
        };
        let no_id = dialect.is_no_id.map(|is_no_id| ("id", format!("(id IS NULL OR {})", is_no_id("id"))));
        no_id
            .into_iter()
            .chain(self.required.iter().map(lacks))
            .map(|(column, scan)| Fault::by_hand(FindingKind::UnreadableRow, column, scan))
            .collect()
    }

    fn faults_of(&self, column: &'static str, holds: Holds, dialect: &Dialect) -> Vec<Fault> {
        let trimmed = (dialect.trimmed)(column);
        let is_implausible = |condition: String| vec![Fault::by_hand(FindingKind::Implausible, column, condition)];
        match holds {
            Holds::Word(words) => word_faults(column, words, &trimmed),
            Holds::UniqueVin => {
                let mut faults = self.unique(FindingKind::VinCase, column, format!("upper({trimmed})"));
                faults.push(Fault::by_hand(FindingKind::Implausible, column, is_no_vin(column, &trimmed, dialect)));
                faults
            }
            Holds::UniqueNullableVin => {
                let mut faults = self.unique(FindingKind::VinCase, column, format!("nullif(upper({trimmed}), '')"));
                let is_no_vin = format!("{} AND {trimmed} <> ''", is_no_vin(column, &trimmed, dialect));
                faults.push(Fault::by_hand(FindingKind::Implausible, column, is_no_vin));
                faults
            }
            Holds::Vin => {
                let right = format!("upper({trimmed})");
                vec![Fault::mended(FindingKind::VinCase, column, format!("{column} <> {right}"), right)]
            }
            Holds::UniqueEmail => self.unique(FindingKind::EmailCase, column, format!("lower({trimmed})")),
            Holds::UniqueText => self.unique(FindingKind::Blanks, column, format!("nullif({trimmed}, '')")),
            Holds::Text => {
                let blanks =
                    Fault::mended(FindingKind::Blanks, column, format!("{column} <> {trimmed}"), trimmed.clone());
                vec![blanks, Fault::by_hand(FindingKind::Implausible, column, format!("{trimmed} = ''"))]
            }
            Holds::NullableText => {
                let right = format!("nullif({trimmed}, '')");
                vec![Fault::mended(FindingKind::Blanks, column, format!("{column} <> {trimmed}"), right)]
            }
            Holds::List => {
                let scan = (dialect.is_no_list)(column);
                vec![Fault { kind: FindingKind::ListShape, column, scan, exact: None, mend: Mend::List }]
            }
            Holds::Amount | Holds::Price => {
                let bound = if matches!(holds, Holds::Price) { "<=" } else { "<" };
                let beyond = dialect.most.map(|most| format!(" OR typeof({column}) = 'integer' AND {column} > {most}"));
                is_implausible(format!("({column} {bound} 0{})", beyond.unwrap_or_default()))
            }
            Holds::Year => is_implausible(format!("{column} NOT BETWEEN {} AND {}", YEARS.0, YEARS.1)),
            Holds::Number => is_implausible(format!("{column} NOT BETWEEN 0 AND {MOST}")),
            Holds::Reference(table) => {
                let name = self.name;
                let scan = format!(
                    "{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {table} AS named WHERE named.id = {name}.{column})"
                );
                vec![Fault::by_hand(FindingKind::MissingReference, column, scan)]
            }
        }
    }

    /// A column that is unique is put right in the rows that no other row would then be the same as.
    fn unique(&self, kind: FindingKind, column: &'static str, right: String) -> Vec<Fault> {
        let scan = format!("{column} IS DISTINCT FROM {right}");
        let name = self.name;
        let taken =
            format!("{right} IN (SELECT {right} FROM {name} WHERE {right} IS NOT NULL GROUP BY 1 HAVING count(*) > 1)");
        let duplicate =
            Fault { exact: Some(taken.clone()), ..Fault::by_hand(FindingKind::Duplicate, column, scan.clone()) };
        let free = format!("{scan} AND ({right} IS NULL OR NOT {taken})");
        vec![duplicate, Fault { exact: Some(free), ..Fault::mended(kind, column, scan, right) }]
    }
}

fn word_faults(column: &'static str, words: &[&str], trimmed: &str) -> Vec<Fault> {
    let words = format!("('{}')", words.join("', '"));
    let folded = format!("lower({trimmed})");
    let case = format!("{column} NOT IN {words} AND {folded} IN {words}");
    vec![
        Fault::mended(FindingKind::WordCase, column, case, folded.clone()),
        Fault::by_hand(FindingKind::UnknownWord, column, format!("{folded} NOT IN {words}")),
    ]
}

fn is_no_vin(column: &str, trimmed: &str, dialect: &Dialect) -> String {
    let is_no_vin = (dialect.is_no_vin)(&format!("upper({trimmed})"));
    format!(
        "{column} IS NOT NULL AND {is_no_vin} \
         AND NOT (year < {FIRST_YEAR_OF_VINS} AND length({trimmed}) BETWEEN 5 AND 17)"
    )
}

/// The time of a row as another application keeps it. Where ours is later, a default has filled it when the column was made:
/// a row is not made after the time at which it was there. Two seconds are the difference of two clocks.
///
/// What is no time that can be read, and ours is missing, is for a person.
fn carried_over(twin: &Twin, dialect: &Dialect) -> Vec<Fault> {
    let theirs = format!("\"{}\"", twin.theirs.replace('"', "\"\""));
    if twin.ours == "deleted_at" {
        return vec![Fault::by_hand(FindingKind::MarkedDeleted, "deleted_at", format!("{theirs} IS NOT NULL"))];
    }
    let column = if twin.ours == "created_at" { "created_at" } else { "updated_at" };
    let Some(instant) = (dialect.instant)(&theirs, &twin.r#type) else {
        let scan = format!("{theirs} IS NOT NULL AND {column} IS NULL");
        return vec![Fault::by_hand(FindingKind::OtherColumn, column, scan)];
    };
    let later = (dialect.later)(&instant);
    let is_default = match column {
        "created_at" => format!("created_at > {later}"),
        // It was filled together with `created_at`, in the same moment.
        _ => format!("updated_at = created_at AND updated_at > {later}"),
    };
    let scan = format!("{instant} IS NOT NULL AND ({column} IS NULL OR {is_default})");
    let unread = format!("{theirs} IS NOT NULL AND {instant} IS NULL AND {column} IS NULL");
    vec![
        Fault::mended(FindingKind::OtherColumn, column, scan, instant),
        Fault::by_hand(FindingKind::OtherColumn, column, unread),
    ]
}
