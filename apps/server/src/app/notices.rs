//! What time and use bring about, and webhooks are to tell: keys that end soon, quotas that are nearly used up. And the end of what
//! was told long ago.

use mgmt_core::{
    event::EventType,
    id::{KeyId, OrganizationId},
    key::ApiKey,
    quota::QuotaStanding,
};
use mgmt_store::QuotaMark;
use serde_json::{Value, json};

use super::{App, Work};
use crate::{api::keys, error::ApiError};

/// Days before its end at which a key has a notice, the last one first.
const NOTICE_DAYS: [i64; 3] = [1, 7, 14];
const DAY_SECS: i64 = 24 * 3600;
/// Notices in one transaction; short, as other writers wait.
const MOST: i64 = 100;
/// Transactions in one round, so that a stop need not wait for a backlog: the next round goes on.
const NOTICE_ROUNDS: usize = 20;
/// Rows that are forgotten in one transaction, and transactions in one round.
const FORGET_MOST: i64 = 500;
const FORGET_ROUNDS: usize = 100;
/// Marks of quotas are kept longer than any period lasts, so that none is announced twice.
const KEEP_MARKS_SECS: i64 = 62 * DAY_SECS;
/// How long a chain of rotations is followed.
const MAX_ROTATIONS: usize = 1_000;

/// Announces keys that end in 14, 7 or 1 days, each once. A key that lives for a day or less has no notice.
///
/// # Errors
/// 503 when the database is away.
pub(super) fn expiring_keys(app: &App) -> Result<(), ApiError> {
    let mut rounds = 0..NOTICE_ROUNDS;
    for days in NOTICE_DAYS {
        let now = app.clock.now().wall;
        let until = now.plus_secs(days * DAY_SECS);
        if app.store.read("notices.look", |tx| tx.keys().list_expiring(now, until, days, 1))?.is_empty() {
            continue;
        }
        while rounds.next().is_some() {
            let announced = app.run_aside("notices.expiring", |work| {
                let due = work.tx.keys().list_expiring(now, until, days, MOST)?;
                for key in &due {
                    announce_end(work, key, days)?;
                }
                Ok(i64::try_from(due.len()).unwrap_or(MOST))
            })?;
            if announced < MOST {
                break;
            }
        }
    }
    Ok(())
}

fn announce_end(work: &mut Work<'_>, key: &ApiKey, days: i64) -> Result<(), ApiError> {
    work.tx.keys().note_expiry(key, days)?;
    let mut data = keys::view(work, key)?;
    data.insert("expires_in_days".to_owned(), Value::from(days));
    work.event(key.organization_id, EventType::ApiKeyExpiring, Value::Object(data))
}

/// Announces quotas of which 80 % or all are used, each once a period.
///
/// # Errors
/// 503 when the database is away.
pub(super) fn quotas(app: &App) -> Result<(), ApiError> {
    if app.store.read("notices.look", |tx| tx.quotas().marks(1))?.is_empty() {
        return Ok(());
    }
    app.run_aside("notices.quotas", |work| {
        for mark in work.tx.quotas().marks(MOST)? {
            if work.tx.quotas().announce(&mark)? {
                announce_mark(work, &mark)?;
            }
        }
        Ok(())
    })
}

fn announce_mark(work: &mut Work<'_>, mark: &QuotaMark) -> Result<(), ApiError> {
    let QuotaMark { quota, period_start, percent, used, .. } = mark;
    let standing = QuotaStanding {
        limit: quota.limit,
        used: *used,
        remaining: quota.limit.saturating_sub(*used),
        period: quota.period,
        resets_at: quota.period.end(*period_start),
    };
    let subject: Option<(OrganizationId, Option<ApiKey>)> = match (mark.subject.parse(), mark.subject.parse::<KeyId>()) {
        (Ok(organization), _) => Some((organization, None)),
        (_, Ok(lineage)) => newest(work, lineage)?.map(|key| (key.organization_id, Some(key))),
        _ => None,
    };
    let Some((organization, key)) = subject else { return Ok(()) };
    let id = key.as_ref().map_or_else(|| organization.to_string(), |key| key.id.to_string());
    let kind = if key.is_some() { "api_key" } else { "organization" };
    let data = json!({ "id": id, "object": kind, "percent": percent, "quota": standing });
    work.event(organization, EventType::QuotaThresholdReached, data)
}

/// The key that a lineage is at now.
fn newest(work: &mut Work<'_>, lineage: KeyId) -> Result<Option<ApiKey>, ApiError> {
    let mut found = work.tx.keys().find_any(lineage)?;
    for _ in 0..MAX_ROTATIONS {
        let next = found.as_ref().and_then(ApiKey::successor);
        let Some(next) = next else { break };
        let Some(key) = work.tx.keys().find_any(next)? else { break };
        found = Some(key);
    }
    Ok(found)
}

/// Forgets events, deliveries and marks that are older than they are kept.
///
/// # Errors
/// 503 when the database is away.
pub(super) fn forget(app: &App) -> Result<(), ApiError> {
    let now = app.clock.now().wall;
    let before = now.plus_secs(-app.config.webhooks.keep_days * DAY_SECS);
    for _ in 0..FORGET_ROUNDS {
        let gone = app.store.run("events.forget", |tx| {
            let gone = tx.deliveries().delete_before(before, FORGET_MOST)?
                + tx.events().delete_before(before, FORGET_MOST)?
                + tx.send_outs().delete_before(before, FORGET_MOST)?;
            Ok::<_, ApiError>(gone)
        })?;
        if gone == 0 {
            break;
        }
    }
    app.store.run("marks.forget", |tx| tx.quotas().delete_marks(now.plus_secs(-KEEP_MARKS_SECS)))?;
    Ok(())
}
