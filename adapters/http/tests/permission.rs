//! Who may not call an operation learns that, and not what is wrong with the call. The operations are those of the document.

use jpauto::Role;
use serde_json::Value;

use crate::support::Lot;

#[test]
fn nobody_learns_what_is_wrong_with_a_call_that_is_not_theirs() {
    let lot = Lot::open();
    let document = lot.get("/openapi.json").json();
    let roles = [(Role::Viewer, lot.authorization(Role::Viewer)), (Role::Manager, lot.authorization(Role::Manager))];
    let (mut tried, mut faults) = (0, Vec::new());
    for (path, of_path) in document["paths"].as_object().unwrap() {
        for (method, operation) in of_path.as_object().unwrap() {
            let about = operation["description"].as_str().unwrap();
            let needs = Role::ALL.into_iter().find(|role| about.contains(&format!("Takes the role `{role}`")));
            let Some(least) = needs else { continue };
            let method = method.to_uppercase();
            for (id, query, body) in [
                ("01890000-0000-7000-8000-000000000001", "?no_such_parameter=1&limit=none", &b"{"[..]),
                ("no-id", "", b"{\"no_such_field\": 1}"),
                ("no-id", "?after=no+cursor", b""),
            ] {
                let segments = path.replace("{id}", id);
                let segments = segments.split('/').map(|part| if part.starts_with('{') { "none" } else { part });
                let target = segments.collect::<Vec<_>>().join("/") + query;
                let mut callers = vec![(String::new(), 401, "not_signed_in")];
                let below = roles.iter().filter(|(role, _)| *role < least);
                callers.extend(below.map(|(_, authorization)| (authorization.clone(), 403, "forbidden")));
                for (authorization, status, code) in callers {
                    let mut headers = vec![("content-type", "application/json"), ("if-match", "\"none\"")];
                    if !authorization.is_empty() {
                        headers.push(("authorization", authorization.as_str()));
                    }
                    let answer = lot.ask(&method, &target, &headers, body);
                    tried += 1;
                    if (answer.status, answer.problem().as_str()) != (status, code) {
                        faults.push(format!("{method} {target}: {} {}", answer.status, answer.problem()));
                    }
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A body of a type that no operation takes.
#[test]
fn a_file_is_not_read_for_those_who_may_not_import_it() {
    let lot = Lot::open();
    let viewer = lot.authorization(Role::Viewer);
    let headers = [("authorization", viewer.as_str()), ("content-type", "text/csv"), ("content-length", "50000000")];
    // The body never comes: the answer does not wait for it.
    let answer = lot.ask("POST", "/api/imports/vehicles", &headers, b"");
    assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"));
    assert_eq!(lot.call(&viewer, "POST", "/api/competitors/record", &Value::Null).status, 403);
}
