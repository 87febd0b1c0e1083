//! `mgmt serve`: sockets, workers, signals.

mod cors;
mod framing;
mod front;
mod site;
mod stream;

use std::{
    net::{SocketAddr, TcpListener, ToSocketAddrs as _},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use actix_server::{Server, ServerHandle};
use actix_web::{App as WebApp, HttpResponse, HttpServer, dev, web};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpSocket,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    api,
    app::{App, background::Background, cluster::Node},
    cli::Failure,
    clock::Clock,
    config::{Config, Server as ServerSettings},
    deliver::Deliveries,
    drain::Drain,
    http::{HttpSettings, SharedSettings},
    pages, telemetry,
};

/// Connections that may wait to be taken.
const BACKLOG: u32 = 1024;
/// How long a node that starts waits for its first lease before it listens.
const FIRST_LEASE: Duration = Duration::from_secs(5);

/// Serves until a signal says to stop.
///
/// # Errors
/// Something that is needed to start is not there, or the stop was forced.
pub(crate) fn run(mut config: Config) -> Result<(), Failure> {
    telemetry::start_logs(&config.log)?;
    let metrics = telemetry::start_metrics()?;
    let clock = Clock::system();
    let place = Place::take(&config.server.listen, "MGMT_SERVER__LISTEN")?;
    let metrics_listener = match &config.server.metrics_listen {
        Some(address) => Some(bind(address, "MGMT_SERVER__METRICS_LISTEN")?),
        None => None,
    };
    note_public_url(&mut config, place.address);
    warn_of_risks(&config.server, place.address);
    let config = Arc::new(config);
    let app = web::Data::new(App::open(Arc::clone(&config))?);
    let site = site::Site {
        app: Some(app.clone()),
        routes: routes(app.clone()),
        settings: settings_of(&config),
        allowed_origins: Arc::from(config.server.allowed_origins.clone()),
        clock,
        drain: Drain::default(),
    };
    actix_web::rt::System::new().block_on(async move {
        let node = Node::start(&app)?;
        share_limits(&app)?;
        let background = Background::start(&app)?;
        let deliveries = Deliveries::start(&app, site.drain.clone())?;
        wait_for_lease(&app).await;
        let stopped = serve(site, place.listen()?, (metrics_listener, metrics), &config.server).await;
        // No more requests come: nobody need wait for this node.
        if let Some(node) = node {
            node.stop();
        }
        // It winds down since the stop began; what is left is waited for.
        drop(deliveries);
        drop(background);
        app.flush().await;
        stopped
    })
}

/// All endpoints and their state, for each worker.
fn routes(app: web::Data<App>) -> site::Routes {
    Arc::new(move |config| {
        config.app_data(app.clone());
        api::configure(config);
        pages::configure(config);
    })
}

fn settings_of(config: &Config) -> SharedSettings {
    Arc::new(HttpSettings {
        max_body: config.server.max_body_bytes,
        trusted_proxies: config.server.trusted_proxies.clone(),
        key_prefix: config.keys.prefix.clone(),
        https: config.server.public_url.starts_with("https://"),
        ..HttpSettings::default()
    })
}

/// A link must hold the port that was really opened, also where the configuration asks for any (port 0).
fn note_public_url(config: &mut Config, address: SocketAddr) {
    if config.server.public_url_from_listen && config.server.listen.ends_with(":0") {
        let host = config.server.public_url.trim_end_matches(":0");
        config.server.public_url = format!("{host}:{}", address.port());
    }
}

/// Says what is allowed and yet seldom meant.
fn warn_of_risks(settings: &ServerSettings, address: SocketAddr) {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of a process's own entry is its user.
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        tracing::warn!("running as root: any other user will do");
    }
    if !address.ip().is_loopback() && settings.trusted_proxies.is_empty() && !settings.public_url.starts_with("https://") {
        tracing::warn!("keys travel unencrypted: put a proxy with TLS in front, and set MGMT_SERVER__PUBLIC_URL");
    }
}

/// Counts rate limits together with other nodes, where that is set.
fn share_limits(app: &App) -> Result<(), Failure> {
    metrics::gauge!("mgmt_limits_shared").set(0.0);
    app.windows.as_ref().map_or(Ok(()), |windows| windows.start(Arc::clone(&app.gate)).map_err(Failure::new))
}

fn resolve(address: &str) -> std::io::Result<SocketAddr> {
    address.to_socket_addrs()?.next().ok_or_else(|| std::io::ErrorKind::AddrNotAvailable.into())
}

fn bind(address: &str, setting: &str) -> Result<TcpListener, Failure> {
    resolve(address).and_then(TcpListener::bind).map_err(|error| cannot_listen(address, setting, &error))
}

fn cannot_listen(address: &str, setting: &str, error: &std::io::Error) -> Failure {
    Failure::new(format_args!("can't listen on `{address}` ({setting}): {error}"))
}

