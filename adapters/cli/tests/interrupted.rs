//! The command killed in the middle of its work, and what the database then says.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::beside::Beside;
use crate::website::{Reply, Website, list_page, vin};

const DEALERS: u32 = 3;
const CARS_A_PAGE: usize = 8;
const MOST_PAGES: usize = 10;

/// The least and the most that any dealer's vanished cars are waited for, and the scrapes that must have missed them.
const PATIENCE_DAYS: (i64, i64) = (4, 15);
const MISSES: (usize, usize) = (2, 8);

/// The command on a database, without the environment of whoever runs the tests.
pub(crate) struct Commands<'a> {
    pub(crate) program: &'a str,
    pub(crate) database: &'a str,
}

impl Commands<'_> {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(["--db", self.database]).args(arguments).env("JPAUTO_FETCH_CONTACT", "webmaster@dealer.example");
        command.env_remove("DATABASE_URL").env_remove("RUST_LOG");
        command
    }

    /// What a command that must succeed prints, an object a line.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.command(arguments).args(["--format", "jsonl"]).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        let printed = String::from_utf8(ran.stdout).unwrap();
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn scrape_due(&self, more: &[&str]) -> Command {
        let usual = ["scrape", "--due", "--due-after", "0", "--allow-private-networks", "--pause", "0", "--lease", "1"];
        self.command(&[&usual, more].concat())
    }

    /// The end of a scrape of all that is due; what a killed one held is waited for.
    fn scrape_all(&self) -> Value {
        thread::sleep(Duration::from_millis(1200));
        let ran = self.scrape_due(&["--format", "jsonl"]).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_str(String::from_utf8(ran.stdout).unwrap().lines().last().unwrap()).unwrap()
    }
}

/// Kills the command so many times while it scrapes slow websites whose cars leave and come back, a day passing in between, and
/// looks after each time: every lot is the whole of one that was shown, nothing is lost, and sold is what may be sold by an
/// account kept here. Gives how many scrapes came through in between.
pub(crate) fn kill_again_and_again(commands: &Commands<'_>, times: u32) -> usize {
    let website = Website::open_at("0.0.0.0");
    show_lot(&website, 0);
    for dealer in 1..=DEALERS {
        let url = format!("http://127.0.0.{dealer}:{}/used/0", website.port());
        commands.lines(&["competitor", "add", &url, "--name", &format!("Dealer {dealer}"), "--no-fetch"]);
    }
    assert_eq!(commands.scrape_all()["recorded"], DEALERS);
    let mut accounts: Vec<_> = (1..=DEALERS).map(Account::of).collect();
    accounts.iter_mut().for_each(|account| account.check(commands, 0));
    let mut day = 0;
    for _ in 1..=times {
        day += 1;
        commands.age(1);
        show_lot(&website, day);
        let mut scrape = commands.scrape_due(&["--threads", "3"]);
        let mut child = scrape.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(fastrand::u64(50..900)));
        // SIGKILL, on systems that have signals.
        child.kill().unwrap();
        child.wait().unwrap();
        accounts.iter_mut().for_each(|account| account.check(commands, day));
        // What the dead one held is free after a second; sometimes the next one comes sooner.
        thread::sleep(Duration::from_millis(fastrand::u64(0..1300)));
    }
    let through = accounts.iter().map(|account| account.scrapes.len() - 1).sum();
    // Long enough for every car that leaves to be sold, and to be back.
    for _ in 0..10 {
        day += 3;
        commands.age(3);
        show_lot(&website, day);
        assert_eq!(commands.scrape_all()["recorded"], DEALERS, "the scrape goes on");
        accounts.iter_mut().for_each(|account| account.check(commands, day));
    }
    assert!(accounts.iter().all(|account| account.sold > 0 && account.relisted > 0), "the account was put to the test");
    through
}

/// The cars on the lot on a day: most stay, some leave for two weeks, some are absent for two days, one arrives each day.
fn lot(day: u32) -> BTreeSet<u32> {
    let is_there = |car: &u32| match car % 6 {
        0 => !(4..18).contains(&((day + car) % 24)),
        1 => (day + car) % 7 >= 2,
        _ => true,
    };
    (0..48).filter(is_there).chain(100..100 + day.min(20)).collect()
}

fn show_lot(website: &Website, day: u32) {
    let cars: Vec<u32> = lot(day).into_iter().collect();
    let pages: Vec<_> = cars.chunks(CARS_A_PAGE).collect();
    assert!(pages.len() <= MOST_PAGES);
    for (number, page) in pages.iter().enumerate() {
        let next = (number + 1 < pages.len()).then(|| format!("/used/{}", number + 1));
        // It says how many there are: a list that loses a page would not be believed at once.
        let found = format!("<body>{} vehicles found", cars.len());
        let page = list_page(page.iter().copied(), next.as_deref()).replace("<body>", &found);
        let reply = Reply::html(page).after(Duration::from_millis(40));
        website.reply(&format!("/used/{number}"), reply);
    }
}

