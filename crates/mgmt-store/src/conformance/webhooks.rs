use mgmt_core::{
    account::Actor,
    delivery::{Attempt, Delivery, DeliveryStatus, Health},
    event::{Event, EventType, Subscriptions},
    id::{DeliveryId, EventId, OrganizationId, UserId, WebhookId},
    key_text::KeyKind,
    quota::{Period, Quota},
    time::Timestamp,
    webhook::{DisabledReason, SealedSecret, Webhook, WebhookSettings},
};
use serde_json::json;

use super::bench::{Bench, NOW, after, object, race, read, write};
use crate::{
    error::StoreError,
    store::{EventFilter, Lease, Queue, Store},
};

fn new_webhook(bench: &mut Bench, organization_id: OrganizationId, minute: i64) -> Webhook {
    Webhook {
        id: WebhookId::new(after(minute), &mut bench.rng),
        organization_id,
        settings: WebhookSettings {
            url: "https://example.com/hooks".to_owned(),
            events: Subscriptions::parse("events", &["api_key.*".to_owned(), "user.created".to_owned()]).unwrap(),
            active: true,
            description: None,
        },
        created_by: Actor::User(UserId::from_u128(7)),
        secret: SealedSecret(vec![1, 2, 3]),
        previous: None,
        disabled: None,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

fn webhook(store: &dyn Store, bench: &mut Bench) -> Webhook {
    let organization = bench.organization(store).id;
    let webhook = new_webhook(bench, organization, 0);
    write(store, |tx| tx.webhooks().insert(&webhook));
    webhook
}

fn new_event(bench: &mut Bench, organization_id: OrganizationId, event_type: EventType, minute: i64) -> Event {
    let id = EventId::new(after(minute), &mut bench.rng);
    Event::new(id, organization_id, event_type, after(minute), object(json!({"id": "key_1", "name": "Änna \u{0}"})))
}

fn new_delivery(bench: &mut Bench, webhook: &Webhook, due: Timestamp) -> Delivery {
    Delivery {
        id: DeliveryId::new(due, &mut bench.rng),
        organization_id: webhook.organization_id,
        webhook_id: webhook.id,
        event_id: EventId::new(due, &mut bench.rng),
        event_type: EventType::ApiKeyCreated,
        status: DeliveryStatus::Pending,
        tries: 0,
        attempts: Vec::new(),
        next_attempt_at: Some(due),
        created_at: due,
    }
}

fn lease(mark: &str, until: Timestamp) -> Lease {
    Lease { mark: mark.to_owned(), until }
}

/// An endpoint reads back as it was written and changed, in its organization only; an update of another version is refused.
pub fn webhooks_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let (made, other) = (webhook(store, &mut bench), bench.organization(store).id);
    let own = made.organization_id;
    let changed = Webhook {
        settings: WebhookSettings { active: false, description: Some("Ä".to_owned()), ..made.settings.clone() },
        previous: Some((SealedSecret(vec![0, 255]), after(9))),
        disabled: Some((DisabledReason::Gone, after(5))),
        version: 2,
        updated_at: after(5),
        ..made.clone()
    };
    assert_eq!(read(store, |tx| tx.webhooks().find(own, made.id)), Some(made.clone()));
    assert_eq!(read(store, |tx| tx.webhooks().list_active(own)), std::slice::from_ref(&made));
    write(store, |tx| tx.webhooks().update(&changed));
    let again = store.run("conformance.webhook", |tx| tx.webhooks().update(&changed));
    assert!(matches!(again, Err(StoreError::Conflict("webhook"))), "{again:?}");
    read(store, |tx| {
        assert_eq!(tx.webhooks().find(own, made.id)?, Some(changed.clone()));
        assert_eq!(tx.webhooks().find_any(made.id)?, Some(changed.clone()));
        assert_eq!(tx.webhooks().find(other, made.id)?, None);
        assert_eq!(tx.webhooks().list_active(own)?, []);
        assert_eq!(tx.webhooks().list_of_maker(own, made.created_by)?, std::slice::from_ref(&changed));
        assert_eq!(tx.webhooks().list_of_maker(own, Actor::System)?, []);
        assert_eq!((tx.webhooks().count(own)?, tx.webhooks().count(other)?), (1, 0));
        Ok(())
    });
    assert!(!write(store, |tx| tx.webhooks().delete(other, made.id)));
    assert!(write(store, |tx| tx.webhooks().delete(own, made.id)));
    assert!(!write(store, |tx| tx.webhooks().delete(own, made.id)));
    assert_eq!(read(store, |tx| tx.webhook_queues().find(made.id)), None);
}

/// Pages of endpoints hold each once, newest first.
pub fn webhooks_are_listed(store: &dyn Store) {
    let mut bench = Bench::new();
    let own = bench.organization(store).id;
    let mut ids: Vec<_> = (0..5)
        .map(|minute| {
            let webhook = new_webhook(&mut bench, own, minute);
            write(store, |tx| tx.webhooks().insert(&webhook));
            webhook.id
        })
        .collect();
    ids.reverse();
    let page = |before| -> Vec<_> { read(store, |tx| tx.webhooks().list(own, before, 2)).iter().map(|w| w.id).collect() };
    assert_eq!(page(None), ids[..2]);
    assert_eq!(page(Some(ids[1])), ids[2..4]);
    assert_eq!(page(Some(ids[3])), ids[4..]);
}

/// Events wait until they are dispatched, and stay in the log, by type and in pages; samples are in no list.
pub fn events_wait_and_are_listed(store: &dyn Store) {
    let mut bench = Bench::new();
    let endpoint = webhook(store, &mut bench);
    let own = endpoint.organization_id;
    let types = [EventType::ApiKeyCreated, EventType::ApiKeyRevoked, EventType::UserCreated];
    let events: Vec<Event> =
        types.into_iter().zip(0..).map(|(event_type, minute)| new_event(&mut bench, own, event_type, minute)).collect();
    let sample = new_event(&mut bench, own, EventType::ApiKeyCreated, 9);
    write(store, |tx| {
        for event in &events {
            tx.events().push(event, None)?;
        }
        tx.events().push(&sample, Some(endpoint.id))
    });
    let waiting = || -> Vec<_> { read(store, |tx| tx.events().waiting(10)).into_iter().map(|w| (w.event.id, w.only)).collect() };
    let mut expected: Vec<_> = events.iter().map(|e| (e.id, None)).collect();
    expected.push((sample.id, Some(endpoint.id)));
    assert_eq!(waiting(), expected);
    assert_eq!(read(store, |tx| tx.events().waiting(2)).len(), 2);
    write(store, |tx| tx.events().dispatched(&[events[0].id, events[2].id, sample.id]));
    assert_eq!(waiting(), [(events[1].id, None)]);
    write(store, |tx| tx.events().dispatched(&[]));

    let list = |types: &[EventType], before, limit| -> Vec<_> {
        let filter = EventFilter { types: types.to_vec() };
        read(store, |tx| tx.events().list(own, &filter, before, limit)).into_iter().map(|e| e.id).collect()
    };
    assert_eq!(list(&[], None, 10), [events[2].id, events[1].id, events[0].id]);
    assert_eq!(list(&[], Some(events[2].id), 1), [events[1].id]);
    assert_eq!(list(&types[..2], None, 10), [events[1].id, events[0].id]);
    let other = bench.organization(store).id;
    assert_eq!(read(store, |tx| tx.events().list(other, &EventFilter::default(), None, 10)), []);
    assert_eq!(read(store, |tx| tx.events().find(events[1].id)), Some(events[1].clone()));
    assert_eq!(read(store, |tx| tx.events().find(sample.id)), Some(sample.clone()));
    let find_all = |ids: &[EventId]| {
        let mut found = read(store, |tx| tx.events().find_all(ids));
        found.sort_unstable_by_key(|e| e.id);
        found
    };
    assert_eq!(find_all(&[sample.id, EventId::from_u128(1), events[1].id]), [events[1].clone(), sample.clone()]);
    assert_eq!(find_all(&[]), []);
    assert_eq!(write(store, |tx| tx.events().delete_before(after(2), 100)), 2);
    assert_eq!(read(store, |tx| tx.events().find(events[1].id)), None);
    assert_eq!(list(&[], None, 10), [events[2].id]);
}

/// An event of an organization without endpoints is in its list, and waits for nothing.
pub fn events_that_nobody_is_told_do_not_wait(store: &dyn Store) {
    let mut bench = Bench::new();
    let (alone, endpoint) = (bench.organization(store).id, webhook(store, &mut bench));
    let quiet = new_event(&mut bench, alone, EventType::ApiKeyCreated, 1);
    let told = new_event(&mut bench, endpoint.organization_id, EventType::ApiKeyCreated, 1);
    let stopped = Webhook {
        settings: WebhookSettings { active: false, ..endpoint.settings.clone() },
        version: 2,
        updated_at: after(5),
        ..endpoint.clone()
    };
    write(store, |tx| tx.webhooks().update(&stopped));
    write(store, |tx| tx.events().push(&quiet, None));
    write(store, |tx| tx.events().push(&told, None));
    let waiting: Vec<_> = read(store, |tx| tx.events().waiting(10)).into_iter().map(|w| w.event.id).collect();
    assert_eq!(waiting, [told.id]);
    let key = bench.new_key(endpoint.organization_id, KeyKind::Secret, NOW);
    let told = new_event(&mut bench, endpoint.organization_id, EventType::ApiKeyCreated, 2);
    assert!(write(store, |tx| tx.keys().issue(&key, None, Some(&told))).waits);
    assert_eq!(read(store, |tx| tx.events().list(alone, &EventFilter::default(), None, 10)), [quiet]);
}

/// A delivery is claimed when it is due, by one, and finished by whoever holds the lease.
pub fn deliveries_are_claimed_once(store: &dyn Store) {
    let mut bench = Bench::new();
    let endpoint = webhook(store, &mut bench);
    let made: Vec<Delivery> = (0..3).map(|at| new_delivery(&mut bench, &endpoint, after(at))).collect();
    write(store, |tx| tx.deliveries().insert(&made));
    let claim = |now, mark: &str, limit| {
        write(store, |tx| {
            tx.webhook_queues().lock()?;
            tx.deliveries().claim(endpoint.id, now, &lease(mark, after(100)), limit)
        })
    };
    let ids = |claimed: Vec<Delivery>| -> Vec<_> { claimed.into_iter().map(|d| d.id).collect() };
    assert_eq!(ids(claim(after(1), "a", 10)), [made[0].id, made[1].id]);
    assert_eq!(ids(claim(after(1), "b", 10)), [], "they are under a lease");
    assert_eq!(ids(claim(after(2), "b", 10)), [made[2].id]);
    let shown = read(store, |tx| tx.deliveries().find(endpoint.id, made[0].id)).unwrap();
    assert_eq!((shown.next_attempt_at, shown.status), (None, DeliveryStatus::Pending));

    let attempt = Attempt { at: NOW, status_code: Some(500), duration_ms: 7, error: Some("x".to_owned()), response: None };
    let failed = Delivery {
        status: DeliveryStatus::Failed,
        tries: 1,
        attempts: vec![attempt],
        next_attempt_at: Some(after(50)),
        ..made[0].clone()
    };
    let finish = |all: &[Delivery], mark| {
        let mut written = write(store, |tx| tx.deliveries().finish(all, mark));
        written.sort_unstable();
        written
    };
    assert_eq!(finish(&[], "a"), []);
    assert_eq!(finish(std::slice::from_ref(&failed), "b"), [], "somebody else's lease");
    assert_eq!(finish(&[made[2].clone(), failed.clone()], "a"), [failed.id], "of two, the one under the lease");
    assert_eq!(finish(std::slice::from_ref(&failed), "a"), [], "the lease has ended");
    assert_eq!(read(store, |tx| tx.deliveries().find(endpoint.id, made[0].id)), Some(failed));
    // After the end of a lease others take over, and who held it is too late.
    assert_eq!(ids(claim(after(100), "c", 10)).len(), 3);
    let ended = Delivery { status: DeliveryStatus::Succeeded, tries: 1, next_attempt_at: None, ..made[1].clone() };
    let dead = Delivery { status: DeliveryStatus::Dead, tries: 2, next_attempt_at: None, ..made[2].clone() };
    let both = [dead.clone(), ended.clone()];
    assert_eq!(finish(&both, "a"), []);
    assert_eq!(finish(&both, "c"), [ended.id, dead.id]);
    assert_eq!(read(store, |tx| tx.deliveries().find(endpoint.id, ended.id)), Some(ended));
    assert_eq!(read(store, |tx| tx.deliveries().find(endpoint.id, dead.id)), Some(dead));
}

/// Of many who claim at once, each gets other deliveries.
pub fn deliveries_are_claimed_apart_under_concurrency(store: &dyn Store) {
    let mut bench = Bench::new();
    let endpoint = webhook(store, &mut bench);
    let made: Vec<Delivery> = (0..1200).map(|_| new_delivery(&mut bench, &endpoint, NOW)).collect();
    write(store, |tx| tx.deliveries().insert(&made));
    let claimed = race(6, |i| {
        let mut mine = Vec::new();
        loop {
            let some = write(store, |tx| {
                tx.webhook_queues().lock()?;
                tx.deliveries().claim(endpoint.id, NOW, &lease(&format!("node {i}"), after(1000)), 50)
            });
            if some.is_empty() {
                return mine;
            }
            mine.extend(some.into_iter().map(|d| d.id));
        }
    });
    let mut all: Vec<DeliveryId> = claimed.into_iter().flatten().collect();
    assert_eq!(all.len(), made.len());
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), made.len(), "one was claimed twice");
}

