//! Makes what the tests put into stores.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use mgmt_core::{
    account::{Actor, Email, Membership, Organization, Plan, User},
    id::{OrganizationId, SessionId, UserId},
    key::{ApiKey, KeySettings, Mint, NewKey, Rotation},
    key_text::{Environment, KeyFormat, KeyKind},
    limit::RateLimit,
    network::{Networks, Warehouses},
    quota::{Period, Quota},
    role::Role,
    scope::Catalogue,
    secret::{KeyMaterial, Keyring},
    session::Session,
    time::Timestamp,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Map, Value, json};

use crate::{
    error::Result,
    store::{Store, Tx},
};

/// When all tests happen.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A later moment.
pub(super) fn after(millis: i64) -> Timestamp {
    NOW.plus_millis(millis)
}

/// Runs a writing transaction that must not fail.
pub(super) fn write<T>(store: &dyn Store, work: impl FnMut(&mut dyn Tx) -> Result<T>) -> T {
    store.run("conformance.write", work).unwrap()
}

/// Runs a reading transaction that must not fail.
pub(super) fn read<T>(store: &dyn Store, work: impl FnMut(&mut dyn Tx) -> Result<T>) -> T {
    store.read("conformance.read", work).unwrap()
}

/// Runs `work` in as many threads, all at once; what they return, in their order.
pub(super) fn race<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|i| {
                let (work, barrier) = (&work, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    work(i)
                })
            })
            .collect();
        handles.into_iter().map(|h| h.join().unwrap()).collect()
    })
}

/// Tells other threads at its end, however that comes, so that a failed test ends too.
pub(super) struct Done<'a>(pub(super) &'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// Makes domain values, every one new.
pub(super) struct Bench {
    pub(super) rng: ChaCha20Rng,
    format: KeyFormat,
    keyring: Keyring,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            // Ids must be new in every test, also when a store is used for several.
            rng: ChaCha20Rng::seed_from_u64(RandomState::new().hash_one(0)),
            format: KeyFormat::new("mg").unwrap(),
            keyring: Keyring::derive(&KeyMaterial::new([9; 32])),
        }
    }

    pub(super) fn new_organization(&mut self) -> Organization {
        Organization::new("Acme, Inc.", Plan::Scale, false, NOW, &mut self.rng).unwrap()
    }

    pub(super) fn new_user(&mut self) -> User {
        let id = UserId::new(NOW, &mut self.rng);
        let email = Email::parse("email", &format!("{id}@example.com")).unwrap();
        User { id, ..User::new(email, Some("Ana"), NOW, &mut self.rng).unwrap() }
    }

    pub(super) fn organization(&mut self, store: &dyn Store) -> Organization {
        let organization = self.new_organization();
        write(store, |tx| tx.organizations().insert(&organization));
        organization
    }

    pub(super) fn user(&mut self, store: &dyn Store) -> User {
        let user = self.new_user();
        write(store, |tx| tx.users().insert(&user));
        user
    }

    pub(super) fn member(&mut self, store: &dyn Store, organization: OrganizationId, role: Role) -> User {
        let user = self.user(store);
        let membership = Membership { organization_id: organization, user_id: user.id, role, created_at: NOW };
        write(store, |tx| tx.memberships().insert(&membership));
        user
    }

    pub(super) fn new_session(&mut self, user: UserId, organization: OrganizationId, at: Timestamp) -> Session {
        Session {
            id: SessionId::new(at, &mut self.rng),
            user_id: user,
            organization_id: organization,
            created_at: at,
            last_used_at: at,
            expires_at: at.plus_secs(3600),
            revoked_at: None,
            address: Some("2001:db8::1".to_owned()),
            user_agent: None,
        }
    }

    pub(super) fn new_key(&mut self, organization: OrganizationId, kind: KeyKind, at: Timestamp) -> ApiKey {
        let catalogue = Catalogue::default_scopes();
        let settings = KeySettings {
            name: "Büro-Schlüssel".to_owned(),
            scopes: catalogue.parse_set("scopes", &["shipments:*", "orders:read"]).unwrap(),
            rate_limit: Some(RateLimit { requests: 20, per_seconds: 60 }),
            quota: Some(Quota { limit: 1000, period: Period::Month }),
            ip_allowlist: Networks::parse("ip", &["192.0.2.0/24", "2001:db8::1"]).unwrap(),
            warehouse_ids: Warehouses::parse("wh", &["WH-2", "WH-1"]).unwrap(),
            metadata: object(json!({"z": 1, "a": {"ü": [null, 0.1, -1e300]}})),
            expires_at: None,
        };
        self.issue(
            NewKey {
                organization_id: organization,
                project_id: None,
                kind,
                environment: Environment::Test,
                settings,
                created_by: Actor::System,
            },
            at,
        )
    }

    pub(super) fn issue(&mut self, new: NewKey, at: Timestamp) -> ApiKey {
        let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
        ApiKey::issue(new, mint, at, &mut self.rng).unwrap().0
    }

    pub(super) fn rotate(&mut self, key: ApiKey, overlap_secs: u64, at: Timestamp) -> Rotation {
        let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
        key.rotate(overlap_secs, Actor::System, mint, at, &mut self.rng).unwrap()
    }

    pub(super) fn key(&mut self, store: &dyn Store, organization: OrganizationId) -> ApiKey {
        let key = self.new_key(organization, KeyKind::Secret, NOW);
        write(store, |tx| tx.keys().insert(&key));
        key
    }
}

/// Two keys that are the same in everything that is stored.
pub(super) fn assert_same_key(a: &ApiKey, b: &ApiKey) {
    assert!(a.hash.matches(&b.hash));
    // The hash prints nothing; all else does.
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}
