//! `/api/competitors`: the watched dealers, their listings, figures and scrapes, and the market that they make.

use jpauto::{
    CompetitorId, Competitors, Desk, ErrorCode, ListingId, Permission, VehicleId, Version,
    competitors::{
        AddedCompetitor, Competitor, CompetitorFilter, CompetitorOverview, CompetitorUpdate, Condition, LeftOut,
        Listing, ListingFilter, ListingSort, LotVerdict, MarketGroup, MarketView, MarketViewFilter, Metrics,
        NewCompetitor, OdometerStatus, PricePoint, SaleStatus, ScrapeRecord, StockStatus, TestOptions, TestReport,
        TestSite, TitleBrand, Undercut, UndercutFilter,
    },
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    query::{Amount, Count, PAGE, Parameters},
    request::Request,
};

/// What may go wrong when a website is looked at.
const OF_WEBSITES: &[ErrorCode] = &[
    ErrorCode::InvalidCompetitor,
    ErrorCode::InvalidUrl,
    ErrorCode::UnknownPlatform,
    ErrorCode::NotConfigured,
    ErrorCode::BrowserNotAvailable,
];

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/competitors", handler!(list))
        .permission(Permission::ReadCompetitors)
        .summary("List competitors")
        .about("By their names.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<Competitor>())]),
    Operation::post("/api/competitors", handler!(add))
        .permission(Permission::ManageCompetitors)
        .summary("Add a competitor")
        .repeatable()
        .about("As it is described. Its website is not looked at; `/api/competitors/by_url` does that.")
        .body(shape::<NewCompetitor>())
        .answers(&[Answer::created(shape::<Competitor>())])
        .errors(&[ErrorCode::InvalidCompetitor, ErrorCode::DuplicateCompetitor, ErrorCode::DuplicateInventoryUrl]),
    Operation::post("/api/competitors/by_url", handler!(add_at))
        .permission(Permission::ManageCompetitors)
        .summary("Add a competitor by the address of its website")
        .repeatable()
        .about(
            "`inventory_url` may be any page of the website. It is looked at first: that gives the page that lists the \
             vehicles, the platform where it is certain, and the name where none is given.",
        )
        .body(shape::<NewCompetitor>())
        .answers(&[Answer::created(shape::<AddedCompetitor>())])
        .errors(&[
            ErrorCode::InvalidCompetitor,
            ErrorCode::DuplicateCompetitor,
            ErrorCode::DuplicateInventoryUrl,
            ErrorCode::InvalidUrl,
            ErrorCode::UnknownPlatform,
            ErrorCode::NotConfigured,
            ErrorCode::BrowserNotAvailable,
            ErrorCode::InventoryNotFound,
            ErrorCode::ScrapeBlocked,
            ErrorCode::ScrapeEmpty,
            ErrorCode::ScrapeHttpStatus,
            ErrorCode::ScrapeNetwork,
            ErrorCode::ScrapeParsing,
            ErrorCode::ScrapeRobots,
            ErrorCode::ScrapeTimeout,
        ]),
    Operation::post("/api/competitors/test", handler!(test))
        .permission(Permission::ManageCompetitors)
        .summary("Try out what a scrape would see on a website")
        .about(
            "A few pages are fetched. Nothing is written. A website that cannot be read is a report with a `failure`.",
        )
        .body(shape::<Website>())
        .answers(&[Answer::ok(shape::<TestReport>())])
        .errors(OF_WEBSITES),
    Operation::get("/api/competitors/overview", handler!(overview))
        .permission(Permission::ReadCompetitors)
        .summary("List competitors with their newest figures")
        .about("By their names.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<CompetitorOverview>())]),
    Operation::get("/api/competitors/market", handler!(market_view))
        .permission(Permission::ReadCompetitors)
        .summary("Get the market by make and model")
        .about("`models` is a page of the lines, those with the most listings on sale first.")
        .query(&[VIEW, PAGE])
        .answers(&[Answer::ok(shape::<MarketView>())]),
    Operation::get("/api/competitors/undercuts", handler!(undercuts))
        .permission(Permission::ReadCompetitors)
        .summary("List competitors' cars like ours that cost less")
        .query(&[UNDERCUTS, PAGE])
        .answers(&[Answer::ok(page_of::<Undercut>())]),
    Operation::get("/api/competitors/left_out", handler!(left_out))
        .permission(Permission::ReadCompetitors)
        .summary("Count listings that the market leaves out")
        .query(&[OF_COMPETITORS])
        .answers(&[Answer::ok(shape::<LeftOut>())]),
    Operation::get("/api/competitors/listings", handler!(listings))
        .permission(Permission::ReadCompetitors)
        .summary("List listings of all competitors")
        .query(&[OF_COMPETITORS, LISTINGS, PAGE])
        .answers(&[Answer::ok(page_of::<Listing>())]),
    Operation::get("/api/competitors/listings/{id}", handler!(listing))
        .permission(Permission::ReadCompetitors)
        .summary("Get a listing")
        .answers(&[Answer::ok(shape::<Listing>())])
        .errors(&[ErrorCode::ListingNotFound]),
    Operation::get("/api/competitors/listings/{id}/price_history", handler!(price_history))
        .permission(Permission::ReadCompetitors)
        .summary("List the prices of a listing")
        .about("Newest first.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<PricePoint>())])
        .errors(&[ErrorCode::ListingNotFound]),
    Operation::get("/api/competitors/{id}", handler!(get))
        .permission(Permission::ReadCompetitors)
        .summary("Get a competitor")
        .answers(&[Answer::ok(shape::<Competitor>())])
        .errors(&[ErrorCode::CompetitorNotFound]),
    Operation::patch("/api/competitors/{id}", handler!(update))
        .permission(Permission::ManageCompetitors)
        .summary("Change a competitor")
        .versioned()
        .about("Fields that are not given stay.")
        .body(shape::<CompetitorUpdate>())
        .answers(&[Answer::ok(shape::<Competitor>())])
        .errors(&[
            ErrorCode::CompetitorNotFound,
            ErrorCode::InvalidCompetitor,
            ErrorCode::DuplicateCompetitor,
            ErrorCode::DuplicateInventoryUrl,
        ]),
    Operation::delete("/api/competitors/{id}", handler!(delete))
        .permission(Permission::ManageCompetitors)
        .summary("Delete a competitor")
        .versioned()
        .about("With its listings, prices, figures, scrapes and the alerts about it.")
        .answers(&[Answer::nothing("Deleted.")])
        .errors(&[ErrorCode::CompetitorNotFound]),
    Operation::post("/api/competitors/{id}/pause", handler!(pause))
        .permission(Permission::ManageCompetitors)
        .summary("Stop scraping a competitor")
        .versioned()
        .answers(&[Answer::ok(shape::<Competitor>())])
        .errors(&[ErrorCode::CompetitorNotFound]),
    Operation::post("/api/competitors/{id}/resume", handler!(resume))
        .permission(Permission::ManageCompetitors)
        .summary("Watch a paused competitor again")
        .versioned()
        .answers(&[Answer::ok(shape::<Competitor>())])
        .errors(&[ErrorCode::CompetitorNotFound]),
    Operation::post("/api/competitors/{id}/believe", handler!(believe))
        .permission(Permission::ManageCompetitors)
        .summary("Believe the newest lot")
        .about("Though it is doubted. What has been missing for long enough is found sold now.")
        .answers(&[Answer::ok(shape::<LotVerdict>())])
        .errors(&[ErrorCode::CompetitorNotFound, ErrorCode::ScrapeNotFound, ErrorCode::ScrapeNotDoubted]),
    Operation::post("/api/competitors/{id}/distrust", handler!(distrust))
        .permission(Permission::ManageCompetitors)
        .summary("Discard the newest scrape")
        .about("The cars that only this scrape found sold are on sale again.")
        .answers(&[Answer::ok(shape::<LotVerdict>())])
        .errors(&[ErrorCode::CompetitorNotFound, ErrorCode::ScrapeNotFound]),
    Operation::post("/api/competitors/{id}/test", handler!(test_known))
        .permission(Permission::ManageCompetitors)
        .summary("Try out what a scrape of a competitor would see")
        .about("A few pages are fetched. Nothing is written.")
        .answers(&[Answer::ok(shape::<TestReport>())])
        .errors(&[
            ErrorCode::CompetitorNotFound,
            ErrorCode::InvalidCompetitor,
            ErrorCode::InvalidUrl,
            ErrorCode::UnknownPlatform,
            ErrorCode::NotConfigured,
            ErrorCode::BrowserNotAvailable,
        ]),
    Operation::get("/api/competitors/{id}/overview", handler!(overview_of))
        .permission(Permission::ReadCompetitors)
        .summary("Get a competitor with its newest figures")
        .answers(&[Answer::ok(shape::<CompetitorOverview>())])
        .errors(&[ErrorCode::CompetitorNotFound]),
    Operation::get("/api/competitors/{id}/listings", handler!(listings_of))
        .permission(Permission::ReadCompetitors)
        .summary("List the listings of a competitor")
        .about("A competitor that there is not has none.")
        .query(&[LISTINGS, PAGE])
        .answers(&[Answer::ok(page_of::<Listing>())]),
    Operation::get("/api/competitors/{id}/metrics", handler!(metrics))
        .permission(Permission::ReadCompetitors)
        .summary("List the figures of a competitor")
        .about("One row a scrape, newest first.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<Metrics>())])
        .errors(&[ErrorCode::CompetitorNotFound]),
    Operation::get("/api/competitors/{id}/scrapes", handler!(scrapes))
        .permission(Permission::ReadCompetitors)
        .summary("List the scrapes of a competitor")
        .about("Newest first.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<ScrapeRecord>())])
        .errors(&[ErrorCode::CompetitorNotFound]),
];

const FILTER: &[Parameter] = &[
    Parameter::new("active", plain::<bool>(), "Those that are watched, or the paused ones."),
    Parameter::new("q", plain::<String>(), "Each of these words occurs in the name or in the address of the list."),
];

const OF_COMPETITORS: &[Parameter] =
    &[Parameter::new("competitor_id", plain::<CompetitorId>(), "Of any of these competitors.").repeated()];

const LISTINGS: &[Parameter] = &[
    Parameter::new("sold", plain::<bool>(), "Sold listings alone, or those that are not sold."),
    Parameter::new("unseen", plain::<bool>(), "Unseen listings alone (not sold, and shown no more), or all others."),
    Parameter::new("vin", plain::<String>(), "With this VIN."),
    Parameter::new("make", plain::<String>(), "Of this make. The case of letters does not matter."),
    Parameter::new("model", plain::<String>(), "Of this model. The case of letters does not matter."),
    Parameter::new("year_min", plain::<i32>(), "Of this model year or later."),
    Parameter::new("year_max", plain::<i32>(), "Of this model year or earlier."),
    Parameter::new("price_min", plain::<Amount>(), "At this price or above."),
    Parameter::new("price_max", plain::<Amount>(), "At this price or below."),
    Parameter::new("mileage_min", plain::<i32>(), "With this mileage or more."),
    Parameter::new("mileage_max", plain::<i32>(), "With this mileage or less."),
    Parameter::new("days_on_market_min", plain::<i32>(), "On the market for this many days or longer."),
    Parameter::new("days_on_market_max", plain::<i32>(), "On the market for this many days or shorter."),
    Parameter::new("stock_status", word::<StockStatus>(), "Standing there, by its website's word.").repeated(),
    Parameter::new("sale_status", word::<SaleStatus>(), "How far its sale has come.").repeated(),
    Parameter::new("title_brand", word::<TitleBrand>(), "What its title says.").repeated(),
    Parameter::new("condition", word::<Condition>(), "Offered as new, used or certified.").repeated(),
    Parameter::new("odometer_status", word::<OdometerStatus>(), "What is said of its odometer.").repeated(),
    Parameter::new("price_dropped", plain::<bool>(), "Cheaper than once before."),
    Parameter::new("price_drop_min", plain::<Amount>(), "Cheaper than once before by this much or more."),
    Parameter::new("price_drop_within_days", plain::<Count>(), "Cheaper than at some moment of this many last days."),
    Parameter::new("q", plain::<String>(), "Each of these words occurs in the make, model, trim, VIN or stock number."),
    Parameter::new("sort", word::<ListingSort>(), "The order. A minus means the largest first."),
];

const VIEW: &[Parameter] = &[
    Parameter::new("competitor_id", plain::<CompetitorId>(), "At any of these competitors.").repeated(),
    Parameter::new("make", plain::<String>(), "Of this make. The case of letters does not matter."),
    Parameter::new("model", plain::<String>(), "Of this model. The case of letters does not matter."),
    Parameter::new("year_min", plain::<i32>(), "Of this model year or later."),
    Parameter::new("year_max", plain::<i32>(), "Of this model year or earlier."),
    Parameter::new("group", word::<MarketGroup>(), "What a line counts."),
];

const UNDERCUTS: &[Parameter] = &[
    Parameter::new("vehicle_id", plain::<VehicleId>(), "Of this vehicle of ours."),
    Parameter::new("competitor_id", plain::<CompetitorId>(), "By any of these competitors.").repeated(),
    Parameter::new("difference_min", plain::<Amount>(), "Only where ours is dearer by this much or more."),
];

/// A website to try out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Website {
    /// The address of any of its pages. Where it lists no vehicles, the list is looked for.
    url: String,
    /// The platform, where it is known.
    #[serde(default)]
    platform_type: Option<String>,
    /// How to read it.
    #[serde(default)]
    scraper_config: Option<Value>,
    /// Whether its pages are rendered in a browser.
    #[serde(default)]
    use_playwright: bool,
}

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let competitors = app.at_desk(&request.caller, move |desk| desk.competitors().list(&filter, &page)).await?;
    answer::page(&request, &competitors)
}

async fn add(app: App, request: Request) -> Outcome {
    let new: NewCompetitor = request.json().await?;
    let competitor = app.at_desk(&request.caller, move |desk| desk.competitors().add(&new)).await?;
    answer::created(&request, competitor.id, &competitor)
}

async fn add_at(app: App, request: Request) -> Outcome {
    let new: NewCompetitor = request.json().await?;
    let look = move |desk: &Desk| desk.competitors().add_at(&new, &TestOptions::default());
    let added = app.at_length(&request.caller, look).await?;
    answer::created_at(&format!("/api/competitors/{}", added.competitor.id), &added)
}

async fn test(app: App, request: Request) -> Outcome {
    let Website { url, platform_type, scraper_config, use_playwright } = request.json().await?;
    let site = TestSite { platform_type, scraper_config, use_playwright, ..TestSite::from(url.as_str()) };
    let look = move |desk: &Desk| desk.competitors().test(site, &TestOptions::default());
    answer::done(&app.at_length(&request.caller, look).await?)
}

async fn test_known(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let look = move |desk: &Desk| desk.competitors().test_known(id, &TestOptions::default());
    answer::done(&app.at_length(&request.caller, look).await?)
}

async fn overview(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let competitors = app.at_desk(&request.caller, move |desk| desk.competitors().overview(&filter, &page)).await?;
    answer::page(&request, &competitors)
}

async fn market_view(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_view(query), query.page()))?;
    let view = app.at_desk(&request.caller, move |desk| desk.competitors().market_view(&filter, &page)).await?;
    answer::holding_page(&request, &view, &view.models)
}

