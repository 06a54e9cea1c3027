//! The structure of the core as ARCHITECTURE.md describes it: rooms in layers, no circles, files and functions of a size that is
//! read at one go.
//!
//! A room is a file or a folder right under `core/`. The sources are parsed, so comments and texts do not count; what a macro is
//! handed does. Code under `#[cfg(test)]` may use any room, but it keeps to the sizes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Item, UseTree,
    spanned::Spanned as _,
    visit::{self, Visit},
};

/// The layers from the ground up, each with its rooms. A room uses rooms of its own layer and of those below.
const LAYERS: [(&str, &[&str]); 7] = [
    (
        "values",
        &[
            "actor", "change", "clock", "columns", "error", "fields", "ids", "money", "network", "openapi", "page",
            "secret", "typed", "version", "vin", "words", "zone",
        ],
    ),
    ("database", &["db"]),
    ("desk", &["activity", "alerts", "desk", "idempotency", "leases", "outbox"]),
    ("outside and rules", &["scrape", "sheets", "tracking"]),
    ("nouns", &["competitors", "inventory", "sessions", "sign_in", "submissions", "tokens", "users"]),
    (
        "services over several nouns",
        &["adoption", "evaluation", "exports", "jobs", "market", "notifications", "partitions", "storage"],
    ),
    ("dealership", &["config", "dealership"]),
];

/// The longest file of the core, in lines.
const FILE_LINES: usize = 600;

/// The longest function of the core, in lines.
const FUNCTION_LINES: usize = 60;

/// Files that may be longer, for they are tables of data.
const TABLES: [&str; 1] = ["core/error/catalogue.rs"];

#[test]
fn rooms_use_only_rooms_of_their_own_layer_and_below() {
    let sources = sources();
    let rooms: BTreeSet<&str> = sources.iter().map(|source| source.room.as_str()).collect();
    let placed: BTreeSet<&str> = LAYERS.iter().flat_map(|(_, rooms)| rooms.iter().copied()).collect();
    assert_eq!(rooms, placed, "each room of core/ stands in a layer of LAYERS and of ARCHITECTURE.md");
    let edges = edges(&sources);
    let upward: Vec<_> = edges
        .iter()
        .filter(|((from, to), _)| layer_of(to) > layer_of(from))
        .map(|((from, to), files)| format!("{from} uses {to}, which stands above it, in {}", files.join(", ")))
        .collect();
    assert!(upward.is_empty(), "\n{}", upward.join("\n"));
}

#[test]
fn no_use_closes_a_circle_of_rooms() {
    let edges = edges(&sources());
    let circles: Vec<_> = edges
        .iter()
        .filter_map(|((from, to), files)| {
            let way_back = way(&edges, to, from)?;
            Some(format!("{from} uses {to} in {}, and back: {}", files.join(", "), way_back.join(" uses ")))
        })
        .collect();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn the_architecture_names_each_layer_with_its_rooms() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (layer, rooms) in LAYERS {
        let row = format!("| {layer} |");
        let line = text.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("no row {row}"));
        let named: BTreeSet<&str> = line.split('|').nth(2).unwrap().split('`').skip(1).step_by(2).collect();
        assert_eq!(named, rooms.iter().copied().collect(), "{line}");
    }
}