/// What may be said of a dealer's cars by what its website showed and when it was scraped: an account of its own, which knows
/// nothing of how the library counts.
struct Account {
    dealer: String,
    /// What each scrape in the log has seen.
    scrapes: HashMap<String, BTreeSet<u32>>,
    sold: u64,
    relisted: u64,
}

impl Account {
    fn of(dealer: u32) -> Self {
        Self { dealer: format!("Dealer {dealer}"), scrapes: HashMap::new(), sold: 0, relisted: 0 }
    }

    /// Takes note of the scrapes of a day, and looks at every car.
    fn check(&mut self, commands: &Commands<'_>, day: u32) {
        let time = |value: &Value| -> DateTime<Utc> { value.as_str().unwrap().parse().unwrap() };
        let mut shown: BTreeMap<DateTime<Utc>, BTreeSet<u32>> = BTreeMap::new();
        (self.sold, self.relisted) = (0, 0);
        for scrape in commands.lines(&["competitor", "scrapes", &self.dealer, "--all"]) {
            let seen =
                self.scrapes.entry(scrape["id"].as_str().unwrap().to_owned()).or_insert_with(|| lot(day)).clone();
            assert_eq!(scrape["completeness"], "complete", "day {day}: {scrape}");
            assert_eq!(scrape["counts"]["vehicles"].as_u64(), Some(seen.len() as u64), "day {day}: {scrape}");
            self.sold += scrape["counts"]["sold"].as_u64().unwrap();
            self.relisted += scrape["counts"]["relisted"].as_u64().unwrap();
            shown.insert(time(&scrape["observed_at"]), seen);
        }
        let listings = commands.lines(&["competitor", "listings", &self.dealer, "--all"]);
        let known: HashMap<&str, &Value> =
            listings.iter().map(|listing| (listing["vin"].as_str().unwrap(), listing)).collect();
        let cars: BTreeSet<u32> = shown.values().flatten().copied().collect();
        assert_eq!((listings.len(), known.len()), (cars.len(), cars.len()), "day {day}: every car seen is there, once");
        let Some(newest) = shown.keys().next_back() else { return };
        for car in cars {
            let listing = known[vin(car).as_str()];
            let seen_at: Vec<_> = shown.iter().filter(|(_, lot)| lot.contains(&car)).map(|(at, _)| *at).collect();
            let (first, last) = (seen_at[0], seen_at[seen_at.len() - 1]);
            let missed: Vec<_> = shown.keys().filter(|at| **at > last).collect();
            let unseen = *newest - last;
            let may_be_sold = missed.len() >= MISSES.0 && unseen >= TimeDelta::days(PATIENCE_DAYS.0);
            let must_be_sold = missed.len() >= MISSES.1 && unseen >= TimeDelta::days(PATIENCE_DAYS.1);
            let is_sold = listing["is_sold"].as_bool().unwrap();
            assert!(!is_sold || may_be_sold, "day {day}: falsely sold: {listing}; missed by {missed:?}");
            assert!(is_sold || !must_be_sold, "day {day}: sold long ago: {listing}; missed by {missed:?}");
            assert_eq!(
                (time(&listing["first_seen_at"]), time(&listing["last_seen_at"])),
                (first, last),
                "day {day}: {listing}"
            );
            if is_sold {
                let sold_at = *missed[0];
                assert_eq!(time(&listing["sold_at"]), sold_at, "day {day}: {listing}");
                assert_eq!(
                    listing["days_on_market"].as_i64(),
                    Some((sold_at - first).num_days()),
                    "day {day}: {listing}"
                );
            }
        }
    }
}

impl Commands<'_> {
    /// Makes everything that is known so many days older.
    fn age(&self, days: u32) {
        const TIMES: [(&str, &[&str]); 5] = [
            ("competitors", &["last_scraped_at", "last_successful_scrape_at", "next_scrape_at"]),
            ("competitor_inventory", &["first_seen_at", "last_seen_at", "sold_at", "price_changed_at"]),
            ("competitor_scrapes", &["observed_at"]),
            ("competitor_metrics", &["calculated_at"]),
            ("competitor_price_history", &["recorded_at"]),
        ];
        let sqlite = self.database.strip_prefix("sqlite:");
        let earlier = |column: &&str| match sqlite {
            // The seconds are counted back, their fraction and the sign of UTC stay.
            Some(_) => {
                format!("{column} = strftime('%Y-%m-%dT%H:%M:%S', {column}, '-{days} days') || substr({column}, 20)")
            }
            None => format!("{column} = {column} - interval '{days} days'"),
        };
        let updates: String = TIMES
            .iter()
            .map(|(table, columns)| {
                let columns: Vec<_> = columns.iter().map(earlier).collect();
                format!("UPDATE {table} SET {};", columns.join(", "))
            })
            .collect();
        Beside::open(self.database).execute(&updates);
    }
}
