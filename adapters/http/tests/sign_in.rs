//! Signing in at providers, over HTTP, with a client that keeps cookies: at one that says what a test makes it say, and at real ones.
//!
//! npm and pip install the real ones once under the target folder. `JPAUTO_TEST_OFFLINE` skips their tests.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU16, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use jpauto::{Config, Dealership, NewUser, ProviderConfig, Role, SessionConfig, SignInConfig, User};
use reqwest::{blocking::Client, cookie::Jar, header, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    openid::{CLIENT, Provider, SECRET},
    support::Lot,
};

const PERSON: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A free port that no other test of this process is told: another provider on it would be taken for the one that a test starts. It lies
/// below those that the system gives to clients.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 12_000 + u16::try_from(std::process::id() % 4_000).unwrap();
    let ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 4_000);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.take(4_000).find(is_free).unwrap()
}

/// A server on the port, where people sign in at the issuer.
fn open(port: u16, issuer: &str) -> Lot {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    let mut sessions = SessionConfig::new(vec!["a secret of many letters".into()]);
    sessions.secure = false;
    config.sessions = Some(sessions);
    let mut sign_in = SignInConfig::new(format!("http://127.0.0.1:{port}"));
    sign_in.allow_loopback_http = true;
    sign_in.administrators = vec!["boss@lot.example".into()];
    let mut provider = ProviderConfig::other("id", issuer, CLIENT, Some(SECRET.into()));
    provider.title = "The <Company>".into();
    sign_in.providers = vec![provider];
    config.sign_in = Some(sign_in);
    Lot::serve(Dealership::with_config(config).unwrap(), folder, |config| {
        config.address = ([127, 0, 0, 1], port).into();
    })
}

/// A browser: it keeps cookies, and follows redirects one at a time.
struct Browser {
    client: Client,
    home: String,
}

/// What a browser sees.
#[derive(Debug)]
struct Seen {
    status: u16,
    location: String,
    cookies: Vec<String>,
    retry_after: Option<String>,
    policy: String,
    text: String,
}

impl Seen {
    fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no problem: {self:?}"));
        problem["code"].as_str().unwrap().to_owned()
    }

    fn outcome(&self) -> String {
        if self.status == 303 { "signed in".to_owned() } else { self.code() }
    }
}

impl Browser {
    fn new(lot: &Lot) -> Self {
        let client = Client::builder().redirect(Policy::none()).cookie_provider(Arc::new(Jar::default())).no_proxy();
        Self { client: client.build().unwrap(), home: format!("http://{}", lot.address) }
    }

