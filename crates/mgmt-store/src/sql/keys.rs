//! API keys and management keys.

use std::collections::BTreeMap;

use diesel::{
    dsl::{exists, not, sql},
    prelude::*,
    sql_types::Bool,
};
use mgmt_core::{
    account::Actor,
    event::Event,
    id::{KeyId, OrganizationId, ProjectId},
    key::{ApiKey, KeySettings, KeyState, Retirement},
    key_text::{Environment, KeyKind},
    limit::RateLimit,
    network::{Networks, Warehouses},
    reveal::Reveal,
    scope::ScopeSet,
    secret::SecretHash,
    time::Timestamp,
};

use super::{
    events::EventRow,
    issue::IssueRows,
    kept::Kept,
    organizations::{quota, quota_columns},
    reveals::RevealRow,
    schema::{expiry_notices as notices, keys as table},
    tx::{RowRef, SqlTx, json_text},
};
use crate::{
    error::{Result, StoreError},
    store::{Issued, KeyCondition, KeyFilter, Keys},
};

/// Keys that live no longer have no notice of their end.
const SHORT_LIFE_MILLIS: i64 = 24 * 3600 * 1000;
/// The states of keys that are not revoked.
const NOT_REVOKED: [&str; 2] = ["active", "suspended"];

/// One statement for the first page and all others: every id is between these.
const LOWEST: KeyId = KeyId::from_u128(0);
const HIGHEST: KeyId = KeyId::from_u128(u128::MAX);

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub(super) struct KeyRow {
    id: String,
    organization_id: String,
    project_id: Option<String>,
    kind: String,
    environment: String,
    #[diesel(embed)]
    settings: SettingsColumns,
    #[diesel(embed)]
    state: StateColumns,
    hash: Vec<u8>,
    pepper_version: i64,
    display_prefix: String,
    last_four: String,
    lineage: String,
    created_by: String,
    created_at: i64,
    updated_at: i64,
    last_used_at: Option<i64>,
    version: i64,
}

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct SettingsColumns {
    name: String,
    scopes: String,
    rate_requests: Option<i64>,
    rate_seconds: Option<i64>,
    quota_limit: Option<i64>,
    quota_period: Option<String>,
    ip_allowlist: String,
    warehouse_ids: String,
    metadata: String,
    expires_at: Option<i64>,
}

#[derive(AsChangeset, Default, Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct StateColumns {
    state: String,
    suspended_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_reason: Option<String>,
    replaced_by: Option<String>,
    retires_at: Option<i64>,
}

impl From<&KeySettings> for SettingsColumns {
    fn from(settings: &KeySettings) -> Self {
        let (quota_limit, quota_period) = quota_columns(settings.quota);
        let list = |texts: Vec<String>| serde_json::Value::from(texts).to_string();
        Self {
            name: settings.name.clone(),
            scopes: settings.scopes.to_text(),
            rate_requests: settings.rate_limit.map(|l| l.requests.into()),
            rate_seconds: settings.rate_limit.map(|l| l.per_seconds.into()),
            quota_limit,
            quota_period,
            ip_allowlist: list(settings.ip_allowlist.texts().collect()),
            warehouse_ids: list(settings.warehouse_ids.iter().map(str::to_owned).collect()),
            metadata: json_text(&settings.metadata),
            expires_at: settings.expires_at.map(Timestamp::as_millis),
        }
    }
}

impl SettingsColumns {
    fn read(self, at: RowRef<'_>) -> Result<KeySettings> {
        let list = |text: &str| at.ok(serde_json::from_str::<Vec<String>>(text));
        Ok(KeySettings {
            scopes: ScopeSet::from_text(&self.scopes),
            rate_limit: match (self.rate_requests, self.rate_seconds) {
                (None, None) => None,
                (Some(requests), Some(seconds)) => Some(at.ok(RateLimit::new(at.count(requests)?, at.count(seconds)?))?),
                _ => return Err(at.corrupt()),
            },
            quota: quota(at, self.quota_limit, self.quota_period.as_deref())?,
            ip_allowlist: at.ok(Networks::parse("ip_allowlist", &list(&self.ip_allowlist)?))?,
            warehouse_ids: at.ok(Warehouses::parse("warehouse_ids", &list(&self.warehouse_ids)?))?,
            metadata: at.object(&self.metadata)?,
            expires_at: at.maybe_time(self.expires_at)?,
            name: self.name,
        })
    }
}

