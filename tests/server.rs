use crate::call::{Answer, Call, agent};
use crate::process::{Run, command, free_port, signal};
use crate::{Backend, Database, Folder};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

/// Settings on top of the defaults, as `("MGMT_KEYS__PREFIX", "acme")`.
pub type Settings<'a> = &'a [(&'a str, &'a str)];

pub const OWNER: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery staple 7";

/// A running server with a folder and a database of its own.
#[derive(Debug)]
pub struct Server {
    pub folder: Folder,
    pub database: Database,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// What `bootstrap --json` printed.
    pub bootstrap: Value,
    settings: Vec<(String, String)>,
    child: Option<Child>,
    agent: ureq::Agent,
}

/// A user who is logged in.
#[derive(Clone, Debug)]
pub struct Session {
    pub token: String,
    /// `name=value` of the refresh cookie.
    pub cookie: String,
    /// The whole answer to the login.
    pub answer: Answer,
}

/// Another organization on the same server.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub id: String,
    pub management_key: String,
}

impl Server {
    /// A bootstrapped server with default settings.
    #[must_use]
    pub fn start(backend: Backend) -> Self {
        Self::with(backend, &[])
    }

    /// A bootstrapped server with some settings.
    #[must_use]
    pub fn with(backend: Backend, settings: Settings<'_>) -> Self {
        let mut server = Self::stopped(backend, settings);
        server.bootstrap();
        server.run();
        server
    }

