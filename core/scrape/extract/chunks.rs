//! The texts of a card in reading order, each with its place and what is seen of it.
//!
//! Left out are texts without a letter or digit, and what a style hides. What is struck through stays, marked as such: it is
//! no price, but a caption may belong to it. A label that stands in an attribute (`aria-label`, `data-label`, the `alt` of an icon) is
//! a text in front of what its element holds. What is deliberately not here: what the texts mean.

use std::{borrow::Cow, ops::Range};

use super::{
    amounts,
    card::{ends_in_an_odometer, labelled, mentions},
    card_heading::{HEADING_NODES_MAX, names_a_vehicle},
    clean,
    dom::{Dom, Element, Kind, attribute},
    fields::{Field, PriceRank},
    numbers,
    phrases::Phrases,
    price_classes::{self, OfClass},
    price_sentences,
    price_words::{
        self,
        thing::{PRICE, RETAIL},
    },
    vins,
};

/// One text of a card.
pub(super) struct Chunk<'t> {
    pub(super) text: Cow<'t, str>,
    /// Its place in the page's tree; pieces of one text share it.
    pub(super) at: usize,
    pub(super) is_struck: bool,
    /// Whether an element around it is called a price.
    pub(super) is_priced: bool,
    /// Whether it stands on something to press.
    pub(super) is_button: bool,
    /// Whether it asks the visitor for what a field behind it takes.
    pub(super) is_asked: bool,
}

/// The texts of a card, and what the classes of small elements say of the amounts in them, the outermost first.
pub(super) struct Texts<'t> {
    pub(super) chunks: Vec<Chunk<'t>>,
    /// What pictures and icons say, which hold no text: `Salvage Title` on a badge.
    pub(super) badges: Vec<Cow<'t, str>>,
    pub(super) classes: Vec<(Range<usize>, OfClass)>,
}

/// What is seen of a text beside what it says.
#[derive(Clone, Copy)]
struct Seen {
    at: usize,
    is_struck: bool,
    is_priced: bool,
    is_button: bool,
}

impl Seen {
    fn chunk(self, text: Cow<'_, str>) -> Chunk<'_> {
        let Self { at, is_struck, is_priced, is_button } = self;
        Chunk { text, at, is_struck, is_priced, is_button, is_asked: false }
    }
}

impl<'t> Texts<'t> {
    /// Takes a text, each of its parts that stand apart by itself.
    fn push(&mut self, text: Cow<'t, str>, seen: Seen) {
        match text {
            Cow::Borrowed(text) => self.push_parts(text, seen, Cow::Borrowed),
            Cow::Owned(text) => self.push_parts(&text, seen, |part| Cow::Owned(part.to_owned())),
        }
    }

    fn push_parts<'p>(&mut self, text: &'p str, seen: Seen, held: impl Fn(&'p str) -> Cow<'t, str>) {
        let parts = pieces(text);
        if parts.is_empty() && memchr::memchr2_iter(b':', b'#', text.as_bytes()).nth(1).is_none() {
            self.chunks.push(seen.chunk(held(text)));
            return;
        }
        let parts = if parts.is_empty() { std::slice::from_ref(&text) } else { &parts };
        self.chunks.extend(parts.iter().flat_map(|part| apart(part)).map(|part| seen.chunk(held(part))));
    }

    /// Takes the value of a field that shows one. Of a field which a visitor fills it notes that the last text labels it.
    fn take_field(&mut self, element: &Element<'_>, seen: Seen, is_shown: bool) {
        if let Some(value) = shown_value(element).filter(|_| is_shown) {
            self.push(Cow::Owned(clean::collapse(value)), seen);
        } else if is_text_field(element)
            && let Some(label) = self.chunks.last_mut()
        {
            label.is_asked = true;
        }
    }

    /// Drops the label of an attribute that the text behind it repeats.
    fn drop_label_like(&mut self, text: &str) {
        let text = text.trim_end_matches([':', ' ']);
        self.chunks.pop_if(|label| label.text.eq_ignore_ascii_case(text));
    }

    /// Notes that the labels of a form without an amount ask the visitor.
    fn note_form(&mut self, dom: &Dom<'_>, form: usize) {
        let labels = dom.within_of(form, &self.chunks, |chunk| chunk.at);
        let labels = &mut self.chunks[labels];
        if !labels.iter().any(|label| label.is_priced || memchr::memchr(b'$', label.text.as_bytes()).is_some()) {
            labels.iter_mut().for_each(|label| label.is_asked = true);
        }
    }

