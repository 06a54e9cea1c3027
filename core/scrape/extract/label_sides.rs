//! On which side of its value a label stands.
//!
//! Most labels stand in front. Some templates write `45,678` over `Miles`, or a `dd` before its `dt`: there the structure tells, or
//! else what kinds of values stand around the labels of the same element. What is deliberately not here: labels of prices (`pairing`).

use std::{borrow::Cow, cell::OnceCell, collections::HashMap};

use foldhash::fast::RandomState;

use super::{
    card::labelled,
    chunks::Chunk,
    clean,
    dom::Dom,
    fields::Field,
    miles::{self, Unit},
    numbers, vins,
};

/// The texts of a card that are seen, with what is known of the sides of their labels.
pub(super) struct Labels<'l, 'd> {
    dom: &'l Dom<'d>,
    shown: &'l [&'l Chunk<'l>],
    /// What each of them labels, and what of its value stands in the same text.
    labelled: Vec<Option<(Field, &'l str)>>,
    /// The row around each of them that was asked for.
    rows: Vec<OnceCell<Option<(usize, usize)>>>,
    /// How many more labels of a row stand behind their values than in front of them, by the row's first text and its end.
    behind: HashMap<(usize, usize), i32, RandomState>,
}

/// A value and how many texts behind its label it takes.
pub(super) struct Value<'l> {
    pub(super) text: Cow<'l, str>,
    pub(super) taken: usize,
}

/// How far around a label is looked for what it labels.
const LABEL_LEVELS: usize = 4;
/// An element with more texts is no row of values and labels in turns.
const LABEL_TEXTS: usize = 32;
/// How many texts of a row are asked on which side its labels stand.
const ASKED_TEXTS: usize = 64;
/// Cells of a row are counted so far.
const CELLS_MAX: usize = 64;
/// How far a text is below its `dt` or `dd`, and that below its `dl`.
const TERM_LEVELS: usize = 3;
/// A longer text is no stock number.
const STOCK_BYTES: usize = 20;

impl<'l, 'd> Labels<'l, 'd> {
    pub(super) fn of(dom: &'l Dom<'d>, shown: &'l [&'l Chunk<'l>]) -> Self {
        let labelled = shown.iter().map(|chunk| labelled(&chunk.text)).collect();
        let rows = vec![OnceCell::new(); shown.len()];
        Self { dom, shown, labelled, rows, behind: HashMap::default() }
    }

    /// The field that a text labels, and what of its value stands in the same text. `mi` is a label behind a number, in front of one
    /// that is plainly of miles, and among labels; else it is a state.
    pub(super) fn label_at(&self, at: usize) -> Option<(Field, &'l str)> {
        let text = &*self.shown.get(at)?.text;
        let is_unit = || {
            let of =
                |place: Option<usize>| place.and_then(|place| self.shown.get(place)).map_or("", |chunk| &*chunk.text);
            miles::is_short_unit(text)
                && (fits(Field::Mileage, of(at.checked_sub(1))) == Some(true)
                    || miles::is_plainly_of_miles(of(Some(at + 1)))
                    || self.half_around(at).is_some())
        };
        self.labelled[at].or_else(|| is_unit().then_some((Field::Mileage, "")))
    }

    /// How many texts behind a label its value stands, in a row of labels and then as many values.
    fn half_around(&self, label: usize) -> Option<usize> {
        const FEWEST: usize = 3;
        let (start, end) = self.row_around(label)?;
        let half = (end - start) / 2;
        let middle = start + half;
        let is_label = |at: usize| {
            let text = &*self.shown[at].text;
            self.labelled[at].map_or_else(|| miles::is_short_unit(text), |(_, rest)| rest.is_empty())
        };
        let is_grid = half >= FEWEST
            && end - start <= LABEL_TEXTS
            && (end - start).is_multiple_of(2)
            && label < middle
            && (start..middle).all(is_label)
            && (middle..end).all(|at| self.labelled[at].is_none());
        is_grid.then_some(half)
    }

