//! Sessions and sign-in links, on both databases; and the time zone of a table that Node shares, in two zones.

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    ActivityFilter, Actor, Config, Dealership, Desk, ErrorKind, IssuedSession, NewToken, PageRequest, Role,
    SessionConfig, User,
};
use serde_json::json;

use crate::support::Lot;

const SECRET: &str = "a secret of many letters";

/// The same lot as a server has it that signs with these secrets.
fn server(lot: &Lot, secrets: &[&str]) -> Dealership {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    config.sessions = Some(SessionConfig::new(secrets.iter().map(|secret| (*secret).to_owned()).collect()));
    Dealership::with_config(config).unwrap()
}

/// Signs the user in by a link.
fn sign_in(lot: &Lot, server: &Dealership, user: &User) -> IssuedSession {
    let link = lot.desk().sign_in().link(&user.email).unwrap();
    server.acting_as(Actor::public()).sign_in().redeem(&link.secret, None).unwrap()
}

/// Whether the cookie still signs anybody in.
fn is_live(server: &Dealership, cookie: &str) -> bool {
    server.acting_as(Actor::public()).sessions().resume(cookie).unwrap().is_some()
}

on_both_databases! {
    fn a_link_signs_in_once_and_soon(lot: &Lot) {
        let (user, _) = lot.staff(Role::Manager);
        let server = server(lot, &[SECRET]);
        let website = server.acting_as(Actor::public().from_ip("203.0.113.7".parse().unwrap()));
        let refused = |secret: &str| website.sign_in().redeem(secret, None).unwrap_err().code();
        let link = lot.desk().sign_in().link(" Manager@Example.com ").unwrap();
        assert!(!format!("{link:?}").contains(&link.secret));
        let issued = website.sign_in().redeem(&link.secret, None).unwrap();
        assert_eq!(refused(&link.secret), "link_refused", "a second time");
        let resumed = website.sessions().resume(&issued.cookie).unwrap().unwrap();
        assert_eq!((resumed.actor.user_id(), resumed.actor.ip()), (Some(user.id), website.actor().ip()));
        let me = server.acting_as(resumed.actor).sign_in().me().unwrap();
        assert_eq!((me.user.unwrap().last_login, me.role), (Some(lot.now()), Some(Role::Manager)));
        let late = lot.desk().sign_in().link(&user.email).unwrap();
        lot.pass(TimeDelta::minutes(15));
        assert_eq!(refused(&late.secret), "link_refused", "too late");
        let older = lot.desk().sign_in().link(&user.email).unwrap();
        let newer = lot.desk().sign_in().link(&user.email).unwrap();
        assert_eq!(refused(&older.secret), "link_refused", "replaced");
        lot.desk().users().deactivate(user.id).unwrap();
        assert_eq!(refused(&newer.secret), "user_inactive");
        assert_eq!(lot.desk().sign_in().link(&user.email).unwrap_err().code(), "user_inactive");
        for wrong in ["", "jpl_", &link.secret.to_uppercase()] {
            assert_eq!(refused(wrong), "link_refused");
        }
        let kept = format!("SELECT count(*) FROM sign_in_links WHERE secret_hash LIKE '%{}%'", &newer.secret[4..]);
        assert_eq!(lot.count(&kept), 0);
    }

    fn who_may_make_a_link(lot: &Lot) {
        let (user, manager) = lot.staff(Role::Manager);
        assert_eq!(manager.sign_in().link(&user.email).unwrap_err().code(), "forbidden");
        let token = lot.desk().tokens().create(&NewToken { name: "x".into(), role: Role::Admin, expires_at: None }).unwrap();
        let machine = lot.dealership.acting_as(lot.website().tokens().authenticate(&token.secret).unwrap());
        assert_eq!(machine.sign_in().link(&user.email).unwrap_err().code(), "person_required");
        assert_eq!(lot.desk().sign_in().link("nobody@example.com").unwrap_err().code(), "user_not_found");
        let link = lot.desk().sign_in().link(&user.email).unwrap();
        let unsigned = lot.website().sign_in().redeem(&link.secret, None).unwrap_err();
        assert_eq!((unsigned.kind(), unsigned.code()), (ErrorKind::Refused, "not_configured"));
    }

    fn of_two_who_redeem_a_link_at_once_one_is_signed_in(lot: &Lot) {
        let (user, _) = lot.staff(Role::Viewer);
        for _ in 0..5 {
            let link = lot.desk().sign_in().link(&user.email).unwrap();
            let start = std::sync::Barrier::new(2);
            let signed_in = std::thread::scope(|scope| {
                let redeem = |server: Dealership| {
                    let (start, secret) = (&start, &link.secret);
                    scope.spawn(move || {
                        start.wait();
                        server.acting_as(Actor::public()).sign_in().redeem(secret, None).is_ok()
                    })
                };
                [redeem(server(lot, &[SECRET])), redeem(server(lot, &[SECRET]))].map(|it| it.join().unwrap())
            });
            assert_eq!(signed_in.iter().filter(|it| **it).count(), 1);
        }
    }

    fn a_session_rolls_for_seven_days_and_ends_after_thirty(lot: &Lot) {
        let (user, _) = lot.staff(Role::Viewer);
        let server = server(lot, &[SECRET]);
        let website = server.acting_as(Actor::public());
        let began = lot.now();
        let cookie = sign_in(lot, &server, &user).cookie;
        let mut ends = vec![];
        for _ in 0..5 {
            lot.pass(TimeDelta::days(6));
            ends.push(website.sessions().resume(&cookie).unwrap().map(|it| it.extended_to.map(|end| (end - began).num_days())));
        }
        assert_eq!(ends, [Some(Some(13)), Some(Some(19)), Some(Some(25)), Some(Some(30)), None]);
        let cookie = sign_in(lot, &server, &user).cookie;
        lot.pass(TimeDelta::minutes(5));
        assert_eq!(website.sessions().resume(&cookie).unwrap().unwrap().extended_to, None, "not with each request");
        lot.pass(TimeDelta::days(7));
        assert!(!is_live(&server, &cookie), "seven days without a request");
    }

    fn a_sign_in_has_a_new_id_and_ends_the_session_before(lot: &Lot) {
        let (user, _) = lot.staff(Role::Viewer);
        let server = server(lot, &[SECRET]);
        let first = sign_in(lot, &server, &user).cookie;
        let link = lot.desk().sign_in().link(&user.email).unwrap();
        let second = server.acting_as(Actor::public()).sign_in().redeem(&link.secret, Some(&first)).unwrap().cookie;
        assert!(first != second && !is_live(&server, &first) && is_live(&server, &second));
        let trail = lot.desk().activity().list(&ActivityFilter::default(), &PageRequest::default()).unwrap();
        let id = second.split(['.', ':']).nth(1).unwrap();
        let text = serde_json::to_string(&trail).unwrap();
        assert!(text.contains("\"sign_in\"") && !text.contains(id), "{text}");
    }

    fn secrets_are_replaced_while_people_are_signed_in(lot: &Lot) {
        let (user, _) = lot.staff(Role::Viewer);
        let cookie = sign_in(lot, &server(lot, &["the old secret of all"]), &user).cookie;
        assert!(is_live(&server(lot, &[SECRET, "the old secret of all"]), &cookie));
        assert!(!is_live(&server(lot, &[SECRET]), &cookie));
        assert!(!is_live(&lot.dealership, &cookie), "without secrets cookies say nothing");
    }

    fn signing_out_here_and_everywhere(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Viewer);
        let (other, _) = lot.staff(Role::Admin);
        let server = server(lot, &[SECRET]);
        let [here, there, elsewhere] = [(); 3].map(|()| sign_in(lot, &server, &user).cookie);
        let others = sign_in(lot, &server, &other).cookie;
        let website = server.acting_as(Actor::public());
        assert_eq!(website.sessions().destroy(&here).unwrap(), 1);
        assert_eq!(website.sessions().destroy(&here).unwrap(), 0);
        assert_eq!([&here, &there, &elsewhere].map(|it| is_live(&server, it)), [false, true, true]);
        assert_eq!(desk.sessions().destroy_all_of(other.id).unwrap_err().code(), "forbidden");
        assert_eq!(website.sessions().destroy_all_of(user.id).unwrap_err().code(), "not_signed_in");
        assert_eq!(desk.sessions().destroy_all_of(user.id).unwrap(), 2);
        assert_eq!([&there, &elsewhere, &others].map(|it| is_live(&server, it)), [false, false, true]);
        assert_eq!(lot.desk().sessions().destroy_all_of(other.id).unwrap(), 1);
    }

    fn a_token_is_not_the_person_who_has_signed_in(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Manager);
        let (admin, admins) = lot.staff(Role::Admin);
        let server = server(lot, &[SECRET]);
        let cookie = sign_in(lot, &server, &user).cookie;
        let token = |desk: &Desk, role| {
            let token = NewToken { name: "machine".into(), role, expires_at: None };
            let secret = desk.tokens().create(&token).unwrap().secret;
            server.acting_as(Actor::public()).tokens().desk_of(&secret).unwrap()
        };
        let viewer = token(&desk, Role::Viewer);
        assert_eq!(viewer.sessions().destroy_all_of(user.id).unwrap_err().code(), "forbidden");
        assert!(is_live(&server, &cookie));
        let _ = sign_in(lot, &server, &admin);
        let administrators = token(&admins, Role::Admin);
        assert_eq!(administrators.sessions().destroy_all_of(admin.id).unwrap(), 1, "it may end those of everybody");
        assert_eq!(administrators.sessions().destroy_all_of(user.id).unwrap(), 1);
    }

    fn what_has_ended_is_pruned_and_nothing_else(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Viewer);
        let server = server(lot, &[SECRET]);
        let old: Vec<_> = (0..3).map(|_| sign_in(lot, &server, &user).cookie).collect();
        lot.pass(TimeDelta::days(8));
        assert_eq!(desk.sessions().prune().unwrap_err().code(), "forbidden");
        assert_eq!(lot.desk().sessions().prune().unwrap(), 3);
        let live = sign_in(lot, &server, &user).cookie;
        assert_eq!(lot.desk().sessions().prune().unwrap(), 0);
        assert!(is_live(&server, &live) && !is_live(&server, &old[0]));
    }

    /// As a Node server makes it: nothing there says since when it lasts, and that server extends it for ever.
    fn a_session_of_node_ends_thirty_days_after_it_was_first_seen(lot: &Lot) {
        let (user, _) = lot.staff(Role::Viewer);
        let server = server(lot, &[SECRET]);
        let cookie = sign_in(lot, &server, &user).cookie;
        let sess = json!({"cookie": {"path": "/"}, "passport": {"user": user.id}, "basket": ["camry"]});
        lot.execute(&format!("UPDATE session SET sess = '{sess}', expire = '2099-01-01T00:00:00.000000Z'"));
        let document = if lot.url.starts_with("sqlite:") { "sess" } else { "sess::text" };
        let seen = format!("SELECT count(*) FROM session WHERE {document} LIKE '%first_seen_at%' AND {document} LIKE '%camry%'");
        assert_eq!(lot.count(&seen), 0);
        for _ in 0..3 {
            let resumed = server.acting_as(Actor::public()).sessions().resume(&cookie).unwrap().unwrap();
            assert_eq!((resumed.actor.user_id(), resumed.extended_to), (Some(user.id), None), "Node extends it");
            assert_eq!(lot.count(&seen), 1, "noted, and what else stands there stays");
            lot.pass(TimeDelta::days(9));
        }
        lot.pass(TimeDelta::days(2));
        assert!(is_live(&server, &cookie), "twenty-nine days");
        lot.pass(TimeDelta::days(1));
        assert!(!is_live(&server, &cookie), "thirty days");
    }

    fn rows_that_others_broke_sign_nobody_in(lot: &Lot) {
        let (user, _) = lot.staff(Role::Viewer);
        let server = server(lot, &[SECRET]);
        for sess in [json!(null), json!([]), json!({"passport": 1}), json!({"passport": {"user": [user.id]}}), json!("x".repeat(70_000))] {
            let cookie = sign_in(lot, &server, &user).cookie;
            assert!(is_live(&server, &cookie));
            lot.execute(&format!("UPDATE session SET sess = '{sess}'"));
            assert!(!is_live(&server, &cookie), "{sess:.40}");
            lot.desk().sessions().destroy_all_of(user.id).unwrap();
            lot.execute("DELETE FROM session");
        }
    }
}

