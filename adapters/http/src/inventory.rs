//! `/api/inventory`: the vehicles on the website.
//!
//! The library's `ListedVehicle` decides which fields are public.

use jpauto::{ErrorCode, ListedVehicle, Money, Permission, VehicleFilter, VehicleId, VehicleSort, VehicleStatus};

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape},
    query::{PAGE, Parameters},
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/inventory", handler!(list))
        .permission(Permission::ReadListedVehicles)
        .summary("List vehicles")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<ListedVehicle>())]),
    Operation::get("/api/inventory/{id}", handler!(get))
        .permission(Permission::ReadListedVehicles)
        .summary("Get a vehicle")
        .answers(&[Answer::ok(shape::<ListedVehicle>())])
        .errors(&[ErrorCode::VehicleNotFound]),
];

const FILTER: &[Parameter] = &[
    Parameter::new("status", plain::<VehicleStatus>(), "In one of these statuses. Without it, in any.").repeated(),
    Parameter::new("make", plain::<String>(), "Of this make. The case of letters does not matter."),
    Parameter::new("model", plain::<String>(), "Of this model. The case of letters does not matter."),
    Parameter::new("year_min", plain::<i32>(), "Of this model year or later."),
    Parameter::new("year_max", plain::<i32>(), "Of this model year or earlier."),
    Parameter::new("price_min", plain::<Money>(), "At this price or above."),
    Parameter::new("price_max", plain::<Money>(), "At this price or below."),
    Parameter::new("mileage_min", plain::<i32>(), "With this mileage or more."),
    Parameter::new("mileage_max", plain::<i32>(), "With this mileage or less."),
    Parameter::new("featured", plain::<bool>(), "Those on the homepage, or the others."),
    Parameter::new(
        "q",
        plain::<String>(),
        "Each of these words occurs in the make, model, trim, VIN, stock number or description.",
    ),
    Parameter::new("sort", plain::<VehicleSort>(), "The order. A minus means the largest first."),
];

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let vehicles = app.at_desk(&request.caller, move |desk| desk.inventory().list_public(&filter, &page)).await?;
    answer::page(&request, &vehicles)
}

async fn get(app: App, request: Request) -> Outcome {
    let id: VehicleId = request.id()?;
    let vehicle = app.at_desk(&request.caller, move |desk| desk.inventory().get_public(id)).await?;
    answer::one(&vehicle)
}

fn read_filter(query: &mut Parameters) -> VehicleFilter {
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
