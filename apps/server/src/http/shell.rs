//! The outermost middleware: everything that holds for every request, whatever it asks for.
//!
//! In this order: the request id, the limits of the head, credentials in the address, HEAD as GET, the handlers with
//! panics caught, the error body and the common header fields, the access log and the metrics.

use std::{
    future::{Future, Ready, ready},
    panic::AssertUnwindSafe,
    pin::Pin,
    rc::Rc,
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError as _,
    body::{BoxBody, MessageBody},
    dev::{RequestHead, Service, ServiceRequest, ServiceResponse, Transform},
    http::Method,
};
use futures_util::FutureExt as _;
use mgmt_gate::SystemClock;
use tracing::Instrument as _;

use super::{
    SharedSettings,
    address::ClientAddress,
    arrival::Arrived,
    finish::Finish,
    limits,
    request_id::{RequestId, RequestIds, TraceParent},
    route, url_guard,
};
use crate::{
    auth::LimitFields,
    clock::Clock,
    drain::Drain,
    error::{ApiError, Refusal, Shape},
    telemetry::{self, AccessRecord, Outcome, Principal, RequestMetrics},
};

/// The middleware's factory; one for all workers.
#[derive(Clone)]
pub(crate) struct Shell {
    /// Limits and proxies.
    pub(crate) settings: SharedSettings,
    /// The shell's clock.
    pub(crate) clock: Clock,
    /// Counts requests and knows whether the server is stopping.
    pub(crate) drain: Drain,
    /// What is done to a request that was admitted, before it is routed.
    pub(crate) prepare: fn(&mut ServiceRequest),
}

impl<S, B> Transform<S, ServiceRequest> for Shell
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = ShellService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(ShellService { inner: Rc::new(service), worker: Rc::new(Worker::new(self.clone())) }))
    }
}

/// The middleware itself, one per worker.
pub(crate) struct ShellService<S> {
    inner: Rc<S>,
    worker: Rc<Worker>,
}

/// What a worker has for itself.
pub(crate) struct Worker {
    shell: Shell,
    ids: RequestIds,
    metrics: RequestMetrics,
}

impl Worker {
    /// One that has counted nothing.
    pub(crate) fn new(shell: Shell) -> Self {
        Self { shell, ids: RequestIds::default(), metrics: RequestMetrics::default() }
    }

    /// Limits and proxies.
    pub(crate) fn settings(&self) -> &SharedSettings {
        &self.shell.settings
    }
}

impl<S, B> Service<ServiceRequest> for ShellService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (visit, arrived) = Visit::begin(&self.worker, request.head());
        request.extensions_mut().insert(arrived);
        let span = visit.span();
        let refused = visit.admit(&request);
        if let Some(answer) = refused {
            let response = answer.unwrap_or_else(|error| error.error_response());
            return Box::pin(ready(Ok(visit.end(request.into_response(response)))));
        }
        if request.method() == Method::HEAD {
            // The protocol layer remembers that the request was HEAD: it sends the length and no body.
            request.head_mut().method = Method::GET;
            request.extensions_mut().insert(route::Headless);
        }
        (self.worker.shell.prepare)(&mut request);
        let inner = Rc::clone(&self.inner);
        Box::pin(
            async move {
                match AssertUnwindSafe(async { inner.call(request).await }).catch_unwind().await {
                    Ok(Ok(response)) => Ok(visit.end(response.map_into_boxed_body())),
                    Ok(Err(error)) => Err(visit.fail(error)),
                    Err(_) => Err(visit.fail(ApiError::internal("a handler panicked").into())),
                }
            }
            .instrument(span),
        )
    }
}

/// What a handler leaves for the end of a request.
#[derive(Default)]
pub(crate) struct Told {
    /// The rate-limit fields of the answer.
    pub(crate) limits: LimitFields,
    /// Who made the request, where that is logged.
    pub(crate) principal: Option<Principal>,
}

