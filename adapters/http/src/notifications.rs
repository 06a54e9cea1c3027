//! `/api/notifications`: who was told of what, and the channels.

use jpauto::{
    ErrorCode, NotificationId, Permission,
    notifications::{Channel, Event, Notification, NotificationFilter, NotificationStatus},
};
use serde::Serialize;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    query::PAGE,
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/notifications", handler!(list))
        .permission(Permission::ReadNotifications)
        .summary("List notifications")
        .about("What was sent and what is to be, the newest first.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<Notification>())]),
    Operation::get("/api/notifications/channels", handler!(channels))
        .permission(Permission::ReadNotifications)
        .summary("List the channels")
        .about("Those that are configured, and how each stands.")
        .answers(&[Answer::ok(page_of::<Channel>())]),
    Operation::post("/api/notifications/channels/{channel}/test", handler!(test))
        .permission(Permission::SendNotifications)
        .summary("Try a channel")
        .about("Each of its receivers is told now and once. The answer says for each whether it was taken.")
        .answers(&[Answer::ok(page_of::<Notification>())])
        .errors(&[ErrorCode::ChannelNotFound]),
    Operation::get("/api/notifications/{id}", handler!(get))
        .permission(Permission::ReadNotifications)
        .summary("Get a notification")
        .answers(&[Answer::ok(shape::<Notification>())])
        .errors(&[ErrorCode::NotificationNotFound]),
    Operation::post("/api/notifications/{id}/retry", handler!(retry))
        .permission(Permission::SendNotifications)
        .summary("Send a notification again")
        .about("A worker sends it, from the first try on. A channel that was off is on again.")
        .answers(&[Answer::ok(shape::<Notification>())])
        .errors(&[ErrorCode::NotificationNotFound, ErrorCode::NotificationBeingSent, ErrorCode::ChannelNotFound]),
];

const FILTER: &[Parameter] = &[
    Parameter::new("status", word::<NotificationStatus>(), "Of this status."),
    Parameter::new("channel", plain::<String>(), "To this channel: `email`, or the name of a webhook."),
    Parameter::new("event", word::<Event>(), "Of this event."),
];

/// A list without a next page.
#[derive(Serialize)]
struct Whole<T> {
    items: Vec<T>,
    next: Option<String>,
}

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| {
        let mut filter = NotificationFilter::default();
        (filter.status, filter.channel, filter.event) =
            (query.word("status"), query.text("channel"), query.word("event"));
        (filter, query.page())
    })?;
    let found = app.at_desk(&request.caller, move |desk| desk.notifications().list(&filter, &page)).await?;
    answer::page(&request, &found)
}

async fn channels(app: App, request: Request) -> Outcome {
    let items = app.at_desk(&request.caller, |desk| desk.notifications().channels()).await?;
    answer::one(&Whole { items, next: None })
}

async fn test(app: App, request: Request) -> Outcome {
    let channel: String = request.segment("channel")?;
    let items = app.at_length(&request.caller, move |desk| desk.notifications().test(&channel)).await?;
    answer::done(&Whole { items, next: None })
}

async fn get(app: App, request: Request) -> Outcome {
    let id: NotificationId = request.id()?;
    let found = app.at_desk(&request.caller, move |desk| desk.notifications().get(id)).await?;
    answer::one(&found)
}

async fn retry(app: App, request: Request) -> Outcome {
    let id: NotificationId = request.id()?;
    let waiting = app.at_desk(&request.caller, move |desk| desk.notifications().retry(id)).await?;
    answer::done(&waiting)
}
