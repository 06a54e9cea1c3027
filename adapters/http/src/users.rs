//! `/api/users`: the accounts of members of staff.

use jpauto::{Desk, ErrorCode, NewUser, Permission, Role, User, UserId, Users, Version};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, handler, page_of, shape},
    query::{PAGE, REFERENCE},
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/users", handler!(list))
        .permission(Permission::ManageUsers)
        .summary("List users")
        .about("By their addresses.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<User>())]),
    Operation::post("/api/users", handler!(add))
        .permission(Permission::ManageUsers)
        .summary("Add a user")
        .about("The owner of the address takes the account over by signing in.")
        .repeatable()
        .body(shape::<NewUser>())
        .answers(&[Answer::created(shape::<User>())])
        .errors(&[ErrorCode::InvalidUser, ErrorCode::DuplicateEmail]),
    Operation::get("/api/users/find", handler!(find))
        .permission(Permission::ManageUsers)
        .summary("Find a user")
        .about("By the address, the id or the beginning of an id.")
        .query(&[REFERENCE])
        .answers(&[Answer::ok(shape::<User>())])
        .errors(&[ErrorCode::UserNotFound, ErrorCode::AmbiguousReference]),
    Operation::get("/api/users/{id}", handler!(get))
        .permission(Permission::ManageUsers)
        .summary("Get a user")
        .answers(&[Answer::ok(shape::<User>())])
        .errors(&[ErrorCode::UserNotFound]),
    Operation::delete("/api/users/{id}", handler!(delete))
        .permission(Permission::ManageUsers)
        .summary("Delete a user")
        .about("A user whom other rows name is deactivated instead, and loses name, address and picture.")
        .versioned()
        .answers(&[Answer::nothing("Deleted.")])
        .errors(&[ErrorCode::UserNotFound, ErrorCode::NotOneself]),
    Operation::post("/api/users/{id}/role", handler!(set_role))
        .permission(Permission::ManageUsers)
        .summary("Set the role of a user")
        .body(shape::<RoleChange>())
        .versioned()
        .answers(&[Answer::ok(shape::<User>())])
        .errors(&[ErrorCode::UserNotFound, ErrorCode::NotOneself]),
    Operation::post("/api/users/{id}/activate", handler!(activate))
        .permission(Permission::ManageUsers)
        .summary("Activate a user")
        .versioned()
        .answers(&[Answer::ok(shape::<User>())])
        .errors(&[ErrorCode::UserNotFound, ErrorCode::NotOneself]),
    Operation::post("/api/users/{id}/deactivate", handler!(deactivate))
        .permission(Permission::ManageUsers)
        .summary("Deactivate a user")
        .about("Open sessions and tokens of the user end at once.")
        .versioned()
        .answers(&[Answer::ok(shape::<User>())])
        .errors(&[ErrorCode::UserNotFound, ErrorCode::NotOneself]),
];

/// A user's new role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleChange {
    /// The role.
    role: Role,
}

async fn list(app: App, request: Request) -> Outcome {
    let page = request.query(|query| query.page())?;
    let users = app.at_desk(&request.caller, move |desk| desk.users().list(&page)).await?;
    answer::page(&request, &users)
}

async fn add(app: App, request: Request) -> Outcome {
    let new: NewUser = request.json().await?;
    let user = app.at_desk(&request.caller, move |desk| desk.users().add(&new)).await?;
    answer::created(&request, user.id, &user)
}

async fn get(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let user = app.at_desk(&request.caller, move |desk| desk.users().get(id)).await?;
    answer::one_version(&user, Some(user.version()))
}

async fn delete(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let expected = request.if_match();
    app.at_desk(&request.caller, move |desk| of(desk, expected.as_deref()).delete(id)).await?;
    answer::nothing()
}

async fn set_role(app: App, request: Request) -> Outcome {
    let id: UserId = request.id()?;
    let RoleChange { role } = request.json().await?;
    let expected = request.if_match();
    let user = app.at_desk(&request.caller, move |desk| of(desk, expected.as_deref()).set_role(id, role)).await?;
    answer::done_to(&user, user.version())
}

async fn activate(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let expected = request.if_match();
    let user = app.at_desk(&request.caller, move |desk| of(desk, expected.as_deref()).activate(id)).await?;
    answer::done_to(&user, user.version())
}

async fn deactivate(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let expected = request.if_match();
    let user = app.at_desk(&request.caller, move |desk| of(desk, expected.as_deref()).deactivate(id)).await?;
    answer::done_to(&user, user.version())
}

fn of<'a>(desk: &'a Desk, expected: Option<&'a [Version]>) -> Users<'a> {
    match expected {
        Some(versions) => desk.users().if_version(versions),
        None => desk.users(),
    }
}

async fn find(app: App, request: Request) -> Outcome {
    let reference = request.query(|query| query.text("reference"))?.unwrap_or_default();
    let user = app.at_desk(&request.caller, move |desk| desk.users().find(&reference)).await?;
    answer::one_version(&user, Some(user.version()))
}
