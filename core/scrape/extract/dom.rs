//! The elements and texts of a page in document order, flat: what is within an element stands right behind it.
//!
//! What is deliberately not here: the rules by which they nest, which are `tree`'s.

use std::{borrow::Cow, collections::HashMap, ops::Range, ptr};

use ego_tree::iter::Edge;
use html5ever::{LocalName, tendril::StrTendril};
use scraper::{Html, node::Element as ScraperElement};

use super::{
    class_looks::{ClassLook, ClassLooks},
    clean, entities,
    limits::PageLimits,
    markup::Tag,
    tree::{self, Tree},
};
use crate::Result;

/// A start tag as read: its name in lower case, and its attributes in the order of the page, decoded.
#[derive(Clone)]
pub(crate) struct Element<'a> {
    name: LocalName,
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Element<'a> {
    /// One that is put around others.
    pub(super) fn frame() -> Self {
        Self { name: LocalName::from("div"), attributes: Vec::new() }
    }

    fn new<'t>(name: LocalName, tags: impl Iterator<Item = &'t Tag<'a>>) -> Self
    where
        'a: 't,
    {
        let lower = |name: &'a str| {
            if name.bytes().all(|byte| !byte.is_ascii_uppercase() && !matches!(byte, b'\0' | b'\r')) {
                Cow::Borrowed(name)
            } else {
                Cow::Owned(printable(name).to_ascii_lowercase())
            }
        };
        let decoded = |value: &'a str| {
            if memchr::memchr3(b'&', b'\0', b'\r', value.as_bytes()).is_none() {
                return Cow::Borrowed(value);
            }
            match printable(value) {
                Cow::Borrowed(value) => entities::decode(value),
                Cow::Owned(value) => Cow::Owned(entities::decode(&value).into_owned()),
            }
        };
        let attributes = tags.flat_map(Tag::attributes).map(|(name, value)| (lower(name), decoded(value)));
        Self { name, attributes: attributes.collect() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Names in lower case and values; of two alike the first counts.
    pub(crate) fn attrs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether it has a class, spelled so.
    pub(crate) fn has_class(&self, wanted: &str) -> bool {
        // Most elements have shorter ones.
        attribute(self, "class").is_some_and(|classes| {
            classes.len() >= wanted.len() && classes.split_ascii_whitespace().any(|class| class == wanted)
        })
    }

    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        attribute(self, "class").unwrap_or_default().split_ascii_whitespace()
    }
}

/// Without null characters, and with line ends of one character.
fn printable(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\0', b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\0', "\u{fffd}").replace("\r\n", "\n").replace('\r', "\n"))
}

/// The value of an element's attribute. Elements have few: looking through them is cheaper than any index.
pub(crate) fn attribute<'e>(element: &'e Element<'_>, wanted: &str) -> Option<&'e str> {
    element.attrs().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// What stands at one place of the page.
#[derive(Clone)]
pub(crate) enum Kind<'a> {
    Element(Element<'a>),
    Text(StrTendril),
}

/// An element or a text, with its place in the tree.
pub(crate) struct Node<'a> {
    pub(crate) kind: Kind<'a>,
    /// The element around it; the outermost one is its own parent.
    pub(crate) parent: usize,
    /// One past the last node within it.
    pub(crate) end: usize,
}

/// The page in document order; what is within an element stands right behind it.
///
/// Left out are comments and what no visitor reads as text: scripts, styles, templates, drawings, choices of a form.
pub(crate) struct Dom<'a> {
    nodes: Vec<Node<'a>>,
    looks: ClassLooks,
}

/// How much of an element's text is read: no name and no value is longer.
const TEXT_BYTES_MAX: usize = 4 * 1024;
const TEXT_NODES_MAX: usize = 1_024;

pub(super) const UNREAD: [&str; 8] = ["script", "style", "noscript", "template", "svg", "iframe", "select", "textarea"];

impl<'a> Dom<'a> {
    /// # Errors
    /// `page_too_deep` and `page_too_tangled`, before they cost much.
    pub(super) fn read(html: &'a str, limits: &PageLimits) -> Result<Self> {
        Self::flattened(tree::build(html, limits)?, limits)
    }