    /// A folder, a database and settings: nothing runs yet and nothing is bootstrapped.
    #[must_use]
    pub fn stopped(backend: Backend, settings: Settings<'_>) -> Self {
        let folder = Folder::new();
        let database = backend.database();
        let mut all = vec![
            ("MGMT_DATABASE__URL".to_owned(), database.url()),
            ("MGMT_SERVER__METRICS_LISTEN".to_owned(), String::new()),
            // High enough that no test meets it by accident; tests of limits set their own.
            ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE".to_owned(), "10000".to_owned()),
        ];
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if backend == Backend::Postgres {
            let path = folder.file("data/master.key");
            std::fs::create_dir_all(folder.file("data")).expect("folder");
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).expect("master key");
            let mut key = [0; 32];
            std::io::Read::read_exact(&mut File::open("/dev/urandom").expect("random"), &mut key).expect("random");
            file.write_all(&key).expect("master key");
        }
        Self { folder, database, address: String::new(), bootstrap: Value::Null, settings: all, child: None, agent: agent() }
    }

    /// Another node on the same PostgreSQL database, with the same master key and settings.
    #[must_use]
    pub fn another_node(&self) -> Self {
        self.another_node_with(&[])
    }

    /// Another node with some settings of its own.
    #[must_use]
    pub fn another_node_with(&self, settings: Settings<'_>) -> Self {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.file("data")).expect("folder");
        std::fs::copy(self.folder.file("data/master.key"), folder.file("data/master.key")).expect("master key");
        let mut node = Self {
            folder,
            database: self.database.shared(),
            address: String::new(),
            bootstrap: self.bootstrap.clone(),
            settings: self.settings.clone(),
            child: None,
            agent: agent(),
        };
        node.set(settings);
        node.run();
        node
    }

    /// Changes settings from the next start on.
    pub fn set(&mut self, settings: Settings<'_>) {
        for (name, value) in settings {
            self.settings.retain(|(known, _)| known != name);
            self.settings.push(((*name).to_owned(), (*value).to_owned()));
        }
    }

    /// Makes the first organization and its owner, whose password is [`PASSWORD`].
    pub fn bootstrap(&mut self) {
        let arguments = ["bootstrap", "--org", "Acme", "--email", OWNER, "--password-stdin", "--json"];
        self.bootstrap = self.command_with_input(&arguments, &format!("{PASSWORD}\n")).ok().json();
    }

    /// Runs `mgmt ARGS` with this server's settings.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Run {
        self.command_with_input(args, "")
    }

    /// Runs `mgmt ARGS` with this server's settings and with something on standard input.
    #[must_use]
    pub fn command_with_input(&self, args: &[&str], input: &str) -> Run {
        let mut command = command(self.folder.path());
        command.args(args).envs(self.settings.iter().map(|(name, value)| (name, value)));
        Run::of(&mut command, input)
    }

    /// Starts the process and waits until it is ready.
    pub fn run(&mut self) {
        for _ in 0..3 {
            self.address = format!("127.0.0.1:{}", free_port());
            self.spawn();
            if self.is_soon_ready() {
                return;
            }
            // Another test may have been given the same port in between.
            assert!(self.log().to_lowercase().contains("address"), "the server ended at once: {}", self.log());
        }
        panic!("no free port: {}", self.log());
    }

    /// Starts the process at the address where it was before, and waits until it is ready.
    pub fn run_there_again(&mut self) {
        self.spawn();
        assert!(self.is_soon_ready(), "the server ended at once: {}", self.log());
    }

    fn spawn(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.folder.file("server.log")).expect("log");
        let child = command(self.folder.path())
            .arg("serve")
            .env("MGMT_SERVER__LISTEN", &self.address)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("the server starts");
        self.child = Some(child);
    }

    fn is_soon_ready(&mut self) -> bool {
        for _ in 0..1500 {
            if self.get("/readyz").try_send().is_ok_and(|answer| answer.status == 200) {
                return true;
            }
            let child = self.child.as_mut().expect("a child");
            if child.try_wait().expect("status").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("not ready within 30 s: {}", self.log());
    }

    /// What the server wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.file("server.log")).unwrap_or_default()
    }

    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("kill");
            child.wait().expect("wait");
        }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        signal(self.pid(), "TERM");
    }

    /// Waits until the process has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running server");
        for _ in 0..4000 {
            if let Some(status) = child.try_wait().expect("status") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().expect("kill");
        panic!("did not stop within 40 s: {}", self.log());
    }

    /// SIGTERM, an orderly end, and a new process.
    pub fn restart(&mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "{status}: {}", self.log());
        self.run();
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(&self.agent, &format!("http://{}", self.address), method, path)
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call("POST", path).json(body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Call {
        self.call("PATCH", path).json(body)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// The management key from the bootstrap: it holds every permission.
    #[must_use]
    pub fn management_key(&self) -> &str {
        self.bootstrap["management_key"]["key"].as_str().expect("a management key")
    }

    /// The API key from the bootstrap: it holds `*`.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.bootstrap["api_key"]["key"].as_str().expect("an API key")
    }

    /// The operator's organization.
    #[must_use]
    pub fn organization(&self) -> &str {
        self.bootstrap["organization"]["id"].as_str().expect("an organization")
    }

    /// Makes a key with the bootstrap's management key; hands back the whole object.
    #[track_caller]
    pub fn create_key(&self, body: &Value) -> Value {
        self.post("/v1/management/api-keys", body).bearer(self.management_key()).send().expect(201)
    }

    /// Asks `/v1/keys/verify`; hands back the answer's body.
    #[track_caller]
    pub fn verify(&self, question: &Value) -> Value {
        self.verify_answer(question).expect(200)
    }

    /// Asks `/v1/keys/verify`; hands back the whole answer.
    #[must_use]
    #[track_caller]
    pub fn verify_answer(&self, question: &Value) -> Answer {
        self.post("/v1/keys/verify", question).bearer(self.management_key()).send()
    }

    /// What `/v1/keys/verify` says of a key without any further question.
    #[track_caller]
    pub fn verdict(&self, key: &str) -> String {
        self.verify(&json!({"key": key}))["code"].as_str().expect("a code").to_owned()
    }

    /// Logs the owner in.
    #[must_use]
    #[track_caller]
    pub fn login(&self) -> Session {
        let answer = self.post("/api/auth/login", &json!({"email": OWNER, "password": PASSWORD})).send();
        Session::of(answer)
    }

    /// Makes another organization with a management key that holds everything but what only the operator may.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Tenant {
        let made = self.command(&["org", "create", "--name", name, "--json"]).ok().json();
        let id = made.pointer("/organization/id").or(made.get("id")).and_then(Value::as_str).expect("an id").to_owned();
        let arguments = ["key", "create", "--org", &id, "--kind", "management", "--scope", "*", "--json"];
        let key = self.command(&arguments).ok().json();
        Tenant { id, management_key: key["key"].as_str().expect("a key").to_owned() }
    }
}

impl Session {
    /// Reads token and cookie from the answer to a login, a refresh or a switch.
    #[must_use]
    #[track_caller]
    pub fn of(answer: Answer) -> Self {
        let data = answer.expect_data(200);
        let cookie = answer.header("set-cookie").and_then(|field| field.split(';').next()).unwrap_or_default().to_owned();
        Self { token: data["access_token"].as_str().expect("an access token").to_owned(), cookie, answer }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let is_news = |line: &&str| !line.contains("\"level\":\"INFO\"");
            let last: Vec<_> = log.lines().filter(is_news).collect();
            eprintln!("the last faults that {} told of:", self.address);
            last.iter().skip(last.len().saturating_sub(20)).for_each(|line| eprintln!("  {line}"));
        }
    }
}