impl From<&KeyState> for StateColumns {
    fn from(state: &KeyState) -> Self {
        let text = str::to_owned;
        let (retires_at, replaced_by) = match state {
            KeyState::Active { retirement } | KeyState::Suspended { retirement, .. } => {
                retirement.map(|r| (r.at.as_millis(), r.replaced_by.to_string())).unzip()
            }
            KeyState::Revoked { replaced_by, .. } => (None, replaced_by.map(|id| id.to_string())),
        };
        let common = Self { retires_at, replaced_by, ..Self::default() };
        match state {
            KeyState::Active { .. } => Self { state: text("active"), ..common },
            KeyState::Suspended { at, .. } => Self { state: text("suspended"), suspended_at: Some(at.as_millis()), ..common },
            KeyState::Revoked { at, reason, .. } => {
                Self { state: text("revoked"), revoked_at: Some(at.as_millis()), revoked_reason: reason.clone(), ..common }
            }
        }
    }
}

impl StateColumns {
    fn read(self, at: RowRef<'_>) -> Result<KeyState> {
        let replaced_by = self.replaced_by.map(|id| at.ok(id.parse::<KeyId>())).transpose()?;
        let retirement = match (at.maybe_time(self.retires_at)?, replaced_by) {
            (Some(time), Some(replaced_by)) => Some(Retirement { at: time, replaced_by }),
            _ => None,
        };
        // A half-written retirement must not read as a key that works for ever.
        let whole = retirement.is_some() || (self.retires_at.is_none() && replaced_by.is_none());
        match (self.state.as_str(), at.maybe_time(self.suspended_at)?, at.maybe_time(self.revoked_at)?) {
            ("active", None, None) if whole => Ok(KeyState::Active { retirement }),
            ("suspended", Some(since), None) if whole => Ok(KeyState::Suspended { at: since, retirement }),
            ("revoked", None, Some(since)) => Ok(KeyState::Revoked { at: since, reason: self.revoked_reason, replaced_by }),
            _ => Err(at.corrupt()),
        }
    }
}

impl From<&ApiKey> for KeyRow {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            organization_id: key.organization_id.to_string(),
            project_id: key.project_id.map(|id| id.to_string()),
            kind: key.kind.as_str().to_owned(),
            environment: key.environment.as_str().to_owned(),
            settings: (&key.settings).into(),
            state: (&key.state).into(),
            hash: key.hash.to_bytes(),
            pepper_version: key.pepper_version,
            display_prefix: key.display_prefix.clone(),
            last_four: key.last_four.clone(),
            lineage: key.lineage.to_string(),
            created_by: key.created_by.to_string(),
            created_at: key.created_at.as_millis(),
            updated_at: key.updated_at.as_millis(),
            last_used_at: key.last_used_at.map(Timestamp::as_millis),
            version: key.version,
        }
    }
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self> {
        let at = RowRef { table: "keys", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            project_id: row.project_id.as_deref().map(|id| at.ok(id.parse())).transpose()?,
            kind: at.some(KeyKind::parse(&row.kind))?,
            environment: at.some(Environment::parse(&row.environment))?,
            settings: row.settings.read(at)?,
            state: row.state.read(at)?,
            hash: at.some(SecretHash::from_bytes(&row.hash))?,
            pepper_version: row.pepper_version,
            lineage: at.ok(row.lineage.parse())?,
            created_by: at.ok(row.created_by.parse())?,
            created_at: at.time(row.created_at)?,
            updated_at: at.time(row.updated_at)?,
            last_used_at: at.maybe_time(row.last_used_at)?,
            version: row.version,
            display_prefix: row.display_prefix,
            last_four: row.last_four,
        })
    }
}

