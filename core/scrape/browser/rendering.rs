//! The browser of one scrape, and one page in it.
//!
//! What is deliberately not here: what a page may ask for (`watch`), and which page comes next.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use super::{
    BrowserConfig, Loaded,
    process::{self, Process},
    protocol::Line,
    proxy::Proxy,
    readiness::{Moment, Readiness},
    watch::Watch,
};
use crate::{
    Result, extract,
    scrape::fetch::{Exchanger, FetchError, Judge, Stop},
};

/// How often a page is looked at, and how soon a wish to stop is heard.
const POLL: Duration = Duration::from_millis(50);

/// A message from the browser may be this many times longer than a page: JSON writes some characters as six.
const MESSAGE_BYTES_A_BYTE: usize = 8;

/// Scripts of this program run in a world of their own, where the page has changed nothing.
const WORLD: &str = "jpauto";

/// The browser of one scrape.
pub(crate) struct Rendering {
    executable: PathBuf,
    config: BrowserConfig,
    user_agent: String,
    exchanger: Arc<Exchanger>,
    running: Mutex<Option<Running>>,
}

/// In the order in which they end.
struct Running {
    line: Option<Talk>,
    process: Process,
    socket: String,
    proxy: Proxy,
}

impl Rendering {
    /// A browser that starts with its first page.
    ///
    /// # Errors
    /// `browser_not_available` where none is installed.
    pub(crate) fn new(config: &BrowserConfig, user_agent: String, exchanger: Arc<Exchanger>) -> Result<Self> {
        let executable = process::executable(config)?;
        Ok(Self { executable, config: config.clone(), user_agent, exchanger, running: Mutex::default() })
    }

    /// Loads a page and waits until it is finished; the caller has the host's turn.
    pub(crate) fn load(&self, judge: Judge, deadline: Instant, stop: &Stop) -> Result<Loaded, FetchError> {
        let address = judge.asked().to_string();
        // A browser that failed is not used again.
        let known = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let known = known.filter(|running| running.process.is_running());
        let mut running = match known.map_or_else(|| self.start(deadline, stop), Ok) {
            Ok(running) => running,
            Err(_) if stop.is_asked() => return Err(FetchError::Stopped { address }),
            Err(reason) => return Err(FetchError::Rendering { address, reason: reason.to_string() }),
        };
        let outcome = running.load(judge, &self.config, deadline, stop);
        if matches!(outcome, Ok(_) | Err(Failure::Page(_))) {
            *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        }
        outcome.map_err(|failure| match failure {
            Failure::Page(failure) => failure,
            Failure::Browser(_) if stop.is_asked() => FetchError::Stopped { address },
            Failure::Browser(_) if Instant::now() >= deadline => FetchError::TimedOut { address },
            Failure::Browser(reason) => FetchError::Rendering { address, reason: reason.to_string() },
        })
    }

    fn start(&self, deadline: Instant, stop: &Stop) -> io::Result<Running> {
        let proxy = Proxy::open(Arc::clone(&self.exchanger))?;
        let (process, socket) =
            Process::start(&self.executable, &self.config, &self.user_agent, proxy.address(), deadline, stop)?;
        Ok(Running { line: None, process, socket, proxy })
    }
}

/// The socket, and whose events are heard.
struct Talk {
    line: Line,
    watched: Arc<Mutex<Option<Watched>>>,
}

struct Watched {
    session: String,
    watch: Arc<Watch>,
}

impl Talk {
    fn begin(socket: &str, max_message_bytes: usize) -> io::Result<Self> {
        let (line, events) = Line::connect(socket, max_message_bytes)?;
        let watched: Arc<Mutex<Option<Watched>>> = Arc::default();
        let (hearing, answering) = (Arc::clone(&watched), line.clone());
        thread::Builder::new().name("jpauto-browser".to_owned()).spawn(move || {
            for event in events {
                let watch = {
                    let watched = hearing.lock().unwrap_or_else(PoisonError::into_inner);
                    watched.as_ref().filter(|watched| watched.session == event.session).map(|it| Arc::clone(&it.watch))
                };
                // A page that is gone needs no answer any more.
                if let Some(Err(reason)) = watch.map(|watch| watch.hear(&answering, event)) {
                    tracing::debug!(%reason, "a word on a request was too late");
                }
            }
        })?;
        Ok(Self { line, watched })
    }