/// Queues say which endpoints have something due, those that wait longest first.
pub fn queues_tell_what_is_due(store: &dyn Store) {
    let mut bench = Bench::new();
    let (a, b) = (webhook(store, &mut bench), webhook(store, &mut bench));
    let due = |now, except: &[WebhookId]| -> Vec<WebhookId> {
        let all = read(store, |tx| tx.webhook_queues().due(now, except, 100));
        all.into_iter().filter(|id| [a.id, b.id].contains(id)).collect()
    };
    assert_eq!(due(after(100), &[]), []);
    write(store, |tx| {
        tx.webhook_queues().note_due(a.id, after(5))?;
        tx.webhook_queues().note_due(a.id, after(9))?;
        tx.webhook_queues().note_due(b.id, after(3))
    });
    assert_eq!(due(after(4), &[]), [b.id]);
    assert_eq!(due(after(5), &[]), [b.id, a.id]);
    assert_eq!(due(after(5), &[b.id]), [a.id]);
    let health = Health { failing_since: Some(after(1)), failures: 4 };
    let queue = Queue { webhook_id: a.id, paused_until: after(7), timeouts: 2, health };
    write(store, |tx| tx.webhook_queues().update(&queue));
    assert_eq!(read(store, |tx| tx.webhook_queues().find(a.id)), Some(queue));
    assert_eq!(due(after(6), &[]), [b.id]);
    assert_eq!(due(after(7), &[]), [b.id, a.id]);
    // Nothing of it is there: the queue finds that out.
    write(store, |tx| tx.webhook_queues().settle(b.id));
    assert_eq!(due(after(7), &[]), [a.id]);
    let waiting = new_delivery(&mut bench, &b, after(40));
    write(store, |tx| {
        tx.deliveries().insert(std::slice::from_ref(&waiting))?;
        tx.webhook_queues().settle(b.id)
    });
    assert_eq!(due(after(39), &[]), [a.id]);
    assert_eq!(due(after(40), &[]), [a.id, b.id]);
}

