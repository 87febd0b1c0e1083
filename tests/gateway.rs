use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{Call, Folder, call::agent, free_port, signal};

/// A real gateway with a configuration of `docs/gateways`, between a server and a service on loopback.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    address: String,
    agent: ureq::Agent,
    _folder: Folder,
}

impl Gateway {
    /// nginx with `docs/gateways/nginx.conf`.
    #[must_use]
    pub fn nginx(server: &str, service: &str) -> Self {
        Self::start("nginx.conf", server, service, |config, folder| {
            // Debian's own folders belong to root.
            let text = fs::read_to_string(config).expect("it reads");
            let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let temporary: String =
                kinds.iter().map(|kind| format!("{kind}_temp_path {};\n", folder.join(kind).display())).collect();
            fs::write(config, text.replacen("http {", &format!("http {{\n{temporary}access_log off;\n"), 1)).expect("it writes");
            let mut command = Command::new("nginx");
            let global = format!("daemon off; error_log stderr; pid {};", folder.join("pid").display());
            command.arg("-p").arg(folder).arg("-c").arg(config).arg("-g").arg(global);
            command
        })
    }

    /// Caddy with `docs/gateways/Caddyfile`.
    #[must_use]
    pub fn caddy(server: &str, service: &str) -> Self {
        Self::start("Caddyfile", server, service, |config, folder| {
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config).env("HOME", folder);
            command
        })
    }

    /// HAProxy with `docs/gateways/haproxy.cfg`.
    #[must_use]
    pub fn haproxy(server: &str, service: &str) -> Self {
        Self::start("haproxy.cfg", server, service, |config, _| {
            let mut command = Command::new("haproxy");
            command.arg("-db").arg("-f").arg(config).current_dir(root());
            command
        })
    }

    fn start(file: &str, server: &str, service: &str, command: impl FnOnce(&Path, &Path) -> Command) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let text = fs::read_to_string(root().join("docs/gateways").join(file)).expect("it is there");
        for port in ["127.0.0.1:8080", ":8081", "127.0.0.1:3000"] {
            assert!(text.contains(port), "{file} has no {port}");
        }
        let text = text.replace(":8081", &format!(":{port}")).replace("127.0.0.1:8080", server);
        let config = folder.path().join(file);
        fs::write(&config, text.replace("127.0.0.1:3000", service)).expect("it writes");
        let mut command = command(&config, folder.path());
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}: run `scripts/setup test`"));
        let start = Instant::now();
        while TcpStream::connect(&address).is_err() {
            let ended = child.try_wait().expect("a child").is_some();
            let log = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(!ended && start.elapsed() < Duration::from_secs(20), "{command:?} does not listen: {}", log());
            sleep(Duration::from_millis(20));
        }
        Self { child, address, agent: agent(), _folder: folder }
    }

    /// Its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A request through it.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(&self.agent, &format!("http://{}", self.address), method, path)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Asked to end: nginx, killed, would leave its workers behind.
        signal(self.child.id(), "TERM");
        let _ = self.child.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
