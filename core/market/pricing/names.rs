//! Names of makes, models and trims, compared without regard to case, spaces and punctuation: `F-150` is `f150`.

/// Whether a text names anything: it has a letter or a digit.
pub(in crate::market) fn is_name(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Whether two names are the same. A text that names nothing is the same as no other.
pub(in crate::market) fn same_name(a: &str, b: &str) -> bool {
    let folded = |text| str::chars(text).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    // Most are spelled alike.
    is_name(a) && (a == b || folded(a).eq(folded(b)))
}

/// A name as [`same_name`] compares it.
pub(in crate::market) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_but_for_case_and_punctuation() {
        for (a, b, same) in [
            ("F-150", "f150", true),
            ("C-Class", "C Class", true),
            ("Camry", "Camry LE", false),
            ("", "", false),
            ("-", "--", false),
            ("ŠKODA", "škoda", true),
        ] {
            assert_eq!(same_name(a, b), same, "{a} {b}");
        }
    }
}
