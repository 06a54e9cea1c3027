//! A PostgreSQL of a test's own, and a streaming standby of it, where the tests' common server will not do.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use diesel::{Connection as _, PgConnection};

use super::pgbouncer::{NOBODY, is_root, not_as_root};

/// A server, which ends with the test.
pub struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

/// The folder of the newest server's programs; Debian has one a version.
pub fn programs() -> Option<PathBuf> {
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    found.sort_by_key(|version| version.file_name().to_string_lossy().parse::<u32>().unwrap_or_default());
    let newest = found.into_iter().rev().map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let found = newest.chain(std::env::split_paths(&on_path)).find(|folder| folder.join("initdb").is_file());
    if found.is_none() {
        println!("skipped: there is no initdb; `make packages` installs it");
    }
    found
}

/// The settings of both. A standby never waits for a read that stands in the way of what it replays.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nfull_page_writes = off\n\
    wal_level = replica\nmax_wal_senders = 4\nhot_standby = on\nmax_standby_streaming_delay = 0\n\
    wal_retrieve_retry_interval = '100ms'\nshared_buffers = '16MB'\ntimezone = 'Pacific/Auckland'\n";

impl Cluster {
    /// Starts a primary, where PostgreSQL's programs are.
    pub fn primary() -> Option<Self> {
        let cluster = Self::empty(programs()?);
        let data = cluster.data();
        cluster.run(
            "initdb",
            &["--pgdata", &data, "--username=postgres", "--auth=trust", "--no-sync", "--locale=C.UTF-8"],
        );
        let configuration = cluster.folder.path().join("data/postgresql.conf");
        let standard = fs::read_to_string(&configuration).unwrap();
        fs::write(configuration, standard + SETTINGS).unwrap();
        cluster.start();
        Some(cluster)
    }

    /// Starts a standby, which streams from this one.
    pub fn standby(&self) -> Self {
        let standby = Self::empty(self.programs.clone());
        let source = format!("host=127.0.0.1 port={} user=postgres", self.port);
        let data = standby.data();
        let how = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"];
        standby.run("pg_basebackup", &[&["--pgdata", &data, "--dbname", &source], &how[..]].concat());
        standby.start();
        standby
    }

    fn empty(programs: PathBuf) -> Self {
        let folder = tempfile::Builder::new().prefix("jpauto-cluster.").tempdir_in("/tmp").unwrap();
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { programs, folder, port }
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    pub fn connect(&self, database: &str) -> PgConnection {
        PgConnection::establish(&self.url("postgres", database)).unwrap()
    }

    pub fn start(&self) {
        let log = self.folder.path().join("server.log").display().to_string();
        let port = format!("-p {}", self.port);
        self.run(
            "pg_ctl",
            &["start", "--silent", "--wait", "--pgdata", &self.data(), "--log", &log, "--options", &port],
        );
    }

    /// Ends it as a crash does.
    pub fn stop(&self) {
        self.run("pg_ctl", &["stop", "--silent", "--mode=immediate", "--pgdata", &self.data()]);
    }

    /// Lets its processes stand still until the answer is dropped. The kernel goes on taking what is sent to them.
    pub fn hang(&self) -> Hung {
        let main = fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).unwrap();
        let main = main.lines().next().unwrap().trim().to_owned();
        let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap();
        let hung = Hung([main].into_iter().chain(children.split_whitespace().map(ToOwned::to_owned)).collect());
        assert!(hung.signal("-STOP"));
        hung
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir("/tmp").stdin(Stdio::null());
        let errors = self.folder.path().join("errors");
        let (out, err) = (fs::File::create(&errors).unwrap(), fs::File::create(&errors).unwrap());
        let ran = not_as_root(&mut command).stdout(out).stderr(err).status().unwrap();
        assert!(ran.success(), "{program}: {}", fs::read_to_string(errors).unwrap());
    }
}

/// The processes of a server that stands still.
pub struct Hung(Vec<String>);

impl Hung {
    fn signal(&self, signal: &str) -> bool {
        Command::new("kill").arg(signal).args(&self.0).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.stop();
        }
    }
}