    fn watch(&self, watched: Option<Watched>) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = watched;
    }
}

/// Why there is no page.
enum Failure {
    /// The page is the reason; the browser still works.
    Page(FetchError),
    Browser(io::Error),
}

impl From<io::Error> for Failure {
    fn from(reason: io::Error) -> Self {
        Self::Browser(reason)
    }
}

impl Running {
    /// Loads a page. At the deadline, or when somebody asks to stop, the browser is ended, and with it every wait.
    fn load(
        &mut self,
        judge: Judge,
        config: &BrowserConfig,
        deadline: Instant,
        stop: &Stop,
    ) -> Result<Loaded, Failure> {
        let (over, is_over) = mpsc::channel::<()>();
        let Self { line, process, socket, proxy } = self;
        let process = &*process;
        thread::scope(|scope| {
            thread::Builder::new().name("jpauto-browser".to_owned()).spawn_scoped(scope, move || {
                while is_over.recv_timeout(POLL) == Err(mpsc::RecvTimeoutError::Timeout) {
                    if Instant::now() >= deadline || stop.is_asked() {
                        process.end();
                        break;
                    }
                }
            })?;
            // Dropped at the end, however it comes.
            let _over = over;
            let talk = match line {
                Some(talk) => talk,
                None => {
                    let most = judge.max_body_bytes().saturating_mul(MESSAGE_BYTES_A_BYTE);
                    line.insert(Talk::begin(socket, most)?)
                }
            };
            proxy.begin_page(config.max_bytes);
            let outcome = show(talk, proxy, judge, config);
            proxy.end_page();
            outcome
        })
    }
}

/// Shows a page in a tab of its own, and closes it.
fn show(talk: &Talk, proxy: &Proxy, judge: Judge, config: &BrowserConfig) -> Result<Loaded, Failure> {
    let line = &talk.line;
    let text = |answer: &Value, name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let target = text(&line.call(None, "Target.createTarget", json!({"url": "about:blank"}))?, "targetId");
    let attached = line.call(None, "Target.attachToTarget", json!({"targetId": target, "flatten": true}))?;
    let session = text(&attached, "sessionId");
    let watch = Arc::new(Watch::new(judge, target.clone(), config.max_requests));
    talk.watch(Some(Watched { session: session.clone(), watch: Arc::clone(&watch) }));
    let page = Page { line, session: &session, frame: &target, watch: &watch, proxy, config };
    let outcome = page.prepare().map_err(Failure::from).and_then(|()| page.take());
    talk.watch(None);
    line.call(None, "Target.closeTarget", json!({"targetId": target}))?;
    outcome
}

/// A page that is being rendered.
struct Page<'a> {
    line: &'a Line,
    session: &'a str,
    /// The frame that the whole page stands in.
    frame: &'a str,
    watch: &'a Watch,
    proxy: &'a Proxy,
    config: &'a BrowserConfig,
}

/// What a cheap look at the page finds.
#[derive(Deserialize)]
struct Look {
    state: String,
    elements: u64,
    address: String,
}

