//! The operations: looking for faults, repairing them within a migration, and the alerts about both.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::{
    CheckReport, Finding, FindingKind, MigrationReport, Remedy,
    faults::{Fault, Mend, TABLES, Table, Twin},
    repository::{self, BATCH, Change, Document},
    rules::Times,
    text,
};
use crate::{
    activity::{self, Action},
    actor::Actor,
    alerts::{self, AlertType, NewAlert, Severity},
    competitors,
    db::{
        Database, DbConnection, DbResult,
        texts::{Texts, texts_of},
    },
    desk::Acting,
    error::{Error, ErrorCode, Result},
};

/// Up to this many rows of one repair have an entry each in the audit trail. More have one together, so that the adoption of a
/// large database does not bury what people did.
const MOST_ENTRIES: usize = 100;

/// Columns whose values the audit trail does not repeat.
const PERSONAL: [&str; 5] = ["email", "name", "customer_name", "customer_email", "customer_phone"];

/// What in the rows is not as jpauto writes it.
pub(crate) fn check(database: &Database, now: DateTime<Utc>) -> Result<CheckReport> {
    let findings = database.read_snapshot(|conn| {
        repository::take_time(conn)?;
        look(conn, None, now)
    })?;
    Ok(CheckReport { findings })
}

/// The rows that lists leave out.
pub(crate) fn left_out(database: &Database) -> Result<Vec<Finding>> {
    database.read_snapshot(|conn| {
        let dialect = repository::dialect(conn);
        let mut findings = Vec::new();
        // PostgreSQL keeps such rows out, unless somebody takes its conditions off.
        let tables = if dialect.is_no_id.is_some() { &TABLES[..] } else { &[] };
        for table in tables.iter().filter(|table| table.is_listed) {
            let faults = table.unreadable(dialect);
            let counts = repository::counts(conn, table.name, faults.iter().map(|fault| fault.scan.as_str()))?;
            for (fault, count) in faults.iter().zip(counts).filter(|(_, count)| *count > 0) {
                findings.extend(examine(conn, table, fault, count, None)?);
            }
        }
        Ok(findings)
    })
}

/// Brings the schema to this release's, and repairs the rows in the same transaction.
///
/// Where the schema is current, the rows are looked at first without keeping anybody from writing.
pub(crate) fn migrate(database: &Database, now: DateTime<Utc>) -> Result<MigrationReport> {
    if let Some(version) = database.current_version()? {
        let (findings, has_broken_checks, open_alert) = database.read_snapshot(|conn| {
            repository::take_time(conn)?;
            let has_broken_checks = !repository::broken_checks(conn, &TABLES)?.is_empty();
            let open_alert = alerts::newest_about_nothing(conn, AlertType::UnreadableValues)?;
            Ok((look(conn, None, now)?, has_broken_checks, open_alert))
        })?;
        let is_repairable = findings.iter().any(|finding| finding.remedy == Remedy::Migrate);
        // An alert that says what is no longer so is written anew.
        let said = open_alert.filter(|alert| !alert.dismissed).map(|alert| alert.message);
        if !is_repairable && !has_broken_checks && alert(&findings).map(|alert| alert.message) == said {
            return Ok(MigrationReport { applied: Vec::new(), version, findings });
        }
    }
    let is_first = !database.is_migrated()?;
    let machine = Actor::system();
    let (migrated, findings) = database.migrate(|conn| {
        let findings = look(conn, Some(Acting { actor: &machine, now }), now)?;
        repository::take_broken_checks_off(conn, &TABLES)?;
        if is_first {
            must_not_be_beside(conn, &findings)?;
        }
        alert_of(conn, &findings, now)?;
        Ok(findings)
    })?;
    Ok(MigrationReport { applied: migrated.applied, version: migrated.version, findings })
}

/// Refuses a first migration that would leave the rows in tables of other names and begin with empty ones of ours.
fn must_not_be_beside(conn: &mut DbConnection, findings: &[Finding]) -> DbResult<()> {
    let mut named = Vec::new();
    for other in findings.iter().filter(|finding| finding.kind == FindingKind::OtherTable) {
        if repository::count(conn, other.table, "1 = 1")? == 0 {
            let name = other.words.first().map_or("", String::as_str);
            named.push(format!("\"{name}\" with {} rows (expected {})", other.count, other.table));
        }
    }
    if named.is_empty() {
        return Ok(());
    }
    let message = format!(
        "tables are named otherwise, and nothing was changed: {}. Rename them (ALTER TABLE \"...\" RENAME TO ...) and run migrate again. \
         Where they are not meant, give jpauto a schema of its own",
        named.join(", ")
    );
    Err(Error::new(ErrorCode::MigrationFailed, message).into())
}

