//! Uploads of photos and clean-up, killed at random moments: what stands is whole, and the next run mends what the last one left.
//!
//! Exports and imports are killed in `export.rs` and `import_vehicles.rs`. `JPAUTO_TEST_KILLS` says how often.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use crate::{
    beside::Beside,
    interrupted::Commands,
    photo::png,
    postgres::Schema,
    support::{CAMRY, Lot, kills},
};

/// A lot with a folder for photos, and the database that its commands work on.
struct Killed {
    lot: Lot,
    database: String,
    /// Goes away with the test.
    _schema: Option<Schema>,
}

impl Killed {
    fn on_sqlite() -> Self {
        let lot = Lot::new();
        let database = format!("sqlite:{}", lot.path("jpauto.db").display());
        Self::new(lot, database, None)
    }

    fn on_postgres() -> Option<Self> {
        Schema::create().map(|schema| Self::new(Lot::new(), schema.url.clone(), Some(schema)))
    }

    fn new(lot: Lot, database: String, schema: Option<Schema>) -> Self {
        let folder = lot.path("photos");
        let settings = format!("[storage]\nfolder = {folder:?}\npublic_url = \"https://motors.example/api/storage\"\n");
        lot.write("jpauto.toml", settings);
        let killed = Self { lot, database, _schema: schema };
        assert!(killed.command(&["migrate"]).output().unwrap().status.success());
        killed
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database: &self.database };
        let mut command = commands.command(arguments);
        command.arg("--config").arg(self.lot.path("jpauto.toml"));
        command
    }

    /// What a command that must succeed prints.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.command(arguments).args(["--format", "json"]).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    fn add_camry(&self) {
        let car = ["--year", "2019", "--make", "Toyota", "--model", "Camry", "--vin", CAMRY];
        self.json(&[&["vehicle", "add", "--mileage", "31000", "--price", "15900"][..], &car].concat());
    }

    /// Takes all pictures from the vehicle, and leaves their files to clean-up.
    fn show_none(&self) {
        self.json(&["vehicle", "update", CAMRY, "--set", "images=", "--set", "thumbnail="]);
    }

    fn items(&self, arguments: &[&str]) -> Vec<Value> {
        self.json(arguments)["items"].as_array().unwrap().clone()
    }

    /// Kills a command at a moment of what it takes when nobody kills it.
    fn kill(&self, arguments: &[&str], longest: Duration) {
        let mut command = self.command(arguments);
        kill_within(&mut command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), longest);
        Beside::open(&self.database).let_the_dead_end();
    }

    fn run_sql(&self, sql: &str) {
        Beside::open(&self.database).execute(sql);
    }

    fn count(&self, rows: &str) -> i64 {
        Beside::open(&self.database).count(rows)
    }

    /// What a minute does to the lease of a dead process.
    fn let_leases_end(&self) {
        self.run_sql("DELETE FROM job_leases");
    }

    /// The files of photos and uploads, by their keys.
    fn objects(&self) -> Vec<String> {
        let root = self.lot.path("photos");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push(path.strip_prefix(&root).unwrap().display().to_string()),
                }
            }
        }
        found.retain(|name| name != "signing.key");
        found
    }

    /// Makes every file as old as an orphan must be to be removed.
    fn age_objects(&self) {
        let before_yesterday = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
        for key in self.objects() {
            let file = fs::File::options().write(true).open(self.object(&key)).unwrap();
            file.set_modified(before_yesterday).unwrap();
        }
    }

    fn object(&self, key: &str) -> PathBuf {
        self.lot.path("photos").join(key)
    }
}

