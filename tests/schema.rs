//! The contract of the database, written out as data, and how a real database differs from it.
//!
//! [`TABLES`] repeats the schema document: the names, types and constraints in its own words, in its order, so that
//! the two can be laid side by side. [`OURS`] are the tables and columns that jpauto adds. [`differences`] reads the
//! catalog of a database and says everything in which it does not keep the contract.
//!
//! Deliberately not here: connections. The caller runs each query, which yields one text column named `line`.

use std::collections::{BTreeMap, BTreeSet};

/// One table; a column is its name, its type and its constraints.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str, &'static str)],
    pub(crate) indexes: &'static [&'static str],
}

/// Which database a query runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Postgres,
    Sqlite,
}

/// Runs a query and returns its only column, `line`, a text that is never null.
pub(crate) type Lines<'a> = &'a mut dyn FnMut(&str) -> Vec<String>;

/// The words that a column may hold, by table and column.
///
/// The document says them in its descriptions; `running` and `partial` are jpauto's own.
pub(crate) const WORDS: &[(&str, &str, &[&str])] = &[
    ("users", "role", &["admin", "manager", "viewer"]),
    ("api_tokens", "role", &["admin", "manager", "viewer"]),
    ("pending_submissions", "submission_status", &["pending", "approved", "rejected"]),
    ("inventory", "status", &["available", "sold", "pending", "hold"]),
    ("export_logs", "status", &["success", "failure"]),
    ("storage_alerts", "severity", &["warning", "critical"]),
    ("notifications", "status", &["waiting", "delivered", "given_up"]),
    ("job_history", "status", &["running", "success", "partial", "failure"]),
];