/// An address that is taken, and at which nobody listens yet: until the server is ready, connections are refused, so that a load
/// balancer turns to another node at once instead of waiting for this one.
struct Place {
    socket: TcpSocket,
    address: SocketAddr,
    setting: &'static str,
}

impl Place {
    fn take(address: &str, setting: &'static str) -> Result<Self, Failure> {
        let take = || {
            let wanted = resolve(address)?;
            let socket = if wanted.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // As the standard library does: connections of an earlier run that are still closing are no hindrance.
            socket.set_reuseaddr(true)?;
            socket.bind(wanted)?;
            let address = socket.local_addr()?;
            Ok(Self { socket, address, setting })
        };
        take().map_err(|error: std::io::Error| cannot_listen(address, setting, &error))
    }

    /// Begins to listen. Within the runtime.
    fn listen(self) -> Result<TcpListener, Failure> {
        let listener = self.socket.listen(BACKLOG).and_then(tokio::net::TcpListener::into_std);
        listener.map_err(|error| cannot_listen(&self.address.to_string(), self.setting, &error))
    }
}

/// Waits until this node may answer, where it needs a lease for that. One that gets none listens all the same, and says so.
async fn wait_for_lease(app: &App) {
    let leased = async {
        while !app.gate.may_answer(app.clock.now()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(FIRST_LEASE, leased).await.is_err() {
        tracing::warn!("no lease yet: everything is answered with 503 until there is one");
    }
}

async fn serve(
    site: site::Site,
    listener: TcpListener,
    metrics: (Option<TcpListener>, PrometheusHandle),
    settings: &ServerSettings,
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let listening = listener.local_addr().map_err(Failure::new)?;
    let drain = site.drain.clone();
    let patience = Duration::from_secs(settings.shutdown_seconds);
    let server = build(site, listener, settings.workers, patience).map_err(Failure::new)?;
    let handle = server.handle();
    let mut server = actix_web::rt::spawn(server);
    let (socket, recorder) = metrics;
    if let Some(socket) = socket {
        actix_web::rt::spawn(serve_metrics(socket, recorder.clone())?);
    }
    actix_web::rt::spawn(telemetry::keep_metrics_small(recorder));
    tracing::info!(address = listening.to_string().as_str(), public_url = settings.public_url.as_str(), "listening");
    tokio::select! {
        ended = &mut server => Err(Failure::new(format_args!("the server ended by itself: {ended:?}"))),
        () = signals.next() => stop(&handle, &drain, settings, &mut signals).await,
    }
}

fn build(site: site::Site, listener: TcpListener, workers: usize, patience: Duration) -> std::io::Result<Server> {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = if workers == 0 { processors.min(512) } else { workers };
    let builder = Server::build().workers(workers).disable_signals().shutdown_timeout(patience.as_secs().max(1));
    let stopping = builder.graceful_shutdown_signal();
    Ok(builder.listen("api", listener, move || site.connections(stopping.clone()))?.run())
}

/// Goes on for as long as load balancers need to notice, lets running requests finish, stops accepting, and ends. A second signal
/// ends everything at once.
async fn stop(handle: &ServerHandle, drain: &Drain, settings: &ServerSettings, signals: &mut Signals) -> Result<(), Failure> {
    tracing::info!(drain_seconds = settings.drain_seconds, "stopping: running requests finish first");
    drain.begin();
    let gracefully = async {
        // Each answer ends its connection meanwhile, so that few are left to be cut.
        tokio::time::sleep(Duration::from_secs(settings.drain_seconds)).await;
        let finish = async {
            drain.finished().await;
            handle.stop(true).await;
        };
        tokio::time::timeout(Duration::from_secs(settings.shutdown_seconds), finish).await
    };
    let forced = tokio::select! {
        done = gracefully => {
            if done.is_err() {
                tracing::warn!("some requests did not finish in time");
            }
            false
        }
        () = signals.next() => true,
    };
    // After a graceful stop this has nothing left to do.
    let _ = tokio::time::timeout(Duration::from_secs(1), handle.stop(false)).await;
    if forced { Err(Failure::new("stopped at once by a second signal")) } else { Ok(()) }
}

/// The signals that ask for a stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::new);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The metrics on a socket of their own, which nobody but Prometheus needs to reach.
fn serve_metrics(socket: TcpListener, recorder: PrometheusHandle) -> Result<dev::Server, Failure> {
    let recorder = web::Data::new(recorder);
    let server = HttpServer::new(move || WebApp::new().app_data(recorder.clone()).route("/metrics", web::get().to(metrics_page)));
    Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(socket).map_err(Failure::new)?.run())
}

async fn metrics_page(recorder: web::Data<PrometheusHandle>) -> HttpResponse {
    recorder.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(recorder.render())
}

#[cfg(test)]
mod tests;