impl Page<'_> {
    /// Has every request intercepted, and downloads refused.
    fn prepare(&self) -> io::Result<()> {
        let all = json!({"urlPattern": "*", "requestStage": "Request"});
        let answers = json!({"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"});
        for (command, params) in [
            ("Page.enable", json!({})),
            ("Fetch.enable", json!({"patterns": [all, answers]})),
            ("Network.enable", json!({})),
            ("Network.setBypassServiceWorker", json!({"bypass": true})),
            ("Browser.setDownloadBehavior", json!({"behavior": "deny"})),
        ] {
            self.call(command, params)?;
        }
        Ok(())
    }

    fn call(&self, command: &str, params: Value) -> io::Result<Value> {
        self.line.call(Some(self.session), command, params)
    }

    /// Goes there and waits until the page is finished.
    fn take(&self) -> Result<Loaded, Failure> {
        let judge = self.watch.judge();
        let gone = self.call("Page.navigate", json!({"url": judge.asked().as_str()}))?;
        if let Some(reason) = gone["errorText"].as_str() {
            return self.not_shown(reason);
        }
        let mut readiness = Readiness::new(self.config.settle, Instant::now() + self.config.longest_settle);
        let mut counted: Option<(u64, usize)> = None;
        loop {
            if let Some(ended) = self.watch.ended() {
                return ended.map_err(Failure::Page);
            }
            self.check_bytes()?;
            let seen: io::Result<Look> = self.ask(
                "({state: document.readyState, elements: document.getElementsByTagName('*').length, address: location.href})",
            );
            // A page that is just leaving shows nothing. The next round says why.
            let Ok(look) = seen else {
                self.is_alive()?;
                thread::sleep(POLL);
                continue;
            };
            let moment = Moment {
                at: Instant::now(),
                is_read: look.state != "loading",
                open_requests: self.watch.open_requests(),
                quiet: self.proxy.quiet(),
            };
            if readiness.is_calm(&moment) {
                let vehicles = match counted {
                    Some((elements, vehicles)) if elements == look.elements => vehicles,
                    _ => self.vehicles()?,
                };
                counted = Some((look.elements, vehicles));
                if readiness.is_finished(&moment, vehicles) {
                    return self.finish(&look);
                }
            }
            thread::sleep(POLL);
        }
    }

    fn finish(&self, look: &Look) -> Result<Loaded, Failure> {
        let judge = self.watch.judge();
        let html = self.html()?;
        let Some(answered) = self.watch.answered() else {
            return Err(Failure::Browser(io::Error::other("the page was shown without an answer")));
        };
        // A script may have given the page another address of the same origin.
        let shown = Url::parse(&look.address).ok().filter(|shown| shown.origin() == judge.asked().origin());
        let mut shown = shown.unwrap_or_else(|| judge.asked().clone());
        shown.set_fragment(None);
        judge.rendered(answered, shown, html).map_err(Failure::Page)
    }

    /// Why there is no page: it was kept from the browser, or the server was not reached.
    fn not_shown(&self, reason: &str) -> Result<Loaded, Failure> {
        self.check_bytes()?;
        if let Some(ended) = self.watch.ended() {
            return ended.map_err(Failure::Page);
        }
        let judge = self.watch.judge();
        Err(Failure::Page(match self.proxy.failure(judge.asked()) {
            Some(failure) => judge.not_reached(failure),
            // Chromium reached the server and refused the answer: a bad certificate, half an answer.
            None => FetchError::Connection { address: judge.asked().to_string(), source: reason.into() },
        }))
    }

    fn check_bytes(&self) -> Result<(), Failure> {
        if !self.proxy.is_exhausted() {
            return Ok(());
        }
        let (address, limit) = (self.watch.judge().asked().to_string(), self.config.max_bytes);
        Err(Failure::Page(FetchError::Demanding { address, limit, unit: "bytes" }))
    }

    fn vehicles(&self) -> Result<usize, Failure> {
        let address = self.watch.judge().asked().as_str();
        // Whatever keeps the page from being read is said when it is read in earnest.
        let read =
            extract::listings_from_bytes(self.html()?.as_bytes(), Some("text/html; charset=utf-8"), address, None);
        Ok(read.map_or(0, |read| read.listings.len()))
    }

    /// The page as it stands.
    fn html(&self) -> Result<String, Failure> {
        let limit = self.watch.judge().max_body_bytes();
        let html: Option<String> = self.ask(&format!(
            "(() => {{ const root = document.documentElement; const html = root ? root.outerHTML : ''; \
             return html.length > {limit} ? null : '<!DOCTYPE html>' + html; }})()"
        ))?;
        let address = || self.watch.judge().asked().to_string();
        html.ok_or_else(|| Failure::Page(FetchError::TooLarge { address: address(), limit }))
    }

    fn is_alive(&self) -> io::Result<()> {
        self.line.call(None, "Target.getTargetInfo", json!({"targetId": self.frame})).map(drop)
    }

    /// Evaluates an expression beside the page's own scripts.
    fn ask<T: DeserializeOwned>(&self, expression: &str) -> io::Result<T> {
        let world = self.call("Page.createIsolatedWorld", json!({"frameId": self.frame, "worldName": WORLD}))?;
        let evaluate = json!({
            "expression": expression,
            "contextId": world["executionContextId"],
            "returnByValue": true,
            "silent": true,
        });
        let mut answer = self.call("Runtime.evaluate", evaluate)?;
        Ok(serde_json::from_value(answer["result"]["value"].take())?)
    }
}
