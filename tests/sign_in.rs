//! Signing in at providers, on both databases: who gets which account, and what is refused. The provider is one that lies where a
//! test wants it to.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, Actor, Admission, Callback, Config, Dealership, ErrorKind, NewUser, PageRequest,
    ProviderConfig, ProviderKind, Result, Role, SessionConfig, SignInConfig, SignInStart, SignedIn, User,
};
use serde_json::{Value, json};

use crate::support::{
    Lot,
    openid::{CLIENT, Provider, SECRET, Signing},
};

const BACK: &str = "https://lot.example/api/auth/id/callback";

fn config(provider: &Provider) -> SignInConfig {
    let mut config = SignInConfig::new("https://lot.example");
    config.allow_loopback_http = true;
    config.administrators = vec!["boss@lot.example".into()];
    config.providers = vec![ProviderConfig::other("id", &provider.issuer, CLIENT, Some(SECRET.into()))];
    config
}

/// The lot as a server has it at which people sign in.
fn server_with(lot: &Lot, sign_in: SignInConfig) -> Dealership {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    config.sessions = Some(SessionConfig::new(vec!["a secret of many letters".into()]));
    config.sign_in = Some(sign_in);
    Dealership::with_config(config).unwrap()
}

fn server(lot: &Lot, provider: &Provider) -> Dealership {
    server_with(lot, config(provider))
}

fn begin(server: &Dealership, browser: Option<&str>) -> SignInStart {
    server.acting_as(Actor::public()).sign_in().begin("id", BACK, "/inventory", browser).unwrap()
}

fn callback((code, state): (String, String)) -> Callback {
    Callback { code: Some(code), state: Some(state), ..Callback::default() }
}

fn finish(server: &Dealership, callback: &Callback, browser: &str) -> Result<SignedIn> {
    server.acting_as(Actor::public()).sign_in().finish("id", callback, Some(browser), None)
}

/// Signs in from the beginning to the end.
fn sign_in(server: &Dealership, provider: &Provider) -> Result<SignedIn> {
    let start = begin(server, None);
    finish(server, &callback(provider.sign_in(&start.url)), &start.browser)
}

fn code(outcome: Result<SignedIn>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "signed in")
}

fn user(lot: &Lot, signed_in: &SignedIn) -> User {
    lot.desk().users().get(signed_in.session.user_id).unwrap()
}

/// A person at the provider.
fn as_person(provider: &Provider, subject: &str, email: &str, verified: bool) {
    provider.claim("sub", json!(subject));
    provider.claim("email", json!(email));
    provider.claim("email_verified", json!(verified));
}