/// What jpauto adds: whole tables, and single columns of the document's tables.
pub(crate) const OURS: &[Table] = &[
    Table {
        name: "market_research_results",
        columns: &[("analysis", "JSONB", ""), ("adjusted_median", "DECIMAL(10,2)", "")],
        indexes: &[],
    },
    Table { name: "market_price_history", columns: &[("searched_for", "TEXT", "")], indexes: &[] },
    Table {
        name: "competitors",
        columns: &[
            ("next_scrape_at", "TIMESTAMP", ""),
            ("list_changed_at", "TIMESTAMP", ""),
            ("looked_for_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table { name: "competitor_metrics", columns: &[("unseen", "INTEGER", "")], indexes: &[] },
    Table {
        name: "competitor_inventory",
        columns: &[
            ("unconfirmed_price", "DECIMAL(10,2)", ""),
            ("lowest_price", "DECIMAL(10,2)", ""),
            ("highest_price", "DECIMAL(10,2)", ""),
            ("previous_price", "DECIMAL(10,2)", ""),
            ("price_changed_at", "TIMESTAMP", ""),
            ("p_return", "DOUBLE", ""),
            ("stock_status", "STRING(50)", ""),
            ("title_brand", "STRING(50)", ""),
            ("condition", "STRING(50)", ""),
            ("odometer_status", "STRING(50)", ""),
            ("sale_status", "STRING(50)", ""),
            ("transferred_at", "TIMESTAMP", ""),
        ],
        indexes: &["vin", "first_seen_at, id", "price, id", "mileage, id", "year, id"],
    },
    Table { name: "competitor_price_history", columns: &[("competitor_id", "UUID", "")], indexes: &[] },
    Table {
        name: "listed_models",
        columns: &[("year", "INTEGER", "NOT NULL"), ("make", "TEXT", "NOT NULL"), ("model", "TEXT", "NOT NULL")],
        indexes: &["year, make, model"],
    },
    Table { name: "locks", columns: &[("slot", "INTEGER", "PK")], indexes: &[] },
    Table {
        name: "competitor_scrapes",
        columns: &[
            ("id", "UUID", "PK"),
            ("competitor_id", "UUID", "FK → competitors.id, NOT NULL"),
            ("observed_at", "TIMESTAMP", "NOT NULL"),
            ("complete", "BOOLEAN", "NOT NULL"),
            ("incomplete_reason", "STRING(50)", ""),
            ("pages_fetched", "INTEGER", ""),
            ("listings_found", "INTEGER", "NOT NULL"),
            ("total_claimed", "INTEGER", ""),
            ("vehicles", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("new_listings", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("seen_again", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("updated", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("price_changes", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("sold", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("relisted", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("duplicates", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("refused", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("absences", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("returns", "INTEGER", "NOT NULL, DEFAULT 0"),
            ("error", "TEXT", ""),
            ("error_type", "STRING(50)", ""),
            ("recorded_at", "TIMESTAMP", "NOT NULL"),
            ("page_vehicles", "INTEGER", ""),
            ("list_url", "TEXT", ""),
            ("weight", "DOUBLE", "NOT NULL, DEFAULT 0"),
            ("doubts", "TEXT", ""),
            ("group_weight", "DOUBLE", ""),
            ("expected_returns", "DOUBLE", ""),
            ("returns_seen", "DOUBLE", ""),
        ],
        indexes: &["competitor_id, observed_at"],
    },
    Table { name: "storage_alerts", columns: &[("subject_id", "UUID", "")], indexes: &["subject_id, alert_type"] },
    Table {
        name: "export_logs",
        columns: &[
            ("destination", "TEXT", ""),
            ("left_out_count", "INTEGER", ""),
            ("bytes", "BIGINT", ""),
            ("error_code", "STRING(100)", ""),
            ("answer", "TEXT", ""),
            ("report", "JSONB", ""),
        ],
        indexes: &["exported_at, id"],
    },
    Table {
        name: "job_leases",
        columns: &[
            ("job_name", "STRING(100)", "PK"),
            ("holder", "STRING(255)", "NOT NULL"),
            ("acquired_at", "TIMESTAMP", "NOT NULL"),
            ("expires_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &[],
    },
    Table {
        name: "job_history",
        columns: &[
            ("scheduled_for", "TIMESTAMP", ""),
            ("requested_by", "UUID", ""),
            ("options", "JSONB", ""),
            ("progress", "JSONB", ""),
            ("cancel_requested_at", "TIMESTAMP", ""),
            ("lease", "STRING(100)", ""),
            ("holder", "STRING(255)", ""),
            ("token_id", "UUID", ""),
            ("user_agent", "TEXT", ""),
        ],
        indexes: &["started_at, id", "job_name, started_at, id"],
    },
    Table {
        name: "job_schedules",
        columns: &[("job_name", "STRING(100)", "PK"), ("done_until", "TIMESTAMP", "NOT NULL")],
        indexes: &[],
    },
    Table {
        name: "vin_decodes",
        columns: &[
            ("vin", "STRING(17)", "PK"),
            ("source", "STRING(50)", "NOT NULL"),
            ("decoded", "JSONB", "NOT NULL"),
            ("decoded_at", "TIMESTAMP", "NOT NULL"),
            ("expires_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &["expires_at"],
    },
    Table {
        name: "competitor_pages",
        columns: &[
            ("id", "UUID", "PK"),
            ("competitor_id", "UUID", "FK → competitors.id, NOT NULL"),
            ("url", "TEXT", "NOT NULL"),
            ("etag", "TEXT", ""),
            ("last_modified", "TEXT", ""),
            ("reader", "STRING(100)", "NOT NULL"),
            ("reading", "JSONB", "NOT NULL"),
            ("read_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &["competitor_id"],
    },
    Table { name: "activity_logs", columns: &[("token_id", "UUID", "")], indexes: &[] },
    Table {
        name: "api_tokens",
        columns: &[
            ("id", "UUID", "PK"),
            ("name", "STRING", "NOT NULL"),
            ("role", "STRING(20)", "NOT NULL"),
            ("secret_hash", "STRING(64)", "NOT NULL"),
            ("user_id", "UUID", "FK → users.id"),
            ("created_at", "TIMESTAMP", "NOT NULL"),
            ("expires_at", "TIMESTAMP", ""),
            ("last_used_at", "TIMESTAMP", ""),
            ("revoked_at", "TIMESTAMP", ""),
        ],
        indexes: &["created_at, id", "user_id, created_at, id"],
    },
    Table {
        name: "vehicle_sales",
        columns: &[
            ("id", "UUID", "PK"),
            ("inventory_id", "UUID", "FK → inventory.id, NOT NULL"),
            ("sold_at", "TIMESTAMP", "NOT NULL"),
            ("listed_at", "TIMESTAMP", ""),
            ("price", "DECIMAL(10,2)", "NOT NULL"),
            ("sale_price", "DECIMAL(10,2)", ""),
        ],
        indexes: &["inventory_id, sold_at"],
    },
    Table {
        name: "sign_in_links",
        columns: &[
            ("secret_hash", "STRING(64)", "PK"),
            ("user_id", "UUID", "FK → users.id, NOT NULL"),
            ("created_at", "TIMESTAMP", "NOT NULL"),
            ("expires_at", "TIMESTAMP", "NOT NULL"),
            ("used_at", "TIMESTAMP", ""),
        ],
        indexes: &["user_id", "expires_at"],
    },
    Table {
        name: "sign_in_states",
        columns: &[
            ("state_hash", "STRING(64)", "PK"),
            ("browser_hash", "STRING(64)", "NOT NULL"),
            ("provider", "STRING(50)", "NOT NULL"),
            ("redirect_uri", "TEXT", "NOT NULL"),
            ("return_to", "TEXT", "NOT NULL"),
            ("client", "STRING(50)", ""),
            ("created_at", "TIMESTAMP", "NOT NULL"),
            ("expires_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &["expires_at", "client"],
    },
    Table {
        name: "sign_in_identities",
        columns: &[
            ("identity_hash", "STRING(64)", "PK"),
            ("issuer", "TEXT", "NOT NULL"),
            ("user_id", "UUID", "FK → users.id, NOT NULL"),
            ("email_verified", "BOOLEAN", "NOT NULL"),
            ("created_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &["user_id"],
    },
    Table {
        name: "idempotency_keys",
        columns: &[
            ("name_hash", "STRING(64)", "PK"),
            ("request_hash", "STRING(64)", "NOT NULL"),
            ("status", "INTEGER", ""),
            ("location", "TEXT", ""),
            ("answer", "TEXT", ""),
            ("created_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &["created_at"],
    },
    Table {
        name: "outbox",
        columns: &[
            ("id", "UUID", "PK"),
            ("event", "STRING(50)", "NOT NULL"),
            ("data", "JSONB", "NOT NULL"),
            ("raised_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &["raised_at, id"],
    },
    Table {
        name: "notifications",
        columns: &[
            ("id", "UUID", "PK"),
            ("event_id", "UUID", "NOT NULL"),
            ("event", "STRING(50)", "NOT NULL"),
            ("channel", "STRING(50)", "NOT NULL"),
            ("data", "JSONB", "NOT NULL"),
            ("status", "STRING(20)", "NOT NULL"),
            ("attempts", "INTEGER", "NOT NULL"),
            ("raised_at", "TIMESTAMP", "NOT NULL"),
            ("next_attempt_at", "TIMESTAMP", ""),
            ("ended_at", "TIMESTAMP", ""),
            ("error", "TEXT", ""),
            ("answer", "TEXT", ""),
            ("holder", "STRING(255)", ""),
            ("leased_until", "TIMESTAMP", ""),
            ("receiver", "STRING(320)", ""),
        ],
        indexes: &["raised_at, id"],
    },
    Table {
        name: "notification_channels",
        columns: &[
            ("name", "STRING(50)", "PK"),
            ("target_hash", "STRING(64)", "NOT NULL"),
            ("off_since", "TIMESTAMP", "NOT NULL"),
            ("reason", "TEXT", "NOT NULL"),
        ],
        indexes: &[],
    },
    Table {
        name: "call_budgets",
        columns: &[
            ("period", "STRING(100)", "PK"),
            ("calls", "INTEGER", "NOT NULL"),
            ("last_call_at", "TIMESTAMP", "NOT NULL"),
        ],
        indexes: &[],
    },
];

/// Everything in which the database does not keep the contract, a line each.
pub(crate) fn differences(database: Database, lines: Lines<'_>) -> Vec<String> {
    let found = Found::read(database, lines);
    let mut differences = Vec::new();
    for table in TABLES.iter().chain(OURS) {
        for column in table.columns {
            found.compare_column(database, table.name, *column, &mut differences);
        }
        for columns in table.indexes {
            found.expect_index(table.name, columns, &mut differences);
        }
    }
    for (table, column, words) in WORDS {
        found.compare_words(table, column, words, &mut differences);
    }
    found.compare_session(database, &mut differences);
    if database == Database::Sqlite {
        for table in lines("SELECT name AS line FROM pragma_table_list WHERE type = 'table' AND strict = 0") {
            if TABLES.iter().chain(OURS).any(|known| known.name == table) || table == "session" {
                differences.push(format!("{table}: is not STRICT"));
            }
        }
    }
    differences
}

/// The columns of the contract's tables that the contract does not know, as `table.column`.
pub(crate) fn unknown_columns(database: Database, lines: Lines<'_>) -> Vec<String> {
    let known: BTreeSet<(&str, &str)> = TABLES
        .iter()
        .chain(OURS)
        .flat_map(|table| table.columns.iter().map(|(column, ..)| (table.name, *column)))
        .chain([("session", "sid"), ("session", "sess"), ("session", "expire")])
        .collect();
    let tables: BTreeSet<&str> = known.iter().map(|(table, _)| *table).collect();
    let found = Found::read(database, lines);
    let unknown = |(table, column): &&(String, String)| {
        tables.contains(table.as_str()) && !known.contains(&(table.as_str(), column.as_str()))
    };
    found.columns.keys().filter(unknown).map(|(table, column)| format!("{table}.{column}")).collect()
}

struct FoundColumn {
    type_name: String,
    required: bool,
    default: String,
}

struct FoundIndex {
    table: String,
    kind: String,
    columns: String,
}

/// What the catalog says, in one form for both databases.
struct Found {
    columns: BTreeMap<(String, String), FoundColumn>,
    indexes: Vec<FoundIndex>,
    references: BTreeSet<String>,
    /// The table and the text of its checks, or of the whole table.
    checks: Vec<(String, String)>,
}

impl Found {
    fn read(database: Database, lines: Lines<'_>) -> Self {
        let [columns, indexes, references, checks] = match database {
            Database::Postgres => POSTGRES_CATALOG,
            Database::Sqlite => SQLITE_CATALOG,
        };
        let mut read = |query: &str, fields: usize| -> Vec<Vec<String>> {
            lines(query).iter().map(|line| line.splitn(fields, '|').map(str::to_owned).collect()).collect()
        };
        Self {
            columns: read(columns, 5)
                .into_iter()
                .map(|row| {
                    let column = FoundColumn {
                        type_name: row[2].clone(),
                        required: row[3] == "required",
                        default: row[4].clone(),
                    };
                    ((row[0].clone(), row[1].clone()), column)
                })
                .collect(),
            indexes: read(indexes, 3)
                .into_iter()
                .map(|row| FoundIndex { table: row[0].clone(), kind: row[1].clone(), columns: row[2].clone() })
                .collect(),
            references: lines(references).into_iter().collect(),
            checks: lines(checks)
                .iter()
                .filter_map(|line| line.split_once('|').map(|(table, text)| (table.to_owned(), text.to_owned())))
                .collect(),
        }
    }

    fn compare_column(
        &self,
        database: Database,
        table: &str,
        (name, type_name, constraints): (&str, &str, &str),
        differences: &mut Vec<String>,
    ) {
        let Some(column) = self.columns.get(&(table.to_owned(), name.to_owned())) else {
            differences.push(format!("{table}.{name}: is missing"));
            return;
        };
        let mut expect = |what: &str, wanted: &str, found: &str| {
            if wanted != found {
                differences.push(format!("{table}.{name}: {what} should be `{wanted}`, is `{found}`"));
            }
        };
        let rules: Vec<&str> = constraints.split(", ").collect();
        let primary = rules.contains(&"PK");
        let default = rules.iter().find_map(|rule| rule.strip_prefix("DEFAULT ")).unwrap_or("");
        let required = primary || rules.contains(&"NOT NULL");
        expect("the type", &sql_type(database, type_name), &column.type_name);
        expect("NOT NULL", &required.to_string(), &column.required.to_string());
        expect("the default", &sql_default(database, default), &column.default);
        expect("being the primary key", &primary.to_string(), &self.has_index(table, "primary", name).to_string());
        let unique = rules.contains(&"UNIQUE");
        expect("uniqueness", &unique.to_string(), &self.has_index(table, "unique", name).to_string());
        let target = rules.iter().find_map(|rule| rule.strip_prefix("FK → ")).unwrap_or("");
        let referenced = self.references.iter().find_map(|line| line.strip_prefix(&format!("{table}.{name}|")));
        expect("the reference", target, referenced.unwrap_or(""));
        if database == Database::Sqlite
            && let Some(check) = sqlite_check(name, type_name)
        {
            let held = self.checks.iter().any(|(of, text)| of == table && text.contains(&check));
            let said_by_words = WORDS.iter().any(|(of, column, _)| *of == table && *column == name);
            expect(&format!("the check `{check}`"), "true", &(held || said_by_words || !target.is_empty()).to_string());
        }
    }

    fn has_index(&self, table: &str, kind: &str, columns: &str) -> bool {
        self.indexes.iter().any(|index| index.table == table && index.kind == kind && index.columns == columns)
    }

    /// An index serves if it begins with the columns; a unique one and a key serve as well as any other.
    fn expect_index(&self, table: &str, columns: &str, differences: &mut Vec<String>) {
        let longer = format!("{columns}, ");
        let serves = |index: &&FoundIndex| {
            index.table == table
                && index.kind != "partial"
                && (index.columns == columns || index.columns.starts_with(&longer))
        };
        if !self.indexes.iter().any(|index| serves(&index)) {
            differences.push(format!("{table}: has no index on ({columns})"));
        }
    }

    fn compare_words(&self, table: &str, column: &str, words: &[&str], differences: &mut Vec<String>) {
        let wanted: BTreeSet<&str> = words.iter().copied().collect();
        let held = self.checks.iter().filter(|(of, _)| of == table).any(|(_, text)| {
            // PostgreSQL prints one check a line; SQLite keeps the text of the whole table.
            let of_column = match text.split_once(&format!("CHECK ({column} IN (")) {
                Some((_, rest)) => rest.split(')').next().unwrap_or(""),
                None if text.starts_with(&format!("CHECK ((({column})::text = ANY")) => text,
                None => return false,
            };
            of_column.split('\'').skip(1).step_by(2).collect::<BTreeSet<_>>() == wanted
        });
        if !held {
            differences.push(format!("{table}.{column}: no check holds it to {words:?}"));
        }
    }

    /// The session table is what connect-pg-simple makes, which is not quite what the document says.
    fn compare_session(&self, database: Database, differences: &mut Vec<String>) {
        let types = match database {
            Database::Postgres => ["character varying", "json", "timestamp(6) without time zone"],
            Database::Sqlite => ["TEXT", "TEXT", "TEXT"],
        };
        for (name, wanted) in ["sid", "sess", "expire"].into_iter().zip(types) {
            match self.columns.get(&("session".to_owned(), name.to_owned())) {
                Some(column) if column.type_name == wanted && column.required && column.default.is_empty() => {}
                Some(column) => differences.push(format!(
                    "session.{name}: should be `{wanted}` NOT NULL, is `{}` required: {}, default `{}`",
                    column.type_name, column.required, column.default
                )),
                None => differences.push(format!("session.{name}: is missing")),
            }
        }
        if !self.has_index("session", "primary", "sid") {
            differences.push("session.sid: is not the primary key".to_owned());
        }
        self.expect_index("session", "expire", differences);
    }
}

fn sql_type(database: Database, document: &str) -> String {
    let (name, size) = document.split_once('(').unwrap_or((document, ""));
    match database {
        Database::Postgres => match (name, size) {
            ("STRING", "") => "character varying(255)".to_owned(),
            ("STRING", size) => format!("character varying({size}"),
            ("DECIMAL", size) => format!("numeric({size}"),
            ("TIMESTAMP" | "DATE", _) => "timestamp with time zone".to_owned(),
            ("DOUBLE", _) => "double precision".to_owned(),
            (plain, _) => plain.to_lowercase(),
        },
        Database::Sqlite => match name {
            "UUID" => "BLOB",
            "INTEGER" | "BIGINT" | "BOOLEAN" | "DECIMAL" => "INTEGER",
            "DOUBLE" => "REAL",
            _ => "TEXT",
        }
        .to_owned(),
    }
}

fn sql_default(database: Database, document: &str) -> String {
    match (database, document) {
        (Database::Postgres, "NOW") => "now()".to_owned(),
        (Database::Sqlite, "NOW") => "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')".to_owned(),
        (Database::Postgres, word) if word.starts_with('\'') => format!("{word}::character varying"),
        (Database::Sqlite, "true") => "1".to_owned(),
        (Database::Sqlite, "false") => "0".to_owned(),
        (_, plain) => plain.to_owned(),
    }
}

/// What SQLite has to check because its types do not hold it.
fn sqlite_check(name: &str, document: &str) -> Option<String> {
    match document {
        "UUID" => Some(format!("length({name}) = 16")),
        "STRING" => Some(format!("length({name}) <= 255")),
        "JSONB" => Some(format!("json_valid({name})")),
        "BOOLEAN" => Some(format!("{name} IN (0, 1)")),
        "TIMESTAMP" | "DATE" => Some(format!("{name} GLOB '????-??-??T??:??:??.??????Z'")),
        "DECIMAL(10,2)" => Some(format!("{name} BETWEEN -9999999999 AND 9999999999")),
        "DECIMAL(5,2)" => Some(format!("{name} BETWEEN -99999 AND 99999")),
        // The closing bracket comes along, so that 20 is not found in 200.
        sized => sized.strip_prefix("STRING(").map(|size| format!("length({name}) <= {size}")),
    }
}

/// Columns, indexes, references and checks, in this order; each line's fields are parted by `|`.
const POSTGRES_CATALOG: [&str; 4] = [
    "SELECT concat_ws('|', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      CASE WHEN a.attnotnull THEN 'required' ELSE 'optional' END,
                      coalesce(pg_get_expr(d.adbin, d.adrelid), '')) AS line
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relkind = 'r'",
    "SELECT concat_ws('|', c.relname,
                      CASE WHEN i.indpred IS NOT NULL THEN 'partial' WHEN i.indisprimary THEN 'primary'
                           WHEN i.indisunique THEN 'unique' ELSE 'plain' END,
                      array_to_string(ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true)
                                            FROM generate_series(1, i.indnkeyatts::int) k), ', ')) AS line
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     WHERE i.indisvalid",
    "SELECT format('%s.%s|%s.%s', c.relname, a.attname, r.relname, ra.attname) AS line
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
     JOIN pg_class r ON r.oid = k.confrelid AND r.relnamespace = c.relnamespace
     JOIN pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = k.confkey[1]
     WHERE k.contype = 'f' AND cardinality(k.conkey) = 1",
    "SELECT concat_ws('|', c.relname, pg_get_constraintdef(k.oid)) AS line
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     WHERE k.contype = 'c'",
];

const SQLITE_CATALOG: [&str; 4] = [
    "SELECT t.name || '|' || c.name || '|' || c.type || '|' || iif(c.\"notnull\", 'required', 'optional') || '|'
            || coalesce(c.dflt_value, '') AS line
     FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    "SELECT t.name || '|' || CASE WHEN i.partial THEN 'partial' WHEN i.origin = 'pk' THEN 'primary'
                                  WHEN i.\"unique\" THEN 'unique' ELSE 'plain' END || '|'
            || (SELECT group_concat(coalesce(k.name, '(expression)'), ', ')
                FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) k) AS line
     FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table'",
    "SELECT t.name || '.' || r.\"from\" || '|' || r.\"table\" || '.' || coalesce(r.\"to\", 'id') AS line
     FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) r WHERE t.type = 'table'",
    "SELECT name || '|' || sql AS line FROM sqlite_master WHERE type = 'table'",
];

/// The tables of the schema document, in its order and words; `session` is compared by itself.
///
/// The document gives the system tables no constraints: their `id` is their key.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "users",
        columns: &[
            ("id", "UUID", "PK"),
            ("email", "STRING(255)", "UNIQUE, NOT NULL"),
            ("name", "STRING(255)", "NOT NULL"),
            ("oauth_provider", "STRING(50)", "NOT NULL"),
            ("oauth_id", "STRING(255)", "NOT NULL"),
            ("role", "STRING(20)", "DEFAULT 'viewer'"),
            ("avatar_url", "TEXT", ""),
            ("last_login", "DATE", ""),
            ("is_active", "BOOLEAN", "DEFAULT true"),
            ("created_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "pending_submissions",
        columns: &[
            ("id", "UUID", "PK"),
            ("submission_status", "STRING(20)", "DEFAULT 'pending'"),
            ("submitted_at", "TIMESTAMP", "DEFAULT NOW"),
            ("reviewed_at", "TIMESTAMP", ""),
            ("reviewed_by", "UUID", "FK → users.id"),
            ("rejection_reason", "TEXT", ""),
            ("customer_name", "STRING(255)", ""),
            ("customer_email", "STRING(255)", ""),
            ("customer_phone", "STRING(50)", ""),
            ("year", "INTEGER", "NOT NULL"),
            ("make", "STRING(100)", "NOT NULL"),
            ("model", "STRING(100)", "NOT NULL"),
            ("trim", "STRING(100)", ""),
            ("vin", "STRING(17)", "UNIQUE"),
            ("mileage", "INTEGER", ""),
            ("asking_price", "DECIMAL(10,2)", ""),
            ("exterior_color", "STRING(100)", ""),
            ("interior_color", "STRING(100)", ""),
            ("transmission", "STRING(50)", ""),
            ("fuel_type", "STRING(50)", ""),
            ("condition", "STRING(50)", ""),
            ("images", "JSONB", ""),
            ("additional_notes", "TEXT", ""),
            ("created_at", "TIMESTAMP", ""),
            ("updated_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "inventory",
        columns: &[
            ("id", "UUID", "PK"),
            ("status", "STRING(20)", "DEFAULT 'available'"),
            ("featured", "BOOLEAN", "DEFAULT false"),
            ("year", "INTEGER", "NOT NULL"),
            ("make", "STRING(100)", "NOT NULL"),
            ("model", "STRING(100)", "NOT NULL"),
            ("trim", "STRING(100)", ""),
            ("vin", "STRING(17)", "UNIQUE, NOT NULL"),
            ("stock_number", "STRING(50)", "UNIQUE"),
            ("price", "DECIMAL(10,2)", "NOT NULL"),
            ("cost", "DECIMAL(10,2)", ""),
            ("msrp", "DECIMAL(10,2)", ""),
            ("mileage", "INTEGER", "NOT NULL"),
            ("exterior_color", "STRING(100)", ""),
            ("interior_color", "STRING(100)", ""),
            ("transmission", "STRING(50)", ""),
            ("engine", "STRING(100)", ""),
            ("fuel_type", "STRING(50)", ""),
            ("drivetrain", "STRING(50)", ""),
            ("body_style", "STRING(50)", ""),
            ("doors", "INTEGER", ""),
            ("mpg_city", "INTEGER", ""),
            ("mpg_highway", "INTEGER", ""),
            ("description", "TEXT", ""),
            ("features", "JSONB", ""),
            ("images", "JSONB", ""),
            ("thumbnail", "STRING(500)", ""),
            ("condition", "STRING(50)", ""),
            ("title_status", "STRING(50)", ""),
            ("owners", "INTEGER", ""),
            ("accidents", "INTEGER", ""),
            ("service_records", "BOOLEAN", ""),
            ("warranty", "TEXT", ""),
            ("carfax_url", "STRING(500)", ""),
            ("autocheck_url", "STRING(500)", ""),
            ("source_submission_id", "UUID", "FK → pending_submissions.id"),
            ("created_by", "UUID", "FK → users.id"),
            ("updated_by", "UUID", "FK → users.id"),
            ("listed_at", "TIMESTAMP", ""),
            ("sold_at", "TIMESTAMP", ""),
            ("created_at", "TIMESTAMP", ""),
            ("updated_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "market_research_results",
        columns: &[
            ("id", "UUID", "PK"),
            ("inventory_id", "UUID", "FK → inventory.id, UNIQUE"),
            ("median_price", "DECIMAL(10,2)", ""),
            ("min_price", "DECIMAL(10,2)", ""),
            ("max_price", "DECIMAL(10,2)", ""),
            ("sample_size", "INTEGER", ""),
            ("comparable_vehicles", "JSONB", ""),
            ("price_recommendation", "STRING(50)", ""),
            ("last_analyzed_at", "TIMESTAMP", ""),
            ("data_source", "STRING(100)", ""),
            ("search_parameters", "JSONB", ""),
            ("created_at", "TIMESTAMP", ""),
            ("updated_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "market_price_history",
        columns: &[
            ("id", "UUID", "PK"),
            ("inventory_id", "UUID", "FK → inventory.id"),
            ("our_price", "DECIMAL(10,2)", "NOT NULL"),
            ("median_market_price", "DECIMAL(10,2)", ""),
            ("min_market_price", "DECIMAL(10,2)", ""),
            ("sample_size", "INTEGER", ""),
            ("recorded_at", "TIMESTAMP", "DEFAULT NOW"),
        ],
        indexes: &["inventory_id, recorded_at"],
    },
    Table {
        name: "vin_evaluation_cache",
        columns: &[
            ("id", "UUID", "PK"),
            ("vin", "STRING(17)", "UNIQUE, NOT NULL"),
            ("evaluation_data", "JSONB", ""),
            ("source", "STRING(50)", ""),
            ("cached_at", "TIMESTAMP", "DEFAULT NOW"),
            ("expires_at", "TIMESTAMP", ""),
        ],
        indexes: &["vin", "expires_at"],
    },
    Table {
        name: "competitors",
        columns: &[
            ("id", "UUID", "PK"),
            ("name", "STRING(255)", "NOT NULL"),
            ("website_url", "STRING(500)", ""),
            ("inventory_url", "STRING(500)", "NOT NULL"),
            ("platform_type", "STRING(50)", ""),
            ("scraper_config", "JSONB", ""),
            ("use_playwright", "BOOLEAN", "DEFAULT false"),
            ("active", "BOOLEAN", "DEFAULT true"),
            ("last_scraped_at", "TIMESTAMP", ""),
            ("last_successful_scrape_at", "TIMESTAMP", ""),
            ("scrape_error", "TEXT", ""),
            ("scrape_error_type", "STRING(50)", ""),
            ("created_at", "TIMESTAMP", ""),
            ("updated_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "competitor_inventory",
        columns: &[
            ("id", "UUID", "PK"),
            ("competitor_id", "UUID", "FK → competitors.id, NOT NULL"),
            ("external_id", "STRING(255)", ""),
            ("vin", "STRING(17)", ""),
            ("stock_number", "STRING(100)", ""),
            ("year", "INTEGER", ""),
            ("make", "STRING(100)", ""),
            ("model", "STRING(100)", ""),
            ("trim", "STRING(100)", ""),
            ("price", "DECIMAL(10,2)", ""),
            ("mileage", "INTEGER", ""),
            ("exterior_color", "STRING(100)", ""),
            ("transmission", "STRING(50)", ""),
            ("fuel_type", "STRING(50)", ""),
            ("body_style", "STRING(50)", ""),
            ("url", "STRING(500)", ""),
            ("image_url", "STRING(500)", ""),
            ("first_seen_at", "TIMESTAMP", ""),
            ("last_seen_at", "TIMESTAMP", ""),
            ("is_sold", "BOOLEAN", "DEFAULT false"),
            ("sold_at", "TIMESTAMP", ""),
            ("days_on_market", "INTEGER", ""),
            ("raw_data", "JSONB", ""),
            ("created_at", "TIMESTAMP", ""),
            ("updated_at", "TIMESTAMP", ""),
        ],
        indexes: &["competitor_id, vin", "competitor_id, is_sold"],
    },
    Table {
        name: "competitor_price_history",
        columns: &[
            ("id", "UUID", "PK"),
            ("competitor_inventory_id", "UUID", "FK → competitor_inventory.id"),
            ("price", "DECIMAL(10,2)", "NOT NULL"),
            ("min_price", "DECIMAL(10,2)", ""),
            ("mileage", "INTEGER", ""),
            ("recorded_at", "TIMESTAMP", "DEFAULT NOW"),
        ],
        indexes: &["competitor_inventory_id, recorded_at"],
    },
    Table {
        name: "competitor_metrics",
        columns: &[
            ("id", "UUID", "PK"),
            ("competitor_id", "UUID", "FK → competitors.id, NOT NULL"),
            ("total_inventory", "INTEGER", "DEFAULT 0"),
            ("avg_price", "DECIMAL(10,2)", ""),
            ("avg_days_on_market", "DECIMAL(5,2)", ""),
            ("vehicles_sold_30d", "INTEGER", "DEFAULT 0"),
            ("price_changes_30d", "INTEGER", "DEFAULT 0"),
            ("new_listings_30d", "INTEGER", "DEFAULT 0"),
            ("calculated_at", "TIMESTAMP", "DEFAULT NOW"),
        ],
        indexes: &["competitor_id, calculated_at"],
    },
    Table {
        name: "export_logs",
        columns: &[
            ("id", "UUID", "PK"),
            ("platform", "STRING", ""),
            ("vehicle_count", "INTEGER", ""),
            ("status", "STRING", ""),
            ("error_message", "TEXT", ""),
            ("exported_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "activity_logs",
        columns: &[
            ("id", "UUID", "PK"),
            ("user_id", "UUID", ""),
            ("action", "STRING", ""),
            ("resource_type", "STRING", ""),
            ("resource_id", "UUID", ""),
            ("changes", "JSONB", ""),
            ("ip_address", "STRING", ""),
            ("user_agent", "TEXT", ""),
            ("created_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "storage_alerts",
        columns: &[
            ("id", "UUID", "PK"),
            ("alert_type", "STRING", ""),
            ("severity", "STRING", ""),
            ("message", "TEXT", ""),
            ("metadata", "JSONB", ""),
            ("dismissed", "BOOLEAN", ""),
            ("dismissed_at", "TIMESTAMP", ""),
            ("created_at", "TIMESTAMP", ""),
        ],
        indexes: &[],
    },
    Table {
        name: "job_history",
        columns: &[
            ("id", "UUID", "PK"),
            ("job_name", "STRING", ""),
            ("status", "STRING", ""),
            ("started_at", "TIMESTAMP", ""),
            ("completed_at", "TIMESTAMP", ""),
            ("duration_ms", "INTEGER", ""),
            ("result", "JSONB", ""),
            ("error", "TEXT", ""),
        ],
        indexes: &[],
    },
];