    fn flattened(tree: Tree<'a>, limits: &PageLimits) -> Result<Self> {
        let Tree { nodes: mut grown, again } = tree;
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(grown.len());
        let mut attributes = 0;
        // The elements that are open, each with its place here and what follows it there.
        let mut open: Vec<(usize, Option<tree::At>)> = Vec::new();
        let mut next = grown[0].first;
        loop {
            let Some(at) = next else {
                let Some((closed, after)) = open.pop() else { break };
                nodes[closed].end = nodes.len();
                next = after;
                continue;
            };
            let grown = &mut grown[at];
            next = grown.after;
            let parent = open.last().map_or(0, |(parent, _)| *parent);
            let end = nodes.len() + 1;
            match &mut grown.kind {
                tree::Kind::Element { name, tag } if !UNREAD.contains(&&**name) => {
                    let tags = tag.iter().chain(again.get(&at).into_iter().flatten());
                    let element = Element::new(name.clone(), tags);
                    attributes += element.attributes.len();
                    open.push((nodes.len(), next));
                    nodes.push(Node { kind: Kind::Element(element), parent, end });
                    next = grown.first;
                }
                tree::Kind::Text(text) => {
                    nodes.push(Node { kind: Kind::Text(std::mem::take(text)), parent, end });
                }
                tree::Kind::Element { .. } | tree::Kind::Comment | tree::Kind::Root => {}
            }
            if attributes > limits.nodes_max {
                return Err(tree::too_tangled());
            }
        }
        Ok(Self::of(nodes))
    }

    /// Where the elements stand that `scraper` found in its own tree of the same page: both nest it by the same rules, so that
    /// what is read of it comes in the same order in both.
    pub(crate) fn places(&self, tree: &Html) -> HashMap<*const ScraperElement, usize> {
        let mut unread = 0_usize;
        let read = tree.tree.root().traverse().filter_map(|edge| match edge {
            Edge::Open(node) => {
                let element = node.value().as_element()?;
                let is_read = unread == 0 && !UNREAD.contains(&element.name());
                unread += usize::from(!is_read);
                is_read.then_some(element)
            }
            Edge::Close(node) => {
                unread = unread.saturating_sub(usize::from(node.value().is_element()));
                None
            }
        });
        let places = read.map(ptr::from_ref).zip(self.elements(0..self.len()).map(|(at, _)| at));
        places.collect()
    }

    pub(super) fn of(nodes: Vec<Node<'a>>) -> Self {
        Self { nodes, looks: ClassLooks::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What the classes of an element say.
    pub(super) fn look(&self, element: &Element<'_>) -> ClassLook {
        attribute(element, "class").map_or_else(ClassLook::default, |classes| self.look_of(classes))
    }

    pub(super) fn look_of(&self, classes: &str) -> ClassLook {
        self.looks.of(classes)
    }

    pub(crate) fn node(&self, at: usize) -> &Node<'a> {
        &self.nodes[at]
    }

    pub(crate) fn element(&self, at: usize) -> Option<&Element<'a>> {
        match &self.nodes.get(at)?.kind {
            Kind::Element(element) => Some(element),
            Kind::Text(_) => None,
        }
    }

    /// The elements of a range in document order, each with its place.
    pub(crate) fn elements(&self, range: Range<usize>) -> impl Iterator<Item = (usize, &Element<'a>)> {
        range.filter_map(|at| self.element(at).map(|element| (at, element)))
    }

    /// The element and everything within it.
    pub(crate) fn within(&self, at: usize) -> Range<usize> {
        at..self.nodes[at].end
    }

