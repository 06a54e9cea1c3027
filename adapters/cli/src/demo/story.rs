//! What happens on which day, played through the library as staff, customers and scrapes would.
//!
//! What is deliberately not here: what any of it means. Whether a car counts as sold or a price is believed is for the
//! library to say, and the report only reads it off.

use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    Actor, Approval, Change, CompetitorId, Dealership, Desk, Error, ErrorCode, Money, NewSubmission, NewUser,
    NewVehicle, Role, StatusChange, Submission, UserId, Vehicle, VehicleUpdate,
    competitors::{NewCompetitor, RecordReport, ScrapeErrorType, ScrapeReading, ScrapedPage},
    market::{AnalyzeLimits, Progress},
};

use super::{
    cars::{CATALOGUE, Car, RARE},
    clock::MovedClock,
    database::on_stage,
    lots::{self, DAYS, Lot, Shape},
    pages::{self, SavedPage, Shown},
};
use crate::failure::Failure;

/// The dealership of the story.
pub(super) const DEALERSHIP: &str = "Harbour Street Motors";

/// The days on which something is wrong with a scrape, from zero.
const EMPTY_DAY: u32 = 20;
const HALF_READ_DAY: u32 = 38;
const BLOCKED_DAY: u32 = 50;
/// The days on which a car that is still there is not shown.
const HIDDEN_DAYS: std::ops::Range<u32> = 30..32;
/// The day on which a price loses its last two digits.
const TYPO_DAY: u32 = 45;
/// From this day on the stock is analysed every three days.
const FIRST_ANALYSIS: u32 = 24;
const ANALYSIS_EVERY: u32 = 3;
/// The first vehicles were taken in before the first scrape.
const OPENING_DAY: i64 = -45;
const LAST_DAY: u32 = DAYS - 1;

/// One of the dealership's own vehicles.
struct Stock {
    car: Car,
    days_in_stock: i64,
    /// Our price as a multiple of what the simulation thinks it is worth.
    times_worth: f64,
}

/// The stock, the oldest first.
fn stock() -> Vec<Stock> {
    let plan: [(usize, i32, usize, i32, i64, f64); 14] = [
        (0, 2020, 2, 81_300, 96, 1.12),
        (4, 2019, 2, 88_450, 83, 1.19),
        (2, 2020, 2, 76_900, 71, 1.09),
        (4, 2021, 1, 58_120, 63, 1.02),
        (1, 2020, 0, 69_800, 51, 1.05),
        (6, 2020, 1, 77_240, 47, 1.06),
        (3, 2020, 0, 73_050, 41, 0.98),
        (1, 2021, 1, 54_700, 34, 0.84),
        (5, 2020, 0, 66_310, 29, 1.03),
        (3, 2021, 1, 58_900, 22, 1.19),
        (7, 2021, 1, 57_480, 18, 1.04),
        (0, 2021, 1, 61_030, 12, 1.02),
        (2, 2021, 1, 63_720, 8, 0.98),
        (5, 2021, 1, 49_150, 5, 0.76),
    ];
    let mut stock: Vec<_> = (1..)
        .zip(plan)
        .map(|(number, (model, year, trim, mileage, days_in_stock, times_worth))| Stock {
            car: Car::new(&CATALOGUE[model], year, trim, mileage, 'H', number, number as usize),
            days_in_stock,
            times_worth,
        })
        .collect();
    let rare = Car::new(&RARE, 2021, 1, 44_260, 'H', 15, 1);
    stock.push(Stock { car: rare, days_in_stock: 15, times_worth: 1.0 });
    stock.sort_by_key(|vehicle| -vehicle.days_in_stock);
    stock
}

/// Places in [`stock`] by stock number: the one whose price is lowered today, and the one that is sold today.
const REPRICED: &str = "H0010";
const SOLD: &str = "H0009";

/// What happened, as far as the database does not say it in so many words.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) scrapes: usize,
    pub(super) sightings: usize,
    pub(super) new: usize,
    pub(super) price_changes: usize,
    pub(super) sold: usize,
    pub(super) complete: usize,
    /// The last day's scrapes, by competitor.
    pub(super) today: Vec<(&'static str, RecordReport)>,
    /// Scrapes that saw less than the lot, and what they did to it.
    pub(super) troubles: Vec<Trouble>,
    pub(super) approved: Option<(Submission, Vehicle)>,
    pub(super) rejected: Option<Submission>,
    /// The submission that could not be approved, and what the library said.
    pub(super) refused: Option<(Submission, Error)>,
    pub(super) waiting: Option<Submission>,
    pub(super) repriced: Option<(Vehicle, Vehicle)>,
    /// With what the buyer paid.
    pub(super) sold_vehicle: Option<(Vehicle, Money)>,
    pub(super) hidden: Option<Followed>,
    pub(super) mistyped: Option<Followed>,
}

