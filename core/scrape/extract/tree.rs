//! Pieces of markup put together as a browser nests them.
//!
//! The rules of nesting are html5ever's. The cutting into pieces is `markup`'s, so that a page read with a tree and one read
//! without are cut alike; and what no reader asks for is never made: the content of scripts, and the attributes of an element
//! before the tree stands. What is deliberately not here: what of the tree is read, which is `dom`'s.

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use foldhash::fast::RandomState;
use html5ever::{
    Attribute, LocalName, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    local_name, ns,
    tendril::StrTendril,
    tokenizer::{
        self, BufferQueue, Doctype, TagKind, Token, TokenSink as _, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};

use super::{
    entities,
    limits::PageLimits,
    markup::{Content, Piece, Tag, Tokens},
};
use crate::{Error, ErrorCode, Result};

/// A node's place among all that were made.
pub(super) type At = usize;

/// A node as the rules of nesting left it.
pub(super) struct Node<'a> {
    pub(super) kind: Kind<'a>,
    parent: Option<At>,
    before: Option<At>,
    pub(super) after: Option<At>,
    pub(super) first: Option<At>,
    last: Option<At>,
}

pub(super) enum Kind<'a> {
    /// The page itself, and what a `template` keeps.
    Root,
    /// `tag` is `None` for an element that the page left out, such as a `tbody`.
    Element {
        name: LocalName,
        tag: Option<Tag<'a>>,
    },
    Text(StrTendril),
    Comment,
}

/// The whole page; the root comes first.
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    /// Further tags of the elements that a page may open again, `html` and `body`.
    pub(super) again: HashMap<At, Vec<Tag<'a>>>,
}

/// Builds the tree of a page, and looks at it as it grows: the work per tag grows with the nesting, and formatting elements left
/// open are repeated in every paragraph, so a hostile page is stopped before it is read to its end.
///
/// # Errors
/// `page_too_deep` and `page_too_tangled`.
pub(super) fn build<'a>(html: &'a str, limits: &PageLimits) -> Result<Tree<'a>> {
    let mut feed = Feed::new(html);
    let mut looked_at = 0;
    while feed.step() {
        let position = feed.tokens.position();
        if position - looked_at >= limits.chunk_bytes {
            looked_at = position;
            feed.builder.sink.growing.borrow().check(limits)?;
        }
    }
    drop(feed.give(Token::EOFToken));
    feed.builder.end();
    let growing = feed.builder.sink.growing.into_inner();
    growing.check(limits)?;
    Ok(Tree { nodes: growing.nodes, again: growing.again })
}

/// The pieces of a page on their way to the rules of nesting.
struct Feed<'a> {
    tokens: Tokens<'a>,
    builder: TreeBuilder<Handle, Sink<'a>>,
    names: Names,
}

impl<'a> Feed<'a> {
    fn new(html: &'a str) -> Self {
        let sink = Sink { growing: RefCell::new(Growing::new(html.len())) };
        Self {
            tokens: Tokens::new(html.trim_start_matches('\u{feff}')),
            builder: TreeBuilder::new(sink, TreeBuilderOpts::default()),
            names: Names::new(),
        }
    }

    fn give(&self, token: Token) -> TokenSinkResult<Handle> {
        self.builder.process_token(token, 1)
    }

    /// Gives one piece; `false` at the end of the page.
    fn step(&mut self) -> bool {
        if self.builder.adjusted_current_node_present_but_not_in_html_namespace()
            && let Some(text) = self.tokens.character_data()
        {
            self.give_characters(text);
            return true;
        }
        let Some(piece) = self.tokens.piece() else { return false };
        match piece {
            Piece::Text(text) => self.give_characters(&entities::decode_text(text)),
            Piece::Open(tag) => self.give_open(tag),
            Piece::Close(name) => {
                let tag = tokenizer::Tag {
                    kind: TagKind::EndTag,
                    name: self.names.get(name),
                    self_closing: false,
                    attrs: Vec::new(),
                    had_duplicate_attributes: false,
                };
                // Scripts are not run.
                let _script = self.give(Token::TagToken(tag));
            }
            // That it stands between two texts keeps them apart; what it says is never read.
            Piece::Comment => drop(self.give(Token::CommentToken(StrTendril::new()))),
            // A line end behind it counts, in front of which nothing would.
            Piece::Nothing => drop(self.give(Token::ParseError(Cow::Borrowed("an end tag without a name")))),
            Piece::Doctype(declaration) => {
                if let Some(doctype) = doctype(declaration) {
                    drop(self.give(Token::DoctypeToken(doctype)));
                }
            }
        }
        true
    }

