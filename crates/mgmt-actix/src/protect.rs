//! The middleware that guards routes, and the extractor that tells a handler who was let through.

use std::{
    future::{Ready, ready},
    net::IpAddr,
    rc::Rc,
};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    body::{EitherBody, MessageBody},
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use futures_util::future::LocalBoxFuture;
use mgmt_core::{access::Question, error::Code, scope::ScopeMask};
use mgmt_gate::{Admission, Check, Refusal, Request};
use serde_json::json;

use crate::{
    admitter::Admitter,
    credential::{self, Credential, CredentialFault},
    fields::insert_rate_limit_fields,
};

/// The field that names the warehouse a request is for.
pub static WAREHOUSE: HeaderName = HeaderName::from_static("x-warehouse-id");

type FindAddress = Rc<dyn Fn(&ServiceRequest) -> Option<IpAddr>>;

/// Guards everything below it: a request needs an API key that may do what is asked, and counts against its limits and quotas.
///
/// The handler reads who it was with [`Admitted`]. Refusals are answered here with the error envelope, the RFC 6750 challenge and
/// `Retry-After`; answers carry the rate-limit fields.
#[derive(Clone)]
pub struct Protect {
    admitter: Admitter,
    scopes: ScopeMask,
    named: String,
    address: FindAddress,
}

impl std::fmt::Debug for Protect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Protect({})", self.named)
    }
}

impl Protect {
    /// Demands an API key with all of these scopes.
    ///
    /// # Errors
    /// When the catalogue lacks one of them.
    pub fn new(admitter: Admitter, scopes: &[&str]) -> mgmt_core::error::Result<Self> {
        let set = admitter.gate().catalogues().scopes.parse_set("scopes", scopes)?;
        let mask = admitter.gate().catalogues().scopes.demanded(&set);
        Ok(Self { admitter, scopes: mask, named: set.to_text(), address: Rc::new(|r| r.peer_addr().map(|a| a.ip())) })
    }

    /// Says how to find the client's address, for services behind a proxy. Without this it is the peer's.
    #[must_use]
    pub fn client_address(mut self, find: impl Fn(&ServiceRequest) -> Option<IpAddr> + 'static) -> Self {
        self.address = Rc::new(find);
        self
    }

    async fn admit(&self, request: &ServiceRequest) -> Result<Admission, HttpResponse> {
        let Credential::Token(_, token) = credential::find(request.headers(), false).map_err(refuse_credential)? else {
            return Err(refuse_credential(CredentialFault::Malformed));
        };
        let mut warehouses = request.headers().get_all(&WAREHOUSE);
        let warehouse = warehouses.next().and_then(|v| v.to_str().ok());
        if warehouses.next().is_some() {
            // The service behind might read another one.
            return Err(answer(StatusCode::BAD_REQUEST, Code::InvalidRequest, "send one `X-Warehouse-Id`").finish_json());
        }
        let question = Question { all_of: self.scopes, address: (self.address)(request), warehouse, ..Question::default() };
        let asked = Request { question, ..Request::resource() };
        match self.admitter.admit(token, &asked).await {
            Ok(Check::Accepted(admission)) => Ok(admission),
            Ok(Check::Refused(refusal)) => Err(refuse(&refusal, &self.named)),
            Ok(Check::Pending(_) | Check::Unleased) | Err(_) => {
                Err(answer(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "try again")
                    .insert_header((RETRY_AFTER, "1"))
                    .finish_json())
            }
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Protect
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Protected<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Protected { service: Rc::new(service), protect: Rc::new(self.clone()) }))
    }
}

/// The service that [`Protect`] makes.
#[derive(Debug)]
pub struct Protected<S> {
    service: Rc<S>,
    protect: Rc<Protect>,
}

impl<S, B> Service<ServiceRequest> for Protected<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (service, protect) = (Rc::clone(&self.service), Rc::clone(&self.protect));
        Box::pin(async move {
            let admission = match protect.admit(&request).await {
                Ok(admission) => admission,
                Err(refusal) => return Ok(request.into_response(refusal).map_into_right_body()),
            };
            let standings = admission.standings;
            request.extensions_mut().insert(Admitted(admission));
            let mut response = service.call(request).await?;
            insert_rate_limit_fields(&standings, response.headers_mut());
            Ok(response.map_into_left_body())
        })
    }
}

/// The key that was let through by [`Protect`]. As an extractor it fails with 500 on a route that nothing guards.
#[derive(Clone, Debug)]
pub struct Admitted(pub Admission);

impl FromRequest for Admitted {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or_else(|| actix_web::error::ErrorInternalServerError("this route is not guarded")))
    }
}

fn refuse_credential(fault: CredentialFault) -> HttpResponse {
    match fault {
        CredentialFault::Missing => {
            challenge(StatusCode::UNAUTHORIZED, Code::Unauthorized, "a key is required", "Bearer realm=\"api\"")
        }
        CredentialFault::Malformed => refuse(&Refusal::Unknown, ""),
        CredentialFault::Ambiguous => {
            let text = "Bearer realm=\"api\", error=\"invalid_request\"";
            challenge(StatusCode::BAD_REQUEST, Code::InvalidRequest, "send exactly one credential", text)
        }
    }
}

fn refuse(refusal: &Refusal, scopes: &str) -> HttpResponse {
    let unauthorized = || {
        let text = "Bearer realm=\"api\", error=\"invalid_token\"";
        challenge(StatusCode::UNAUTHORIZED, Code::Unauthorized, "the key is missing or invalid", text)
    };
    match refusal {
        Refusal::Unknown => unauthorized(),
        Refusal::Denied(denial, admission) => match denial.code() {
            Code::Unauthorized => unauthorized(),
            Code::InsufficientScope => {
                let text = format!("Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"{scopes}\"");
                let response = challenge(StatusCode::FORBIDDEN, Code::InsufficientScope, "the key lacks a scope", &text);
                limited(response, admission)
            }
            code => limited(answer(StatusCode::FORBIDDEN, code, "the key may not be used here").finish_json(), admission),
        },
        Refusal::RateLimited(after, admission) => too_many(Code::RateLimited, *after, admission),
        Refusal::QuotaExceeded(after, admission) => too_many(Code::QuotaExceeded, *after, admission),
    }
}

fn too_many(code: Code, after: u64, admission: &Admission) -> HttpResponse {
    let mut answer = answer(StatusCode::TOO_MANY_REQUESTS, code, "too many requests: see `Retry-After`");
    limited(answer.insert_header((RETRY_AFTER, after)).finish_json(), admission)
}

fn challenge(status: StatusCode, code: Code, message: &str, text: &str) -> HttpResponse {
    answer(status, code, message).insert_header((WWW_AUTHENTICATE, text)).finish_json()
}

fn limited(mut response: HttpResponse, admission: &Admission) -> HttpResponse {
    insert_rate_limit_fields(&admission.standings, response.headers_mut());
    response
}

struct Answer(HttpResponseBuilder, String);

fn answer(status: StatusCode, code: Code, message: &str) -> Answer {
    let body = json!({"error": {"code": code.as_str(), "message": message, "details": {}}});
    Answer(HttpResponse::build(status), body.to_string())
}

impl Answer {
    fn insert_header(&mut self, header: impl actix_web::http::header::TryIntoHeaderPair) -> &mut Self {
        self.0.insert_header(header);
        self
    }

    fn finish_json(&mut self) -> HttpResponse {
        let json = HeaderValue::from_static("application/json");
        self.0.insert_header((actix_web::http::header::CONTENT_TYPE, json)).body(std::mem::take(&mut self.1))
    }
}