/// connect-pg-simple writes `expire` in the time zone of its connection, and Diesel's connections are in UTC.
#[cfg(feature = "postgres")]
#[test]
fn the_end_of_a_session_is_that_of_node_in_two_time_zones() {
    use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
    for zone in ["America/New_York", "Asia/Tokyo"] {
        let lot = Lot::on_postgres();
        let (user, _) = lot.staff(Role::Viewer);
        let url = format!("{}%20--TimeZone%3D{zone}", lot.url);
        let mut config = Config::new(&url).clock(lot.clock());
        config.sessions = Some(SessionConfig::new(vec![SECRET.into()]));
        let server = Dealership::with_config(config).unwrap();
        let mut node = PgConnection::establish(&url).unwrap();
        node.batch_execute("RESET TimeZone").unwrap();
        // Signed by us, stored as Node stores: an hour to live, and an hour dead.
        let cookie = sign_in(&lot, &server, &user).cookie;
        for (minutes, live) in [(60, true), (-60, false), (1, true), (-1, false)] {
            let end = (lot.now() + TimeDelta::minutes(minutes)).timestamp();
            node.batch_execute(&format!("UPDATE session SET expire = to_timestamp({end})")).unwrap();
            assert_eq!(is_live(&server, &cookie), live, "{zone} {minutes}");
        }
        // Ours, as Node reads it.
        let issued = sign_in(&lot, &server, &user);
        let sees = |node: &mut PgConnection, at: DateTime<Utc>| {
            let query = format!("SELECT count(*) FROM session WHERE expire >= to_timestamp({})", at.timestamp());
            diesel::RunQueryDsl::get_result::<i64>(diesel::dsl::sql::<diesel::sql_types::BigInt>(&query), node).unwrap()
        };
        assert_eq!(sees(&mut node, issued.expires_at), 1, "{zone}");
        assert_eq!(sees(&mut node, issued.expires_at + TimeDelta::seconds(1)), 0, "{zone}");
        lot.pass(TimeDelta::days(6));
        let extended =
            server.acting_as(Actor::public()).sessions().resume(&issued.cookie).unwrap().unwrap().extended_to;
        assert_eq!(extended, Some(lot.now() + TimeDelta::days(7)));
        assert_eq!(sees(&mut node, lot.now() + TimeDelta::days(7)), 1, "{zone}");
        lot.pass(TimeDelta::days(7) - TimeDelta::minutes(1));
        let system = server.acting_as(Actor::system());
        assert_eq!((system.sessions().prune().unwrap(), is_live(&server, &issued.cookie)), (0, true), "{zone}");
        lot.pass(TimeDelta::days(30));
        assert_eq!(system.sessions().prune().unwrap(), 1, "{zone}");
    }
}

