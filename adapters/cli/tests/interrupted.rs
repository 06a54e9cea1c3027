//! The command killed in the middle of its work, and what the database then says.

use std::{
    ops::Range,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::website::{Reply, Website, list_page};

const DEALERS: u32 = 3;
const CARS_A_PAGE: u32 = 8;
const PAGES: u32 = 5;

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

/// Kills the command so many times while it scrapes slow websites whose lots change, and looks after each time: every lot is
/// the whole of one that was shown, nothing is lost, nothing is sold. Gives how many scrapes came through in between.
pub(crate) fn kill_again_and_again(commands: &Commands<'_>, times: u32) -> usize {
    let website = Website::open_at("0.0.0.0");
    show_lots(&website, 0);
    for dealer in 1..=DEALERS {
        let url = format!("http://127.0.0.{dealer}:{}/used/0", website.port());
        commands.lines(&["competitor", "add", &url, "--name", &format!("Dealer {dealer}"), "--no-fetch"]);
    }
    assert_eq!(commands.scrape_all()["recorded"], DEALERS);
    for round in 1..=times {
        // One more car each time, on the last page.
        show_lots(&website, round);
        let mut scrape = commands.scrape_due(&["--threads", "3"]);
        let mut child = scrape.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(fastrand::u64(50..900)));
        // SIGKILL, on systems that have signals.
        child.kill().unwrap();
        child.wait().unwrap();
        check_lots(commands, round);
        // What the dead one held is free after a second; sometimes the next one comes sooner.
        thread::sleep(Duration::from_millis(fastrand::u64(0..1300)));
    }
    assert_eq!(commands.scrape_all()["recorded"], DEALERS, "the scrape goes on");
    check_lots(commands, times);
    let scrapes = (1..=DEALERS).map(|dealer| scrapes_of(commands, dealer).len()).sum::<usize>();
    let counts = (1..=DEALERS).map(|dealer| active(commands, dealer));
    assert!(counts.into_iter().all(|count| count == (PAGES * CARS_A_PAGE + times) as usize));
    scrapes - 2 * DEALERS as usize
}

fn cars(page: u32, round: u32) -> Range<u32> {
    let end = (page + 1) * CARS_A_PAGE;
    page * CARS_A_PAGE..if page + 1 == PAGES { end + round } else { end }
}

fn show_lots(website: &Website, round: u32) {
    for page in 0..PAGES {
        let next = (page + 1 < PAGES).then(|| format!("/used/{}", page + 1));
        let reply = Reply::html(list_page(cars(page, round), next.as_deref())).after(Duration::from_millis(60));
        website.reply(&format!("/used/{page}"), reply);
    }
}

fn scrapes_of(commands: &Commands<'_>, dealer: u32) -> Vec<Value> {
    commands.lines(&["competitor", "scrapes", &format!("Dealer {dealer}"), "--all"])
}

fn active(commands: &Commands<'_>, dealer: u32) -> usize {
    commands.lines(&["competitor", "listings", &format!("Dealer {dealer}"), "--active", "--all"]).len()
}

fn check_lots(commands: &Commands<'_>, round: u32) {
    for dealer in 1..=DEALERS {
        let scrapes = scrapes_of(commands, dealer);
        assert!(scrapes.iter().all(|scrape| scrape["completeness"] == "complete"), "round {round}: {scrapes:?}");
        assert!(scrapes.iter().all(|scrape| scrape["counts"]["sold"] == 0), "round {round}: {scrapes:?}");
        let vehicles = scrapes.iter().filter_map(|scrape| scrape["counts"]["vehicles"].as_u64()).max().unwrap();
        let (whole, recorded) = (active(commands, dealer), usize::try_from(vehicles).unwrap());
        assert_eq!(whole, recorded, "round {round}: a lot is what its newest scrape saw, to the last car");
        let all = commands.lines(&["competitor", "listings", &format!("Dealer {dealer}"), "--all"]);
        assert_eq!(all.len(), whole, "round {round}: no car is sold");
    }
}
