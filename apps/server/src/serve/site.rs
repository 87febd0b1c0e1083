//! One worker's copy of everything that answers requests.

use std::{fmt, sync::Arc, time::Duration};

use actix_http::{HttpService, KeepAlive, Protocol, Request};
use actix_server::GracefulShutdownSignal;
use actix_service::{IntoServiceFactory as _, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App as WebApp, Error, HttpMessage as _,
    body::BoxBody,
    dev::{AppConfig, ServiceRequest, ServiceResponse},
    middleware::Condition,
    rt::net::TcpStream,
    web,
};

use super::{
    cors::{cors, spare_authorize},
    front::Front,
    stream::Guarded,
};
use crate::{
    app::App,
    clock::Clock,
    drain::Drain,
    http::{SharedSettings, shell::Shell},
    pages,
};

/// Time for a request's head.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// Time without a request after which a connection ends.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Time for the other side to close its end.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

/// Registers endpoints and what they need.
pub(crate) type Routes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What a worker is made from.
#[derive(Clone)]
pub(crate) struct Site {
    /// What answers before the application does, where anything does.
    pub(crate) app: Option<web::Data<App>>,
    pub(crate) routes: Routes,
    pub(crate) settings: SharedSettings,
    pub(crate) allowed_origins: Arc<[String]>,
    pub(crate) clock: Clock,
    pub(crate) drain: Drain,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Site {
    /// The routes with their middleware.
    fn service(
        &self,
        shell: Shell,
    ) -> impl ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()> + use<>
    {
        WebApp::new()
            .app_data(Arc::clone(&self.settings))
            .app_data(web::Data::new(self.drain.clone()))
            .configure(|config| (self.routes)(config))
            .default_service(web::to(pages::elsewhere))
            .wrap(Condition::new(!self.allowed_origins.is_empty(), cors(&self.allowed_origins)))
            .wrap(shell)
            .into_factory()
    }

    /// What answers the connections of one worker.
    pub(super) fn connections(
        &self,
        stopping: GracefulShutdownSignal,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()> + use<> {
        let clock = self.clock;
        let shell = Shell { settings: Arc::clone(&self.settings), clock: self.clock, drain: self.drain.clone(), prepare };
        let service = Front {
            inner: self.service(shell.clone()).map_err(|error| error.error_response()),
            shell,
            // Where browsers of other origins may ask, all answers have fields for them.
            app: self.app.clone().filter(|_| self.allowed_origins.is_empty()),
        };
        let http = HttpService::build()
            .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
            .client_request_timeout(HEAD_DEADLINE)
            .client_disconnect_timeout(CLOSE_DEADLINE)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .finish(map_config(service, |()| AppConfig::default()))
            .map_err(|error| tracing::debug!(%error, "a connection ended early"));
        fn_service(move |stream: TcpStream| async move {
            let peer = stream.peer_addr().ok();
            // Answers are written whole; waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            Ok::<_, ()>((Guarded::new(stream, peer, clock), Protocol::Http1, peer))
        })
        .and_then(http)
    }
}

/// What differs by the path, before a request is routed.
fn prepare(request: &mut ServiceRequest) {
    spare_authorize(request);
    // Before routing, this is the decoded path that routes are matched with.
    if let Some(shape) = crate::api::projects::shape_of(request.match_info().as_str()) {
        request.extensions_mut().insert(shape);
    }
}
