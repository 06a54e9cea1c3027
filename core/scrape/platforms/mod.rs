//! The vendors whose pages are known: one file each, with a `mod` line and a line of [`ALL`] here.
//!
//! A page is of a vendor by marks of its templates, or by a script or a style from its host. Pictures and counters do not count,
//! because other vendors' pages carry them; nor do words that a dealer may write (`ford` stands in `affordable`). What is
//! deliberately not here: techniques that work on any page; they are in `extract`.

mod auction123;
mod auto_corner;
mod automanager;
mod autorevo;
mod autowall;
mod carbase;
mod carsforsale;
mod cdk;
mod dealer_car_search;
mod dealer_center;
mod dealer_com;
mod dealer_eprocess;
mod dealer_fire;
mod dealer_inspire;
mod dealer_on;
mod dealer_socket;
mod dealr_cloud;
mod overfuel;
mod room58;
mod team_velocity;
mod v12_software;
mod wayne_reaves;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use url::Url;

use super::extract::{DataPage, DataRequest, Json, Page, Parts, Usual, Wanted, address, read_any_page};
use crate::Result;

/// A vendor's way of writing inventory pages.
pub(crate) struct Platform {
    /// The name by which the platform is reported and chosen.
    pub(crate) name: &'static str,
    /// What the vendor's terms say against reading its websites, where that is known; a test of such a website warns of it.
    pub(crate) terms: Option<&'static str>,
    /// What tells the vendor's pages from all others.
    pub(crate) marks: &'static [Mark],
    /// Reads a page; `None` where its listings are nowhere this file knows to look.
    pub(crate) parse: fn(&Page<'_>) -> Result<Option<Parts>>,
    /// What the vendor's pages usually do not show of any vehicle.
    pub(crate) pages_lack: &'static [Usual],
    /// Where the vendor's websites usually show their list, the whole lot first; what a front page links to is tried before.
    pub(crate) list_paths: &'static [&'static str],
    /// Where the vendor's websites give the list as data, if anywhere.
    pub(crate) endpoint: Option<Endpoint>,
}

/// How to ask a vendor's websites for their list as data.
pub(crate) struct Endpoint {
    /// What to ask first for the list of this page; `None` where the page does not say what the request needs.
    pub(crate) first_request: fn(&Page<'_>) -> Option<DataRequest>,
    /// Whether `first_request` asks for what the page's address asks for, parameter by parameter.
    pub(crate) takes_filters: bool,
    /// Says what `read` looks at in an answer.
    pub(crate) want: fn(&mut Wanted),
    /// Reads an answer that holds nothing but what is wanted of it; `None` where it is none.
    pub(crate) read: fn(&DataRequest, &Json<'_>) -> Option<DataPage>,
}

impl Endpoint {
    /// What to ask first for the list of this page; `None` too where its address asks for a part of the list that the endpoint
    /// would not be asked for: the pages show one list then, and the answers another.
    pub(crate) fn request(&self, page: &Page<'_>) -> Option<DataRequest> {
        let is_narrowed = || page.url.query_pairs().any(|(name, value)| !value.is_empty() && !is_no_filter(&name));
        (self.takes_filters || !is_narrowed()).then(|| (self.first_request)(page)).flatten()
    }
}

/// Whether a parameter of an address says where in a list a page stands, how it is sorted, or who led a visitor to it.
fn is_no_filter(name: &str) -> bool {
    const PLACES: [&str; 12] =
        ["page", "p", "_p", "pt", "pn", "start", "offset", "limit", "pagesize", "page_no", "sort", "sortby"];
    PLACES.iter().any(|place| name.eq_ignore_ascii_case(place)) || address::is_tracker(name)
}

/// Texts in a page's source, letter by letter, that are evidence for a platform.
pub(crate) struct Mark {
    confidence: Confidence,
    kind: MarkKind,
}

enum MarkKind {
    /// All of these stand in it, wherever.
    Written(&'static [&'static str]),
    /// This stands in the tag of a script or a link.
    Loaded(&'static str),
}

/// Longer tags of scripts and links are not looked through for what they load.
const TAG_BYTES: usize = 512;

impl Mark {
    /// What only this vendor's templates write.
    const fn certain(texts: &'static [&'static str]) -> Self {
        Self { confidence: Confidence::Certain, kind: MarkKind::Written(texts) }
    }

    /// What other vendors' pages may carry as well.
    const fn possible(texts: &'static [&'static str]) -> Self {
        Self { confidence: Confidence::Possible, kind: MarkKind::Written(texts) }
    }

    /// A host of the vendor's that the page has a script or a style from, front pages included. Pictures of the same host stand
    /// on others' pages, too, and some of them load a counter.
    const fn loaded(host: &'static str) -> Self {
        Self { confidence: Confidence::Possible, kind: MarkKind::Loaded(host) }
    }

    fn texts(&self) -> &[&'static str] {
        match &self.kind {
            MarkKind::Written(texts) => texts,
            MarkKind::Loaded(host) => std::slice::from_ref(host),
        }
    }
}

/// How surely a page belongs to a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Confidence {
    /// A mark that other vendors' pages may carry as well.
    Possible,
    /// Marks that only this vendor's templates write.
    Certain,
}