    /// Takes the second line of a caption for a part of it: `Customer<br>Cash`. Answers whether it did.
    fn go_on_with_a_caption(&mut self, dom: &Dom<'_>, at: usize, text: &str) -> bool {
        // The element holds a text, the end of a line and this text.
        let element = dom.node(at).parent;
        let is_second_line = element + 3 == at
            && dom.node(element).end == at + 1
            && dom.element(at - 1).is_some_and(|end| end.name() == "br");
        let Some(last) = self.chunks.last().filter(|last| is_second_line && last.at + 2 == at) else {
            return false;
        };
        let first = &*last.text;
        let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
        // `Total` is one of something, `Retail` a price, and all others with a field of their own are whole.
        let is_kind = || {
            let is_price = text.eq_ignore_ascii_case("price") || text.eq_ignore_ascii_case("value");
            let is_suggested = Field::named(first) == Some(Field::Price(PriceRank::Suggested));
            first.eq_ignore_ascii_case("total") || (is_price && !is_suggested)
        };
        let is_half = !first.contains([' ', ':'])
            && !has_digit(first)
            && !has_digit(text)
            && (Field::named(first).is_none_or(|field| matches!(field, Field::Price(_)) && is_kind()))
            && Field::named(text).is_none_or(|field| matches!(field, Field::Price(_) | Field::Other));
        let joined = if is_half { [first, " ", text].concat() } else { return false };
        let is_of_money = |text: &str| text.contains('$') || price_words::by_label(text).is_some();
        let is_amount = |node: usize| matches!(&dom.node(node).kind, Kind::Text(text) if is_of_money(text));
        let is_beside_money = || {
            let before = self.chunks.len().checked_sub(2).is_some_and(|before| is_of_money(&self.chunks[before].text));
            before || (at + 1..dom.len().min(at + NODES_BESIDE)).any(is_amount)
        };
        let is_caption = joined.len() <= SAID_BYTES && (price_words::by_label(&joined).is_some() || is_beside_money());
        if is_caption && let Some(last) = self.chunks.last_mut() {
            last.text = Cow::Owned(joined);
        }
        is_caption
    }

    /// Whether a text is a part of the number in front of it, or separates two others.
    fn goes_on_with_a_number(&mut self, dom: &Dom<'_>, at: usize, text: &str, frame: &mut Option<usize>) -> bool {
        if self.spell(dom, at, text, frame) {
            return true;
        }
        // Some themes set the sign apart from the digits; any other text without a letter or digit separates.
        let is_shown = is_shown_apart(text);
        if !text.is_empty() {
            *frame = None;
        }
        if !is_shown {
            self.go_on_with_thousands(text);
        }
        !is_shown
    }

    /// Takes a sign for the next one of a number that has each of its signs in an element of its own: `$`, `1`, `5`, `,`, `9`, `9`, `5`.
    /// `frame` is what these elements stand in. Answers whether it did.
    fn spell(&mut self, dom: &Dom<'_>, at: usize, text: &str, frame: &mut Option<usize>) -> bool {
        let [sign] = text.as_bytes() else { return false };
        let around = |at: usize| dom.parent(at).and_then(|element| dom.parent(element));
        let Some(last) = self.chunks.last_mut().filter(|_| sign.is_ascii_digit() || matches!(sign, b',' | b'.')) else {
            return false;
        };
        let is_first = last.text == "$" && sign.is_ascii_digit() && around(last.at) == around(at);
        if is_first {
            *frame = around(at);
        }
        let goes_on = frame.is_some() && *frame == around(at) && last.text.len() < SPELLED_BYTES;
        if goes_on {
            last.text.to_mut().push_str(text);
        }
        goes_on
    }

