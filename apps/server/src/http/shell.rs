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
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::Method,
};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::{
    SharedSettings,
    address::ClientAddress,
    finish::Finish,
    limits,
    request_id::{RequestId, TraceParent},
    route, url_guard,
};
use crate::{
    clock::Clock,
    drain::Drain,
    error::{ApiError, ErrorShape, Refusal},
    telemetry::{AccessRecord, Outcome, Principal},
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
        ready(Ok(ShellService { inner: Rc::new(service), shell: self.clone() }))
    }
}

/// The middleware itself, one per worker.
pub(crate) struct ShellService<S> {
    inner: Rc<S>,
    shell: Shell,
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
        let visit = Visit::begin(&self.shell, &request);
        let span = tracing::info_span!("request", request_id = visit.finish.id.as_str());
        let refused = visit.admit(&request);
        if let Some(answer) = refused {
            let response = answer.unwrap_or_else(|error| error.error_response());
            return Box::pin(ready(Ok(visit.end(request.into_response(response)))));
        }
        if request.method() == Method::HEAD {
            // The protocol layer remembers that the request was HEAD: it sends the length and no body.
            request.head_mut().method = Method::GET;
        }
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

/// One request on its way through.
struct Visit {
    finish: Finish,
    started: Duration,
    shell: Shell,
    record: AccessRecord,
    _running: crate::drain::Running,
}

impl Visit {
    fn begin(shell: &Shell, request: &ServiceRequest) -> Self {
        let id = RequestId::from_headers(request.headers(), shell.clock.now());
        let client = ClientAddress::resolve(request.peer_addr(), request.headers(), &shell.settings.trusted_proxies);
        let trace = TraceParent::from_headers(request.headers());
        request.extensions_mut().insert(id.clone());
        request.extensions_mut().insert(client);
        Self {
            started: shell.clock.elapsed(),
            record: AccessRecord {
                request_id: id.as_str().to_owned(),
                method: request.method().clone(),
                path: url_guard::redacted(request.path(), &shell.settings.key_prefix),
                client: client.0,
                trace_id: trace.map(|t| t.trace_id),
            },
            finish: Finish { id, https: shell.settings.https, close: false, shape: None },
            shell: shell.clone(),
            _running: shell.drain.enter(),
        }
    }

    /// What refuses or answers the request before any handler sees it.
    fn admit(&self, request: &ServiceRequest) -> Option<Result<HttpResponse, ApiError>> {
        let uri = request.uri();
        let checks = || {
            limits::check(request.head())?;
            url_guard::check_cookies(request.headers(), &self.shell.settings.key_prefix)?;
            url_guard::check(uri.path(), uri.query(), &self.shell.settings.key_prefix)
        };
        match checks() {
            Err(error) => Some(Err(error)),
            Ok(()) => route::without_path(request.method(), uri.path()),
        }
    }

    fn end(mut self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let (request, response) = response.into_parts();
        self.finish.shape = request.extensions().get::<ErrorShape>().copied();
        self.finish.close = self.shell.drain.is_draining();
        let code = response.extensions().get::<Refusal>().map(|refusal| refusal.error.code().as_str());
        let response = self.finish.apply(response);
        self.record.write(Outcome {
            status: response.status(),
            took: self.shell.clock.elapsed().saturating_sub(self.started),
            code,
            principal: request.extensions().get::<Principal>().cloned(),
            route: request.match_pattern(),
        });
        ServiceResponse::new(request, response)
    }

    /// An error that no longer has its request: actix turns it into a response, which is completed on its way.
    fn fail(self, mut error: Error) -> Error {
        self.record.write(Outcome {
            status: error.as_response_error().status_code(),
            took: self.shell.clock.elapsed().saturating_sub(self.started),
            ..Outcome::default()
        });
        let finish = Finish { close: self.shell.drain.is_draining(), ..self.finish };
        error.add_response_mapper(move |response| finish.apply(response));
        error
    }
}
