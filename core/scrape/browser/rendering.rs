//! The browser of one scrape, and one page in it.
//!
//! What is deliberately not here: what a page may ask for (`watch`), and which page comes next.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use headless_chrome::{
    Browser, Tab,
    browser::tab::RequestPausedDecision,
    protocol::cdp::{
        Browser::{SetDownloadBehavior, SetDownloadBehaviorBehaviorOption},
        Fetch::{RequestPattern, RequestStage},
        Network::{self, ResourceType},
        Page::CreateIsolatedWorld,
        Runtime::Evaluate,
        types::Event,
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{
    BrowserConfig, Loaded,
    process::{self, Process},
    proxy::Proxy,
    settle::{Pulse, Settling},
    watch::Watch,
};
use crate::{
    Result, extract,
    scrape::fetch::{Exchanger, FetchError, Judge, Stop},
};

/// How often a page is looked at, and how soon a wish to stop is heard.
const POLL: Duration = Duration::from_millis(50);

/// The connection to the browser stands idle between pages; it is the process that has a deadline.
const IDLE_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

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
    browser: Option<Browser>,
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
        // A browser that something went wrong with is not asked again.
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

    fn start(&self, deadline: Instant, stop: &Stop) -> std::io::Result<Running> {
        let proxy = Proxy::open(Arc::clone(&self.exchanger))?;
        let (process, socket) =
            Process::start(&self.executable, &self.config, &self.user_agent, proxy.address(), deadline, stop)?;
        Ok(Running { browser: None, process, socket, proxy })
    }
}

/// Why there is no page.
enum Failure {
    /// It is the page's own; the browser is well.
    Page(FetchError),
    Browser(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(reason: anyhow::Error) -> Self {
        Self::Browser(reason)
    }
}

impl Running {
    /// Loads a page; at the deadline, or when somebody asks to stop, the browser is ended, and with it whatever is waited for.
    fn load(
        &mut self,
        judge: Judge,
        config: &BrowserConfig,
        deadline: Instant,
        stop: &Stop,
    ) -> Result<Loaded, Failure> {
        let (over, is_over) = mpsc::channel::<()>();
        let Self { browser, process, socket, proxy } = self;
        let process = &*process;
        thread::scope(|scope| {
            thread::Builder::new()
                .name("jpauto-browser".to_owned())
                .spawn_scoped(scope, move || {
                    while is_over.recv_timeout(POLL) == Err(mpsc::RecvTimeoutError::Timeout) {
                        if Instant::now() >= deadline || stop.is_asked() {
                            process.end();
                            break;
                        }
                    }
                })
                .map_err(anyhow::Error::from)?;
            // Dropped at the end, however it comes.
            let _over = over;
            let browser = match browser {
                Some(browser) => browser,
                None => browser.insert(Browser::connect_with_timeout(socket.clone(), IDLE_TIMEOUT)?),
            };
            proxy.begin_page(config.max_bytes);
            let outcome = show(browser, proxy, judge, config);
            proxy.end_page();
            outcome
        })
    }
}

/// Shows a page in a tab of its own, and closes it.
fn show(browser: &Browser, proxy: &Proxy, judge: Judge, config: &BrowserConfig) -> Result<Loaded, Failure> {
    let tab = browser.new_tab()?;
    let watch = Arc::new(Watch::new(judge, tab.get_target_id().clone(), config.max_requests));
    prepare(&tab, &watch)?;
    let outcome = Page { tab: &tab, watch: &watch, proxy, config }.take();
    // The tab lives on in lists of the crate; what it holds of the page need not.
    tab.enable_request_interception(Arc::new(|_, _, _| RequestPausedDecision::Continue(None)))?;
    tab.close_target()?;
    outcome
}

/// Sees to it that nothing is asked for unseen, that nothing is saved, and that no box waits for a click.
fn prepare(tab: &Arc<Tab>, watch: &Arc<Watch>) -> anyhow::Result<()> {
    tab.enable_request_interception(Arc::<Watch>::clone(watch))?;
    tab.add_event_listener(Arc::<Watch>::clone(watch))?;
    let boxes: Weak<Tab> = Arc::downgrade(tab);
    tab.add_event_listener(Arc::new(move |event: &Event| {
        if let (Event::PageJavascriptDialogOpening(_), Some(tab)) = (event, boxes.upgrade())
            && let Err(reason) = tab.get_dialog().dismiss()
        {
            tracing::debug!(%reason, "a box of a page could not be closed");
        }
    }))?;
    let all = RequestPattern {
        url_pattern: Some("*".to_owned()),
        resource_Type: None,
        request_stage: Some(RequestStage::Request),
    };
    let answers = RequestPattern {
        resource_Type: Some(ResourceType::Document),
        request_stage: Some(RequestStage::Response),
        ..all.clone()
    };
    tab.enable_fetch(Some(&[all, answers]), None)?;
    tab.call_method(Network::Enable {
        max_total_buffer_size: None,
        max_resource_buffer_size: None,
        max_post_data_size: None,
        report_direct_socket_traffic: None,
        enable_durable_messages: None,
    })?;
    tab.call_method(Network::SetBypassServiceWorker { bypass: true })?;
    tab.call_method(SetDownloadBehavior {
        behavior: SetDownloadBehaviorBehaviorOption::Deny,
        browser_context_id: None,
        download_path: None,
        events_enabled: None,
    })?;
    Ok(())
}

/// A page that is being made.
struct Page<'a> {
    tab: &'a Tab,
    watch: &'a Watch,
    proxy: &'a Proxy,
    config: &'a BrowserConfig,
}

