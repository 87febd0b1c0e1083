//! Asking whether a key is good: `POST /v1/keys/verify` and `/v1/keys/verify-batch`.

use std::{borrow::Cow, net::IpAddr, sync::LazyLock};

use actix_web::{
    HttpResponse,
    body::BoxBody,
    dev::RequestHead,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderValue},
    },
    web::{Data, ServiceConfig},
};
use mgmt_actix::{
    credential::{self, Credential, Scheme},
    rate_limit_fields,
};
use mgmt_core::{
    access::Question,
    error::{Error, Faults},
    id::{KeyId, OrganizationId},
    key_text::{Environment, KeyKind},
    limit::Standing,
    quota::{QuotaStanding, parse_cost},
    scope::{Catalogue, ScopeMask, ScopeSet},
    usage::Surface,
};
use mgmt_gate::{Admission, Check, Refusal, Request, Traffic};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::{
        ACT_FOR, Allow, Caller, LimitFields, Noted,
        permission::{KeysVerify, Permission as _},
        question, refused,
    },
    error::ApiError,
    http::{
        accept::{AcceptsJson, accepts_json},
        arrival::Arrived,
        body::Body,
        hex::{self, Short},
        query::{NoParameters, Query},
        route::{endpoint, page},
    },
};

/// The most keys of one batch.
const MAX_BATCH: usize = 100;
const MAX_WAREHOUSE: usize = 200;
/// More scopes than this are read the long way.
const MAX_PLAIN_SCOPES: usize = 16;
/// Most answers are shorter.
const ANSWER: usize = 512;

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    // The first one refuses clients that accept no JSON by itself: see `AcceptsJson`.
    config.service(page("/v1/keys/verify").post(verify)).service(endpoint("/v1/keys/verify-batch").post(verify_batch));
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

/// The same question as nearly everybody writes it: without escapes in its texts, and without faults. What cannot be read as this is
/// read strictly, which tells what is wrong with it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainQuestion<'a> {
    key: &'a str,
    #[serde(borrow)]
    scopes: Option<Vec<&'a str>>,
    #[serde(borrow)]
    any_scopes: Option<Vec<&'a str>>,
    ip: Option<&'a str>,
    warehouse_id: Option<&'a str>,
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
pub(crate) enum Verdict<'a> {
    /// About a key of the organization.
    Known(Box<KnownKey<'a>>),
    /// About everything else.
    Unknown(UnknownKey),
}

/// The answer about a key of the organization.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownKey<'a> {
    valid: bool,
    /// `valid`, `revoked`, `suspended`, `expired`, `insufficient_scope`, `ip_not_allowed`, `warehouse_not_allowed`, `rate_limited` or
    /// `quota_exceeded`.
    #[schema(example = "valid")]
    code: &'static str,
    #[schema(value_type = String)]
    key_id: Short<40>,
    #[schema(value_type = String)]
    organization_id: Short<40>,
    name: &'a str,
    #[schema(value_type = String, example = "prod")]
    environment: Environment,
    #[schema(value_type = Vec<String>)]
    scopes: &'a ScopeSet,
    metadata: &'a Map<String, Value>,
    /// The limit that is closest to refusing; `null` when nothing is limited.
    #[schema(value_type = Option<Object>)]
    rate_limit: Option<Standing>,
    #[schema(value_type = Option<Object>)]
    quota: Option<QuotaStanding>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Short<24>>,
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

/// The answers, in the order of the questions.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written piece by piece")]
pub(crate) struct VerdictList<'a> {
    data: Vec<Verdict<'a>>,
}

/// A question that was judged well-formed.
struct Asked<'a> {
    key: Cow<'a, str>,
    all_of: ScopeMask,
    any_of: ScopeMask,
    address: Option<IpAddr>,
    warehouse: Option<Cow<'a, str>>,
    cost: u64,
}