/// One request on its way through.
pub(crate) struct Visit {
    finish: Finish,
    started: Duration,
    worker: Rc<Worker>,
    method: Method,
    /// For the access log, where there is one.
    record: Option<AccessRecord>,
    _running: crate::drain::Running,
}

impl Visit {
    /// Notes what is known of a request from its head.
    pub(crate) fn begin(worker: &Rc<Worker>, head: &RequestHead) -> (Self, Arrived) {
        let (shell, headers, at) = (&worker.shell, &head.headers, SystemClock.now());
        let id = RequestId::inbound(headers).unwrap_or_else(|| worker.ids.make(at.wall));
        let client = ClientAddress::resolve(head.peer_addr, headers, &shell.settings.trusted_proxies);
        let record = telemetry::logs_access().then(|| AccessRecord {
            request_id: id.clone(),
            method: head.method.clone(),
            path: url_guard::redacted(head.uri.path(), &shell.settings.key_prefix),
            client: client.0,
            trace_id: TraceParent::from_headers(headers).map(|trace| trace.trace_id),
        });
        let visit = Self {
            started: shell.clock.elapsed(),
            finish: Finish { id: id.clone(), https: shell.settings.https, close: false, shape: None },
            worker: Rc::clone(worker),
            method: head.method.clone(),
            record,
            _running: shell.drain.enter(),
        };
        (visit, Arrived { id, client, at })
    }

    /// What lines of the log are within.
    pub(crate) fn span(&self) -> tracing::Span {
        tracing::info_span!("request", request_id = self.finish.id.as_str())
    }

    /// What refuses or answers the request before any handler sees it.
    fn admit(&self, request: &ServiceRequest) -> Option<Result<HttpResponse, ApiError>> {
        let uri = request.uri();
        let prefix = &self.worker.shell.settings.key_prefix;
        let checks = || {
            limits::check(request.head())?;
            url_guard::check_cookies(request.headers(), prefix)?;
            url_guard::check(uri.path(), uri.query(), prefix)
        };
        match checks() {
            Err(error) => Some(Err(error)),
            Ok(()) => route::without_path(request.method(), uri.path()),
        }
    }

    fn end(mut self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let (request, response) = response.into_parts();
        let told = {
            let mut extensions = request.extensions_mut();
            self.finish.shape = extensions.get::<Shape>().copied();
            let principal = self.record.as_ref().and_then(|_| extensions.remove::<Principal>());
            Told { limits: extensions.remove::<LimitFields>().unwrap_or_default(), principal }
        };
        let response = self.complete(response, told, request.match_pattern().as_deref());
        ServiceResponse::new(request, response)
    }

    /// Completes an answer, and tells of the request. `route` is the pattern of the endpoint's path.
    pub(crate) fn complete(mut self, mut response: HttpResponse, told: Told, route: Option<&str>) -> HttpResponse {
        for (name, value) in told.limits.0 {
            response.headers_mut().insert(name, value);
        }
        if let Some(shape) = self.finish.shape {
            (shape.fields)(&mut response);
        }
        self.finish.close = self.worker.shell.drain.is_draining();
        let code = response.extensions().get::<Refusal>().map(|refusal| refusal.error.code().as_str());
        let response = self.finish.apply(response);
        let outcome = Outcome { status: response.status(), took: self.took(), code, principal: told.principal };
        self.tell(route, &outcome);
        response
    }

    /// An error that no longer has its request: actix turns it into a response, which is completed on its way.
    fn fail(self, mut error: Error) -> Error {
        let status = error.as_response_error().status_code();
        self.tell(None, &Outcome { status, took: self.took(), ..Outcome::default() });
        let finish = Finish { close: self.worker.shell.drain.is_draining(), ..self.finish };
        error.add_response_mapper(move |response| finish.apply(response));
        error
    }

    fn took(&self) -> Duration {
        self.worker.shell.clock.elapsed().saturating_sub(self.started)
    }

    fn tell(&self, route: Option<&str>, outcome: &Outcome) {
        if let Some(record) = &self.record {
            record.write(outcome);
        }
        self.worker.metrics.count(&self.method, route, outcome.status, outcome.took);
    }
}