/// What a look at the page tells cheaply.
#[derive(Deserialize)]
struct Look {
    state: String,
    elements: u64,
    address: String,
}

impl Page<'_> {
    /// Goes there and waits until the page is finished.
    fn take(&self) -> Result<Loaded, Failure> {
        let judge = self.watch.judge();
        if let Err(reason) = self.tab.navigate_to(judge.asked().as_str()) {
            return self.not_shown(reason);
        }
        let mut settling = Settling::new(self.config.settle, Instant::now() + self.config.longest_settle);
        let mut counted: Option<(u64, usize)> = None;
        loop {
            if let Some(ended) = self.watch.ended() {
                return ended.map_err(Failure::Page);
            }
            self.check_bytes()?;
            let seen: anyhow::Result<Look> = self.ask(
                "({state: document.readyState, elements: document.getElementsByTagName('*').length, address: location.href})",
            );
            // A page that is just leaving has nothing to be looked at; why, is told the next time around.
            let Ok(look) = seen else {
                self.is_alive()?;
                thread::sleep(POLL);
                continue;
            };
            let pulse = Pulse {
                at: Instant::now(),
                is_read: look.state != "loading",
                open_requests: self.watch.open_requests(),
                quiet: self.proxy.quiet(),
            };
            if settling.is_calm(&pulse) {
                let vehicles = match counted {
                    Some((elements, vehicles)) if elements == look.elements => vehicles,
                    _ => self.vehicles()?,
                };
                counted = Some((look.elements, vehicles));
                if settling.is_finished(&pulse, vehicles) {
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
            return Err(Failure::Browser(anyhow::anyhow!("the page was shown without an answer")));
        };
        // A script may have given the page another address of the same origin.
        let shown = Url::parse(&look.address).ok().filter(|shown| shown.origin() == judge.asked().origin());
        let mut shown = shown.unwrap_or_else(|| judge.asked().clone());
        shown.set_fragment(None);
        judge.rendered(answered, shown, html).map_err(Failure::Page)
    }

    /// Why there is nothing to see: it was kept from the browser, or the server was not reached.
    fn not_shown(&self, reason: anyhow::Error) -> Result<Loaded, Failure> {
        self.check_bytes()?;
        if let Some(ended) = self.watch.ended() {
            return ended.map_err(Failure::Page);
        }
        let judge = self.watch.judge();
        let failure = match self.proxy.failure(judge.asked()) {
            Some(failure) => judge.not_reached(failure),
            // Chromium reached it and liked nothing that came: a certificate, half an answer.
            None if reason.is::<headless_chrome::browser::tab::NavigationFailed>() => {
                FetchError::Connection { address: judge.asked().to_string(), source: reason.to_string().into() }
            }
            None => return Err(Failure::Browser(reason)),
        };
        Err(Failure::Page(failure))
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

    fn is_alive(&self) -> anyhow::Result<()> {
        self.tab.get_target_info().map(drop)
    }

    /// Evaluates an expression beside the page's own scripts.
    fn ask<T: DeserializeOwned>(&self, expression: &str) -> anyhow::Result<T> {
        let world = self.tab.call_method(CreateIsolatedWorld {
            frame_id: self.tab.get_target_id().clone(),
            world_name: Some(WORLD.to_owned()),
            grant_univeral_access: None,
        })?;
        let answer = self.tab.call_method(Evaluate {
            expression: expression.to_owned(),
            object_group: None,
            include_command_line_api: None,
            silent: Some(true),
            context_id: Some(world.execution_context_id),
            return_by_value: Some(true),
            generate_preview: None,
            user_gesture: None,
            await_promise: None,
            throw_on_side_effect: None,
            timeout: None,
            disable_breaks: None,
            repl_mode: None,
            allow_unsafe_eval_blocked_by_csp: None,
            unique_context_id: None,
            serialization_options: None,
        })?;
        Ok(serde_json::from_value(answer.result.value.unwrap_or_default())?)
    }
}