on_both_databases! {
    fn a_first_sign_in_makes_a_viewer_and_the_next_finds_the_account(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let start = begin(&server, None);
        assert_eq!(start.expires_at, lot.now() + TimeDelta::minutes(10));
        let answer = callback(provider.sign_in(&start.url));
        let desk = server.acting_as(Actor::public().from_ip("203.0.113.7".parse().unwrap()));
        let first = desk.sign_in().finish("id", &answer, Some(&start.browser), None).unwrap();
        assert_eq!(first.return_to, "/inventory");
        let ann = user(lot, &first);
        assert_eq!((ann.email.as_str(), ann.name.as_str(), ann.role), ("ann@lot.example", "Ann Lee", Role::Viewer));
        assert_eq!((ann.oauth_provider.as_str(), ann.oauth_id.as_str(), ann.last_login), ("id", "subject-1", Some(lot.now())));
        let resumed = desk.sessions().resume(&first.session.cookie).unwrap().unwrap();
        assert_eq!(server.acting_as(resumed.actor).sign_in().me().unwrap().role, Some(Role::Viewer));
        // The account is the subject, whatever the address is now.
        provider.claim("email", json!("ann.lee@lot.example"));
        assert_eq!(sign_in(&server, &provider).unwrap().session.user_id, ann.id);
        as_person(&provider, "subject-2", "bob@lot.example", true);
        assert_ne!(sign_in(&server, &provider).unwrap().session.user_id, ann.id);
        let trail = lot.desk().activity().list(&ActivityFilter::default().resource(ann.id), &PageRequest::default()).unwrap();
        let mut done: Vec<_> = trail.items.iter().map(|it| (it.action.clone(), it.user_id)).collect();
        done.sort_unstable();
        let by_ann = |action: Action| (action.as_str().to_owned(), Some(ann.id));
        assert_eq!(done, [by_ann(Action::Create), by_ann(Action::SignIn), by_ann(Action::SignIn)]);
        // Who did it is called as the user is called now: the trail itself names nobody.
        let by = Some("ann@lot.example".to_owned());
        assert!(trail.items.iter().all(|entry| entry.by == by), "{trail:?}");
        let mut kept = trail.items;
        kept.iter_mut().for_each(|entry| entry.by = None);
        let text = serde_json::to_string(&kept).unwrap();
        assert!(!text.contains("ann@") && !text.contains("subject-1") && text.contains("203.0.113.7"), "{text}");
    }

    fn administrators_of_the_configuration_and_invited_people_have_their_role(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        as_person(&provider, "boss", "Boss@Lot.example", false);
        let boss = sign_in(&server, &provider).unwrap();
        assert_eq!(user(lot, &boss).role, Role::Viewer, "an address that nobody has verified makes no administrator");
        provider.claim("email_verified", json!(true));
        assert_eq!(user(lot, &sign_in(&server, &provider).unwrap()).role, Role::Admin);
        let trail = lot.desk().activity().list(&ActivityFilter::default().action(Action::Update), &PageRequest::default()).unwrap();
        assert_eq!(trail.items[0].changes.as_ref().unwrap()["role"], json!({"from": "viewer", "to": "admin"}));
        let new = NewUser { email: "Mia@lot.example".into(), name: "Mia".into(), role: Role::Manager, ..NewUser::default() };
        let mia = lot.desk().users().add(&new).unwrap();
        as_person(&provider, "mia", "mia@lot.example", true);
        let signed_in = sign_in(&server, &provider).unwrap();
        let taken = user(lot, &signed_in);
        assert_eq!((taken.id, taken.role, taken.name.as_str(), taken.oauth_id.as_str()), (mia.id, Role::Manager, "Mia", "mia"));
        lot.desk().users().deactivate(mia.id).unwrap();
        assert_eq!(code(sign_in(&server, &provider)), "user_inactive");
        let desk = server.acting_as(Actor::public());
        let resumed = desk.sessions().resume(&signed_in.session.cookie).unwrap().unwrap();
        assert_eq!(server.acting_as(resumed.actor).sign_in().me().unwrap_err().code(), "user_inactive");
    }

    fn an_address_leads_to_a_user_only_if_it_is_proven_on_both_sides(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let (manager, _) = lot.staff(Role::Manager);
        for verified in [Value::Null, json!(false), json!("true"), json!(1)] {
            as_person(&provider, "thief", &manager.email, true);
            provider.claim("email_verified", verified);
            assert_eq!(code(sign_in(&server, &provider)), "email_not_verified");
        }
        // Somebody makes an account with the address of somebody else, and waits for the owner.
        as_person(&provider, "squatter", "eve@lot.example", false);
        let squatter = user(lot, &sign_in(&server, &provider).unwrap());
        as_person(&provider, "eve", "eve@lot.example", true);
        assert_eq!(code(sign_in(&server, &provider)), "email_not_verified");
        as_person(&provider, "squatter", "eve@lot.example", true);
        assert_eq!(sign_in(&server, &provider).unwrap().session.user_id, squatter.id);
        as_person(&provider, "eve", "eve@lot.example", true);
        assert_eq!(sign_in(&server, &provider).unwrap().session.user_id, squatter.id, "the provider has verified it since");
        lot.desk().users().delete(squatter.id).unwrap();
        assert_eq!(user(lot, &sign_in(&server, &provider).unwrap()).oauth_id, "eve");
        provider.claim("email", Value::Null);
        assert_eq!(code(sign_in(&server, &provider)), "signed in", "who has an account needs no address");
        provider.claim("sub", json!("nameless"));
        assert_eq!(code(sign_in(&server, &provider)), "email_missing");
        provider.acts().userinfo = Some(json!({"sub": "nameless", "email": "n@lot.example", "email_verified": true}));
        assert_eq!(user(lot, &sign_in(&server, &provider).unwrap()).email, "n@lot.example");
        provider.claim("sub", json!("other"));
        assert_eq!(code(sign_in(&server, &provider)), "sign_in_refused", "UserInfo is about somebody else");
    }

    fn a_user_who_was_removed_is_not_found_again(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let before = user(lot, &sign_in(&server, &provider).unwrap());
        lot.desk().users().delete(before.id).unwrap();
        assert!(!lot.desk().users().get(before.id).unwrap().is_active, "the audit trail names the user");
        let after = user(lot, &sign_in(&server, &provider).unwrap());
        assert_ne!(after.id, before.id);
        assert_eq!(after.role, Role::Viewer);
    }

    fn the_same_subject_of_another_issuer_is_somebody_else(lot: &Lot) {
        let (one, other) = (Provider::start(lot.now()), Provider::start(lot.now()));
        let ann = sign_in(&server(lot, &one), &one).unwrap().session.user_id;
        as_person(&other, "subject-1", "eve@lot.example", false);
        assert_ne!(sign_in(&server(lot, &other), &other).unwrap().session.user_id, ann);
    }

    fn a_state_is_of_one_browser_and_used_once_and_soon(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let start = begin(&server, None);
        let answer = callback(provider.sign_in(&start.url));
        let attacker = begin(&server, None);
        assert_eq!(code(finish(&server, &answer, &attacker.browser)), "sign_in_expired", "another browser");
        assert_eq!(code(server.acting_as(Actor::public()).sign_in().finish("id", &answer, None, None)), "sign_in_expired");
        assert_eq!(code(finish(&server, &answer, &start.browser)), "signed in", "the other browser has used nothing up");
        assert_eq!(code(finish(&server, &answer, &start.browser)), "sign_in_expired", "a second time");
        let stolen = callback(provider.sign_in(&begin(&server, Some(&start.browser)).url));
        let of_own = callback(provider.sign_in(&attacker.url));
        let mixed = Callback { code: stolen.code.clone(), ..of_own };
        assert_eq!(code(finish(&server, &mixed, &attacker.browser)), "sign_in_refused", "the verifier is another");
        for state in [None, Some(""), Some("jps_"), Some("x' OR 1=1")] {
            let forged = Callback { state: state.map(str::to_owned), ..stolen.clone() };
            assert_eq!(code(finish(&server, &forged, &start.browser)), "sign_in_expired", "{state:?}");
        }
        lot.pass(TimeDelta::minutes(10));
        assert_eq!(code(finish(&server, &stolen, &start.browser)), "sign_in_expired", "too late");
        let secrets = [&start.browser, answer.state.as_ref().unwrap(), answer.code.as_ref().unwrap()];
        for secret in secrets {
            let kept = format!("SELECT count(*) FROM sign_in_states WHERE state_hash = '{secret}' OR browser_hash = '{secret}'");
            assert_eq!(lot.count(&kept), 0);
        }
    }

    fn two_tabs_sign_in_side_by_side(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let first = begin(&server, None);
        let second = begin(&server, Some(&first.browser));
        assert_eq!(first.browser, second.browser);
        let answers = [&second, &first].map(|start| callback(provider.sign_in(&start.url)));
        let start = std::sync::Barrier::new(2);
        let users = std::thread::scope(|scope| {
            let threads = answers.each_ref().map(|answer| {
                let (server, browser, start) = (server.clone(), &first.browser, &start);
                scope.spawn(move || {
                    start.wait();
                    finish(&server, answer, browser).unwrap().session.user_id
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(users[0], users[1]);
        assert_eq!(lot.count("SELECT count(*) FROM users"), 1);
        let begun = begin(&server, Some("jpb_made up by the browser"));
        assert_ne!(begun.browser, "jpb_made up by the browser");
    }

    fn a_session_from_before_the_sign_in_ends(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let before = sign_in(&server, &provider).unwrap().session.cookie;
        let start = begin(&server, None);
        let desk = server.acting_as(Actor::public());
        let answer = callback(provider.sign_in(&start.url));
        let after = desk.sign_in().finish("id", &answer, Some(&start.browser), Some(&before)).unwrap().session.cookie;
        assert!(desk.sessions().resume(&before).unwrap().is_none() && desk.sessions().resume(&after).unwrap().is_some());
    }

    fn a_token_that_does_not_hold_signs_nobody_in(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let now = lot.now().timestamp();
        for (name, value) in [
            ("nonce", json!("another")),
            ("nonce", Value::Null),
            ("iss", json!("https://accounts.google.com")),
            ("iss", Value::Null),
            ("aud", json!("another client")),
            ("aud", json!([CLIENT, "another client"])),
            ("azp", json!("another client")),
            ("exp", json!(now - 61)),
            ("exp", Value::Null),
            ("iat", json!(now + 61)),
            ("nbf", json!(now + 61)),
            ("sub", json!("")),
        ] {
            provider.claim(name, value.clone());
            assert_eq!(code(sign_in(&server, &provider)), "sign_in_refused", "{name} {value}");
            provider.acts().claims.clear();
        }
        for signing in [Signing::Nothing, Signing::PublicKeyAsSecret, Signing::ClientSecret, Signing::AnotherKey] {
            provider.acts().signing = signing;
            assert_eq!(code(sign_in(&server, &provider)), "sign_in_refused", "{signing:?}");
        }
        for signing in [Signing::Rsa, Signing::Ec] {
            provider.acts().signing = signing;
            assert_eq!(code(sign_in(&server, &provider)), "signed in", "{signing:?}");
        }
        assert_eq!(lot.count("SELECT count(*) FROM users"), 1);
    }

    fn what_a_provider_sends_the_browser_back_with_is_checked(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let back = |change: &dyn Fn(&mut Callback)| {
            let server = server(lot, &provider);
            let start = begin(&server, None);
            let mut answer = callback(provider.sign_in(&start.url));
            change(&mut answer);
            code(finish(&server, &answer, &start.browser))
        };
        let issuer = provider.issuer.clone();
        assert_eq!(back(&|it| it.iss = Some(issuer.clone())), "signed in");
        assert_eq!(back(&|it| it.iss = Some("https://evil.example".into())), "sign_in_refused");
        assert_eq!(back(&|it| it.code = None), "sign_in_refused");
        assert_eq!(back(&|it| it.code = Some("x".repeat(5_000))), "sign_in_refused");
        assert_eq!(back(&|it| it.code = Some("never given".into())), "sign_in_refused");
        assert_eq!(back(&|it| it.error = Some("access_denied".into())), "sign_in_denied");
        assert_eq!(back(&|it| it.error = Some("temporarily_unavailable".into())), "provider_unavailable");
        assert_eq!(back(&|it| it.error = Some("<script>".into())), "sign_in_refused");
        provider.acts().metadata.insert("authorization_response_iss_parameter_supported".into(), json!(true));
        assert_eq!(back(&|_| {}), "sign_in_refused", "the issuer is missing");
        assert_eq!(back(&|it| it.iss = Some(issuer.clone())), "signed in");
    }

    fn what_is_not_here_is_not_begun(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let server = server(lot, &provider);
        let desk = server.acting_as(Actor::public());
        let begin = |provider, back, to| desk.sign_in().begin(provider, back, to, None).unwrap_err().code();
        assert_eq!(begin("google", BACK, "/"), "unknown_provider");
        assert_eq!(begin("id", "https://evil.example/api/auth/id/callback", "/"), "invalid_sign_in_config");
        for path in ["https://evil.example", "//evil.example", "/\\evil.example", "/..//evil.example", "javascript:1", ""] {
            assert_eq!(begin("id", BACK, path), "invalid_return_to", "{path}");
        }
        assert_eq!(desk.sign_in().providers().iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["id"]);
        let error = lot.website().sign_in().begin("id", BACK, "/", None).unwrap_err();
        assert_eq!((error.kind(), lot.website().sign_in().providers().len()), (ErrorKind::Refused, 0));
    }

    fn one_client_does_not_fill_the_table_and_what_expired_is_pruned(lot: &Lot) {
        let provider = Provider::start(lot.now());
        let mut config = config(&provider);
        config.most_per_client = 3;
        let server = server_with(lot, config);
        let begin_at = |ip: &str| {
            let desk = server.acting_as(Actor::public().from_ip(ip.parse().unwrap()));
            desk.sign_in().begin("id", BACK, "/", None).map(|_| ())
        };
        for host in 1..=3 {
            begin_at(&format!("2001:db8:1:2::{host}")).unwrap();
        }
        let refusal = begin_at("2001:db8:1:2:ffff::9").unwrap_err();
        assert_eq!((refusal.code(), refusal.retry_after()), ("too_many_sign_ins", Some(Duration::from_secs(600))));
        begin_at("2001:db8:1:3::1").unwrap();
        let (manager, desk) = lot.staff(Role::Manager);
        lot.desk().sign_in().link(&manager.email).unwrap();
        assert_eq!(lot.desk().sign_in().prune().unwrap(), 0);
        lot.pass(TimeDelta::minutes(15));
        assert_eq!(desk.sign_in().prune().unwrap_err().code(), "forbidden");
        assert_eq!(lot.desk().sign_in().prune().unwrap(), 5);
        begin_at("2001:db8:1:2::1").unwrap();
        lot.pass(TimeDelta::minutes(10));
        begin_at("2001:db8:1:2::1").unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM sign_in_states"), 1, "a beginning sweeps up");
    }
}

/// On PostgreSQL both may be under way.
#[cfg(feature = "postgres")]
#[test]
fn a_sign_in_does_not_undo_a_deactivation_that_is_under_way() {
    use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
    let lot = Lot::on_postgres();
    let provider = Provider::start(lot.now());
    let server = server(&lot, &provider);
    let (manager, _) = lot.staff(Role::Manager);
    as_person(&provider, "manager", &manager.email, true);
    let mut other = PgConnection::establish(&lot.url).unwrap();
    other.batch_execute("BEGIN; UPDATE users SET is_active = false").unwrap();
    let outcome = std::thread::scope(|scope| {
        let signing_in = scope.spawn(|| code(sign_in(&server, &provider)));
        std::thread::sleep(Duration::from_millis(500));
        other.batch_execute("COMMIT").unwrap();
        signing_in.join().unwrap()
    });
    assert_eq!((outcome, lot.desk().users().get(manager.id).unwrap().is_active), ("user_inactive", false));
}

#[cfg(feature = "sqlite")]
mod of_providers {
    use super::*;

    #[test]
    fn a_provider_that_is_down_is_named_and_nobody_waits_for_it_again() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        provider.acts().status = Some(503);
        let server = server(&lot, &provider);
        let desk = server.acting_as(Actor::public());
        for _ in 0..3 {
            let error = desk.sign_in().begin("id", BACK, "/", None).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "provider_unavailable"));
            assert!(error.retry_after().is_some());
        }
        assert_eq!(provider.count("/.well-known"), 1);
        provider.acts().status = None;
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(code(sign_in(&server, &provider)), "signed in");
        // What it said holds on, and each call that must be made is tried.
        let start = begin(&server, None);
        let answer = callback(provider.sign_in(&start.url));
        for status in [500, 502, 429] {
            provider.acts().status = Some(status);
            let start = begin(&server, None);
            assert_eq!(
                code(finish(&server, &callback(provider.sign_in(&start.url)), &start.browser)),
                "provider_unavailable"
            );
        }
        provider.acts().status = None;
        assert_eq!(code(finish(&server, &answer, &start.browser)), "signed in");
    }

    #[test]
    fn nobody_listens_or_nothing_comes() {
        let lot = Lot::on_sqlite();
        let mut config = SignInConfig::new("https://lot.example");
        config.allow_loopback_http = true;
        config.call_timeout = Duration::from_millis(300);
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for address in [silent.local_addr().unwrap(), closed] {
            config.providers = vec![ProviderConfig::other("id", format!("http://{address}"), CLIENT, None)];
            let server = server_with(&lot, config.clone());
            let since = Instant::now();
            let error = server.acting_as(Actor::public()).sign_in().begin("id", BACK, "/", None).unwrap_err();
            assert_eq!(error.code(), "provider_unavailable");
            assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
        }
    }

    #[test]
    fn what_a_provider_says_about_itself_is_not_believed_blindly() {
        let lot = Lot::on_sqlite();
        for (name, value) in [
            ("issuer", json!("https://evil.example")),
            ("token_endpoint", json!("http://evil.example/token")),
            ("token_endpoint", json!("http://169.254.169.254/token")),
            ("jwks_uri", json!("file:///etc/passwd")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("jwks_uri", Value::Null),
            ("filler", json!("x".repeat(600_000))),
        ] {
            let provider = Provider::start(lot.now());
            provider.acts().metadata.insert(name.into(), value.clone());
            let server = server(&lot, &provider);
            let error = server.acting_as(Actor::public()).sign_in().begin("id", BACK, "/", None).unwrap_err();
            assert_eq!(error.code(), "provider_unavailable", "{name} {value:.60}");
        }
        // No redirect is followed: it could lead anywhere.
        let provider = Provider::start(lot.now());
        provider.acts().status = Some(302);
        let server = server(&lot, &provider);
        assert!(server.acting_as(Actor::public()).sign_in().begin("id", BACK, "/", None).is_err());
    }

    #[test]
    fn what_a_token_endpoint_answers_is_read_with_care() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        let server = server(&lot, &provider);
        for (status, body, expected) in [
            (200, "{}".to_owned(), "sign_in_refused"),
            (200, "<html>".to_owned(), "sign_in_refused"),
            (200, json!({"id_token": 7}).to_string(), "sign_in_refused"),
            (200, json!({"id_token": "a.b.c"}).to_string(), "sign_in_refused"),
            (200, json!({"id_token": "x".repeat(700_000)}).to_string(), "sign_in_refused"),
            (400, json!({"error": "invalid_grant"}).to_string(), "sign_in_refused"),
            (401, json!({"error": "invalid_client"}).to_string(), "provider_refused_us"),
            (400, "?".to_owned(), "provider_refused_us"),
            (302, String::new(), "provider_refused_us"),
        ] {
            provider.acts().token_answer = Some((status, body.clone()));
            assert_eq!(code(sign_in(&server, &provider)), expected, "{status} {body:.30}");
        }
        provider.acts().token_answer = None;
        let mut wrong = config(&provider);
        wrong.providers[0].client_secret = Some("wrong".into());
        let refusal = sign_in(&server_with(&lot, wrong), &provider).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Misconfigured, "provider_refused_us"));
        assert!(!format!("{refusal:?}").contains(SECRET), "{refusal:?}");
    }

    #[test]
    fn metadata_and_keys_are_kept_and_new_keys_are_found() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        let server = server(&lot, &provider);
        for _ in 0..3 {
            assert_eq!(code(sign_in(&server, &provider)), "signed in");
        }
        assert_eq!((provider.count("/.well-known"), provider.count("/jwks")), (1, 1));
        provider.acts().key_id = "second".into();
        assert_eq!(code(sign_in(&server, &provider)), "signed in", "the keys were fetched anew");
        assert_eq!(provider.count("/jwks"), 2);
        // A token that names keys which do not exist has them fetched no more.
        provider.acts().key.insert("kid".into(), json!("second"));
        for made_up in ["third", "fourth"] {
            provider.acts().key_id = made_up.into();
            assert_eq!(code(sign_in(&server, &provider)), "sign_in_refused");
        }
        assert_eq!(provider.count("/jwks"), 2);
        // A process that starts now fetches them once more for the key that it does not find.
        let other = super::server(&lot, &provider);
        assert_eq!(code(sign_in(&other, &provider)), "sign_in_refused");
        assert_eq!(provider.count("/jwks"), 4);
    }

    #[test]
    fn the_secret_is_sent_as_the_provider_wants_it() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        provider.acts().metadata.insert("token_endpoint_auth_methods_supported".into(), json!(["client_secret_post"]));
        assert_eq!(code(sign_in(&server(&lot, &provider), &provider)), "signed in");
        let basic = |provider: &Provider| {
            let asked = provider.acts().asked.clone();
            let (_, header, body) = asked.into_iter().rfind(|(path, ..)| path == "/token").unwrap();
            (header.contains("Basic "), body.contains("client_secret="))
        };
        assert_eq!(basic(&provider), (false, true));
        provider.acts().metadata.clear();
        assert_eq!(code(sign_in(&server(&lot, &provider), &provider)), "signed in");
        assert_eq!(basic(&provider), (true, false));
    }

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    const OTHER_TENANT: &str = "11111111-2222-4333-8444-555555555555";

    /// Microsoft as this provider plays it.
    fn microsoft(provider: &Provider, tenants: &[&str]) -> SignInConfig {
        let mut config = config(provider);
        let mut microsoft = ProviderConfig::microsoft(CLIENT, SECRET, tenants.iter().copied());
        microsoft.name = "id".into();
        microsoft.issuer = format!("{}/{{tenantid}}/v2.0", provider.issuer);
        config.providers = vec![microsoft];
        let issuer = match tenants {
            [only] => format!("{}/{only}/v2.0", provider.issuer),
            _ => format!("{}/{{tenantid}}/v2.0", provider.issuer),
        };
        provider.acts().metadata.insert("issuer".into(), json!(issuer));
        as_tenant(provider, TENANT);
        provider.claim("oid", json!("object-1"));
        provider.claim("email_verified", Value::Null);
        config
    }

    fn as_tenant(provider: &Provider, tenant: &str) {
        provider.claim("iss", json!(format!("{}/{tenant}/v2.0", provider.issuer)));
        provider.claim("tid", json!(tenant));
    }

    #[test]
    fn microsofts_tenants_are_those_that_are_named() {
        let lot = Lot::on_sqlite();
        for tenants in [&[TENANT][..], &[TENANT, "99999999-2222-4333-8444-555555555555"]] {
            let provider = Provider::start(lot.now());
            let server = server_with(&lot, microsoft(&provider, tenants));
            let ann = user(&lot, &sign_in(&server, &provider).unwrap());
            assert_eq!((ann.oauth_id.as_str(), ann.role), ("object-1", Role::Viewer));
            let asked = if tenants.len() == 1 { TENANT } else { "common" };
            assert_eq!(provider.count(&format!("/{asked}/v2.0/.well-known/openid-configuration")), 1);
            as_tenant(&provider, OTHER_TENANT);
            assert_eq!(code(sign_in(&server, &provider)), "not_admitted");
            provider.claim("tid", json!(TENANT));
            assert_eq!(code(sign_in(&server, &provider)), "sign_in_refused", "the issuer is of another tenant");
            provider.claim("tid", Value::Null);
            assert_eq!(code(sign_in(&server, &provider)), "not_admitted");
            as_tenant(&provider, TENANT);
            provider.acts().key.insert("issuer".into(), json!(format!("{}/{OTHER_TENANT}/v2.0", provider.issuer)));
            let later = server_with(&lot, server.config().sign_in.clone().unwrap());
            assert_eq!(code(sign_in(&later, &provider)), "sign_in_refused", "the key is for another tenant");
            lot.execute("DELETE FROM sign_in_identities; DELETE FROM activity_logs; DELETE FROM users");
        }
    }

    #[test]
    fn an_address_that_microsoft_names_is_not_verified_by_that() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        let server = server_with(&lot, microsoft(&provider, &[TENANT]));
        let (manager, _) = lot.staff(Role::Manager);
        provider.claim("email", json!(manager.email));
        for claim in [Value::Null, json!(false), json!("false"), json!(0), json!("0")] {
            provider.claim("xms_edov", claim.clone());
            provider.claim("email_verified", json!(true));
            assert_eq!(code(sign_in(&server, &provider)), "email_not_verified", "{claim}");
        }
        provider.claim("xms_edov", json!(true));
        assert_eq!(sign_in(&server, &provider).unwrap().session.user_id, manager.id);
        provider.claim("oid", Value::Null);
        assert_eq!(code(sign_in(&server, &provider)), "sign_in_refused");
        // Without an address the sign-in name stands for it, and proves nothing.
        provider.claim("oid", json!("object-2"));
        provider.claim("email", Value::Null);
        provider.claim("preferred_username", json!("boss@lot.example"));
        assert_eq!(user(&lot, &sign_in(&server, &provider).unwrap()).role, Role::Viewer);
    }

    #[test]
    fn google_lets_in_who_was_invited_or_belongs_to_the_organisation() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        let google = |admission: Option<Admission>| {
            let mut config = config(&provider);
            let mut google = ProviderConfig::google(CLIENT, SECRET);
            (google.name, google.issuer) = ("id".into(), provider.issuer.clone());
            google.admission = admission.unwrap_or(google.admission);
            config.providers = vec![google];
            server_with(&lot, config)
        };
        assert_eq!(code(sign_in(&google(None), &provider)), "not_admitted");
        let domains = Admission::Domains(vec!["Lot.example".into()]);
        assert_eq!(code(sign_in(&google(Some(domains.clone())), &provider)), "not_admitted", "no member of it");
        provider.claim("hd", json!("lot.example"));
        assert_eq!(code(sign_in(&google(Some(domains)), &provider)), "signed in");
        let (manager, _) = lot.staff(Role::Manager);
        as_person(&provider, "invited", &manager.email, true);
        provider.claim("hd", Value::Null);
        assert_eq!(sign_in(&google(None), &provider).unwrap().session.user_id, manager.id);
        as_person(&provider, "stranger", "stranger@example.com", true);
        assert_eq!(code(sign_in(&google(Some(Admission::Everybody)), &provider)), "signed in");
        assert!(begin(&google(None), None).url.contains("prompt=select_account"));
    }

    #[test]
    fn an_account_that_another_application_made_is_found_by_its_subject() {
        let lot = Lot::on_sqlite();
        let provider = Provider::start(lot.now());
        let (manager, _) = lot.staff(Role::Manager);
        lot.execute("UPDATE users SET oauth_provider = 'google', oauth_id = 'subject-1'");
        let other = server(&lot, &provider);
        assert_ne!(sign_in(&other, &provider).unwrap().session.user_id, manager.id, "another issuer's subject");
        let mut config = config(&provider);
        config.providers[0].kind = ProviderKind::Google;
        config.providers[0].name = "google".into();
        lot.execute("DELETE FROM sign_in_identities");
        let server = server_with(&lot, config);
        let desk = server.acting_as(Actor::public());
        let start = desk.sign_in().begin("google", BACK, "/", None).unwrap();
        let answer = callback(provider.sign_in(&start.url));
        let signed_in = desk.sign_in().finish("google", &answer, Some(&start.browser), None).unwrap();
        assert_eq!(signed_in.session.user_id, manager.id);
    }

    #[test]
    fn slow_calls_of_a_provider_occupy_a_bounded_number_of_threads() {
        let lot = Lot::on_sqlite();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = SignInConfig::new("https://lot.example");
        (config.allow_loopback_http, config.calls_at_once) = (true, 2);
        config.call_timeout = Duration::from_secs(2);
        config.providers =
            vec![ProviderConfig::other("id", format!("http://{}", silent.local_addr().unwrap()), CLIENT, None)];
        let server = server_with(&lot, config);
        let quick = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..10)
                .map(|_| {
                    scope.spawn(|| {
                        let since = Instant::now();
                        server.acting_as(Actor::public()).sign_in().begin("id", BACK, "/", None).unwrap_err();
                        since.elapsed() < Duration::from_secs(1)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|quick| *quick).count()
        });
        assert_eq!(quick, 8);
    }
}