/// Opens the alert about rows that cannot be read, or closes it where there are none.
pub(crate) fn alert_of(conn: &mut DbConnection, findings: &[Finding], now: DateTime<Utc>) -> DbResult<()> {
    match alert(findings) {
        Some(alert) => alerts::open(conn, &alert, now),
        None => alerts::close_about_nothing(conn, AlertType::UnreadableValues, now),
    }
}

/// How often a table is looked at while it is repaired: what a repair uncovers may be repaired itself.
const LOOKS: usize = 3;

/// What is known beside a table's own columns.
struct Beside {
    twins: Vec<Twin>,
    times: Times,
}

/// A finding with its place in the order of the report.
type Placed = (usize, Finding);

/// Goes through all tables. Repairs what is certain where somebody acts.
fn look(conn: &mut DbConnection, acting: Option<Acting<'_>>, now: DateTime<Utc>) -> DbResult<Vec<Finding>> {
    let (ours_since, cut) = repository::times_of_trail(conn)?;
    let beside = Beside { twins: repository::twins(conn, &TABLES)?, times: Times::new(now, ours_since, cut) };
    let mut findings = repository::tables_of_other_names(conn, &TABLES)?;
    for table in &TABLES {
        findings.extend(look_at(conn, table, &beside, acting)?);
    }
    Ok(findings)
}