/// A scrape that went wrong.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) competitor: &'static str,
    pub(super) day: DateTime<Utc>,
    pub(super) what: String,
    /// How many cars it marked sold, which should be none.
    pub(super) sold: usize,
}

/// A competitor's car that the report comes back to.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) competitor_id: CompetitorId,
    pub(super) competitor: &'static str,
    pub(super) vin: String,
    pub(super) title: String,
    /// What its dealer really asks.
    pub(super) price: Money,
    /// What stood on the page by mistake.
    pub(super) misprint: Option<Money>,
}

/// Who plays, and when it ends.
pub(super) struct Stage<'a> {
    dealership: &'a Dealership,
    clock: &'a MovedClock,
    ends: DateTime<Utc>,
    /// Runs the lot.
    manager: UserId,
}

/// What a person watches while it takes time.
pub(super) trait Audience {
    /// A day of scrapes is recorded.
    fn day_played(&mut self, day: u32);
    /// A vehicle is analysed, the last time.
    fn vehicle_analyzed(&mut self, progress: Progress);
}

impl<'a> Stage<'a> {
    /// Opens the dealership some days before the first scrape: staff, and nothing else.
    pub(super) fn open(
        dealership: &'a Dealership,
        clock: &'a MovedClock,
        ends: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let machine = dealership.acting_as(on_stage(Actor::system()));
        clock.set(ends - TimeDelta::days(i64::from(DAYS) - OPENING_DAY));
        let hire = |name: &str, email: &str, role| -> Result<UserId, Failure> {
            let user = NewUser { name: name.to_owned(), email: email.to_owned(), role, ..NewUser::default() };
            Ok(machine.users().add(&user)?.id)
        };
        hire("Alma Reyes", "alma@example.com", Role::Admin)?;
        let manager = hire("Tom Becker", "tom@example.com", Role::Manager)?;
        hire("Priya Nair", "priya@example.com", Role::Viewer)?;
        Ok(Self { dealership, clock, ends, manager })
    }

    /// Plays all days.
    pub(super) fn play(&self, audience: &mut dyn Audience) -> Result<Story, Failure> {
        let lots = lots::all();
        let competitors = self.watch(&lots)?;
        let mut story = Story::default();
        let mut arriving = stock().into_iter().peekable();
        let mut own = Vec::new();
        for day in OPENING_DAY..i64::from(DAYS) {
            self.move_to(day, 6);
            let age = i64::from(LAST_DAY) - day;
            while let Some(vehicle) = arriving.next_if(|vehicle| vehicle.days_in_stock >= age) {
                own.push(self.take_in(&vehicle)?);
            }
            let Ok(day) = u32::try_from(day) else { continue };
            for (lot, competitor) in lots.iter().zip(&competitors) {
                self.scrape(lot, *competitor, day, &mut story)?;
            }
            if (FIRST_ANALYSIS..LAST_DAY).contains(&day) && (day - FIRST_ANALYSIS).is_multiple_of(ANALYSIS_EVERY) {
                self.move_to(day.into(), 3);
                self.staff().market().analyze_due(AnalyzeLimits::default(), &mut |_| ControlFlow::Continue(()))?;
            }
            audience.day_played(day);
        }
        self.last_day(&own, &mut story)?;
        self.clock.set(self.ends);
        self.staff().market().analyze_all(&mut |progress| {
            audience.vehicle_analyzed(progress);
            ControlFlow::Continue(())
        })?;
        story.hidden = follow(&lots, &competitors, Shape::DealerCom, None);
        story.mistyped = follow(&lots, &competitors, Shape::Cards, Some(without_its_end));
        Ok(story)
    }

    fn staff(&self) -> Desk {
        self.dealership.acting_as(on_stage(Actor::user(self.manager)))
    }

    /// So many hours before the end of a day, which ends at the hour at which the story does.
    fn move_to(&self, day: i64, hours_before: i64) {
        self.clock.set(self.moment(day, hours_before));
    }

    fn moment(&self, day: i64, hours_before: i64) -> DateTime<Utc> {
        self.ends - TimeDelta::days(i64::from(LAST_DAY) - day) - TimeDelta::hours(hours_before)
    }

    fn watch(&self, lots: &[Lot]) -> Result<Vec<CompetitorId>, Failure> {
        let add = |lot: &Lot| -> Result<CompetitorId, Failure> {
            let competitor = NewCompetitor {
                name: lot.name.to_owned(),
                inventory_url: lot.inventory_url.to_owned(),
                website_url: Some(lot.website.to_owned()),
                ..NewCompetitor::default()
            };
            Ok(self.staff().competitors().add(&competitor)?.id)
        };
        lots.iter().map(add).collect()
    }

