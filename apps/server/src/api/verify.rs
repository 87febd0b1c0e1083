//! Asking whether a key is good: `POST /v1/keys/verify` and `/v1/keys/verify-batch`.

use std::net::IpAddr;

use actix_web::{HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    access::Question,
    error::{Error, Faults},
    id::{KeyId, OrganizationId},
    key_text::{Environment, KeyKind},
    limit::Standing,
    quota::{QuotaStanding, parse_cost},
    scope::{Catalogue, ScopeMask, ScopeSet},
    time::Timestamp,
    usage::Surface,
};
use mgmt_gate::{Admission, Check, Refusal, Request, Traffic};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::{Allow, Caller, permission::KeysVerify},
    error::ApiError,
    http::{
        body::Body,
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The most keys of one batch.
const MAX_BATCH: usize = 100;
const MAX_WAREHOUSE: usize = 200;

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/v1/keys/verify").post(verify)).service(endpoint("/v1/keys/verify-batch").post(verify_batch));
}

/// A question about one key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyKey {
    /// The key as its bearer sent it.
    key: String,
    /// Scopes that are all demanded.
    scopes: Option<Vec<String>>,
    /// Scopes of which one is demanded.
    any_scopes: Option<Vec<String>>,
    /// Where the bearer's request came from.
    ip: Option<String>,
    /// The warehouse that the bearer's request is for.
    warehouse_id: Option<String>,
    /// Units of quota that it uses: 0 to 1,000,000; 1 when left out.
    #[schema(minimum = 0, maximum = 1_000_000)]
    cost: Option<i64>,
}

/// Questions about several keys, answered in order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyBatch {
    /// 1 to 100 questions.
    #[schema(min_items = 1, max_items = 100)]
    keys: Vec<VerifyKey>,
}

/// The answer about one key. A key of another organization is like one that does not exist.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Verdict {
    /// About a key of the organization.
    Known(Box<KnownKey>),
    /// About everything else.
    Unknown(UnknownKey),
}

/// The answer about a key of the organization.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownKey {
    valid: bool,
    /// `valid`, `revoked`, `suspended`, `expired`, `insufficient_scope`, `ip_not_allowed`, `warehouse_not_allowed`, `rate_limited` or
    /// `quota_exceeded`.
    #[schema(example = "valid")]
    code: &'static str,
    #[serde(flatten)]
    key: VerdictKey,
    /// Whole seconds after which a limited key would be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// The answer about a key that does not exist here.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnknownKey {
    /// Always `false`.
    valid: bool,
    /// Always `not_found`.
    #[schema(example = "not_found", pattern = "^not_found$")]
    code: &'static str,
}

/// What an answer tells of a key that exists.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerdictKey {
    #[schema(value_type = String)]
    key_id: KeyId,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    name: String,
    #[schema(value_type = String, example = "prod")]
    environment: Environment,
    #[schema(value_type = Vec<String>)]
    scopes: ScopeSet,
    metadata: Map<String, Value>,
    /// The limit that is closest to refusing; `null` when nothing is limited.
    #[schema(value_type = Option<Object>)]
    rate_limit: Option<Standing>,
    #[schema(value_type = Option<Object>)]
    quota: Option<QuotaStanding>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// The answers, in the order of the questions.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerdictList {
    data: Vec<Verdict>,
}

/// A question that was judged well-formed.
struct Asked {
    key: String,
    all_of: ScopeMask,
    any_of: ScopeMask,
    address: Option<IpAddr>,
    warehouse: Option<String>,
    cost: u64,
}

/// Tells whether a key is good, and counts the request against its limits.
#[utoipa::path(post, path = "/v1/keys/verify", tag = "Verification", operation_id = "verifyKey", request_body = VerifyKey,
    responses((status = 200, description = "The answer, good or bad", body = Verdict)))]
pub(crate) async fn verify(
    app: Data<App>,
    caller: Allow<KeysVerify>,
    query: Query<NoParameters>,
    body: Body<VerifyKey>,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let (asked, _) = body.parse(|body| parse(body, &app.catalogues().scopes)).await?;
    Ok(HttpResponse::Ok().json(answer(&app, &caller, &asked).await?))
}

/// Answers up to 100 questions, in order.
#[utoipa::path(post, path = "/v1/keys/verify-batch", tag = "Verification", operation_id = "verifyKeys", request_body = VerifyBatch,
    responses((status = 200, description = "The answers", body = VerdictList)))]
