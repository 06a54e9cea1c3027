//! `jpauto token`: created, listed, revoked.

use serde_json::{Value, json};

use crate::support::Lot;

#[test]
fn a_token_is_created_listed_and_revoked() {
    let lot = Lot::new();
    let ran = lot.run(["token", "create", "nightly export", "--days", "30", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "keep the secret now: it is not shown again\n"));
    let created: Value = serde_json::from_str(&ran.stdout).unwrap();
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("jpa_") && secret.len() == 101, "{secret}");
    assert_eq!((&created["role"], &created["user_id"]), (&json!("viewer"), &Value::Null));
    assert!(created["expires_at"].is_string());
    let listed = lot.items(["token", "list"]);
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["secret"]), (1, &created["id"], &Value::Null));
    let revoked = lot.json(["token", "revoke", created["id"].as_str().unwrap()]);
    assert!(revoked["revoked_at"].is_string());
    let table = lot.run(["token", "list"]).stdout;
    assert!(table.contains("nightly export") && !table.contains("jpa_"), "{table}");
}

#[test]
fn a_token_is_revoked_by_its_name_or_a_beginning_of_its_id() {
    let lot = Lot::new();
    let create = |name: &str| {
        let ran = lot.run(["token", "create", name, "--format", "json"]);
        ran.document()["id"].as_str().unwrap().to_owned()
    };
    let (first, _second) = (create("nightly export"), create("stock sync"));
    assert!(lot.json(["token", "revoke", "stock sync"])["revoked_at"].is_string());
    lot.run(["token", "revoke", &first[..2]]).fails(2, "error[ambiguous_reference]: ");
    lot.run(["token", "revoke", "nightly"]).fails(3, "error[token_not_found]: ");
    assert_eq!(lot.json(["token", "revoke", &first[..30]])["id"], first.as_str());
}

#[test]
fn a_users_token_is_not_above_the_user() {
    let lot = Lot::new();
    lot.json(["user", "add", "vi@example.com", "--name", "Vi"]);
    let above = ["--as", "vi@example.com", "token", "create", "sync", "--role", "manager"];
    lot.run(above).fails(3, "error[role_above_own]: ");
    lot.run(["token", "create", " "]).fails(2, "error[invalid_token]: name: ");
    lot.run(["token", "revoke", "01890a5d-ac96-774b-bcce-b302099a8057"]).fails(3, "error[token_not_found]: ");
    let created = lot.run(["--as", "vi@example.com", "token", "create", "sync", "--format", "json"]);
    let created: Value = serde_json::from_str(&created.stdout).unwrap();
    assert!(created["user_id"].is_string());
    let trail = lot.items(["activity", "list", "--resource", "tokens"]);
    assert_eq!((trail.len(), &trail[0]["user_id"]), (1, &created["user_id"]));
}