async fn undercuts(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| {
        let filter = UndercutFilter {
            vehicle: query.id("vehicle_id"),
            competitors: query.ids("competitor_id"),
            difference_min: query.money("difference_min"),
        };
        (filter, query.page())
    })?;
    let undercuts = app.at_desk(&request.caller, move |desk| desk.competitors().undercuts(&filter, &page)).await?;
    answer::page(&request, &undercuts)
}

async fn left_out(app: App, request: Request) -> Outcome {
    let competitors: Vec<CompetitorId> = request.query(|query| query.ids("competitor_id"))?;
    let left_out = app.at_desk(&request.caller, move |desk| desk.competitors().left_out(&competitors)).await?;
    answer::one(&left_out)
}

async fn listings(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| {
        let competitors = query.ids("competitor_id");
        (ListingFilter { competitors, ..read_listings(query) }, query.page())
    })?;
    let listings = app.at_desk(&request.caller, move |desk| desk.competitors().listings(&filter, &page)).await?;
    answer::page(&request, &listings)
}

async fn listings_of(app: App, request: Request) -> Outcome {
    let competitors = vec![request.id()?];
    let (filter, page) =
        request.query(|query| (ListingFilter { competitors, ..read_listings(query) }, query.page()))?;
    let listings = app.at_desk(&request.caller, move |desk| desk.competitors().listings(&filter, &page)).await?;
    answer::page(&request, &listings)
}

