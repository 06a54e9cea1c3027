//! What is looked for: each column with what it should hold, and the conditions and repairs that follow, as SQL.
//!
//! One scan of a table counts all its faults at once, so a condition of the scan is cheap and looks at its own row alone. What
//! needs other rows is in `exact`, and is asked only where the scan has found something. Nothing here runs a statement.

use super::FindingKind;
use crate::{actor::Role, inventory::VehicleStatus, submissions::SubmissionStatus};

/// The blanks that are cut off at the ends of what people type.
const BLANKS: &str = " \t\n\r\u{b}\u{c}\u{a0}";

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
    /// Whether the id of a row is none; `None` where the type holds nothing else, and no required column is null.
    pub(super) is_no_id: Option<&'static str>,
    /// The largest amount, where the type holds larger ones.
    pub(super) most: Option<i64>,
    /// An instant in another form: whether it is one, and as jpauto writes it; `None` where the type has one form.
    pub(super) other_time: Option<[OfColumn; 2]>,
    /// The function that cuts characters off at both ends.
    pub(super) trim: &'static str,
    /// Whether a column holds anything but null or a list of texts.
    pub(super) is_no_list: fn(&str) -> String,
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
}

/// What a column should hold.
#[derive(Clone, Copy)]
enum Holds {
    /// One of these words or null.
    Word(&'static [&'static str]),
    /// A VIN, in a column that is unique.
    UniqueVin,
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
    /// An instant.
    Time,
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

const ROLES: [&str; 3] = [Role::Viewer.as_str(), Role::Manager.as_str(), Role::Admin.as_str()];

/// A table, its columns, and what each holds. The order is that of the report.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// How the audit trail calls its rows.
    pub(super) noun: &'static str,
    columns: &'static [(&'static str, Holds)],
    rules: &'static [Rule],
    /// Without these a row cannot be read.
    required: &'static [&'static str],
}

impl Table {
    /// A table that jpauto alone writes: of its rows only the ids are looked at.
    const fn of_ours(name: &'static str) -> Self {
        Self { name, noun: name, columns: &[], rules: &[], required: &[] }
    }
}

/// What must hold between the columns of a row, or between rows. Where it does not, a person decides.
struct Rule {
    kind: FindingKind,
    column: &'static str,
    /// Whether a row may break it, by a scan of the table.
    scan: &'static str,
    /// Whether it does, where that takes another large table.
    exact: Option<&'static str>,
}

/// A sale has its time.
const SOLD_VEHICLE: Rule =
    Rule { kind: FindingKind::Undated, column: "sold_at", scan: "status = 'sold' AND sold_at IS NULL", exact: None };
const SOLD_LISTING: Rule =
    Rule { kind: FindingKind::Undated, column: "sold_at", scan: "is_sold AND sold_at IS NULL", exact: None };

/// An approved submission has its vehicle, unless that was deleted since or came back through another one: then the audit trail
/// has the approval.
const APPROVED: Rule = Rule {
    kind: FindingKind::NoVehicle,
    column: "submission_status",
    scan: "submission_status = 'approved' AND id NOT IN \
           (SELECT source_submission_id FROM inventory WHERE source_submission_id IS NOT NULL)",
    exact: Some(
        "submission_status = 'approved' AND id NOT IN \
         (SELECT source_submission_id FROM inventory WHERE source_submission_id IS NOT NULL) AND id NOT IN \
         (SELECT resource_id FROM activity_logs WHERE action = 'approve' AND resource_id IS NOT NULL)",
    ),
};

/// Every table that is looked at.
pub(super) const TABLES: [Table; 17] = [
    Table {
        name: "users",
        noun: "users",
        columns: &[
            ("role", Holds::Word(&ROLES)),
            ("email", Holds::UniqueEmail),
            ("name", Holds::Text),
            ("last_login", Holds::Time),
            ("created_at", Holds::Time),
        ],
        rules: &[],
        required: &["email", "name"],
    },
    Table {
        name: "pending_submissions",
        noun: "submissions",
        columns: &[
            ("submission_status", Holds::Word(&SUBMISSION_STATUSES)),
            ("vin", Holds::UniqueVin),
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
            ("submitted_at", Holds::Time),
            ("reviewed_at", Holds::Time),
            ("reviewed_by", Holds::Reference("users")),
        ],
        rules: &[APPROVED],
        required: &["year", "make", "model"],
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
            ("listed_at", Holds::Time),
            ("sold_at", Holds::Time),
            ("source_submission_id", Holds::Reference("pending_submissions")),
            ("created_by", Holds::Reference("users")),
            ("updated_by", Holds::Reference("users")),
        ],
        rules: &[SOLD_VEHICLE],
        required: &["year", "make", "model", "vin", "price", "mileage"],
    },
    Table {
        name: "competitors",
        noun: "competitors",
        columns: &[("name", Holds::Text), ("inventory_url", Holds::Text)],
        rules: &[],
        required: &["name", "inventory_url"],
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
            ("first_seen_at", Holds::Time),
            ("last_seen_at", Holds::Time),
            ("sold_at", Holds::Time),
        ],
        rules: &[SOLD_LISTING],
        required: &["competitor_id"],
    },
    Table {
        name: "export_logs",
        noun: "export_logs",
        columns: &[("status", Holds::Word(&["success", "failure"]))],
        rules: &[],
        required: &[],
    },
    Table {
        name: "storage_alerts",
        noun: "alerts",
        columns: &[("severity", Holds::Word(&["warning", "critical"]))],
        rules: &[],
        required: &[],
    },
    Table::of_ours("market_research_results"),
    Table::of_ours("market_price_history"),
    Table::of_ours("vin_evaluation_cache"),
    Table::of_ours("competitor_price_history"),
    Table::of_ours("competitor_metrics"),
    Table::of_ours("competitor_scrapes"),
    Table::of_ours("activity_logs"),
    Table::of_ours("job_history"),
    Table::of_ours("vehicle_sales"),
    Table::of_ours("api_tokens"),
];

