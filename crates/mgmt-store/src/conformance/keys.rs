use mgmt_core::{
    account::Actor,
    event::{Event, EventType},
    id::{EventId, KeyId, OrganizationId, UserId},
    key::{ApiKey, KeySettings, KeyState, KeyStatus},
    key_text::KeyKind,
    network::{Networks, Warehouses},
    reveal::{Reveal, WrappedBucketKey},
};
use serde_json::Map;

use super::bench::{Bench, NOW, after, assert_same_key, race, read, write};
use crate::{
    error::StoreError,
    store::{Invalidation, Issued, KeyCondition, KeyFilter, Store},
};

/// One key in each state, and with every optional part there and missing.
fn variety(bench: &mut Bench, organization: OrganizationId) -> Vec<ApiKey> {
    let mut at = 0;
    let mut make = |bench: &mut Bench| {
        at += 1;
        bench.new_key(organization, if at % 3 == 0 { KeyKind::Management } else { KeyKind::Secret }, after(at))
    };
    let mut bare = make(bench);
    bare.settings = KeySettings {
        rate_limit: None,
        quota: None,
        ip_allowlist: Networks::default(),
        warehouse_ids: Warehouses::default(),
        metadata: Map::new(),
        ..bare.settings
    };
    bare.created_by = Actor::User(UserId::new(NOW, &mut bench.rng));
    bare.last_used_at = Some(after(77));
    let mut expiring = make(bench);
    expiring.settings.expires_at = Some(after(5_000));
    let mut expiring_paused = make(bench);
    expiring_paused.settings.expires_at = Some(after(5_000));
    let active = make(bench);
    let suspended = make(bench).suspend(after(20)).unwrap();
    let revoked = make(bench).revoke(Some("lost, \"ü\"".to_owned()), after(30));
    let silent = make(bench).revoke(None, after(30));
    let key = make(bench);
    let rotated = bench.rotate(key, 0, after(40));
    let key = make(bench);
    let overlapping = bench.rotate(key, 10, after(40));
    let key = make(bench);
    let paused = bench.rotate(key, 10, after(40));
    vec![
        bare,
        expiring,
        expiring_paused.suspend(after(21)).unwrap(),
        active,
        suspended,
        revoked,
        silent,
        rotated.old,
        rotated.new,
        overlapping.old,
        overlapping.new,
        paused.old.suspend(after(41)).unwrap(),
        paused.new,
    ]
}

fn insert(store: &dyn Store, keys: &[ApiKey]) {
    write(store, |tx| keys.iter().try_for_each(|key| tx.keys().insert(key)));
}

/// Keys of every state read back as they were written.
pub fn keys_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let keys = variety(&mut bench, organization);
    insert(store, &keys);
    for key in &keys {
        assert_same_key(&read(store, |tx| tx.keys().find(organization, key.id)).unwrap(), key);
        assert_same_key(&read(store, |tx| tx.keys().find_any(key.id)).unwrap(), key);
    }
    let result = store.run("conformance.key", |tx| tx.keys().insert(&keys[0]));
    assert!(matches!(result, Err(StoreError::Conflict("key"))), "{result:?}");
    assert!(read(store, |tx| tx.keys().find_any(KeyId::from_u128(1))).is_none());
}

/// A key is found, listed, changed and counted in its own organization only.
pub fn keys_belong_to_one_organization(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let key = bench.key(store, own);
    read(store, |tx| {
        assert!(tx.keys().find(own, key.id)?.is_some());
        assert!(tx.keys().find(other, key.id)?.is_none());
        assert!(tx.keys().list(other, KeyFilter::default(), NOW, None, 10)?.is_empty());
        assert_eq!(tx.keys().count_active(own, KeyKind::Secret, NOW)?, 1);
        assert_eq!(tx.keys().count_active(own, KeyKind::Management, NOW)?, 0);
        assert_eq!(tx.keys().count_active(other, KeyKind::Secret, NOW)?, 0);
        Ok(())
    });
    let stolen = ApiKey { organization_id: other, version: 2, ..key };
    assert!(matches!(store.run("conformance.key", |tx| tx.keys().update(&stolen)), Err(StoreError::Conflict("key"))));
    let orphan = bench.new_key(OrganizationId::from_u128(1), KeyKind::Secret, NOW);
    assert!(matches!(store.run("conformance.key", |tx| tx.keys().insert(&orphan)), Err(StoreError::Conflict("reference"))));
}

