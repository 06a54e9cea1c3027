//! What a role of PostgreSQL may not do, told by name: the server says of a refused statement which table it was about, but not
//! which right it wanted.

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};

use super::{DbConnection, Failure, transaction::Kind};
use crate::error::{Error, ErrorCode};

/// The table that the server's refusal names.
fn table_in(message: &str) -> Option<&str> {
    let rest = message
        .strip_prefix("permission denied for table ")
        .or_else(|| message.strip_prefix("permission denied for relation "))
        .or_else(|| message.strip_prefix("must be owner of table "))?;
    rest.split_whitespace().next()
}

/// What jpauto reads of the migrations that were applied. Who migrates owns the table.
const MIGRATIONS: &str = "__diesel_schema_migrations";

/// The failure with the missing right in it; any other as it is.
pub(super) fn named(conn: &mut DbConnection, kind: Kind, failure: Failure) -> Failure {
    let Some(message) = failure.missing_right() else { return failure };
    match lacking(conn, kind, message) {
        Ok(told) => Error::new(ErrorCode::MissingRight, told).with_source(failure).into(),
        Err(reason) => {
            tracing::debug!(%reason, "what the role may do could not be asked");
            Error::new(ErrorCode::MissingRight, message.to_owned()).with_source(failure).into()
        }
    }
}

#[derive(QueryableByName)]
struct Rights {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    lacking: String,
}

fn lacking(conn: &mut DbConnection, kind: Kind, message: &str) -> diesel::QueryResult<String> {
    let sql = "SELECT quote_ident(current_user) AS role, coalesce(string_agg(wanted, ', '), '') AS lacking
               FROM unnest(string_to_array($2, ' ')) AS wanted
               WHERE to_regclass(nullif($1, '')) IS NOT NULL
                 AND NOT has_table_privilege(to_regclass(nullif($1, '')), wanted)";
    let table = table_in(message).unwrap_or_default();
    let wanted = match kind {
        Kind::Write { .. } if table != MIGRATIONS => "SELECT INSERT UPDATE DELETE",
        _ => "SELECT",
    };
    let Rights { role, lacking } = match conn {
        DbConnection::Postgres(conn) => {
            sql_query(sql).bind::<Text, _>(table).bind::<Text, _>(wanted).get_result(conn)?
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => return Ok(message.to_owned()),
    };
    Ok(if !lacking.is_empty() {
        format!("the role {role} lacks {lacking} on the table {table}: GRANT {lacking} ON {table} TO {role}")
    } else if table == MIGRATIONS {
        format!("the role {role} may not migrate the database: migrate as the owner of its tables")
    } else if message.starts_with("must be owner of") {
        format!(
            "the role {role} does not own the table {table}, and only its owner may change it: migrate as its owner"
        )
    } else if message.starts_with("permission denied for schema") {
        let schema = message.rsplit(' ').next().unwrap_or_default();
        format!(
            "the role {role} lacks CREATE or USAGE on the schema {schema}: GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"
        )
    } else {
        format!("the role {role} lacks a right: {message}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_refusal_is_found() {
        assert_eq!(table_in("permission denied for table inventory"), Some("inventory"));
        assert_eq!(table_in("must be owner of table users"), Some("users"));
        assert_eq!(table_in("permission denied for schema public"), None);
    }
}
