//! What one card says of its vehicle, read from its labels, classes, attributes and links.
//!
//! What is deliberately not here: where the cards are (`cards`), and which of several amounts is the price (`price_choice`).

pub(super) use super::card_heading::{heading_within, is_headed};
use super::{
    OdometerStatus,
    amounts::Column,
    badges::Badges,
    bound_words::CarName,
    card_heading::{HEADING_NODES_MAX, heading_among_cars, year_in_heading},
    card_parts,
    chunks::{self, Chunk},
    dom::{Dom, Kind, attribute},
    fields::{Draft, Field, PriceRank},
    heading, json,
    label_sides::Labels,
    miles, numbers,
    page::Page,
    phrases::Phrases,
    price_choice::{self, Offered},
    price_classes, price_words,
    shown_prices::ShownPrices,
    stock,
    value::Json,
    vins::{self, Context},
};

/// Reads everything that one card says into a draft; what the draft knows already stays.
pub(crate) fn read(page: &Page<'_>, dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    read_attributes(dom, card, draft);
    let columns = columns(dom, card);
    read_row(dom, &columns, draft);
    let name = CarName::of(dom, card);
    let compares = page.compares_data();
    let offered = read_texts(&name, &columns, compares, draft);
    if offered.is_unclear && draft.listing.price.is_none() {
        page.note_unclear_price(card);
    }
    // Where all of it is known, a heading says nothing more.
    let heading = if draft.is_named() { None } else { name.into_heading() };
    if let Some(heading) = heading {
        draft.offer_split(heading);
    }
    if (draft.listing.year.is_none() || draft.listing.make.is_none())
        && let Some(heading) = card_parts::heading(dom, card, draft.listing.year, draft.listing.make.as_deref())
    {
        draft.offer_split(heading);
    }
    if draft.listing.year.is_none() {
        draft.listing.year = year_in_heading(dom, card);
    }
    // A VIN proves a vehicle.
    if draft.listing.make.is_none()
        && draft.listing.vin.is_some()
        && let Some(heading) = heading_among_cars(dom, card).filter(|it| draft.listing.year == Some(it.year))
    {
        draft.offer_split(heading);
    }
    if draft.listing.vin.is_none() {
        draft.listing.vin = dom
            .elements(dom.within(card))
            .filter_map(|(_, element)| attribute(element, "href"))
            .find_map(|link| vins::find(link, Context::Anywhere).next());
    }
    if draft.listing.url.is_none() {
        draft.listing.url = link(page, dom, card, draft.listing.vin.as_deref()).map(|(_, url)| url);
    }
    if draft.listing.image_url.is_none() {
        draft.listing.image_url = image(page, dom, card);
    }
    if draft.listing.stock_number.is_none() {
        offer_sku(dom, card, draft);
    }
    if !offered.shown.others.is_empty() || compares {
        page.note_shown_prices(ShownPrices::of(card, &draft.listing, offered.shown));
    }
}

/// How far into a table and a row, and into the head of a column, is looked for what names the columns: each row looks.
const ROW_NODES: usize = 256;
const HEAD_NODES: usize = 8;
/// A longer text is no head of a column.
const HEAD_BYTES: usize = 64;

/// The cells of a row, each with the text that heads its column.
fn columns<'d>(dom: &'d Dom<'_>, row: usize) -> Vec<(&'d str, usize)> {
    let is = |at: usize, name: &str| dom.element(at).is_some_and(|element| element.name() == name);
    let table = || std::iter::successors(dom.parent(row), |at| dom.parent(*at)).take(3).find(|at| is(*at, "table"));
    let table = if is(row, "tr") { table() } else { None };
    let head = table.and_then(|table| dom.within(table).take(ROW_NODES).find(|at| is(*at, "tr")));
    let Some(head) = head.filter(|head| *head != row) else { return Vec::new() };
    let cells = |row: usize| dom.children(row).take(ROW_NODES).filter(|cell| is(*cell, "td") || is(*cell, "th"));
    let is_wide = |cell: usize| dom.element(cell).is_some_and(|element| attribute(element, "colspan").is_some());
    if cells(head).chain(cells(row)).any(is_wide) {
        return Vec::new();
    }
    cells(head).zip(cells(row)).filter_map(|(head, cell)| Some((head_of(dom, head)?, cell))).collect()
}

