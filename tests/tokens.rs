//! API tokens: what they may do, for whom they act, and when they end.

use chrono::TimeDelta;
use jpauto::{Action, ActivityFilter, Actor, Desk, ErrorKind, IssuedToken, NewToken, PageRequest, Role, TokenId};

use crate::support::{
    Lot, camry, corolla,
    statements::{statements_of, watched},
};

fn new(role: Role) -> NewToken {
    NewToken { name: format!("{role} token"), role, expires_at: None }
}

/// The desk of the machine that sends this secret.
fn machine(lot: &Lot, issued: &IssuedToken) -> Desk {
    lot.dealership.acting_as(lot.website().tokens().authenticate(&issued.secret).unwrap())
}

/// The code of the refusal of a secret.
fn refused(lot: &Lot, secret: &str) -> &'static str {
    let refusal = lot.website().tokens().authenticate(secret).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Unauthenticated);
    refusal.code()
}

on_both_databases! {
    fn a_token_does_what_its_role_may_and_no_more(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Manager)).unwrap();
        assert_eq!((issued.token.user_id, issued.token.revoked_at), (None, None));
        let desk = machine(lot, &issued);
        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        assert_eq!(desk.inventory().delete(vehicle.id).unwrap_err().code(), "forbidden");
        assert_eq!(desk.users().list(&PageRequest::default()).unwrap_err().code(), "forbidden");
        let viewer = machine(lot, &lot.desk().tokens().create(&new(Role::Viewer)).unwrap());
        assert_eq!(viewer.inventory().add(&corolla(2)).unwrap_err().code(), "forbidden");
        assert!(viewer.inventory().get(vehicle.id).is_ok());
    }

    fn the_secret_is_stored_nowhere(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Viewer)).unwrap();
        assert!(!format!("{issued:?}").contains(&issued.secret[37..]));
        let trail = lot.desk().activity().list(&ActivityFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!((trail.items[0].action.as_str(), trail.items[0].resource_type.as_str()), ("create", "tokens"));
        assert!(!serde_json::to_string(&trail).unwrap().contains(&issued.secret[37..]));
        let kept = format!("SELECT count(*) FROM api_tokens WHERE secret_hash LIKE '%{}%'", &issued.secret[37..]);
        assert_eq!(lot.count(&kept), 0);
        assert_eq!(lot.count("SELECT count(*) FROM api_tokens WHERE length(secret_hash) = 64"), 1);
    }

    fn a_secret_that_differs_anywhere_is_refused(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Admin)).unwrap();
        let other = lot.desk().tokens().create(&new(Role::Admin)).unwrap();
        let (id, random) = issued.secret.rsplit_once('_').unwrap();
        let (other_id, _) = other.secret.rsplit_once('_').unwrap();
        let last = if random.ends_with('0') { '1' } else { '0' };
        for secret in [
            "",
            "jpa_",
            &issued.secret[..issued.secret.len() - 1],
            &format!("{}{last}", &issued.secret[..issued.secret.len() - 1]),
            &format!("{other_id}_{random}"),
            &format!("{id}_{}", "0".repeat(64)),
            &format!("jpa_{}_{random}", "0".repeat(32)),
            &issued.secret.to_uppercase(),
            "jpa_' OR 1=1 --",
        ] {
            assert_eq!(refused(lot, secret), "token_refused", "{secret}");
        }
        assert!(lot.website().tokens().authenticate(&issued.secret).is_ok());
    }

    fn a_token_ends_when_it_expires_or_is_revoked_even_for_an_actor_who_has_it(lot: &Lot) {
        let expires_at = Some(lot.now() + TimeDelta::hours(1));
        let ending = lot.desk().tokens().create(&NewToken { expires_at, ..new(Role::Viewer) }).unwrap();
        let lasting = lot.desk().tokens().create(&new(Role::Viewer)).unwrap();
        let desks = [machine(lot, &ending), machine(lot, &lasting)];
        lot.pass(TimeDelta::hours(1));
        assert_eq!(desks[0].inventory().statistics().unwrap_err().code(), "token_refused");
        assert_eq!(refused(lot, &ending.secret), "token_refused");
        assert!(desks[1].inventory().statistics().is_ok());
        let revoked = lot.desk().tokens().revoke(lasting.token.id).unwrap();
        assert_eq!(revoked.revoked_at, Some(lot.now()));
        assert_eq!(desks[1].inventory().statistics().unwrap_err().code(), "token_refused");
        assert_eq!(refused(lot, &lasting.secret), "token_refused");
        lot.pass(TimeDelta::hours(1));
        assert_eq!(lot.desk().tokens().revoke(lasting.token.id).unwrap(), revoked, "a second time changes nothing");
        let revocations = ActivityFilter::default().action(Action::Revoke);
        assert_eq!(lot.desk().activity().list(&revocations, &PageRequest::default()).unwrap().items.len(), 1);
        assert_eq!(lot.desk().tokens().revoke(TokenId::new(lot.now())).unwrap_err().code(), "token_not_found");
    }

    fn a_users_token_follows_the_user(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Manager);
        assert_eq!(desk.tokens().create(&new(Role::Admin)).unwrap_err().code(), "role_above_own");
        let issued = desk.tokens().create(&new(Role::Manager)).unwrap();
        let machine = machine(lot, &issued);
        let vehicle = machine.inventory().add(&corolla(1)).unwrap();
        assert_eq!(vehicle.created_by, Some(user.id));
        let filter = ActivityFilter::default().resource(vehicle.id);
        let entry = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items.remove(0);
        assert_eq!((entry.user_id, entry.token_id), (Some(user.id), Some(issued.token.id)));
        lot.desk().users().set_role(user.id, Role::Viewer).unwrap();
        assert_eq!(machine.inventory().add(&corolla(2)).unwrap_err().code(), "forbidden");
        assert!(machine.inventory().get(vehicle.id).is_ok());
        lot.desk().users().set_role(user.id, Role::Admin).unwrap();
        assert_eq!(machine.inventory().delete(vehicle.id).unwrap_err().code(), "forbidden", "the token's role holds");
        lot.desk().users().deactivate(user.id).unwrap();
        assert_eq!(machine.inventory().get(vehicle.id).unwrap_err().code(), "user_inactive");
        assert_eq!(machine.submissions().submit(&camry()).unwrap_err().code(), "user_inactive");
        // The list says whose it is, and that it does not work.
        let told = |lot: &Lot| {
            let token = lot.desk().tokens().get(issued.token.id).unwrap();
            let listed = lot.desk().tokens().list(&PageRequest::default()).unwrap().items.remove(0);
            assert_eq!(listed, token);
            (token.user_email, token.works)
        };
        assert_eq!(told(lot), (Some(user.email.clone()), false));
        lot.desk().users().activate(user.id).unwrap();
        assert_eq!(told(lot), (Some(user.email.clone()), true));
        lot.desk().users().delete(user.id).unwrap();
        let (email, works) = told(lot);
        assert!(email.is_some_and(|email| email.starts_with("removed-")) && !works);
        assert_eq!(machine.inventory().get(vehicle.id).unwrap_err().code(), "user_inactive");
    }

    fn a_user_who_has_a_token_is_stripped_instead_of_removed(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Viewer);
        desk.tokens().create(&new(Role::Viewer)).unwrap();
        lot.desk().users().delete(user.id).unwrap();
        assert!(!lot.desk().users().get(user.id).unwrap().is_active);
    }

    fn users_manage_their_own_tokens_and_administrators_all(lot: &Lot) {
        let (_, viewer) = lot.staff(Role::Viewer);
        let (_, manager) = lot.staff(Role::Manager);
        let (_, admin) = lot.staff(Role::Admin);
        let own = viewer.tokens().create(&new(Role::Viewer)).unwrap().token;
        lot.pass(TimeDelta::seconds(1));
        let others = manager.tokens().create(&new(Role::Manager)).unwrap().token;
        lot.pass(TimeDelta::seconds(1));
        let machines = lot.desk().tokens().create(&new(Role::Admin)).unwrap();
        let page = PageRequest::default();
        assert_eq!(viewer.tokens().list(&page).unwrap().items, std::slice::from_ref(&own));
        let all = [machines.token.clone(), others.clone(), own.clone()];
        assert_eq!(admin.tokens().list(&page).unwrap().items, all);
        assert_eq!(lot.desk().tokens().list(&page).unwrap().items, all);
        let first = admin.tokens().list(&PageRequest::first(2)).unwrap();
        let rest = admin.tokens().list(&PageRequest::first(2).after(first.next.unwrap())).unwrap();
        assert_eq!((first.items, rest.items, rest.next), (all[..2].to_vec(), all[2..].to_vec(), None));
        for id in [others.id, machines.token.id] {
            assert_eq!(viewer.tokens().revoke(id).unwrap_err().code(), "token_not_found");
            assert_eq!(viewer.tokens().get(id).unwrap_err().code(), "token_not_found");
        }
        assert!(viewer.tokens().revoke(own.id).is_ok() && admin.tokens().revoke(others.id).is_ok());
        assert_eq!(lot.website().tokens().list(&page).unwrap_err().code(), "not_signed_in");
        let machine = machine(lot, &machines);
        for refusal in [
            machine.tokens().create(&new(Role::Viewer)).unwrap_err(),
            machine.tokens().list(&page).unwrap_err(),
            machine.tokens().revoke(own.id).unwrap_err(),
        ] {
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Forbidden, "person_required"));
        }
    }

    fn a_read_looks_the_token_up_once_and_a_write_again(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Manager)).unwrap();
        lot.website().tokens().authenticate(&issued.secret).unwrap();
        let website = watched(lot);
        let (machine, sent) = statements_of(|| {
            let machine = website.tokens().desk_of(&issued.secret).unwrap();
            machine.inventory().statistics().unwrap();
            machine
        });
        let of_tokens = |sent: &[String]| sent.iter().filter(|statement| statement.contains("api_tokens")).count();
        assert_eq!(of_tokens(&sent), 1, "{sent:?}");
        lot.desk().tokens().revoke(issued.token.id).unwrap();
        assert_eq!(machine.inventory().add(&corolla(1)).unwrap_err().code(), "token_refused");
    }

    fn the_last_use_is_noted_once_a_minute(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Viewer)).unwrap();
        let last_used = || lot.desk().tokens().get(issued.token.id).unwrap().last_used_at;
        assert_eq!(last_used(), None);
        let first = lot.now();
        for (pause, noted) in [(0, first), (30, first), (29, first), (1, first + TimeDelta::minutes(1))] {
            lot.pass(TimeDelta::seconds(pause));
            let actor: Actor = lot.website().tokens().authenticate(&issued.secret).unwrap();
            assert_eq!((actor.token_id(), last_used()), (Some(issued.token.id), Some(noted)), "after {pause} s");
        }
    }

    fn a_database_that_is_open_for_reading_takes_tokens_too(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Viewer)).unwrap();
        let reading = jpauto::Dealership::with_config(jpauto::Config::new(&lot.url).read_only()).unwrap();
        let actor = reading.acting_as(Actor::public()).tokens().authenticate(&issued.secret).unwrap();
        assert!(reading.acting_as(actor).inventory().statistics().is_ok());
    }

    fn a_machine_is_not_counted_as_the_public(lot: &Lot) {
        let issued = lot.desk().tokens().create(&new(Role::Viewer)).unwrap();
        let ip = "203.0.113.7".parse().unwrap();
        let website = lot.dealership.acting_as(Actor::public().from_ip(ip));
        let machine = lot.dealership.acting_as(website.tokens().authenticate(&issued.secret).unwrap());
        assert_eq!(machine.actor().ip(), Some(ip));
        for number in 0..8 {
            let vin = Some(crate::support::vin(number));
            machine.submissions().submit(&jpauto::NewSubmission { vin, ..camry() }).unwrap();
        }
        assert!(website.submissions().submit(&camry()).is_ok());
    }
}
