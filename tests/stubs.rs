//! The Python stubs of records that have a list of fields: the test writes them anew when the list has changed.

use std::{fs, path::Path};

use jpauto::{
    NewSubmission, NewVehicle, Submission, Vehicle,
    fields::{Described, Field, FieldType, Presence},
};

#[test]
fn the_python_stubs_have_the_fields_of_the_lists() {
    let records = [
        ("Fields of inventory".to_owned(), properties("inventory", Vehicle::FIELDS)),
        ("Fields of pending_submissions".to_owned(), properties("pending_submissions", Submission::FIELDS)),
    ];
    let mut outdated = Vec::from_iter(rewritten("_jpauto.pyi", &records));
    let inputs = [("inventory", NewVehicle::FIELDS), ("pending_submissions", NewSubmission::FIELDS)];
    let sections = inputs.iter().flat_map(|(table, fields)| {
        let is_required = |field: &&Field| field.presence == Presence::Required;
        [
            (format!("Fields of {table} that must be there"), keys(fields.iter().filter(is_required))),
            (
                format!("Fields of {table} that may be left out"),
                keys(fields.iter().filter(|field| !is_required(field))),
            ),
        ]
    });
    outdated.extend(rewritten("types.py", &sections.collect::<Vec<_>>()));
    assert!(outdated.is_empty(), "{outdated:?} had other fields and is written anew: run the test again");
}

/// Puts each section between its marks in the file; names the file if that changed it.
fn rewritten(file: &str, sections: &[(String, String)]) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/python/python/jpauto").join(file);
    let before = fs::read_to_string(&path).unwrap();
    let mut after = before.clone();
    for (name, section) in sections {
        let (begin, end) = (format!("    # {name}: begin.\n"), format!("    # {name}: end.\n"));
        assert!(after.contains(&begin), "{file} has no mark {begin:?}");
        after = after
            .split(&begin)
            .enumerate()
            .map(|(index, part)| match part.split_once(&end) {
                Some((_, rest)) if index > 0 => format!("{begin}{section}{end}{rest}"),
                _ => part.to_owned(),
            })
            .collect();
    }
    if after == before {
        return None;
    }
    fs::write(&path, after).unwrap();
    Some(file.to_owned())
}

/// The attributes of a record of this table.
fn properties(table: &str, fields: &[Field]) -> String {
    let property = |field: &Field| {
        let (name, about) = (field.name, field.about);
        let shown = match (field.r#type, name) {
            (FieldType::Text, _) => "str",
            (FieldType::Number, _) => "int",
            (FieldType::Truth, _) => "bool",
            (FieldType::Money, _) => "Decimal",
            (FieldType::Texts, _) => "list[str]",
            (FieldType::Instant, _) => "datetime",
            (FieldType::Id, _) => "UUID",
            (FieldType::Word, "status") => "VehicleStatus",
            (FieldType::Word, "submission_status") => "SubmissionStatus",
            (FieldType::Structs, "warnings") if table == "inventory" => "list[VehicleWarning]",
            (FieldType::Structs, "warnings") => "list[SubmissionWarning]",
            (other, _) => panic!("say here what {name}, of type {other:?}, is in Python"),
        };
        let or_none = if field.presence == Presence::Nullable { " | None" } else { "" };
        format!("    @property\n    def {name}(self) -> {shown}{or_none}:\n        \"\"\"{about}\"\"\"\n")
    };
    fields.iter().map(property).collect::<Vec<_>>().join("\n")
}

/// The keys of a dictionary that a client gives.
fn keys<'a>(fields: impl Iterator<Item = &'a Field>) -> String {
    let key = |field: &Field| {
        let given = match field.r#type {
            FieldType::Text => "str",
            FieldType::Number => "int",
            FieldType::Truth => "bool",
            FieldType::Money => "Money",
            FieldType::Texts => "list[str]",
            other => panic!("say here what {}, of type {other:?}, is in Python", field.name),
        };
        let or_none = if field.presence == Presence::Nullable { " | None" } else { "" };
        format!("    {}: {given}{or_none}\n", field.name)
    };
    fields.map(key).collect()
}