async fn listing(app: App, request: Request) -> Outcome {
    let id: ListingId = request.id()?;
    let listing = app.at_desk(&request.caller, move |desk| desk.competitors().listing(id)).await?;
    answer::one(&listing)
}

async fn price_history(app: App, request: Request) -> Outcome {
    let id: ListingId = request.id()?;
    let page = request.query(|query| query.page())?;
    let prices = app.at_desk(&request.caller, move |desk| desk.competitors().price_history(id, &page)).await?;
    answer::page(&request, &prices)
}

async fn get(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let competitor = app.at_desk(&request.caller, move |desk| desk.competitors().get(id)).await?;
    answer::one_version(&competitor, Some(competitor.version()))
}

/// The competitors, changed only in the versions that the request names.
fn expecting<'a>(desk: &'a Desk, versions: Option<&'a Vec<Version>>) -> Competitors<'a> {
    match versions {
        Some(versions) => desk.competitors().if_version(versions),
        None => desk.competitors(),
    }
}

/// Changes the competitor of the path.
async fn change(
    app: App,
    request: Request,
    work: impl FnOnce(&Competitors<'_>, CompetitorId) -> jpauto::Result<Competitor> + Send + 'static,
) -> Outcome {
    let (id, versions) = (request.id()?, request.if_match());
    let competitor = app.at_desk(&request.caller, move |desk| work(&expecting(desk, versions.as_ref()), id)).await?;
    answer::done_to(&competitor, competitor.version())
}

async fn update(app: App, request: Request) -> Outcome {
    let update: CompetitorUpdate = request.json().await?;
    change(app, request, move |competitors, id| competitors.update(id, &update)).await
}

async fn delete(app: App, request: Request) -> Outcome {
    let (id, versions) = (request.id()?, request.if_match());
    app.at_length(&request.caller, move |desk| expecting(desk, versions.as_ref()).delete(id)).await?;
    answer::nothing()
}

async fn pause(app: App, request: Request) -> Outcome {
    change(app, request, |competitors, id| competitors.pause(id)).await
}

async fn resume(app: App, request: Request) -> Outcome {
    change(app, request, |competitors, id| competitors.resume(id)).await
}

async fn believe(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let verdict = app.at_desk(&request.caller, move |desk| desk.competitors().believe(id)).await?;
    answer::done(&verdict)
}

async fn distrust(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let verdict = app.at_desk(&request.caller, move |desk| desk.competitors().distrust(id)).await?;
    answer::done(&verdict)
}

async fn overview_of(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let competitor = app.at_desk(&request.caller, move |desk| desk.competitors().overview_of(id)).await?;
    answer::one(&competitor)
}

async fn metrics(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let page = request.query(|query| query.page())?;
    let metrics = app.at_desk(&request.caller, move |desk| desk.competitors().metrics(id, &page)).await?;
    answer::page(&request, &metrics)
}

async fn scrapes(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let page = request.query(|query| query.page())?;
    let scrapes = app.at_desk(&request.caller, move |desk| desk.competitors().scrapes(id, &page)).await?;
    answer::page(&request, &scrapes)
}

fn read_filter(query: &mut Parameters) -> CompetitorFilter {
    CompetitorFilter { active: query.truth("active"), q: query.text("q") }
}

fn read_view(query: &mut Parameters) -> MarketViewFilter {
    MarketViewFilter {
        competitors: query.ids("competitor_id"),
        make: query.text("make"),
        model: query.text("model"),
        year_min: query.whole_number("year_min"),
        year_max: query.whole_number("year_max"),
        group: query.word("group").unwrap_or_default(),
    }
}

fn read_listings(query: &mut Parameters) -> ListingFilter {
    ListingFilter {
        competitors: Vec::new(),
        sold: query.truth("sold"),
        unseen: query.truth("unseen"),
        vin: query.text("vin"),
        make: query.text("make"),
        model: query.text("model"),
        year_min: query.whole_number("year_min"),
        year_max: query.whole_number("year_max"),
        price_min: query.money("price_min"),
        price_max: query.money("price_max"),
        mileage_min: query.whole_number("mileage_min"),
        mileage_max: query.whole_number("mileage_max"),
        days_on_market_min: query.whole_number("days_on_market_min"),
        days_on_market_max: query.whole_number("days_on_market_max"),
        stock_status: query.words("stock_status"),
        sale_status: query.words("sale_status"),
        title_brand: query.words("title_brand"),
        condition: query.words("condition"),
        odometer_status: query.words("odometer_status"),
        price_dropped: query.truth("price_dropped").unwrap_or_default(),
        price_drop_min: query.money("price_drop_min"),
        price_drop_within_days: query.count("price_drop_within_days"),
        q: query.text("q"),
        sort: query.word("sort").unwrap_or_default(),
    }
}