    /// Takes a comma between two texts for that of a number: `$46`, `,`, `988`.
    fn go_on_with_thousands(&mut self, text: &str) {
        if text != "," {
            return;
        }
        let is_dollars = |text: &str| text.ends_with('$');
        let is_behind_sign = self.chunks.iter().rev().nth(1).is_some_and(|before| is_dollars(&before.text));
        if let Some(last) = self.chunks.last_mut() {
            let digits = last.text.trim_start_matches('$');
            let is_group = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_group && (digits.len() < last.text.len() || is_behind_sign) {
                last.text.to_mut().push(',');
            }
        }
    }
}

/// Reads the texts of a card.
pub(super) fn texts<'d>(dom: &'d Dom<'_>, card: usize) -> Texts<'d> {
    let mut texts = Texts { chunks: Vec::new(), badges: Vec::new(), classes: Vec::new() };
    // Whether the last text stands in an attribute.
    let (mut is_attribute, mut forms, mut spelled) = (false, Vec::new(), None);
    // Where what is hidden, struck through, called a price or a button ends.
    let (mut hidden_until, mut struck_until, mut priced_until, mut button_until) = (0, 0, 0, 0);
    for at in dom.within(card) {
        match &dom.node(at).kind {
            Kind::Element(element) => {
                let end = dom.node(at).end;
                let look = Look::of(dom, element);
                let until = |known: &mut usize, holds: bool| *known = if holds { end.max(*known) } else { *known };
                until(&mut hidden_until, look.is_hidden);
                until(&mut struck_until, look.is_struck);
                until(&mut button_until, look.is_button);
                let (is_struck, is_priced) = (at < struck_until, at < priced_until);
                let seen = Seen { at, is_struck, is_priced, is_button: false };
                texts.take_field(element, seen, at >= hidden_until);
                forms.extend((element.name() == "form" && at != card).then_some(at));
                let is_shown = at != card && at >= hidden_until.max(button_until);
                match look.said.filter(|_| is_shown) {
                    Some(label) if is_label(label) => {
                        until(&mut hidden_until, abbreviates(dom, at));
                        texts.chunks.push(seen.chunk(clean::collapsed(label)));
                        is_attribute = true;
                    }
                    Some(badge) if end == at + 1 => texts.badges.push(clean::collapsed(badge)),
                    _ => {}
                }
                // A class on the whole card (`has-price`) says nothing about one text.
                if at != card
                    && end - at < HEADING_NODES_MAX
                    && let Some(said) = look.of_amounts_within(is_priced)
                {
                    until(&mut priced_until, said.is_price);
                    texts.classes.push((at..end, said));
                }
            }
            Kind::Text(text) if at >= hidden_until => {
                let text = clean::collapsed(text);
                if texts.goes_on_with_a_number(dom, at, &text, &mut spelled) {
                    continue;
                }
                if is_footnote(dom, at, &text, at < button_until) || texts.go_on_with_a_caption(dom, at, &text) {
                    continue;
                }
                if std::mem::take(&mut is_attribute) {
                    texts.drop_label_like(&text);
                }
                let (is_struck, is_priced) = (at < struck_until, at < priced_until);
                texts.push(text, Seen { at, is_struck, is_priced, is_button: at < button_until });
            }
            Kind::Text(_) => {}
        }
    }
    forms.into_iter().for_each(|form| texts.note_form(dom, form));
    texts
}

/// Whether a text only points at a note, or asks for one: `<sup>1</sup>`, `<button>i</button>`.
fn is_footnote(dom: &Dom<'_>, at: usize, text: &str, is_button: bool) -> bool {
    let is_raised = || dom.parent(at).and_then(|around| dom.element(around)).is_some_and(|it| it.name() == "sup");
    match text.as_bytes() {
        [sign] => sign.is_ascii_alphanumeric() && (is_button || is_raised()),
        [one, b',', two] => one.is_ascii_digit() && two.is_ascii_digit() && is_raised(),
        _ => false,
    }
}

/// Whether an element abbreviates what its attribute says: `<abbr title="Mileage">MI</abbr>`.
fn abbreviates(dom: &Dom<'_>, at: usize) -> bool {
    dom.element(at).is_some_and(|element| element.name() == "abbr")
        && !dom.text(at).bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a text says something, and separates nothing.
pub(super) fn is_shown_apart(text: &str) -> bool {
    text == "$" || text.chars().any(char::is_alphanumeric)
}

/// What is seen of an element by its name and its attributes.
pub(super) struct Look<'e> {
    /// Whether its own style, attribute or class hides it.
    pub(super) is_hidden: bool,
    pub(super) is_struck: bool,
    is_button: bool,
    /// What an attribute says of it, or of the text in it. Of a link it says where that leads.
    said: Option<&'e str>,
    /// What its classes say of the amounts in it.
    of_amounts: Option<OfClass>,
    /// What its classes mention.
    things: u32,
}

impl<'e> Look<'e> {
    pub(super) fn of(dom: &Dom<'_>, element: &'e Element<'_>) -> Self {
        let name = element.name();
        let (mut is_hidden, mut said, mut things, mut action) = (false, None, None, None);
        let (mut is_struck, mut is_button) = (matches!(name, "s" | "strike" | "del"), name == "button");
        for (name, value) in element.attrs() {
            match name {
                "class" => {
                    let classes = dom.look_of(value);
                    is_hidden |= classes.is_hidden;
                    is_struck |= classes.is_struck;
                    is_button |= classes.is_button;
                    things = things.or(Some(classes.things));
                }
                "style" => {
                    is_hidden |= hides(value);
                    is_struck |= mentions(value, "line-through");
                }
                "hidden" => is_hidden = true,
                "role" => is_button |= value == "button",
                "data-action" => action = action.or(Some(value)),
                "alt" | "title" | "aria-label" | "data-label" | "data-title" | "data-th" | "data-column"
                | "data-heading" | "data-before" | "data-content" | "data-caption"
                    if value.len() <= SAID_BYTES =>
                {
                    said = said.or(Some(value));
                }
                _ => {}
            }
        }
        let said = said.filter(|_| name != "a");
        let things = things.unwrap_or_default();
        let of_amounts = price_classes::said_by(things, action);
        Self { is_hidden, is_struck, is_button, said, of_amounts, things }
    }

