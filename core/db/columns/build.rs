//! Columns that grow by a cell at a time, as each database writes it.

use std::{collections::HashMap, sync::Arc};

use foldhash::quality::RandomState;

use crate::columns::{Column, Texts, Values};

/// How the cells of a column are read. What cannot be read is unknown or empty, as in records; `jpauto check` names it.
#[derive(Clone, Copy)]
pub(crate) enum Cell {
    Id,
    Text,
    /// A text of which there are few different ones.
    FewTexts,
    /// A word of a closed set: what the record shows for what is stored, if it is anything.
    Word(fn(Option<&str>) -> Option<&'static str>),
    Number,
    Truth,
    Amount,
    Real,
    Time(Times),
    Document,
}

/// Which times are none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// None: the nearest one is taken.
    Nearest,
    /// Those of no possible year.
    OfPossibleYears,
}

/// A column that grows.
pub(super) struct Building {
    pub(super) cell: Cell,
    /// What is missing reads as the default of its type.
    has_default: bool,
    pub(super) values: Values,
    known: Bits,
    words: Words,
}

/// What does not fit its column.
#[cfg(feature = "postgres")]
pub(super) type Unreadable = &'static str;

impl Building {
    pub(super) fn new(cell: Cell, has_default: bool) -> Self {
        Self { cell, has_default, values: empty(cell), known: Bits::default(), words: Words::default() }
    }

    /// The column so far; it begins anew.
    pub(super) fn take(&mut self) -> Column {
        let mut values = std::mem::replace(&mut self.values, empty(self.cell));
        if let Values::Words(_, words) = &mut values {
            *words = self.words.snapshot();
        }
        if let Values::Texts(texts) = &mut values {
            texts.bytes.shrink_to_fit();
        }
        let known = std::mem::take(&mut self.known);
        Column { values, known: (known.unset > 0).then_some(known.bytes) }
    }

    /// Adds a row without a value.
    pub(super) fn push_nothing(&mut self) {
        if let Cell::Word(shown) = self.cell {
            return self.push_shown(shown(None));
        }
        self.known.push(self.has_default);
        match &mut self.values {
            Values::Ids(bytes) => bytes.extend_from_slice(&[0; 16]),
            Values::Texts(texts) => texts.end(),
            Values::Words(places, _) => places.push(0),
            Values::Numbers(numbers) => numbers.push(0),
            // The bits of the truths are written with each row's place.
            Values::Truths(bits) => push_bit(bits, self.known.rows - 1, false),
            Values::Amounts(amounts) => amounts.push(0),
            Values::Reals(numbers) => numbers.push(0.0),
            Values::Times(times) => times.push(0),
        }
    }

    pub(super) fn push_id(&mut self, id: &[u8]) {
        let nil = [0; 16];
        let id = if id.len() == 16 { id } else { &nil };
        if let Values::Ids(bytes) = &mut self.values {
            bytes.extend_from_slice(id);
            self.known.push(true);
        }
    }

    pub(super) fn push_text(&mut self, text: &[u8]) {
        if let Cell::Word(shown) = self.cell {
            return match self.words.known_place(text) {
                Some(place) => self.push_place(place),
                None => {
                    let shown = std::str::from_utf8(text).map_or(None, |text| shown(Some(text)));
                    let place = shown.map(|shown| self.words.place_of(shown.as_bytes()));
                    self.words.note(text, place);
                    self.push_place(place);
                }
            };
        }
        match &mut self.values {
            Values::Texts(texts) => {
                texts.push(text);
                self.known.push(true);
            }
            Values::Words(..) => {
                let place = self.words.place_of(text);
                self.push_place(Some(place));
            }
            _ => self.push_nothing(),
        }
    }

    fn push_shown(&mut self, shown: Option<&'static str>) {
        let place = shown.map(|shown| self.words.place_of(shown.as_bytes()));
        self.push_place(place);
    }

    fn push_place(&mut self, place: Option<i32>) {
        if let Values::Words(places, _) = &mut self.values {
            places.push(place.unwrap_or_default());
            self.known.push(place.is_some());
        }
    }

    pub(super) fn push_number(&mut self, number: i32) {
        if let Values::Numbers(numbers) = &mut self.values {
            numbers.push(number);
            self.known.push(true);
        }
    }

    pub(super) fn push_truth(&mut self, truth: bool) {
        if let Values::Truths(bits) = &mut self.values {
            push_bit(bits, self.known.rows, truth);
            self.known.push(true);
        }
    }

    pub(super) fn push_amount(&mut self, cents: i64) {
        if let Values::Amounts(amounts) = &mut self.values {
            amounts.push(i128::from(cents));
            self.known.push(true);
        }
    }

    pub(super) fn push_real(&mut self, number: f64) {
        if let Values::Reals(numbers) = &mut self.values {
            numbers.push(number);
            self.known.push(true);
        }
    }

    pub(super) fn push_time(&mut self, micros: i64) {
        if let Values::Times(times) = &mut self.values {
            times.push(micros);
            self.known.push(true);
        }
    }
}

fn empty(cell: Cell) -> Values {
    match cell {
        Cell::Id => Values::Ids(Vec::new()),
        Cell::Text | Cell::Document => Values::Texts(Texts::default()),
        Cell::FewTexts | Cell::Word(_) => Values::Words(Vec::new(), Arc::default()),
        Cell::Number => Values::Numbers(Vec::new()),
        Cell::Truth => Values::Truths(Vec::new()),
        Cell::Amount => Values::Amounts(Vec::new()),
        Cell::Real => Values::Reals(Vec::new()),
        Cell::Time(_) => Values::Times(Vec::new()),
    }
}

fn push_bit(bits: &mut Vec<u8>, row: usize, bit: bool) {
    if row.is_multiple_of(8) {
        bits.push(0);
    }
    if let Some(last) = bits.last_mut().filter(|_| bit) {
        *last |= 1 << (row % 8);
    }
}

/// A bit for each row.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    rows: usize,
    unset: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        push_bit(&mut self.bytes, self.rows, bit);
        self.rows += 1;
        self.unset += usize::from(!bit);
    }
}

/// The different texts of a column, which keep their places from batch to batch.
#[derive(Default)]
struct Words {
    /// The place of what is stored; none for what is stored and shows nothing.
    places: HashMap<Box<[u8]>, Option<i32>, RandomState>,
    texts: Texts,
    shared: Arc<Texts>,
}

impl Words {
    fn known_place(&self, stored: &[u8]) -> Option<Option<i32>> {
        self.places.get(stored).copied()
    }

    fn note(&mut self, stored: &[u8], place: Option<i32>) {
        self.places.insert(stored.into(), place);
    }

    fn place_of(&mut self, text: &[u8]) -> i32 {
        if let Some(Some(place)) = self.places.get(text) {
            return *place;
        }
        let place = i32::try_from(self.texts.ends.len() - 1).unwrap_or(i32::MAX);
        self.texts.push(text);
        self.note(text, Some(place));
        place
    }

    fn snapshot(&mut self) -> Arc<Texts> {
        if self.shared.ends.len() != self.texts.ends.len() {
            self.shared = Arc::new(self.texts.clone());
        }
        Arc::clone(&self.shared)
    }
}
