use crate::{Certificates, Folder, eventually, free_port, signal};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// A Redis server of one test: in a folder of its own, on a free port, with nothing on disk, so that a restart loses everything.
#[derive(Debug)]
pub struct Redis {
    folder: Folder,
    port: u16,
    options: Vec<String>,
    /// What `redis-cli` needs to sign in.
    access: Vec<String>,
    child: Option<Child>,
}

/// How servers of a test are reached and signed in to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access<'a> {
    /// With TLS, and only so.
    pub tls: Option<&'a Certificates>,
    /// What the default user, the tests' own, signs in with; servers of a group do so with each other.
    pub password: Option<&'a str>,
    /// More options of the servers, each of one or several words.
    pub options: &'a [&'a [&'a str]],
}

const NOTHING_ON_DISK: [&str; 4] = ["--save", "", "--appendonly", "no"];

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
        Self::with(Access::default())
    }

    /// A running server that is reached in some way.
    #[must_use]
    pub fn with(access: Access<'_>) -> Self {
        let mut server = Self::new(access, &NOTHING_ON_DISK);
        server.run();
        server
    }

    /// A running replica of it, reached in the same way.
    #[must_use]
    pub fn replica(&self, access: Access<'_>) -> Self {
        let port = self.port.to_string();
        let options = [&NOTHING_ON_DISK[..], &["--replicaof", "127.0.0.1", &port]].concat();
        let mut replica = Self::new(access, &options);
        replica.run();
        eventually("the replica follows", 30, || replica.command(&["info", "replication"]).contains("master_link_status:up"));
        replica
    }

    fn new(access: Access<'_>, options: &[&str]) -> Self {
        // A server of a cluster also listens on its port and 10,000, which must be below the ports of connections as well.
        let port = loop {
            let port = free_port();
            if port < 22_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
                break port;
            }
        };
        let mut server = Self { folder: Folder::new(), port, options: Vec::new(), access: Vec::new(), child: None };
        let mut add = |words: &[&str]| server.options.extend(words.iter().map(|&word| word.to_owned()));
        let is_sentinel = options.contains(&"--sentinel");
        add(options);
        if !is_sentinel {
            add(&["--repl-diskless-sync-delay", "0"]);
        }
        if let Some(certificates) = access.tls {
            let ((certificate, key), authority) = (certificates.server(), certificates.authority());
            add(&["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
            add(&["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority]);
            if !is_sentinel {
                add(&["--tls-cluster", "yes"]);
            }
            add(&["--tls-replication", "yes"]);
            server.access.extend(["--tls".to_owned(), "--cacert".to_owned(), authority]);
        }
        if let Some(password) = access.password {
            add(&["--requirepass", password]);
            if !is_sentinel {
                add(&["--masterauth", password]);
            }
            server.access.extend(["-a".to_owned(), password.to_owned(), "--no-auth-warning".to_owned()]);
        }
        access.options.iter().for_each(|words| add(words));
        server
    }

    /// A running Sentinel that watches a server under the name `main`.
    #[must_use]
    pub fn sentinel(of: &Self) -> Self {
        Self::sentinels(1, of, Access::default()).remove(0)
    }

    /// So many running sentinels that watch a server under the name `main`, and know each other and its replicas. Those that there are
    /// more of than the half agree on a failover, a second after the server was last heard of.
    #[must_use]
    pub fn sentinels(count: usize, of: &Self, access: Access<'_>) -> Vec<Self> {
        let replicas = of.command(&["info", "replication"]).matches(",state=").count();
        let password = of.access.iter().skip_while(|word| *word != "-a").nth(1);
        let mut lines = format!("sentinel monitor main 127.0.0.1 {} {}\n", of.port, count / 2 + 1);
        lines += "sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 10000\n";
        lines += &password.map(|password| format!("sentinel auth-pass main {password}\n")).unwrap_or_default();
        lines += &access.password.map(|password| format!("sentinel sentinel-pass {password}\n")).unwrap_or_default();
        let start = |_| {
            let mut sentinel = Self::new(access, &["--sentinel"]);
            std::fs::write(sentinel.folder.file("redis.conf"), &lines).expect("configuration");
            sentinel.run();
            sentinel
        };
        let sentinels: Vec<_> = (0..count).map(start).collect();
        for sentinel in &sentinels {
            let known = |what: &str| {
                let told = sentinel.command(&["sentinel", "master", "main"]);
                told.lines().skip_while(|line| *line != what).nth(1).and_then(|number| number.parse().ok())
            };
            eventually("the sentinels know all", 30, || {
                known("num-slaves") == Some(replicas) && known("num-other-sentinels") == Some(count - 1)
            });
        }
        sentinels
    }

    /// A cluster of so many servers, each with its part of the slots.
    #[must_use]
    pub fn cluster(count: usize) -> Vec<Self> {
        Self::cluster_with(count, 0, Access::default())
    }

    /// A cluster of so many servers with so many replicas each. One that is not heard of for a second is replaced.
    #[must_use]
    pub fn cluster_with(masters: usize, replicas: usize, access: Access<'_>) -> Vec<Self> {
        let options = [&NOTHING_ON_DISK[..], &["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]].concat();
        let start = |_| {
            let mut server = Self::new(access, &options);
            server.run();
            server
        };
        let count = masters * (replicas + 1);
        let servers: Vec<_> = (0..count).map(start).collect();
        let addresses: Vec<_> = servers.iter().map(Self::address).collect();
        let output = Command::new("redis-cli")
            .args(&servers[0].access)
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"])
            .output()
            .expect("redis-cli runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for server in &servers {
            let known = format!("cluster_known_nodes:{count}");
            eventually("the cluster stands", 30, || {
                let told = server.command(&["cluster", "info"]);
                told.contains("cluster_state:ok") && told.contains(&known)
            });
            eventually("the replicas follow", 30, || {
                server.is_master() || server.command(&["info", "replication"]).contains("master_link_status:up")
            });
        }
        servers
    }

    /// Starts the process and waits until it answers.
    pub fn run(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.file("redis.log")).expect("log");
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

    /// Whether it takes itself for a master.
    #[must_use]
    pub fn is_master(&self) -> bool {
        self.command(&["role"]).starts_with("master")
    }

    /// What `redis-cli ARGS` prints.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> String {
        let port = self.port.to_string();
        let output =
            Command::new("redis-cli").args(["-p", &port]).args(&self.access).args(args).output().expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
