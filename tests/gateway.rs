use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{Call, Folder, call::agent, client::python, free_port, signal};

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
        Self::start("nginx.conf", ":8081", &gateway_ports(server, service), nginx_command)
    }

    /// nginx with `docs/gateways/nodes-nginx.conf` in front of three nodes.
    #[must_use]
    pub fn nodes(nodes: [&str; 3]) -> Self {
        let [first, second, third] = nodes.map(str::to_owned);
        let ports = [("127.0.0.1:8081", first), ("127.0.0.1:8082", second), ("127.0.0.1:8083", third)];
        Self::start("nodes-nginx.conf", ":8080", &ports, nginx_command)
    }

    /// Caddy with `docs/gateways/Caddyfile`.
    #[must_use]
    pub fn caddy(server: &str, service: &str) -> Self {
        Self::start("Caddyfile", ":8081", &gateway_ports(server, service), |config, folder| {
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config).env("HOME", folder);
            command
        })
    }

    /// HAProxy with `docs/gateways/haproxy.cfg`.
    #[must_use]
    pub fn haproxy(server: &str, service: &str) -> Self {
        Self::start("haproxy.cfg", ":8081", &gateway_ports(server, service), |config, _| {
            let mut command = Command::new("haproxy");
            command.arg("-db").arg("-f").arg(config).current_dir(root());
            command
        })
    }

    /// Traefik with `docs/gateways/traefik.yml`.
    #[must_use]
    pub fn traefik(server: &str, service: &str) -> Self {
        let gateway = Self::start("traefik.yml", ":8081", &gateway_ports(server, service), |config, folder| {
            // It reads its own file a second time, for the routes.
            let text = fs::read_to_string(config).expect("it reads");
            fs::write(config, text.replace("docs/gateways/traefik.yml", &config.display().to_string())).expect("it writes");
            let mut command = Command::new(python().with_file_name("traefik"));
            command.arg(format!("--configfile={}", config.display())).current_dir(folder);
            command
        });
        // It listens before it knows where to.
        let start = Instant::now();
        while gateway.call("GET", "/api/").try_send().is_ok_and(|answer| answer.status == 404) {
            assert!(start.elapsed() < Duration::from_secs(20), "traefik.yml is not read");
            sleep(Duration::from_millis(20));
        }
        gateway
    }

    /// Envoy with `docs/gateways/envoy.yaml`.
    #[must_use]
    pub fn envoy(server: &str, service: &str) -> Self {
        let port = |address: &str| format!("port_value: {}", address.rsplit(':').next().unwrap_or_default());
        let ports = [("port_value: 8080", port(server)), ("port_value: 3000", port(service))];
        Self::start("envoy.yaml", "port_value: 8081", &ports, |config, folder| {
            let mut command = Command::new(python().with_file_name("envoy"));
            command.arg("-c").arg(config).args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warn"]);
            command.current_dir(folder);
            command
        })
    }

    /// With the addresses in the file replaced by these, and the port that it listens at by a free one.
    fn start(file: &str, listens: &str, addresses: &[(&str, String)], command: impl FnOnce(&Path, &Path) -> Command) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let text = fs::read_to_string(root().join("docs/gateways").join(file)).expect("it is there");
        assert!(text.contains(listens), "{file} has no {listens}");
        let mut text = text.replace(listens, &format!("{}{port}", listens.trim_end_matches(char::is_numeric)));
        for (known, other) in addresses {
            assert!(text.contains(known), "{file} has no {known}");
            text = text.replace(known, other);
        }
        let config = folder.path().join(file);
        fs::write(&config, text).expect("it writes");
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

fn gateway_ports(server: &str, service: &str) -> [(&'static str, String); 2] {
    [("127.0.0.1:8080", server.to_owned()), ("127.0.0.1:3000", service.to_owned())]
}

fn nginx_command(config: &Path, folder: &Path) -> Command {
    // Debian's own folders belong to root.
    let text = fs::read_to_string(config).expect("it reads");
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = kinds.iter().map(|kind| format!("{kind}_temp_path {};\n", folder.join(kind).display())).collect();
    fs::write(config, text.replacen("http {", &format!("http {{\n{temporary}access_log off;\n"), 1)).expect("it writes");
    let mut command = Command::new("nginx");
    let global = format!("daemon off; error_log stderr; pid {};", folder.join("pid").display());
    command.arg("-p").arg(folder).arg("-c").arg(config).arg("-g").arg(global);
    command
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
