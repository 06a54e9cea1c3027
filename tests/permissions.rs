//! Every operation asks whether the actor may before it looks at what it was given: who may not never learns what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::Path,
};

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    ActivityFilter, Actor, AlertFilter, AlertId, Approval, ColumnRequest, CompetitorId, Desk, ErrorKind, ListingId,
    Money, NewToken, NewUser, NewVehicle, NotificationId, PageRequest, Result, Role, RunId, SubmissionFilter,
    SubmissionId, SubmissionUpdate, TokenId, UserId, VehicleFilter, VehicleId, VehicleStatus, VehicleUpdate, Vin,
    competitors::{
        CompetitorFilter, CompetitorKey, CompetitorUpdate, ListingFilter, MarketViewFilter, NewCompetitor,
        ScrapeErrorType, ScrapeLimits, ScrapeReading, ScrapedListing, TestOptions, UndercutFilter,
    },
    evaluation::EvaluationRequest,
    exports::{Export, ExportFilter, Platform},
    imports::{ImportOptions, SheetFile},
    jobs::{FileImport, Job, RunFilter, RunOptions, RunPool, Stop},
    market::{AnalyzeLimits, BacktestOptions, Subject},
    notifications::NotificationFilter,
    storage::NewUpload,
};
use uuid::Uuid;

use crate::support::{Lot, operations};

/// What anybody may do, and methods that do nothing by themselves.
const OPEN_TO_ALL: &[&str] = &[
    "Competitors::if_version",
    "Inventory::get_public",
    "Inventory::if_version",
    "Inventory::list_public",
    "Inventory::list_shown",
    "Inventory::refusing_doubtful_prices",
    "Inventory::show",
    "Inventory::show_each",
    "Mapping::written_out_for",
    "Sessions::destroy",
    "Sessions::resume",
    "SignIn::begin",
    "SignIn::finish",
    "SignIn::is_link",
    "SignIn::providers",
    "SignIn::redeem",
    "Storage::expect_upload",
    "Storage::is_configured",
    "Storage::photo_token",
    "Storage::receive",
    "Storage::serve",
    "Storage::with_token",
    "Submissions::if_version",
    "Submissions::refusing_doubtful_prices",
    "Submissions::submit",
    "Tokens::authenticate",
    "Tokens::desk_of",
    "Users::if_version",
];

type Call = Box<dyn Fn(&Desk) -> Result<()>>;

/// An operation with the lowest role that may do it, and a call of it with the worst input that its types allow.
struct Operation(&'static str, Role, Call);

fn operation<T>(name: &'static str, least: Role, call: impl Fn(&Desk) -> Result<T> + 'static) -> Operation {
    Operation(name, least, Box::new(move |desk| call(desk).map(drop)))
}

/// A cursor that no list gave out.
fn page() -> PageRequest {
    PageRequest::default().after("no cursor")
}

fn future() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(400 * 365)
}

macro_rules! id {
    ($of:ident) => {
        $of::from_uuid(Uuid::nil())
    };
}

