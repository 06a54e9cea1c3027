//! A page and the views of it that techniques share, each made once and only when asked for.

use std::cell::OnceCell;

use html5ever::{
    driver,
    tendril::{StrTendril, TendrilSink as _},
};
use scraper::{Html, HtmlTreeSink, Node as HtmlNode, node::Element};
use url::Url;

use super::{
    clean,
    limits::PageLimits,
    markup::{self, Script, Token, Tokens},
};
use crate::{Error, ErrorKind, Result};

/// A decoded page.
pub(crate) struct Page<'a> {
    pub(crate) html: &'a str,
    pub(crate) url: Url,
    tokens: OnceCell<Vec<Token<'a>>>,
    scripts: OnceCell<Vec<Script<'a>>>,
    tree: &'a OnceCell<Html>,
    dom: OnceCell<Dom<'a>>,
}

/// How many bytes of a page make a token, at a guess on the safe side.
const BYTES_PER_TOKEN: usize = 24;

impl<'a> Page<'a> {
    /// The caller keeps the cell of the tree, so that views may borrow from it.
    ///
    /// # Errors
    /// `page_empty` and `page_too_large`.
    pub(crate) fn new(html: &'a str, url: Url, tree: &'a OnceCell<Html>) -> Result<Self> {
        if html.trim_ascii().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "page_empty", "the page is empty"));
        }
        check_size(html.len())?;
        Ok(Self { html, url, tokens: OnceCell::new(), scripts: OnceCell::new(), tree, dom: OnceCell::new() })
    }

    /// The page's markup in order, without a tree.
    pub(crate) fn tokens(&self) -> &[Token<'a>] {
        self.tokens.get_or_init(|| {
            // Most pages have a token every twenty to forty bytes.
            let mut tokens = Vec::with_capacity(self.html.len() / BYTES_PER_TOKEN);
            tokens.extend(Tokens::new(self.html));
            tokens
        })
    }

    pub(crate) fn scripts(&self) -> &[Script<'a>] {
        self.scripts.get_or_init(|| markup::scripts(self.html))
    }

    /// The absolute form of a link of this page, `None` for what leads to no page (`#`, `javascript:`, `mailto:`).
    pub(crate) fn absolute(&self, link: &str) -> Option<String> {
        absolute(&self.url, link)
    }

    /// The elements and texts of the page as a browser would nest them.
    ///
    /// # Errors
    /// `page_too_deep` and `page_too_tangled`, before they cost much.
    pub(crate) fn dom(&self) -> Result<&Dom<'a>> {
        if let Some(dom) = self.dom.get() {
            return Ok(dom);
        }
        let tree = self.tree()?;
        Ok(self.dom.get_or_init(|| Dom::new(tree)))
    }

    /// The page as its parser nests it, for those who look for elements by selectors.
    ///
    /// # Errors
    /// As [`Page::dom`].
    pub(crate) fn tree(&self) -> Result<&'a Html> {
        if self.tree.get().is_none() {
            let tree = parse(self.html, &PageLimits::DEFAULT)?;
            // Nobody else has set it: a page is read by one thread.
            let _already_set = self.tree.set(tree);
        }
        self.tree.get().ok_or_else(|| Error::internal("tree_missing", "the page has no tree"))
    }
}

/// The absolute form of a link that stands on the page `base`.
pub(crate) fn absolute(base: &Url, link: &str) -> Option<String> {
    let link = clean::collapse(&clean::decode(link));
    if link.is_empty() || link.starts_with('#') || link.contains("{{") {
        return None;
    }
    let url = base.join(&link).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Refuses a page of so many bytes where that is too large.
///
/// # Errors
/// `page_too_large`.
pub(crate) fn check_size(bytes: usize) -> Result<()> {
    let bytes_max = PageLimits::DEFAULT.bytes_max;
    if bytes > bytes_max {
        let message = format!("the page has {bytes} bytes, at most {bytes_max} are read");
        return Err(Error::new(ErrorKind::InvalidInput, "page_too_large", message));
    }
    Ok(())
}

/// Parses in pieces and looks at the tree in between: the parser's own work per tag grows with the nesting, and formatting
/// elements left open are repeated in every paragraph, so a hostile page is stopped before it is read to its end.
fn parse(html: &str, limits: &PageLimits) -> Result<Html> {
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), driver::ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let mut cut = limits.chunk_bytes.min(rest.len());
        while !rest.is_char_boundary(cut) {
            cut += 1;
        }
        let (piece, after) = rest.split_at(cut);
        parser.process(StrTendril::from_slice(piece));
        rest = after;
        let sink = parser.tokenizer.sink.sink.0.borrow();
        if sink.tree.values().len() > limits.nodes_max {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "page_too_tangled",
                "the page has more elements than any page for people",
            ));
        }
        let newest = sink.tree.nodes().next_back();
        let depth = newest.map_or(0, |node| node.ancestors().take(limits.depth_max + 1).count());
        if depth > limits.depth_max {
            let message = format!("the page nests elements more than {} deep", limits.depth_max);
            return Err(Error::new(ErrorKind::InvalidInput, "page_too_deep", message));
        }
    }
    Ok(parser.finish())
}

