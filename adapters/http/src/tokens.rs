//! `/api/tokens`: API tokens for machines. The secret of a new one is in the answer to `POST` and in no other.

use jpauto::{ErrorCode, IssuedToken, NewToken, Permission, Token};

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, handler, page_of, shape},
    query::PAGE,
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/tokens", handler!(list))
        .permission(Permission::ManageOwnTokens)
        .summary("List API tokens")
        .about("One's own, or for administrators everybody's. A token may not do this.")
        .query(&[PAGE])
        .answers(&[Answer::ok(page_of::<Token>())])
        .errors(&[ErrorCode::PersonRequired]),
    Operation::post("/api/tokens", handler!(create))
        .permission(Permission::ManageOwnTokens)
        .summary("Create an API token")
        .about(
            "The answer has the secret, which is never shown again, and which is not kept. So the call can not be repeated: with an \
             `Idempotency-Key` it is refused. Where the answer was lost, revoke the token and create another. A token may not do this.",
        )
        .body(shape::<NewToken>())
        .answers(&[Answer::created(shape::<IssuedToken>())])
        .errors(&[ErrorCode::PersonRequired, ErrorCode::InvalidToken, ErrorCode::RoleAboveOwn]),
    Operation::get("/api/tokens/{id}", handler!(get))
        .permission(Permission::ManageOwnTokens)
        .summary("Get an API token")
        .answers(&[Answer::ok(shape::<Token>())])
        .errors(&[ErrorCode::PersonRequired, ErrorCode::TokenNotFound]),
    Operation::delete("/api/tokens/{id}", handler!(revoke))
        .permission(Permission::ManageOwnTokens)
        .summary("Revoke an API token")
        .about("It stays in the list as revoked.")
        .answers(&[Answer::ok(shape::<Token>())])
        .errors(&[ErrorCode::PersonRequired, ErrorCode::TokenNotFound]),
];

async fn list(app: App, request: Request) -> Outcome {
    let page = request.query(|query| query.page())?;
    let tokens = app.at_desk(&request.caller, move |desk| desk.tokens().list(&page)).await?;
    answer::page(&request, &tokens)
}

async fn create(app: App, request: Request) -> Outcome {
    let new: NewToken = request.json().await?;
    let issued = app.at_desk(&request.caller, move |desk| desk.tokens().create(&new)).await?;
    answer::created(&request, issued.token.id, &issued)
}

async fn get(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let token = app.at_desk(&request.caller, move |desk| desk.tokens().get(id)).await?;
    answer::one(&token)
}

async fn revoke(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let token = app.at_desk(&request.caller, move |desk| desk.tokens().revoke(id)).await?;
    answer::done(&token)
}
