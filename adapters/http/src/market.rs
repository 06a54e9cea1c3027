//! `/api/market`: what vehicles are worth on the market.

use std::ops::ControlFlow;

use jpauto::{
    ErrorCode, Permission, VehicleId,
    market::{
        Analysis, AutoDevUse, BacktestOptions, BacktestReport, Comparable, MarketOverview, MarketPrice, ResearchResult,
        Subject, Supply, VehiclePosition,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer,
    app::App,
    body, inventory,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape},
    problem::Problem,
    query::PAGE,
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/market", handler!(overview))
        .permission(Permission::ReadMarket)
        .summary("Get how the lot stands in the market")
        .answers(&[Answer::ok(shape::<MarketOverview>())]),
    Operation::get("/api/market/positions", handler!(positions))
        .permission(Permission::ReadMarket)
        .summary("List vehicles with their last analyses")
        .about("`research` is `null` where a vehicle was never analysed.")
        .query(&[inventory::FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<VehiclePosition>())]),
    Operation::get("/api/market/auto_dev", handler!(auto_dev_use))
        .permission(Permission::ReadMarket)
        .summary("Get how much of the month's calls of auto.dev is used")
        .about("404 where auto.dev is not configured.")
        .answers(&[Answer::ok(shape::<AutoDevUse>())])
        .errors(&[ErrorCode::NotFound]),
    Operation::post("/api/market/candidates", handler!(candidates))
        .permission(Permission::ReadMarket)
        .summary("List the listings that cars would be compared with")
        .about("For each subject, in order, before any is set aside. Only the tracked competitors' listings.")
        .body(shape::<Subjects>())
        .answers(&[Answer::ok(shape::<Candidates>())])
        .errors(&[ErrorCode::InvalidSubject]),
    Operation::get("/api/market/supply", handler!(supply))
        .permission(Permission::ReadMarket)
        .summary("Get supply and demand of a model year")
        .query(&[MODEL_YEAR])
        .answers(&[Answer::ok(shape::<Supply>())])
        .errors(&[ErrorCode::InvalidSubject]),
    Operation::post("/api/market/price", handler!(price))
        .permission(Permission::Analyze)
        .summary("Price a car")
        .about("Any car, such as one that we may buy. Nothing is stored.")
        .body(shape::<Subject>())
        .answers(&[Answer::ok(shape::<Analysis>())])
        .errors(&[ErrorCode::InvalidSubject]),
    Operation::post("/api/market/backtest", handler!(backtest))
        .permission(Permission::Analyze)
        .summary("Measure the pricing rule")
        .about("Each listing that was sold or cut in price is priced from the others that were visible then.")
        .body(shape::<BacktestOptions>())
        .answers(&[Answer::ok(shape::<BacktestReport>())])
        .errors(&[ErrorCode::InvalidBacktest]),
    Operation::get("/api/market/{id}", handler!(get))
        .permission(Permission::ReadMarket)
        .summary("Get the stored analysis of a vehicle")
        .answers(&[Answer::ok(shape::<ResearchResult>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::VehicleNotAnalyzed]),
    Operation::post("/api/market/{id}/analyze", handler!(analyze))
        .permission(Permission::Analyze)
        .summary("Analyse a vehicle")
        .about("The result, a point of the price history and an alert are stored.")
        .answers(&[Answer::ok(shape::<Analysis>())])
        .errors(&[ErrorCode::VehicleNotFound, ErrorCode::VehicleSold]),
    Operation::get("/api/market/{id}/history", handler!(history))
        .permission(Permission::ReadMarket)
        .summary("List the price history of a vehicle")
        .about("Analyses and changes of our own price, newest first.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<MarketPrice>())])
        .errors(&[ErrorCode::VehicleNotFound]),
];

const MODEL_YEAR: &[Parameter] = &[
    Parameter::new("make", plain::<String>(), "The make.").required(),
    Parameter::new("model", plain::<String>(), "The model.").required(),
    Parameter::new("year", plain::<i32>(), "The model year.").required(),
];

/// Cars to look for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Subjects {
    /// At most 1,000.
    #[schema(max_items = 1000)]
    #[serde(deserialize_with = "body::objects")]
    subjects: Vec<Subject>,
}

/// What each of the cars would be compared with.
#[derive(Serialize, ToSchema)]
struct Candidates {
    /// One for each subject, in their order.
    items: Vec<Candidate>,
}

/// What one car would be compared with.
#[derive(Serialize, ToSchema)]
struct Candidate {
    comparables: Vec<Comparable>,
}

async fn overview(app: App, request: Request) -> Outcome {
    let overview = app.at_desk(&request.caller, |desk| desk.market().overview()).await?;
    answer::one(&overview)
}

async fn supply(app: App, request: Request) -> Outcome {
    let (make, model, year) = request.query(|query| {
        let [make, model] = ["make", "model"].map(|name| query.text(name).unwrap_or_default());
        (make, model, query.whole_number("year").unwrap_or_default())
    })?;
    let supply = app.at_desk(&request.caller, move |desk| desk.market().days_supply(&make, &model, year)).await?;
    answer::one(&supply)
}

async fn positions(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (inventory::read_filter(query), query.page()))?;
    let positions = app.at_desk(&request.caller, move |desk| desk.market().positions(&filter, &page)).await?;
    answer::page(&request, &positions)
}

async fn auto_dev_use(app: App, request: Request) -> Outcome {
    let used = app.at_desk(&request.caller, |desk| desk.market().auto_dev_use()).await?;
    answer::one(&used.ok_or_else(Problem::not_found)?)
}

async fn candidates(app: App, request: Request) -> Outcome {
    let Subjects { subjects } = request.json().await?;
    let of_each = app.at_length(&request.caller, move |desk| desk.market().candidates(&subjects)).await?;
    let items = of_each.into_iter().map(|comparables| Candidate { comparables }).collect();
    answer::done(&Candidates { items })
}

async fn price(app: App, request: Request) -> Outcome {
    let subject: Subject = request.json().await?;
    let analysis = app.at_length(&request.caller, move |desk| desk.market().price(&subject)).await?;
    answer::done(&analysis)
}

async fn backtest(app: App, request: Request) -> Outcome {
    let options: BacktestOptions = request.json().await?;
    let measure =
        move |desk: &jpauto::Desk| desk.market().backtest(&options, &mut |_progress| ControlFlow::Continue(()));
    let report = app.at_length(&request.caller, measure).await?;
    answer::done(&report)
}

async fn get(app: App, request: Request) -> Outcome {
    let id: VehicleId = request.id()?;
    let research = app.at_desk(&request.caller, move |desk| desk.market().get(id)).await?;
    answer::one(&research)
}

async fn analyze(app: App, request: Request) -> Outcome {
    let id: VehicleId = request.id()?;
    let analysis = app.at_length(&request.caller, move |desk| desk.market().analyze(id)).await?;
    answer::done(&analysis)
}

async fn history(app: App, request: Request) -> Outcome {
    let id: VehicleId = request.id()?;
    let page = request.query(|query| query.page())?;
    let history = app.at_desk(&request.caller, move |desk| desk.market().history(id, &page)).await?;
    answer::page(&request, &history)
}
