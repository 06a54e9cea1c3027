//! A text that names one row: the whole or the beginning of its id, or of another name that the noun has.

use uuid::Uuid;

use crate::{
    error::{Error, ErrorCode, Result},
    page::begins_pattern,
    vin,
};

/// Candidates that an error names.
const CANDIDATES_SHOWN: usize = 5;

/// How many candidates a query reads: one more than an error names.
pub(crate) const MOST_CANDIDATES: i64 = CANDIDATES_SHOWN as i64 + 1;

/// A longer text names nothing.
const LONGEST: usize = 255;

/// Where a UUID as text has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// A text that a person typed to name a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference<'a>(&'a str);

impl<'a> Reference<'a> {
    /// Reads it; `None` for a text that names nothing. An ellipsis at the end, as documents write a shortened id, is left out.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let text = text.trim().trim_end_matches('…').trim_end_matches("...").trim_end();
        (!text.is_empty() && text.len() <= LONGEST && !text.contains('\0')).then_some(Self(text))
    }

    pub(crate) fn as_str(&self) -> &'a str {
        self.0
    }

    /// The first and the last id that begin so; `None` for a text that begins no id.
    pub(crate) fn ids(&self) -> Option<(Uuid, Uuid)> {
        let mut digits = String::with_capacity(32);
        for (place, sign) in self.0.char_indices() {
            match sign {
                '-' if HYPHENS.contains(&place) => {}
                sign if sign.is_ascii_hexdigit() => digits.push(sign),
                _ => return None,
            }
        }
        let filled = |with: char| {
            let mut digits = digits.clone();
            digits.extend(std::iter::repeat_n(with, 32_usize.saturating_sub(digits.len())));
            Uuid::try_parse(&digits).ok()
        };
        Some((filled('0')?, filled('f')?))
    }

    /// The id, if the text is a whole one.
    pub(crate) fn id(&self) -> Option<Uuid> {
        self.ids().filter(|(first, last)| first == last).map(|(id, _)| id)
    }

    /// The pattern of `LIKE` over `lower(..)` that a name matches if it begins so.
    pub(crate) fn pattern(&self) -> String {
        begins_pattern(&self.0.to_ascii_lowercase())
    }

    /// The pattern of `LIKE` over `compared_vin` that a VIN matches if it begins so.
    pub(crate) fn vin_pattern(&self) -> String {
        begins_pattern(&vin::compared(self.0))
    }

    /// Takes the only candidate.
    ///
    /// # Errors
    /// `none` without a candidate; `ambiguous_reference` with several, naming them by `called`: the id, and words for people.
    pub(crate) fn only<T>(
        &self,
        mut candidates: Vec<T>,
        none: impl FnOnce() -> Error,
        called: impl Fn(&T) -> (Uuid, String),
    ) -> Result<T> {
        match candidates.len() {
            0 => Err(none()),
            1 => candidates.pop().ok_or_else(none),
            count => Err(self.ambiguous(count, candidates.iter().take(CANDIDATES_SHOWN).map(called))),
        }
    }

    fn ambiguous(&self, count: usize, candidates: impl Iterator<Item = (Uuid, String)>) -> Error {
        let candidates: Vec<_> = candidates.map(|(id, words)| format!("{id} ({words})")).collect();
        let more = if count > CANDIDATES_SHOWN { "; and more" } else { "" };
        let message = format!("{:?} names several, id: {}{more}", self.0, candidates.join("; id: "));
        let error = Error::new(ErrorCode::AmbiguousReference, message);
        candidates.into_iter().fold(error, |error, candidate| error.with_field("/id", candidate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Option<(String, String)> {
        let (first, last) = Reference::read(text)?.ids()?;
        Some((first.to_string(), last.to_string()))
    }

    #[test]
    fn the_beginning_of_an_id_is_a_range_of_ids() {
        let range = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        let of_0195 = range("01950000-0000-0000-0000-000000000000", "0195ffff-ffff-ffff-ffff-ffffffffffff");
        for text in ["0195", " 0195… ", "0195..."] {
            assert_eq!(ids(text), of_0195, "{text}");
        }
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(ids(id), range(id, id));
        assert_eq!(ids(&id.replace('-', "").to_uppercase()), range(id, id));
        assert_eq!(
            ids("01890a5d-ac9"),
            range("01890a5d-ac90-0000-0000-000000000000", "01890a5d-ac9f-ffff-ffff-ffffffffffff")
        );
        for text in ["", "…", "A10-42", "0195-", "xyz", &format!("{id}0"), "01890a5d--ac96", "é"] {
            assert_eq!(ids(text), None, "{text}");
        }
    }

    #[test]
    fn several_candidates_are_named_and_refused() {
        let reference = Reference::read("A1").unwrap();
        let none = || Error::new(ErrorCode::VehicleNotFound, "none");
        let called = |number: &u128| (Uuid::from_u128(*number), format!("A1{number}"));
        assert_eq!(reference.only(vec![], none, called).unwrap_err().code(), "vehicle_not_found");
        assert_eq!(reference.only(vec![7], none, called).unwrap(), 7);
        let refusal = reference.only(vec![1, 2], none, called).unwrap_err();
        assert_eq!(refusal.code(), "ambiguous_reference");
        assert_eq!(refusal.fields().len(), 2);
        assert!(refusal.to_string().ends_with("0002 (A12)"), "{refusal}");
        let refusal = reference.only((1..=6).collect(), none, called).unwrap_err();
        assert_eq!(refusal.fields().len(), CANDIDATES_SHOWN);
        assert!(refusal.to_string().ends_with("; and more"), "{refusal}");
    }
}
