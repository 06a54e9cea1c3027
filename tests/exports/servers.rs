//! Feeds sent to the servers that platforms run: OpenSSH's, and vsftpd that asks for one TLS session on both channels.
//!
//! `make packages` installs both; a test is skipped where its server is not installed.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use jpauto::{
    PageRequest,
    exports::{Export, ExportFilter, Login, Platform},
};

use super::*;
use crate::support::{corolla, python};

/// A server of the system, which ends with the test.
struct Server {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Where a program of the system is, also one for administrators.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path).chain(usual).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: there is no {name}; `make packages` installs it");
    }
    found
}

#[track_caller]
fn ran(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

impl Server {
    /// Starts a program whose configuration is made for a folder and a port.
    fn start(folder: tempfile::TempDir, command: impl Fn(&Path, u16) -> Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        fs::create_dir_all(folder.path().join("in")).unwrap();
        let mut command = command(folder.path(), port);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { folder, child, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("the server does not listen");
    }

    /// OpenSSH's server for who runs the tests, with two keys of its own, of which it shows the first to whoever asks for none.
    fn sftp() -> Option<Self> {
        let sshd = program("sshd")?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for (kind, name) in
            [("ecdsa", "host_ecdsa"), ("ed25519", "host_ed25519"), ("ed25519", "ours"), ("ed25519", "theirs")]
        {
            ran("ssh-keygen", &["-q", "-t", kind, "-N", "", "-f", &at(name)]);
        }
        fs::copy(at("ours.pub"), at("authorized")).unwrap();
        // Where root's sshd wants a folder to lock itself into.
        let _ = fs::create_dir_all("/run/sshd");
        Some(Self::start(folder, |folder, port| {
            let at = |name: &str| folder.join(name).display().to_string();
            let configuration = format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
                 StrictModes no\nPermitRootLogin yes\nPasswordAuthentication yes\nSubsystem sftp internal-sftp\n",
                at("host_ecdsa"),
                at("host_ed25519"),
                at("authorized"),
            );
            fs::write(folder.join("sshd.conf"), configuration).unwrap();
            let mut command = Command::new(&sshd);
            command.args(["-D", "-e", "-f"]).arg(folder.join("sshd.conf"));
            command
        }))
    }

    /// vsftpd with these lines in its configuration.
    fn ftp(more: &str) -> Option<Self> {
        let vsftpd = program("vsftpd")?;
        program("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        ran(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=feeds.example",
                "-keyout",
                &at("key.pem"),
                "-out",
                &at("cert.pem"),
            ],
        );
        Some(Self::start(folder, |folder, port| {
            let at = folder.display();
            let configuration = format!(
                "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nrun_as_launching_user=YES\n\
                 anonymous_enable=YES\nlocal_enable=NO\nwrite_enable=YES\nanon_upload_enable=YES\nanon_other_write_enable=YES\n\
                 anon_root={at}\nallow_writeable_chroot=YES\nsecure_chroot_dir={at}\nseccomp_sandbox=NO\nxferlog_enable=NO\n\
                 rsa_cert_file={at}/cert.pem\nrsa_private_key_file={at}/key.pem\n{more}"
            );
            fs::write(folder.join("vsftpd.conf"), configuration).unwrap();
            let mut command = Command::new(&vsftpd);
            command.arg(folder.join("vsftpd.conf"));
            command
        }))
    }

    fn ftps() -> Option<Self> {
        Self::ftp(
            "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\nrequire_ssl_reuse=YES\n",
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn fingerprint(&self, key: &str) -> String {
        let told = ran("ssh-keygen", &["-l", "-f", self.path(key).to_str().unwrap()]);
        told.split(' ').nth(1).unwrap().to_owned()
    }

    /// The public half of a key, without its comment.
    fn public(&self, key: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    fn login(&self) -> Login {
        let user = ran("id", &["-un"]).trim().to_owned();
        Login {
            user: Some(user),
            key_file: Some(self.path("ours")),
            host_key: Some(self.fingerprint("host_ecdsa")),
            allow_private_network: true,
            ..Login::default()
        }
    }

    fn ftp_login(&self) -> Login {
        Login {
            user: Some("anonymous".into()),
            password: Some("open-sesame".into()),
            certificate_file: Some(self.path("cert.pem")),
            allow_private_network: true,
            ..Login::default()
        }
    }
}

/// A desk whose plain feed goes to this address.
fn desk(lot: &Lot, destination: String, login: Login) -> Desk {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    let agreed = FeedConfig { destination: Some(destination), login, ..FeedConfig::default() };
    config.exports.feeds.insert(Platform::Csv, agreed);
    Dealership::with_config(config).unwrap().acting_as(jpauto::Actor::system())
}

/// Exports twice, with a vehicle more the second time, and looks what is there: the feed alone, and whole.
#[track_caller]
fn arrives_whole_and_takes_the_place_of_the_one_before(
    lot: &Lot,
    server: &Server,
    destination: String,
    login: Login,
) -> String {
    let desk = desk(lot, destination, login);
    let mut answer = String::new();
    for number in 1..=2 {
        desk.inventory().add(&corolla(number)).unwrap();
        let report = run_export(&desk, &Export::of(Platform::Csv)).unwrap();
        let text = fs::read_to_string(server.path("in/inventory.csv")).unwrap();
        assert_eq!((text.lines().count(), text.len() as u64), (number as usize + 1, report.bytes));
        assert!(text.contains(&corolla(number).vin));
        answer = report.answer.unwrap();
    }
    assert_eq!(names_in(&server.path("in")), ["inventory.csv"], "nothing else is left there");
    let entry = desk.exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items.remove(0);
    assert_eq!(entry.answer.as_ref(), Some(&answer), "the answer is kept");
    answer
}

on_both_databases! {
    fn a_feed_goes_by_sftp(lot: &Lot) {
        let Some(server) = Server::sftp() else { return };
        let folder = server.path("in").display().to_string();
        let destination = format!("sftp://127.0.0.1:{}{folder}/", server.port);
        // As a run that was killed leaves it.
        fs::write(server.path("in/inventory.csv.part"), "half").unwrap();
        fs::write(server.path("in/inventory.csv.old"), "before").unwrap();
        let answer = arrives_whole_and_takes_the_place_of_the_one_before(lot, &server, destination, server.login());
        assert!(answer.contains("OpenSSH") && answer.ends_with("/in/inventory.csv"), "{answer}");
    }

    fn a_feed_goes_by_ftps_in_one_tls_session(lot: &Lot) {
        let Some(server) = Server::ftps() else { return };
        fs::write(server.path("in/inventory.csv.part"), "half").unwrap();
        let destination = format!("ftps://localhost:{}/in/", server.port);
        let answer = arrives_whole_and_takes_the_place_of_the_one_before(lot, &server, destination, server.ftp_login());
        assert!(answer.starts_with("250 "), "{answer}");
    }
}

/// A server that lets one user in by password: its folder, the process, its port and the fingerprint of its key.
fn sftp_by_password(method: &str) -> Option<(Server, String)> {
    let python = python::with("asyncssh", "sftp")?;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/sftp_server.py");
    let mut command = Command::new(python);
    command.arg(script).arg(method).arg(folder.path()).args(["motors", "open-sesame"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
    let (port, fingerprint) = told.trim().split_once(' ').expect("the server says its port and its key");
    Some((Server { folder, child, port: port.parse().unwrap() }, fingerprint.to_owned()))
}

#[test]
fn a_feed_goes_by_sftp_with_a_password_however_it_is_asked_for() {
    for method in ["password", "keyboard-interactive"] {
        let Some((server, fingerprint)) = sftp_by_password(method) else { return };
        let lot = Lot::on_sqlite();
        let destination = format!("sftp://127.0.0.1:{}/in/", server.port);
        let login = Login {
            user: Some("motors".into()),
            password: Some("open-sesame".into()),
            host_key: Some(fingerprint),
            allow_private_network: true,
            ..Login::default()
        };
        let wrong = Login { password: Some("open-barley".into()), ..login.clone() };
        let refused = run_export(&desk(&lot, destination.clone(), wrong), &Export::of(Platform::Csv)).unwrap_err();
        assert_eq!(refused.code(), "delivery_refused", "{method}: {refused}");
        assert!(!refused.to_string().contains("open-barley"), "{refused}");
        assert_eq!(names_in(&server.path("in")), [""; 0]);
        let answer = arrives_whole_and_takes_the_place_of_the_one_before(&lot, &server, destination, login);
        assert!(answer.ends_with(" as /in/inventory.csv"), "{method}: {answer}");
    }
}

/// A port in front of a server whose first callers find it out of order: the connection breaks, or they are told to come again.
/// Answers the port, and how many have called.
fn busy_at_first(port: u16, greetings: &'static [&'static str]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let front = listener.local_addr().unwrap().port();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    thread::spawn(move || {
        for caller in listener.incoming() {
            let mut caller = caller.unwrap();
            if let Some(greeting) = greetings.get(counted.fetch_add(1, Ordering::SeqCst)) {
                let _ = caller.write_all(greeting.as_bytes());
                let _ = caller.shutdown(Shutdown::Both);
                continue;
            }
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut from_server, mut to_caller) = (server.try_clone().unwrap(), caller.try_clone().unwrap());
            thread::spawn(move || {
                let _ = io::copy(&mut from_server, &mut to_caller);
                let _ = to_caller.shutdown(Shutdown::Both);
            });
            thread::spawn(move || {
                let _ = io::copy(&mut caller, &mut &server);
                let _ = server.shutdown(Shutdown::Both);
            });
        }
    });
    (front, calls)
}

/// What an FTP server says to one caller too many, and one that breaks off.
const BUSY: &[&str] = &["421 There are too many connected users, please try later.\r\n", ""];

/// Exports to a server that is out of order for the first two calls.
#[track_caller]
fn arrives_at_the_third_call(server: &Server, greetings: &'static [&'static str], address: &str, login: Login) {
    let lot = Lot::on_sqlite();
    lot.desk().inventory().add(&corolla(1)).unwrap();
    let (port, calls) = busy_at_first(server.port, greetings);
    let desk = desk(&lot, address.replace("PORT", &port.to_string()), login);
    run_export(&desk, &Export::of(Platform::Csv)).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 3, "two calls failed, and the third did not");
    assert_eq!(names_in(&server.path("in")), ["inventory.csv"]);
}

#[test]
fn a_busy_ftps_server_is_asked_again() {
    let Some(server) = Server::ftps() else { return };
    arrives_at_the_third_call(&server, BUSY, "ftps://localhost:PORT/in/", server.ftp_login());
}

#[test]
fn a_busy_ftp_server_is_asked_again() {
    let Some(server) = Server::ftp("ssl_enable=NO\n") else { return };
    let login = Login { allow_unencrypted_ftp: true, ..server.ftp_login() };
    arrives_at_the_third_call(&server, BUSY, "ftp://127.0.0.1:PORT/in/", login);
}

#[test]
fn an_sftp_server_that_breaks_off_is_asked_again() {
    let Some(server) = Server::sftp() else { return };
    let address = format!("sftp://127.0.0.1:PORT{}/", server.path("in").display());
    // It may show either key first, and is not called once more for the other.
    let keys = [server.fingerprint("host_ecdsa"), server.fingerprint("host_ed25519")].join(",");
    let login = Login { host_key: Some(keys), ..server.login() };
    arrives_at_the_third_call(&server, &["", "SSH-2.0-"], &address, login);
}

#[test]
fn a_feed_goes_by_ftp_where_that_is_allowed() {
    let Some(server) = Server::ftp("ssl_enable=NO\n") else { return };
    let lot = Lot::on_sqlite();
    let destination = format!("ftp://127.0.0.1:{}/in/inventory.csv", server.port);
    let refused =
        run_export(&desk(&lot, destination.clone(), server.ftp_login()), &Export::of(Platform::Csv)).unwrap_err();
    assert_eq!(refused.code(), "invalid_destination", "{refused}");
    let login = Login { allow_unencrypted_ftp: true, ..server.ftp_login() };
    arrives_whole_and_takes_the_place_of_the_one_before(&lot, &server, destination, login);
}

#[test]
fn a_server_whose_key_is_not_known_is_refused_with_what_to_add() {
    let Some(server) = Server::sftp() else { return };
    let lot = Lot::on_sqlite();
    let destination = format!("sftp://127.0.0.1:{}{}/", server.port, server.path("in").display());
    let outcome = |login: Login| run_export(&desk(&lot, destination.clone(), login), &Export::of(Platform::Csv));
    let by_file = |text: String| {
        let file = server.path(&format!("known{}", fastrand::u64(..)));
        fs::write(&file, text).unwrap();
        Login { host_key: None, known_hosts_file: Some(file), ..server.login() }
    };
    let here = format!("[127.0.0.1]:{}", server.port);
    let (first, second) = (server.fingerprint("host_ecdsa"), server.fingerprint("host_ed25519"));
    for login in [
        Login { host_key: Some(server.fingerprint("theirs")), ..server.login() },
        by_file(String::new()),
        by_file(format!("{here} {}\n", server.public("theirs"))),
        by_file(format!("[127.0.0.1]:1 {}\n", server.public("host_ecdsa"))),
    ] {
        let refused = outcome(login).unwrap_err();
        assert_eq!(refused.code(), "unknown_host_key", "{refused}");
        assert!(
            [&first, &second].iter().any(|it| refused.to_string().contains(&format!("set host_key = \"{it}\""))),
            "{refused}"
        );
        assert_eq!(names_in(&server.path("in")), [""; 0]);
    }
    for login in [
        Login { host_key: Some(second), ..server.login() },
        Login { host_key: Some(server.public("host_ed25519")), ..server.login() },
        by_file(format!("{here} {}\n", server.public("host_ecdsa"))),
        // The key that it does not show first.
        by_file(format!("{here} {}\n", server.public("host_ed25519"))),
    ] {
        outcome(login).unwrap();
    }
}

#[test]
fn a_certificate_that_nobody_has_named_is_not_trusted() {
    let Some(server) = Server::ftps() else { return };
    let lot = Lot::on_sqlite();
    let destination = format!("ftps://localhost:{}/in/", server.port);
    let outcome = |login: Login| run_export(&desk(&lot, destination.clone(), login), &Export::of(Platform::Csv));
    let refused = outcome(Login { certificate_file: None, ..server.ftp_login() }).unwrap_err();
    assert_eq!(refused.code(), "delivery_refused", "{refused}");
    assert!(refused.to_string().contains("certificate_file"), "{refused}");
    for (file, told) in [("none.pem", "cannot be read"), ("vsftpd.conf", "there is none in the file")] {
        let refused = outcome(Login { certificate_file: Some(server.path(file)), ..server.ftp_login() }).unwrap_err();
        assert_eq!(refused.code(), "not_configured", "{refused}");
        assert!(refused.to_string().contains(told), "{refused}");
    }
}

#[test]
fn what_a_server_refuses_is_told_in_its_words_and_the_feed_before_stands() {
    let lot = Lot::on_sqlite();
    lot.desk().inventory().add(&corolla(1)).unwrap();
    let refused = |destination: String, login: Login| {
        let refused = run_export(&desk(&lot, destination, login), &Export::of(Platform::Csv)).unwrap_err();
        assert_eq!(refused.code(), "delivery_refused", "{refused}");
        assert!(!refused.to_string().contains("open-sesame"), "{refused}");
        refused.to_string()
    };
    if let Some(server) = Server::sftp() {
        let at = |path: &str| format!("sftp://127.0.0.1:{}{}", server.port, server.path(path).display());
        refused(at("in/inventory.csv"), Login { key_file: Some(server.path("theirs")), ..server.login() });
        let by_password = Login { key_file: None, password: Some("open-sesame".into()), ..server.login() };
        refused(at("in/inventory.csv"), by_password);
        refused(at("none/inventory.csv"), server.login());
        // What stands in the place cannot be replaced by a file.
        fs::create_dir_all(server.path("in/inventory.csv/full")).unwrap();
        refused(at("in/inventory.csv"), server.login());
        assert_eq!(names_in(&server.path("in")), ["inventory.csv"]);
        assert_eq!(names_in(&server.path("in/inventory.csv")), ["full"]);
    }
    if let Some(server) = Server::ftps() {
        let at = |path: &str| format!("ftps://localhost:{}/{path}", server.port);
        let told = refused(at("none/inventory.csv"), server.ftp_login());
        assert!(told.contains("553 "), "{told}");
        let told = refused(at("in/inventory.csv"), Login { user: Some("somebody".into()), ..server.ftp_login() });
        assert!(told.contains("530 "), "{told}");
        let plain = Login { allow_unencrypted_ftp: true, ..server.ftp_login() };
        let told = refused(at("in/inventory.csv").replace("ftps:", "ftp:"), plain);
        assert!(told.contains("encryption") || told.contains("530 "), "{told}");
        assert_eq!(names_in(&server.path("in")), [""; 0]);
    }
}
