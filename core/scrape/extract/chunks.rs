//! The texts of a card in reading order, each with its place and what is seen of it.
//!
//! Left out are texts without a letter or digit, and what a style hides. What is struck through stays, marked as such: it is
//! no price, but a caption may belong to it. A label that stands in an attribute (`aria-label`, `data-label`, the `alt` of an icon) is
//! a text in front of what its element holds. What is deliberately not here: what the texts mean.

use std::{borrow::Cow, ops::Range};

use super::{
    card::mentions,
    card_heading::HEADING_NODES_MAX,
    clean,
    dom::{Dom, Element, Kind, attribute},
    fields::{Field, PriceRank},
    numbers,
    price_classes::{self, OfClass},
    price_words::{
        self,
        thing::{PRICE, RETAIL},
    },
    text_pieces::apart,
};
use crate::Money;

pub(super) use super::text_pieces::pieces;

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
    /// Whether it is for those who hear the page.
    pub(super) is_only_heard: bool,
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
    is_only_heard: bool,
}

impl Seen {
    fn chunk(self, text: Cow<'_, str>) -> Chunk<'_> {
        let Self { at, is_struck, is_priced, is_button, is_only_heard } = self;
        Chunk { text, at, is_struck, is_priced, is_button, is_only_heard, is_asked: false }
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

    /// Drops amounts for those who hear the page that nobody sees, where others are seen.
    fn drop_unseen_amounts(&mut self) {
        let of = |chunk: &Chunk<'_>| {
            Some(()).filter(|()| chunk.text.contains('$')).and_then(|()| numbers::size(&chunk.text))
        };
        let mut seen: Vec<Money> = self.chunks.iter().filter(|chunk| !chunk.is_only_heard).filter_map(of).collect();
        seen.sort_unstable();
        if !seen.is_empty() {
            self.chunks
                .retain(|chunk| !chunk.is_only_heard || of(chunk).is_none_or(|size| seen.binary_search(&size).is_ok()));
        }
    }

    /// Drops the amounts beside a slider: they are as far as it goes, and where it stands.
    fn drop_ends_of_a_slider(&mut self, dom: &Dom<'_>, around: usize) {
        let beside = dom.within_of(around, &self.chunks, |chunk| chunk.at);
        if beside.len() <= TEXTS_OF_A_SLIDER {
            let mut at = 0;
            self.chunks.retain(|chunk| {
                at += 1;
                !beside.contains(&(at - 1)) || !chunk.text.contains('$')
            });
        }
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
        // A raised sign behind the last group is a note: `<i>9</i><i>5</i><sup>1</sup>`.
        let is_whole = last.text.rsplit_once(',').is_some_and(|(_, group)| group.len() == 3);
        let is_note = || is_whole && is_in_sup(dom, at) && !is_in_sup(dom, last.at);
        let goes_on = frame.is_some() && *frame == around(at) && last.text.len() < SPELLED_BYTES && !is_note();
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
    let (mut is_attribute, mut inputs, mut spelled) = (false, Inputs::default(), None);
    let mut until = Until::default();
    for at in dom.within(card) {
        match &dom.node(at).kind {
            Kind::Element(element) => {
                let end = dom.node(at).end;
                let look = Look::of(dom, element);
                until.note(&look, end);
                let seen = Seen { is_button: false, is_only_heard: false, ..until.seen(at) };
                texts.take_field(element, seen, at >= until.hidden);
                inputs.note(dom, card, at, element);
                let is_shown = at != card && at >= until.hidden.max(until.button);
                match look.said.filter(|_| is_shown) {
                    Some(label) if is_label(label) => {
                        until.hidden = until.hidden.max(if abbreviates(dom, at) { end } else { 0 });
                        texts.chunks.push(seen.chunk(clean::collapsed(label)));
                        is_attribute = true;
                    }
                    Some(badge) if end == at + 1 => texts.badges.push(clean::collapsed(badge)),
                    _ => {}
                }
                // A class on the whole card (`has-price`) says nothing about one text.
                if at != card
                    && end - at < HEADING_NODES_MAX
                    && let Some(said) = look.of_amounts_within(seen.is_priced)
                {
                    until.priced = until.priced.max(if said.is_price { end } else { 0 });
                    texts.classes.push((at..end, said));
                }
            }
            Kind::Text(text) if at >= until.hidden => {
                let text = clean::collapsed(text);
                if texts.goes_on_with_a_number(dom, at, &text, &mut spelled) {
                    continue;
                }
                if is_footnote(dom, at, &text, at < until.button) || texts.go_on_with_a_caption(dom, at, &text) {
                    continue;
                }
                if std::mem::take(&mut is_attribute) {
                    texts.drop_label_like(&text);
                }
                texts.push(text, until.seen(at));
            }
            Kind::Text(_) => {}
        }
    }
    inputs.forms.into_iter().for_each(|form| texts.note_form(dom, form));
    inputs.around_sliders.into_iter().for_each(|around| texts.drop_ends_of_a_slider(dom, around));
    if until.heard > 0 {
        texts.drop_unseen_amounts();
    }
    texts
}

/// Where what is hidden, struck through, called a price, a button or for those who hear the page ends.
#[derive(Default)]
struct Until {
    hidden: usize,
    struck: usize,
    priced: usize,
    button: usize,
    heard: usize,
}

impl Until {
    fn note(&mut self, look: &Look<'_>, end: usize) {
        let ends = [
            (&mut self.hidden, look.is_hidden),
            (&mut self.struck, look.is_struck),
            (&mut self.button, look.is_button),
            (&mut self.heard, look.is_only_heard),
        ];
        for (known, _) in ends.into_iter().filter(|(_, holds)| *holds) {
            *known = end.max(*known);
        }
    }

    fn seen(&self, at: usize) -> Seen {
        let (is_struck, is_priced) = (at < self.struck, at < self.priced);
        Seen { at, is_struck, is_priced, is_button: at < self.button, is_only_heard: at < self.heard }
    }
}

/// Where a card asks a visitor for something.
#[derive(Default)]
struct Inputs {
    forms: Vec<usize>,
    around_sliders: Vec<usize>,
}

impl Inputs {
    fn note(&mut self, dom: &Dom<'_>, card: usize, at: usize, element: &Element<'_>) {
        match element.name() {
            "form" if at != card => self.forms.push(at),
            "input" if is_slider(element) && self.around_sliders.len() < SLIDERS_MAX => {
                self.around_sliders.extend(dom.parent(at).filter(|around| *around != card));
            }
            _ => {}
        }
    }
}

/// Whether a text only points at a note, or asks for one: `<sup>1</sup>`, `<button>i</button>`.
fn is_footnote(dom: &Dom<'_>, at: usize, text: &str, is_button: bool) -> bool {
    let is_raised = || is_in_sup(dom, at);
    match text.as_bytes() {
        [sign] => sign.is_ascii_alphanumeric() && (is_button || is_raised()),
        [one, b',', two] => one.is_ascii_digit() && two.is_ascii_digit() && is_raised(),
        _ => false,
    }
}

fn is_in_sup(dom: &Dom<'_>, text: usize) -> bool {
    dom.parent(text).and_then(|around| dom.element(around)).is_some_and(|around| around.name() == "sup")
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
    is_only_heard: bool,
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
        let mut is_only_heard = false;
        for (name, value) in element.attrs() {
            match name {
                "class" => {
                    let classes = dom.look_of(value);
                    is_hidden |= classes.is_hidden;
                    is_struck |= classes.is_struck;
                    is_button |= classes.is_button;
                    is_only_heard |= classes.is_only_heard;
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
        Self { is_hidden, is_struck, is_button, is_only_heard, said, of_amounts, things }
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
/// A card has no more.
const SLIDERS_MAX: usize = 8;
/// More texts around a slider are those of more than it.
const TEXTS_OF_A_SLIDER: usize = 6;
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

fn is_slider(element: &Element<'_>) -> bool {
    attribute(element, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("range"))
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