fn operations_for_staff() -> Vec<Operation> {
    use Role::{Admin, Manager, Viewer};
    let vin = || Vin::parse("1M8GDM9AXKP042788").unwrap();
    let nobody = || CompetitorKey::named("");
    let no_url = || NewCompetitor { inventory_url: "no url".into(), ..NewCompetitor::default() };
    let go_on = |_: &jpauto::jobs::RunProgress| ControlFlow::Continue(());
    vec![
        operation("Activity::list", Admin, |desk| desk.activity().list(&ActivityFilter::default(), &page())),
        operation("Activity::find_resource", Admin, |desk| desk.activity().find_resource(" ")),
        operation("Activity::find_resource", Admin, |desk| desk.activity().find_resource(&Uuid::nil().to_string())),
        operation("Alerts::list", Viewer, |desk| desk.alerts().list(&AlertFilter::default(), &page())),
        operation("Alerts::find", Viewer, |desk| desk.alerts().find(" ")),
        operation("Alerts::dismiss", Manager, |desk| desk.alerts().dismiss(id!(AlertId))),
        operation("Competitors::add", Manager, move |desk| desk.competitors().add(&no_url())),
        operation("Competitors::list", Viewer, |desk| desk.competitors().list(&CompetitorFilter::default(), &page())),
        operation("Competitors::get", Viewer, |desk| desk.competitors().get(id!(CompetitorId))),
        operation("Competitors::get_by_name", Viewer, |desk| desk.competitors().get_by_name("")),
        operation("Competitors::update", Manager, |desk| {
            let update = CompetitorUpdate { name: Some(String::new()), ..CompetitorUpdate::default() };
            desk.competitors().update(id!(CompetitorId), &update)
        }),
        operation("Competitors::pause", Manager, |desk| desk.competitors().pause(id!(CompetitorId))),
        operation("Competitors::resume", Manager, |desk| desk.competitors().resume(id!(CompetitorId))),
        operation("Competitors::delete", Manager, |desk| desk.competitors().delete(id!(CompetitorId))),
        operation("Competitors::record", Manager, move |desk| {
            let listings = vec![ScrapedListing::default()];
            desk.competitors().record(nobody(), listings, ScrapeReading::whole_lot(), future())
        }),
        operation("Competitors::record_pages", Manager, move |desk| {
            desk.competitors().record_pages(nobody(), &[], future())
        }),
        operation("Competitors::record_some_pages", Manager, move |desk| {
            desk.competitors().record_some_pages(nobody(), &[], future())
        }),
        operation("Competitors::record_failure", Manager, |desk| {
            desk.competitors().record_failure(id!(CompetitorId), ScrapeErrorType::Network, "\0", future())
        }),
        operation("Competitors::listing_columns", Viewer, |desk| {
            let request = ColumnRequest::of(vec!["no column".to_owned()]);
            desk.competitors()
                .listing_columns(&ListingFilter::default(), &request, &mut |_rows| ControlFlow::Continue(()))
        }),
        operation("Competitors::listings", Viewer, |desk| {
            desk.competitors().listings(&ListingFilter::default(), &page())
        }),
        operation("Competitors::listing", Viewer, |desk| desk.competitors().listing(id!(ListingId))),
        operation("Competitors::price_history", Viewer, |desk| {
            desk.competitors().price_history(id!(ListingId), &page())
        }),
        operation("Competitors::metrics", Viewer, |desk| desk.competitors().metrics(id!(CompetitorId), &page())),
        operation("Competitors::scrapes", Viewer, |desk| desk.competitors().scrapes(id!(CompetitorId), &page())),
        operation("Competitors::overview", Viewer, |desk| {
            desk.competitors().overview(&CompetitorFilter::default(), &page())
        }),
        operation("Competitors::overview_of", Viewer, |desk| desk.competitors().overview_of(id!(CompetitorId))),
        operation("Competitors::market_view", Viewer, |desk| {
            desk.competitors().market_view(&MarketViewFilter::default(), &page())
        }),
        operation("Competitors::undercuts", Viewer, |desk| {
            desk.competitors().undercuts(&UndercutFilter::default(), &page())
        }),
        operation("Competitors::left_out", Viewer, |desk| desk.competitors().left_out(&[id!(CompetitorId)])),
        operation("Competitors::count_metrics", Manager, |desk| {
            desk.competitors().count_metrics(&mut |_, _| ControlFlow::Continue(()))
        }),
        operation("Competitors::believe", Manager, |desk| desk.competitors().believe(id!(CompetitorId))),
        operation("Competitors::distrust", Manager, |desk| desk.competitors().distrust(id!(CompetitorId))),
        operation("Competitors::test", Manager, |desk| desk.competitors().test("no url", &TestOptions::default())),
        operation("Competitors::test_known", Manager, |desk| {
            desk.competitors().test_known(id!(CompetitorId), &TestOptions::default())
        }),
        operation("Competitors::add_at", Manager, move |desk| {
            desk.competitors().add_at(&no_url(), &TestOptions::default())
        }),
        operation("Competitors::find", Viewer, |desk| desk.competitors().find(" ")),
        operation("Competitors::find_listing", Viewer, |desk| desk.competitors().find_listing(" ")),
        operation("Competitors::scrape", Manager, |desk| {
            desk.competitors().scrape(id!(CompetitorId), &mut |_| ControlFlow::Continue(()))
        }),
        operation("Competitors::scrape_due", Manager, |desk| {
            let limits = ScrapeLimits { threads: 0, ..ScrapeLimits::default() };
            desk.competitors().scrape_due(&limits, &mut |_| ControlFlow::Continue(()))
        }),
        operation("Evaluations::decode", Manager, move |desk| desk.evaluation().decode(&vin())),
        operation("Evaluations::decode_many", Manager, |desk| desk.evaluation().decode_many(&[])),
        operation("Evaluations::cached", Viewer, move |desk| desk.evaluation().cached(&vin())),
        operation("Evaluations::evaluate", Manager, move |desk| {
            let request = EvaluationRequest { vin: vin(), mileage: Some(-1), refresh: true };
            desk.evaluation().evaluate(&request)
        }),
        operation("Evaluations::remove_expired", Admin, |desk| desk.evaluation().remove_expired(0)),
        operation("Evaluations::count_expired", Admin, |desk| desk.evaluation().count_expired()),
        operation("Exports::run", Manager, |desk| {
            let export = Export::of(Platform::Meta).to("\0");
            desk.exports().run(&export, &mut |_| ControlFlow::Continue(()))
        }),
        operation("Exports::check", Viewer, |desk| desk.exports().check("/no/such/file", Platform::Meta, None)),
        operation("Exports::check_bytes", Viewer, |desk| desk.exports().check_bytes(b"\0", Platform::Custom, None)),
        operation("Exports::file", Manager, |desk| desk.exports().file(&Export::of(Platform::Meta))),
        operation("Exports::list", Viewer, |desk| desk.exports().list(&ExportFilter::default(), &page())),
        operation("Inventory::import_observed", Manager, |desk| {
            let file = SheetFile::at("/no/such/file");
            desk.inventory().import_observed(&file, &ImportOptions::default(), &mut |_rows| ControlFlow::Continue(()))
        }),
        operation("Inventory::import", Manager, |desk| {
            desk.inventory().import(&SheetFile::at("/no/such/file"), &ImportOptions::default())
        }),
        operation("Inventory::add", Manager, |desk| desk.inventory().add(&NewVehicle::default())),
        operation("Inventory::list", Viewer, |desk| desk.inventory().list(&VehicleFilter::default(), &page())),
        operation("Inventory::get", Viewer, |desk| desk.inventory().get(id!(VehicleId))),
        operation("Inventory::get_by_vin", Viewer, move |desk| desk.inventory().get_by_vin(vin())),
        operation("Inventory::get_by_stock_number", Viewer, |desk| desk.inventory().get_by_stock_number("")),
        operation("Inventory::find", Viewer, |desk| desk.inventory().find(" ")),
        operation("Inventory::update", Manager, |desk| {
            desk.inventory().update(id!(VehicleId), &VehicleUpdate::default())
        }),
        operation("Inventory::set_status", Manager, |desk| {
            desk.inventory().set_status(id!(VehicleId), VehicleStatus::Unknown)
        }),
        operation("Inventory::relist", Manager, |desk| desk.inventory().relist(id!(VehicleId))),
        operation("Inventory::undo_sale", Manager, |desk| desk.inventory().undo_sale(id!(VehicleId))),
        operation("Inventory::feature", Manager, |desk| desk.inventory().feature(id!(VehicleId))),
        operation("Inventory::unfeature", Manager, |desk| desk.inventory().unfeature(id!(VehicleId))),
        operation("Inventory::delete", Admin, |desk| desk.inventory().delete(id!(VehicleId))),
        operation("Inventory::statistics", Viewer, |desk| desk.inventory().statistics()),
        operation("Inventory::price_history", Viewer, |desk| desk.inventory().price_history(id!(VehicleId), &page())),
        operation("Jobs::list", Viewer, |desk| desk.jobs().list()),
        operation("Jobs::start", Manager, |desk| {
            desk.jobs().start(Job::CompetitorScrape, &RunOptions::competitor(id!(CompetitorId)))
        }),
        operation("Jobs::start", Manager, |desk| desk.jobs().start(Job::MarketResearch, &wrong_options())),
        operation("Jobs::run", Manager, move |desk| {
            desk.jobs().run(Job::MarketResearch, &wrong_options(), &mut |progress| go_on(progress))
        }),
        operation("Jobs::import_in", Manager, |desk| {
            // A file that is none is told by the run.
            let (file, options) = (SheetFile::at("/no/such/file"), ImportOptions::default());
            let import = FileImport { file, options, refuse_doubtful_prices: false };
            let (sender, told) = std::sync::mpsc::channel();
            desk.jobs().import_in(&RunPool::new(1), import, move |outcome| drop(sender.send(outcome)))?;
            told.recv().unwrap()
        }),
        operation("Jobs::run_in", Manager, |desk| {
            desk.jobs().run_in(&RunPool::new(1), Job::MarketResearch, &wrong_options())
        }),
        operation("Jobs::history", Viewer, |desk| desk.jobs().history(&RunFilter::default(), &page())),
        operation("Jobs::get", Viewer, |desk| desk.jobs().get(id!(RunId))),
        operation("Jobs::find", Viewer, |desk| desk.jobs().find(" ")),
        operation("Jobs::cancel", Manager, |desk| desk.jobs().cancel(id!(RunId))),
        operation("Jobs::run_due", Manager, |desk| desk.jobs().run_due(&mut |_| ControlFlow::Break(()))),
        operation("Jobs::work", Manager, |desk| {
            let stop = Stop::default();
            stop.ask();
            desk.jobs().work(&RunPool::new(1), &stop, &mut |_| {})
        }),
        operation("Market::analyze", Manager, |desk| desk.market().analyze(id!(VehicleId))),
        operation("Market::price", Manager, |desk| desk.market().price(&Subject::default())),
        operation("Market::candidates", Viewer, |desk| desk.market().candidates(&[Subject::default()])),
        operation("Market::auto_dev_use", Viewer, |desk| desk.market().auto_dev_use()),
        operation("Market::analyze_due", Manager, |desk| {
            desk.market().analyze_due(AnalyzeLimits::default(), &mut |_| ControlFlow::Continue(()))
        }),
        operation("Market::analyze_all", Manager, |desk| desk.market().analyze_all(&mut |_| ControlFlow::Continue(()))),
        operation("Market::get", Viewer, |desk| desk.market().get(id!(VehicleId))),
        operation("Market::history", Viewer, |desk| desk.market().history(id!(VehicleId), &page())),
        operation("Market::overview", Viewer, |desk| desk.market().overview()),
        operation("Market::positions", Viewer, |desk| desk.market().positions(&VehicleFilter::default(), &page())),
        operation("Market::backtest", Manager, |desk| {
            let mut options = BacktestOptions::default();
            options.max_events_a_model = 0;
            desk.market().backtest(&options, &mut |_| ControlFlow::Continue(()))
        }),
        operation("Market::days_supply", Viewer, |desk| desk.market().days_supply("", "", 0)),
        operation("Notifications::list", Viewer, |desk| {
            desk.notifications().list(&NotificationFilter::default(), &page())
        }),
        operation("Notifications::get", Viewer, |desk| desk.notifications().get(id!(NotificationId))),
        operation("Notifications::find", Viewer, |desk| desk.notifications().find(" ")),
        operation("Notifications::channels", Viewer, |desk| desk.notifications().channels()),
        operation("Notifications::retry", Manager, |desk| desk.notifications().retry(id!(NotificationId))),
        operation("Notifications::test", Manager, |desk| desk.notifications().test("nobody")),
        operation("Notifications::deliver_due", Manager, |desk| {
            desk.notifications().deliver_due(&Stop::default(), &mut |_| {})
        }),
        operation("Notifications::work", Manager, |desk| {
            let stop = Stop::default();
            stop.ask();
            desk.notifications().work(&stop, &mut |_| {})
        }),
        operation("Sessions::destroy_all_of", Admin, |desk| desk.sessions().destroy_all_of(id!(UserId))),
        operation("Sessions::count_expired", Admin, |desk| desk.sessions().count_expired()),
        operation("Sessions::prune", Admin, |desk| desk.sessions().prune()),
        operation("SignIn::count_expired", Admin, |desk| desk.sign_in().count_expired()),
        operation("SignIn::prune", Admin, |desk| desk.sign_in().prune()),
        operation("SignIn::link", Admin, |desk| desk.sign_in().link("no address")),
        operation("SignIn::me", Viewer, |desk| desk.sign_in().me()),
        operation("Storage::sign_upload", Manager, |desk| {
            desk.storage().sign_upload(id!(VehicleId), &NewUpload::default())
        }),
        operation("Storage::attach", Manager, |desk| desk.storage().attach(id!(SubmissionId), "no key")),
        operation("Storage::add", Manager, |desk| desk.storage().add(id!(VehicleId), b"no photo")),
        operation("Storage::list", Viewer, |desk| desk.storage().list(id!(VehicleId))),
        operation("Storage::reorder", Manager, |desk| desk.storage().reorder(id!(VehicleId), &["none".into()])),
        operation("Storage::remove", Manager, |desk| desk.storage().remove(id!(VehicleId), "none")),
        operation("Storage::choose_thumbnail", Manager, |desk| desk.storage().choose_thumbnail(id!(VehicleId), "none")),
        operation("Storage::usage", Viewer, |desk| desk.storage().usage(&mut |_| ControlFlow::Continue(()))),
        operation("Storage::check", Manager, |desk| desk.storage().check(&mut |_| ControlFlow::Continue(()))),
        operation("Storage::orphans", Admin, |desk| desk.storage().orphans(&mut |_| ControlFlow::Continue(()))),
        operation("Storage::remove_orphans", Admin, |desk| {
            desk.storage().remove_orphans(&mut |_| ControlFlow::Continue(()))
        }),
        operation("Submissions::list", Viewer, |desk| desk.submissions().list(&SubmissionFilter::default(), &page())),
        operation("Submissions::get", Viewer, |desk| desk.submissions().get(id!(SubmissionId))),
        operation("Submissions::find", Viewer, |desk| desk.submissions().find(" ")),
        operation("Submissions::update", Manager, |desk| {
            desk.submissions().update(id!(SubmissionId), &SubmissionUpdate::default())
        }),
        operation("Submissions::approve", Manager, |desk| {
            desk.submissions().approve(id!(SubmissionId), &Approval::at_price(Money::from_cents(-1)))
        }),
        operation("Submissions::reject", Manager, |desk| desk.submissions().reject(id!(SubmissionId), "\0")),
        operation("Submissions::delete", Admin, |desk| desk.submissions().delete(id!(SubmissionId))),
        operation("Tokens::create", Viewer, |desk| {
            desk.tokens().create(&NewToken { name: String::new(), role: Admin, expires_at: None })
        }),
        operation("Tokens::list", Viewer, |desk| desk.tokens().list(&page())),
        operation("Tokens::get", Viewer, |desk| desk.tokens().get(id!(TokenId))),
        operation("Tokens::find", Viewer, |desk| desk.tokens().find(" ")),
        operation("Tokens::revoke", Viewer, |desk| desk.tokens().revoke(id!(TokenId))),
        operation("Users::add", Admin, |desk| desk.users().add(&NewUser::default())),
        operation("Users::list", Admin, |desk| desk.users().list(&page())),
        operation("Users::get", Admin, |desk| desk.users().get(id!(UserId))),
        operation("Users::get_by_email", Admin, |desk| desk.users().get_by_email("")),
        operation("Users::find", Admin, |desk| desk.users().find(" ")),
        operation("Users::set_role", Admin, |desk| desk.users().set_role(id!(UserId), Role::Unknown)),
        operation("Users::activate", Admin, |desk| desk.users().activate(id!(UserId))),
        operation("Users::deactivate", Admin, |desk| desk.users().deactivate(id!(UserId))),
        operation("Users::delete", Admin, |desk| desk.users().delete(id!(UserId))),
    ]
}

