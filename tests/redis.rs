use crate::{Folder, eventually, free_port, signal};
use std::process::{Child, Command, Stdio};

/// A Redis server of one test: in a folder of its own, on a free port, with nothing on disk, so that a restart loses everything.
#[derive(Debug)]
pub struct Redis {
    folder: Folder,
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
}

impl Redis {
    /// Whether a test with Redis can run; says so loudly where it cannot.
    #[must_use]
    pub fn is_available() -> bool {
        let available = Command::new("redis-server").arg("--version").output().is_ok();
        if !available {
            eprintln!("*** SKIPPED: there is no redis-server, so shared rate limits are not tested ***");
        }
        available
    }

    /// A running server.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&["--save", "", "--appendonly", "no"])
    }

    /// A running server with some options.
    #[must_use]
    pub fn with(options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        // A server of a cluster also listens on its port and 10,000.
        let port = loop {
            let port = free_port();
            if port < 50_000 {
                break port;
            }
        };
        let mut server = Self { folder: Folder::new(), port, options, child: None };
        server.run();
        server
    }

    /// A running Sentinel that watches a server under the name `main`.
    #[must_use]
    pub fn sentinel(of: &Self) -> Self {
        let mut sentinel = Self { folder: Folder::new(), port: free_port(), options: vec!["--sentinel".to_owned()], child: None };
        let lines = format!("sentinel monitor main 127.0.0.1 {} 1\n", of.port);
        std::fs::write(sentinel.folder.file("redis.conf"), lines).expect("configuration");
        sentinel.run();
        sentinel
    }

    /// A cluster of so many servers, each with its part of the slots.
    #[must_use]
    pub fn cluster(count: usize) -> Vec<Self> {
        let options = ["--cluster-enabled", "yes", "--save", "", "--appendonly", "no", "--cluster-node-timeout", "1000"];
        let servers: Vec<_> = (0..count).map(|_| Self::with(&options)).collect();
        let addresses: Vec<_> = servers.iter().map(Self::address).collect();
        let output = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-yes"])
            .output()
            .expect("redis-cli runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for server in &servers {
            eventually("the cluster stands", 20, || server.command(&["cluster", "info"]).contains("cluster_state:ok"));
        }
        servers
    }

    /// Starts the process and waits until it answers.
    pub fn run(&mut self) {
        let log = std::fs::File::create(self.folder.file("redis.log")).expect("log");
        let mut command = Command::new("redis-server");
        if self.folder.file("redis.conf").exists() {
            command.arg("redis.conf");
        }
        let child = command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(&self.options)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("redis-server starts");
        self.child = Some(child);
        eventually("Redis answers", 20, || self.command(&["ping"]).contains("PONG"));
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("kill");
            child.wait().expect("wait");
        }
    }

    /// Stops the process for a while, with its connections open.
    pub fn pause(&self) {
        signal(self.child.as_ref().expect("a running server").id(), "STOP");
    }

    /// Goes on after [`pause`](Self::pause).
    pub fn go_on(&self) {
        signal(self.child.as_ref().expect("a running server").id(), "CONT");
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As in `MGMT_REDIS__URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// What `redis-cli ARGS` prints.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(args).output().expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
