//! `/api/activity`: the audit trail.

use jpauto::{Action, ActivityEntry, ActivityFilter, Permission};

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, word},
    query::{AnyId, PAGE, Parameters},
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[Operation::get("/api/activity", handler!(list))
    .permission(Permission::ReadActivity)
    .summary("List the audit trail")
    .about("Newest first.")
    .query(&[FILTER, PAGE])
    .answers(&[Answer::ok(page_of::<ActivityEntry>())])];

const FILTER: &[Parameter] = &[
    Parameter::new("user_id", plain::<AnyId>(), "Done by this member of staff."),
    Parameter::new("action", word::<Action>(), "This action."),
    Parameter::new("resource_type", plain::<String>(), "About this noun, such as `inventory`."),
    Parameter::new("resource_id", plain::<AnyId>(), "About this row."),
];

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let entries = app.at_desk(&request.caller, move |desk| desk.activity().list(&filter, &page)).await?;
    answer::page(&request, &entries)
}

fn read_filter(query: &mut Parameters) -> ActivityFilter {
    let mut filter = ActivityFilter::default();
    filter.user_id = query.id("user_id");
    filter.action = query.word("action");
    filter.resource_type = query.text("resource_type");
    filter.resource_id = query.id("resource_id");
    filter
}