/// Deliveries are listed by status and in pages, given up together, and begun anew.
pub fn deliveries_are_stopped_and_repeated(store: &dyn Store) {
    let mut bench = Bench::new();
    let endpoint = webhook(store, &mut bench);
    let mut made: Vec<Delivery> = (0..4).map(|at| new_delivery(&mut bench, &endpoint, after(at))).collect();
    made[3].status = DeliveryStatus::Succeeded;
    made[3].next_attempt_at = None;
    write(store, |tx| tx.deliveries().insert(&made));
    let list = |status, before, limit| -> Vec<_> {
        let all = read(store, |tx| tx.deliveries().list(endpoint.id, status, before, limit));
        all.into_iter().map(|d| d.id).collect()
    };
    assert_eq!(list(None, None, 10), [made[3].id, made[2].id, made[1].id, made[0].id]);
    assert_eq!(list(None, Some(made[3].id), 1), [made[2].id]);
    assert_eq!(list(Some(DeliveryStatus::Succeeded), None, 10), [made[3].id]);

    // What is being tried is not stopped and not begun anew.
    write(store, |tx| tx.deliveries().claim(endpoint.id, NOW, &lease("a", after(100)), 1));
    assert!(!write(store, |tx| tx.deliveries().repeat(endpoint.id, made[0].id, after(9))));
    assert_eq!(write(store, |tx| tx.deliveries().stop(endpoint.id)), 2);
    assert_eq!(list(Some(DeliveryStatus::Dead), None, 10), [made[2].id, made[1].id]);
    assert_eq!(write(store, |tx| tx.deliveries().repeat_since(endpoint.id, after(2), after(9), 10)), 1);
    let again = read(store, |tx| tx.deliveries().find(endpoint.id, made[2].id)).unwrap();
    assert_eq!((again.status, again.next_attempt_at, again.tries), (DeliveryStatus::Pending, Some(after(9)), 0));
    assert!(write(store, |tx| tx.deliveries().repeat(endpoint.id, made[3].id, after(9))));
    assert!(!write(store, |tx| tx.deliveries().repeat(WebhookId::from_u128(1), made[3].id, after(9))));
    assert_eq!(write(store, |tx| tx.deliveries().release_all(after(10))), 1);
    let free = read(store, |tx| tx.deliveries().find(endpoint.id, made[0].id)).unwrap();
    assert_eq!(free.next_attempt_at, Some(after(10)));
    assert_eq!(write(store, |tx| tx.deliveries().delete_before(after(2), 100)), 2);
    assert_eq!(list(None, None, 10), [made[3].id, made[2].id]);
}

