use mgmt_core::{
    account::{Email, Membership, Organization, OrganizationState, Plan},
    id::{OrganizationId, UserId},
    key_text::KeyKind,
    quota::{Period, Quota},
    role::Role,
};
use serde_json::json;

use super::bench::{Bench, NOW, after, object, race, read, write};
use crate::{error::StoreError, store::Store};

/// An organization reads back as it was written, with and without optional parts.
pub fn organizations_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let plain = bench.organization(store);
    let full = Organization {
        name: "Ünïcode 日本 \u{1F600}".to_owned(),
        plan: Plan::Enterprise,
        state: OrganizationState::Suspended,
        address: Some(object(json!({"street": "1 'Quote\" Rd\\", "lines": ["a", null]}))),
        metadata: object(json!({"z": 1, "a": 2, "m": {"deep": [0.1, 1e-7]}})),
        quota: Some(Quota { limit: Quota::MAX_LIMIT, period: Period::Day }),
        ..bench.new_organization()
    };
    write(store, |tx| tx.organizations().insert(&full));
    read(store, |tx| {
        assert_eq!(tx.organizations().find(plain.id)?.unwrap(), plain);
        let found = tx.organizations().find(full.id)?.unwrap();
        assert_eq!(found, full);
        assert_eq!(found.metadata.keys().collect::<Vec<_>>(), ["z", "a", "m"], "order is kept");
        assert_eq!(tx.organizations().find(OrganizationId::from_u128(1))?, None);
        Ok(())
    });
}

/// A slug names one organization, also when many want it at once.
pub fn slugs_are_unique(store: &dyn Store) {
    let mut bench = Bench::new();
    let first = bench.organization(store);
    let second = bench.organization(store);
    let taken = Organization { slug: first.slug.clone(), ..bench.new_organization() };
    let result = store.run("conformance.slug", |tx| tx.organizations().insert(&taken));
    assert!(matches!(result, Err(StoreError::Conflict("slug"))), "{result:?}");
    let renamed = Organization { slug: first.slug.clone(), version: 2, ..second };
    let result = store.run("conformance.slug", |tx| tx.organizations().update(&renamed));
    assert!(matches!(result, Err(StoreError::Conflict("slug"))), "{result:?}");

    let wanted: Vec<_> = (0..16).map(|_| Organization { slug: "wanted".to_owned(), ..bench.new_organization() }).collect();
    let results = race(16, |i| store.run("conformance.slug", |tx| tx.organizations().insert(&wanted[i])));
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict("slug")))), "{results:?}");
}

/// There is at most one operator, also when many want to be it at once.
pub fn there_is_one_operator(store: &dyn Store) {
    let mut bench = Bench::new();
    bench.organization(store);
    assert_eq!(read(store, |tx| tx.organizations().find_operator()), None);
    let wanted: Vec<_> = (0..8).map(|_| Organization { is_operator: true, ..bench.new_organization() }).collect();
    let results = race(8, |i| store.run("conformance.operator", |tx| tx.organizations().insert(&wanted[i])));
    let winners: Vec<_> = (0..8).filter(|&i| results[i].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict("operator")))), "{results:?}");
    assert_eq!(read(store, |tx| tx.organizations().find_operator()).unwrap(), wanted[winners[0]]);
}

/// Pages of organizations hold each once, newest first.
pub fn organizations_are_listed_newest_first(store: &dyn Store) {
    let mut bench = Bench::new();
    let mut made: Vec<_> =
        (0..5).map(|i| Organization { id: OrganizationId::new(after(i), &mut bench.rng), ..bench.new_organization() }).collect();
    for organization in &made {
        write(store, |tx| tx.organizations().insert(organization));
    }
    made.reverse();
    let page = |before, limit| read(store, |tx| tx.organizations().list(before, limit));
    assert_eq!(page(None, 2), made[..2]);
    assert_eq!(page(Some(made[1].id), 2), made[2..4]);
    assert_eq!(page(Some(made[3].id), 2), made[4..]);
    assert_eq!(page(Some(made[4].id), 2), []);
    assert_eq!(page(None, 100), made);
    assert_eq!(page(None, 0), []);
    let several = |ids: &[OrganizationId]| {
        let mut found = read(store, |tx| tx.organizations().find_all(ids));
        found.sort_by_key(|organization| std::cmp::Reverse(organization.id));
        found
    };
    assert_eq!(several(&[made[3].id, bench.new_organization().id, made[0].id]), [made[0].clone(), made[3].clone()]);
    assert_eq!(several(&made.iter().map(|organization| organization.id).collect::<Vec<_>>()), made);
    assert_eq!(several(&[]), []);
}

