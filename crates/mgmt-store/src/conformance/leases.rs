use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use mgmt_core::{id::KeyId, lease::reached};

use super::bench::{Done, NOW, race, read, write};
use crate::store::{Invalidation, Store};

const TTL: Duration = Duration::from_secs(60);

fn append(store: &dyn Store) -> i64 {
    write(store, |tx| tx.invalidations().append(Invalidation::Key(KeyId::from_u128(1)), NOW))
}

/// A lease is granted to a node that has applied everything, and to no other; its end moves on with the database's clock.
pub fn node_leases_are_granted_to_those_who_follow(store: &dyn Store) {
    let head = append(store);
    assert!(!write(store, |tx| tx.node_leases().renew("a", TTL, head - 1)));
    assert_eq!(read(store, |tx| tx.node_leases().list()).0, []);
    assert!(write(store, |tx| tx.node_leases().renew("a", TTL, head)));
    let (rows, now) = read(store, |tx| tx.node_leases().list());
    let first = &rows[0];
    assert_eq!((first.node.as_str(), first.applied), ("a", head));
    assert!(first.until > now && first.until <= now + 60_000, "{first:?} at {now}");
    thread::sleep(Duration::from_millis(20));
    assert!(write(store, |tx| tx.node_leases().renew("a", TTL, head)));
    let (again, _) = read(store, |tx| tx.node_leases().list());
    assert!(again[0].until > first.until);
    // A shorter one does not shorten it: the node may still answer by the longer one.
    assert!(write(store, |tx| tx.node_leases().renew("a", Duration::from_millis(1), head)));
    assert_eq!(read(store, |tx| tx.node_leases().list()).0, again);
    assert_eq!(write(store, |tx| tx.node_leases().delete_ended()), 0);
}

/// An acknowledgement moves the number forward and never the end; a lease that was released, or has run out, holds nobody up.
pub fn node_leases_are_acknowledged_and_released(store: &dyn Store) {
    let head = append(store);
    for node in ["a", "b"] {
        assert!(write(store, |tx| tx.node_leases().renew(node, TTL, head)));
    }
    let (before, _) = read(store, |tx| tx.node_leases().list());
    let next = append(store);
    let look = |own: &str| read(store, |tx| tx.node_leases().list().map(|(rows, now)| reached(&rows, own, now)));
    write(store, |tx| tx.node_leases().acknowledge("a", next));
    write(store, |tx| tx.node_leases().acknowledge("a", head));
    write(store, |tx| tx.node_leases().acknowledge("nobody", next));
    let (after, _) = read(store, |tx| tx.node_leases().list());
    assert_eq!(
        after.iter().map(|h| (h.until, h.applied)).collect::<Vec<_>>(),
        [(before[0].until, next), (before[1].until, head)]
    );
    assert_eq!((look("a"), look("b"), look("")), (head, next, head));
    write(store, |tx| tx.node_leases().release("b"));
    assert_eq!((look(""), look("a")), (next, i64::MAX));
    assert!(write(store, |tx| tx.node_leases().renew("c", Duration::from_millis(10), next)));
    let last = append(store);
    thread::sleep(Duration::from_millis(30));
    write(store, |tx| tx.node_leases().acknowledge("a", last));
    assert_eq!(look(""), last, "the lease of `c` has run out");
}

/// While changes are written, a lease that was granted is known to whoever commits a change that its node has not applied.
pub fn node_leases_stand_apart_from_changes(store: &dyn Store) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let node = scope.spawn(|| {
            let (mut applied, mut granted) = (0, 0);
            while !done.load(Ordering::SeqCst) || granted == 0 {
                // A node that comes and goes: each of its leases is a first one.
                write(store, |tx| tx.node_leases().release("n"));
                let renewed = write(store, |tx| {
                    applied = tx.invalidations().head()?;
                    if tx.node_leases().renew("n", TTL, applied)? {
                        return Ok(true);
                    }
                    // Nothing more comes now.
                    applied = tx.invalidations().head()?;
                    tx.node_leases().renew("n", TTL, applied)
                });
                assert!(renewed, "all changes were applied");
                granted += 1;
            }
        });
        let writers = Done(&done);
        race(3, |_| {
            for _ in 0..20 {
                let seq = append(store);
                let (rows, _) = read(store, |tx| tx.node_leases().list());
                // Whoever is not listed here has a lease later, and has then applied the change.
                if rows.is_empty() {
                    let (later, _) = read(store, |tx| tx.node_leases().list());
                    assert!(later.iter().all(|h| h.applied >= seq), "{later:?} after {seq}");
                }
            }
        });
        drop(writers);
        node.join().unwrap();
    });
}
