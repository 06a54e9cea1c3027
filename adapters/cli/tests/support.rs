//! A folder with a dealership's database, and the command run in it.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// How often a command is killed in the tests that kill it; `JPAUTO_TEST_KILLS` says otherwise.
pub(crate) fn kills() -> u32 {
    std::env::var("JPAUTO_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(10)
}

/// A folder that goes away with the test; the command runs in it, on `sqlite:jpauto.db`.
pub(crate) struct Lot {
    folder: tempfile::TempDir,
}

impl Lot {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// The command with nothing of the environment that could change what it does.
    pub(crate) fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_jpauto")), arguments)
    }

    /// The same of another copy of it.
    pub(crate) fn command_of<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: I,
    ) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        for name in ["DATABASE_URL", "RUST_LOG", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        let is_read = |name: &str| name.starts_with("JPAUTO_") || name.starts_with("AUTODEV_");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_read)) {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The same, with something on standard input.
    pub(crate) fn feed<const N: usize>(&self, arguments: [&str; N], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            // The command may refuse before it has read everything.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran::of(output)
    }

    /// Runs what must succeed and answers its JSON document.
    #[track_caller]
    pub(crate) fn json<const N: usize>(&self, arguments: [&str; N]) -> Value {
        let ran = self.run(arguments.into_iter().chain(["--format", "json"]));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// The items of a list.
    #[track_caller]
    pub(crate) fn items<const N: usize>(&self, arguments: [&str; N]) -> Vec<Value> {
        self.json(arguments)["items"].as_array().unwrap().clone()
    }

    /// A customer's offer of the Camry.
    pub(crate) fn offer_camry(&self, mileage: &str, asking_price: &str) -> Value {
        let car = ["--year", "2019", "--make", "Toyota", "--model", "Camry", "--vin", CAMRY];
        let submit = ["submission", "submit", "--mileage", mileage, "--asking-price", asking_price, "--format", "json"];
        self.run(submit.into_iter().chain(car)).document()
    }

    /// A vehicle for sale, and its id.
    pub(crate) fn add_camry(&self) -> String {
        let vehicle = self.json([
            "vehicle",
            "add",
            "--year",
            "2019",
            "--make",
            "Toyota",
            "--model",
            "Camry",
            "--vin",
            CAMRY,
            "--mileage",
            "31000",
            "--price",
            "15900",
            "--cost",
            "12500",
            "--stock-number",
            "A1042",
        ]);
        vehicle["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) const CAMRY: &str = "4T1B11HK9KU211111";

/// What a run of the command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It failed with this exit code and one line on stderr that begins so.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, line_start: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.starts_with(line_start), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert_eq!(self.stdout, "", "nothing is printed before a failure");
    }

    /// clap refused an argument with these words.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &str) {
        assert!(self.code == 2 && self.stderr.contains(words), "{self:?}");
    }

    /// It succeeded; answers its JSON document.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// It succeeded; answers the JSON objects of its lines.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A page of the library's own tests.
pub(crate) fn saved_page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pages").join(name)
}
