//! Three kinds of lists without a card around each car: a table with one car in each column, text with one car on each line, and
//! cards whose elements are never closed.
//!
//! Each function gives the page again with an element around each car, so that its cards are found like any others. They are asked
//! only where hardly any card was found. What is deliberately not here: lists without elements around their cars (`flat_lists`).

use std::ops::Range;

use html5ever::tendril::StrTendril;

use super::{
    card,
    card_heading::{HEADING_NODES_MAX, names_a_vehicle},
    cards::alike,
    dom::{Dom, Element, Kind, Node},
};

/// Fewer elements that each hold the next one to its end are frames of a layout.
const FEWEST_NESTED: usize = 3;

/// The page with elements beside each other that were never closed, so that each lies in the one before; `None` where there are none.
pub(super) fn closed<'a>(dom: &Dom<'a>) -> Option<Dom<'a>> {
    // How many elements like it are around each, one in the other to the end.
    let mut depths = vec![0_usize; dom.len()];
    for at in 1..dom.len() {
        let parent = dom.node(at).parent;
        let is_last = parent != at && dom.node(at).end == dom.node(parent).end;
        if is_last && alike(dom, parent, at) {
            depths[at] = depths[parent] + 1;
        }
    }
    if depths.iter().all(|depth| depth + 1 < FEWEST_NESTED) {
        return None;
    }
    let mut nodes: Vec<Node<'a>> = Vec::with_capacity(dom.len());
    for (at, depth) in depths.into_iter().enumerate() {
        let node = dom.node(at);
        let mut parent = node.parent;
        if depth > 0 {
            // It stands where the one around it stands, which ends in front of it.
            nodes[parent].end = at;
            parent = nodes[parent].parent;
        }
        nodes.push(Node { kind: node.kind.clone(), parent, end: node.end });
    }
    Some(Dom::of(nodes))
}

/// More blanks stand between the columns of a list that is written as text.
const COLUMN_GAP: &str = "  ";

/// The page with an element around each line of a `pre` whose lines are cars, and around each column of it; `None` where there is none.
pub(super) fn lined<'a>(dom: &Dom<'a>) -> Option<Dom<'a>> {
    let is_list = |at: usize| {
        let lines = dom.within(at).filter_map(|at| match &dom.node(at).kind {
            Kind::Text(text) => {
                Some(text.lines().filter(|line| names_a_vehicle(columns_of(line).next().unwrap_or_default())))
            }
            Kind::Element(_) => None,
        });
        lines.flatten().take(2).count() > 1
    };
    let lists: Vec<usize> = dom
        .elements(0..dom.len())
        .filter(|(at, element)| element.name() == "pre" && is_list(*at))
        .map(|(at, _)| at)
        .collect();
    if lists.is_empty() {
        return None;
    }
    let mut lists = lists.into_iter().peekable();
    Some(rewritten(dom, |at| lists.next_if_eq(&at).is_some(), |at, made, parent| write_lines(dom, at, made, parent)))
}

fn columns_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(['\t', '|']).flat_map(|part| part.split(COLUMN_GAP)).map(str::trim).filter(|part| !part.is_empty())
}

fn write_lines<'a>(dom: &Dom<'a>, list: usize, made: &mut Made<'a>, parent: usize) {
    let mut line = made.frame(parent);
    let mut at = list + 1;
    while at < dom.node(list).end {
        match &dom.node(at).kind {
            Kind::Element(_) => made.copy(dom, at, line),
            Kind::Text(text) => {
                for (number, part) in text.split('\n').enumerate() {
                    if number > 0 {
                        made.close(line);
                        line = made.frame(parent);
                    }
                    for column in columns_of(part) {
                        let frame = made.frame(line);
                        let end = made.nodes.len() + 1;
                        made.push(Kind::Text(StrTendril::from(column)), frame, Some(end), 0);
                        made.close(frame);
                    }
                }
            }
        }
        at = dom.node(at).end;
    }
    made.close(line);
}

/// The page with what some elements hold written anew.
fn rewritten<'a>(
    dom: &Dom<'a>,
    mut is_anew: impl FnMut(usize) -> bool,
    mut write: impl FnMut(usize, &mut Made<'a>, usize),
) -> Dom<'a> {
    let mut made = Made { nodes: Vec::with_capacity(dom.len()), ends: Vec::with_capacity(dom.len()) };
    let mut places: Vec<usize> = Vec::with_capacity(dom.len() + 1);
    let mut at = 0;
    while at < dom.len() {
        let node = dom.node(at);
        places.push(made.nodes.len());
        made.push(node.kind.clone(), places[node.parent], None, node.end);
        if is_anew(at) {
            write(at, &mut made, places[at]);
            places.resize(node.end, made.nodes.len());
            at = node.end;
        } else {
            at += 1;
        }
    }
    places.push(made.nodes.len());
    let Made { mut nodes, ends } = made;
    for (node, end) in nodes.iter_mut().zip(ends) {
        node.end = end.unwrap_or(places[node.end]);
    }
    Dom::of(nodes)
}

/// More rows and cells of a table are not looked at.
const ROWS_MAX: usize = 512;
const CELLS_MAX: usize = 64;
/// More within a cell is no label, which each car gets for itself.
const LABEL_NODES_MAX: usize = 8;