/// Options that the job does not take.
fn wrong_options() -> RunOptions {
    RunOptions::competitor(id!(CompetitorId))
}

on_both_databases! {
    fn who_may_not_is_told_so_and_never_what_is_wrong_with_the_input(lot: &Lot) {
        let roles = [Role::Viewer, Role::Manager].map(|role| (role, lot.staff(role).0));
        // Nothing is configured here: that is not told either.
        let mut faults = BTreeMap::new();
        for Operation(name, least, call) in operations_for_staff() {
            let told = call(&lot.website()).map_err(|error| error.kind());
            if told != Err(ErrorKind::Unauthenticated) {
                faults.insert(format!("{name} as public"), told);
            }
            for (role, user) in roles.iter().filter(|(role, _)| *role < least) {
                let told = call(&lot.dealership.acting_as(Actor::user(user.id))).map_err(|error| error.kind());
                if told != Err(ErrorKind::Forbidden) {
                    faults.insert(format!("{name} as {role}"), told);
                }
            }
        }
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn every_operation_of_the_library_is_tried() {
    let known: BTreeSet<_> = operations_for_staff().into_iter().map(|Operation(name, ..)| name.to_owned()).collect();
    let open = OPEN_TO_ALL.iter().map(|name| (*name).to_owned());
    let tried: BTreeSet<_> = known.into_iter().chain(open).collect();
    let all = operations::of_the_library(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert_eq!(tried.symmetric_difference(&all).collect::<Vec<_>>(), [] as [&String; 0], "missing here, or gone there");
}
