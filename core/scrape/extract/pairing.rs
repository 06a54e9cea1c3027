//! Which caption belongs to which amount.
//!
//! The smallest element that holds one caption and one amount binds them, in whatever order. Rows that take turns (caption,
//! amount, caption, amount) are bound in that order, tables by their columns. What elements leave open is read by neighbours: each
//! caption with the amount behind it, or each with the one in front. Where both are possible both are handed on, and the price
//! holds only where it is the same in both. A pair that is bound parts what stands in front of it from what stands behind. What is
//! deliberately not here: what the price is then (`price_choice`).

use std::ops::Range;

use super::{
    amounts::{Amount, Column, Item, Kind, Wording, column_of},
    chunks::Chunk,
    dom::Dom,
    fields::PriceRank,
    price_choice::is_plausible,
    price_words::Stated,
};

/// Captions with their amounts, by their places among the items.
pub(super) type Pairs = Vec<(usize, usize)>;

/// More that no element has bound are left alone: each element around looks at all of them.
const LOOSE_MAX: usize = 64;
/// An element with more texts is not about one amount.
const SMALL_CHUNKS: usize = 8;
/// Cells of a row are counted so far.
const CELLS_MAX: usize = 64;
/// How far around a text is looked for what stands beside it.
const FRAME_LEVELS: usize = 5;

/// Binds what elements bind, and gives the readings of the rest: one where they agree, else two.
pub(super) fn bind(
    dom: &Dom<'_>,
    card: usize,
    chunks: &[Chunk<'_>],
    columns: &[Column],
    items: &mut [Item],
) -> Vec<Pairs> {
    let mut binder = Binder::new(dom, chunks, columns, items);
    let Some(last) = binder.items.last().map(|item| item.at) else { return Vec::new() };
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    for at in card..=last {
        while let Some((element, start)) = open.pop_if(|(element, _)| dom.node(*element).end <= at) {
            binder.close(element, start);
        }
        if dom.element(at).is_some() {
            open.push((at, binder.loose.len()));
        }
        // Pieces of one text stand at one place.
        let start = binder.loose.len();
        while binder.items.get(next).is_some_and(|item| item.at == at) {
            binder.loose.push(next);
            next += 1;
        }
        if binder.loose.len() > start + 1 {
            binder.close(at, start);
        }
    }
    while let Some((element, start)) = open.pop() {
        binder.close(element, start);
    }
    binder.readings()
}

struct Binder<'b, 'd> {
    dom: &'b Dom<'d>,
    chunks: &'b [Chunk<'b>],
    columns: &'b [Column],
    items: &'b mut [Item],
    /// How many texts that separate stand before each text of the card.
    separators: Vec<usize>,
    /// Captions and amounts that nothing has bound, in order.
    loose: Vec<usize>,
}