    /// The value of a label in such a row.
    fn in_half(&self, label: usize, field: Field) -> Option<Value<'l>> {
        let text = &*self.shown.get(label + self.half_around(label)?)?.text;
        // The engine has no form that its value would have to fit.
        (field == Field::Other || fits(field, text) != Some(false))
            .then_some(Value { text: Cow::Borrowed(text), taken: 0 })
    }

    /// The text at the label's place in the element in front, where the label's own holds labels alone and both hold as many texts.
    fn in_last_column(&self, label: usize, field: Field) -> Option<Value<'l>> {
        let (start, end) = self.row_around(label)?;
        let values = start.checked_sub(end - start)?..start;
        let is_bare = |at: usize| !self.shown[at].text.bytes().any(|byte| byte.is_ascii_digit());
        let is_column = end - start > 1
            && end - start <= LABEL_TEXTS
            && (start..end).all(is_bare)
            && self.row_around(values.start) == Some((values.start, values.end))
            && values.clone().all(|at| self.may_be_value(at) && !is_bare(at));
        let text = &*self.shown.get(values.start + (label - start))?.text;
        (is_column && fits(field, text) == Some(true)).then_some(Value { text: Cow::Borrowed(text), taken: 0 })
    }

    /// The value of a label that has none in its own text; texts before `taken` are values of others, or labels.
    pub(super) fn value(&mut self, label: usize, field: Field, taken: usize) -> Option<Value<'l>> {
        let in_column = self.in_next_column(label, field).or_else(|| self.in_last_column(label, field));
        if let Some(value) = in_column.or_else(|| self.in_half(label, field)) {
            return Some(value);
        }
        if self.fits_behind(label, field) == Some(false)
            && let Some(value) = self.in_column(label, field)
        {
            return Some(value);
        }
        if let Some(is_behind) = self.stands_behind(label) {
            return if is_behind { self.certainly_in_front(label) } else { self.next(label) };
        }
        let is_free = label > taken && self.may_be_value(label - 1) && !self.is_behind_price(label);
        let text = self.shown.get(label.wrapping_sub(1)).map_or("", |chunk| &*chunk.text).trim_end_matches([',', ';']);
        let fit_in_front = fits(field, text).filter(|_| is_free);
        let fits_in_front = fit_in_front == Some(true) && !(is_odometer(field) && self.is_of_a_distance(label - 1));
        let fits_behind = self.fits_behind(label, field);
        let more_behind = self.more_behind(label);
        let is_unit = matches!(field, Field::Mileage | Field::Kilometers) && miles::is_unit(&self.shown[label].text);
        let is_in_front = match (fits_in_front, fits_behind) {
            (true, Some(true)) => more_behind > 0 || (more_behind == 0 && is_unit),
            (true, _) => true,
            // A text that may be anything, in a row whose other labels stand behind their values.
            (false, None) => fit_in_front.is_none() && is_free && more_behind > 0 && !is_amount_or_label(text),
            (false, Some(_)) => false,
        };
        if is_in_front { Some(Value { text: Cow::Borrowed(text), taken: 0 }) } else { self.next(label) }
    }

    /// Whether a row begins with a label for prices, whose number stands in front of this label, and ends with a value.
    fn is_behind_price(&self, label: usize) -> bool {
        let is_first = |first: &usize| {
            self.row_around(label).is_some_and(|(start, end)| start == *first && (end - start).is_multiple_of(2))
        };
        let first = label.checked_sub(2).filter(is_first);
        first.and_then(|first| self.labelled[first]).is_some_and(|(field, _)| matches!(field, Field::Price(_)))
    }

    /// Whether a number in a text stands for a distance, a range or how long somebody answers for the car.
    pub(super) fn is_of_a_distance(&self, at: usize) -> bool {
        let is_headed = at > 0 && {
            let head = &*self.shown[at - 1].text;
            let is_label = || head.ends_with(':') || self.row_around(at) == Some((at - 1, at + 1));
            names_a_distance(head) && is_label()
        };
        // The unit may stand in a text of its own.
        let mut behind = (at + 1..self.shown.len()).skip_while(|behind| miles::is_unit(&self.shown[*behind].text));
        let goes_on =
            behind.next().is_some_and(|next| ends_a_distance(&self.shown[next].text) && self.are_beside(at, next));
        // The label of an amount: `Warranty`, `$2,495`.
        let is_of_an_amount = goes_on && behind.next().is_some_and(|next| self.shown[next].text.contains('$'));
        is_headed || (goes_on && !is_of_an_amount)
    }

    /// Whether two texts stand in one small element, or are siblings.
    fn are_beside(&self, at: usize, other: usize) -> bool {
        const FEW: usize = 4;
        let frame = |at: usize| self.dom.parent(self.dom.parent(self.shown[at].at)?);
        let are_siblings = || frame(at).is_some_and(|around| frame(other) == Some(around));
        let shares_a_row = |(start, end): (usize, usize)| end - start <= FEW && (start..end).contains(&other);
        let holds = |outer: usize, inner: usize| {
            let around = self.dom.parent(self.shown[outer].at);
            around.is_some_and(|around| self.dom.within(around).contains(&self.shown[inner].at))
        };
        are_siblings() || holds(at, other) || holds(other, at) || self.row_around(at).is_some_and(shares_a_row)
    }

    /// Whether the structure says that a label stands behind its value, or in front; `None` where it does not say.
    fn stands_behind(&mut self, label: usize) -> Option<bool> {
        if let Some(list) = self.terms_around(label) {
            return Some(begins_with_a_value(self.dom, list));
        }
        let (start, end) = self.row_around(label)?;
        if end - start == 2 && label == start {
            return Some(false);
        }
        let is_label = |at: usize| self.label_at(at).is_some_and(|(_, rest)| rest.is_empty());
        let is_in_turns = label > start
            && end - start <= LABEL_TEXTS
            && (end - start) % 2 == 0
            && (start..end).all(|at| if (at - start) % 2 == 1 { is_label(at) } else { self.may_be_value(at) });
        // A row in turns could as well be a text and then labels with values behind them.
        (is_in_turns && (end - start == 2 || self.more_behind(label) >= 0)).then_some(true)
    }

    /// The text in front of a label of which the structure says that it is the value.
    fn certainly_in_front(&self, label: usize) -> Option<Value<'l>> {
        let before = label.checked_sub(1)?;
        let text = match self.terms_around(label) {
            Some(list) => {
                let value = self.around(before, "dd").filter(|value| self.dom.within(list).contains(value))?;
                Cow::Owned(clean::collapse(&self.dom.text(value)))
            }
            None => Cow::Borrowed(&*self.shown[before].text),
        };
        Some(Value { text, taken: 0 })
    }

    /// Whether a text is no label, or one that is a value as well: `Used`, `Certified`.
    fn may_be_value(&self, at: usize) -> bool {
        let is_status = |field| matches!(field, Field::Standing(_) | Field::Branded(_) | Field::InCondition(_));
        self.label_at(at).is_none_or(|(field, rest)| rest.is_empty() && is_status(field))
    }

    /// The cell above or below the cell of a label, where it has the form of the field's values.
    fn in_column(&self, label: usize, field: Field) -> Option<Value<'l>> {
        let cell = self.around(label, "td").or_else(|| self.around(label, "th"))?;
        let row = self.dom.parent(cell).filter(|row| self.is(*row, "tr"))?;
        let cells = |row: usize| {
            let children = self.dom.children(row).take(CELLS_MAX);
            children.filter(|cell| self.is(*cell, "td") || self.is(*cell, "th"))
        };
        let column = cells(row).position(|other| other == cell)?;
        // Where the row is the whole card, the rows beside it are other cars.
        let rows = self.dom.neighbours(row).into_iter().filter(|row| self.is(*row, "tr") && self.is_of_card(*row));
        let texts = rows.filter_map(|row| Some(clean::collapse(&self.dom.text(cells(row).nth(column)?))));
        let text = texts.into_iter().find(|text| fits(field, text) == Some(true))?;
        Some(Value { text: Cow::Owned(text), taken: 0 })
    }

    /// The text at the label's place in the next element, where the label's own holds labels alone and both hold as many texts.
    fn in_next_column(&self, label: usize, field: Field) -> Option<Value<'l>> {
        let (start, end) = self.row_around(label)?;
        let values = end..end + (end - start);
        let is_bare = |at: usize| !self.shown[at].text.bytes().any(|byte| byte.is_ascii_digit());
        let is_column = end - start <= LABEL_TEXTS
            && values.end <= self.shown.len()
            && (start..end).all(is_bare)
            && (start..end).filter(|at| self.label_at(*at).is_some_and(|(_, rest)| rest.is_empty())).count() > 1
            && self.row_around(end) == Some((values.start, values.end))
            && values.clone().all(|at| self.may_be_value(at))
            && !values.clone().all(is_bare);
        let text = &*self.shown.get(values.start + (label - start))?.text;
        (is_column && fits(field, text) != Some(false)).then_some(Value { text: Cow::Borrowed(text), taken: 0 })
    }

    /// Whether an element has texts of the card.
    fn is_of_card(&self, element: usize) -> bool {
        !self.dom.within_of(element, self.shown, |chunk| chunk.at).is_empty()
    }

    fn next(&self, label: usize) -> Option<Value<'l>> {
        let next = &*self.shown.get(label + 1)?.text;
        let is_value = self.labelled[label + 1].is_none() && !next.ends_with(':');
        is_value.then(|| Value { text: Cow::Borrowed(next.trim_end_matches([',', ';'])), taken: 1 })
    }

    fn fits_behind(&self, label: usize, field: Field) -> Option<bool> {
        let next = self.shown.get(label + 1).filter(|_| self.labelled[label + 1].is_none());
        fits(field, next.map_or("", |next| &*next.text))
    }

    /// How many more labels of the row around a label stand behind their values than in front.
    fn more_behind(&mut self, label: usize) -> i32 {
        let Some((start, end)) = self.row_around(label) else { return 0 };
        if let Some(known) = self.behind.get(&(start, end)) {
            return *known;
        }
        let more = self.asked(start, end);
        self.behind.insert((start, end), more);
        more
    }

    fn asked(&self, start: usize, end: usize) -> i32 {
        let said = |at: usize| {
            let (field, _) = self.label_at(at).filter(|(_, rest)| rest.is_empty())?;
            let in_front = at > start && self.label_at(at - 1).is_none() && fits(field, &self.shown[at - 1].text)?;
            let behind = at + 1 < end && self.fits_behind(at, field)?;
            Some(i32::from(in_front) - i32::from(behind))
        };
        (start..end.min(start + ASKED_TEXTS)).filter_map(said).sum()
    }

    /// The texts of the smallest element around a text that has another one.
    fn row_around(&self, at: usize) -> Option<(usize, usize)> {
        *self.rows.get(at)?.get_or_init(|| self.look_around(at))
    }

    fn look_around(&self, at: usize) -> Option<(usize, usize)> {
        let row = self.dom.row_around(self.shown[at].at, (LABEL_LEVELS, 1), self.shown, |chunk| chunk.at);
        row.map(|(_, texts)| (texts.start, texts.end))
    }

    /// The list of terms in which a label is a term.
    fn terms_around(&self, label: usize) -> Option<usize> {
        let term = self.around(label, "dt")?;
        let mut around = std::iter::successors(self.dom.parent(term), |at| self.dom.parent(*at)).take(TERM_LEVELS);
        around.find(|at| self.is(*at, "dl"))
    }

    fn around(&self, at: usize, name: &str) -> Option<usize> {
        let text = self.shown.get(at)?.at;
        let mut around = std::iter::successors(Some(text), |at| self.dom.parent(*at)).take(TERM_LEVELS + 1);
        around.find(|at| self.is(*at, name))
    }

    fn is(&self, at: usize, name: &str) -> bool {
        self.dom.element(at).is_some_and(|element| element.name() == name)
    }
}