/// A key, the record of its window and its event are stored together or not at all; without the key of its bucket it is tried again.
pub fn keys_are_issued_with_all_their_rows(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let rows = |bench: &mut Bench, bucket| {
        let key = bench.new_key(organization, KeyKind::Secret, NOW);
        let reveal = Reveal {
            key_id: key.id,
            organization_id: organization,
            creator: Actor::System,
            bucket,
            ciphertext: vec![0, 255],
            expires_at: after(900),
            reads_left: 3,
        };
        let id = EventId::new(NOW, &mut bench.rng);
        (key, reveal, Event::new(id, organization, EventType::ApiKeyCreated, NOW, serde_json::Map::new()))
    };
    let (key, reveal, event) = rows(&mut bench, 7);
    let bucket_key = WrappedBucketKey { bucket: 7, wrapped: vec![1], expires_at: after(900) };
    let mut runs = 0;
    let issued = write(store, |tx| {
        runs += 1;
        if runs == 2 {
            tx.reveals().insert_bucket_key(&bucket_key)?;
        }
        tx.keys().issue(&key, Some(&reveal), Some(&event))
    });
    let head = read(store, |tx| tx.invalidations().head());
    assert_eq!((runs, issued), (2, Issued { seq: head, waits: false }));
    let seq = write(store, |tx| tx.invalidations().append(Invalidation::Key(key.id), NOW));
    for part in [1, 2, 3] {
        let (fresh, window, news) = rows(&mut bench, 7);
        let again = (
            if part == 1 { &key } else { &fresh },
            if part == 2 { &reveal } else { &window },
            if part == 3 { &event } else { &news },
        );
        let result = store.run("conformance.issue", |tx| tx.keys().issue(again.0, Some(again.1), Some(again.2)));
        assert!(matches!(result, Err(StoreError::Conflict(_))), "{part} {result:?}");
        assert!(part == 1 || read(store, |tx| tx.keys().find_any(fresh.id)).is_none());
        assert!(part == 2 || read(store, |tx| tx.reveals().find(fresh.id)).is_none());
        assert!(part == 3 || read(store, |tx| tx.events().find(news.id)).is_none());
    }
    let bare = rows(&mut bench, 8).0;
    assert_eq!(write(store, |tx| tx.keys().issue(&bare, None, None)), Issued { seq, waits: false });
    read(store, |tx| {
        for key in [&key, &bare] {
            assert_same_key(&tx.keys().find_any(key.id)?.unwrap(), key);
        }
        assert_eq!(tx.reveals().find(key.id)?, Some(reveal.clone()));
        assert_eq!(tx.reveals().find(bare.id)?, None);
        assert_eq!(tx.events().find(event.id)?, Some(event.clone()));
        Ok(())
    });
}

/// Whoever races, no more keys are issued than were counted.
pub fn keys_are_issued_within_their_limit(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let keys: Vec<_> = (0..24).map(|_| bench.new_key(organization, KeyKind::Secret, NOW)).collect();
    let results = race(24, |i| {
        store.run("conformance.limit", |tx| {
            let room = tx.keys().lock_and_count(organization, KeyKind::Secret, NOW)?.unwrap() < 5;
            if room {
                tx.keys().issue(&keys[i], None, None)?;
            }
            Ok::<_, StoreError>(room)
        })
    });
    assert_eq!(results.into_iter().map(Result::unwrap).filter(|&made| made).count(), 5);
    assert_eq!(write(store, |tx| tx.keys().lock_and_count(organization, KeyKind::Secret, NOW)), Some(5));
    assert_eq!(write(store, |tx| tx.keys().lock_and_count(organization, KeyKind::Management, NOW)), Some(0));
    assert_eq!(write(store, |tx| tx.keys().lock_and_count(OrganizationId::from_u128(1), KeyKind::Secret, NOW)), None);
}

/// Pages of keys hold each once, newest first, and keep to the filter.
pub fn keys_are_listed_in_pages(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let mut keys = variety(&mut bench, organization);
    insert(store, &keys);
    keys.sort_by_key(|k| std::cmp::Reverse(k.id));
    for kind in [None, Some(KeyKind::Secret), Some(KeyKind::Management)] {
        let filter = KeyFilter { kind, condition: KeyCondition::All };
        let wanted: Vec<_> = keys.iter().filter(|k| kind.is_none_or(|kind| k.kind == kind)).map(|k| k.id).collect();
        let mut seen = Vec::new();
        loop {
            let page = read(store, |tx| tx.keys().list(organization, filter, NOW, seen.last().copied(), 4));
            seen.extend(page.iter().map(|k| k.id));
            if page.len() < 4 {
                break;
            }
        }
        assert_eq!(seen, wanted, "{kind:?}");
    }
}

/// Those that work of all organizations come in pages too, each once, newest first.
pub fn active_keys_of_all_are_listed(store: &dyn Store) {
    let mut bench = Bench::new();
    let mut keys = Vec::new();
    for _ in 0..3 {
        let organization = bench.organization(store).id;
        keys.extend(variety(&mut bench, organization));
    }
    insert(store, &keys);
    keys.sort_by_key(|k| std::cmp::Reverse(k.id));
    for now in [45, 5_000, 10_040].map(after) {
        let wanted: Vec<_> =
            keys.iter().filter(|k| matches!(k.status(now), KeyStatus::Active | KeyStatus::Suspended)).cloned().collect();
        let (mut seen, mut before, mut pages): (Vec<ApiKey>, _, _) = (Vec::new(), None, 0);
        loop {
            let from = read(store, |tx| tx.keys().page_start(before, 4));
            seen.extend(read(store, |tx| tx.keys().list_active(now, from, before)));
            pages += 1;
            if from.is_none() {
                break;
            }
            before = from;
        }
        assert_eq!(pages, keys.len() / 4 + 1);
        assert_eq!(seen.len(), wanted.len(), "{now}");
        seen.iter().zip(&wanted).for_each(|(seen, wanted)| assert_same_key(seen, wanted));
    }
}