    fn open_as(&self, url: &str, accept: &str) -> Seen {
        let url = if url.starts_with('/') { format!("{}{url}", self.home) } else { url.to_owned() };
        let answer = self.client.get(url).header(header::ACCEPT, accept).send().unwrap();
        let texts = |name: header::HeaderName| -> Vec<String> {
            answer.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        Seen {
            status: answer.status().as_u16(),
            location: texts(header::LOCATION).concat(),
            cookies: texts(header::SET_COOKIE),
            retry_after: texts(header::RETRY_AFTER).pop(),
            policy: texts(header::CONTENT_SECURITY_POLICY).concat(),
            text: answer.text().unwrap(),
        }
    }

    fn open(&self, url: &str) -> Seen {
        self.open_as(url, "*/*")
    }

    /// The address at the provider.
    fn begin(&self) -> String {
        let seen = self.open("/api/auth/id?return_to=/inventory");
        assert_eq!(seen.status, 303, "{seen:?}");
        seen.location
    }

    /// Goes through the pages of the provider up to the address that leads back.
    fn through(&self, address: &str) -> String {
        let (mut address, mut hops) = (address.to_owned(), 0);
        while !address.starts_with(&self.home) {
            let seen = self.open(&address);
            assert!(matches!(seen.status, 302 | 303), "{address} {seen:?}");
            let from = url::Url::parse(&address).unwrap();
            address = from.join(&seen.location).unwrap().into();
            hops += 1;
            assert!(hops < 10, "{address}");
        }
        address
    }

    fn sign_in(&self) -> Seen {
        self.open(&self.through(&self.begin()))
    }

    fn me(&self) -> Value {
        let seen = self.open("/api/auth/me");
        serde_json::from_str(&seen.text).unwrap()
    }
}

/// The address with another value of a parameter.
fn with(address: &str, name: &str, value: &str) -> String {
    let mut url = url::Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    url.into()
}

fn user(lot: &Lot, email: &str) -> User {
    lot.staff().users().get_by_email(email).unwrap()
}

fn invited(lot: &Lot, email: &str) -> User {
    let new = NewUser { email: email.into(), name: "Invited".into(), role: Role::Manager, ..NewUser::default() };
    lot.staff().users().add(&new).unwrap()
}

#[test]
fn a_browser_goes_to_the_provider_and_comes_back_signed_in() {
    let provider = Provider::start(Utc::now());
    let lot = open(free_port(), &provider.issuer);
    let browser = Browser::new(&lot);
    let listed: Value = serde_json::from_str(&browser.open("/api/auth").text).unwrap();
    assert_eq!(listed, json!({"providers": [{"name": "id", "title": "The <Company>"}]}));
    let page = browser.open_as("/api/auth?return_to=/a%22%3Cb", PERSON);
    assert!(
        page.text.contains("<a href=\"/api/auth/id?return_to=%2Fa%22%3Cb\">Sign in with The &lt;Company&gt;</a>"),
        "{page:?}"
    );
    let begun = browser.open("/api/auth/id?return_to=/inventory%3Fstatus=sold");
    assert_eq!(begun.cookies.len(), 1);
    for part in ["jpauto-sign-in=jpb_", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Expires="] {
        assert!(begun.cookies[0].contains(part), "{begun:?}");
    }
    let back = browser.open(&browser.through(&begun.location));
    assert_eq!((back.status, back.location), (303, format!("{}/inventory?status=sold", browser.home)));
    assert!(back.cookies[0].starts_with("connect.sid=s%3A"), "{:?}", back.cookies);
    assert_eq!((&browser.me()["user"]["email"], &browser.me()["role"]), (&json!("ann@lot.example"), &json!("viewer")));
    assert!(browser.open("/api/auth/id").location.starts_with(&format!("{}/authorize?", provider.issuer)));
}

#[test]
fn the_cookie_is_the_hosts_alone_where_there_is_tls() {
    let provider = Provider::start(Utc::now());
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    config.sessions = Some(SessionConfig::new(vec!["a secret of many letters".into()]));
    let mut sign_in = SignInConfig::new("https://lot.example/");
    sign_in.public_url.push('/');
    sign_in.allow_loopback_http = true;
    sign_in.providers = vec![ProviderConfig::other("id", &provider.issuer, CLIENT, Some(SECRET.into()))];
    config.sign_in = Some(sign_in);
    let lot = Lot::serve(Dealership::with_config(config).unwrap(), folder, |_config| {});
    let begun = lot.get("/api/auth/id");
    let cookie = begun.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-jpauto-sign-in=jpb_") && cookie.contains("; Secure") && !cookie.contains("Domain")
    );
    let back = url::Url::parse(begun.header("location").unwrap()).unwrap();
    let back = back.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert_eq!(back, "https://lot.example/api/auth/id/callback", "whatever the request says about its host");
    let (code, state) = provider.sign_in(begun.header("location").unwrap());
    let target = format!("/api/auth/id/callback?code={code}&state={state}&session_state=1&authuser=0");
    assert_eq!(lot.get(&target).problem(), "sign_in_expired", "the plain name does not count");
    let sent = cookie.split(';').next().unwrap();
    let signed_in = lot.ask("GET", &target, &[("cookie", sent)], b"");
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("https://lot.example/api/auth/me")));
}

#[test]
fn nobody_is_led_elsewhere() {
    let provider = Provider::start(Utc::now());
    let lot = open(free_port(), &provider.issuer);
    for path in [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "/%09/evil.example",
        "/..//evil.example",
        "/%2e%2e//evil.example",
        "javascript:alert(1)",
        "/%0d%0aLocation:%20https://evil.example",
        "evil.example",
    ] {
        let answer = lot.get(&format!("/api/auth/id?return_to={path}"));
        assert_eq!((answer.status, answer.problem().as_str()), (422, "invalid_return_to"), "{path}");
    }
    assert_eq!(lot.get("/api/auth/id?next=/a").problem(), "invalid_query");
    for unknown in ["google", "ID", "%2e%2e", "a%0d%0ab", "%3Cscript%3E"] {
        let answer = lot.get(&format!("/api/auth/{unknown}"));
        assert!(answer.status == 404, "{unknown} {answer:?}");
    }
    assert_eq!(lot.ask("POST", "/api/auth/id", &[], b"").problem(), "method_not_allowed");
}

