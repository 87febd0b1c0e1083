use mgmt_core::{
    id::{OrganizationId, SessionId},
    role::Role,
    secret::token_hash,
    session::{RefreshToken, Session},
};

use super::bench::{Bench, NOW, after, race, read, write};
use crate::store::Store;

fn session(bench: &mut Bench, store: &dyn Store, at: i64) -> Session {
    let organization = bench.organization(store).id;
    let user = bench.member(store, organization, Role::Member).id;
    let session = bench.new_session(user, organization, after(at));
    write(store, |tx| tx.sessions().insert(&session));
    session
}

/// A session reads back as it was written.
pub fn sessions_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let plain = session(&mut bench, store, 0);
    let full = Session {
        id: SessionId::new(NOW, &mut bench.rng),
        revoked_at: Some(after(9)),
        address: None,
        user_agent: Some("curl/8 \"ü\"".to_owned()),
        ..plain.clone()
    };
    write(store, |tx| tx.sessions().insert(&full));
    read(store, |tx| {
        assert_eq!(tx.sessions().find(plain.id)?, Some(plain.clone()));
        assert_eq!(tx.sessions().find(full.id)?, Some(full.clone()));
        assert_eq!(tx.sessions().find(SessionId::from_u128(1))?, None);
        Ok(())
    });
}

/// A refresh moves the last use and the organization; it and a revocation fail once the session was revoked.
pub fn sessions_are_refreshed_until_they_end(store: &dyn Store) {
    let mut bench = Bench::new();
    let made = session(&mut bench, store, 0);
    let other = bench.organization(store).id;
    assert!(write(store, |tx| tx.sessions().refresh(made.id, other, after(7))));
    let found = read(store, |tx| tx.sessions().find(made.id)).unwrap();
    assert_eq!(found, Session { organization_id: other, last_used_at: after(7), ..made.clone() });

    let ended = race(8, |i| write(store, |tx| tx.sessions().revoke(made.id, after(10 + i as i64))));
    assert_eq!(ended.iter().filter(|&&e| e).count(), 1);
    let first = ended.iter().position(|&e| e).unwrap() as i64;
    assert_eq!(read(store, |tx| tx.sessions().find(made.id)).unwrap().revoked_at, Some(after(10 + first)));
    assert!(!write(store, |tx| tx.sessions().refresh(made.id, other, after(30))));
    assert!(!write(store, |tx| tx.sessions().revoke(SessionId::from_u128(1), NOW)));
    assert!(!write(store, |tx| tx.sessions().refresh(SessionId::from_u128(1), OrganizationId::from_u128(1), NOW)));
}

/// A person's open sessions are listed newest first and end together, but for the one that is kept.
pub fn sessions_of_a_person_end_together(store: &dyn Store) {
    let mut bench = Bench::new();
    let first = session(&mut bench, store, 0);
    let stranger = session(&mut bench, store, 0);
    let mut sessions = vec![first.clone()];
    for at in [1, 2, 3] {
        let next = bench.new_session(first.user_id, first.organization_id, after(at));
        write(store, |tx| tx.sessions().insert(&next));
        sessions.push(next);
    }
    sessions.reverse();
    let open = |at| read(store, |tx| tx.sessions().list_open(first.user_id, after(at)));
    assert_eq!(open(10), sessions);
    // The first one has come to its absolute end by then.
    assert_eq!(open(3_600_000), sessions[..3]);

    write(store, |tx| tx.sessions().revoke(sessions[3].id, after(4)));
    let ended = write(store, |tx| tx.sessions().revoke_of_user(first.user_id, Some(sessions[1].id), after(5)));
    assert_eq!(ended, 2, "one had ended, one is kept");
    assert_eq!(open(10), sessions[1..2]);
    assert_eq!(read(store, |tx| tx.sessions().find(sessions[3].id)).unwrap().revoked_at, Some(after(4)));
    assert_eq!(write(store, |tx| tx.sessions().revoke_of_user(first.user_id, None, after(6))), 1);
    assert_eq!(open(10), []);
    assert_eq!(read(store, |tx| tx.sessions().find(stranger.id)), Some(stranger.clone()));
}

/// Sessions that ended long ago go, with their tokens; others stay.
pub fn ended_sessions_are_forgotten(store: &dyn Store) {
    let mut bench = Bench::new();
    let (old, revoked, live) = (session(&mut bench, store, 0), session(&mut bench, store, 9), session(&mut bench, store, 9));
    for (made, text) in [(&old, "old"), (&live, "live")] {
        let token = RefreshToken { hash: token_hash(text), session_id: made.id, issued_at: NOW, spent_at: None };
        write(store, |tx| tx.refresh_tokens().insert(&token));
    }
    write(store, |tx| tx.sessions().revoke(revoked.id, after(100)));
    assert_eq!(write(store, |tx| tx.sessions().delete_ended(after(100))), 0);
    assert_eq!(write(store, |tx| tx.sessions().delete_ended(after(3_600_001))), 2);
    read(store, |tx| {
        assert_eq!(tx.sessions().find(old.id)?, None);
        assert_eq!(tx.sessions().find(revoked.id)?, None);
        assert!(tx.sessions().find(live.id)?.is_some());
        assert!(tx.refresh_tokens().find(&token_hash("old"))?.is_none());
        assert!(tx.refresh_tokens().find(&token_hash("live"))?.is_some());
        Ok(())
    });
}

/// Of many who present one refresh token, one spends it.
pub fn refresh_tokens_are_spent_once(store: &dyn Store) {
    let mut bench = Bench::new();
    let session_id = session(&mut bench, store, 0).id;
    let hash = token_hash(&session_id.to_string());
    write(store, |tx| tx.refresh_tokens().insert(&RefreshToken { hash, session_id, issued_at: after(1), spent_at: None }));
    let found = read(store, |tx| tx.refresh_tokens().find(&hash)).unwrap();
    assert!(found.hash.matches(&hash));
    assert_eq!((found.session_id, found.issued_at, found.spent_at), (session_id, after(1), None));

    let spent = race(16, |i| write(store, |tx| tx.refresh_tokens().spend(&hash, after(10 + i as i64))));
    assert_eq!(spent.iter().filter(|&&s| s).count(), 1);
    let first = spent.iter().position(|&s| s).unwrap() as i64;
    assert_eq!(read(store, |tx| tx.refresh_tokens().find(&hash)).unwrap().spent_at, Some(after(10 + first)));
    assert!(!write(store, |tx| tx.refresh_tokens().spend(&token_hash("unknown"), NOW)));
    assert!(read(store, |tx| tx.refresh_tokens().find(&token_hash("unknown"))).is_none());
}