/// An update of what somebody else changed meanwhile is refused, and changes nothing.
pub fn organization_updates_are_guarded(store: &dyn Store) {
    let mut bench = Bench::new();
    let read_one = bench.organization(store);
    let change = |name: &str| Organization {
        name: name.to_owned(),
        state: OrganizationState::Suspended,
        quota: Some(Quota { limit: 5, period: Period::Day }),
        address: Some(object(json!({"city": "Ulm"}))),
        updated_at: after(1),
        version: 2,
        ..read_one.clone()
    };
    let results = race(8, |i| store.run("conformance.update", |tx| tx.organizations().update(&change(&format!("n{i}")))));
    let winners: Vec<_> = (0..8).filter(|&i| results[i].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict(_)))), "{results:?}");
    let changed = read(store, |tx| tx.organizations().find(read_one.id)).unwrap();
    assert_eq!(changed, change(&format!("n{}", winners[0])));

    let cleared = Organization { quota: None, address: None, version: 3, ..changed };
    write(store, |tx| tx.organizations().update(&cleared));
    assert_eq!(read(store, |tx| tx.organizations().find(read_one.id)).unwrap(), cleared);
    let missing = bench.new_organization();
    assert!(matches!(
        store.run("conformance.update", |tx| tx.organizations().update(&missing)),
        Err(StoreError::Conflict("organization"))
    ));
}

/// Under the organization's lock, count and insert are one: no more keys than the limit, whatever races.
pub fn locks_serialise(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let keys: Vec<_> = (0..24).map(|_| bench.new_key(organization, KeyKind::Secret, NOW)).collect();
    let results = race(24, |i| {
        store.run("conformance.lock", |tx| {
            assert!(tx.organizations().lock(organization)?);
            let room = tx.keys().count_active(organization, KeyKind::Secret, NOW)? < 5;
            if room {
                tx.keys().insert(&keys[i])?;
            }
            Ok::<_, StoreError>(room)
        })
    });
    let made = results.into_iter().map(Result::unwrap).filter(|&made| made).count();
    assert_eq!(made, 5);
    assert_eq!(read(store, |tx| tx.keys().count_active(organization, KeyKind::Secret, NOW)), 5);
    assert!(!write(store, |tx| tx.organizations().lock(OrganizationId::from_u128(1))));
}

/// A person reads back as written, by id and by address; updates change what they say.
pub fn users_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let mut user = bench.user(store);
    let same = |a: &mgmt_core::account::User, b: &mgmt_core::account::User| {
        // Addresses do not print.
        assert_eq!((format!("{a:?}"), &a.email), (format!("{b:?}"), &b.email));
    };
    read(store, |tx| {
        same(&tx.users().find(user.id)?.unwrap(), &user);
        same(&tx.users().find_by_email(&user.email)?.unwrap(), &user);
        assert!(tx.users().find(UserId::from_u128(1))?.is_none());
        assert!(tx.users().find_by_email(&Email::parse("email", "nobody@example.com").unwrap())?.is_none());
        Ok(())
    });
    user.password_hash = Some("$argon2id$v=19$…".to_owned());
    user.name = "Ana María".to_owned();
    user.updated_at = after(5);
    write(store, |tx| tx.users().update(&user));
    same(&read(store, |tx| tx.users().find(user.id)).unwrap(), &user);
    let gone = bench.new_user();
    assert!(matches!(store.run("conformance.update", |tx| tx.users().update(&gone)), Err(StoreError::Conflict("user"))));
}

