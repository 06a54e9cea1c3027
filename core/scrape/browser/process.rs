//! The running browser: found, started with nothing that it does not need, and ended with all that it started.
//!
//! Chromium is many processes, and a program may die without cleaning up (a signal, a lack of memory). So a shell stands
//! between the two: it starts Chromium, waits for the end of its own input, which comes when this program closes it or dies,
//! and then ends Chromium, removes the profile and ends the whole group. From here the group is ended too, in case the shell
//! is not there to do it.
//!
//! What is deliberately not here: the protocol, and pages.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read as _},
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, geteuid, kill_process_group, waitid};
use tempfile::TempDir;

use super::{BrowserConfig, Sandbox, not_available};
use crate::{Result, scrape::fetch::Stop};

/// Ends when its input does. `$1` is the profile, the rest the command.
///
/// Chromium is asked first, so that it can see to its own children, and gets a second for it. Its children outlive it by a
/// moment and may write into the profile while that is removed, so it is removed until it is gone.
const KEEPER: &str = r#"
profile=$1
shift
exec 3<&0
"$@" 3<&- </dev/null >"$profile/log" 2>&1 &
browser=$!
{
    read -r _ <&3
    kill -TERM "$browser"
    sleep 1
    kill -KILL "$browser"
} 2>/dev/null &
exec 3<&-
wait "$browser"
for pause in 0 0.1 0.2 0.4 0.8; do
    sleep "$pause"
    rm -rf -- "$profile"
    [ -e "$profile" ] || break
done 2>/dev/null
kill -KILL 0
"#;

/// What the program is called, the free one first.
const NAMES: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Longer than the second that Chromium gets and the removal of its profile.
const END_TIMEOUT: Duration = Duration::from_secs(3);

/// For the processes of a killed group to be gone.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a state is checked that sends no event.
const POLL: Duration = Duration::from_millis(10);

/// Where programs are found. The environment of this process is not handed on: it may hold secrets.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// At most this much of the log is quoted.
const MAX_REASON_BYTES: u64 = 64 * 1024;

/// One running browser.
pub(super) struct Process {
    keeper: Mutex<Option<Child>>,
    /// Removed with the process.
    profile: TempDir,
}

/// The browser that the configuration names, or one that is installed.
///
/// # Errors
/// `browser_not_available` where there is none.
pub(super) fn executable(config: &BrowserConfig) -> Result<PathBuf> {
    match &config.executable {
        Some(path) if path.is_file() => Ok(path.clone()),
        Some(path) => {
            let message = format!(
                "this website needs a browser, and there is no program {}: install one (on Debian and Ubuntu the package \
                 `chromium`) or name another in the configuration",
                path.display()
            );
            Err(not_available(message))
        }
        None => NAMES.iter().find_map(|name| which::which(name).ok()).ok_or_else(|| {
            let message = "this website needs a browser, and no Chromium was found: install it (on Debian and Ubuntu the \
                           package `chromium`) or name its program in the configuration";
            not_available(message)
        }),
    }
}

impl Process {
    /// Starts the browser with the proxy as its only way out. Returns it with the address of its debugging socket.
    pub(super) fn start(
        executable: &Path,
        config: &BrowserConfig,
        user_agent: &str,
        proxy: SocketAddr,
        deadline: Instant,
        stop: &Stop,
    ) -> io::Result<(Self, String)> {
        let profile = tempfile::Builder::new().prefix("jpauto-browser-").tempdir()?;
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(KEEPER).arg("jpauto-browser").arg(profile.path()).arg(executable);
        command.args(FLAGS).arg(format!("--user-agent={user_agent}")).arg(format!("--proxy-server=http://{proxy}"));
        command.arg(user_data_dir(profile.path()));
        let is_sandboxed = match config.sandbox {
            Sandbox::Always => true,
            Sandbox::UnlessRoot => !geteuid().is_root(),
            Sandbox::Never => false,
        };
        if !is_sandboxed {
            command.arg("--no-sandbox");
        }
        command.arg("about:blank");
        command.env_clear().env("PATH", PATH).env("HOME", profile.path()).env("TMPDIR", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let process = Self { keeper: Mutex::new(Some(command.spawn()?)), profile };
        let socket = process.wait_for_socket(deadline, stop)?;
        Ok((process, socket))
    }

    /// Chromium writes the port of its debugging socket into its profile when it listens.
    fn wait_for_socket(&self, deadline: Instant, stop: &Stop) -> io::Result<String> {
        let file = self.profile.path().join("DevToolsActivePort");
        while Instant::now() < deadline && !stop.is_asked() {
            if let Ok(text) = fs::read_to_string(&file)
                && let Some((port, path)) = text.split_once('\n')
                && let Ok(port) = port.parse::<u16>()
                && path.starts_with('/')
            {
                return Ok(format!("ws://127.0.0.1:{port}{path}"));
            }
            if !self.is_running() {
                return Err(io::Error::other("Chromium ended at once"));
            }
            if let Some(reason) = self.refusal() {
                return Err(io::Error::other(reason));
            }
            thread::sleep(POLL);
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "Chromium did not start in time"))
    }

