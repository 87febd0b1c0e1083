//! Declaring an endpoint: a path and what each method does. Everything else follows from that.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder, Route,
    body::MessageBody,
    dev::{AppService, HttpServiceFactory, ServiceRequest, ServiceResponse},
    guard,
    http::{
        Method,
        header::{ALLOW, HeaderValue},
    },
    middleware::{Next, from_fn},
    web,
};
use mgmt_core::error::Code;

use super::accept;
use crate::error::ApiError;

/// Methods that are answered on an address that is not there, or that stands for the server as a whole.
const EVERYTHING: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Stands with a request that was HEAD and is answered as GET.
pub(crate) struct Headless;

/// One path and its methods. OPTIONS, HEAD, 405 with `Allow` and 406 follow from the declaration; register it with
/// `config.service(endpoint("/v1/things").get(list).post(create))`.
pub(crate) struct Endpoint {
    resource: Resource,
    methods: Vec<Method>,
    /// Whether HEAD is answered where GET is.
    heads: bool,
    json: bool,
    any: Option<Route>,
}

/// An endpoint that answers with JSON.
pub(crate) fn endpoint(path: &str) -> Endpoint {
    Endpoint { resource: web::resource(path.to_owned()), methods: Vec::new(), heads: true, json: true, any: None }
}

/// An endpoint that answers with something else, whatever the client says it accepts.
pub(crate) fn page(path: &str) -> Endpoint {
    Endpoint { json: false, ..endpoint(path) }
}

impl Endpoint {
    /// What GET does, and HEAD with it.
    pub(crate) fn get<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, handler)
    }

    /// What GET does, where reading uses something up: HEAD, which must change nothing, is not answered.
    pub(crate) fn get_without_head<F, A>(mut self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let whole = guard::fn_guard(|context| context.req_data().get::<Headless>().is_none());
        self.methods.push(Method::GET);
        self.heads = false;
        self.resource = self.resource.route(web::get().guard(whole).to(handler));
        self
    }

    /// What POST does.
    pub(crate) fn post<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, handler)
    }

    /// What PATCH does.
    pub(crate) fn patch<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PATCH, handler)
    }

    /// What DELETE does.
    pub(crate) fn delete<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, handler)
    }

    /// What another method does.
    pub(crate) fn on<F, A>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.methods.push(method.clone());
        self.resource = self.resource.route(web::method(method).to(handler));
        self
    }

    /// What every method does, known or not, but TRACE and CONNECT, which no server answers.
    pub(crate) fn any<F, A>(mut self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let answered = guard::fn_guard(|context| !matches!(context.head().method, Method::TRACE | Method::CONNECT));
        self.any = Some(web::route().guard(answered).to(handler));
        self
    }

    fn allow(&self) -> HeaderValue {
        if self.any.is_some() {
            return HeaderValue::from_static(EVERYTHING);
        }
        let mut names: Vec<&str> = Vec::new();
        for method in &self.methods {
            names.push(method.as_str());
            if *method == Method::GET && self.heads {
                names.push("HEAD");
            }
        }
        names.push("OPTIONS");
        HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        let allow = self.allow();
        let resource = match self.any {
            Some(route) => self.resource.route(route),
            None => self.resource,
        };
        let resource = resource.default_service(web::to(move |method: Method| {
            let allow = allow.clone();
            async move { other_method(&method, allow) }
        }));
        if self.json {
            resource.wrap(from_fn(check_accept)).register(config);
        } else {
            resource.register(config);
        }
    }
}

fn other_method(method: &Method, allow: HeaderValue) -> Result<HttpResponse, ApiError> {
    if method == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((ALLOW, allow)).finish());
    }
    Err(method_not_allowed(allow))
}

fn method_not_allowed(allow: HeaderValue) -> ApiError {
    ApiError::new(Code::MethodNotAllowed, "this method is not allowed here").with_header(ALLOW, allow)
}

async fn check_accept(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.method() != Method::OPTIONS && !accept::accepts_json(request.headers()) {
        return Ok(request.error_response(accept::refusal()).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// The answer on every path that no endpoint has.
pub(crate) async fn not_found(method: Method) -> Result<HttpResponse, ApiError> {
    if matches!(method, Method::TRACE | Method::CONNECT) {
        return Err(method_not_allowed(HeaderValue::from_static(EVERYTHING)));
    }
    Err(ApiError::new(Code::NotFound, "there is nothing at this address"))
}

/// Answers `OPTIONS *` and CONNECT, whose targets are no paths.
pub(crate) fn without_path(method: &Method, target: &str) -> Option<Result<HttpResponse, ApiError>> {
    let allow = HeaderValue::from_static(EVERYTHING);
    match *method {
        Method::OPTIONS if target == "*" => Some(other_method(method, allow)),
        Method::CONNECT => Some(Err(method_not_allowed(allow).closing())),
        _ => None,
    }
}