/// Every platform; of equally sure ones the first is taken, so those whose pages embed another's marks stand in front.
pub(crate) static ALL: &[&Platform] = &[
    &dealer_on::PLATFORM,
    &overfuel::PLATFORM,
    &dealer_socket::PLATFORM,
    &team_velocity::PLATFORM,
    &dealer_inspire::PLATFORM,
    &dealer_fire::PLATFORM,
    &wayne_reaves::PLATFORM,
    &autorevo::PLATFORM,
    &automanager::PLATFORM,
    &dealer_car_search::PLATFORM,
    &dealer_eprocess::PLATFORM,
    &dealer_center::PLATFORM,
    &carsforsale::PLATFORM,
    &cdk::PLATFORM,
    &carbase::PLATFORM,
    &auction123::PLATFORM,
    &autowall::PLATFORM,
    &auto_corner::PLATFORM,
    &room58::PLATFORM,
    &v12_software::PLATFORM,
    &dealr_cloud::PLATFORM,
    &dealer_com::PLATFORM,
];

/// The texts of all marks and the search for all of them at once; `None` only where that search could not be built.
static SEARCH: LazyLock<Option<(Vec<&'static str>, AhoCorasick)>> = LazyLock::new(|| {
    let mut texts: Vec<&str> = ALL.iter().flat_map(|platform| platform.marks).flat_map(Mark::texts).copied().collect();
    texts.sort_unstable();
    texts.dedup();
    // Leftmost matches alone let the search skip ahead by many bytes at a time. It never reports two in one place, so no
    // text may hold another: a test sees to that.
    let sought = texts.iter().map(|text| sought(text));
    let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(sought).ok()?;
    Some((texts, search))
});

/// The part of a mark's text that is searched for. Pages are full of these beginnings, at each of which the search would stop.
fn sought(text: &str) -> &str {
    const COMMON: [&str; 2] = ["data-", "ddc"];
    COMMON.into_iter().find_map(|beginning| text.strip_prefix(beginning)).unwrap_or(text)
}

/// The platform of a page, if any.
pub(crate) fn detect(page: &Page<'_>) -> Option<&'static Platform> {
    recognised(page).map(|(_, platform)| platform)
}

/// The platform of a page and how sure that is, if any.
pub(crate) fn recognised(page: &Page<'_>) -> Option<(Confidence, &'static Platform)> {
    let (texts, search) = SEARCH.as_ref()?;
    let mut found = vec![Found::default(); texts.len()];
    for hit in search.find_iter(page.html) {
        let at = hit.pattern().as_usize();
        if page.html[..hit.end()].ends_with(texts[at]) {
            let found = &mut found[at];
            found.is_written = true;
            found.is_loaded = found.is_loaded || is_within_loading_tag(page.html, hit.start());
        }
    }
    let found = |text: &str| texts.binary_search(&text).map_or_else(|_none| Found::default(), |at| found[at]);
    let is_found = |mark: &&Mark| match mark.kind {
        MarkKind::Written(texts) => texts.iter().all(|text| found(text).is_written),
        MarkKind::Loaded(host) => found(host).is_loaded,
    };
    let mut best: Option<(Confidence, &'static Platform)> = None;
    for &platform in ALL {
        let proven = platform.marks.iter().filter(is_found);
        let Some(confidence) = proven.map(|mark| mark.confidence).max() else { continue };
        if best.is_none_or(|(known, _)| confidence > known) {
            best = Some((confidence, platform));
        }
    }
    best
}

/// Where a text stands in a page.
#[derive(Clone, Copy, Default)]
struct Found {
    is_written: bool,
    is_loaded: bool,
}

/// Whether a place in a page is within a tag that loads a script or a style.
fn is_within_loading_tag(html: &str, at: usize) -> bool {
    let before = &html.as_bytes()[at.saturating_sub(TAG_BYTES)..at];
    let tag = memchr::memrchr(b'<', before).map(|start| &before[start + 1..]);
    tag.is_some_and(|tag| {
        let names = |name: &str| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        !tag.contains(&b'>') && (names("script ") || names("link "))
    })
}

/// Reads the pages of a vendor of whose lists nothing is known but their marks: as any page, without doubting what is found.
fn any_layout(page: &Page<'_>) -> Result<Option<Parts>> {
    let parts = read_any_page(page)?;
    Ok((!parts.listings.is_empty()).then_some(parts))
}

/// What each platform's [`Endpoint`] wants of an answer, in the order of [`ALL`].
static WANTED: LazyLock<Vec<Wanted>> = LazyLock::new(|| {
    let wanted = |platform: &&Platform| {
        let mut wanted = Wanted::default();
        if let Some(endpoint) = &platform.endpoint {
            (endpoint.want)(&mut wanted);
        }
        wanted
    };
    ALL.iter().map(wanted).collect()
});

/// What the platform of this name wants of the answers of its endpoint.
pub(crate) fn wanted(name: &str) -> Option<&'static Wanted> {
    ALL.iter().zip(WANTED.iter()).find(|(platform, _)| platform.name == name).map(|(_, wanted)| wanted)
}

/// The platform of this name.
pub(crate) fn named(name: &str) -> Option<&'static Platform> {
    ALL.iter().copied().find(|platform| platform.name == name)
}

/// Whether a page may send a reader there for its list: to its own server, or to one of the vendor's. It does not choose who else
/// is asked.
fn may_ask(page: &Page<'_>, url: &Url, vendors_domain: &str) -> bool {
    let is_below =
        |host: &str| host.strip_suffix(vendors_domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_vendors = url.scheme() == "https" && url.port().is_none() && url.domain().is_some_and(is_below);
    is_vendors || url.origin() == page.url.origin()
}

#[cfg(test)]
mod tests;