fn kill_within(child: &mut Child, longest: Duration) {
    thread::sleep(longest.mul_f64(fastrand::f64()));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn is_whole_jpeg(path: &Path) -> bool {
    let bytes = fs::read(path).unwrap();
    bytes.starts_with(b"\xff\xd8\xff") && bytes.ends_with(b"\xff\xd9")
}

/// The keys of a vehicle's photos and of their small ones, each of which is there and whole. What nobody names is whole, too, unless
/// its name says that it is unfinished.
fn look_at_photos(killed: &Killed) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for photo in killed.items(&["photo", "list", CAMRY]) {
        for url in ["url", "small_url"] {
            let key = photo[url].as_str().unwrap().strip_prefix("https://motors.example/api/storage/").unwrap();
            assert!(is_whole_jpeg(&killed.object(key)), "{key}");
            keys.insert(key.to_owned());
        }
    }
    for key in killed.objects() {
        let is_finished = !key.contains(".unfinished-") && key.ends_with(".jpg");
        assert!(!is_finished || is_whole_jpeg(&killed.object(&key)), "{key}");
    }
    // The audit trail tells of the pictures as they are.
    let entries = killed.items(&["activity", "list", "--action", "update", "--id", CAMRY, "--limit", "500"]);
    let newest = entries.iter().find_map(|entry| entry["changes"]["images"]["to"].as_array());
    assert_eq!(newest.map_or(0, Vec::len) * 2, keys.len());
    keys
}

#[test]
fn a_database_is_made_or_not_made_by_a_command_that_is_killed() {
    for round in 0..kills() {
        let lot = Lot::new();
        let began = Instant::now();
        assert!(lot.run(["migrate", "--db", "sqlite:other.db"]).code == 0);
        kill_within(&mut lot.command(["migrate"]).stderr(Stdio::null()).spawn().unwrap(), began.elapsed());
        let read = lot.run(["report"]);
        assert!(read.code == 0 || read.stderr.contains("migrate"), "round {round}: {read:?}");
        assert_eq!(lot.run(["migrate"]).code, 0, "round {round}");
        lot.add_camry();
    }
}

fn photos_are_whole(killed: &Killed) {
    let picture = killed.lot.write("front.png", png());
    let picture = picture.to_str().unwrap();
    killed.add_camry();
    let began = Instant::now();
    killed.json(&["photo", "add", CAMRY, picture]);
    let longest = began.elapsed();
    let length = png().len().to_string();
    for round in 0..kills() {
        let before = look_at_photos(killed);
        match round % 3 {
            0 => {
                killed.kill(&["photo", "add", CAMRY, picture], longest);
                let after = look_at_photos(killed);
                assert!(after.is_superset(&before) && after.len() - before.len() <= 2, "round {round}");
            }
            1 => {
                let signed = killed.json(&["photo", "sign", CAMRY, "--type", "image/png", "--length", &length]);
                let key = signed["key"].as_str().unwrap();
                fs::create_dir_all(killed.object(key).parent().unwrap()).unwrap();
                fs::write(killed.object(key), png()).unwrap();
                killed.kill(&["photo", "attach", CAMRY, key], longest);
                look_at_photos(killed);
                // Whoever sent it asks again, and has it once.
                killed.json(&["photo", "attach", CAMRY, key]);
                let after = look_at_photos(killed);
                assert!(after.is_superset(&before) && after.len() == before.len() + 2, "round {round}");
            }
            _ => {
                let photos = killed.items(&["photo", "list", CAMRY]);
                let Some(first) = photos.first() else { continue };
                killed.kill(&["photo", "remove", CAMRY, first["id"].as_str().unwrap()], longest);
                let after = look_at_photos(killed);
                assert!(before.is_superset(&after) && before.len() - after.len() <= 2, "round {round}");
            }
        }
        if look_at_photos(killed).len() > 60 {
            // A vehicle has room for 40.
            killed.show_none();
        }
    }
    let named = look_at_photos(killed);
    killed.age_objects();
    let run = killed.json(&["job", "run", "clean_up"]);
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(killed.objects().into_iter().collect::<BTreeSet<_>>(), named, "nothing that nobody names is left");
    look_at_photos(killed);
}

#[test]
fn photos_are_whole_however_often_their_uploads_are_killed_on_sqlite() {
    photos_are_whole(&Killed::on_sqlite());
}

#[test]
fn photos_are_whole_however_often_their_uploads_are_killed_on_postgres() {
    match Killed::on_postgres() {
        Some(killed) => photos_are_whole(&killed),
        None => println!("skipped: JPAUTO_TEST_POSTGRES names no server"),
    }
}