/// Whether the heads of a table name a column for the year and one for the make of a vehicle.
pub(super) fn heads_name_a_vehicle(dom: &Dom<'_>, table: usize) -> bool {
    let row = dom.elements(dom.within(table)).take(ROW_NODES).find(|(_, element)| element.name() == "tr");
    let Some((row, _)) = row else { return false };
    let named = |wanted: Field| {
        let mut cells = dom.children(row).take(ROW_NODES);
        cells.any(|cell| head_of(dom, cell).is_some_and(|head| Field::named(head) == Some(wanted)))
    };
    named(Field::Year) && named(Field::Make)
}

/// What the head of a column says.
fn head_of<'d>(dom: &'d Dom<'_>, cell: usize) -> Option<&'d str> {
    dom.within(cell).take(HEAD_NODES).find_map(|at| match &dom.node(at).kind {
        Kind::Text(text) if text.len() <= HEAD_BYTES && !text.trim().is_empty() => Some(&**text),
        _ => None,
    })
}

/// The cells of a row, by the heads of their columns; their prices are chosen with the others of the row.
fn read_row(dom: &Dom<'_>, columns: &[(&str, usize)], draft: &mut Draft) {
    for (head, cell) in columns {
        // On cards the number of a unit may be that of a rental.
        let is_unit = || head.trim().eq_ignore_ascii_case("unit #").then_some(Field::StockNumber);
        let field =
            Field::named(head).or_else(|| named_with_a_sign(head.contains('#').then_some(head)?)).or_else(is_unit);
        let Some(field) = field.filter(|field| !matches!(field, Field::Price(_))) else { continue };
        let text = dom.text(*cell);
        // A cell may name once more what it holds.
        let value = labelled(&text).filter(|(named, rest)| *named == field && !rest.is_empty());
        draft.offer(field, value.map_or(&*text, |(_, rest)| rest));
    }
}

/// `data-price`, `data-vin` and the like, and whole records in one attribute.
fn read_attributes(dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    for (at, element) in dom.elements(dom.within(card)) {
        for (name, value) in element.attrs() {
            // An element of a website's own making (`vehicle-card`) has attributes of its own.
            let own = || Some(name).filter(|_| element.name().contains('-'));
            let Some(key) = name.strip_prefix("data-").or_else(own) else { continue };
            // The price of an element that shows a payment is one of the payment.
            let is_no_price = || price_classes::by_class(element).is_some_and(|said| said.stated.rank().is_none());
            if key == "id" && at == card {
                draft.offer(Field::ExternalId, value);
            } else if value.starts_with('{') && value.len() < RECORD_BYTES_MAX {
                if let Some((Json::Object(record), _)) = json::value_at_start(value) {
                    draft.offer_record(record.iter());
                }
            } else if !value.starts_with('#')
                && let Some(field) = Field::named(key)
                && !(matches!(field, Field::Price(_)) && is_no_price())
            {
                draft.offer(field, value);
            }
        }
    }
}

/// Offers what a property of `RDFa` calls the number of the stock, where no label did.
fn offer_sku(dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    let is_sku = |property: &str| property.rsplit(':').next() == Some("sku");
    let skus = dom.elements(dom.within(card)).filter(|(_, element)| attribute(element, "property").is_some_and(is_sku));
    for (at, element) in skus {
        let stated = attribute(element, "content").map_or_else(|| dom.text(at), str::to_owned);
        if vins::parse(&stated).is_none() {
            draft.offer(Field::StockNumber, &stated);
        }
    }
}