impl<'b, 'd> Binder<'b, 'd> {
    fn new(dom: &'b Dom<'d>, chunks: &'b [Chunk<'b>], columns: &'b [Column], items: &'b mut [Item]) -> Self {
        let mut is_item = vec![false; chunks.len()];
        items.iter().for_each(|item| is_item[item.chunks.clone()].fill(true));
        let mut count = 0;
        let separators = chunks.iter().zip(is_item).map(|(chunk, is_item)| {
            let before = count;
            // `Est.`, `i` and `*` do not.
            let words = || chunk.text.split(|sign: char| !sign.is_alphabetic()).any(|word| word.len() > 3);
            count += usize::from(!is_item && words());
            before
        });
        let separators = separators.collect();
        Self { dom, chunks, columns, items, separators, loose: Vec::new() }
    }

    /// Binds what an element holds, from the item `start` of the loose ones on.
    fn close(&mut self, element: usize, start: usize) {
        let held = self.loose.len() - start;
        if held == 0 || held > LOOSE_MAX {
            return;
        }
        let name = self.dom.element(element).map_or("", |element| element.name());
        if held > 1 {
            match name {
                "table" | "tbody" => self.bind_columns(start),
                "tr" | "thead" if !self.stand_in_two_cells(start) => {}
                _ => self.bind_side_by_side(start),
            }
            self.absorb(start);
            if matches!(name, "dl" | "div") {
                self.bind_terms(element, start);
            }
            let pairs = self.pairs_within(element, start);
            self.bind_all(&pairs, start);
        }
        if matches!(name, "td" | "th") && !self.columns.is_empty() {
            self.take_columns(start);
        }
    }

    /// Whether all captions of a row stand in one cell, and all amounts in another.
    fn stand_in_two_cells(&self, start: usize) -> bool {
        let column = |item: &usize| self.cell(*item).map(|(_, column)| column);
        let is_caption = |item: &&usize| self.items[**item].caption().is_some();
        let (captions, amounts): (Vec<&usize>, Vec<&usize>) = self.loose[start..].iter().partition(is_caption);
        let in_one = |items: &[&usize]| {
            let first = items.first().and_then(|first| column(first));
            first.filter(|_| items.iter().all(|item| column(item) == first))
        };
        let (of_captions, of_amounts) = (in_one(&captions), in_one(&amounts));
        of_captions.is_some() && of_amounts.is_some() && of_captions != of_amounts
    }

    /// What the cell itself does not say of its amounts, the head of its column does.
    fn take_columns(&mut self, start: usize) {
        for at in &self.loose[start..] {
            let item = &mut self.items[*at];
            if let (Kind::Amount(amount), Some(stated)) = (&mut item.kind, column_of(self.columns, item.at)) {
                amount.caption = amount.caption.or(Some(stated));
            }
        }
        let cut = self.loose.split_off(start);
        self.loose.extend(
            cut.into_iter().filter(|item| self.items[*item].caption().is_some() || is_open(&self.items[*item])),
        );
    }

    fn bind_all(&mut self, pairs: &Pairs, start: usize) {
        if pairs.is_empty() {
            return;
        }
        for (caption, amount) in pairs {
            give(self.items, *caption, *amount);
        }
        let cut = self.loose.split_off(start);
        self.loose.extend(
            cut.into_iter().filter(|item| !pairs.iter().any(|(caption, amount)| item == caption || item == amount)),
        );
    }

    /// As many captions as amounts, all of one side: each a column of its own.
    fn bind_side_by_side(&mut self, start: usize) {
        let held = &self.loose[start..];
        let is_caption = |item: &usize| self.items[*item].caption().is_some();
        let (captions, amounts): (Vec<usize>, Vec<usize>) = held.iter().copied().partition(is_caption);
        let is_side_by_side = captions.len() > 1
            && captions.len() == amounts.len()
            && (captions.last() < amounts.first() || amounts.last() < captions.first());
        let pairs: Pairs = captions.into_iter().zip(amounts).collect();
        // What an amount says itself its caption says, too.
        let agrees = |(caption, amount): &(usize, usize)| {
            let own = self.items[*amount].amount().and_then(|amount| amount.own);
            own.is_none() || own == self.items[*caption].caption()
        };
        let read = || self.read(&pairs);
        if is_side_by_side && pairs.iter().all(agrees) && is_plausible(&read()) && asks_least(&read()) {
            self.bind_all(&pairs, start);
        }
    }

    /// Captions that repeat what the amount beside them says itself, such as `Est. Payment` beside `$289/mo`, and those of
    /// amounts that are struck through.
    fn absorb(&mut self, start: usize) {
        // Whose captions take turns with them is known best without those that only repeat an amount.
        for is_struck in [false, true] {
            self.absorb_of(start, is_struck);
        }
    }

    fn absorb_of(&mut self, start: usize, is_struck: bool) {
        let mut at = start;
        let begins = self.takes_turns(start..self.loose.len());
        while at < self.loose.len() {
            let is_absorbed = |other: Option<&usize>| {
                let other = other.filter(|other| self.are_near(self.loose[at], **other));
                let caption = other.and_then(|other| self.items[*other].caption());
                let amount = self.items[self.loose[at]].amount();
                caption.zip(amount).is_some_and(|(caption, amount)| {
                    let is_former =
                        matches!(caption, Stated::Value | Stated::Price(PriceRank::Retail | PriceRank::Suggested));
                    // `Hold it for $1,000` says all of it, and a caption beside it is another amount's.
                    // So does a sentence of many words: `We will give you $9,500 for your trade`.
                    let says_the_rest = (amount.wording == Wording::Short || caption.rank().is_some())
                        && (amount.is_short || caption == Stated::Rate);
                    let says_so = amount.own == Some(caption) && says_the_rest;
                    if is_struck { amount.is_struck && is_former } else { says_so && !amount.is_struck }
                })
            };
            let (before, behind) = (at.checked_sub(1).filter(|before| *before >= start), at + 1);
            // Where each amount has the caption behind it, one in front of what is struck through is another's, and the other way round.
            let is_taken = || {
                let turns = || self.takes_turns(start..at) == Some(false);
                is_struck
                    && (begins == Some(false)
                        || turns()
                        || self.is_of_a_larger(at, at.checked_sub(2).filter(|other| *other >= start)))
            };
            let is_given = || {
                let turns = || self.takes_turns(behind..self.loose.len()) == Some(true);
                begins == Some(true) || (is_struck && (turns() || self.is_of_a_larger(at, at.checked_add(2))))
            };
            if before.is_some_and(|before| is_absorbed(self.loose.get(before))) && !is_taken() {
                self.loose.drain(at - 1..=at);
                if let Some(front) = at.checked_sub(2).filter(|front| is_struck && *front >= start) {
                    self.doubt_class(self.loose[front]);
                }
            } else if is_absorbed(self.loose.get(behind)) && !is_given() {
                self.loose.drain(at..=behind);
            }
            at += 1;
        }
    }

    /// Takes the word of a class from an amount in front of the caption of one that is struck through, where others are open: it may be its
    /// caption as well.
    fn doubt_class(&mut self, item: usize) {
        let is_other = |(at, other): (usize, &Item)| at != item && is_open(other);
        if self.items.iter().enumerate().any(is_other)
            && let Kind::Amount(amount) = &mut self.items[item].kind
            && amount.is_open()
        {
            amount.class = None;
        }
    }

    /// Whether the amount on the other side of the caption beside one that is struck through is larger: nobody asks more than before.
    fn is_of_a_larger(&self, struck: usize, other: Option<usize>) -> bool {
        let amount = |place: usize| self.loose.get(place).and_then(|item| self.items[*item].amount());
        let other = other.and_then(amount).filter(|amount| amount.is_open()).and_then(|amount| amount.size);
        other.zip(amount(struck).and_then(|amount| amount.size)).is_some_and(|(other, struck)| other > struck)
    }

    /// Whether captions and the amounts that nothing is said of take turns, each having its own, and a caption is the first of them.
    fn takes_turns(&self, places: Range<usize>) -> Option<bool> {
        let is_caption = |item: &usize| self.items[*item].caption().is_some();
        let counts = |item: &&usize| is_caption(item) || is_open(&self.items[**item]);
        let turns: Vec<bool> = self.loose[places].iter().filter(counts).map(is_caption).collect();
        let is_in_turns =
            turns.len() > 2 && turns.len().is_multiple_of(2) && turns.windows(2).all(|two| two[0] != two[1]);
        turns.first().copied().filter(|_| is_in_turns)
    }

    /// The amounts of a `dd` belong to the `dt` in front, or each to the one behind where the list begins with a `dd`.
    fn bind_terms(&mut self, element: usize, start: usize) {
        let names = self.dom.children(element).take(CELLS_MAX).filter_map(|child| self.dom.element(child));
        let first = names.map(|child| child.name()).find(|name| matches!(*name, "dt" | "dd"));
        let is_below = first == Some("dd");
        let (front, behind) = if is_below { ("dd", "dt") } else { ("dt", "dd") };
        let is_in = |item: usize, name: &str| {
            let around = std::iter::successors(self.dom.parent(self.items[item].at), |at| self.dom.parent(*at))
                .take(FRAME_LEVELS);
            around.into_iter().any(|at| self.dom.element(at).is_some_and(|element| element.name() == name))
        };
        let pairs: Pairs = self.loose[start..]
            .windows(2)
            .filter(|pair| self.items[pair[0]].caption().is_some() != is_below)
            .filter(|pair| self.items[pair[1]].caption().is_some() == is_below)
            .filter(|pair| is_in(pair[0], front) && is_in(pair[1], behind))
            .map(|pair| if is_below { (pair[1], pair[0]) } else { (pair[0], pair[1]) })
            .collect();
        self.bind_all(&pairs, start);
    }

    /// Amounts under the captions of their columns, or above them.
    fn bind_columns(&mut self, start: usize) {
        let cells: Vec<_> = self.loose[start..].iter().map(|item| (*item, self.cell(*item))).collect();
        if self.captions_are_below(&cells) {
            self.bind_above(&cells, start);
            return;
        }
        let head = |at: usize, column: usize| {
            let mut above = cells[..at].iter().rev();
            above.find(|(item, cell)| self.items[*item].caption().is_some() && cell.is_some_and(|(_, of)| of == column))
        };
        let mut found = Vec::new();
        for (at, (item, cell)) in cells.iter().enumerate() {
            let Some((row, column)) = cell.filter(|_| self.items[*item].amount().is_some()) else {
                continue;
            };
            if let Some((caption, Some((above, _)))) = head(at, column)
                && *above < row
            {
                found.push((*caption, *item));
            }
        }
        self.bind_all(&found, start);
    }

    /// Whether the columns with captions and amounts each begin with an amount and end with a caption.
    fn captions_are_below(&self, cells: &[(usize, Option<(usize, usize)>)]) -> bool {
        let is_caption = |item: usize| self.items[item].caption().is_some();
        // Of each column, whether its first item is a caption, and its last; a payment behind that says so itself needs none.
        let mut columns: Vec<(usize, bool, bool)> = Vec::new();
        for (item, cell) in cells {
            let Some((_, column)) = cell else { continue };
            match columns.iter_mut().find(|(known, ..)| known == column) {
                Some((.., last)) if is_caption(*item) || is_open(&self.items[*item]) => *last = is_caption(*item),
                Some(_) => {}
                None => columns.push((*column, is_caption(*item), is_caption(*item))),
            }
        }
        columns.retain(|(_, first, last)| first != last);
        !columns.is_empty() && columns.iter().all(|(_, first, _)| !first)
    }

    /// Each caption with the amount right above it in its column.
    fn bind_above(&mut self, cells: &[(usize, Option<(usize, usize)>)], start: usize) {
        let mut pairs = Pairs::new();
        for (at, (item, cell)) in cells.iter().enumerate() {
            let Some((row, column)) = cell.filter(|_| self.items[*item].caption().is_some()) else { continue };
            let mut above = cells[..at].iter().rev();
            let above = above.find(|(_, cell)| cell.is_some_and(|(above, of)| of == column && above < row));
            if let Some((amount, _)) = above.filter(|(above, _)| self.items[*above].amount().is_some()) {
                pairs.push((*item, *amount));
            }
        }
        if is_plausible(&self.read(&pairs)) {
            self.bind_all(&pairs, start);
        }
    }

    /// The row and the column of the cell around an item.
    fn cell(&self, item: usize) -> Option<(usize, usize)> {
        let is_cell = |at: usize| self.dom.element(at).is_some_and(|element| matches!(element.name(), "td" | "th"));
        let mut around =
            std::iter::successors(self.dom.parent(self.items[item].at), |at| self.dom.parent(*at)).take(FRAME_LEVELS);
        let cell = around.find(|at| is_cell(*at))?;
        let row = self.dom.parent(cell)?;
        let column = self.dom.children(row).take(CELLS_MAX).position(|other| other == cell)?;
        Some((row, column))
    }

    /// What is plainly a pair among what an element holds.
    fn pairs_within(&self, element: usize, start: usize) -> Pairs {
        let counts = |item: &usize| self.items[*item].caption().is_some() || is_open(&self.items[*item]);
        let held: Vec<usize> = self.loose[start..].iter().copied().filter(counts).collect();
        let is_caption = |item: &usize| self.items[*item].caption().is_some();
        let (captions, amounts): (Vec<usize>, Vec<usize>) = held.iter().copied().partition(is_caption);
        let is_small = || self.texts_of(element) <= SMALL_CHUNKS * amounts.len().max(1);
        let near = |one: usize, other: usize| is_small() || self.are_near(one, other);
        let pairs: Pairs = match (&captions[..], &amounts[..]) {
            ([], _) | (_, []) => return Pairs::new(),
            ([caption], [amount])
                if amount < caption && self.labels_what_follows(*caption) && !self.is_pair(element) =>
            {
                return Pairs::new();
            }
            ([caption], [amount]) => vec![(*caption, *amount)],
            (captions, [amount]) => {
                let nearest = match (captions.iter().rfind(|at| *at < amount), captions.iter().find(|at| *at > amount))
                {
                    (Some(nearest), None) | (None, Some(nearest)) => *nearest,
                    (Some(one), Some(other)) if self.items[*one].caption() == self.items[*other].caption() => *one,
                    _ => return Pairs::new(),
                };
                vec![(nearest, *amount)]
            }
            (captions, amounts) if captions.len() == amounts.len() => {
                let turns = held.windows(2).all(|pair| is_caption(&pair[0]) != is_caption(&pair[1]));
                if !turns {
                    return Pairs::new();
                }
                captions.iter().copied().zip(amounts.iter().copied()).collect()
            }
            _ => return Pairs::new(),
        };
        let is_sure = pairs.iter().all(|(caption, amount)| near(*caption, *amount))
            && (pairs.len() == 1 || is_plausible(&self.read(&pairs)));
        if is_sure { pairs } else { Pairs::new() }
    }

    /// Whether a caption ends in a colon: it labels what stands behind it.
    fn labels_what_follows(&self, caption: usize) -> bool {
        self.chunks[self.items[caption].chunks.start].text.ends_with(':')
    }

    /// Whether an element holds two texts and nothing else.
    fn is_pair(&self, element: usize) -> bool {
        self.texts_of(element) == 2
    }

    /// How many texts an element holds.
    fn texts_of(&self, element: usize) -> usize {
        self.dom.within_of(element, self.chunks, |chunk| chunk.at).len()
    }

    /// Whether no other text stands between two items.
    fn are_near(&self, one: usize, other: usize) -> bool {
        let (first, second) = (one.min(other), one.max(other));
        let before = |item: usize| self.separators[self.items[item].chunks.start];
        before(first) == before(second)
    }

    /// Whether an amount that has its caption, or whose own text says all of it, stands between two items.
    fn are_parted(&self, one: usize, other: usize) -> bool {
        let is_said =
            |amount: &Amount| amount.caption.is_some() || (amount.own.is_some() && amount.wording == Wording::Whole);
        self.items[one + 1..other].iter().filter_map(Item::amount).any(is_said)
    }

    /// The smallest element around an item that holds more texts.
    fn frame(&self, item: usize) -> Option<usize> {
        let Item { at, chunks, .. } = &self.items[item];
        let row = self.dom.row_around(*at, (FRAME_LEVELS, chunks.len()), self.chunks, |chunk| chunk.at);
        row.map(|(element, _)| element)
    }

    /// The parts of a run that stand in elements of their own, where one has a caption for each amount and the others are amounts alone.
    fn by_frames<'r>(&self, run: &'r [usize]) -> Vec<&'r [usize]> {
        let is_caption = |item: &usize| self.items[*item].caption().is_some();
        if run.iter().all(|item| !is_caption(item)) {
            return vec![run];
        }
        let frames: Vec<Option<usize>> = run.iter().map(|item| self.frame(*item)).collect();
        let mut groups = Vec::new();
        let mut start = 0;
        for end in 1..=run.len() {
            if frames.get(end) != frames.get(start) {
                groups.push(&run[start..end]);
                start = end;
            }
        }
        let is_whole = |group: &[usize]| {
            group.len().is_multiple_of(2) && group.windows(2).all(|two| is_caption(&two[0]) != is_caption(&two[1]))
        };
        let is_apart = |group: &&[usize]| is_whole(group) || !group.iter().any(is_caption);
        if groups.iter().all(is_apart) { groups } else { vec![run] }
    }

    /// The parts of a run in which captions and amounts take turns, where each caption of a part has an amount there and some parts
    /// have them in front, some behind: two blocks of a template that nothing parts.
    fn by_directions<'r>(&self, run: &'r [usize]) -> Vec<&'r [usize]> {
        let is_caption = |item: &usize| self.items[*item].caption().is_some();
        let parts: Vec<&[usize]> = run.chunk_by(|one, other| is_caption(one) != is_caption(other)).collect();
        // An amount by itself has no caption in either direction.
        let is_lone_amount = |part: &[usize]| part.len() == 1 && !part.iter().any(is_caption);
        let is_whole = |part: &&[usize]| part.len().is_multiple_of(2) || is_lone_amount(part);
        let has_part = |is_forward: bool| {
            let mut whole = parts.iter().filter(|part| part.len() > 1);
            whole.any(|part| part.first().is_some_and(is_caption) == is_forward)
        };
        if !parts.iter().all(is_whole) || !has_part(true) || !has_part(false) {
            return vec![run];
        }
        let pairs: Pairs = parts
            .iter()
            .flat_map(|part| part.chunks_exact(2))
            .map(|pair| if is_caption(&pair[0]) { (pair[0], pair[1]) } else { (pair[1], pair[0]) })
            .collect();
        if self.may_be(run, &pairs) { parts } else { vec![run] }
    }

    /// The items of pairs as they are once these are bound.
    fn read(&self, pairs: &Pairs) -> Vec<Item> {
        pairs
            .iter()
            .map(|(caption, amount)| {
                let mut pair = [self.items[*caption].clone(), self.items[*amount].clone()];
                give(&mut pair, 0, 1);
                let [_, amount] = pair;
                amount
            })
            .collect()
    }

    /// The readings of what is left: each caption with the amount behind it, or with the one in front.
    fn readings(&self) -> Vec<Pairs> {
        if self.loose.len() > LOOSE_MAX {
            return vec![Pairs::new()];
        }
        let (mut forward, mut backward) = (Pairs::new(), Pairs::new());
        let counts = |item: &usize| self.items[*item].caption().is_some() || is_open(&self.items[*item]);
        let loose: Vec<usize> = self.loose.iter().copied().filter(counts).collect();
        let runs = loose.chunk_by(|one, other| self.are_near(*one, *other) && !self.are_parted(*one, *other));
        for run in runs.flat_map(|run| self.by_frames(run)).flat_map(|run| self.by_directions(run)) {
            let (behind, in_front) = (self.neighbours(run, true), self.neighbours(run, false));
            let only = match behind.len().cmp(&in_front.len()) {
                std::cmp::Ordering::Greater => Some(true),
                std::cmp::Ordering::Less => Some(false),
                // A sequence has one direction.
                std::cmp::Ordering::Equal if self.begins_otherwise_than_it_ends(run) => {
                    run.first().map(|first| self.items[*first].caption().is_some())
                }
                // What was asked before is no less than what is.
                std::cmp::Ordering::Equal if self.lowers(run, &behind) != self.lowers(run, &in_front) => {
                    Some(self.lowers(run, &behind))
                }
                // No saving is more than the price.
                std::cmp::Ordering::Equal if self.may_be(run, &behind) != self.may_be(run, &in_front) => {
                    Some(self.may_be(run, &behind))
                }
                // Pairs in elements of their own beside it have a side of their own.
                std::cmp::Ordering::Equal => None,
            };
            forward.extend(if only == Some(false) { in_front.clone() } else { behind.clone() });
            backward.extend(if only == Some(true) { behind } else { in_front });
        }
        if forward == backward { vec![forward] } else { vec![forward, backward] }
    }

    /// Whether the amounts of a run can be what a reading of it makes of them.
    fn may_be(&self, run: &[usize], pairs: &Pairs) -> bool {
        let is_left = |item: &&usize| is_open(&self.items[**item]) && !pairs.iter().any(|(_, amount)| amount == *item);
        let mut read = self.read(pairs);
        read.extend(run.iter().filter(is_left).map(|item| self.items[*item].clone()));
        is_plausible(&read)
    }

    /// Whether a reading of a run leaves no amount that is more than what a caption calls a former price or the maker's.
    fn lowers(&self, run: &[usize], pairs: &Pairs) -> bool {
        let size = |item: usize| self.items[item].amount().and_then(|amount| amount.size);
        let is_former = |caption: usize| {
            self.items[caption].caption().and_then(Stated::rank).is_some_and(|rank| rank > PriceRank::Plain)
        };
        let former = pairs.iter().filter(|(caption, _)| is_former(*caption)).filter_map(|(_, amount)| size(*amount));
        let is_left = |item: &&usize| is_open(&self.items[**item]) && !pairs.iter().any(|(_, amount)| amount == *item);
        let left = run.iter().filter(is_left).filter_map(|item| size(*item)).max();
        former.min().is_none_or(|former| left.is_none_or(|left| left <= former))
    }

    /// Whether one end of a run is a caption and the other an amount.
    fn begins_otherwise_than_it_ends(&self, run: &[usize]) -> bool {
        let is_caption = |end: Option<&usize>| end.map(|item| self.items[*item].caption().is_some());
        is_caption(run.first()) != is_caption(run.last())
    }

    /// Each caption of a run with the amount behind it, or in front; one that has none there takes the other if it is free.
    fn neighbours(&self, run: &[usize], is_forward: bool) -> Pairs {
        let mut taken = vec![false; run.len()];
        let mut pairs = Pairs::new();
        let is_caption = |item: &&usize| self.items[**item].caption().is_some();
        let is_only = run.iter().filter(is_caption).count() == 1;
        for first in [true, false] {
            for (place, caption) in run.iter().enumerate().filter(|(_, item)| is_caption(item)) {
                if is_forward != first && is_only && self.labels_what_follows(*caption) {
                    continue;
                }
                let other = if is_forward == first { place.checked_add(1) } else { place.checked_sub(1) };
                let other = other.filter(|other| run.get(*other).is_some_and(|item| is_open(&self.items[*item])));
                // What is left over is no payment because it is left over: `$38,450`, `72 months`, `6.9% APR`, `$389`.
                let may_be =
                    |other: &usize| is_forward == first || is_plausible(&self.read(&vec![(*caption, run[*other])]));
                let other = other.filter(may_be);
                if let Some(other) = other.filter(|other| !taken[*other] && !taken[place]) {
                    taken[other] = true;
                    taken[place] = true;
                    pairs.push((*caption, run[other]));
                }
            }
        }
        pairs.sort_unstable();
        pairs
    }
}

fn is_open(item: &Item) -> bool {
    item.amount().is_some_and(Amount::is_open)
}

/// Whether no former price and none of the maker is less than what is asked.
fn asks_least(items: &[Item]) -> bool {
    let of = |is_former: bool| {
        let amounts = items.iter().filter_map(Item::amount);
        amounts
            .filter(move |amount| {
                amount.stated().and_then(Stated::rank).is_some_and(|rank| (rank > PriceRank::Plain) == is_former)
            })
            .filter_map(|amount| amount.price)
    };
    of(false).min().is_none_or(|asked| of(true).all(|former| former >= asked))
}

/// Gives an amount what its caption says.
pub(super) fn give(items: &mut [Item], caption: usize, amount: usize) {
    let stated = items[caption].caption();
    if let Kind::Amount(amount) = &mut items[amount].kind {
        amount.caption = amount.caption.or(stated);
    }
}