/// A server on the folder, and its address.
fn serve(killed: &Killed) -> (Child, String) {
    let mut command = killed.command(&["serve", "--address", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
    let address = told.trim().strip_prefix("serving on http://").unwrap().trim_end_matches('/').to_owned();
    (child, address)
}

/// Sends a file to the address that was signed for it, and answers whether the connection held until its status came.
fn put(address: &str, signed: &Value, file: &[u8]) -> Option<String> {
    let path = signed["url"].as_str().unwrap().strip_prefix("https://motors.example").unwrap();
    let mut connection = TcpStream::connect(address).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = file.len();
    write!(connection, "PUT {path} HTTP/1.1\r\nHost: motors.example\r\nContent-Type: image/png\r\n").ok()?;
    write!(connection, "Content-Length: {length}\r\nConnection: close\r\n\r\n").ok()?;
    // In pieces, so that the end may come between them.
    for piece in file.chunks(1_000) {
        connection.write_all(piece).ok()?;
        thread::sleep(Duration::from_millis(1));
    }
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    answer.lines().next().map(ToOwned::to_owned)
}

#[test]
fn an_upload_to_a_server_that_is_killed_is_there_whole_or_not_at_all() {
    let killed = Killed::on_sqlite();
    let file = png();
    killed.add_camry();
    let length = file.len().to_string();
    let mut signed = killed.json(&["photo", "sign", CAMRY, "--type", "image/png", "--length", &length]);
    // A server takes longer to start than an upload takes: fewer rounds.
    for round in 0..kills().div_ceil(4) {
        let (mut server, address) = serve(&killed);
        let (sent, file_sent) = (signed.clone(), file.clone());
        let sender = thread::spawn(move || put(&address, &sent, &file_sent));
        kill_within(&mut server, Duration::from_millis(40));
        let answer = sender.join().unwrap();
        let key = signed["key"].as_str().unwrap();
        let kept = fs::read(killed.object(key)).ok();
        assert!(kept.as_ref().is_none_or(|kept| *kept == file), "round {round}: {answer:?}");
        assert!(answer.is_none() || kept.is_some(), "round {round}: {answer:?}, and nothing was kept");
        let attached = killed.command(&["photo", "attach", CAMRY, key]).output().unwrap();
        assert_eq!(attached.status.success(), kept.is_some(), "{}", String::from_utf8_lossy(&attached.stderr));
        if kept.is_some() {
            killed.show_none();
            signed = killed.json(&["photo", "sign", CAMRY, "--type", "image/png", "--length", &length]);
        }
    }
    // The same address takes the file once more, as long as it holds.
    let (mut server, address) = serve(&killed);
    let answer = put(&address, &signed, &file).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    server.kill().unwrap();
    server.wait().unwrap();
    killed.json(&["photo", "attach", CAMRY, signed["key"].as_str().unwrap()]);
    let named = look_at_photos(&killed);
    killed.age_objects();
    assert_eq!(killed.json(&["job", "run", "clean_up"])["status"], "success");
    assert_eq!(killed.objects().into_iter().collect::<BTreeSet<_>>(), named);
}

/// What clean-up removes, by the name in the report and in the audit trail, and the rows that are over.
const OVER: [(&str, &str); 3] = [
    ("dismissed_alerts", "storage_alerts WHERE dismissed AND dismissed_at < '2021-01-01T00:00:00.000000Z'"),
    ("untold_events", "outbox WHERE raised_at < '2021-01-01T00:00:00.000000Z'"),
    ("runs", "job_history WHERE completed_at < '2021-01-01T00:00:00.000000Z'"),
];

/// So many rows of each kind are over each time.
const ROWS: u32 = 3_000;

/// So many photos that nobody names.
const ORPHANS: u32 = 40;

/// Rows of each kind, raised at a day.
fn fill(killed: &Killed, rows: u32, day: &str) {
    let at = format!("'{day}T00:00:00.000000Z'");
    let (numbers, id, json, yes) = match killed.database.starts_with("sqlite:") {
        true => (
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n)"
            ),
            "randomblob(16)",
            "'{}'",
            "1",
        ),
        false => {
            (format!("(SELECT i FROM generate_series(1, {rows}) AS i)"), "gen_random_uuid()", "'{}'::jsonb", "true")
        }
    };
    let instant = if killed.database.starts_with("sqlite:") { at } else { format!("timestamptz {at}") };
    killed.run_sql(&format!(
        "INSERT INTO storage_alerts (id, alert_type, severity, message, dismissed, dismissed_at, created_at)
         SELECT {id}, 'overpriced', 'warning', 'Too dear.', {yes}, {instant}, {instant} FROM {numbers} AS numbers;
         INSERT INTO outbox (id, event, data, raised_at)
         SELECT {id}, 'submission.created', {json}, {instant} FROM {numbers} AS numbers;
         INSERT INTO job_history (id, job_name, status, started_at, completed_at)
         SELECT {id}, 'market_research', 'success', {instant}, {instant} FROM {numbers} AS numbers"
    ));
}

