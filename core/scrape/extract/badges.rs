//! What single texts of a card say by themselves: `In Transit`, `Salvage Title`, `Certified Pre-Owned`, `TMU`.
//!
//! Two texts that contradict each other are parts of a template, which a style shows where they hold: neither counts. What is
//! deliberately not here: labels with a value behind them, which are a card's other fields (`card`).

use super::{
    Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand,
    fields::{Draft, Field},
    title_brand::may_speak_of_titles,
};

/// The badges of one card.
#[derive(Default)]
pub(super) struct Badges {
    standing: Option<StockStatus>,
    places_contradict: bool,
    is_pending: bool,
    brand: Option<TitleBrand>,
    is_clean: bool,
    condition: Option<Condition>,
    conditions_contradict: bool,
    odometer: Option<OdometerStatus>,
}

impl Badges {
    /// Notes a text that is the name of a field which holds where its value is yes; as a badge it has none. Other fields are left
    /// alone.
    pub(super) fn note_named(&mut self, field: Field, value: &str) -> bool {
        match field {
            Field::Standing(status) if !says_no(value) => self.note_standing(status),
            Field::Branded(brand) if !says_no(value) => self.note_brand(TitleBrand::of_status(value).unwrap_or(brand)),
            Field::InCondition(condition) if !says_no(value) => self.note_condition(condition),
            Field::Standing(_) | Field::Branded(_) | Field::InCondition(_) => {}
            _ => return false,
        }
        true
    }

    /// Notes a text that is no label. What stands on something to press is about to be done, not done.
    pub(super) fn note_text(&mut self, text: &str, is_button: bool) {
        self.is_pending |= !is_button && SaleStatus::is_pending_badge(text);
        self.note(text);
    }

    /// The same of what a picture says.
    pub(super) fn note(&mut self, text: &str) {
        // Nearly all texts say nothing of a title.
        if may_speak_of_titles(text)
            && let Some(brand) = TitleBrand::of_badge(text).or_else(|| TitleBrand::in_prose(text))
        {
            self.note_brand(brand);
        }
        if let Some(condition) = Condition::of_badge(text).or_else(|| Condition::of_heading(text)) {
            self.note_condition(condition);
        }
        self.odometer = self.odometer.or_else(|| OdometerStatus::of_badge(text));
    }

    /// Offers what they say together.
    pub(super) fn offer(self, draft: &mut Draft) {
        draft.offer_status(self.standing.filter(|_| !self.places_contradict));
        draft.offer_sale(self.is_pending.then_some(SaleStatus::Pending));
        draft.offer_brand(match (self.brand, self.is_clean) {
            (Some(_), true) => None,
            (brand, is_clean) => brand.or(is_clean.then_some(TitleBrand::Clean)),
        });
        draft.offer_condition(self.condition.filter(|_| !self.conditions_contradict));
        draft.offer_odometer(self.odometer);
    }

    fn note_standing(&mut self, status: StockStatus) {
        let is_place = |status: StockStatus| status != StockStatus::SalePending;
        self.is_pending |= !is_place(status);
        self.places_contradict |=
            self.standing.is_some_and(|said| said != status && is_place(said) && is_place(status));
        self.standing = StockStatus::more_telling(self.standing, Some(status));
    }

    fn note_brand(&mut self, brand: TitleBrand) {
        match brand {
            TitleBrand::Clean => self.is_clean = true,
            brand => self.brand = TitleBrand::more_telling(self.brand, Some(brand)),
        }
    }

    /// A certified car is a used one; all else contradicts.
    fn note_condition(&mut self, condition: Condition) {
        let is_new = |condition: Condition| condition == Condition::New;
        self.conditions_contradict |= self.condition.is_some_and(|said| is_new(said) != is_new(condition));
        if self.condition != Some(Condition::Certified) {
            self.condition = Some(condition);
        }
    }
}

/// Whether a value says that what its name says does not hold.
pub(super) fn says_no(value: &str) -> bool {
    ["no", "false", "0", "n", "none", "n/a"].iter().any(|no| value.trim().eq_ignore_ascii_case(no))
}
