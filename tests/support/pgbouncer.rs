//! PgBouncer in front of a database of its own in the tests' server.
//!
//! `make packages` installs it; a test is skipped where it is not there.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use url::Url;

/// A user of whom no file is, as whom a server runs that refuses to be run by root.
pub const NOBODY: u32 = 65_534;

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The command as somebody else than root.
pub fn not_as_root(command: &mut Command) -> &mut Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// A database of its own, where a schema's name in the address would not get through a pooler.
pub struct Database {
    pub url: Url,
    server: String,
}

impl Database {
    pub fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("JPAUTO_TEST_POSTGRES").expect("`tests/with-postgres` starts the server");
        let name = format!("pooled_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        PgConnection::establish(&server).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let mut url: Url = server.parse().unwrap();
        url.set_path(&name);
        Self { url, server }
    }

    fn name(&self) -> &str {
        self.url.path().trim_start_matches('/')
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Only a throw-away server is littered if this fails.
        if let Ok(mut conn) = PgConnection::establish(&self.server) {
            drop(conn.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name())));
        }
    }
}

/// PgBouncer with two connections to the server.
pub struct PgBouncer {
    program: PathBuf,
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// The database through the pooler.
    pub url: String,
    port: u16,
    pub database: Database,
}

impl PgBouncer {
    /// Starts it with this `pool_mode`, where it is installed.
    pub fn start(pool_mode: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        let Some(program) = folders.map(|folder| folder.join("pgbouncer")).find(|path| path.is_file()) else {
            println!("skipped: there is no pgbouncer; `make packages` installs it");
            return None;
        };
        let database = Database::create();
        let (server, name) = (&database.url, database.name());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let password = server.password().map(|password| format!("password='{password}'")).unwrap_or_default();
        let configuration = format!(
            "[databases]\n{name} = host={} port={} user={} {password}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {pool_mode}\ndefault_pool_size = 2\nserver_login_retry = 0\n",
            server.host_str().unwrap(),
            server.port().unwrap_or(5432),
            server.username(),
        );
        fs::write(folder.path().join("pgbouncer.ini"), configuration).unwrap();
        let url = format!("postgres://somebody@127.0.0.1:{port}/{name}");
        let mut started = Self { program, folder, child: None, url, port, database };
        started.run();
        Some(started)
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Ends it as a crash does, and starts it again after a moment.
    pub fn restart(&mut self, after: Duration) {
        self.end();
        thread::sleep(after);
        self.run();
    }

    fn run(&mut self) {
        let mut command = Command::new(&self.program);
        command.arg("-q").arg(self.folder.path().join("pgbouncer.ini"));
        not_as_root(&mut command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("pgbouncer does not listen");
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.end();
    }
}