    /// What its classes say of the amounts in it, also where those around it call these prices: `old` within `prices`.
    fn of_amounts_within(&self, is_priced: bool) -> Option<OfClass> {
        let of_a_former = || (is_priced && self.things & RETAIL != 0).then_some(self.things | PRICE);
        self.of_amounts.or_else(|| price_classes::said_by(of_a_former()?, None))
    }
}

fn hides(style: &str) -> bool {
    mentions(style, "display") && mentions(&style.replace(' ', ""), "display:none")
}

/// A longer number is none of dollars.
const SPELLED_BYTES: usize = 12;
/// An amount stands no further behind a caption that nobody knows.
const NODES_BESIDE: usize = 6;
/// A longer text is a description.
const SAID_BYTES: usize = 60;

/// Whether a text labels a field that has its value elsewhere, or an amount.
fn is_label(text: &str) -> bool {
    let names_a_field = matches!(
        Field::named(text),
        Some(
            Field::Vin
                | Field::StockNumber
                | Field::Year
                | Field::Make
                | Field::Model
                | Field::Trim
                | Field::Mileage
                | Field::Kilometers
                | Field::ExteriorColor
                | Field::Transmission
                | Field::FuelType
                | Field::BodyStyle
                | Field::TitleBrand
                | Field::OdometerStatus
                | Field::SaleStatus
        )
    );
    let has_digit = || text.bytes().any(|byte| byte.is_ascii_digit());
    names_a_field || (!has_digit() && price_words::by_label(text).is_some())
}

/// What a field shows that nobody can change.
fn shown_value<'e>(element: &'e Element<'_>) -> Option<&'e str> {
    let is_shown = element.name() == "input"
        && is_text_field(element)
        && ["readonly", "disabled"].iter().any(|name| attribute(element, name).is_some());
    attribute(element, "value").filter(|value| is_shown && is_shown_apart(value) && value.len() <= SAID_BYTES)
}

/// Whether an element takes what a visitor writes.
fn is_text_field(element: &Element<'_>) -> bool {
    const OTHERS: [&str; 8] = ["hidden", "submit", "button", "image", "checkbox", "radio", "reset", "file"];
    match element.name() {
        "select" | "textarea" => true,
        "input" => {
            !attribute(element, "type").is_some_and(|kind| OTHERS.iter().any(|other| kind.eq_ignore_ascii_case(other)))
        }
        _ => false,
    }
}

/// The pieces of a text in which amounts of dollars stand apart from facts of other kinds: `Black \u{b7} 45,678 miles \u{b7} $15,995`.
///
/// None of a text that stays whole: where the piece in front or behind says what the only amount is, where it may be a range, or where
/// one of several amounts has no word of its own.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let amounts = memchr::memchr_iter(b'$', text.as_bytes()).count();
    if let Some(facts) = line_of_facts(text) {
        return facts;
    }
    if amounts <= 1
        && let Some(facts) = labelled_facts(text)
    {
        return facts;
    }
    if amounts == 0 {
        return Vec::new();
    }
    let mut parts: Vec<&str> = vec![text];
    for mark in PIECE_MARKS.iter().chain(DASHES.iter().filter(|_| amounts == 1)) {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    let between = [' ', ',', '-', '\u{2013}', '\u{2014}'];
    let parts = parts.into_iter().map(|part| part.trim_start_matches(between).trim_end());
    let parts: Vec<&str> = parts.filter(|part| part.chars().any(char::is_alphanumeric)).collect();
    let is_in_pieces =
        parts.len() > 1 && if amounts == 1 { has_own_amount(&parts) } else { parts.iter().all(says_itself) };
    if is_in_pieces { parts } else { Vec::new() }
}

/// The name of a vehicle and facts of it in one line without a mark between them: `2015 Ford Edge SEL 84,120 mi $18,995 Stock A12`. The
/// name may stand elsewhere: `VIN 2FMPK4K91HBB11870 Stock A12`.
fn line_of_facts(text: &str) -> Option<Vec<&str>> {
    const LABELS: [&str; 4] = ["stock", "stock#", "stk", "stk#"];
    const VINS: [&str; 2] = ["vin", "vin#"];
    const ODOMETERS: [&str; 4] = ["odometer", "odometer:", "mileage", "mileage:"];
    const UNITS: [&str; 5] = ["mi", "mi.", "mile", "miles", "km"];
    const FEWEST: usize = 2;
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let first_word = text.split(' ').next().unwrap_or_default();
    let begins =
        first_word.starts_with(|sign: char| sign.is_ascii_digit()) || is(first_word, &LABELS) || is(first_word, &VINS);
    if text.len() > FACTS_BYTES || !begins {
        return None;
    }
    let words: Vec<&str> = text.split(' ').collect();
    let mut places = Vec::with_capacity(words.len());
    words.iter().fold(0, |place, word| {
        places.push(place);
        place + word.len() + 1
    });
    // How many words a fact has that begins with this one.
    let length = |at: usize| {
        let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or_default());
        let is_number = |word: &str| {
            let digits = word.bytes().filter(u8::is_ascii_digit).count();
            digits > 3 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        };
        let has_unit = |at: usize| words.get(at).is_some_and(|word| is(word, &UNITS));
        match () {
            () if word.strip_prefix('$').is_some_and(|amount| numbers::lone_number(amount).is_some()) => Some(1),
            () if is_number(word) && is(next, &UNITS) => Some(2),
            () if is(word, &ODOMETERS) && is_number(next) => Some(2 + usize::from(has_unit(at + 2))),
            () if is(word, &LABELS) && next.bytes().any(|byte| byte.is_ascii_digit()) => Some(2),
            () if is(word, &VINS) && vins::parse(next).is_some() => Some(2),
            () => None,
        }
    };
    let first = (0..words.len()).find(|at| length(*at).is_some())?;
    let mut parts = if first == 0 { Vec::new() } else { vec![text[..places[first]].trim_end()] };
    let mut at = first;
    while at < words.len() {
        let end = at + length(at)?;
        let stop = places.get(end).copied().unwrap_or(text.len());
        parts.push(text[places[at]..stop].trim_end());
        at = end;
    }
    // Without a name all of it is facts, of which one is an amount.
    let amounts = || parts.iter().filter(|part| part.starts_with('$')).count();
    let are_facts = if first == 0 {
        parts.len() >= FEWEST && amounts() < FEWEST
    } else {
        parts.len() > FEWEST && names_a_vehicle(parts[0])
    };
    are_facts.then_some(parts)
}