/// A longer attribute is no vehicle's record.
const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Reads the texts of a card. Answers what they say of its amounts.
fn read_texts(name: &CarName<'_, '_>, columns: &[(&str, usize)], compares: bool, draft: &mut Draft) -> Offered {
    let (dom, card) = (name.dom, name.card);
    let texts = chunks::texts(dom, card);
    let shown: Vec<&Chunk<'_>> = texts.chunks.iter().filter(|chunk| !chunk.is_struck).collect();
    let mut badges = Badges::default();
    let mut labels = Labels::of(dom, &shown);
    read_labelled(&mut labels, &shown, &mut badges, draft);
    for text in &texts.badges {
        let text = without_its_kind(text);
        let named = labelled(text).is_some_and(|(field, rest)| badges.note_named(field, rest));
        if !named {
            badges.note(text);
        }
    }
    badges.offer(draft);
    for (at, chunk) in shown.iter().enumerate() {
        let wants = draft.listing.mileage.is_none() || draft.mileage_is_converted;
        if wants && (names_miles(&chunk.text) || is_called_miles(dom, chunk)) && !labels.is_of_a_distance(at) {
            draft.offer(Field::Mileage, &chunk.text);
        }
    }
    let priced: Vec<Column> =
        columns.iter().filter_map(|(head, cell)| Some((dom.within(*cell), said_by_head(head.trim())?))).collect();
    let offered = price_choice::offer(name, &texts, &priced, compares, draft);
    // Rentals and the log of a fleet number their units as well, and ask no price for them.
    if draft.listing.stock_number.is_none() && draft.price_is_asked() {
        let cell = columns.iter().find(|(head, _)| stock::of_unit(head) == Some(""));
        let behind = |at: usize| Some(stock::of_unit(&shown[at].text)?).map(|rest| (at, rest));
        match (cell, (0..shown.len()).find_map(behind)) {
            (Some((_, cell)), _) => draft.offer(Field::StockNumber, &dom.text(*cell)),
            (None, Some((at, ""))) => {
                shown.get(at + 1).into_iter().for_each(|next| draft.offer(Field::StockNumber, &next.text));
            }
            (None, Some((_, number))) => draft.offer(Field::StockNumber, number),
            (None, None) => {}
        }
    }
    offered
}

/// What the head of a column says of its amounts; a sign alone says that they are prices.
fn said_by_head(head: &str) -> Option<price_words::Stated> {
    let plain = price_words::Stated::Price(PriceRank::Plain);
    if head == "$" { Some(plain) } else { price_words::by_label(head) }
}