#[test]
fn a_person_who_is_refused_reads_what_to_do_and_a_program_a_problem() {
    let provider = Provider::start(Utc::now());
    let lot = open(free_port(), &provider.issuer);
    let browser = Browser::new(&lot);
    let answer = browser.through(&browser.begin());
    provider.claim("nonce", json!("another"));
    let page = browser.open_as(&answer, PERSON);
    assert_eq!(page.status, 401);
    assert!(page.policy.starts_with("default-src 'none'"), "{page:?}");
    for part in [
        "What the provider answered does not prove who signed in.",
        "Begin again.",
        "sign_in_refused",
        "href=\"/api/auth\"",
    ] {
        assert!(page.text.contains(part), "{page:?}");
    }
    assert_eq!(browser.open(&answer).code(), "sign_in_expired");
    let hostile = browser.open_as("/api/auth/id/callback?error=<script>&error_description=<b>&state=<i>", PERSON);
    assert!(!hostile.text.contains("<script") && !hostile.text.contains("<i>"), "{hostile:?}");
    assert_eq!(browser.open("/api/auth/id/callback?code=1&code=2").code(), "sign_in_refused");
    provider.acts().status = Some(503);
    let down = browser.open_as(&browser.through_known(&provider), PERSON);
    assert_eq!((down.status, down.retry_after.is_some()), (503, true));
    assert!(down.text.contains("The sign-in provider does not answer as it should."), "{down:?}");
    assert_eq!(browser.open("/api/auth/me").status, 401);
}

impl Browser {
    /// The address that leads back from a provider that answers nothing.
    fn through_known(&self, provider: &Provider) -> String {
        let begun = self.begin();
        let (code, state) = provider.sign_in(&begun);
        format!("{}/api/auth/id/callback?code={code}&state={state}", self.home)
    }
}

#[test]
fn without_a_provider_nobody_begins() {
    let lot = Lot::open();
    assert_eq!(lot.get("/api/auth").json(), json!({"providers": []}));
    assert_eq!(lot.get("/api/auth/google").problem(), "not_configured");
    assert_eq!(lot.get("/api/auth/google/callback?code=1&state=2").problem(), "not_configured");
}

/// A provider's program. It ends when the value is dropped.
struct Running {
    process: Child,
    issuer: String,
    /// Held open, because a program that writes to nobody ends.
    _output: Option<BufReader<ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn is_offline() -> bool {
    let is_offline = env::var_os("JPAUTO_TEST_OFFLINE").is_some();
    if is_offline {
        println!("skipped: JPAUTO_TEST_OFFLINE is set, and a provider would have to be installed");
    }
    is_offline
}

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} failed: {said}\nJPAUTO_TEST_OFFLINE=1 skips this test");
}

/// The folder with the provider of npm and its packages, installed where they are not yet.
static NODE: LazyLock<PathBuf> = LazyLock::new(|| {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc_provider");
    fs::create_dir_all(&folder).unwrap();
    let (packages, ready) = (fs::read(sources.join("package.json")).unwrap(), folder.join("ready"));
    if fs::read(&ready).ok().as_ref() != Some(&packages) {
        fs::write(folder.join("package.json"), &packages).unwrap();
        let npm = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
        run(Command::new("npm").args(npm).current_dir(&folder));
        fs::write(ready, packages).unwrap();
    }
    fs::copy(sources.join("provider.mjs"), folder.join("provider.mjs")).unwrap();
    folder
});

/// The program of the provider of pip, installed where it is not yet.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    const PACKAGE: &str = "oidc-provider-mock==0.3.4";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc_provider_mock");
    let ready = folder.join("ready");
    if fs::read_to_string(&ready).ok().as_deref() != Some(PACKAGE) {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(folder.join("bin/python")).args(["-m", "pip", "install", "--quiet", PACKAGE]));
        fs::write(&ready, PACKAGE).unwrap();
    }
    folder.join("bin/oidc-provider-mock")
});

/// npm's `oidc-provider`, which is certified, and a server whose people sign in there.
fn at_node() -> (Running, Lot) {
    let port = free_port();
    let mut process = Command::new("node")
        .arg(NODE.join("provider.mjs"))
        .envs([("CLIENT", CLIENT), ("SECRET", SECRET)])
        .env("REDIRECT", format!("http://127.0.0.1:{port}/api/auth/id/callback"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        sender.send((line, output)).unwrap();
    });
    let Ok((line, output)) = told.recv_timeout(Duration::from_secs(60)) else {
        process.kill().unwrap();
        panic!("the provider of npm told no port for a minute");
    };
    let running = Running { process, issuer: format!("http://127.0.0.1:{}", line.trim()), _output: Some(output) };
    let lot = open(port, &running.issuer);
    (running, lot)
}

