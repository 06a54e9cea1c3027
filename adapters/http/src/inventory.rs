//! `/api/inventory`: the dealership's own vehicles. The library decides which fields the caller sees.

use std::hash::{Hash, Hasher};

use jpauto::{
    Dealership, Desk, ErrorCode, Inventory, NewVehicle, PageRequest, Permission, ShownVehicle, Statistics,
    StatusChange, StockedVehicle, Vehicle, VehicleFilter, VehicleId, VehicleSort, VehicleStatus, VehicleUpdate,
    Version, market::MarketPrice,
};

use crate::{
    answer::{self, Written},
    app::App,
    batches::Answers,
    caller::Asker,
    fair_queue::Client,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    problem::Problem,
    query::{Amount, DOUBTFUL, PAGE, Parameters, REFERENCE},
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/inventory", handler!(list))
        .permission(Permission::ReadListedVehicles)
        .summary("List vehicles")
        .about("Staff sees all vehicles with all fields. Others see those on the website, with the fields that stand there.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<ShownVehicle>())]),
    Operation::post("/api/inventory", handler!(add))
        .permission(Permission::WriteInventory)
        .summary("Add a vehicle")
        .about("It is on sale at once. A car that is in the inventory as sold is on sale again.")
        .repeatable()
        .query(&[DOUBTFUL])
        .body(shape::<NewVehicle>())
        .answers(&[Answer::created(shape::<Vehicle>())])
        .errors(&[
            ErrorCode::InvalidVehicle,
            ErrorCode::DuplicateVin,
            ErrorCode::DuplicateStockNumber,
            ErrorCode::PriceDoubtful,
        ]),
    Operation::get("/api/inventory/statistics", handler!(statistics))
        .permission(Permission::ReadInventory)
        .summary("Counts, worth and age of the lot, and sales")
        .answers(&[Answer::ok(shape::<Statistics>())]),
    Operation::get("/api/inventory/find", handler!(find))
        .permission(Permission::ReadInventory)
        .summary("Find a vehicle")
        .about("By the id, VIN or stock number, or the beginning of one.")
        .query(&[REFERENCE])
        .answers(&[Answer::ok(shape::<StockedVehicle>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::AmbiguousReference]),
    Operation::get("/api/inventory/{id}", handler!(get))
        .permission(Permission::ReadListedVehicles)
        .summary("Get a vehicle")
        .about("Staff gets all fields. Others get those on the website, of a vehicle that stands there.")
        .answers(&[Answer::ok(shape::<ShownVehicle>())])
        .errors(&[ErrorCode::VehicleNotFound]),
    Operation::patch("/api/inventory/{id}", handler!(update))
        .permission(Permission::WriteInventory)
        .summary("Change fields of a vehicle")
        .about("What is not named stays; `null` empties a field.")
        .versioned()
        .query(&[DOUBTFUL])
        .body(shape::<VehicleUpdate>())
        .answers(&[Answer::ok(shape::<Vehicle>())])
        .errors(&[
            ErrorCode::VehicleNotFound,
            ErrorCode::InvalidVehicle,
            ErrorCode::DuplicateVin,
            ErrorCode::DuplicateStockNumber,
            ErrorCode::PriceDoubtful,
            ErrorCode::UnknownWord,
        ]),
    Operation::delete("/api/inventory/{id}", handler!(delete))
        .permission(Permission::DeleteVehicles)
        .summary("Delete a vehicle")
        .about("With its market analysis, price history and sales. The submission that it came from stays.")
        .versioned()
        .answers(&[Answer::nothing("Deleted.")])
        .errors(&[ErrorCode::VehicleNotFound]),
    Operation::post("/api/inventory/{id}/status", handler!(set_status))
        .permission(Permission::WriteInventory)
        .summary("Set the status of a vehicle")
        .about("A sale may have its price. A sold vehicle is relisted, or its sale undone.")
        .versioned()
        .query(&[DOUBTFUL])
        .body(shape::<StatusChange>())
        .answers(&[Answer::ok(shape::<Vehicle>())])
        .errors(&[
            ErrorCode::VehicleNotFound,
            ErrorCode::InvalidStatusChange,
            ErrorCode::VehicleSold,
            ErrorCode::PriceDoubtful,
        ]),
    Operation::post("/api/inventory/{id}/relist", handler!(relist))
        .permission(Permission::WriteInventory)
        .summary("Offer a sold vehicle again")
        .about("It is listed as of now. Its sale stays in the statistics.")
        .versioned()
        .answers(&[Answer::ok(shape::<Vehicle>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::VehicleNotSold]),
    Operation::post("/api/inventory/{id}/undo_sale", handler!(undo_sale))
        .permission(Permission::WriteInventory)
        .summary("Undo a sale that fell through")
        .about("For a few days, as if it had not been sold.")
        .versioned()
        .answers(&[Answer::ok(shape::<Vehicle>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::VehicleNotSold, ErrorCode::SaleTooOld]),
    Operation::post("/api/inventory/{id}/feature", handler!(feature))
        .permission(Permission::WriteInventory)
        .summary("Show a vehicle on the homepage")
        .versioned()
        .answers(&[Answer::ok(shape::<Vehicle>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::UnknownWord]),
    Operation::post("/api/inventory/{id}/unfeature", handler!(unfeature))
        .permission(Permission::WriteInventory)
        .summary("Take a vehicle off the homepage")
        .versioned()
        .answers(&[Answer::ok(shape::<Vehicle>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::UnknownWord]),
    Operation::get("/api/inventory/{id}/price_history", handler!(price_history))
        .permission(Permission::ReadMarket)
        .summary("List the price history of a vehicle")
        .about("Newest first.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<MarketPrice>())])
        .errors(&[ErrorCode::VehicleNotFound]),
];

pub(crate) const FILTER: &[Parameter] = &[
    Parameter::new("status", word::<VehicleStatus>(), "In one of these statuses. Without it, in any.").repeated(),
    Parameter::new("make", plain::<String>(), "Of this make. The case of letters does not matter."),
    Parameter::new("model", plain::<String>(), "Of this model. The case of letters does not matter."),
    Parameter::new("year_min", plain::<i32>(), "Of this model year or later."),
    Parameter::new("year_max", plain::<i32>(), "Of this model year or earlier."),
    Parameter::new("price_min", plain::<Amount>(), "At this price or above."),
    Parameter::new("price_max", plain::<Amount>(), "At this price or below."),
    Parameter::new("mileage_min", plain::<i32>(), "With this mileage or more."),
    Parameter::new("mileage_max", plain::<i32>(), "With this mileage or less."),
    Parameter::new("featured", plain::<bool>(), "Those on the homepage, or the others."),
    Parameter::new(
        "q",
        plain::<String>(),
        "Each of these words occurs in the make, model, trim, VIN, stock number or description.",
    ),
    Parameter::new("sort", word::<VehicleSort>(), "The order. A minus means the largest first."),
];

pub(crate) fn read_filter(query: &mut Parameters) -> VehicleFilter {
    let mut filter = VehicleFilter::default();
    filter.status = query.words("status");
    filter.make = query.text("make");
    filter.model = query.text("model");
    filter.year_min = query.whole_number("year_min");
    filter.year_max = query.whole_number("year_max");
    filter.price_min = query.money("price_min");
    filter.price_max = query.money("price_max");
    filter.mileage_min = query.whole_number("mileage_min");
    filter.mileage_max = query.whole_number("mileage_max");
    filter.featured = query.truth("featured");
    filter.q = query.text("q");
    filter.sort = query.word("sort").unwrap_or_default();
    filter
}

/// The conditions of a write.
struct Conditions {
    expected: Option<Vec<Version>>,
    refuses_doubtful_prices: bool,
}

impl Conditions {
    fn of(request: &Request) -> Result<Self, Problem> {
        let refuses_doubtful_prices = request.query(|query| query.truth("refuse_doubtful_prices"))?.unwrap_or(false);
        Ok(Self { expected: request.if_match(), refuses_doubtful_prices })
    }

    fn at<'a>(&'a self, desk: &'a Desk) -> Inventory<'a> {
        let inventory = desk.inventory();
        let inventory = if self.refuses_doubtful_prices { inventory.refusing_doubtful_prices() } else { inventory };
        match &self.expected {
            Some(versions) => inventory.if_version(versions),
            None => inventory,
        }
    }
}

/// A write of one vehicle.
async fn change(
    app: App,
    request: Request,
    change: impl FnOnce(Inventory<'_>, VehicleId) -> jpauto::Result<Vehicle> + Send + 'static,
) -> Outcome {
    let (id, conditions) = (request.id()?, Conditions::of(&request)?);
    let work = move |desk: &Desk| {
        let vehicle = change(conditions.at(desk), id)?;
        Ok((vehicle, desk.inventory().show(id).ok()))
    };
    let (vehicle, seen) = app.at_desk(&request.caller, work).await?;
    let seen = seen.as_ref().and_then(|seen| Some((seen, seen.version()?)));
    answer::changed(&vehicle, vehicle.version(), seen)
}

/// A page of the list, and how it was asked for, which its `Link` repeats.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ListRequest {
    path: String,
    raw_query: String,
    filter: VehicleFilter,
    page: PageRequest,
}

impl Hash for ListRequest {
    /// The filter and the page are read from the query.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw_query.hash(state);
    }
}

/// What a website asks for: the first page of all vehicles in the usual order, of a usual length. Such pages are few, each is read in the
/// order of an index, and so a client can not ask for many of them. Any other list counts for its client.
const USUAL_PAGES: [&str; 6] = ["", "limit=10", "limit=12", "limit=20", "limit=24", "limit=50"];

/// Vehicles that are read as one: for those who see the same, and as reads of the same client.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct VehicleKey {
    pub(crate) client: Client,
    asker: Asker,
}

/// What is read as one: the same list, for those who see the same, and as reads of the same client.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ListKey {
    pub(crate) client: Client,
    asker: Asker,
    list: ListRequest,
}

/// The vehicles as they are sent to this asker.
pub(crate) fn written(
    dealership: &Dealership,
    key: &VehicleKey,
    ids: &[VehicleId],
) -> Result<Answers<VehicleId, Written>, Problem> {
    let shown = key.asker.desk(dealership)?.inventory().show_each(ids)?;
    let write = |vehicle: ShownVehicle| Written::one(&vehicle, vehicle.version());
    Ok(shown.into_iter().map(|(id, vehicle)| (id, vehicle.map_err(Problem::from).and_then(write))).collect())
}

/// The page as it is sent to this asker.
pub(crate) fn written_list(dealership: &Dealership, ListKey { asker, list, .. }: &ListKey) -> Result<Written, Problem> {
    let vehicles = asker.desk(dealership)?.inventory().list_shown(&list.filter, &list.page)?;
    Written::page(&list.path, &list.raw_query, &vehicles)
}

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    if let Some(asker) = request.caller.asker() {
        let list = ListRequest { path: request.path, raw_query: request.raw_query, filter, page };
        let is_usual = asker == Asker::Public && USUAL_PAGES.contains(&list.raw_query.as_str());
        let client = if is_usual { Client::Crowd } else { app.client(&request.caller) };
        return Ok(app.vehicle_lists().ask(ListKey { client, asker, list }, ()).await?.into_response());
    }
    let vehicles = app.at_desk(&request.caller, move |desk| desk.inventory().list_shown(&filter, &page)).await?;
    answer::page(&request, &vehicles)
}

async fn add(app: App, request: Request) -> Outcome {
    let conditions = Conditions::of(&request)?;
    let new: NewVehicle = request.json().await?;
    let vehicle = app.at_desk(&request.caller, move |desk| conditions.at(desk).add(&new)).await?;
    answer::created(&request, vehicle.id, &vehicle)
}

async fn statistics(app: App, request: Request) -> Outcome {
    let statistics = app.at_desk(&request.caller, |desk| desk.inventory().statistics()).await?;
    answer::one(&statistics)
}

async fn find(app: App, request: Request) -> Outcome {
    let reference = request.query(|query| query.text("reference"))?.unwrap_or_default();
    let found = app.at_desk(&request.caller, move |desk| desk.inventory().find(&reference)).await?;
    answer::one_version(&found, Some(found.vehicle.version()))
}

async fn get(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    if let Some(asker) = request.caller.asker() {
        // Anybody can write any token, so those who send one have reads of their own.
        let place = if asker == Asker::Public { app.place_in_crowd(request.caller.address) } else { None };
        let client = if place.is_some() { Client::Crowd } else { app.client(&request.caller) };
        return Ok(app.vehicles().ask(VehicleKey { client, asker }, id).await?.into_response());
    }
    let vehicle = app.at_desk(&request.caller, move |desk| desk.inventory().show(id)).await?;
    answer::one_version(&vehicle, vehicle.version())
}

async fn update(app: App, request: Request) -> Outcome {
    let update: VehicleUpdate = request.json().await?;
    change(app, request, move |inventory, id| inventory.update(id, &update)).await
}

async fn delete(app: App, request: Request) -> Outcome {
    let (id, conditions) = (request.id()?, Conditions::of(&request)?);
    app.at_desk(&request.caller, move |desk| conditions.at(desk).delete(id)).await?;
    answer::nothing()
}

async fn set_status(app: App, request: Request) -> Outcome {
    let status: StatusChange = request.json().await?;
    change(app, request, move |inventory, id| inventory.set_status(id, status)).await
}

async fn relist(app: App, request: Request) -> Outcome {
    change(app, request, |inventory, id| inventory.relist(id)).await
}

async fn undo_sale(app: App, request: Request) -> Outcome {
    change(app, request, |inventory, id| inventory.undo_sale(id)).await
}

async fn feature(app: App, request: Request) -> Outcome {
    change(app, request, |inventory, id| inventory.feature(id)).await
}

async fn unfeature(app: App, request: Request) -> Outcome {
    change(app, request, |inventory, id| inventory.unfeature(id)).await
}

async fn price_history(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let page = request.query(|query| query.page())?;
    let history = app.at_desk(&request.caller, move |desk| desk.inventory().price_history(id, &page)).await?;
    answer::page(&request, &history)
}