fn lay_orphans(killed: &Killed) {
    for _ in 0..ORPHANS {
        let id = format!("{:032x}", fastrand::u128(..));
        let path = killed.object(&format!("photos/{}/{}.jpg", &id[..2], &id[2..]));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"\xff\xd8\xff\xd9").unwrap();
    }
    killed.age_objects();
}

/// How many rows of each kind the audit trail says were removed.
fn removed_by_the_trail(killed: &Killed) -> [i64; 3] {
    let ran =
        killed.command(&["activity", "list", "--action", "delete", "--all", "--format", "jsonl"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let printed = String::from_utf8(ran.stdout).unwrap();
    let entries: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    OVER.map(|(name, _)| entries.iter().filter_map(|entry| entry["changes"][name]["from"].as_i64()).sum())
}

#[expect(clippy::print_stdout, reason = "how many kills met a run, for one who runs it by hand with --nocapture")]
fn clean_up_goes_on(killed: &Killed) {
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    fill(killed, 30, &today);
    let stays = ["storage_alerts", "outbox"].map(|table| (table, killed.count(table)));
    fill(killed, ROWS, "2020-03-01");
    lay_orphans(killed);
    let began = Instant::now();
    assert_eq!(killed.json(&["job", "run", "clean_up"])["status"], "success");
    let longest = began.elapsed();
    let mut put_in = i64::from(ROWS);
    for round in 0..kills() {
        fill(killed, ROWS, "2020-03-01");
        put_in += i64::from(ROWS);
        lay_orphans(killed);
        killed.kill(&["job", "run", "clean_up"], longest);
        for ((name, over), removed) in OVER.iter().zip(removed_by_the_trail(killed)) {
            let left = killed.count(over);
            assert_eq!(left + removed, put_in, "round {round}: {name}: each removal has its entry, and no other has");
        }
        killed.let_leases_end();
    }
    let runs = killed.items(&["job", "history", "clean_up", "--limit", "500"]);
    let interrupted = runs.iter().filter(|run| run["error"] == "interrupted").count();
    assert!(runs.iter().all(|run| run["status"] == "success" || run["error"] == "interrupted"), "{runs:?}");
    println!("{} kills, of which {interrupted} met a run", kills());
    assert_eq!(killed.json(&["job", "run", "clean_up"])["status"], "success");
    assert_eq!(OVER.map(|(_, over)| killed.count(over)), [0; 3]);
    assert_eq!(removed_by_the_trail(killed), [put_in; 3]);
    assert_eq!(killed.objects(), [""; 0], "no orphan is left");
    for (table, rows) in stays {
        assert_eq!(killed.count(&format!("{table} WHERE '{today}T00:00:00.000000Z' = {}", raised(table))), rows);
    }
    assert_eq!(killed.count("job_history WHERE status = 'running'"), 0);
}

/// The column with the time of the rows that stay.
fn raised(table: &str) -> &'static str {
    if table == "outbox" { "raised_at" } else { "created_at" }
}

#[test]
fn a_clean_up_that_is_killed_has_its_entries_and_the_next_one_goes_on_on_sqlite() {
    clean_up_goes_on(&Killed::on_sqlite());
}

#[test]
fn a_clean_up_that_is_killed_has_its_entries_and_the_next_one_goes_on_on_postgres() {
    match Killed::on_postgres() {
        Some(killed) => clean_up_goes_on(&killed),
        None => println!("skipped: JPAUTO_TEST_POSTGRES names no server"),
    }
}