/// What is listed as active or revoked, and what is counted, is what the rules say of each key at each moment.
pub fn key_conditions_are_those_of_the_rules(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let keys = variety(&mut bench, organization);
    insert(store, &keys);
    // Before, at and after the expiry (5,000) and the retirement (10,040).
    for now in [45, 4_999, 5_000, 10_039, 10_040, 20_000].map(after) {
        let listed = |condition| -> Vec<_> {
            let filter = KeyFilter { kind: None, condition };
            let mut ids: Vec<_> =
                read(store, |tx| tx.keys().list(organization, filter, now, None, 100)).iter().map(|k| k.id).collect();
            ids.sort_unstable();
            ids
        };
        let ruled = |holds: &dyn Fn(&ApiKey) -> bool| -> Vec<_> {
            let mut ids: Vec<_> = keys.iter().filter(|k| holds(k)).map(|k| k.id).collect();
            ids.sort_unstable();
            ids
        };
        let live = |k: &ApiKey| matches!(k.status(now), KeyStatus::Active | KeyStatus::Suspended);
        assert_eq!(listed(KeyCondition::Active), ruled(&live), "{now}");
        assert_eq!(listed(KeyCondition::Revoked), ruled(&|k| k.status(now) == KeyStatus::Revoked), "{now}");
        for kind in [KeyKind::Secret, KeyKind::Management] {
            let counted = read(store, |tx| tx.keys().count_active(organization, kind, now));
            assert_eq!(write(store, |tx| tx.keys().lock_and_count(organization, kind, now)), Some(counted));
            assert_eq!(counted, keys.iter().filter(|k| k.kind == kind && k.counts(now)).count() as i64, "{now} {kind:?}");
        }
    }
}

/// An update of what somebody else changed meanwhile is refused; one that goes through replaces settings and state whole.
pub fn key_updates_are_guarded(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let key = bench.key(store, organization);
    let revoked = |i: usize| key.clone().revoke(Some(format!("r{i}")), after(1));
    let results = race(8, |i| store.run("conformance.update", |tx| tx.keys().update(&revoked(i))));
    let winners: Vec<_> = (0..8).filter(|&i| results[i].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict("key")))), "{results:?}");
    assert_same_key(&read(store, |tx| tx.keys().find_any(key.id)).unwrap(), &revoked(winners[0]));

    let second = bench.key(store, organization);
    write(store, |tx| tx.keys().touch(&[(second.id, after(3))]));
    let paused = second.suspend(after(2)).unwrap();
    write(store, |tx| tx.keys().update(&paused));
    let bare = KeySettings { rate_limit: None, quota: None, expires_at: Some(after(99)), ..paused.settings.clone() };
    let changed = paused.resume(after(4)).unwrap().update(bare, after(5)).unwrap();
    // Two transitions, two versions: what is stored follows one by one.
    write(store, |tx| tx.keys().update(&ApiKey { version: 3, ..changed.clone() }));
    let found = read(store, |tx| tx.keys().find_any(changed.id)).unwrap();
    assert_eq!(found.state, KeyState::Active { retirement: None });
    assert_same_key(&found, &ApiKey { version: 3, last_used_at: Some(after(3)), ..changed });
}

/// The last use is the latest that was told, in whatever order, and no change of the key's version.
pub fn last_use_only_moves_forward(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let (a, b) = (bench.key(store, organization), bench.key(store, organization));
    write(store, |tx| tx.keys().touch(&[(b.id, after(5)), (a.id, after(9)), (KeyId::from_u128(1), NOW)]));
    write(store, |tx| tx.keys().touch(&[(a.id, after(7)), (b.id, after(8))]));
    write(store, |tx| tx.keys().touch(&[]));
    let found = |id| read(store, |tx| tx.keys().find_any(id)).map(|k| (k.last_used_at, k.version)).unwrap();
    assert_eq!(found(a.id), (Some(after(9)), 1));
    assert_eq!(found(b.id), (Some(after(8)), 1));
    race(4, |i| {
        let mut used = [(a.id, after(100 + i as i64)), (b.id, after(100 + i as i64))];
        used.rotate_left(i % 2);
        write(store, |tx| tx.keys().touch(&used));
    });
    assert_eq!((found(a.id).0, found(b.id).0), (Some(after(103)), Some(after(103))));
}