/// Makes somebody the person at the provider.
fn be(running: &Running, sub: &str) {
    reqwest::blocking::get(format!("{}/be?sub={sub}", running.issuer)).unwrap();
}

#[test]
fn people_sign_in_at_the_certified_provider() {
    if is_offline() {
        return;
    }
    let (provider, lot) = at_node();
    let ann = Browser::new(&lot);
    assert_eq!(ann.sign_in().outcome(), "signed in");
    assert_eq!((&ann.me()["user"]["name"], &ann.me()["role"]), (&json!("ann Lee"), &json!("viewer")), "the first user");
    be(&provider, "boss");
    let boss = Browser::new(&lot);
    assert_eq!(boss.sign_in().outcome(), "signed in");
    assert_eq!(boss.me()["role"], "admin", "the configuration names the address");
    let manager = invited(&lot, "mia@lot.example");
    be(&provider, "mia");
    let mia = Browser::new(&lot);
    assert_eq!(mia.sign_in().outcome(), "signed in");
    assert_eq!((&mia.me()["user"]["id"], &mia.me()["role"]), (&json!(manager.id), &json!("manager")));
    lot.staff().users().deactivate(manager.id).unwrap();
    assert_eq!(mia.open("/api/auth/me").code(), "user_inactive");
    assert_eq!(Browser::new(&lot).sign_in().outcome(), "user_inactive");
    // An address that the provider has not verified is nobody's.
    invited(&lot, "mallory@lot.example");
    be(&provider, "mallory");
    assert_eq!(Browser::new(&lot).sign_in().outcome(), "email_not_verified");
    assert_eq!(user(&lot, "mallory@lot.example").last_login, None);
}

#[test]
fn what_is_stolen_or_repeated_is_refused_with_the_certified_provider() {
    if is_offline() {
        return;
    }
    let (provider, lot) = at_node();
    let victim = Browser::new(&lot);
    let answer = victim.through(&victim.begin());
    let attacker = Browser::new(&lot);
    assert_eq!(attacker.open(&answer).outcome(), "sign_in_expired", "a browser that began nothing");
    let own = attacker.through(&attacker.begin());
    assert_eq!(attacker.open(&answer).outcome(), "sign_in_expired", "the state of another browser");
    let code = |address: &str| {
        let url = url::Url::parse(address).unwrap();
        url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    };
    assert_eq!(attacker.open(&with(&own, "code", &code(&answer))).outcome(), "sign_in_refused", "an injected code");
    assert_eq!(victim.open(&with(&answer, "state", "jps_0")).outcome(), "sign_in_expired", "another state");
    let fresh = victim.through(&victim.begin());
    assert_eq!(victim.open(&fresh).outcome(), "signed in");
    assert_eq!(victim.open(&fresh).outcome(), "sign_in_expired", "a second time");
    let next = victim.through(&victim.begin());
    assert_eq!(victim.open(&with(&next, "code", &code(&fresh))).outcome(), "sign_in_refused", "a code that was used");
    let next = victim.through(&victim.begin());
    assert_eq!(victim.open(&with(&next, "iss", "https://evil.example")).outcome(), "sign_in_refused", "another issuer");
    let next = victim.through(&victim.begin());
    let without = next.split("&iss=").next().unwrap();
    assert_eq!(victim.open(without).outcome(), "sign_in_refused", "the issuer is missing, which this provider names");
    // The request is changed on its way: the provider then answers for another sign-in.
    let next = victim.through(&with(&victim.begin(), "nonce", "another"));
    assert_eq!(victim.open(&next).outcome(), "sign_in_refused", "another nonce");
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let next = victim.through(&with(&victim.begin(), "code_challenge", challenge));
    assert_eq!(victim.open(&next).outcome(), "sign_in_refused", "another challenge");
    let elsewhere = victim.open(&with(&victim.begin(), "redirect_uri", "https://evil.example/api/auth/id/callback"));
    assert_eq!(elsewhere.status, 400, "the provider knows one address");
    drop(provider);
}

