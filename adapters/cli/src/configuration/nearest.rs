//! The name that was probably meant.

/// Names less alike than this are no help.
const LEAST_LIKENESS: f64 = 0.6;

/// The name that is most like the wrong one, if any is like it at all.
pub(super) fn nearest(wrong: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let likeness = |name: &str| {
        let whole = strsim::normalized_damerau_levenshtein(wrong, name);
        // The right key in the wrong section, or without one.
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let end = strsim::normalized_damerau_levenshtein(&last(wrong), &last(name));
        whole.max(0.85 * end + 0.1 * whole)
    };
    names
        .map(|name| (likeness(&name), name))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// The message about a name that is none.
pub(super) fn unknown(what: &str, nearest: Option<String>) -> String {
    match nearest {
        Some(name) => format!("there is no such {what}; did you mean {name}?"),
        None => format!("there is no such {what}; jpauto config sample lists all"),
    }
}