/// Reads the texts that a label is in, in front of or behind; the others are badges.
fn read_labelled(labels: &mut Labels<'_, '_>, shown: &[&Chunk<'_>], badges: &mut Badges, draft: &mut Draft) {
    // Texts before this one are labels, or values of labels.
    let mut taken = 0;
    let mut at = 0;
    while let Some(chunk) = shown.get(at) {
        let label = at;
        at += 1;
        let Some((field, rest)) = labels.label_at(label) else {
            badges.note_text(&chunk.text, chunk.is_button);
            continue;
        };
        if matches!(field, Field::Standing(_) | Field::Branded(_) | Field::InCondition(_)) {
            // Where it has an answer in a text of its own, that is its value.
            let value = if rest.is_empty() { labels.value(label, field, taken) } else { None };
            let answer = value.filter(|value| is_answer(&value.text));
            badges.note_named(field, answer.as_ref().map_or(rest, |answer| &*answer.text));
            if let Some(answer) = answer {
                at += answer.taken;
                taken = at;
            }
            continue;
        }
        match field {
            // Chosen among all of the card's amounts.
            Field::Price(_) => {}
            _ if !rest.is_empty() => draft.offer(field, rest),
            _ => {
                if let Some(value) = labels.value(label, field, taken) {
                    if !counts_others(&value.text) {
                        draft.offer(field, &value.text);
                    }
                    at += value.taken;
                }
                // `30,000` `Miles` `Exempt`
                let is_odometer = matches!(field, Field::Mileage | Field::Kilometers);
                let next = shown.get(at).filter(|next| is_odometer && next.text.len() <= STATUS_BYTES);
                draft.offer_odometer(next.and_then(|next| OdometerStatus::of_mileage(&next.text)));
            }
        }
        taken = at;
    }
}

/// Whether a text narrows a list and says how many it would leave: `Ford (3)`.
fn counts_others(text: &str) -> bool {
    let count = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    count.is_some_and(|(_, count)| {
        !count.is_empty() && count.len() <= 4 && count.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A longer text behind the miles is about something else: `Actual photos`.
const STATUS_BYTES: usize = 8;

/// What a picture of a badge says, without the word for what it is: `Certified logo`.
fn without_its_kind(text: &str) -> &str {
    const KINDS: [&str; 7] = ["badge", "banner", "icon", "image", "logo", "ribbon", "sticker"];
    let last = text.rsplit_once(' ').filter(|(_, last)| KINDS.iter().any(|kind| last.eq_ignore_ascii_case(kind)));
    last.map_or(text, |(text, _)| text)
}

/// Digits of a number that a class calls miles: fewer may be miles a gallon.
const MILES_DIGITS: usize = 4;

/// Whether a bare number stands in an element whose class calls it miles.
fn is_called_miles(dom: &Dom<'_>, chunk: &Chunk<'_>) -> bool {
    let digits = chunk.text.bytes().filter(u8::is_ascii_digit).count();
    if digits < MILES_DIGITS || numbers::lone_number(&chunk.text).is_none() {
        return false;
    }
    let around = std::iter::successors(dom.parent(chunk.at), |at| dom.parent(*at)).take(2);
    around.filter(|at| dom.node(*at).end - at < HEADING_NODES_MAX).any(|at| {
        let classes = dom.element(at).and_then(|element| attribute(element, "class")).unwrap_or_default();
        mentions(classes, "mileage")
            || mentions(classes, "odometer")
            || classes.split_ascii_whitespace().any(|class| class.eq_ignore_ascii_case("miles"))
    })
}

/// Whether a text answers a question, such as `Certified`.
fn is_answer(text: &str) -> bool {
    ["yes", "no", "true", "false", "n/a"].iter().any(|answer| text.eq_ignore_ascii_case(answer))
}

/// Whether a text ends in a number of miles that an odometer shows.
pub(super) fn ends_in_an_odometer(text: &str) -> bool {
    has_thousands(text) && ends_in_miles(text, &MILES)
}

/// Whether a text ends in a number of miles or kilometres, or a part of it does that is more than a distance to the dealer.
fn names_miles(text: &str) -> bool {
    if ends_in_miles(text, &MILES) || (ends_in_miles(text, &KILOMETERS) && has_thousands(text)) {
        return true;
    }
    // The others say a number of thousands.
    if !has_thousands(text) {
        return false;
    }
    let parts = text.split(['|', '/', '(', ')', '\u{2022}', '\u{b7}']).flat_map(|part| part.split(", "));
    let mut parts = parts.flat_map(|part| part.split(" - ")).map(str::trim);
    let is_part = |part: &str| {
        part.len() < text.len()
            && has_thousands(part)
            && (ends_in_miles(part, &MILES) || ends_in_miles(part, &KILOMETERS))
    };
    // `TMU 30,000 miles`, `Total miles 45,678`
    let says_nothing_else = || {
        text.len() <= MILES_BYTES
            && ["mile", "odo", "km", "mi"].iter().any(|word| mentions(text, word))
            && miles::mileage(text).is_some()
            && numbers::lone_number(text).is_none()
    };
    parts.any(is_part) || says_nothing_else()
}

/// A longer text says more than the miles.
const MILES_BYTES: usize = 48;
const MILES: [&str; 6] = ["miles", "mi", "mi.", "smi", "mls", "mile"];
const KILOMETERS: [&str; 5] = ["km", "km.", "kms", "kilometers", "kilometres"];

/// Whether a text has the digits of a thousand: fewer may be a distance, or miles a gallon.
fn has_thousands(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= MILES_DIGITS
}

fn ends_in_miles(text: &str, units: &[&str]) -> bool {
    let text = text.as_bytes();
    let is_end = |last: u8| matches!(last.to_ascii_lowercase(), b's' | b'i' | b'e' | b'm' | b'.');
    if !text.last().is_some_and(|last| is_end(*last)) {
        return false;
    }
    units.iter().any(|unit| {
        text.len().checked_sub(unit.len()).is_some_and(|at| {
            let before = at.checked_sub(1).map_or(b'x', |before| text[before]);
            text[at..].eq_ignore_ascii_case(unit.as_bytes())
                && (matches!(before, b' ' | b'-') || before.is_ascii_digit())
        })
    })
}

/// Whether a text holds a word, given in lower case, in any case.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    // Most texts of a card are shorter than what they are asked for.
    let Some(last) = text.len().checked_sub(word.len()) else { return false };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), &text[..=last])
        .any(|at| text[at..at + word.len()].eq_ignore_ascii_case(word))
}

/// The field that a text labels, and what of its value stands in the same text.
pub(super) fn labelled(text: &str) -> Option<(Field, &str)> {
    if let Some((label, rest)) = text.split_once(':') {
        // `MI` alone is a state.
        // `Mileage (est.)`
        let named = Field::named(label)
            .or_else(|| Field::named(label.split_once(" (")?.0))
            .or_else(|| miles::is_short_unit(label).then_some(Field::Mileage))
            .or_else(|| named_with_a_sign(label.contains('#').then_some(label)?));
        return named.map(|field| (field, rest.trim()));
    }
    if let Some(field) = Field::named(text) {
        return Some((field, ""));
    }
    let (field, rest) = without_a_colon(text)?;
    match field {
        // What stands behind a stock number in its text is no part of it.
        Field::StockNumber if rest.is_empty() || begins_with_a_number(rest) => Some((field, rest)),
        Field::Vin if !rest.contains(' ') => Some((field, rest)),
        Field::Mileage | Field::Kilometers if rest.starts_with(|sign: char| sign.is_ascii_digit()) => {
            Some((field, rest))
        }
        _ => None,
    }
}

/// A label of up to three words that does without a colon, and what stands behind it: `Stock # P2535`, `Stock No. P2535`,
/// `VIN 2FMPK4K91HBB11870`.
fn without_a_colon(text: &str) -> Option<(Field, &str)> {
    const LABEL_WORDS_MAX: usize = 3;
    if let Some((label, rest)) = text.split_once('#') {
        let is_number = || label.is_empty() && is_marked_number(rest);
        let field = named_with_a_sign(label).or_else(|| is_number().then_some(Field::StockNumber));
        return field.map(|field| (field, rest.trim()));
    }
    let ends = text.match_indices(' ').map(|(at, _)| at).take(LABEL_WORDS_MAX);
    // The longest label counts: `Stock Number`, not `Stock`.
    let named = ends.filter_map(|end| {
        let label = &text[..end];
        let is_unit =
            miles::is_short_unit(label) && (label.ends_with('.') || miles::is_plainly_of_miles(text[end..].trim()));
        let field = Field::named(label).or_else(|| is_unit.then_some(Field::Mileage))?;
        Some((field, text[end..].trim()))
    });
    named.last()
}

/// Whether what stands behind the sign of a number is nothing but a number of the stock: `#P2291`.
fn is_marked_number(rest: &str) -> bool {
    const DIGITS: usize = 3;
    const LONGEST: usize = 12;
    rest.len() <= LONGEST
        && rest.bytes().filter(u8::is_ascii_digit).count() >= DIGITS
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The field that a label names which the sign of a number follows: `Inventory #` is the number that `Inventory` is not.
fn named_with_a_sign(label: &str) -> Option<Field> {
    const NUMBERS: [&str; 5] = ["inventory", "inventaire", "inventario", "inv", "control"];
    Field::named(label).or_else(|| {
        let label = label.trim_matches([' ', '.', '#']);
        NUMBERS.iter().any(|known| label.eq_ignore_ascii_case(known)).then_some(Field::StockNumber)
    })
}

/// Whether a text begins with a word that has a digit, as stock numbers do.
fn begins_with_a_number(text: &str) -> bool {
    text.split(' ').next().is_some_and(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Words of links that lead from a card to something else than the vehicle's page.
const OTHER_LINKS: Phrases<12> = Phrases::new([
    "carfax",
    "autocheck",
    "finance",
    "credit",
    "compare",
    "contact",
    "preapproval",
    "pre-approval",
    "payment",
    "facebook",
    "twitter",
    "share",
]);

/// Whether a link leads from a card to something else than the vehicle's page.
fn leads_elsewhere(href: &str) -> bool {
    const FORM: Phrases<2> = Phrases::new(["trade", "form"]);
    if OTHER_LINKS.are_in(href) {
        return true;
    }
    // A `Tradesman` and a `Performance` are cars.
    let is_letter = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphabetic() && sign != 's');
    FORM.are_in(href)
        && ["trade", "form"].into_iter().any(|word| {
            let lower = href.to_ascii_lowercase();
            lower.match_indices(word).any(|(at, _)| {
                let (before, behind) = (&lower[..at], &lower[at + word.len()..]);
                let is_apart = word == "trade" || !is_letter(before.chars().next_back());
                is_apart && !behind.starts_with("sman") && (word == "trade" || !is_letter(behind.chars().next()))
            })
        })
}

/// The link to the vehicle's own page, with the evidence for it: one that names the vehicle or its VIN before any other.
pub(super) fn link(page: &Page<'_>, dom: &Dom<'_>, card: usize, vin: Option<&str>) -> Option<(u8, String)> {
    let around = dom.parent(card).filter(|parent| dom.element(*parent).is_some_and(|element| element.name() == "a"));
    let vin = vin.map(str::to_ascii_lowercase);
    let names_vin = |link: &str| vin.as_ref().is_some_and(|vin| mentions(link, vin));
    let mut best: Option<(u8, &str)> = None;
    let candidates =
        around.and_then(|at| Some((at, dom.element(at)?))).into_iter().chain(dom.elements(dom.within(card)));
    for (at, element) in candidates.filter(|(_, element)| element.name() == "a" || element.name().contains('-')) {
        let Some(href) = attribute(element, "href").map(str::trim) else { continue };
        let elsewhere = leads_nowhere(href);
        let titled = Some(at) != around && dom.node(at).end - at < HEADING_NODES_MAX;
        let by_itself = 2 * u8::from(names_vin(href)) + u8::from(Some(at) == around);
        // Most links of a card could say no more than a better one did; what they are called matters no longer.
        let is_better = |evidence: u8| best.is_none_or(|(known, _)| evidence > known);
        let most = by_itself + 4 * u8::from(titled);
        if elsewhere || !is_better(most) || leads_elsewhere(href) {
            continue;
        }
        let names_vehicle = titled && heading::begins_with_a_year(&dom.text(at));
        let evidence = by_itself + 4 * u8::from(names_vehicle);
        if is_better(evidence) {
            best = Some((evidence, href));
        }
    }
    best.and_then(|(evidence, href)| Some((evidence, page.absolute(href)?)))
}

/// Whether a link may lead to a vehicle's page: not to a form, a report or another website's button.
pub(super) fn may_be_a_vehicle(href: &str) -> bool {
    !leads_nowhere(href) && !leads_elsewhere(href)
}

/// Whether a link stays where it is. A fragment that is a path of its own (`#!/used/1`) leads on.
fn leads_nowhere(href: &str) -> bool {
    let is_path = ["#/", "#!/"].iter().any(|start| href.starts_with(start) && href.len() > start.len());
    href.is_empty() || (!is_path && NO_PAGES.iter().any(|start| href.starts_with(start)))
}

/// Beginnings of links that lead to no page.
const NO_PAGES: [&str; 5] = ["#", "javascript:", "mailto:", "tel:", "sms:"];

/// The first picture that is neither a badge nor a stand-in.
fn image(page: &Page<'_>, dom: &Dom<'_>, card: usize) -> Option<String> {
    const STAND_INS: Phrases<12> = Phrases::new([
        "data:",
        ".svg",
        ".gif",
        "logo",
        "icon",
        "badge",
        "carfax",
        "placeholder",
        "loading",
        "spinner",
        "btn",
        "blank.",
    ]);
    let sources =
        dom.elements(dom.within(card)).filter(|(_, element)| element.name() == "img").filter_map(|(_, element)| {
            ["data-src", "data-lazy", "data-original", "data-lazy-src", "src"]
                .iter()
                .filter_map(|name| attribute(element, name))
                .find(|source| !source.is_empty() && !STAND_INS.are_in(source))
        });
    sources.filter_map(|source| page.absolute(source)).next()
}