pub(crate) async fn verify_batch(
    app: Data<App>,
    caller: Allow<KeysVerify>,
    query: Query<NoParameters>,
    body: Body<VerifyBatch>,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let body = body.read().await?;
    if !(1..=MAX_BATCH).contains(&body.keys.len()) {
        return Err(Error::invalid("keys", format!("must have 1 to {MAX_BATCH} entries")).into());
    }
    // All questions are judged before any is answered: nothing is counted for a request that is refused.
    let mut faults = Faults::default();
    let questions = body.keys.into_iter().enumerate();
    let parsed =
        questions.map(|(i, q)| faults.take(parse(q, &app.catalogues().scopes).map_err(|e| e.below(&format!("keys[{i}]")))));
    let parsed: Vec<Asked> = parsed.collect::<Vec<_>>().into_iter().flatten().collect();
    faults.finish()?;
    let mut data = Vec::with_capacity(parsed.len());
    for asked in &parsed {
        data.push(answer(&app, &caller, asked).await?);
    }
    Ok(HttpResponse::Ok().json(VerdictList { data }))
}

fn parse(body: VerifyKey, catalogue: &Catalogue) -> Result<Asked, Error> {
    let mut faults = Faults::default();
    let mut demanded = |field: &str, texts: Option<Vec<String>>| {
        let set = faults.take(catalogue.parse_set(field, &texts.unwrap_or_default())).unwrap_or_default();
        catalogue.demanded(&set)
    };
    let (all_of, any_of) = (demanded("scopes", body.scopes), demanded("any_scopes", body.any_scopes));
    let address = body.ip.map(|ip| ip.parse::<IpAddr>().map_err(|_| Error::invalid("ip", "must be an IPv4 or IPv6 address")));
    let address = faults.take(address.transpose()).flatten();
    let cost = faults.take(parse_cost(body.cost)).unwrap_or(1);
    if body.warehouse_id.as_ref().is_some_and(|w| w.len() > MAX_WAREHOUSE) {
        faults.note(Error::invalid("warehouse_id", format!("must have at most {MAX_WAREHOUSE} bytes")));
    }
    faults.finish()?;
    Ok(Asked { key: body.key, all_of, any_of, address, warehouse: body.warehouse_id, cost })
}

async fn answer(app: &App, caller: &Caller, asked: &Asked) -> Result<Verdict, ApiError> {
    let everywhere = caller.is_operator && caller.organization_id == caller.home;
    let request = Request {
        kind: KeyKind::Secret,
        question: Question {
            all_of: asked.all_of,
            any_of: asked.any_of,
            address: asked.address,
            warehouse: asked.warehouse.as_deref(),
        },
        traffic: Traffic::Resource,
        surface: Surface::Verify,
        cost: asked.cost,
        within: (!everywhere).then_some(caller.organization_id),
    };
    let check = app.admitter.admit(&asked.key, &request).await.map_err(ApiError::unavailable)?;
    Ok(match check {
        Check::Accepted(admission) => verdict("valid", &admission, None),
        Check::Refused(Refusal::Unknown) => Verdict::Unknown(UnknownKey { valid: false, code: "not_found" }),
        Check::Refused(Refusal::Denied(denial, admission)) => verdict(denial.as_str(), &admission, None),
        Check::Refused(Refusal::RateLimited(after, admission)) => verdict("rate_limited", &admission, Some(after)),
        Check::Refused(Refusal::QuotaExceeded(after, admission)) => verdict("quota_exceeded", &admission, Some(after)),
        Check::Pending(_) | Check::Unleased => return Err(ApiError::internal("the gate did not answer")),
    })
}

fn verdict(code: &'static str, admission: &Admission, retry_after: Option<u64>) -> Verdict {
    let record = &admission.record;
    let key = VerdictKey {
        key_id: record.id(),
        organization_id: record.organization_id(),
        name: record.name().to_owned(),
        environment: record.environment(),
        scopes: record.scopes().clone(),
        metadata: record.metadata().cloned().unwrap_or_default(),
        rate_limit: admission.standings.tightest(),
        quota: admission.standings.quota,
        expires_at: record.expires_at(),
    };
    Verdict::Known(Box::new(KnownKey { valid: code == "valid", code, key, retry_after }))
}