/// Looks at a table, and again as long as repairs may have uncovered something: `sold` without a time stands behind `SOLD`.
fn look_at(
    conn: &mut DbConnection,
    table: &Table,
    beside: &Beside,
    acting: Option<Acting<'_>>,
) -> DbResult<Vec<Finding>> {
    let mut findings: Vec<Placed> = Vec::new();
    for _ in 0..LOOKS {
        let found = look_once(conn, table, beside, acting)?;
        let has_repaired = found.iter().any(|(_, finding)| finding.remedy == Remedy::Repaired);
        // What is left for a person is what the last look finds.
        findings.retain(|(_, finding)| finding.remedy == Remedy::Repaired);
        for (place, finding) in found {
            let key = |finding: &Finding| (finding.column, finding.kind, finding.remedy);
            let is_same = |known: &&mut Placed| known.0 == place && key(&known.1) == key(&finding);
            match findings.iter_mut().find(is_same) {
                Some((_, known)) => known.count += finding.count,
                None => findings.push((place, finding)),
            }
        }
        if !has_repaired {
            break;
        }
    }
    findings.sort_by_key(|(place, _)| *place);
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

fn look_once(
    conn: &mut DbConnection,
    table: &Table,
    beside: &Beside,
    acting: Option<Acting<'_>>,
) -> DbResult<Vec<Placed>> {
    let dialect = repository::dialect(conn);
    let mut findings: Vec<Placed> = look_at_texts(conn, table, acting)?.into_iter().map(|found| (0, found)).collect();
    let faults = table.faults(&beside.twins, &beside.times, dialect);
    let counts = repository::counts(conn, table.name, faults.iter().map(|fault| fault.scan.as_str()))?;
    let found: Vec<_> = (1..).zip(faults.iter().zip(counts)).filter(|(_, (_, count))| *count > 0).collect();
    let is_repaired = acting.is_some() && found.iter().any(|(_, (fault, _))| !matches!(fault.mend, Mend::ByHand));
    let checks = if is_repaired { repository::take_checks_off(conn, table.name)? } else { Vec::new() };
    for (place, (fault, count)) in found {
        let count = match fault.exact {
            Some(_) => repository::count(conn, table.name, fault.rows())?,
            None => count,
        };
        if count > 0 {
            findings.extend(examine(conn, table, fault, count, acting)?.into_iter().map(|found| (place, found)));
        }
    }
    repository::put_checks_back(conn, table.name, &checks)?;
    Ok(findings)
}

/// Looks at what is no text, before its case or its blanks are looked at.
fn look_at_texts(conn: &mut DbConnection, table: &Table, acting: Option<Acting<'_>>) -> DbResult<Vec<Finding>> {
    let faults = table.texts(repository::dialect(conn));
    if faults.is_empty() {
        return Ok(Vec::new());
    }
    let counts = repository::counts(conn, table.name, faults.iter().map(|fault| fault.scan.as_str()))?;
    let mut findings = Vec::new();
    for (fault, _) in faults.iter().zip(counts).filter(|(_, count)| *count > 0) {
        findings.extend(texts(conn, table, fault, acting)?);
    }
    Ok(findings)
}

fn examine(
    conn: &mut DbConnection,
    table: &Table,
    fault: &Fault,
    count: u64,
    acting: Option<Acting<'_>>,
) -> DbResult<Vec<Finding>> {
    let expression = match &fault.mend {
        Mend::List => return lists(conn, table, fault, acting),
        Mend::Text => return texts(conn, table, fault, acting),
        Mend::Encoding => return encodings(conn, table, fault, acting),
        Mend::Model => return models(conn, table, fault, count, acting),
        Mend::Set(expression) => Some(expression),
        Mend::ByHand => None,
    };
    let is_word = fault.kind == FindingKind::UnknownWord;
    let remedy = if expression.is_some() { Remedy::Migrate } else { Remedy::ByHand };
    let mut finding = Finding {
        count,
        ids: repository::sample(conn, table.name, fault.rows())?,
        words: if is_word { repository::words(conn, table.name, fault.column, fault.rows())? } else { Vec::new() },
        ..finding_of(table, fault, fault.kind, remedy)
    };
    let (Some(expression), Some(acting)) = (expression, acting) else { return Ok(vec![finding]) };
    let set = (fault.column, expression.as_str());
    let changes_now =
        |conn: &mut DbConnection| repository::changes(conn, table.name, set, fault.rows(), MOST_ENTRIES + 1);
    let mut changes = changes_now(conn)?;
    let are_many = changes.len() > MOST_ENTRIES;
    let repaired = repository::set(conn, table.name, set, fault.rows())?;
    finding.remedy = Remedy::Repaired;
    let mut findings = Vec::new();
    if repaired.rows < count {
        // The first rows that are left hold all those of the first rows that were refused.
        let left = changes_now(conn)?;
        let would_be = left.first().and_then(|change| change.after.clone());
        changes.retain(|change| left.iter().all(|left| left.id != change.id));
        let said = repaired.refusal.as_deref().unwrap_or("a trigger has left the row as it is");
        let refused = Finding {
            count: repository::count(conn, table.name, fault.rows())?,
            ids: repository::sample(conn, table.name, fault.rows())?,
            refusal: Some(refusal(table, fault, would_be.as_deref(), said)),
            ..finding_of(table, fault, fault.kind, Remedy::ByHand)
        };
        finding.ids = changes.iter().take(Finding::SAMPLE).map(|change| change.id.0.to_string()).collect();
        if refused.count > 0 {
            findings.push(refused);
        }
    }
    finding.count = repaired.rows;
    if finding.count > 0 {
        if are_many {
            record_as_one(conn, table, &finding, acting)?;
        } else {
            record(conn, table, &finding, &changes, acting)?;
        }
        findings.insert(0, finding);
    }
    Ok(findings)
}

/// Why a table refuses a repair.
fn refusal(table: &Table, fault: &Fault, would_be: Option<&str>, said: &str) -> String {
    let (table, column) = (table.name, fault.column);
    match would_be.filter(|_| !PERSONAL.contains(&column)) {
        Some(text) => {
            let text: String = text.chars().take(100).collect();
            format!("{table} does not take {text:?} as {column}: {said}")
        }
        None => format!("{table} does not take the repaired {column}: {said}"),
    }
}

/// Finds the listings whose models pricing does not look for, and notes the models.
fn models(
    conn: &mut DbConnection,
    table: &Table,
    fault: &Fault,
    count: u64,
    acting: Option<Acting<'_>>,
) -> DbResult<Vec<Finding>> {
    let remedy = if acting.is_some() { Remedy::Repaired } else { Remedy::Migrate };
    let ids = repository::sample(conn, table.name, fault.rows())?;
    let finding = Finding { count, ids, ..finding_of(table, fault, fault.kind, remedy) };
    if let Some(acting) = acting {
        competitors::note_models_where(conn, fault.rows())?;
        record_as_one(conn, table, &finding, acting)?;
    }
    Ok(vec![finding])
}

/// Reads what may be no text, and writes those anew whose text is certain.
fn texts(conn: &mut DbConnection, table: &Table, fault: &Fault, acting: Option<Acting<'_>>) -> DbResult<Vec<Finding>> {
    let remedy = if acting.is_some() { Remedy::Repaired } else { Remedy::Migrate };
    let mut clear = finding_of(table, fault, FindingKind::TextForm, remedy);
    let mut unclear = finding_of(table, fault, FindingKind::UnreadableText, Remedy::ByHand);
    let is_document = table.is_document(fault.column);
    let mut changes = Vec::new();
    let mut after = i64::MIN;
    loop {
        let found = repository::bytes(conn, table.name, fault.column, &fault.scan, after)?;
        let is_last = found.len() < BATCH;
        after = found.last().map_or(after, |bytes| bytes.number);
        for bytes in found {
            match text::read(&bytes.class, &bytes.bytes) {
                text::Reading::AsWritten => continue,
                // What is no document does not become one by being a text.
                text::Reading::Certain(text) if is_document && serde_json::from_str::<IgnoredAny>(&text).is_err() => {
                    note(&mut unclear, bytes.named());
                }
                text::Reading::Certain(text) => {
                    let Some(id) = bytes.id else {
                        note(&mut unclear, bytes.named());
                        continue;
                    };
                    if acting.is_some() && !repository::set_text(conn, table.name, fault.column, bytes.number, &text)? {
                        note(&mut unclear, bytes.named());
                        continue;
                    }
                    note(&mut clear, bytes.named());
                    if changes.len() <= MOST_ENTRIES {
                        let before = String::from_utf8_lossy(&bytes.bytes).into_owned();
                        changes.push(Change { id, before: Some(before.into()), after: Some(text.into()) });
                    }
                }
                text::Reading::Unclear => note(&mut unclear, bytes.named()),
            }
        }
        if is_last {
            break;
        }
    }
    if let Some(acting) = acting {
        record(conn, table, &clear, &changes, acting)?;
    }
    Ok([clear, unclear].into_iter().filter(|finding| finding.count > 0).collect())
}

/// Reads the documents that are no lists of texts, and writes those anew whose shape is certain.
fn lists(conn: &mut DbConnection, table: &Table, fault: &Fault, acting: Option<Acting<'_>>) -> DbResult<Vec<Finding>> {
    let remedy = if acting.is_some() { Remedy::Repaired } else { Remedy::Migrate };
    let mut clear = finding_of(table, fault, FindingKind::ListShape, remedy);
    let mut unclear = finding_of(table, fault, FindingKind::UnreadableList, Remedy::ByHand);
    let mut refused = finding_of(table, fault, FindingKind::ListShape, Remedy::ByHand);
    let mut changes = Vec::new();
    let mut after = None;
    loop {
        let documents = repository::documents(conn, table.name, fault.column, fault.rows(), after)?;
        after = documents.last().map(|document| document.id);
        let is_last = documents.len() < BATCH;
        let mut read = Vec::new();
        for document in documents {
            let texts = serde_json::from_str(&document.json).ok().and_then(|value| texts_of(&value));
            match texts {
                Some(texts) => read.push((document, texts)),
                None => note(&mut unclear, document.id.0.to_string()),
            }
        }
        let mut not_taken = Vec::new();
        if acting.is_some() && !read.is_empty() {
            let written = read.iter().map(|(document, texts)| (document.id, Texts(texts.clone()))).collect();
            let (ids, said) = repository::set_lists(conn, table.name, fault.column, written)?;
            not_taken = ids;
            refused.refusal = refused.refusal.or_else(|| Some(refusal(table, fault, None, &said?)));
        }
        for (Document { id, json }, texts) in read {
            if not_taken.contains(&id) {
                note(&mut refused, id.0.to_string());
                continue;
            }
            note(&mut clear, id.0.to_string());
            if acting.is_some() && changes.len() <= MOST_ENTRIES {
                let written = Some(json!(texts).to_string().into());
                changes.push(Change { id, before: Some(json), after: written });
            }
        }
        if is_last {
            break;
        }
    }
    if let Some(acting) = acting {
        record(conn, table, &clear, &changes, acting)?;
    }
    Ok([clear, refused, unclear].into_iter().filter(|finding| finding.count > 0).collect())
}

/// Reads the texts whose UTF-8 may have been read in another encoding, and writes those anew of which that is certain.
fn encodings(
    conn: &mut DbConnection,
    table: &Table,
    fault: &Fault,
    acting: Option<Acting<'_>>,
) -> DbResult<Vec<Finding>> {
    let remedy = if acting.is_some() { Remedy::Repaired } else { Remedy::Migrate };
    let mut mangled = finding_of(table, fault, fault.kind, remedy);
    let mut refused = finding_of(table, fault, fault.kind, Remedy::ByHand);
    let (mut changes, mut after) = (Vec::new(), None);
    loop {
        let found = repository::documents(conn, table.name, fault.column, fault.rows(), after)?;
        after = found.last().map(|found| found.id);
        let is_last = found.len() < BATCH;
        let read: Vec<_> =
            found.into_iter().filter_map(|found| text::unmangled(&found.json).map(|text| (found, text))).collect();
        let mut not_taken = Vec::new();
        if acting.is_some() && !read.is_empty() {
            let written = read.iter().map(|(found, text)| (found.id, text.clone())).collect();
            let (ids, said) = repository::set_texts(conn, table.name, fault.column, written)?;
            not_taken = ids;
            refused.refusal = refused.refusal.or_else(|| Some(refusal(table, fault, None, &said?)));
        }
        for (Document { id, json }, text) in read {
            if not_taken.contains(&id) {
                note(&mut refused, id.0.to_string());
                continue;
            }
            note(&mut mangled, id.0.to_string());
            if acting.is_some() && changes.len() <= MOST_ENTRIES {
                changes.push(Change { id, before: Some(json), after: Some(text.into()) });
            }
        }
        if is_last {
            break;
        }
    }
    if let Some(acting) = acting {
        record(conn, table, &mangled, &changes, acting)?;
    }
    Ok([mangled, refused].into_iter().filter(|finding| finding.count > 0).collect())
}

fn finding_of(table: &Table, fault: &Fault, kind: FindingKind, remedy: Remedy) -> Finding {
    let (table, column) = (table.name, fault.column);
    Finding { kind, table, column, count: 0, ids: Vec::new(), words: Vec::new(), remedy, refusal: None }
}

fn note(finding: &mut Finding, id: String) {
    finding.count += 1;
    if finding.ids.len() < Finding::SAMPLE {
        finding.ids.push(id);
    }
}

/// Writes a repair into the audit trail: an entry a row, or one for all where they are many.
fn record(
    conn: &mut DbConnection,
    table: &Table,
    finding: &Finding,
    changes: &[Change],
    acting: Acting<'_>,
) -> DbResult<()> {
    if changes.len() > MOST_ENTRIES {
        return record_as_one(conn, table, finding, acting);
    }
    for Change { id, before, after } in changes {
        let change = if PERSONAL.contains(&finding.column) {
            json!("changed")
        } else {
            json!({"from": stored(before.as_deref()), "to": stored(after.as_deref())})
        };
        let changes = Map::from_iter([(finding.column.to_owned(), change)]);
        activity::record_changes(conn, acting, Action::Repair, table.noun, id.0, changes)?;
    }
    Ok(())
}

fn record_as_one(conn: &mut DbConnection, table: &Table, finding: &Finding, acting: Acting<'_>) -> DbResult<()> {
    let all = json!({"kind": finding.kind, "rows": finding.count, "first": finding.ids});
    let changes = Map::from_iter([(finding.column.to_owned(), all)]);
    activity::record_changes_of_many(conn, acting, Action::Repair, table.noun, changes)
}

/// A list as the list that it is, anything else as text.
fn stored(text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match serde_json::from_str(text) {
        Ok(document @ (Value::Array(_) | Value::Object(_))) => document,
        _ => Value::from(text),
    }
}

/// The alert about rows that read as less than they hold; `None` where there are none.
fn alert(findings: &[Finding]) -> Option<NewAlert> {
    let unreadable: Vec<_> = findings.iter().filter(|finding| finding.kind.is_unreadable()).collect();
    if unreadable.is_empty() {
        return None;
    }
    Some(NewAlert {
        alert_type: AlertType::UnreadableValues,
        severity: Severity::Warning,
        message: format!("Rows hold what cannot be read: {}", named(&unreadable)),
        metadata: json!({"findings": unreadable}),
        subject_id: None,
    })
}

/// Opens the alert about what a check has found beside that, or closes it where there is nothing. It is critical where a rule is broken
/// that jpauto keeps itself: then something else has written, or something is wrong here.
pub(crate) fn alert_of_check(conn: &mut DbConnection, findings: &[Finding], now: DateTime<Utc>) -> DbResult<()> {
    let faulty: Vec<_> = findings.iter().filter(|finding| !finding.kind.is_unreadable()).collect();
    if faulty.is_empty() {
        return alerts::close_about_nothing(conn, AlertType::CheckFailed, now);
    }
    let is_broken = faulty.iter().any(|finding| finding.kind.is_of_a_rule());
    let alert = NewAlert {
        alert_type: AlertType::CheckFailed,
        severity: if is_broken { Severity::Critical } else { Severity::Warning },
        message: format!("Rows are not as jpauto writes them: {}", named(&faulty)),
        metadata: json!({"findings": faulty}),
        subject_id: None,
    };
    alerts::open(conn, &alert, now)
}

/// Findings as an alert names them, each with its first row.
fn named(findings: &[&Finding]) -> String {
    let named = findings.iter().map(|finding| match finding.ids.first() {
        Some(id) => format!("{finding}, such as {id}"),
        None => finding.to_string(),
    });
    named.collect::<Vec<_>>().join("; ")
}