    fn give_open(&mut self, tag: Tag<'a>) {
        let name = self.names.get(tag.name());
        let attrs = self.attributes(&tag, &name);
        let token = tokenizer::Tag {
            kind: TagKind::StartTag,
            name: name.clone(),
            self_closing: tag.closes_itself(),
            attrs,
            had_duplicate_attributes: false,
        };
        match self.give(Token::TagToken(token)) {
            TokenSinkResult::RawData(RawKind::Rcdata) => {
                let text = self.tokens.content(tag.name(), Content::Text);
                self.give_content(&entities::decode_text(text));
            }
            TokenSinkResult::RawData(RawKind::ScriptData | RawKind::ScriptDataEscaped(_)) => {
                // It is not read from the tree.
                self.tokens.content(tag.name(), Content::Script);
            }
            TokenSinkResult::RawData(RawKind::Rawtext) => {
                let text = self.tokens.content(tag.name(), Content::Text);
                if !super::dom::UNREAD.contains(&&*name) {
                    self.give_content(text);
                }
            }
            TokenSinkResult::Plaintext => {
                let text = self.tokens.content(tag.name(), Content::Rest);
                self.give_content(text);
            }
            TokenSinkResult::Continue | TokenSinkResult::Script(_) | TokenSinkResult::EncodingIndicator(_) => {}
        }
    }

    /// What the rules of nesting ask of a tag's attributes: whether those of two formatting elements are the same, and for a
    /// few elements what they say. All others are told by the number of their tag alone.
    fn attributes(&self, tag: &Tag<'a>, name: &LocalName) -> Vec<Attribute> {
        if !tag.has_attributes() {
            return Vec::new();
        }
        let number = self.builder.sink.growing.borrow_mut().note(*tag, is_formatting(name));
        let mut attributes = vec![attribute(NUMBER, numeral(number))];
        if matches!(*name, local_name!("input") | local_name!("font") | local_name!("annotation-xml")) {
            for (name, value) in tag.attributes() {
                // The first of two counts, as the rules of nesting look from the front.
                let name = LocalName::from(name.to_ascii_lowercase());
                if matches!(
                    name,
                    local_name!("type")
                        | local_name!("color")
                        | local_name!("face")
                        | local_name!("size")
                        | local_name!("encoding")
                ) {
                    attributes.push(attribute(name, StrTendril::from(&*entities::decode(value))));
                }
            }
        }
        attributes
    }

    /// Gives what is no markup; only there the sign for a null character is the page's own text.
    fn give_content(&self, text: &str) {
        let replaced = text.contains('\0').then(|| text.replace('\0', "\u{fffd}"));
        self.give_characters(replaced.as_deref().unwrap_or(text));
    }

    fn give_characters(&self, text: &str) {
        if memchr::memchr2(b'\0', b'\r', text.as_bytes()).is_none() {
            if !text.is_empty() {
                drop(self.give(Token::CharacterTokens(StrTendril::from_slice(text))));
            }
            return;
        }
        let lines = text.contains('\r').then(|| text.replace("\r\n", "\n").replace('\r', "\n"));
        let text = lines.as_deref().unwrap_or(text);
        for (at, text) in text.split('\0').enumerate() {
            if at > 0 {
                drop(self.give(Token::NullCharacterToken));
            }
            if !text.is_empty() {
                drop(self.give(Token::CharacterTokens(StrTendril::from_slice(text))));
            }
        }
    }
}

/// The attribute that carries the number of a tag. That it is one of HTML's own matters to nobody.
const NUMBER: LocalName = local_name!("id");

/// A number in digits, which take no memory of their own.
fn numeral(mut number: usize) -> StrTendril {
    let mut digits = [b'0'; usize::BITS as usize / 3];
    let mut start = digits.len();
    while number > 0 || start == digits.len() {
        start -= 1;
        digits[start] = b"0123456789"[number % 10];
        number /= 10;
    }
    StrTendril::from_slice(std::str::from_utf8(&digits[start..]).unwrap_or_default())
}

