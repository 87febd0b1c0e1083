//! The two routes that other services ask with each of their own requests, answered before the application.
//!
//! A plain request to one of them needs no routing, no extractors and nothing that is left in extensions. What is not plain, or must
//! be waited for, goes to the application, where the same handlers answer it: this decides how an answer is reached and never what it
//! says.

use std::{
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use actix_http::{Request, Response};
use actix_service::{Service, ServiceFactory};
use actix_web::{
    HttpResponse, ResponseError as _,
    body::BoxBody,
    dev::{AppConfig, RequestHead, ServiceResponse},
    http::{Method, header::COOKIE},
    web::Data,
};
use futures_util::{
    FutureExt as _, TryFutureExt as _,
    future::{Either, LocalBoxFuture, MapOk},
};
use tracing::Instrument as _;

use crate::{
    api::{authorize, verify},
    app::App,
    auth::Noted,
    error::ApiError,
    http::{
        body::Body,
        limits,
        shell::{Shell, Told, Visit, Worker},
    },
    telemetry::{self, Principal},
};

const VERIFY: &str = "/v1/keys/verify";
const AUTHORIZE: &str = "/v1/authorize";

/// Makes the front of one worker's application.
pub(super) struct Front<F> {
    pub(super) inner: F,
    pub(super) shell: Shell,
    /// What answers here; `None` where nothing is.
    pub(super) app: Option<Data<App>>,
}

impl<F> ServiceFactory<Request> for Front<F>
where
    F: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<BoxBody>, Error = HttpResponse, InitError = ()>,
    F::Future: 'static,
{
    type Response = Response<BoxBody>;
    type Error = HttpResponse;
    type Config = AppConfig;
    type Service = FrontService<F::Service>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Service, ()>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let (inner, worker) = (self.inner.new_service(config), Rc::new(Worker::new(self.shell.clone())));
        let app = self.app.clone();
        Box::pin(async move { Ok(FrontService { inner: inner.await?, worker, app }) })
    }
}

/// The front of one worker's application.
pub(super) struct FrontService<S> {
    inner: S,
    worker: Rc<Worker>,
    app: Option<Data<App>>,
}

type Answer = Result<Response<BoxBody>, HttpResponse>;
/// Answered here, at once or when the body has come.
type Here = Either<Ready<Answer>, LocalBoxFuture<'static, Answer>>;
type Answering<F> = Either<Here, MapOk<F, fn(ServiceResponse<BoxBody>) -> Response<BoxBody>>>;

impl<S> Service<Request> for FrontService<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = HttpResponse>,
{
    type Response = Response<BoxBody>;
    type Error = HttpResponse;
    type Future = Answering<S::Future>;

    actix_service::forward_ready!(inner);

    fn call(&self, mut request: Request) -> Self::Future {
        if let Some(app) = &self.app
            && let Some(answered) = self.answer(app, &mut request)
        {
            return Either::Left(answered);
        }
        Either::Right(self.inner.call(request).map_ok(Response::from))
    }
}

/// What the application would look at before it routes: within its limits, and nothing in a cookie.
fn is_plain(head: &RequestHead) -> bool {
    !head.headers.contains_key(COOKIE) && limits::check(head).is_ok()
}

impl<S> FrontService<S> {
    fn answer(&self, app: &Data<App>, request: &mut Request) -> Option<Here> {
        let head = request.head();
        match (&head.method, head.uri.path()) {
            (&Method::GET, AUTHORIZE) if is_plain(head) => self.authorize(app, head).map(Either::Left),
            (&Method::POST, VERIFY) if is_plain(head) => self.verify(app, request),
            _ => None,
        }
    }

    fn authorize(&self, app: &App, head: &RequestHead) -> Option<Ready<Answer>> {
        let (visit, arrived) = Visit::begin(&self.worker, head);
        let judged = visit.span().in_scope(|| caught(|| authorize::judge_now(app, head, &arrived)));
        let (result, noted) = judged?;
        Some(ready(Ok(complete(visit, result, noted, AUTHORIZE))))
    }

    fn verify(&self, app: &Data<App>, request: &mut Request) -> Option<Here> {
        let head = request.head();
        let (visit, arrived) = Visit::begin(&self.worker, head);
        let admitted = visit.span().in_scope(|| caught(|| verify::admit_now(app, head, &arrived)));
        let (admitted, noted) = match admitted? {
            (Ok(admitted), noted) => (admitted, noted),
            (Err(error), noted) => return Some(Either::Left(ready(Ok(complete(visit, Err(error), noted, VERIFY))))),
        };
        let payload = request.take_payload();
        let body = Body::of(request.head(), self.worker.settings(), payload);
        let (app, span) = (app.clone(), visit.span());
        let judging = async move {
            let judged = AssertUnwindSafe(admitted.judge(&app, body)).catch_unwind().await;
            Ok(complete(visit, judged.unwrap_or_else(|_| Err(panicked())), noted, VERIFY))
        };
        Some(Either::Right(Box::pin(judging.instrument(span))))
    }
}

fn caught<T>(judge: impl FnOnce() -> Option<(Result<T, ApiError>, Noted)>) -> Option<(Result<T, ApiError>, Noted)> {
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|_| Some((Err(panicked()), None)))
}

fn panicked() -> ApiError {
    ApiError::internal("a handler panicked")
}

fn complete(visit: Visit, result: Result<HttpResponse, ApiError>, noted: Noted, route: &str) -> Response<BoxBody> {
    let response = result.unwrap_or_else(|error| error.error_response());
    let told = noted.map_or_else(Told::default, |(key, limits)| Told {
        limits,
        principal: telemetry::logs_access().then(|| Principal(key.to_string())),
    });
    visit.complete(response, told, Some(route)).into()
}
