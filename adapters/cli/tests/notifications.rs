//! `jpauto notification`, and workers that are killed while they tell somebody.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::{interrupted::Commands, postgres::Schema, support::Lot};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const OFFERS: u32 = 10;

/// What a receiver was told, by the ids of the messages.
type Told = Arc<Mutex<HashMap<String, usize>>>;

/// A receiver that takes everything, and its time.
fn receiver(wait: Duration) -> (String, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let told = Told::default();
    let kept = Arc::clone(&told);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let kept = Arc::clone(&kept);
            thread::spawn(move || {
                let (mut text, mut buffer) = (String::new(), [0; 4096]);
                while !is_whole(&text) {
                    let count = stream.read(&mut buffer).unwrap_or(0);
                    if count == 0 {
                        return;
                    }
                    text.push_str(&String::from_utf8_lossy(&buffer[..count]));
                }
                let id = text.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap().to_owned();
                *kept.lock().unwrap().entry(id).or_default() += 1;
                thread::sleep(wait);
                // A sender that was killed does not hear it.
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            });
        }
    });
    (url, told)
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_none_or(|length: usize| body.len() >= length)
}

/// Where a process that has ended is known, its lease is not waited for.
const LEASE: &str = if cfg!(target_os = "linux") { "1 h" } else { "2400 ms" };

fn configuration(url: &str) -> String {
    format!(
        "[notifications]\ntimeout = \"200 ms\"\nlease = \"{LEASE}\"\nlook_every = \"30 ms\"\n\
         [notifications.webhooks.crm]\nurl = \"{url}\"\nsecrets = [\"{SECRET}\"]\nallow_private_network = true\n"
    )
}

fn worker(commands: &Commands<'_>, configuration: &str) -> Child {
    let mut command = commands.command(&["work", "--config", configuration]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Offers come, and the worker that tells of them is killed again and again: nothing is lost, and twice is told only what a killed
/// one was telling.
fn kill_again_and_again(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (url, told) = receiver(Duration::from_millis(60));
    let file = folder.path().join("jpauto.toml").display().to_string();
    std::fs::write(&file, configuration(&url)).unwrap();
    let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database };
    assert!(commands.command(&["migrate"]).stdout(Stdio::null()).status().unwrap().success());
    for number in 0..OFFERS {
        let model = format!("Camry {number}");
        commands.lines(&["submission", "submit", "--year", "2019", "--make", "Toyota", "--model", &model]);
    }
    let mut kills = 0;
    while kills < 3 {
        let before = told.lock().unwrap().values().sum::<usize>();
        let mut victim = worker(&commands, &file);
        // In the middle of a message: the receiver has it, and has not answered.
        let begun_at = Instant::now();
        while told.lock().unwrap().values().sum::<usize>() == before && begun_at.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(2));
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        kills += 1;
    }
    let mut last = worker(&commands, &file);
    let begun_at = Instant::now();
    let waiting = || commands.lines(&["notification", "list", "--status", "waiting", "--all"]).len();
    while (told.lock().unwrap().len() < OFFERS as usize || waiting() > 0)
        && begun_at.elapsed() < Duration::from_secs(30)
    {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(Command::new("kill").arg(last.id().to_string()).status().unwrap().success());
    assert!(last.wait().unwrap().success(), "a worker ends as it is told to");
    let listed = commands.lines(&["notification", "list", "--all"]);
    assert!(listed.iter().all(|one| one["status"] == "delivered"), "{listed:?}");
    let told = told.lock().unwrap();
    assert_eq!((told.len(), listed.len()), (OFFERS as usize, OFFERS as usize), "none is lost");
    let twice: usize = told.values().map(|times| times - 1).sum();
    assert!(twice >= 1 && twice <= kills, "{twice} of {kills} kills: {told:?}");
}

#[test]
fn a_worker_that_is_killed_between_sending_and_marking_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    kill_again_and_again(&format!("sqlite:{}", folder.path().join("lot.db").display()));
}

#[test]
fn a_worker_that_is_killed_between_sending_and_marking_loses_nothing_on_postgres() {
    let Some(schema) = Schema::create() else {
        eprintln!("skipped: JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    kill_again_and_again(&schema.url);
}

#[test]
fn a_channel_is_tried_a_notification_shown_and_sent_again() {
    let lot = Lot::new();
    let (url, told) = receiver(Duration::ZERO);
    lot.write("jpauto.toml", configuration(&url));
    let with = |arguments: &[&str]| {
        let mut all = vec!["--config", "jpauto.toml"];
        all.extend(arguments);
        lot.run(all)
    };
    assert_eq!(with(&["migrate"]).code, 0);
    let ran = with(&["notification", "test", "crm"]);
    assert_eq!((ran.code, ran.stdout.trim()), (0, "notification.test to crm: delivered, 200 OK"));
    with(&["notification", "test", "pager"])
        .fails(3, "error[channel_not_found]: there is no channel of this name: there are crm");
    let id = with(&["notification", "list", "--format", "jsonl"]).document()["id"].as_str().unwrap().to_owned();
    assert!(with(&["notification", "show", &id]).stdout.contains("200 OK"));
    assert_eq!(with(&["notification", "retry", &id]).code, 0);
    let ran = with(&["notification", "deliver"]);
    assert_eq!((ran.code, ran.stdout.trim()), (0, "tried 1 notification"));
    assert_eq!(told.lock().unwrap().values().copied().collect::<Vec<_>>(), [2], "by the same id");
    let channels = with(&["notification", "channels"]).stdout;
    assert!(channels.contains("crm") && channels.contains(url.trim_end_matches('/')), "{channels}");

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    lot.write("jpauto.toml", configuration(&format!("http://{nobody}/")));
    let refused = "error[notification_not_delivered]: notification.test to crm: given_up, the connection failed";
    with(&["notification", "test", "crm"]).fails(4, refused);
}

#[test]
fn a_wrong_template_and_a_wrong_channel_are_named() {
    let lot = Lot::new();
    std::fs::create_dir(lot.path("words")).unwrap();
    lot.write("words/job.failed.txt", "One\n{{ data.jb }}\n");
    lot.write("jpauto.toml", "[notifications]\ntemplates = \"words\"\n");
    let checked = lot.run(["serve", "--check", "--config", "jpauto.toml", "--format", "json"]).document();
    let fault = checked["template_faults"][0].as_str().unwrap();
    assert!(fault.starts_with("job.failed.txt:2: "), "{fault}");
    let shown = lot.run(["config", "show", "--config", "jpauto.toml"]);
    assert!(shown.code == 0 && shown.stderr.contains("job.failed.txt:2: "), "{}", shown.stderr);
    lot.write("jpauto.toml", "[notifications.webhooks.crm]\nurl = \"https://crm.example/\"\n");
    let ran = lot.run(["serve", "--check", "--config", "jpauto.toml"]);
    assert!(
        ran.code == 2 && ran.stderr.contains("invalid_notification_config") && ran.stderr.contains("secrets"),
        "{}",
        ran.stderr
    );
}