fn attribute(name: LocalName, value: StrTendril) -> Attribute {
    Attribute { name: QualName::new(None, ns!(), name), value }
}

/// Elements that a browser opens again where a block closes around them, at most three alike.
fn is_formatting(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("a")
            | local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u")
    )
}

/// The few parts of a declaration that matter are best told apart by those who know the rules that hang on them.
fn doctype(declaration: &str) -> Option<Doctype> {
    #[derive(Default)]
    struct Only(RefCell<Option<Doctype>>);
    impl tokenizer::TokenSink for Only {
        type Handle = ();
        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            if let Token::DoctypeToken(doctype) = token {
                *self.0.borrow_mut() = Some(doctype);
            }
            TokenSinkResult::Continue
        }
    }
    let tokenizer = Tokenizer::new(Only::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(declaration));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Interned names by their look: a page has few, and asking the table of all names for each tag is a tenth of the whole work.
struct Names(Vec<(String, LocalName)>);

impl Names {
    const PLACES: usize = 64;

    fn new() -> Self {
        Self(vec![(String::new(), local_name!("")); Self::PLACES])
    }

    fn get(&mut self, name: &str) -> LocalName {
        let bytes = name.as_bytes();
        let ends =
            bytes.first().zip(bytes.last()).map_or(0, |(first, last)| usize::from(*first) * 7 + usize::from(*last));
        let (known, interned) = &mut self.0[(ends + bytes.len()) % Self::PLACES];
        if known != name {
            name.clone_into(known);
            // Where a character of no name was meant to be, browsers put the sign that it is none.
            *interned = LocalName::from(name.to_ascii_lowercase().replace('\0', "\u{fffd}"));
        }
        interned.clone()
    }
}

/// A node as the rules of nesting hold it: the name stands with it, as they ask for nothing more often.
#[derive(Clone)]
struct Handle {
    at: At,
    name: QualName,
    is_integration_point: bool,
}

/// The receiver of what the rules of nesting decide.
struct Sink<'a> {
    growing: RefCell<Growing<'a>>,
}

struct Growing<'a> {
    nodes: Vec<Node<'a>>,
    tags: Vec<Tag<'a>>,
    /// The first tag of each name and look of a formatting element.
    formatting: HashMap<Tag<'a>, usize, RandomState>,
    again: HashMap<At, Vec<Tag<'a>>>,
}

/// Most pages have a node every twenty to fifty bytes, but for their scripts.
const BYTES_PER_NODE: usize = 32;
/// The most nodes that memory is reserved for at the start.
const NODES_AT_FIRST: usize = 16 * 1024;

impl<'a> Growing<'a> {
    /// With room for the nodes of a page of this many bytes.
    fn new(bytes: usize) -> Self {
        let nodes = (bytes / BYTES_PER_NODE).min(NODES_AT_FIRST);
        let mut growing = Self {
            nodes: Vec::with_capacity(nodes),
            tags: Vec::with_capacity(nodes / 2),
            formatting: HashMap::default(),
            again: HashMap::new(),
        };
        growing.add(Kind::Root);
        growing
    }

    fn add(&mut self, kind: Kind<'a>) -> At {
        self.nodes.push(Node { kind, parent: None, before: None, after: None, first: None, last: None });
        self.nodes.len() - 1
    }

    fn check(&self, limits: &PageLimits) -> Result<()> {
        if self.nodes.len() > limits.nodes_max {
            return Err(too_tangled());
        }
        let newest = self.nodes.len().checked_sub(1);
        let around = std::iter::successors(newest, |at| self.nodes[*at].parent);
        if around.take(limits.depth_max + 1).count() > limits.depth_max {
            let message = format!("the page nests elements more than {} deep", limits.depth_max);
            return Err(Error::new(ErrorCode::PageTooDeep, message));
        }
        Ok(())
    }

    /// Keeps a tag and gives its number, for formatting elements that of the first one alike.
    fn note(&mut self, tag: Tag<'a>, formatting: bool) -> usize {
        let next = self.tags.len();
        let number = if formatting { *self.formatting.entry(tag).or_insert(next) } else { next };
        if number == next {
            self.tags.push(tag);
        }
        number
    }