#[test]
fn two_tabs_a_new_key_and_a_provider_that_is_down() {
    if is_offline() {
        return;
    }
    let (mut provider, lot) = at_node();
    let browser = Browser::new(&lot);
    let tabs = [browser.begin(), browser.begin()].map(|begun| browser.through(&begun));
    for tab in tabs.iter().rev() {
        assert_eq!(browser.open(tab).outcome(), "signed in");
    }
    reqwest::blocking::get(format!("{}/rotate", provider.issuer)).unwrap();
    assert_eq!(browser.sign_in().outcome(), "signed in", "the provider signs with a key that was not known");
    let answer = browser.through(&browser.begin());
    provider.process.kill().unwrap();
    let down = browser.open(&answer);
    assert_eq!((down.status, down.code().as_str()), (503, "provider_unavailable"));
    assert!(down.retry_after.is_some());
    let later = open(free_port(), &provider.issuer);
    let down = Browser::new(&later).open("/api/auth/id");
    assert_eq!((down.status, down.code().as_str()), (503, "provider_unavailable"));
    assert_eq!(Browser::new(&later).open("/api/auth/me").status, 401, "the rest goes on");
}

#[test]
fn a_provider_under_another_name_is_another_issuer() {
    if is_offline() {
        return;
    }
    let (provider, _lot) = at_node();
    let other = open(free_port(), &provider.issuer.replace("127.0.0.1", "localhost"));
    assert_eq!(Browser::new(&other).open("/api/auth/id").code(), "provider_unavailable");
}

/// pip's `oidc-provider-mock` with its options, and a server whose people sign in there.
fn at_python(options: &[&str]) -> (Running, Lot) {
    let port = free_port();
    let process = Command::new(&*PYTHON)
        .args(["--port", &port.to_string()])
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running { process, issuer: format!("http://127.0.0.1:{port}"), _output: None };
    let until = Instant::now() + Duration::from_secs(30);
    while reqwest::blocking::get(&running.issuer).is_err() {
        assert!(Instant::now() < until, "the provider does not start");
        thread::sleep(Duration::from_millis(50));
    }
    let lot = open(free_port(), &running.issuer);
    (running, lot)
}

impl Browser {
    /// Signs in as somebody at the provider of pip, whose page is a form.
    fn sign_in_as(&self, sub: &str) -> Seen {
        let answer = self.client.post(self.begin()).form(&[("sub", sub)]).send().unwrap();
        let back = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        self.open(&back)
    }
}

#[test]
fn people_sign_in_at_the_provider_of_pip() {
    if is_offline() {
        return;
    }
    let (_provider, lot) = at_python(&[
        "--require-nonce",
        "true",
        "--user-claims",
        r#"{"sub": "ann", "email": "ann@lot.example", "name": "Ann"}"#,
        "--user-claims",
        r#"{"sub": "mia", "email": "mia@lot.example", "email_verified": true}"#,
        "--user-claims",
        r#"{"sub": "eve", "email": "mia@lot.example"}"#,
        "--user-claims",
        r#"{"sub": "boss", "email": "boss@lot.example", "email_verified": true}"#,
    ]);
    let ann = Browser::new(&lot);
    assert_eq!(ann.sign_in_as("ann").outcome(), "signed in");
    assert_eq!((&ann.me()["user"]["email"], &ann.me()["role"]), (&json!("ann@lot.example"), &json!("viewer")));
    let manager = invited(&lot, "mia@lot.example");
    // The provider says nothing about the address: it counts as not verified.
    assert_eq!(Browser::new(&lot).sign_in_as("eve").outcome(), "email_not_verified");
    let mia = Browser::new(&lot);
    assert_eq!(mia.sign_in_as("mia").outcome(), "signed in");
    assert_eq!(mia.me()["user"]["id"], json!(manager.id));
    let boss = Browser::new(&lot);
    assert_eq!(boss.sign_in_as("boss").outcome(), "signed in");
    assert_eq!(boss.me()["role"], "admin");
    assert_eq!(Browser::new(&lot).sign_in_as("nobody").outcome(), "email_missing");
}

#[test]
fn a_token_of_a_real_provider_that_has_expired_is_refused() {
    if is_offline() {
        return;
    }
    let claims = r#"{"sub": "ann", "email": "ann@lot.example", "email_verified": true}"#;
    let (_provider, lot) = at_python(&["--token-max-age", "-600", "--user-claims", claims]);
    assert_eq!(Browser::new(&lot).sign_in_as("ann").outcome(), "sign_in_refused");
    assert_eq!(lot.staff().users().list(&jpauto::PageRequest::default()).unwrap().items, []);
}