    fn take_in(&self, vehicle: &Stock) -> Result<Vehicle, Failure> {
        let car = &vehicle.car;
        Ok(self.staff().inventory().add(&NewVehicle {
            year: car.year,
            make: car.model.make.to_owned(),
            model: car.model.name.to_owned(),
            trim: Some(car.trim.to_owned()),
            vin: car.vin.clone(),
            stock_number: Some(car.stock_number.clone()),
            price: car.priced(vehicle.times_worth),
            cost: Some(car.priced(0.87)),
            mileage: car.mileage,
            body_style: Some(car.model.body_style.to_owned()),
            exterior_color: Some(car.color.to_owned()),
            ..NewVehicle::default()
        })?)
    }

    fn scrape(&self, lot: &Lot, competitor: CompetitorId, day: u32, story: &mut Story) -> Result<(), Failure> {
        let observed_at = self.moment(day.into(), 4);
        self.clock.set(observed_at);
        let staff = self.staff();
        let competitors = staff.competitors();
        story.scrapes += 1;
        if (lot.shape, day) == (Shape::Cards, BLOCKED_DAY) {
            let message = "the website asked for proof that a person was reading";
            competitors.record_failure(competitor, ScrapeErrorType::Blocked, message, observed_at)?;
            story.troubles.push(Trouble { competitor: lot.name, day: observed_at, what: message.to_owned(), sold: 0 });
            return Ok(());
        }
        let saved = pages::render(lot, &shown(lot, day));
        let report = if (lot.shape, day) == (Shape::JsonLd, HALF_READ_DAY) {
            // The second page never came.
            let mut listings = Vec::new();
            for page in saved.iter().take(1) {
                listings.extend(jpauto::extract::listings(&page.html, &page.url)?.listings);
            }
            competitors.record(competitor, listings, ScrapeReading::part_of_a_lot(), observed_at)?
        } else {
            competitors.record_pages(competitor, &saved.into_iter().map(scraped).collect::<Vec<_>>(), observed_at)?
        };
        story.take(lot.name, report, day);
        Ok(())
    }

    fn last_day(&self, own: &[Vehicle], story: &mut Story) -> Result<(), Failure> {
        let [approve, reject, incomplete, wait] = submissions();
        let website = self.dealership.acting_as(on_stage(Actor::public()));
        let mut sent = Vec::new();
        for (hours, submission) in [(3, &approve), (3, &reject), (2, &incomplete), (1, &wait)] {
            self.move_to(LAST_DAY.into(), hours);
            sent.push(website.submissions().submit(submission)?);
        }
        let staff = self.staff();
        let by_stock_number = |number: &str| own.iter().find(|own| own.stock_number.as_deref() == Some(number));
        let mut review = sent.into_iter();
        if let Some(submission) = review.next() {
            let overrides = VehicleUpdate {
                price: Some(Money::from_dollars(20_995)),
                stock_number: Change::Set("H0016".to_owned()),
                cost: submission.asking_price.map_or(Change::Keep, Change::Set),
                ..VehicleUpdate::default()
            };
            let vehicle = staff.submissions().approve(submission.id, &Approval::with(overrides))?;
            story.approved = Some((submission, vehicle));
        }
        if let Some(submission) = review.next() {
            let reason = "the title is branded after flood damage";
            story.rejected = Some(staff.submissions().reject(submission.id, reason)?);
        }
        if let Some(submission) = review.next() {
            story.refused = match staff.submissions().approve(submission.id, &Approval::as_offered()) {
                Err(refusal) if refusal.is(ErrorCode::ApprovalIncomplete) => Some((submission, refusal)),
                Err(other) => return Err(other.into()),
                Ok(_) => None,
            };
        }
        story.waiting = review.next();
        if let Some(vehicle) = by_stock_number(REPRICED) {
            let price = Money::from_dollars(17_795);
            let after = staff
                .inventory()
                .update(vehicle.id, &VehicleUpdate { price: Some(price), ..VehicleUpdate::default() })?;
            story.repriced = Some((vehicle.clone(), after));
        }
        if let Some(vehicle) = by_stock_number(SOLD) {
            let paid = Money::from_cents(vehicle.price.cents() - 35_000);
            let sold = staff.inventory().set_status(vehicle.id, StatusChange::sold_for(paid))?;
            story.sold_vehicle = Some((sold, paid));
        }
        Ok(())
    }
}

