//! What the classes of an element say of how it is shown and of what it holds.
//!
//! The cards of a template repeat their classes, so that those of a page are read once and then looked up. What is deliberately not
//! here: what a class says of an amount (`price_classes`).

use std::{cell::RefCell, collections::HashMap};

use foldhash::fast::RandomState;

use super::{phrases::Phrases, price_classes};

/// What the text of a class attribute says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClassLook {
    /// Whether they hide the element, in the words of the usual frameworks.
    pub(super) is_hidden: bool,
    /// Whether they leave it to those who hear the page.
    pub(super) is_only_heard: bool,
    /// Whether they strike it through, or call it a former price.
    pub(super) is_struck: bool,
    pub(super) is_button: bool,
    /// Whether they call it a title, a heading or a name.
    pub(super) is_heading: bool,
    /// What they mention of amounts, as `price_classes` has it.
    pub(super) things: u32,
}

impl ClassLook {
    fn read(classes: &str) -> Self {
        const STRIKING: Phrases<2> = Phrases::new(["strike", "line-through"]);
        const HEADINGS: Phrases<3> = Phrases::new(["title", "heading", "name"]);
        const FORMER: [&str; 4] = ["was", "old-price", "was-price", "oldprice"];
        let mut look = Self {
            is_struck: STRIKING.are_in(classes),
            is_heading: HEADINGS.are_in(classes),
            things: price_classes::mentioned(classes),
            ..Self::default()
        };
        for class in classes.split_ascii_whitespace() {
            look.is_hidden |= matches!(class, "hidden" | "d-none" | "is-hidden" | "invisible");
            look.is_only_heard |= matches!(
                class,
                "sr-only" | "visually-hidden" | "visuallyhidden" | "screen-reader-text" | "screen-reader-only"
            );
            look.is_button |= matches!(class, "btn" | "button" | "cta");
            look.is_struck |= FORMER.iter().any(|known| class.eq_ignore_ascii_case(known));
        }
        look
    }
}

/// The looks of the classes that were asked for so far.
#[derive(Default)]
pub(super) struct ClassLooks(RefCell<HashMap<String, ClassLook, RandomState>>);

impl ClassLooks {
    pub(super) fn of(&self, classes: &str) -> ClassLook {
        if let Some(known) = self.0.borrow().get(classes) {
            return *known;
        }
        let look = ClassLook::read(classes);
        self.0.borrow_mut().insert(classes.to_owned(), look);
        look
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_say_how_their_element_is_shown() {
        let looks = ClassLooks::default();
        for (classes, shown) in [
            ("card", [false; 4]),
            ("", [false; 4]),
            ("d-none", [true, false, false, false]),
            ("Hidden", [false; 4]),
            ("hidden-xs", [false; 4]),
            ("price was", [false, true, false, false]),
            ("WAS-PRICE", [false, true, false, false]),
            ("price-strikethrough", [false, true, false, false]),
            ("washed", [false; 4]),
            ("btn btn-primary", [false, false, true, false]),
            ("button-group", [false; 4]),
            ("vehicleTitle", [false, false, false, true]),
        ] {
            // The second time it is looked up.
            for _ in 0..2 {
                let look = looks.of(classes);
                assert_eq!([look.is_hidden, look.is_struck, look.is_button, look.is_heading], shown, "{classes}");
            }
        }
        assert_eq!(looks.of("sale-price").things, price_classes::mentioned("sale-price"));
    }
}