/// An address belongs to one person, also when many want it at once.
pub fn addresses_are_unique(store: &dyn Store) {
    let mut bench = Bench::new();
    let users: Vec<_> = (0..16)
        .map(|_| mgmt_core::account::User { email: Email::parse("email", "ana@example.com").unwrap(), ..bench.new_user() })
        .collect();
    let results = race(16, |i| store.run("conformance.email", |tx| tx.users().insert(&users[i])));
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict("email")))), "{results:?}");
    let mut other = bench.user(store);
    other.email = Email::parse("email", "ana@example.com").unwrap();
    let result = store.run("conformance.email", |tx| tx.users().update(&other));
    assert!(matches!(result, Err(StoreError::Conflict("email"))), "{result:?}");
}

/// A place in an organization can be made once, changed and removed; its organization and person must exist.
pub fn memberships_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let user = bench.member(store, organization, Role::Developer).id;
    let membership = Membership { organization_id: organization, user_id: user, role: Role::Developer, created_at: NOW };
    assert_eq!(read(store, |tx| tx.memberships().find(organization, user)).unwrap(), membership);
    let result = store.run("conformance.membership", |tx| tx.memberships().insert(&membership));
    assert!(matches!(result, Err(StoreError::Conflict("membership"))), "{result:?}");
    let nowhere = Membership { organization_id: OrganizationId::from_u128(1), ..membership.clone() };
    let result = store.run("conformance.membership", |tx| tx.memberships().insert(&nowhere));
    assert!(matches!(result, Err(StoreError::Conflict("reference"))), "{result:?}");

    assert!(write(store, |tx| tx.memberships().set_role(organization, user, Role::Viewer)));
    assert_eq!(read(store, |tx| tx.memberships().find(organization, user)).unwrap().role, Role::Viewer);
    assert!(write(store, |tx| tx.memberships().delete(organization, user)));
    assert!(!write(store, |tx| tx.memberships().delete(organization, user)));
    assert!(!write(store, |tx| tx.memberships().set_role(organization, user, Role::Owner)));
    assert_eq!(read(store, |tx| tx.memberships().find(organization, user)), None);
}

/// A person's places come oldest first, an organization's members newest first and in pages.
pub fn memberships_are_listed(store: &dyn Store) {
    let mut bench = Bench::new();
    let user = bench.user(store).id;
    let mut places = Vec::new();
    for minute in [3, 1, 2] {
        let organization = bench.organization(store).id;
        let place = Membership { organization_id: organization, user_id: user, role: Role::Member, created_at: after(minute) };
        write(store, |tx| tx.memberships().insert(&place));
        places.push(place);
    }
    places.sort_by_key(|p| p.created_at);
    assert_eq!(read(store, |tx| tx.memberships().list_of_user(user)), places);

    let organization = bench.organization(store).id;
    let mut members: Vec<_> = (0..5).map(|_| bench.member(store, organization, Role::Member).id).collect();
    members.sort_unstable();
    members.reverse();
    let page = |before| -> Vec<_> {
        read(store, |tx| tx.memberships().list(organization, before, 2)).into_iter().map(|m| m.user_id).collect()
    };
    assert_eq!(page(None), members[..2]);
    assert_eq!(page(Some(members[1])), members[2..4]);
    assert_eq!(page(Some(members[3])), members[4..]);
}

/// Owners who leave at the same time, each checking under the lock, never leave an organization without one.
pub fn the_last_owner_stays(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let owners: Vec<_> = (0..6).map(|_| bench.member(store, organization, Role::Owner).id).collect();
    bench.member(store, organization, Role::Admin);
    assert_eq!(read(store, |tx| tx.memberships().count_owners(organization)), 6);
    let left = race(6, |i| {
        write(store, |tx| {
            tx.organizations().lock(organization)?;
            let may = tx.memberships().count_owners(organization)? > 1;
            if may { tx.memberships().delete(organization, owners[i]) } else { Ok(false) }
        })
    });
    assert_eq!(left.iter().filter(|&&l| l).count(), 5);
    assert_eq!(read(store, |tx| tx.memberships().count_owners(organization)), 1);
}