/// What is set for a role, for the database and for a role on it counts, in this order. Roles of other databases and superusers without a
/// setting are nobody's Node server.
#[cfg(feature = "postgres")]
#[test]
fn roles_that_write_ends_of_sessions_in_another_zone_are_named() {
    use crate::support::cluster::Cluster;
    use diesel::connection::SimpleConnection as _;
    let Some(cluster) = Cluster::primary() else { return };
    let mut server = cluster.connect("postgres");
    server.batch_execute("CREATE ROLE lot LOGIN; CREATE ROLE node LOGIN; CREATE ROLE stranger LOGIN").unwrap();
    server.batch_execute("CREATE DATABASE lot OWNER lot").unwrap();
    let mut config = Config::new(cluster.url("lot", "lot"));
    config.sessions = Some(SessionConfig::new(vec![SECRET.into()]));
    Dealership::with_config(config.clone()).unwrap().migrate().unwrap();
    cluster.connect("lot").batch_execute("GRANT SELECT, INSERT, UPDATE, DELETE ON session TO node").unwrap();
    for (settings, named) in [
        ("SELECT", vec![]),
        ("ALTER ROLE stranger SET timezone = 'Asia/Tokyo'", vec![]),
        ("ALTER ROLE node SET timezone = 'Asia/Tokyo'", vec![("node", Some("Asia/Tokyo"))]),
        ("ALTER ROLE lot SET timezone = 'Japan'", vec![]),
        ("ALTER ROLE node IN DATABASE lot SET timezone = 'America/New_York'", vec![("node", Some("America/New_York"))]),
        ("ALTER ROLE node RESET timezone; ALTER ROLE node IN DATABASE lot RESET timezone", vec![("node", None)]),
        ("ALTER DATABASE lot SET timezone = 'Asia/Tokyo'", vec![]),
        ("ALTER ROLE lot SET timezone = 'America/New_York'", vec![("node", Some("Asia/Tokyo"))]),
        ("ALTER ROLE lot RESET timezone", vec![]),
        // Hours to the east, as SET takes them: Tokyo is nine.
        ("ALTER ROLE node SET timezone = '9'", vec![]),
        ("ALTER ROLE node SET timezone = '-9'", vec![("node", Some("-9"))]),
        ("ALTER ROLE node SET timezone = '9.5'", vec![("node", Some("9.5"))]),
        ("ALTER ROLE node SET TIME ZONE INTERVAL '+09:00' HOUR TO MINUTE", vec![]),
    ] {
        server.batch_execute(settings).unwrap();
        let found = Dealership::with_config(config.clone()).unwrap().roles_in_other_zones().unwrap();
        // A database's zone is one for superusers as well.
        let found: Vec<_> = found.iter().filter(|found| found.role != "postgres").collect();
        let roles: Vec<_> = found.iter().map(|found| (found.role.as_str(), found.zone.as_deref())).collect();
        assert_eq!(roles, named, "{settings}");
        assert!(found.iter().all(|found| found.to_string().contains(&found.own)), "{found:?}");
    }
    config.sessions = None;
    assert_eq!(Dealership::with_config(config).unwrap().roles_in_other_zones().unwrap(), []);
}
