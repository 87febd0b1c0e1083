use mgmt_core::{
    account::{Actor, Email},
    id::{InvitationId, OrganizationId, UserId},
    invitation::{Invitation, PasswordReset},
    key_text::KeyKind,
    role::Role,
    secret::token_hash,
};

use super::bench::{Bench, NOW, after, race, read, write};
use crate::{error::StoreError, store::Store};

fn new_invitation(bench: &mut Bench, organization_id: OrganizationId, minute: i64) -> Invitation {
    let id = InvitationId::new(after(minute), &mut bench.rng);
    Invitation {
        id,
        organization_id,
        email: Email::parse("email", &format!("{id}@example.com")).unwrap(),
        name: None,
        role: Role::Developer,
        invited_by: Actor::User(UserId::from_u128(7)),
        hash: token_hash(&id.to_string()),
        created_at: NOW,
        updated_at: NOW,
        expires_at: after(1000),
    }
}

/// An invitation reads back as it was written and changed, by id, by address and by its hash, and in its organization only.
pub fn invitations_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let invitation = new_invitation(&mut bench, own, 0);
    write(store, |tx| tx.invitations().insert(&invitation));
    let changed = Invitation {
        name: Some("Änna".to_owned()),
        role: Role::Viewer,
        hash: token_hash("another"),
        expires_at: after(5),
        ..invitation.clone()
    };
    assert!(write(store, |tx| tx.invitations().update(&changed)));
    read(store, |tx| {
        let found = tx.invitations().find(own, invitation.id)?.unwrap();
        assert_eq!(format!("{found:?}"), format!("{changed:?}"));
        assert!(found.hash.matches(&changed.hash));
        assert!(tx.invitations().find(other, invitation.id)?.is_none());
        assert!(tx.invitations().find_by_email(own, &invitation.email)?.is_some());
        assert!(tx.invitations().find_by_email(other, &invitation.email)?.is_none());
        assert!(tx.invitations().find_by_hash(&invitation.hash)?.is_none(), "the old text");
        assert!(tx.invitations().find_by_hash(&changed.hash)?.is_some());
        Ok(())
    });
    let again = Invitation { email: invitation.email.clone(), ..new_invitation(&mut bench, own, 1) };
    let result = store.run("conformance.invitation", |tx| tx.invitations().insert(&again));
    assert!(matches!(result, Err(StoreError::Conflict("invitation"))), "{result:?}");
    let elsewhere = Invitation { organization_id: other, ..again };
    write(store, |tx| tx.invitations().insert(&elsewhere));
}

/// Of several who use an invitation at once, one does.
pub fn invitations_are_used_once(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let invitation = new_invitation(&mut bench, own, 0);
    write(store, |tx| tx.invitations().insert(&invitation));
    assert!(!write(store, |tx| tx.invitations().delete(other, invitation.id)));
    let used = race(8, |_| write(store, |tx| tx.invitations().delete(own, invitation.id)));
    assert_eq!(used.iter().filter(|&&u| u).count(), 1);
    assert!(!write(store, |tx| tx.invitations().update(&invitation)));
}

/// Pages of invitations hold each once, newest first.
pub fn invitations_are_listed(store: &dyn Store) {
    let mut bench = Bench::new();
    let own = bench.organization(store).id;
    let mut made: Vec<_> = (0..5).map(|minute| new_invitation(&mut bench, own, minute)).collect();
    for invitation in &made {
        write(store, |tx| tx.invitations().insert(invitation));
    }
    made.reverse();
    let ids: Vec<_> = made.iter().map(|i| i.id).collect();
    let page = |before| -> Vec<_> { read(store, |tx| tx.invitations().list(own, before, 2)).iter().map(|i| i.id).collect() };
    assert_eq!(page(None), ids[..2]);
    assert_eq!(page(Some(ids[1])), ids[2..4]);
    assert_eq!(page(Some(ids[3])), ids[4..]);
}

/// A new link takes the place of the old one, also when several are asked for at once.
pub fn password_resets_replace_each_other(store: &dyn Store) {
    let mut bench = Bench::new();
    let user_id = bench.user(store).id;
    let reset = |text: &str| PasswordReset { user_id, hash: token_hash(text), created_at: NOW, expires_at: after(10) };
    write(store, |tx| tx.password_resets().replace(&reset("a")));
    race(6, |i| write(store, |tx| tx.password_resets().replace(&reset(&format!("b{i}")))));
    let stands = |text: &str| read(store, |tx| tx.password_resets().find_by_hash(&token_hash(text))).is_some();
    assert!(!stands("a"));
    assert_eq!((0..6).filter(|i| stands(&format!("b{i}"))).count(), 1);
    assert!(write(store, |tx| tx.password_resets().delete(user_id)));
    assert!(!write(store, |tx| tx.password_resets().delete(user_id)));
    write(store, |tx| tx.password_resets().replace(&reset("c")));
    assert_eq!(write(store, |tx| tx.password_resets().delete_expired(after(9))), 0);
    assert_eq!(write(store, |tx| tx.password_resets().delete_expired(after(10))), 1);
}

/// The keys that somebody made are found, less the revoked ones and those in other organizations.
pub fn keys_are_listed_by_maker(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let maker = Actor::User(UserId::from_u128(9));
    let mut make = |organization, at| {
        let mut key = bench.new_key(organization, KeyKind::Secret, after(at));
        key.created_by = maker;
        write(store, |tx| tx.keys().insert(&key));
        key
    };
    let (first, second, gone) = (make(own, 0), make(own, 1), make(own, 2));
    make(other, 3);
    write(store, |tx| tx.keys().update(&gone.clone().revoke(None, after(4))));
    let found = |actor| -> Vec<_> { read(store, |tx| tx.keys().list_of_maker(own, actor)).iter().map(|k| k.id).collect() };
    assert_eq!(found(maker), [second.id, first.id]);
    assert_eq!(found(Actor::System), []);
}