impl Keys for SqlTx<'_> {
    fn insert(&mut self, key: &ApiKey) -> Result<()> {
        self.query(|c| Kept(diesel::insert_into(table::table).values(KeyRow::from(key))).execute(c))?;
        Ok(())
    }

    fn issue(&mut self, key: &ApiKey, reveal: Option<&Reveal>, event: Option<&Event>) -> Result<Issued> {
        let rows = IssueRows {
            key: KeyRow::from(key),
            reveal: reveal.map(RevealRow::from),
            event: event.map(|event| EventRow::new(event, None)),
        };
        let (seq, has_bucket_key, waits) = self.query(|c| c.issue(rows))?;
        if has_bucket_key { Ok(Issued { seq, waits }) } else { self.collide() }
    }

    fn find(&mut self, organization: OrganizationId, id: KeyId) -> Result<Option<ApiKey>> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        let query = table::table.filter(own).select(KeyRow::as_select());
        let found = self.query(|c| query.get_result::<KeyRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_any(&mut self, id: KeyId) -> Result<Option<ApiKey>> {
        let query = table::table.find(id.to_string()).select(KeyRow::as_select());
        let found = self.query(|c| query.get_result::<KeyRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: KeyFilter,
        now: Timestamp,
        before: Option<KeyId>,
        limit: i64,
    ) -> Result<Vec<ApiKey>> {
        let now = now.as_millis();
        let mut query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .order(table::id.desc())
            .limit(limit.max(0))
            .select(KeyRow::as_select())
            .into_boxed();
        if let Some(kind) = filter.kind {
            query = query.filter(table::kind.eq(kind.as_str()));
        }
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        query = match filter.condition {
            KeyCondition::All => query,
            KeyCondition::Active => query
                .filter(table::state.eq_any(NOT_REVOKED))
                .filter(table::retires_at.is_null().or(table::retires_at.gt(now)))
                .filter(table::expires_at.is_null().or(table::expires_at.gt(now))),
            KeyCondition::Revoked => query.filter(table::state.eq("revoked").or(table::retires_at.le(now))),
        };
        let rows = self.query(|c| query.load::<KeyRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn list_active(&mut self, now: Timestamp, from: Option<KeyId>, before: Option<KeyId>) -> Result<Vec<ApiKey>> {
        let now = now.as_millis();
        let query = table::table
            .filter(table::id.ge(from.unwrap_or(LOWEST).to_string()).and(table::id.lt(before.unwrap_or(HIGHEST).to_string())))
            .filter(table::state.eq_any(NOT_REVOKED))
            .filter(table::retires_at.is_null().or(table::retires_at.gt(now)))
            .filter(table::expires_at.is_null().or(table::expires_at.gt(now)))
            .order(table::id.desc())
            .select(KeyRow::as_select());
        let rows = self.query(|c| query.load::<KeyRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn page_start(&mut self, before: Option<KeyId>, count: i64) -> Result<Option<KeyId>> {
        let query = table::table
            .filter(table::id.lt(before.unwrap_or(HIGHEST).to_string()))
            .order(table::id.desc())
            .limit(1)
            .offset(count.max(1) - 1)
            .select(table::id);
        let found = self.query(|c| query.get_result::<String>(c).optional())?;
        found.map(|id| RowRef { table: "keys", id: &id }.ok(id.parse())).transpose()
    }

    fn list_of_project(&mut self, project: ProjectId) -> Result<Vec<ApiKey>> {
        let query = table::table
            .filter(table::project_id.eq(project.to_string()).and(table::state.eq_any(NOT_REVOKED)))
            .order(table::id.desc())
            .select(KeyRow::as_select());
        let rows = self.query(|c| query.load::<KeyRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn list_of_maker(&mut self, organization: OrganizationId, maker: Actor) -> Result<Vec<ApiKey>> {
        let query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .filter(table::created_by.eq(maker.to_string()).and(table::state.eq_any(NOT_REVOKED)))
            .select(KeyRow::as_select());
        let mut rows = self.query(|c| query.load::<KeyRow>(c))?;
        // Sorted here: a database that is to sort looks through all keys of the organization in their order, revoked ones too.
        rows.sort_unstable_by(|a, b| b.id.cmp(&a.id));
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn update(&mut self, key: &ApiKey) -> Result<()> {
        let read = table::id
            .eq(key.id.to_string())
            .and(table::organization_id.eq(key.organization_id.to_string()))
            .and(table::version.eq(key.version - 1));
        let changes = (
            SettingsColumns::from(&key.settings),
            StateColumns::from(&key.state),
            table::updated_at.eq(key.updated_at.as_millis()),
            table::version.eq(key.version),
        );
        let rows = self.query(|c| Kept(diesel::update(table::table.filter(read)).set(changes)).execute(c))?;
        if rows == 1 { Ok(()) } else { Err(StoreError::Conflict("key")) }
    }

    fn count_active(&mut self, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> Result<i64> {
        let counted = table::table
            .filter(table::organization_id.eq(organization.to_string()).and(table::kind.eq(kind.as_str())))
            .filter(table::project_id.is_null())
            .filter(table::state.eq_any(NOT_REVOKED).and(table::retires_at.is_null()))
            .filter(table::expires_at.is_null().or(table::expires_at.gt(now.as_millis())));
        self.query(|c| Kept(counted.count()).get_result(c))
    }

    fn lock_and_count(&mut self, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> Result<Option<i64>> {
        self.query(|c| c.lock_and_count_keys(&organization.to_string(), kind.as_str(), now.as_millis()))
    }

    fn list_expiring(&mut self, now: Timestamp, until: Timestamp, days: i64, limit: i64) -> Result<Vec<ApiKey>> {
        let noticed = notices::table.filter(
            notices::key_id.eq(table::id).and(notices::expires_at.nullable().eq(table::expires_at)).and(notices::days.le(days)),
        );
        let query = table::table
            .filter(table::expires_at.gt(now.as_millis()).and(table::expires_at.le(until.as_millis())))
            // As the index of keys that expire says it: a bound text would not let a planner use that.
            .filter(sql::<Bool>("state <> 'revoked'").and(table::retires_at.is_null()))
            .filter(table::expires_at.gt((table::created_at + SHORT_LIFE_MILLIS).nullable()))
            .filter(not(exists(noticed)))
            .order((table::expires_at, table::id))
            .limit(limit.max(0))
            .select(KeyRow::as_select());
        let rows = self.query(|c| query.load::<KeyRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn note_expiry(&mut self, key: &ApiKey, days: i64) -> Result<()> {
        let Some(expires_at) = key.settings.expires_at.map(Timestamp::as_millis) else { return Ok(()) };
        let values = (notices::expires_at.eq(expires_at), notices::days.eq(days));
        let known = notices::table.find(key.id.to_string());
        if self.query(|c| Kept(diesel::update(known).set(values)).execute(c))? == 1 {
            return Ok(());
        }
        let row = (notices::key_id.eq(key.id.to_string()), values.0, values.1);
        self.insert_missing(|c| Kept(diesel::insert_into(notices::table).values(row)).execute(c))
    }

    fn touch(&mut self, used: &[(KeyId, Timestamp)]) -> Result<()> {
        let mut last = BTreeMap::new();
        for (id, at) in used {
            let known = last.entry(*id).or_insert(*at);
            *known = (*known).max(*at);
        }
        let rows: Vec<_> = last.into_iter().map(|(id, at)| (id.to_string(), at.as_millis())).collect();
        self.query(|c| c.touch_keys(&rows))
    }
}