/// A longer text is prose.
const FACTS_BYTES: usize = 240;

/// The facts of one text, where at least two of them have a label, or one beside an amount: `Stock: P2535, 41,200 Miles, $22,988`.
fn labelled_facts(text: &str) -> Option<Vec<&str>> {
    const MARKS: [&str; 10] = [", ", " / ", " | ", "; ", " - ", "...", ". ", "! ", " \u{2022} ", " \u{b7} "];
    const ANY_MARK: Phrases<10> = Phrases::new(MARKS);
    // These stand between facts alone.
    const CLEAR: Phrases<4> = Phrases::new([" | ", "...", " \u{2022} ", " \u{b7} "]);
    let has_digit = || text.bytes().any(|byte| byte.is_ascii_digit());
    if text.len() > FACTS_BYTES || !has_digit() || !ANY_MARK.are_in(text) {
        return None;
    }
    let mut parts: Vec<&str> = vec![text];
    for mark in MARKS {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    // A text between two elements may begin and end with the mark.
    let between = [' ', '-', '/', ';', ',', '|', '!', '.', '\u{2022}', '\u{b7}'];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(|part| part.trim_matches(between))
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect();
    let is_number = |part: &&&str| {
        let field = labelled(part).filter(|(_, rest)| !rest.is_empty()).map(|(field, _)| field);
        matches!(field, Some(Field::Vin | Field::StockNumber | Field::Mileage | Field::Kilometers))
    };
    let has_amount = parts.iter().any(|part| part.contains('$'));
    let numbers = parts.iter().filter(is_number).count();
    let has_miles = parts.iter().any(|part| ends_in_an_odometer(part));
    let is_clear = || parts.len() > 1 && CLEAR.are_in(text);
    let is_short_amount = |part: &&str| part.contains('$') && amounts::words_of(part) < amounts::WORDS_BESIDE;
    // A sentence may count the miles of a journey or of a warranty: these are facts on a line that names the car, or is none.
    let is_line = || is_clear() || text.contains("!!") || parts.first().is_some_and(|first| names_a_vehicle(first));
    let are_facts = || has_miles && parts.iter().any(is_short_amount) && is_line();
    let is_apart = (numbers > 0 || are_facts())
        && (numbers + usize::from(has_amount) + usize::from(has_miles) > 1 || is_clear())
        && (!has_amount || has_own_amount(&parts));
    is_apart.then_some(parts)
}

/// Whether the only amount among pieces is said to be nothing by its neighbours.
fn has_own_amount(parts: &[&str]) -> bool {
    let Some(at) = parts.iter().position(|part| part.contains('$')) else { return false };
    let beside = |at: Option<usize>| at.and_then(|at| parts.get(at)).copied().unwrap_or_default();
    let (front, behind) = (beside(at.checked_sub(1)), beside(Some(at + 1)));
    let says = |part: &str| price_words::by_words(part).is_some() || numbers::lone_number(part).is_some();
    !says(front) && !says(behind) && !price_sentences::is_paid_at_first(front, behind)
}

/// Whether a piece holds no amount, or one and words beside it.
fn says_itself(part: &&str) -> bool {
    match memchr::memchr_iter(b'$', part.as_bytes()).count() {
        0 => numbers::lone_number(part).is_none(),
        1 => price_words::by_words(part.split(['$', ':']).next().unwrap_or_default()).is_some(),
        _ => false,
    }
}

/// What stands between the facts of one text.
const PIECE_MARKS: [&str; 3] = ["\u{b7}", "\u{2022}", "|"];
/// Marks that may stand within a range as well.
const DASHES: [&str; 3] = [" - ", " \u{2013} ", " \u{2014} "];

/// The fields that stand in one text, each from its label on; a text with fewer than two labels stays whole.
///
/// `Stock: P1 Mileage: 45,000` are two. A label is the longest run of words in front of a colon, or of the sign of a number, that names
/// a field.
fn apart(text: &str) -> impl Iterator<Item = &str> {
    const LABEL_WORDS_MAX: usize = 3;
    let colons = memchr::memchr2_iter(b':', b'#', text.as_bytes());
    let mut labels: Vec<usize> = colons
        .filter_map(|colon| {
            let before = text[..colon].trim_end();
            let starts = before.rmatch_indices(' ').map(|(at, _)| at + 1).chain([0]).take(LABEL_WORDS_MAX);
            // The longest label counts: `Exterior Color`, not `Color`.
            starts.filter(|start| Field::named(&before[*start..]).is_some()).last()
        })
        .collect();
    if labels.len() < 2 {
        labels.clear();
    }
    labels.insert(0, 0);
    labels.push(text.len());
    labels.dedup();
    let cuts: Vec<(usize, usize)> = labels.windows(2).map(|cut| (cut[0], cut[1])).collect();
    let is_between =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/' | '-' | '\u{2013}' | '\u{2022}' | '\u{b7}');
    cuts.into_iter().map(move |(start, end)| {
        let piece = &text[start..end];
        if end < text.len() { piece.trim_end_matches(is_between) } else { piece }
    })
}