    /// The elements directly below one.
    pub(crate) fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes[at].end;
        let mut next = at + 1;
        std::iter::from_fn(move || {
            while next < end {
                let child = next;
                next = self.nodes[child].end;
                if self.element(child).is_some() {
                    return Some(child);
                }
            }
            None
        })
    }

    /// The elements right before and behind one, below the same parent.
    pub(crate) fn neighbours(&self, at: usize) -> Vec<usize> {
        let Some(parent) = self.parent(at) else { return Vec::new() };
        // The node in front is the parent, or the last one within the sibling before.
        let mut before = at - 1;
        while before != parent {
            while self.nodes[before].parent != parent {
                before = self.nodes[before].parent;
            }
            if self.element(before).is_some() {
                break;
            }
            before -= 1;
        }
        let end = self.nodes[parent].end;
        let mut behind = self.nodes[at].end;
        while behind < end && self.element(behind).is_none() {
            behind += 1;
        }
        let before = Some(before).filter(|before| *before != parent);
        before.into_iter().chain((behind < end).then_some(behind)).collect()
    }

    /// The same without what stands in some ranges, each of whole elements and texts below one parent.
    pub(crate) fn without(&self, mut left_out: Vec<Range<usize>>) -> Self {
        left_out.sort_unstable_by_key(|range| range.start);
        let mut left_out = left_out.into_iter().peekable();
        let mut until = 0;
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(self.len());
        // Where each node stands, or the one behind it where it is left out.
        let mut places = Vec::with_capacity(self.len() + 1);
        for (at, node) in self.nodes.iter().enumerate() {
            while let Some(range) = left_out.next_if(|range| range.start <= at) {
                until = until.max(range.end);
            }
            places.push(nodes.len());
            if at >= until {
                nodes.push(Node { kind: node.kind.clone(), parent: places[node.parent], end: node.end });
            }
        }
        places.push(nodes.len());
        nodes.iter_mut().for_each(|node| node.end = places[node.end]);
        Self::of(nodes)
    }

    /// The same with an element of its own around each of some ranges, each of whole elements and texts below one parent. No two of
    /// them overlap.
    pub(crate) fn with_frames(&self, mut frames: Vec<Range<usize>>) -> Self {
        frames.sort_unstable_by_key(|range| range.start);
        let mut frames = frames.into_iter().peekable();
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(self.len() + frames.len());
        // Where each node stands, and where what ends in front of it ends.
        let (mut places, mut ends) = (Vec::with_capacity(self.len()), Vec::with_capacity(self.len() + 1));
        // The place of the frame that is open, whose it is, and where it ends.
        let mut open: Option<(usize, usize, usize)> = None;
        for (at, node) in self.nodes.iter().enumerate() {
            open = open.filter(|(.., end)| at < *end);
            ends.push(nodes.len());
            if let Some(frame) = frames.next_if(|frame| frame.start == at) {
                open = Some((nodes.len(), node.parent, frame.end));
                let parent = places.get(node.parent).copied().unwrap_or_default();
                nodes.push(Node { kind: Kind::Element(Element::frame()), parent, end: frame.end });
            }
            places.push(nodes.len());
            let framed = open.filter(|(_, parent, _)| node.parent == *parent && node.parent != at);
            let parent = framed.map_or_else(|| places[node.parent], |(frame, ..)| frame);
            nodes.push(Node { kind: node.kind.clone(), parent, end: node.end });
        }
        ends.push(nodes.len());
        nodes.iter_mut().for_each(|node| node.end = ends[node.end]);
        Self::of(nodes)
    }

    /// Which of some things, each at a place of its own and in the order of the page, stand within an element.
    pub(super) fn within_of<T>(&self, element: usize, things: &[T], place: impl Fn(&T) -> usize) -> Range<usize> {
        let range = self.within(element);
        let start = things.partition_point(|thing| place(thing) < range.start);
        start..start + things[start..].partition_point(|thing| place(thing) < range.end)
    }

    /// The smallest element around a place that holds more than a number of things, and which ones. It lies at most `levels` above the place.
    pub(super) fn row_around<T>(
        &self,
        at: usize,
        (levels, more_than): (usize, usize),
        things: &[T],
        place: impl Fn(&T) -> usize,
    ) -> Option<(usize, Range<usize>)> {
        let around = std::iter::successors(self.parent(at), |at| self.parent(*at)).take(levels);
        around
            .map(|element| (element, self.within_of(element, things, &place)))
            .find(|(_, within)| within.len() > more_than)
    }

    /// The element around one, `None` for the outermost.
    pub(crate) fn parent(&self, at: usize) -> Option<usize> {
        let parent = self.nodes[at].parent;
        (parent != at).then_some(parent)
    }

    /// The text within, pieces joined by a space and spaces collapsed. What is longer than any name or value is cut off: elements
    /// that hold each other may all be asked.
    pub(crate) fn text(&self, at: usize) -> String {
        let mut joined = String::new();
        for node in self.nodes[self.within(at)].iter().take(TEXT_NODES_MAX) {
            if let Kind::Text(text) = &node.kind {
                let end = (0..=text.len().min(TEXT_BYTES_MAX)).rev().find(|end| text.is_char_boundary(*end));
                joined.push_str(&text[..end.unwrap_or_default()]);
                joined.push(' ');
                if joined.len() > TEXT_BYTES_MAX {
                    break;
                }
            }
        }
        clean::collapse(&joined)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use scraper::Node as HtmlNode;

    use super::*;

    /// The nodes with their depth, one a line.
    fn outline(html: &str) -> String {
        let dom = Dom::read(html, &PageLimits::DEFAULT).unwrap();
        let mut outline = String::new();
        for at in 0..dom.len() {
            let depth = std::iter::successors(dom.parent(at), |at| dom.parent(*at)).count();
            let line = match &dom.node(at).kind {
                Kind::Text(text) => format!("{:?}", &**text),
                Kind::Element(element) => described(element.name(), element.attrs()),
            };
            writeln!(outline, "{depth} {line}").unwrap();
        }
        outline
    }

    fn described<'e>(name: &str, attributes: impl Iterator<Item = (&'e str, &'e str)>) -> String {
        let mut sorted = std::collections::BTreeMap::new();
        for (name, value) in attributes {
            sorted.entry(name).or_insert(value);
        }
        format!("{name} {sorted:?}")
    }

    /// The same of the tree that html5ever makes when it reads the page all by itself.
    fn outline_of_html5ever(html: &str) -> String {
        fn walk(node: ego_tree::NodeRef<'_, HtmlNode>, depth: usize, outline: &mut String) {
            for child in node.children() {
                match child.value() {
                    HtmlNode::Text(text) => writeln!(outline, "{depth} {:?}", &**text).unwrap(),
                    HtmlNode::Element(element) if !UNREAD.contains(&element.name()) => {
                        writeln!(outline, "{depth} {}", described(element.name(), element.attrs())).unwrap();
                        walk(child, depth + 1, outline);
                    }
                    _ => {}
                }
            }
        }
        let mut outline = String::new();
        walk(Html::parse_document(html).tree.root(), 0, &mut outline);
        outline
    }

    #[test]
    fn frames_stand_around_what_they_hold() {
        let dom =
            Dom::read("<body><h3>a</h3>b<p>c</p><h3>d</h3><p>e</p><i>f</i></body>", &PageLimits::DEFAULT).unwrap();
        let at = |name: &str| {
            dom.elements(0..dom.len())
                .filter(|(_, element)| element.name() == name)
                .map(|(at, _)| at)
                .collect::<Vec<_>>()
        };
        let (heads, last) = (at("h3"), at("i")[0]);
        let framed = dom.with_frames(vec![heads[0]..heads[1], heads[1]..last]);
        let same = Dom::read(
            "<body><div><h3>a</h3>b<p>c</p></div><div><h3>d</h3><p>e</p></div><i>f</i></body>",
            &PageLimits::DEFAULT,
        )
        .unwrap();
        let shape = |dom: &Dom<'_>| {
            (0..dom.len()).map(|at| (dom.node(at).parent, dom.node(at).end, dom.text(at))).collect::<Vec<_>>()
        };
        assert_eq!(shape(&framed), shape(&same));
    }

    /// Markup as people and programs break it.
    fn markup() -> impl Strategy<Value = String> {
        const PIECES: &str = "<div>|</div>|<p>|</p>|<b>|</b>|<b class=x>|<i>|</i>|<a href='/v?a=1&amp;b=2&copy=3'>|</a>|<table>|</table>|<tr>|\
            <td>|</td>|<li>|<ul>|</ul>|<span class=\"a &quot; b\" CLASS=c data-X>|</span>|<br/>|</br>|<img src=a.jpg/>|<h2>|</h3>|\
            <form>|</form>|<button>|<select>|<option>|</select>|<script>|</script>|<script>a<!--<script>b</script>--></script>|\
            <style>p{}</style>|<title>a &lt; <b></title>|<textarea>|</textarea>|<svg>|</svg>|<path d=''/>|<math>|<mi>|</math>|\
            <![CDATA[ x ]]>|<!-- a -->|<!-->|<!--->|<!--a--!>|<!-- >|-->|<!doctype html>|<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 3.2//EN\">|\
            <html lang=en>|<body class=b>|<body id=c>|<head>|</head>|</body>|</html>|<template>|</template>|<noscript><p></noscript>|\
            <iframe>|</iframe>|<input type=hidden>|<input>|<font color=red>|</font>|<pre>\n|<center>|<dd>|<dt>|<frameset>|<plaintext>|\
            text|  |\n|\r\n|&nbsp;|&ampx|&notit;|&#x41;|&#0;|&#xd800;|&hellip|&acE;|&;|&|<|>|</|</>|</ >|<?x?>|<!x>|<a =x>y\">|<a b=c=\">\">|\
            <x\u{0}y z\u{0}=\u{0}>|\u{0}|é|<é>|<DIV Title=É>|<colgroup>|<col>|<caption>|<nobr>|<object>|</object>|<rt>|<ruby>|<hr>|<xmp>|</xmp>|<foreignObject>|<a";
        let pieces: Vec<&str> = PIECES.split('|').collect();
        proptest::collection::vec(proptest::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn what_stands_for_nothing_hides_nothing_behind_it() {
        for html in ["<math></><![CDATA[ x ]]>", "<svg></></><![CDATA[x]]></>y", "</><![CDATA[x]]>", "<pre></>\nx"] {
            assert_eq!(outline(html), outline_of_html5ever(html), "{html}");
        }
    }

    proptest! {
        #[test]
        fn a_page_nests_as_html5ever_alone_would_nest_it(html in markup()) {
            prop_assert_eq!(outline(&html), outline_of_html5ever(&html));
        }
    }

    /// What the readers without a tree read data from, and the same as html5ever finds it.
    fn scripts(html: &str) -> Vec<String> {
        let printable = |body: &str| printable(body).trim_ascii().to_owned();
        let tokens: Vec<_> = super::super::markup::Tokens::new(html).collect();
        super::super::markup::scripts(&tokens).iter().map(|script| printable(script.body)).collect()
    }

    fn scripts_of_html5ever(html: &str) -> Vec<String> {
        let page = Html::parse_document(html);
        let is_script = |node: &ego_tree::NodeRef<'_, HtmlNode>| {
            node.value().as_element().is_some_and(|element| element.name() == "script")
        };
        let body = |node: ego_tree::NodeRef<'_, HtmlNode>| {
            let texts = node.children().filter_map(|child| child.value().as_text().map(|text| text.to_string()));
            texts.collect::<String>().trim_ascii().to_owned()
        };
        page.tree.nodes().filter(is_script).map(body).filter(|body| !body.is_empty()).collect()
    }

    #[test]
    fn the_projects_pages_and_real_ones_nest_as_html5ever_alone_would_nest_them() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("tests/pages"), root.join("../shared/pages")];
        let mut compared = 0;
        while let Some(folder) = folders.pop() {
            // The folder of real pages is not everywhere.
            for path in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "html") {
                    let html = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                    assert!(outline(&html) == outline_of_html5ever(&html), "{}", path.display());
                    assert!(scripts(&html) == scripts_of_html5ever(&html), "{}", path.display());
                    compared += 1;
                }
            }
        }
        assert!(compared >= 34, "{compared}");
    }

    #[test]
    fn a_range_holds_what_is_within_and_unread_elements_are_left_out() {
        let html = "<ul><li id=a>one <script>two</script><b>three</b></li><li id=b>four</li></ul>";
        let dom = Dom::read(html, &PageLimits::DEFAULT).unwrap();
        let (list, _) = dom.elements(0..dom.len()).find(|(_, element)| element.name() == "ul").unwrap();
        let texts: Vec<_> = dom.children(list).map(|item| dom.text(item)).collect();
        assert_eq!(texts, ["one three", "four"]);
        assert_eq!(dom.parent(dom.children(list).next().unwrap()), Some(list));
    }
}