/// The cars of a table: rows whose cells each say something of the car in their column.
struct Table {
    at: usize,
    /// The cells of the rows of each car, and the labels of these rows in front of them.
    blocks: Vec<Vec<Vec<usize>>>,
    has_labels: bool,
}

/// The page with the cells of each column around each other where each column is of a car; `None` where no table is such.
pub(super) fn turned<'a>(dom: &Dom<'a>) -> Option<Dom<'a>> {
    let mut tables: Vec<Table> = Vec::new();
    for (at, element) in dom.elements(0..dom.len()) {
        let is_within = tables.last().is_some_and(|known| dom.within(known.at).contains(&at));
        if element.name() == "table" && !is_within {
            tables.extend(Table::of(dom, at));
        }
    }
    if tables.is_empty() {
        return None;
    }
    let of = |at: usize| tables.binary_search_by_key(&at, |table| table.at).ok().map(|place| &tables[place]);
    let write = |at: usize, made: &mut Made<'a>, parent: usize| {
        of(at).into_iter().for_each(|table| table.write(dom, made, parent));
    };
    Some(rewritten(dom, |at| of(at).is_some(), write))
}

/// The nodes of a page that is put together anew.
struct Made<'a> {
    nodes: Vec<Node<'a>>,
    /// Where those end of which it is known; the others end where they did.
    ends: Vec<Option<usize>>,
}

impl<'a> Made<'a> {
    fn push(&mut self, kind: Kind<'a>, parent: usize, end: Option<usize>, old_end: usize) -> usize {
        self.nodes.push(Node { kind, parent, end: old_end });
        self.ends.push(end);
        self.nodes.len() - 1
    }

    fn frame(&mut self, parent: usize) -> usize {
        self.push(Kind::Element(Element::frame()), parent, Some(0), 0)
    }

    fn close(&mut self, frame: usize) {
        self.ends[frame] = Some(self.nodes.len());
    }

    /// Takes over an element with all that is within it.
    fn copy(&mut self, dom: &Dom<'a>, root: usize, parent: usize) {
        let base = self.nodes.len();
        for at in dom.within(root) {
            let node = dom.node(at);
            let parent = if at == root { parent } else { base + (node.parent - root) };
            self.push(node.kind.clone(), parent, Some(base + (node.end - root)), node.end);
        }
    }
}

impl Table {
    fn of(dom: &Dom<'_>, at: usize) -> Option<Self> {
        let is = |at: usize, names: &[&str]| dom.element(at).is_some_and(|element| names.contains(&element.name()));
        let frames = dom.children(at).take(ROWS_MAX);
        let rows = frames.flat_map(|child| {
            let within: Vec<usize> =
                if is(child, &["tr"]) { vec![child] } else { dom.children(child).take(ROWS_MAX).collect() };
            within
        });
        let rows = rows.filter(|row| is(*row, &["tr"])).take(ROWS_MAX);
        let rows: Vec<Vec<usize>> = rows
            .map(|row| dom.children(row).filter(|cell| is(*cell, &["td", "th"])).take(CELLS_MAX).collect())
            .collect();
        let width = rows.first()?.len();
        let names = |cell: usize| dom.node(cell).end - cell < HEADING_NODES_MAX && names_a_vehicle(&dom.text(cell));
        if width < 2 || rows.len() < 2 || rows.iter().any(|row| row.len() > width) {
            return None;
        }
        let has_labels = !names(*rows.iter().find(|row| row.get(1).is_some_and(|cell| names(*cell)))?.first()?);
        let from = usize::from(has_labels);
        let named = |row: &Vec<usize>| {
            row.len() > from && row[from..].iter().filter(|cell| names(**cell)).count() * 2 > row.len() - from
        };
        let heads: Vec<usize> = (0..rows.len()).filter(|row| named(&rows[*row])).collect();
        let first = *heads.first()?;
        // As many rows stand in front of each head.
        let starts: Vec<usize> = heads.iter().map(|head| head - first.min(*head)).collect();
        let ends = starts.iter().copied().skip(1).chain([rows.len()]);
        let blocks: Vec<Range<usize>> = starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect();
        let is_whole = blocks.iter().all(|block| block.len() > 1);
        let are_labels = || {
            rows.iter().filter_map(|row| row.first()).all(|cell| {
                let text = dom.text(*cell);
                dom.node(*cell).end - cell <= LABEL_NODES_MAX
                    && !text.contains('$')
                    && card::labelled(&text).is_none_or(|(_, rest)| rest.is_empty())
            })
        };
        let has_cars = rows[first].len() > from + 1;
        (is_whole && has_cars && (!has_labels || are_labels())).then(|| Self {
            at,
            blocks: blocks.into_iter().map(|block| rows[block].to_vec()).collect(),
            has_labels,
        })
    }

    fn write<'a>(&self, dom: &Dom<'a>, made: &mut Made<'a>, parent: usize) {
        for rows in &self.blocks {
            let width = rows.iter().map(Vec::len).max().unwrap_or_default();
            for column in usize::from(self.has_labels)..width {
                let car = made.frame(parent);
                for row in rows {
                    let Some(cell) = row.get(column) else { continue };
                    let frame = made.frame(car);
                    if let Some(label) = row.first().filter(|_| self.has_labels) {
                        made.copy(dom, *label, frame);
                    }
                    made.copy(dom, *cell, frame);
                    made.close(frame);
                }
                made.close(car);
            }
        }
    }
}
