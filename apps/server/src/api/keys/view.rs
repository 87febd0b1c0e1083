//! Bodies of the key endpoints.

use mgmt_core::{
    account::Actor,
    id::{KeyId, ProjectId},
    key::{ApiKey, KeyStatus},
    key_draft::{Change, KeyDraft, KeyPatch},
    key_text::{Environment, KeyKind},
    limit::RateLimit,
    network::{Networks, Warehouses},
    quota::{Quota, QuotaStanding},
    scope::ScopeSet,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// At most so many requests in any so many seconds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimitBody {
    /// Requests, 1 to 100,000.
    #[schema(minimum = 1, maximum = 100_000)]
    requests: u64,
    /// Seconds, 1 to 86,400.
    #[schema(minimum = 1, maximum = 86_400)]
    per_seconds: u64,
}

/// At most so many units in each calendar period, in UTC.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaBody {
    /// Units, 1 to 10^15.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    limit: u64,
    /// `day` or `month`.
    #[schema(example = "day", pattern = "^(day|month)$")]
    period: String,
}

/// Members of a rate limit that change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimitPatch {
    #[serde(default)]
    #[schema(value_type = Option<u64>, nullable = false, minimum = 1, maximum = 100_000)]
    requests: Change<u64>,
    #[serde(default)]
    #[schema(value_type = Option<u64>, nullable = false, minimum = 1, maximum = 86_400)]
    per_seconds: Change<u64>,
}

/// Members of a quota that change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaPatch {
    #[serde(default)]
    #[schema(value_type = Option<u64>, nullable = false, minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    limit: Change<u64>,
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^(day|month)$")]
    period: Change<String>,
}

impl QuotaBody {
    /// Units and period.
    pub(crate) fn into_parts(self) -> (u64, String) {
        (self.limit, self.period)
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// A name for people; "Untitled key" when left out.
    #[schema(max_length = 120)]
    name: Option<String>,
    /// `secret` (an API key, the default) or `management`.
    #[schema(example = "secret", pattern = "^(secret|management)$")]
    kind: Option<String>,
    /// `prod` (the default) or `test`.
    #[schema(example = "prod", pattern = "^(prod|test)$")]
    environment: Option<String>,
    /// What the key may do: catalogue scopes for API keys, management permissions for management keys.
    #[schema(example = json!(["shipments:read"]), min_items = 1)]
    scopes: Option<Vec<String>>,
    /// Another name of `scopes`. One of them is required.
    #[schema(min_items = 1)]
    permissions: Option<Vec<String>>,
    /// A limit of its own, beside the plan's.
    #[schema(nullable)]
    rate_limit: Option<RateLimitBody>,
    /// A quota of its own.
    #[schema(nullable)]
    quota: Option<QuotaBody>,
    /// IP addresses and CIDR blocks it may be used from; empty or absent means anywhere.
    ip_allowlist: Option<Vec<String>>,
    /// Warehouses it may be used for; empty or absent means any.
    warehouse_ids: Option<Vec<String>>,
    /// Free data, 8 KiB at most.
    metadata: Option<Map<String, Value>>,
    /// When it stops working by itself; absent means never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl From<CreateKey> for KeyDraft {
    fn from(body: CreateKey) -> Self {
        Self {
            name: body.name,
            kind: body.kind,
            environment: body.environment,
            scopes: body.scopes,
            permissions: body.permissions,
            rate_limit: body.rate_limit.map(|r| (r.requests, r.per_seconds)),
            quota: body.quota.map(QuotaBody::into_parts),
            ip_allowlist: body.ip_allowlist,
            warehouse_ids: body.warehouse_ids,
            metadata: body.metadata,
            expires_at: body.expires_at,
        }
    }
}

/// A merge patch of a key (RFC 7396): what is left out stays, `null` clears what can be absent.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateKey {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120)]
    name: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    permissions: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<RateLimitPatch>)]
    rate_limit: Change<RateLimitPatch>,
    #[serde(default)]
    #[schema(value_type = Option<QuotaPatch>)]
    quota: Change<QuotaPatch>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    ip_allowlist: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    warehouse_ids: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Change<Map<String, Value>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Change<Timestamp>,
}

impl From<UpdateKey> for KeyPatch {
    fn from(body: UpdateKey) -> Self {
        Self {
            name: body.name,
            scopes: body.scopes,
            permissions: body.permissions,
            rate_limit: body.rate_limit.map(|r| (r.requests, r.per_seconds)),
            quota: body.quota.map(|q| (q.limit, q.period)),
            ip_allowlist: body.ip_allowlist,
            warehouse_ids: body.warehouse_ids,
            metadata: body.metadata,
            expires_at: body.expires_at,
        }
    }
}

