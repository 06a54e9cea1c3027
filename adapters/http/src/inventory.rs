//! `GET /api/inventory` and `GET /api/inventory/{id}`: the vehicles on the website.
//!
//! The library's `ListedVehicle` decides which fields are public.

use jpauto::{VehicleFilter, VehicleId};
use warp::{
    Filter, Rejection,
    http::{HeaderValue, header::LINK},
    reply::Response,
};

use crate::{
    app::{self, App},
    caller::Caller,
    problem::Problem,
    request::{Parameters, query_after},
};

pub(crate) fn routes(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let list = warp::path!("api" / "inventory")
        .and(warp::get())
        .and(app::called(app))
        .and(app::query())
        .then(|app, caller, query: String| async move { app::answer(list(&app, &caller, &query).await) });
    let get = warp::path!("api" / "inventory" / VehicleId)
        .and(warp::get())
        .and(app::called(app))
        .and(app::query())
        .then(|id, app, caller, query: String| async move { app::answer(get(&app, &caller, id, &query).await) });
    list.or(get).unify()
}

async fn list(app: &App, caller: &Caller, query: &str) -> Result<Response, Problem> {
    let mut parameters = Parameters::parse(query);
    let filter = read_filter(&mut parameters);
    let page = parameters.page();
    parameters.finish()?;
    let vehicles = app.at_desk(caller, move |desk| desk.inventory().list_public(&filter, &page)).await?;
    let mut response = app::json_with_tag(&vehicles)?;
    if let Some(next) = &vehicles.next {
        let link = format!("</api/inventory?{}>; rel=\"next\"", query_after(query, next));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(LINK, link);
        }
    }
    Ok(response)
}

async fn get(app: &App, caller: &Caller, id: VehicleId, query: &str) -> Result<Response, Problem> {
    Parameters::parse(query).finish()?;
    let vehicle = app.at_desk(caller, move |desk| desk.inventory().get_public(id)).await?;
    app::json_with_tag(&vehicle)
}

fn read_filter(parameters: &mut Parameters) -> VehicleFilter {
    let mut filter = VehicleFilter::default();
    filter.status = parameters.words("status");
    filter.make = parameters.text("make");
    filter.model = parameters.text("model");
    filter.year_min = parameters.whole_number("year_min");
    filter.year_max = parameters.whole_number("year_max");
    filter.price_min = parameters.money("price_min");
    filter.price_max = parameters.money("price_max");
    filter.mileage_min = parameters.whole_number("mileage_min");
    filter.mileage_max = parameters.whole_number("mileage_max");
    filter.featured = parameters.truth("featured");
    filter.q = parameters.text("q");
    filter.sort = parameters.word("sort").unwrap_or_default();
    filter
}