/// How rows of a fault are put right.
pub(super) enum Mend {
    /// By nobody but a person.
    ByHand,
    /// By setting the column to this expression.
    Set(String),
    /// By reading the list and writing it anew; what cannot be read is left.
    List,
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

    fn by_hand(kind: FindingKind, column: &'static str, scan: String) -> Self {
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
    /// All that is looked for in this table, in the order in which it is repaired.
    pub(super) fn faults(&self, twins: &[Twin], dialect: &Dialect) -> Vec<Fault> {
        let mut faults = self.unreadable(dialect);
        faults.extend(self.columns.iter().flat_map(|(column, holds)| self.faults_of(column, *holds, dialect)));
        faults.extend(self.rules.iter().map(|rule| Fault {
            exact: rule.exact.map(ToOwned::to_owned),
            ..Fault::by_hand(rule.kind, rule.column, rule.scan.to_owned())
        }));
        if !self.is_listed() {
            return faults;
        }
        // `updated_at` first: whether it was filled by a default shows in `created_at`.
        for ours in ["updated_at", "created_at", "deleted_at"] {
            let twins = twins.iter().filter(|twin| twin.table == self.name && twin.ours == ours);
            faults.extend(twins.filter_map(|twin| carried_over(twin, dialect)));
        }
        faults
    }

    /// Whether lists leave rows out of it that a person may look for.
    pub(super) fn is_listed(&self) -> bool {
        !self.columns.is_empty()
    }

    /// What makes rows unreadable.
    pub(super) fn unreadable(&self, dialect: &Dialect) -> Vec<Fault> {
        let Some(is_no_id) = dialect.is_no_id else { return Vec::new() };
        let lacks = self.required.iter().map(|column| (*column, format!("{column} IS NULL")));
        std::iter::once(("id", is_no_id.to_owned()))
            .chain(lacks)
            .map(|(column, scan)| Fault::by_hand(FindingKind::UnreadableRow, column, scan))
            .collect()
    }

    fn faults_of(&self, column: &'static str, holds: Holds, dialect: &Dialect) -> Vec<Fault> {
        let trimmed = dialect.trimmed(column);
        let is_implausible = |condition: String| vec![Fault::by_hand(FindingKind::Implausible, column, condition)];
        match holds {
            Holds::Word(words) => word_faults(column, words, &trimmed),
            Holds::UniqueVin => {
                let mut faults = self.unique(FindingKind::VinCase, column, format!("upper({trimmed})"));
                faults.push(Fault::by_hand(FindingKind::Implausible, column, is_no_vin(column, &trimmed, dialect)));
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
            Holds::Time => {
                let mut faults =
                    vec![Fault::by_hand(FindingKind::UnreadableTime, column, (dialect.is_no_time)(column))];
                faults.extend(dialect.other_time.map(|[is_other, as_ours]| {
                    Fault::mended(FindingKind::TimeForm, column, is_other(column), as_ours(column))
                }));
                faults
            }
            Holds::Amount | Holds::Price => {
                let bound = if matches!(holds, Holds::Price) { "<=" } else { "<" };
                let is_none = dialect.is_no_amount.map(|is_none| is_none(column));
                let beyond = dialect.most.map(|most| format!(" OR typeof({column}) = 'integer' AND {column} > {most}"));
                let mut faults = is_implausible(format!("({column} {bound} 0{})", beyond.unwrap_or_default()));
                faults.extend(is_none.map(|scan| Fault::by_hand(FindingKind::UnreadableAmount, column, scan)));
                faults
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

impl Dialect {
    fn trimmed(&self, column: &str) -> String {
        format!("{}({column}, '{BLANKS}')", self.trim)
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
fn carried_over(twin: &Twin, dialect: &Dialect) -> Option<Fault> {
    let theirs = format!("\"{}\"", twin.theirs.replace('"', "\"\""));
    if twin.ours == "deleted_at" {
        return Some(Fault::by_hand(FindingKind::MarkedDeleted, "deleted_at", format!("{theirs} IS NOT NULL")));
    }
    let instant = (dialect.instant)(&theirs, &twin.r#type)?;
    let (column, is_default) = match twin.ours.as_str() {
        "created_at" => ("created_at", format!("created_at > {}", (dialect.later)(&instant))),
        // It was filled together with `created_at`, in the same moment.
        _ => ("updated_at", format!("updated_at = created_at AND updated_at > {}", (dialect.later)(&instant))),
    };
    let scan = format!("{instant} IS NOT NULL AND ({column} IS NULL OR {is_default})");
    Some(Fault::mended(FindingKind::OtherColumn, column, scan, instant))
}
