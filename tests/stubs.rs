//! What a client gives for a row whose table has a list of fields, as Python's types: the test writes them anew when the list has changed.
//! The records themselves are written by `bindings/python/tests/test_stubs.py`.

use std::{fs, path::Path};

use jpauto::{
    NewSubmission, NewVehicle,
    fields::{Described, Field, FieldType, Presence},
};

#[test]
fn the_types_of_python_have_the_fields_of_the_lists() {
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
    let outdated = rewritten("types.py", &sections.collect::<Vec<_>>());
    assert!(outdated.is_none(), "{outdated:?} had other fields and is written anew: run the test again");
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