/// A quota leaves a mark at 80 and at 100 percent, once for each period and limit, and each is announced once.
pub fn quota_marks_are_left_once(store: &dyn Store) {
    let subject = KeyKind::Secret.as_str();
    let quota = |limit| Quota { limit, period: Period::Day };
    let day = |number: i64| Period::Day.start(NOW.plus_secs(number * 86_400));
    let take = |limit, start, cost| write(store, |tx| tx.quotas().take(subject, &quota(limit), start, cost));
    let marks = || -> Vec<_> {
        let all = read(store, |tx| tx.quotas().marks(10));
        all.into_iter().map(|m| (m.percent, m.quota.limit, m.used, m.period_start)).collect()
    };
    take(10, day(0), 7);
    assert_eq!(marks(), []);
    take(10, day(0), 2);
    write(store, |tx| tx.quotas().give_back(subject, day(0), 2));
    take(10, day(0), 2);
    assert_eq!(marks(), [(80, 10, 9, day(0))]);
    take(10, day(0), 1);
    assert_eq!(marks().len(), 2);
    let mark = read(store, |tx| tx.quotas().marks(1)).remove(0);
    assert!(write(store, |tx| tx.quotas().announce(&mark)));
    assert!(!write(store, |tx| tx.quotas().announce(&mark)));
    assert_eq!(marks(), [(100, 10, 10, day(0))]);
    take(20, day(0), 6);
    take(10, day(1), 8);
    assert_eq!(marks().iter().filter(|m| m.0 == 80).count(), 2, "another limit and another day");
    assert_eq!(write(store, |tx| tx.quotas().delete_marks(day(1))), 1, "announced ones only");
}