/// The value of an element's attribute. Elements have few: looking through them is cheaper than interning the name.
pub(crate) fn attribute<'a>(element: &'a Element, wanted: &str) -> Option<&'a str> {
    element.attrs().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// What stands at one place of the page.
pub(crate) enum Kind<'a> {
    Element(&'a Element),
    Text(&'a str),
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
}

const UNREAD: [&str; 8] = ["script", "style", "noscript", "template", "svg", "iframe", "select", "textarea"];

impl<'a> Dom<'a> {
    fn new(tree: &'a Html) -> Self {
        let mut nodes: Vec<Node<'a>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut unread = 0_usize;
        for edge in tree.tree.root().traverse() {
            match edge {
                ego_tree::iter::Edge::Open(node) => {
                    let parent = open.last().copied().unwrap_or(0);
                    match node.value() {
                        HtmlNode::Element(element) if unread > 0 || UNREAD.contains(&element.name()) => unread += 1,
                        HtmlNode::Element(element) => {
                            open.push(nodes.len());
                            nodes.push(Node { kind: Kind::Element(element), parent, end: nodes.len() + 1 });
                        }
                        HtmlNode::Text(text) if unread == 0 => {
                            nodes.push(Node { kind: Kind::Text(text), parent, end: nodes.len() + 1 });
                        }
                        _ => {}
                    }
                }
                ego_tree::iter::Edge::Close(node) if node.value().is_element() => {
                    if unread > 0 {
                        unread -= 1;
                    } else if let Some(closed) = open.pop() {
                        nodes[closed].end = nodes.len();
                    }
                }
                ego_tree::iter::Edge::Close(_) => {}
            }
        }
        Self { nodes }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, at: usize) -> &Node<'a> {
        &self.nodes[at]
    }

    pub(crate) fn element(&self, at: usize) -> Option<&'a Element> {
        match self.nodes.get(at)?.kind {
            Kind::Element(element) => Some(element),
            Kind::Text(_) => None,
        }
    }

    /// The elements of a range in document order, each with its place.
    pub(crate) fn elements(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = (usize, &'a Element)> {
        range.filter_map(|at| self.element(at).map(|element| (at, element)))
    }

    /// The element and everything within it.
    pub(crate) fn within(&self, at: usize) -> std::ops::Range<usize> {
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

    /// The element around one, `None` for the outermost.
    pub(crate) fn parent(&self, at: usize) -> Option<usize> {
        let parent = self.nodes[at].parent;
        (parent != at).then_some(parent)
    }

    /// All text within, pieces joined by a space and spaces collapsed.
    pub(crate) fn text(&self, at: usize) -> String {
        let mut joined = String::new();
        for node in &self.nodes[self.within(at)] {
            if let Kind::Text(text) = node.kind {
                joined.push_str(text);
                joined.push(' ');
            }
        }
        clean::collapse(&joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(html: &str) -> &'static str {
        let tree = OnceCell::new();
        let page = Page::new(html, Url::parse("https://lot.example/").unwrap(), &tree);
        match page.and_then(|page| page.dom().map(|_| ())) {
            Ok(()) => "ok",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn hostile_nesting_is_refused_soon() {
        let started = std::time::Instant::now();
        assert_eq!(code(&"<div>".repeat(100_000)), "page_too_deep");
        assert_eq!(code(&"<b><table><td>".repeat(100_000)), "page_too_deep");
        let fonts: String = (0..400).map(|size| format!("<font size={size}>")).collect();
        assert_eq!(code(&format!("<p>{fonts}{}", "<p>a".repeat(200_000))), "page_too_tangled");
        assert_eq!(code(&"<p>a</span><li>".repeat(20_000)), "ok");
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn empty_and_huge_pages_are_refused() {
        assert_eq!(code(" \n"), "page_empty");
        assert_eq!(code(&" x".repeat(9 * 1024 * 1024)), "page_too_large");
    }

    #[test]
    fn a_range_holds_what_is_within_and_unread_elements_are_left_out() {
        let tree = OnceCell::new();
        let html = "<ul><li id=a>one <script>two</script><b>three</b></li><li id=b>four</li></ul>";
        let page = Page::new(html, Url::parse("https://lot.example/").unwrap(), &tree).unwrap();
        let dom = page.dom().unwrap();
        let (list, _) = dom.elements(0..dom.len()).find(|(_, element)| element.name() == "ul").unwrap();
        let texts: Vec<_> = dom.children(list).map(|item| dom.text(item)).collect();
        assert_eq!(texts, ["one three", "four"]);
        assert_eq!(dom.parent(dom.children(list).next().unwrap()), Some(list));
    }
}