impl Story {
    fn take(&mut self, competitor: &'static str, report: RecordReport, day: u32) {
        let counts = report.counts;
        self.sightings += counts.listings_found;
        self.new += counts.new;
        self.price_changes += counts.price_changes;
        self.sold += counts.sold;
        self.complete += usize::from(report.completeness.is_complete());
        if let Some(reason) = report.completeness.reason() {
            let what = match day {
                EMPTY_DAY => "the page showed no vehicle at all".to_owned(),
                HALF_READ_DAY => format!("only the first page came, with {} vehicles", counts.vehicles),
                _ => reason.as_str().replace('_', " "),
            };
            // What earlier scrapes had missed may be sold on any day; this one's own misses may not.
            let sold = report.sold.iter().filter(|sold| sold.sold_at >= report.observed_at).count();
            self.troubles.push(Trouble { competitor, day: report.observed_at, what, sold });
        }
        if day == LAST_DAY {
            self.today.push((competitor, report));
        }
    }
}

/// What the dealer's page shows on a day, mistakes included.
fn shown(lot: &Lot, day: u32) -> Vec<Shown<'_>> {
    if (lot.shape, day) == (Shape::DealerCom, EMPTY_DAY) {
        return Vec::new();
    }
    let followed = lot.faithful().map(|offer| offer.car.vin.as_str());
    lot.on(day)
        .filter_map(|offer| {
            let is_followed = followed == Some(offer.car.vin.as_str());
            if is_followed && lot.shape == Shape::DealerCom && HIDDEN_DAYS.contains(&day) {
                return None;
            }
            let mistyped = is_followed && lot.shape == Shape::Cards && day == TYPO_DAY;
            let price = offer.price(day);
            Some(Shown { car: &offer.car, price: if mistyped { without_its_end(price) } else { price } })
        })
        .collect()
}

/// `$18,895` as `$188`.
fn without_its_end(price: Money) -> Money {
    Money::from_cents(price.cents() / 10_000 * 100)
}

fn follow(
    lots: &[Lot],
    competitors: &[CompetitorId],
    shape: Shape,
    misprint: Option<fn(Money) -> Money>,
) -> Option<Followed> {
    let (lot, competitor) = lots.iter().zip(competitors).find(|(lot, _)| lot.shape == shape)?;
    let offer = lot.faithful()?;
    let price = offer.price(LAST_DAY);
    Some(Followed {
        competitor_id: *competitor,
        competitor: lot.name,
        vin: offer.car.vin.clone(),
        title: offer.car.title(),
        price,
        misprint: misprint.map(|misprint| misprint(price)),
    })
}

fn scraped(page: SavedPage) -> ScrapedPage {
    ScrapedPage {
        bytes: page.html.into_bytes(),
        content_type: Some("text/html; charset=utf-8".to_owned()),
        url: page.url,
        platform: None,
    }
}

/// What customers send in: to be approved, rejected, refused as incomplete, and left waiting.
fn submissions() -> [NewSubmission; 4] {
    let offer = |car: &Car, name: &str, email: &str| NewSubmission {
        customer_name: Some(name.to_owned()),
        customer_email: Some(email.to_owned()),
        year: car.year,
        make: car.model.make.to_owned(),
        model: car.model.name.to_owned(),
        trim: Some(car.trim.to_owned()),
        vin: Some(car.vin.clone()),
        mileage: Some(car.mileage),
        exterior_color: Some(car.color.to_owned()),
        ..NewSubmission::default()
    };
    let approve = Car::new(&CATALOGUE[1], 2021, 2, 52_310, 'S', 1, 4);
    let reject = Car::new(&CATALOGUE[0], 2020, 1, 71_450, 'S', 2, 5);
    let incomplete = Car::new(&CATALOGUE[3], 2020, 1, 64_000, 'S', 3, 6);
    let wait = Car::new(&CATALOGUE[2], 2022, 1, 38_900, 'S', 4, 7);
    [
        NewSubmission {
            asking_price: Some(Money::from_dollars(18_200)),
            condition: Some("good".to_owned()),
            ..offer(&approve, "Jonas Pike", "jonas@example.org")
        },
        NewSubmission {
            asking_price: Some(Money::from_dollars(19_500)),
            additional_notes: Some("Was under water once, runs fine.".to_owned()),
            ..offer(&reject, "Rita Moss", "rita@example.org")
        },
        NewSubmission {
            vin: None,
            mileage: None,
            asking_price: Some(Money::from_dollars(12_400)),
            ..offer(&incomplete, "Sam Okafor", "sam@example.org")
        },
        NewSubmission {
            asking_price: Some(Money::from_dollars(20_300)),
            ..offer(&wait, "Lena Ortiz", "lena@example.org")
        },
    ]
}