    /// The tag that a list of attributes tells by its number.
    fn noted(&self, attributes: &[Attribute]) -> Option<Tag<'a>> {
        let number = attributes.iter().find(|attribute| attribute.name.local == NUMBER)?;
        self.tags.get(number.value.parse::<usize>().ok()?).copied()
    }

    fn detach(&mut self, at: At) {
        let Node { parent, before, after, .. } = self.nodes[at];
        match before {
            Some(before) => self.nodes[before].after = after,
            None => parent.into_iter().for_each(|parent| self.nodes[parent].first = after),
        }
        match after {
            Some(after) => self.nodes[after].before = before,
            None => parent.into_iter().for_each(|parent| self.nodes[parent].last = before),
        }
        let node = &mut self.nodes[at];
        (node.parent, node.before, node.after) = (None, None, None);
    }

    /// Puts a node that stands nowhere below a parent, in front of a child or behind all.
    fn attach(&mut self, at: At, parent: At, after: Option<At>) {
        let before = match after {
            Some(after) => self.nodes[after].before.replace(at),
            None => self.nodes[parent].last.replace(at),
        };
        match before {
            Some(before) => self.nodes[before].after = Some(at),
            None => self.nodes[parent].first = Some(at),
        }
        let node = &mut self.nodes[at];
        (node.parent, node.before, node.after) = (Some(parent), before, after);
    }

    fn insert(&mut self, child: NodeOrText<Handle>, parent: At, after: Option<At>) {
        let at = match child {
            NodeOrText::AppendNode(handle) => {
                self.detach(handle.at);
                handle.at
            }
            NodeOrText::AppendText(text) => {
                let before = after.map_or(self.nodes[parent].last, |after| self.nodes[after].before);
                if let Some(Kind::Text(known)) = before.map(|before| &mut self.nodes[before].kind) {
                    known.push_tendril(&text);
                    return;
                }
                self.add(Kind::Text(text))
            }
        };
        self.attach(at, parent, after);
    }
}

pub(super) fn too_tangled() -> Error {
    Error::new(ErrorCode::PageTooTangled, "the page has more elements than any page for people")
}

impl<'a> Sink<'a> {
    fn nameless(&self, at: At) -> Handle {
        Handle { at, name: QualName::new(None, ns!(), local_name!("")), is_integration_point: false }
    }
}

impl TreeSink for Sink<'_> {
    type Handle = Handle;
    type Output = ();
    type ElemName<'n>
        = &'n QualName
    where
        Self: 'n;

    fn finish(self) {}

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        self.nameless(0)
    }

    fn elem_name<'n>(&'n self, target: &'n Handle) -> &'n QualName {
        &target.name
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let mut growing = self.growing.borrow_mut();
        let tag = growing.noted(&attributes);
        let at = growing.add(Kind::Element { name: name.local.clone(), tag });
        if flags.template {
            // What it keeps stands right behind it.
            growing.add(Kind::Root);
        }
        Handle { at, name, is_integration_point: flags.mathml_annotation_xml_integration_point }
    }

    fn create_comment(&self, _text: StrTendril) -> Handle {
        self.nameless(self.growing.borrow_mut().add(Kind::Comment))
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> Handle {
        self.nameless(self.growing.borrow_mut().add(Kind::Comment))
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.growing.borrow_mut().insert(child, parent.at, None);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        let mut growing = self.growing.borrow_mut();
        match growing.nodes[element.at].parent {
            Some(parent) => growing.insert(child, parent, Some(element.at)),
            None => growing.insert(child, previous.at, None),
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        self.nameless(target.at + 1)
    }

    fn same_node(&self, one: &Handle, other: &Handle) -> bool {
        one.at == other.at
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        let mut growing = self.growing.borrow_mut();
        if let Some(parent) = growing.nodes[sibling.at].parent {
            growing.insert(child, parent, Some(sibling.at));
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        let mut growing = self.growing.borrow_mut();
        if let Some(tag) = growing.noted(&attributes) {
            growing.again.entry(target.at).or_default().push(tag);
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.growing.borrow_mut().detach(target.at);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let mut growing = self.growing.borrow_mut();
        while let Some(child) = growing.nodes[node.at].first {
            growing.detach(child);
            growing.attach(child, new_parent.at, None);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        handle.is_integration_point
    }
}