/// Whether a list of terms begins with a value.
pub(super) fn begins_with_a_value(dom: &Dom<'_>, list: usize) -> bool {
    let mut names = dom.elements(dom.within(list)).map(|(_, element)| element.name());
    names.find(|name| ["dt", "dd"].contains(name)) == Some("dd")
}

/// A longer text is no head of a row.
const ROW_HEAD_BYTES: usize = 40;

/// Whether a text is the label of a distance: `Est. range`, `Powertrain warranty:`.
fn names_a_distance(head: &str) -> bool {
    const HEADS: [&str; 8] =
        ["range", "warranty", "distance", "within", "radius", "coverage", "powertrain", "drivetrain"];
    const BESIDE: [&str; 17] = [
        "basic",
        "battery",
        "bumper",
        "dealer",
        "electric",
        "epa",
        "est",
        "estimated",
        "ev",
        "factory",
        "from",
        "limited",
        "max",
        "remaining",
        "search",
        "the",
        "to",
    ];
    if head.len() > ROW_HEAD_BYTES {
        return false;
    }
    let lower = head.to_lowercase();
    let mut words = lower.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.clone().any(|word| HEADS.contains(&word)) && words.all(|word| HEADS.contains(&word) || BESIDE.contains(&word))
}

/// Whether a text goes on from a number of miles to what they are: `away`, `of range`.
fn ends_a_distance(text: &str) -> bool {
    const WHOLE: [&str; 6] = ["range", "of range", "est. range", "electric range", "radius", "warranty"];
    const BEGINNINGS: [&str; 6] = ["away", "miles away", "mi away", "from you", "from zip", "from your"];
    let is = |known: &&str| text.eq_ignore_ascii_case(known);
    let begins = |known: &&str| text.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known));
    WHOLE.iter().any(is) || BEGINNINGS.iter().any(begins)
}

fn is_odometer(field: Field) -> bool {
    matches!(field, Field::Mileage | Field::Kilometers)
}

fn is_amount_or_label(text: &str) -> bool {
    text.is_empty() || text.contains('$') || text.ends_with(':') || numbers::lone_number(text).is_some()
}

/// Whether a text has the form of a field's values; `None` where these have no form of their own.
pub(super) fn fits(field: Field, text: &str) -> Option<bool> {
    let has_digit = || text.bytes().any(|byte| byte.is_ascii_digit());
    Some(match field {
        Field::Year => text.len() == 4 && numbers::year(text).is_some(),
        Field::Mileage | Field::Kilometers => {
            text.starts_with(|sign: char| sign.is_ascii_digit()) && miles::reading(text, Unit::Miles).is_some()
        }
        Field::Vin => vins::parse(text).is_some(),
        Field::StockNumber => {
            text.len() <= STOCK_BYTES && has_digit() && !text.contains([' ', '$', ':', '%']) && !text.contains(',')
        }
        Field::Price(_) => text.contains('$') && has_digit(),
        Field::Other => numbers::lone_number(text).is_some(),
        _ => return None,
    })
}