    /// Why Chromium does not start, if its log says so in known words.
    fn refusal(&self) -> Option<&'static str> {
        let mut log = Vec::new();
        fs::File::open(self.profile.path().join("log")).ok()?.take(MAX_REASON_BYTES).read_to_end(&mut log).ok()?;
        let says = |words: &str| memchr::memmem::find(&log, words.as_bytes()).is_some();
        if says("No usable sandbox") || says("Running as root without --no-sandbox") {
            return Some("Chromium has no sandbox here: run as an ordinary user, or configure the sandbox as `Never`");
        }
        None
    }

    /// Whether the browser has not ended yet.
    pub(super) fn is_running(&self) -> bool {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        keeper.as_ref().is_some_and(|keeper| !has_ended(keeper))
    }

    /// Closes the keeper's input and forgets it, as the end of this program does.
    #[cfg(test)]
    pub(super) fn let_go(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A keeper that nobody waits for stays in the list of processes, so a thread does.
        thread::spawn(move || keeper.map(|mut keeper| (drop(keeper.stdin.take()), keeper.wait())));
    }

    /// Ends the browser and everything that it started; within seconds, whatever it does.
    pub(super) fn end(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut keeper) = keeper else { return };
        drop(keeper.stdin.take());
        let ends = Instant::now() + END_TIMEOUT;
        while !has_ended(&keeper) && Instant::now() < ends {
            thread::sleep(POLL);
        }
        // Nobody has waited for the keeper yet, so the number of its group is still its own.
        if let Some(group) = i32::try_from(keeper.id()).ok().and_then(Pid::from_raw) {
            // A group without processes is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
        if let Err(failure) = keeper.wait() {
            tracing::warn!(%failure, "the end of the browser could not be waited for");
        }
        self.remove_profile();
    }

    /// Removes what the keeper did not: processes that were just killed may have written until now.
    fn remove_profile(&self) {
        let ends = Instant::now() + REMOVAL_TIMEOUT;
        while let Err(failure) = fs::remove_dir_all(self.profile.path()) {
            if failure.kind() == io::ErrorKind::NotFound {
                return;
            }
            if Instant::now() >= ends {
                tracing::warn!(%failure, profile = %self.profile.path().display(), "a browser's profile is left");
                return;
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether it is over, without taking its number from it.
fn has_ended(keeper: &Child) -> bool {
    let Some(pid) = i32::try_from(keeper.id()).ok().and_then(Pid::from_raw) else { return true };
    let seen = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
    matches!(seen, Ok(Some(_)) | Err(rustix::io::Errno::CHILD))
}

fn user_data_dir(profile: &Path) -> std::ffi::OsString {
    let mut argument = OsStr::new("--user-data-dir=").to_owned();
    argument.push(profile);
    argument
}

const FLAGS: [&str; 30] = [
    "--headless",
    "--remote-debugging-port=0",
    // Loopback too goes through the proxy, and no name is looked up here.
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--dns-prefetch-disable",
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    // Frames of other sites stay in the page's own process, where their requests are seen; there is nothing to steal in a
    // profile that is empty and removed.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,Prerender2,PreloadingOnPerformancePage,NoStatePrefetch,\
     OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,DialMediaRouteProvider,HttpsUpgrades",
    "--block-new-web-contents",
    // What Chromium would do for a person.
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
    "--disable-gpu",
    "--blink-settings=imagesEnabled=false",
    // Containers have little shared memory.
    "--disable-dev-shm-usage",
];