/// Keys that end soon are found until they had their notice; another end is another notice.
pub fn expiring_keys_have_one_notice(store: &dyn Store) {
    const DAY: i64 = 86_400;
    let mut bench = Bench::new();
    let own = bench.organization(store).id;
    let mut make = |days: i64| {
        let mut key = bench.new_key(own, KeyKind::Secret, NOW);
        key.settings.expires_at = Some(NOW.plus_secs(days * DAY));
        write(store, |tx| tx.keys().insert(&key));
        key
    };
    let (week, month, _short) = (make(7), make(30), make(1));
    let found = |now: Timestamp, days: i64| -> Vec<_> {
        let all = read(store, |tx| tx.keys().list_expiring(now, now.plus_secs(days * DAY), days, 100));
        all.into_iter().filter(|k| k.organization_id == own).map(|k| k.id).collect()
    };
    assert_eq!(found(NOW, 1), [], "a key of a day has no notice");
    assert_eq!(found(NOW, 7), [week.id]);
    write(store, |tx| tx.keys().note_expiry(&week, 7));
    assert_eq!((found(NOW, 7), found(NOW, 14)), (vec![], vec![]));
    let last_day = NOW.plus_secs(6 * DAY);
    assert_eq!(found(last_day, 1), [week.id], "the next mark");
    write(store, |tx| tx.keys().note_expiry(&week, 1));
    assert_eq!(found(last_day, 1), []);
    let longer = mgmt_core::key::KeySettings { expires_at: Some(NOW.plus_secs(9 * DAY)), ..week.settings.clone() };
    let longer = week.update(longer, after(1)).unwrap();
    write(store, |tx| tx.keys().update(&longer));
    assert_eq!(found(NOW, 14), [longer.id]);
    assert_eq!(found(NOW.plus_secs(9 * DAY), 14), [], "it has ended");
    let month_end = NOW.plus_secs(20 * DAY);
    assert_eq!(found(month_end, 14), [month.id]);
    write(store, |tx| tx.keys().update(&month.clone().revoke(None, after(2))));
    assert_eq!(found(month_end, 14), []);
}