#[test]
fn files_and_functions_are_of_a_size_that_is_read_at_one_go() {
    let mut long = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES && !TABLES.contains(&source.path.as_str()) {
            long.push(format!("{}: {lines} lines", source.path));
        }
        let mut functions = Functions::default();
        functions.visit_file(&source.file);
        for (name, lines) in functions.0 {
            if lines > FUNCTION_LINES {
                long.push(format!("{}: {name} has {lines} lines", source.path));
            }
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn tables_are_named_by_repositories_alone_and_the_surroundings_by_nobody() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| !is_of_tests(&source.path)) {
        let paths = paths_of(&source.file);
        let names = |start: &[&str]| {
            paths
                .iter()
                .any(|path| path.len() >= start.len() && path.iter().zip(start).all(|(one, other)| one == other))
        };
        let is_repository = source.path.contains("/repository.rs") || source.path.contains("/repository/");
        if names(&["crate", "db", "schema"]) && !is_repository && source.room != "db" {
            wrong.push(format!("{} names a table", source.path));
        }
        for outside in [&["std", "env", "var"][..], &["std", "env", "var_os"], &["std", "env", "vars"], &["tokio"]] {
            if names(outside) {
                wrong.push(format!("{} names {}", source.path, outside.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A file of the core.
struct Source {
    /// From the root of the repository, with slashes.
    path: String,
    room: String,
    text: String,
    file: syn::File,
}

/// SQLite holds bytes that are no text in a column of texts, and such a row must not fail the list that it stands in.
#[test]
fn no_row_is_read_into_a_string() {
    let mut wrong = Vec::new();
    // These read the catalogs of the databases as well.
    let rows = |source: &Source| !is_of_tests(&source.path) && !["db", "adoption"].contains(&source.room.as_str());
    for source in sources().into_iter().filter(rows) {
        let mut is_row = false;
        for (line, text) in (1..).zip(source.text.lines()) {
            let is_derived = text.contains("#[derive(") || text.contains("diesel::prelude::Queryable");
            is_row = (is_row || is_derived && text.contains("Queryable")) && text.trim() != "}";
            if is_row && [": String,", ": Option<String>,"].iter().any(|of_strings| text.ends_with(of_strings)) {
                wrong.push(format!("{}:{line}: take `HeldText` of `db::held`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root().join("core"), &mut paths);
    paths.sort();
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let room = inside.split('/').nth(1).unwrap().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|reason| panic!("{inside}: {reason}"));
        Source { path: inside, room, text, file }
    };
    paths.into_iter().map(source).filter(|source| source.room != "lib").collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn layer_of(room: &str) -> usize {
    LAYERS.iter().position(|(_, rooms)| rooms.contains(&room)).unwrap()
}

/// Which room uses which, and in what files; test files apart.
fn edges(sources: &[Source]) -> BTreeMap<(String, String), Vec<String>> {
    let shown = shown_by_the_crate();
    let rooms: BTreeSet<&str> = sources.iter().map(|source| source.room.as_str()).collect();
    let mut edges: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !is_of_tests(&source.path)) {
        for path in paths_of(&source.file) {
            let Some(second) = first_below_the_crate(&path, source) else { continue };
            // What `lib.rs` shows of a room is that room's.
            let to = shown.get(second).unwrap_or(second);
            // Another name is a macro of the crate.
            if *to != source.room && rooms.contains(to.as_str()) {
                edges.entry((source.room.clone(), to.clone())).or_default().push(source.path.clone());
            }
        }
    }
    for files in edges.values_mut() {
        files.dedup();
    }
    edges
}

/// The name after `crate::`, or after as many `super::` as lead up to it.
fn first_below_the_crate<'p>(path: &'p [String], source: &Source) -> Option<&'p String> {
    if path.first().is_some_and(|first| first == "crate") {
        return path.get(1);
    }
    let supers = path.iter().take_while(|name| *name == "super").count();
    let module = source.path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    (supers > 0 && supers == module.split('/').count() - 1).then(|| path.get(supers)).flatten()
}

fn is_of_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The names that `lib.rs` shows, each with the room that they come from.
fn shown_by_the_crate() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("core/lib.rs")).unwrap();
    let mut shown = BTreeMap::new();
    for item in syn::parse_file(&text).unwrap().items {
        let Item::Use(item) = item else { continue };
        let mut paths = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut paths);
        for path in paths {
            let name = path.last().unwrap().clone();
            shown.insert(name, path[0].clone());
        }
    }
    shown
}

/// The shortest way from one room to another, both ends included.
fn way<'e>(edges: &'e BTreeMap<(String, String), Vec<String>>, from: &'e str, to: &str) -> Option<Vec<&'e str>> {
    let mut ways = vec![vec![from]];
    let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way[way.len() - 1];
            if last == to {
                return Some(way);
            }
            for (_, next) in edges.keys().filter(|(start, _)| start == last) {
                if seen.insert(next) {
                    longer.push(way.iter().copied().chain([next.as_str()]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

/// All paths that a file names outside its tests, `use` trees taken apart.
fn paths_of(file: &syn::File) -> Vec<Vec<String>> {
    let mut paths = Paths::default();
    paths.visit_file(file);
    paths.0
}

#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes_of(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        flatten(&item.tree, &mut Vec::new(), &mut self.0);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        paths_in_tokens(invoked.tokens.clone(), &mut self.0);
        visit::visit_macro(self, invoked);
    }
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}

fn flatten(tree: &UseTree, start: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let mut end_with = |name: String| paths.push(start.iter().cloned().chain([name]).collect());
    match tree {
        UseTree::Name(name) => end_with(name.ident.to_string()),
        UseTree::Rename(name) => end_with(name.ident.to_string()),
        UseTree::Glob(_) => end_with("*".to_owned()),
        UseTree::Path(path) => {
            start.push(path.ident.to_string());
            flatten(&path.tree, start, paths);
            start.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, start, paths)),
    }
}

/// `a::b::c` wherever it stands among the tokens that a macro is handed.
fn paths_in_tokens(tokens: TokenStream, paths: &mut Vec<Vec<String>>) {
    let (mut path, mut colons): (Vec<String>, usize) = (Vec::new(), 0);
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    paths.push(std::mem::take(&mut path));
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => paths_in_tokens(group.stream(), paths),
            _ => colons = 0,
        }
    }
    paths.push(path);
}

/// Each function with its number of lines.
#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        self.0.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}
