//! Cards of a vendor whose classes are known.
//!
//! What the classes do not say is read as on any card. What is deliberately not here: finding cards on unknown pages.

use super::{
    card::{self, labelled},
    dom::Dom,
    fields::{Draft, Field},
    filler::first_price,
    listing::ScrapedListing,
    numbers,
    page::Page,
};
use crate::{Money, Result};

/// The classes of a vendor's cards.
pub(crate) struct Template {
    /// The class of every card; of several, any.
    pub(crate) cards: &'static [&'static str],
    /// Fields and the class of the element whose text holds them, the most trusted first.
    pub(crate) fields: &'static [(Field, &'static str)],
    /// Where an element of a field holds label and value, the class of the value within it.
    pub(crate) value: Option<&'static str>,
    /// Classes of the asking price, the most trusted first. On a card that has one, no other amount is a price; a card without any
    /// is read as any card.
    pub(crate) prices: &'static [&'static str],
}

/// A card and what it says.
pub(crate) struct TemplateCard {
    /// Its place in the page's tree.
    pub(crate) at: usize,
    pub(crate) listing: ScrapedListing,
}

impl Template {
    /// The cards of a page. `amend` offers first what stands elsewhere than in a text: attributes, links.
    ///
    /// # Errors
    /// As [`Page::dom`].
    pub(crate) fn read(
        &self,
        page: &Page<'_>,
        amend: impl Fn(&Dom<'_>, usize, &mut Draft),
    ) -> Result<Vec<TemplateCard>> {
        let dom = page.dom()?;
        let mut found = Vec::new();
        let mut after = 0;
        for (at, element) in dom.elements(0..dom.len()) {
            if at < after || !element.classes().any(|class| self.cards.contains(&class)) {
                continue;
            }
            after = dom.node(at).end;
            let mut draft = Draft::default();
            amend(dom, at, &mut draft);
            for (field, class) in self.fields {
                if let Some(text) = self.text(dom, at, class) {
                    draft.offer(*field, value_of(*field, &text));
                }
            }
            card::read(page, dom, at, &mut draft);
            let mut listing = draft.listing;
            if self.prices.iter().any(|class| of_class(dom, at, class).is_some()) {
                listing.price = self.price(dom, at);
                listing.is_sold = listing.is_sold.or(self.says_sold(dom, at).then_some(true));
            }
            if listing.has_identity() {
                found.push(TemplateCard { at, listing });
            }
        }
        Ok(found)
    }

    fn text(&self, dom: &Dom<'_>, card: usize, class: &str) -> Option<String> {
        let field = of_class(dom, card, class)?;
        self.value.and_then(|value| text_of_class(dom, field, value)).or_else(|| Some(dom.text(field)))
    }

    /// Whether the word stands in the place of the price.
    fn says_sold(&self, dom: &Dom<'_>, card: usize) -> bool {
        let mut texts = self.prices.iter().filter_map(|class| text_of_class(dom, card, class));
        texts.any(|text| text.trim_matches(|sign: char| !sign.is_alphabetic()).eq_ignore_ascii_case("sold"))
    }

    fn price(&self, dom: &Dom<'_>, card: usize) -> Option<Money> {
        let texts = self.prices.iter().filter_map(|class| text_of_class(dom, card, class));
        first_price(texts.filter_map(|text| numbers::price(&text)))
    }
}

/// The text of the first element of a class within a card.
pub(crate) fn text_of_class(dom: &Dom<'_>, card: usize, wanted: &str) -> Option<String> {
    of_class(dom, card, wanted).map(|at| dom.text(at)).filter(|text| !text.is_empty())
}

fn of_class(dom: &Dom<'_>, card: usize, wanted: &str) -> Option<usize> {
    let mut elements = dom.elements(dom.within(card));
    elements.find(|(_, element)| element.classes().any(|class| class == wanted)).map(|(at, _)| at)
}

/// The text without its own label: `VIN: 1FT...` in a place for VINs.
fn value_of(field: Field, text: &str) -> &str {
    match labelled(text) {
        Some((label, value)) if label == field => value,
        _ => text,
    }
}