/// Why a key is revoked.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeKey {
    /// For the record; 200 characters at most.
    #[schema(max_length = 200)]
    pub(super) reason: Option<String>,
}

/// How a key is rotated.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateKey {
    /// How long the old key goes on working: 0 (the default) to 604,800 seconds.
    #[schema(minimum = 0, maximum = 604_800)]
    pub(super) overlap_seconds: Option<u64>,
}

/// A key, without its text.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyView {
    #[schema(value_type = String, example = "key_019a3c5e7f0070008000000000000001")]
    id: KeyId,
    name: String,
    #[schema(value_type = String, example = "secret")]
    kind: KeyKind,
    #[schema(value_type = String, example = "prod")]
    environment: Environment,
    #[schema(value_type = String, example = "active")]
    status: KeyStatus,
    #[schema(example = "mg_sk_prod_****")]
    key_prefix: String,
    last_four: String,
    #[schema(value_type = Vec<String>)]
    scopes: ScopeSet,
    #[schema(value_type = Vec<String>)]
    permissions: ScopeSet,
    #[schema(value_type = Option<Object>)]
    rate_limit: Option<RateLimit>,
    #[schema(value_type = Option<Object>)]
    quota: Option<QuotaStanding>,
    #[schema(value_type = Vec<String>)]
    ip_allowlist: Networks,
    #[schema(value_type = Vec<String>)]
    warehouse_ids: Warehouses,
    metadata: Map<String, Value>,
    #[schema(value_type = String)]
    created_by: Actor,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    revoked_reason: Option<String>,
    #[schema(value_type = Option<String>)]
    replaced_by: Option<KeyId>,
    /// The project that the key was made with; only on such keys.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
}

impl KeyView {
    /// The key at `now`, with `used` units of its quota used.
    pub(super) fn new(key: &ApiKey, used: u64, now: Timestamp) -> Self {
        let (revoked_at, revoked_reason, replaced_by) = match key.revocation(now) {
            Some((at, reason, replaced_by)) => (Some(at), reason.map(str::to_owned), replaced_by),
            None => (None, None, key.retirement().map(|r| r.replaced_by)),
        };
        let settings = &key.settings;
        Self {
            id: key.id,
            name: settings.name.clone(),
            kind: key.kind,
            environment: key.environment,
            status: key.status(now),
            key_prefix: format!("{}****", key.display_prefix),
            last_four: key.last_four.clone(),
            scopes: settings.scopes.clone(),
            permissions: settings.scopes.clone(),
            rate_limit: settings.rate_limit,
            quota: settings.quota.map(|quota| standing(&quota, used, now)),
            ip_allowlist: settings.ip_allowlist.clone(),
            warehouse_ids: settings.warehouse_ids.clone(),
            metadata: settings.metadata.clone(),
            created_by: key.created_by,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: settings.expires_at,
            revoked_at,
            revoked_reason,
            replaced_by,
            project_id: key.project_id,
        }
    }
}

fn standing(quota: &Quota, used: u64, now: Timestamp) -> QuotaStanding {
    QuotaStanding {
        limit: quota.limit,
        used,
        remaining: quota.limit.saturating_sub(used),
        period: quota.period,
        resets_at: quota.period.end(now),
    }
}

/// A page of keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    data: Vec<KeyView>,
    next_cursor: Option<String>,
}

/// A key with its text, which is shown here only.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyCreated {
    #[serde(flatten)]
    view: KeyView,
    /// The key itself; left out of a repeated answer when it can no longer be shown.
    #[schema(example = "mg_sk_prod_…", required = false)]
    key: String,
}

/// A key's text, shown again.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretView {
    /// The key itself.
    pub(super) key: String,
    /// The end of the window.
    #[schema(value_type = String, format = DateTime)]
    pub(super) expires_at: Timestamp,
    /// How often it can still be fetched.
    pub(super) reads_left: i64,
}

/// Which keys to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeys {
    /// `secret` or `management`.
    #[param(pattern = "^(secret|management)$")]
    pub(super) kind: Option<String>,
    /// `active` (or suspended), `revoked`, or `all` (the default).
    #[param(pattern = "^(active|revoked|all)$")]
    pub(super) status: Option<String>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<i64>,
    /// From `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}