/// Tells whether a key is good, and counts the request against its limits.
#[utoipa::path(post, path = "/v1/keys/verify", tag = "Verification", operation_id = "verifyKey", request_body = VerifyKey,
    responses((status = 200, description = "The answer, good or bad", body = Verdict<'static>)))]
pub(crate) async fn verify(
    _: AcceptsJson,
    app: Data<App>,
    caller: Allow<KeysVerify>,
    query: Query<NoParameters>,
    body: Body<VerifyKey>,
) -> Result<HttpResponse, ApiError> {
    query.demand_none()?;
    judge(&app, reach(&caller), body).await
}

/// Which organization's keys a caller may ask about; `None` for those of all.
fn reach(caller: &Caller) -> Option<OrganizationId> {
    let everywhere = caller.is_operator && caller.organization_id == caller.home;
    (!everywhere).then_some(caller.organization_id)
}

async fn judge(app: &App, within: Option<OrganizationId>, body: Body<VerifyKey>) -> Result<HttpResponse, ApiError> {
    let bytes = body.bytes().await?;
    let asked = match plain(&bytes, app) {
        Some(asked) => asked,
        None => Body::<VerifyKey>::judge(&bytes, |body| parse(body, &app.catalogues().scopes))?,
    };
    Ok(json(answer(app, within, &asked).await?))
}

/// Who asks in a plain request with this head, where nothing has to be waited for: what becomes of the request then, and what is noted of it.
/// `None` is for [`verify`], and nothing is counted then.
pub(crate) fn admit_now(app: &App, head: &RequestHead, arrived: &Arrived) -> Option<(Result<Admitted, ApiError>, Noted)> {
    if head.uri.query().is_some() || head.headers.contains_key(&ACT_FOR) || !accepts_json(&head.headers) {
        return None;
    }
    let Ok(Credential::Token(Scheme::Bearer, text)) = credential::find(&head.headers, false) else { return None };
    if text.contains('.') {
        // A session's.
        return None;
    }
    match app.admitter.check_now(text, &question::<KeysVerify>(app, false, arrived.client.0), arrived.at)? {
        Check::Accepted(admission) => {
            let record = &admission.record;
            let within = (!record.is_operator()).then(|| record.organization_id());
            let noted = Some((record.id(), LimitFields(rate_limit_fields(&admission.standings))));
            Some((Ok(Admitted(within)), noted))
        }
        Check::Refused(refusal) => {
            let (error, noted) = refused(refusal, KeysVerify::NAME);
            Some((Err(error), noted))
        }
        Check::Pending(_) | Check::Unleased => None,
    }
}

/// Who may ask, and which organization's keys about.
pub(crate) struct Admitted(Option<OrganizationId>);

impl Admitted {
    /// Reads the question and answers it.
    ///
    /// # Errors
    /// As [`verify`].
    pub(crate) async fn judge(self, app: &App, body: Body<VerifyKey>) -> Result<HttpResponse, ApiError> {
        judge(app, self.0, body).await
    }
}

/// Answers up to 100 questions, in order.
#[utoipa::path(post, path = "/v1/keys/verify-batch", tag = "Verification", operation_id = "verifyKeys", request_body = VerifyBatch,
    responses((status = 200, description = "The answers", body = VerdictList<'static>)))]
pub(crate) async fn verify_batch(
    app: Data<App>,
    caller: Allow<KeysVerify>,
    query: Query<NoParameters>,
    body: Body<VerifyBatch>,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    // All questions are judged before any is answered: nothing is counted for a request that is refused.
    let (parsed, _) = body.parse(|batch| parse_all(batch, &app.catalogues().scopes)).await?;
    let mut list = br#"{"data":["#.to_vec();
    for (index, asked) in parsed.iter().enumerate() {
        if index > 0 {
            list.push(b',');
        }
        list.extend(answer(&app, reach(&caller), asked).await?);
    }
    list.extend(b"]}");
    Ok(json(list))
}

fn json(text: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::OK);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.set_body(BoxBody::new(text))
}

/// Reads a question that is as plain as most.
fn plain<'a>(bytes: &'a [u8], app: &App) -> Option<Asked<'a>> {
    // A list would be read as the fields in their order.
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let question: PlainQuestion<'a> = serde_json::from_slice(bytes).ok()?;
    let demanded = |texts: Option<Vec<&str>>| {
        let texts = texts.unwrap_or_default();
        let short = texts.len() <= MAX_PLAIN_SCOPES;
        short.then(|| texts.iter().try_fold(ScopeMask::NONE, |mask, text| Some(mask.union(app.scope(text)?))))?
    };
    let warehouse = question.warehouse_id.map(Cow::Borrowed);
    Some(Asked {
        key: Cow::Borrowed(question.key),
        all_of: demanded(question.scopes)?,
        any_of: demanded(question.any_scopes)?,
        address: question.ip.map(str::parse).transpose().ok()?,
        warehouse: if warehouse.as_ref().is_some_and(|w| w.len() > MAX_WAREHOUSE) { return None } else { warehouse },
        cost: parse_cost(question.cost).ok()?,
    })
}

fn parse_all(batch: VerifyBatch, catalogue: &Catalogue) -> Result<Vec<Asked<'static>>, Error> {
    if !(1..=MAX_BATCH).contains(&batch.keys.len()) {
        return Err(Error::invalid("keys", format!("must have 1 to {MAX_BATCH} entries")));
    }
    let mut faults = Faults::default();
    let questions = batch.keys.into_iter().enumerate();
    let parsed = questions.map(|(i, q)| faults.take(parse(q, catalogue).map_err(|e| e.below(&format!("keys[{i}]")))));
    let parsed: Vec<_> = parsed.collect();
    faults.finish()?;
    Ok(parsed.into_iter().flatten().collect())
}

