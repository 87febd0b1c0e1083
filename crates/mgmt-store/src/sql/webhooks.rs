//! Endpoints that events are sent to.

use diesel::prelude::*;
use mgmt_core::{
    account::Actor,
    event::Subscriptions,
    id::{OrganizationId, WebhookId},
    webhook::{DisabledReason, SealedSecret, Webhook, WebhookSettings},
};

use super::{
    schema::{webhook_queues, webhooks as table},
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Webhooks,
};

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct WebhookRow {
    id: String,
    organization_id: String,
    url: String,
    events: String,
    active: bool,
    description: Option<String>,
    created_by: String,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<i64>,
    disabled_reason: Option<String>,
    disabled_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl From<&Webhook> for WebhookRow {
    fn from(webhook: &Webhook) -> Self {
        let settings = &webhook.settings;
        let previous = webhook.previous.as_ref();
        Self {
            id: webhook.id.to_string(),
            organization_id: webhook.organization_id.to_string(),
            url: settings.url.clone(),
            events: serde_json::Value::from(settings.events.as_slice()).to_string(),
            active: settings.active,
            description: settings.description.clone(),
            created_by: webhook.created_by.to_string(),
            secret: webhook.secret.0.clone(),
            previous_secret: previous.map(|(secret, _)| secret.0.clone()),
            previous_until: previous.map(|(_, until)| until.as_millis()),
            disabled_reason: webhook.disabled.map(|(reason, _)| reason.as_str().to_owned()),
            disabled_at: webhook.disabled.map(|(_, at)| at.as_millis()),
            created_at: webhook.created_at.as_millis(),
            updated_at: webhook.updated_at.as_millis(),
            version: webhook.version,
        }
    }
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self> {
        let at = RowRef { table: "webhooks", id: &row.id };
        let events: Vec<String> = at.ok(serde_json::from_str(&row.events))?;
        let until = at.maybe_time(row.previous_until)?;
        let disabled = match (row.disabled_reason, at.maybe_time(row.disabled_at)?) {
            (Some(reason), Some(when)) => Some((at.some(DisabledReason::parse(&reason))?, when)),
            _ => None,
        };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            settings: WebhookSettings {
                url: row.url,
                events: at.ok(Subscriptions::parse("events", &events))?,
                active: row.active,
                description: row.description,
            },
            created_by: at.ok(row.created_by.parse())?,
            secret: SealedSecret(row.secret),
            previous: row.previous_secret.map(SealedSecret).zip(until),
            disabled,
            created_at: at.time(row.created_at)?,
            updated_at: at.time(row.updated_at)?,
            version: row.version,
        })
    }
}

fn read(rows: Vec<WebhookRow>) -> Result<Vec<Webhook>> {
    rows.into_iter().map(TryInto::try_into).collect()
}

impl Webhooks for SqlTx<'_> {
    fn insert(&mut self, webhook: &Webhook) -> Result<()> {
        self.query(|c| diesel::insert_into(table::table).values(WebhookRow::from(webhook)).execute(c))?;
        let queue = (
            webhook_queues::webhook_id.eq(webhook.id.to_string()),
            webhook_queues::paused_until.eq(0_i64),
            webhook_queues::timeouts.eq(0_i64),
            webhook_queues::failures.eq(0_i64),
        );
        self.query(|c| diesel::insert_into(webhook_queues::table).values(queue).execute(c))?;
        Ok(())
    }

    fn find(&mut self, organization: OrganizationId, id: WebhookId) -> Result<Option<Webhook>> {
        Ok(self.find_any(id)?.filter(|w| w.organization_id == organization))
    }

    fn find_any(&mut self, id: WebhookId) -> Result<Option<Webhook>> {
        let query = table::table.find(id.to_string()).select(WebhookRow::as_select());
        let found = self.query(|c| query.get_result::<WebhookRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, organization: OrganizationId, before: Option<WebhookId>, limit: i64) -> Result<Vec<Webhook>> {
        let mut query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .order(table::id.desc())
            .limit(limit.max(0))
            .select(WebhookRow::as_select())
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        read(self.query(|c| query.load::<WebhookRow>(c))?)
    }

    fn list_active(&mut self, organization: OrganizationId) -> Result<Vec<Webhook>> {
        let query = table::table
            .filter(table::organization_id.eq(organization.to_string()).and(table::active.eq(true)))
            .order(table::id)
            .select(WebhookRow::as_select());
        read(self.query(|c| query.load::<WebhookRow>(c))?)
    }

    fn list_of_maker(&mut self, organization: OrganizationId, maker: Actor) -> Result<Vec<Webhook>> {
        let query = table::table
            .filter(table::organization_id.eq(organization.to_string()).and(table::created_by.eq(maker.to_string())))
            .order(table::id.desc())
            .select(WebhookRow::as_select());
        read(self.query(|c| query.load::<WebhookRow>(c))?)
    }

    fn count(&mut self, organization: OrganizationId) -> Result<i64> {
        let own = table::table.filter(table::organization_id.eq(organization.to_string()));
        self.query(|c| own.count().get_result(c))
    }

    fn update(&mut self, webhook: &Webhook) -> Result<()> {
        let row = WebhookRow::from(webhook);
        let read = table::id.eq(row.id.clone()).and(table::organization_id.eq(row.organization_id.clone()));
        let read = read.and(table::version.eq(webhook.version - 1));
        let rows = self.query(|c| diesel::update(table::table.filter(read)).set(row).execute(c))?;
        if rows == 1 { Ok(()) } else { Err(StoreError::Conflict("webhook")) }
    }

    fn delete(&mut self, organization: OrganizationId, id: WebhookId) -> Result<bool> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        Ok(self.query(|c| diesel::delete(table::table.filter(own)).execute(c))? == 1)
    }
}
