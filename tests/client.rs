use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A program in `tests/clients` that uses somebody else's client library.
#[derive(Clone, Debug)]
pub struct Client {
    interpreter: PathBuf,
    script: PathBuf,
}

impl Client {
    /// One in Python, with the packages of `tests/requirements.txt`.
    #[must_use]
    pub fn python(script: &str) -> Self {
        Self { interpreter: python(), script: folder().join(script) }
    }

    /// One in Node, with the packages of `tests/clients/package.json`.
    #[must_use]
    pub fn node(script: &str) -> Self {
        assert!(folder().join("node_modules").exists(), "the Node packages are missing: run `scripts/setup test`");
        Self { interpreter: "node".into(), script: folder().join(script) }
    }

    /// What it prints; it must succeed.
    #[must_use]
    #[track_caller]
    pub fn run(&self, input: &str) -> String {
        let output = self.output(input);
        assert!(output.status.success(), "{self:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// What it complains of; it must fail.
    #[must_use]
    #[track_caller]
    pub fn fails(&self, input: &str) -> String {
        let output = self.output(input);
        assert!(!output.status.success(), "{self:?} should fail: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn output(&self, input: &str) -> Output {
        let mut command = Command::new(&self.interpreter);
        command.arg(&self.script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        // Apart, so that a full pipe on either side does not stop both.
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic");
        output
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// The Python that `scripts/setup test` prepares with `tests/requirements.txt`.
pub(crate) fn python() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.local/venv/bin/python");
    assert!(path.exists(), "{} is missing: run `scripts/setup test`", path.display());
    path
}