fn parse(body: VerifyKey, catalogue: &Catalogue) -> Result<Asked<'static>, Error> {
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
    Ok(Asked { key: body.key.into(), all_of, any_of, address, warehouse: body.warehouse_id.map(Cow::Owned), cost })
}

/// The answer as JSON.
async fn answer(app: &App, within: Option<OrganizationId>, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
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
        within,
    };
    match app.admitter.admit(&asked.key, &request).await.map_err(ApiError::unavailable)? {
        Check::Accepted(admission) => verdict("valid", &admission, None),
        Check::Refused(Refusal::Unknown) => written(&Verdict::Unknown(UnknownKey { valid: false, code: "not_found" })),
        Check::Refused(Refusal::Denied(denial, admission)) => verdict(denial.as_str(), &admission, None),
        Check::Refused(Refusal::RateLimited(after, admission)) => verdict("rate_limited", &admission, Some(after)),
        Check::Refused(Refusal::QuotaExceeded(after, admission)) => verdict("quota_exceeded", &admission, Some(after)),
        Check::Pending(_) | Check::Unleased => Err(ApiError::internal("the gate did not answer")),
    }
}

/// What keys without metadata have.
static NO_METADATA: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

fn verdict(code: &'static str, admission: &Admission, retry_after: Option<u64>) -> Result<Vec<u8>, ApiError> {
    let record = &admission.record;
    let (key, organization) = (record.id(), record.organization_id());
    written(&Verdict::Known(Box::new(KnownKey {
        valid: code == "valid",
        code,
        key_id: hex::id(KeyId::PREFIX, key.as_u128()),
        organization_id: hex::id(OrganizationId::PREFIX, organization.as_u128()),
        name: record.name(),
        environment: record.environment(),
        scopes: record.scopes(),
        metadata: record.metadata().unwrap_or(&NO_METADATA),
        rate_limit: admission.standings.tightest(),
        quota: admission.standings.quota,
        expires_at: record.expires_at().map(hex::time),
        retry_after,
    })))
}

fn written(verdict: &Verdict<'_>) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::with_capacity(ANSWER);
    serde_json::to_writer(&mut bytes, verdict).map_err(ApiError::internal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_read_alike() {
        for (text, is_plain) in [
            (r#"{"key":"k","scopes":["orders:read"],"any_scopes":null,"ip":"::1","warehouse_id":"w","cost":3}"#, true),
            (r#"{"key":"k"}"#, true),
            (r#"["k"]"#, false),
            (r#"{"key":"k","key":"k"}"#, false),
            (r#"{"key":"k\u0000"}"#, false),
            (r#"{"key":"k","cost":1.0}"#, false),
            (r#"{"key":"k"} x"#, false),
            (r#"{"key":"k","other":1}"#, false),
            (r#"{"key":null}"#, false),
            (r#"{"scopes":[]}"#, false),
        ] {
            let starts = text.starts_with('{');
            let plain = starts.then(|| serde_json::from_str::<PlainQuestion<'_>>(text).ok()).flatten();
            assert_eq!(plain.is_some(), is_plain, "{text}");
            if let Some(plain) = plain {
                let strict = Body::<VerifyKey>::judge(text.as_bytes(), Ok).unwrap();
                assert_eq!(plain.key, strict.key);
                assert_eq!(plain.scopes.map(|s| s.join(" ")), strict.scopes.map(|s| s.join(" ")));
                assert_eq!((plain.ip, plain.warehouse_id), (strict.ip.as_deref(), strict.warehouse_id.as_deref()));
                assert_eq!((plain.any_scopes.is_none(), plain.cost), (strict.any_scopes.is_none(), strict.cost));
            }
        }
    }
}
