//! Sessions shared with a real Node server: express-session over connect-pg-simple, on PostgreSQL.
//!
//! npm installs the packages once under the target folder. `JPAUTO_TEST_OFFLINE` skips the test where nothing can be installed.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use jpauto::{Config, Dealership, Role, SessionConfig};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::Lot;

const OLD: &str = "the secret that Node has";
const NEW: &str = "the secret that signs now";

/// The server and its client, which sends one cookie.
struct Node {
    process: Child,
    port: String,
}

impl Node {
    fn start(schema: &str) -> Self {
        let folder = installed();
        let server = env::var("JPAUTO_TEST_POSTGRES").unwrap();
        let mut process = Command::new("node")
            .arg(folder.join("server.mjs"))
            .env("DATABASE", server)
            .env("SCHEMA", schema)
            .env("SECRETS", json!([OLD, NEW]).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, port: port.trim().to_owned() }
    }

    /// The session that it answers, and the cookie that it sets.
    fn ask(&self, method: Method, path: &str, cookie: Option<&str>) -> (Value, Option<String>) {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = reqwest::blocking::Client::new().request(method, url);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, format!("connect.sid={}", encoded(cookie)));
        }
        let answer = request.send().unwrap();
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers().get(header::SET_COOKIE).map(|set| {
            let set = set.to_str().unwrap().split(';').next().unwrap();
            decoded(set.strip_prefix("connect.sid=").unwrap())
        });
        (serde_json::from_str(&answer.text().unwrap()).unwrap(), cookie)
    }

    fn session(&self, cookie: &str) -> Value {
        self.ask(Method::GET, "/session", Some(cookie)).0
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

fn encoded(cookie: &str) -> String {
    cookie.replace(':', "%3A").replace('+', "%2B").replace('/', "%2F")
}

fn decoded(cookie: &str) -> String {
    cookie.replace("%3A", ":").replace("%2B", "+").replace("%2F", "/")
}

/// The cookie with the last character of its signature changed.
fn with_another_end(cookie: &str) -> String {
    let (start, last) = cookie.split_at(cookie.len() - 1);
    format!("{start}{}", if last == "A" { 'E' } else { 'A' })
}

/// The folder with the server and its packages, installed where they are not yet.
fn installed() -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node_sessions");
    fs::create_dir_all(&folder).unwrap();
    let packages = fs::read(sources.join("package.json")).unwrap();
    let ready = folder.join("ready");
    if fs::read(&ready).ok().as_ref() != Some(&packages) {
        fs::write(folder.join("package.json"), &packages).unwrap();
        let npm = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
        let done = Command::new("npm").args(npm).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "npm install failed: {said}\nJPAUTO_TEST_OFFLINE=1 skips this test");
        fs::write(ready, packages).unwrap();
    }
    fs::copy(sources.join("server.mjs"), folder.join("server.mjs")).unwrap();
    folder
}

#[test]
fn each_server_goes_on_with_the_others_sessions() {
    if env::var_os("JPAUTO_TEST_OFFLINE").is_some() {
        println!("skipped: JPAUTO_TEST_OFFLINE is set, and express-session would have to be installed");
        return;
    }
    let lot = Lot::on_postgres();
    let (user, _) = lot.staff(Role::Manager);
    // The real time: Node's clock can not be set.
    let mut config = Config::new(&lot.url);
    let mut sessions = SessionConfig::new(vec![NEW.into(), OLD.into()]);
    sessions.secure = false;
    config.sessions = Some(sessions);
    let ours = Dealership::with_config(config).unwrap();
    let website = ours.acting_as(jpauto::Actor::public());
    let signed_in = |cookie: &str| website.sessions().resume(cookie).unwrap().and_then(|it| it.actor.user_id());
    let node = Node::start(lot.url.rsplit_once("search_path%3D").unwrap().1);

    // Node's session, with a key of its own, at ours.
    let (_, cookie) = node.ask(Method::POST, &format!("/sign-in?user={}", user.id), None);
    let cookie = cookie.unwrap();
    node.ask(Method::POST, "/keep?basket=camry", Some(&cookie));
    assert_eq!(signed_in(&cookie), Some(user.id));
    assert_eq!(node.session(&cookie)["basket"], "camry", "we leave what we do not know");
    assert_eq!(signed_in(&cookie.replace('s', "t")), None);
    node.ask(Method::POST, "/sign-out", Some(&cookie));
    assert_eq!(signed_in(&cookie), None);

    // Ours at Node, which adds a key.
    let link = ours.acting_as(jpauto::Actor::system()).sign_in().link(&user.email).unwrap();
    let cookie = website.sign_in().redeem(&link.secret, None).unwrap().cookie;
    let session = node.session(&cookie);
    assert_eq!(session["passport"], json!({"user": user.id}));
    assert_eq!(session["cookie"]["originalMaxAge"], 604_800_000);
    let ours_of_it = session["jpauto"].clone();
    let kept = node.ask(Method::POST, "/keep?basket=corolla", Some(&cookie)).0;
    assert_eq!((&kept["basket"], &kept["jpauto"]), (&json!("corolla"), &ours_of_it));
    assert_eq!(signed_in(&cookie), Some(user.id));
    let tampered = with_another_end(&cookie);
    assert_eq!((node.session(&tampered)["passport"].clone(), signed_in(&tampered)), (Value::Null, None));
    assert_eq!(website.sessions().destroy(&cookie).unwrap(), 1);
    assert_eq!(node.session(&cookie)["passport"], Value::Null);
}
