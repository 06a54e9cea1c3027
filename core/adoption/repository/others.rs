//! Tables of another application that are named otherwise than ours: `"Inventory"`, `inventories`. Nothing of them is read.

use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};

use super::{count, sample};
use crate::{
    adoption::{Finding, FindingKind, Remedy, faults::Table},
    db::{DbConnection, DbResult, columns_of, on_each},
};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_names: String,
}

/// Tables with rows that mean one of ours by their name, and have each column that a row of ours must have.
pub(in crate::adoption) fn tables_of_other_names(conn: &mut DbConnection, tables: &[Table]) -> DbResult<Vec<Finding>> {
    let sql = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "SELECT c.relname::text AS table_name, string_agg(a.attname::text, ',') AS column_names
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
               AND has_table_privilege(c.oid, 'SELECT') GROUP BY 1 ORDER BY 1"
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "SELECT c.name AS table_name, group_concat(a.name) AS column_names
             FROM pragma_table_list AS c, pragma_table_info(c.name) AS a
             WHERE c.schema = 'main' AND c.type = 'table' AND c.wr = 0 GROUP BY 1 ORDER BY 1"
        }
    };
    let found: Vec<Found> = on_each!(conn, c => sql_query(sql).load(c))?;
    let is_ours = |name: &str| tables.iter().any(|table| table.name == name);
    let mut findings = Vec::new();
    for Found { table_name, column_names } in found.into_iter().filter(|found| !is_ours(&found.table_name)) {
        let columns: BTreeSet<_> = column_names.split(',').map(folded).collect();
        let has_all = |table: &&Table| {
            let mut needed = columns_of(table.name).iter().filter(|column| !column.may_be_null);
            columns.contains("id") && needed.all(|column| columns.contains(&folded(column.name)))
        };
        let Some(meant) = tables.iter().filter(|table| is_meant(&table_name, table.name)).find(has_all) else {
            continue;
        };
        let quoted = format!("\"{}\"", table_name.replace('"', "\"\""));
        let count = count(conn, &quoted, "1 = 1")?;
        if count > 0 {
            findings.push(Finding {
                kind: FindingKind::OtherTable,
                table: meant.name,
                column: "id",
                count,
                ids: sample(conn, &quoted, "1 = 1")?,
                words: vec![table_name],
                remedy: Remedy::ByHand,
                refusal: None,
            });
        }
    }
    Ok(findings)
}

/// Whether a name means one of ours, but for case, underscores and the plural.
fn is_meant(theirs: &str, ours: &str) -> bool {
    singular(&folded(theirs)) == singular(&folded(ours))
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace('_', "")
}

fn singular(name: &str) -> String {
    match (name.strip_suffix("ies"), name.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_ours_but_for_case_underscores_and_the_plural() {
        for (theirs, ours, expected) in [
            ("Inventory", "inventory", true),
            ("inventories", "inventory", true),
            ("User", "users", true),
            ("PendingSubmission", "pending_submissions", true),
            ("competitorInventories", "competitor_inventory", true),
            ("inventory_old", "inventory", false),
            ("competitors", "competitor_inventory", false),
        ] {
            assert_eq!(is_meant(theirs, ours), expected, "{theirs}");
        }
    }
}
