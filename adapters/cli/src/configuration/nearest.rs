//! The name that was probably meant.

/// Names less alike than this are no help.
const LEAST_LIKENESS: f64 = 0.65;

/// The name that is most like the wrong one, if any is like it at all. One of the same section goes before all others.
pub(super) fn nearest(wrong: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let (section, end) = split(wrong);
    let names: Vec<_> = names.collect();
    let of_section = names.iter().filter(|name| !section.is_empty() && split(name).0 == section);
    let alike = |one: &str, other: &str| strsim::normalized_damerau_levenshtein(one, other);
    most_like(of_section, |name| alike(end, split(name).1)).or_else(|| {
        most_like(names.iter(), |name| {
            let whole = alike(wrong, name);
            // The right key in the wrong section, or without one.
            whole.max(0.85 * alike(end, split(name).1) + 0.1 * whole)
        })
    })
}

/// The section and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn most_like<'a>(names: impl Iterator<Item = &'a String>, likeness: impl Fn(&str) -> f64) -> Option<String> {
    names
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name.clone())
}

/// The message about a name that is none.
pub(super) fn unknown(what: &str, nearest: Option<String>) -> String {
    match nearest {
        Some(name) => format!("there is no such {what}; did you mean {name}?"),
        None => format!("there is no such {what}; jpauto config sample lists all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::keys;

    #[test]
    fn the_key_of_the_same_section_goes_before_others() {
        for (wrong, meant) in [
            ("auto_dev.keyfile", Some("auto_dev.key_file")),
            ("database.pool_sise", Some("database.pool_size")),
            ("server.gate.worker", Some("server.gate.workers")),
            ("pool_size", Some("database.pool_size")),
            ("server.pool_size", Some("database.pool_size")),
            ("storage.secretkey", Some("storage.secret_key")),
            ("server.nonsense", None),
        ] {
            assert_eq!(nearest(wrong, keys::paths_and_files()).as_deref(), meant, "{wrong}");
        }
    }
}
