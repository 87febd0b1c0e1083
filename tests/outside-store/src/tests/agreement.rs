//! Where the suite says nothing, two stores may still be asked the same: what the documentation promises, of this one and of SQLite.

use std::sync::Arc;

use mgmt_core::{
    account::{Actor, Email, Membership, Organization, Plan, User},
    audit::AuditEntry,
    delivery::{Attempt, Delivery, DeliveryStatus},
    event::{EventType, Subscriptions},
    id::{AuditId, DeliveryId, EventId, InvitationId, OrganizationId, SessionId, UserId, WebhookId},
    invitation::Invitation,
    quota::{Period, Quota},
    role::Role,
    secret::token_hash,
    session::{RefreshToken, Session},
    time::Timestamp,
    webhook::{SealedSecret, Webhook, WebhookSettings},
};
use mgmt_store::{Lease, Options, Result, Store, StoreError, Tx};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::NOW;
use crate::Memory;

/// Runs a test on an empty store of each kind.
fn on_each(test: impl Fn(&dyn Store, &mut ChaCha20Rng)) {
    let sqlite = mgmt_store::open("sqlite::memory:", Options::default()).unwrap();
    sqlite.migrate().unwrap();
    let stores: [Arc<dyn Store>; 2] = [sqlite, Arc::new(Memory::new())];
    for store in stores {
        println!("{store:?}");
        test(&*store, &mut ChaCha20Rng::seed_from_u64(1));
    }
}

fn write<T>(store: &dyn Store, work: impl FnMut(&mut dyn Tx) -> Result<T>) -> T {
    store.run("agreement", work).unwrap()
}

fn is_conflict<T>(store: &dyn Store, what: &str, work: impl FnMut(&mut dyn Tx) -> Result<T>) -> bool {
    matches!(store.run("agreement", work), Err(StoreError::Conflict(found)) if found == what)
}

fn organization(store: &dyn Store, rng: &mut ChaCha20Rng) -> Organization {
    let made = Organization::new("Acme", Plan::Scale, false, NOW, rng).unwrap();
    write(store, |tx| tx.organizations().insert(&made));
    made
}

fn user(store: &dyn Store, name: &str, rng: &mut ChaCha20Rng) -> User {
    let email = Email::parse("email", &format!("{name}@example.com")).unwrap();
    let made = User::new(email, Some(name), NOW, rng).unwrap();
    write(store, |tx| tx.users().insert(&made));
    made
}

fn invitation(organization_id: OrganizationId, number: u128) -> Invitation {
    Invitation {
        id: InvitationId::from_u128(number),
        organization_id,
        email: Email::parse("email", &format!("{number}@example.com")).unwrap(),
        name: None,
        role: Role::Member,
        invited_by: Actor::System,
        hash: token_hash(&number.to_string()),
        created_at: NOW,
        updated_at: NOW,
        expires_at: NOW.plus_secs(60),
    }
}

fn webhook(store: &dyn Store, organization_id: OrganizationId, rng: &mut ChaCha20Rng) -> Webhook {
    let events = Subscriptions::parse("events", &["api_key.*".to_owned()]).unwrap();
    let made = Webhook {
        id: WebhookId::new(NOW, rng),
        organization_id,
        settings: WebhookSettings { url: "https://example.com".to_owned(), events, active: true, description: None },
        created_by: Actor::System,
        secret: SealedSecret(vec![1]),
        previous: None,
        disabled: None,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    };
    write(store, |tx| tx.webhooks().insert(&made));
    made
}

fn delivery(to: &Webhook, number: u128, due: Timestamp) -> Delivery {
    let log = Attempt { at: NOW, status_code: Some(500), duration_ms: 1, error: None, response: None };
    Delivery {
        id: DeliveryId::from_u128(number),
        organization_id: to.organization_id,
        webhook_id: to.id,
        event_id: EventId::from_u128(number),
        event_type: EventType::ApiKeyCreated,
        status: DeliveryStatus::Failed,
        tries: 1,
        attempts: vec![log],
        next_attempt_at: Some(due),
        created_at: due,
    }
}

#[test]
fn what_is_referred_to_must_be_there() {
    on_each(|store, rng| {
        let (own, ana) = (organization(store, rng).id, user(store, "ana", rng).id);
        let (no_organization, no_user) = (OrganizationId::from_u128(1), UserId::from_u128(1));
        let refused = |work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>| is_conflict(store, "reference", work);

        let place = Membership { organization_id: own, user_id: no_user, role: Role::Member, created_at: NOW };
        assert!(refused(&mut |tx| tx.memberships().insert(&place)));
        assert!(refused(&mut |tx| tx.invitations().insert(&invitation(no_organization, 1))));
        let session = |user_id, organization_id| Session {
            id: SessionId::from_u128(1),
            user_id,
            organization_id,
            created_at: NOW,
            last_used_at: NOW,
            expires_at: NOW.plus_secs(60),
            revoked_at: None,
            address: None,
            user_agent: None,
        };
        assert!(refused(&mut |tx| tx.sessions().insert(&session(no_user, own))));
        assert!(refused(&mut |tx| tx.sessions().insert(&session(ana, no_organization))));
        let id = SessionId::from_u128(1);
        let token = RefreshToken { hash: token_hash("b"), session_id: id, issued_at: NOW, spent_at: None };
        assert!(refused(&mut |tx| tx.refresh_tokens().insert(&token)));
        write(store, |tx| tx.sessions().insert(&session(ana, own)));
        assert!(refused(&mut |tx| tx.sessions().refresh(id, no_organization, NOW).map(|_| ())));
    });
}

#[test]
fn people_and_invitations_of_others_are_in_no_list() {
    on_each(|store, rng| {
        let (own, other) = (organization(store, rng).id, organization(store, rng).id);
        for (organization_id, name) in [(own, "ana"), (other, "bob"), (own, "cem")] {
            let user_id = user(store, name, rng).id;
            let place = Membership { organization_id, user_id, role: Role::Member, created_at: NOW };
            write(store, |tx| tx.memberships().insert(&place));
        }
        for (organization_id, number) in [(own, 1), (other, 2), (own, 3)] {
            write(store, |tx| tx.invitations().insert(&invitation(organization_id, number)));
        }
        let places = write(store, |tx| tx.memberships().list(own, None, 10));
        assert!(places.len() == 2 && places.iter().all(|m| m.organization_id == own), "{places:?}");
        let asked: Vec<_> = write(store, |tx| tx.invitations().list(own, None, 10)).iter().map(|i| i.id.as_u128()).collect();
        assert_eq!(asked, [3, 1]);
        let twin = Invitation { hash: token_hash("1"), ..invitation(own, 4) };
        assert!(is_conflict(store, "invitation", |tx| tx.invitations().insert(&twin)), "a text of two invitations");
    });
}

#[test]
fn updates_leave_alone_what_never_changes() {
    on_each(|store, rng| {
        let (made, ana) = (organization(store, rng), user(store, "ana", rng));
        let later = NOW.plus_secs(1);
        let changed = Organization { is_operator: true, created_at: later, name: "New".to_owned(), version: 2, ..made.clone() };
        write(store, |tx| tx.organizations().update(&changed));
        let found = write(store, |tx| tx.organizations().find(made.id)).unwrap();
        assert_eq!(found, Organization { name: "New".to_owned(), version: 2, ..made });
        write(store, |tx| tx.users().update(&User { created_at: later, updated_at: later, ..ana.clone() }));
        let found = write(store, |tx| tx.users().find(ana.id)).unwrap();
        assert_eq!((found.created_at, found.updated_at), (NOW, later));
    });
}

#[test]
fn deliveries_keep_to_their_endpoint_to_limits_and_to_leases() {
    on_each(|store, rng| {
        let own = organization(store, rng).id;
        let (a, b) = (webhook(store, own, rng), webhook(store, own, rng));
        let at = |second: i64| NOW.plus_secs(second);
        let made: Vec<Delivery> = (1..=4).map(|n| delivery(&a, n, at(n as i64))).chain([delivery(&b, 9, at(9))]).collect();
        write(store, |tx| tx.deliveries().insert(&made));
        assert!(is_conflict(store, "delivery", |tx| tx.deliveries().insert(&made[..1])));
        let lease = Lease { mark: "x".to_owned(), until: at(50) };
        let claimed = write(store, |tx| tx.deliveries().claim(a.id, at(9), &lease, 1));
        assert_eq!(claimed.iter().map(|d| d.id).collect::<Vec<_>>(), [made[0].id]);

        // Begun anew, with the log of all rounds; not what is being tried.
        assert_eq!(write(store, |tx| tx.deliveries().repeat_since(a.id, NOW, at(20), 1)), 1);
        let again = write(store, |tx| tx.deliveries().find(a.id, made[1].id)).unwrap();
        let anew = Delivery { status: DeliveryStatus::Pending, tries: 0, next_attempt_at: Some(at(20)), ..made[1].clone() };
        assert_eq!(again, anew);
        assert_eq!(write(store, |tx| tx.deliveries().stop(a.id)), 3);
        let stopped = write(store, |tx| tx.deliveries().find(a.id, made[2].id)).unwrap();
        assert_eq!((stopped.status, stopped.next_attempt_at), (DeliveryStatus::Dead, None));
        assert_eq!(write(store, |tx| tx.deliveries().find(b.id, made[4].id)).as_ref(), Some(&made[4]));

        // What is being tried is due when its lease ends.
        write(store, |tx| tx.webhook_queues().settle(a.id));
        write(store, |tx| tx.webhook_queues().settle(b.id));
        assert_eq!(write(store, |tx| tx.webhook_queues().due(at(49), &[], 10)), [b.id]);
        assert_eq!(write(store, |tx| tx.webhook_queues().due(at(50), &[], 10)), [b.id, a.id]);
        assert_eq!(write(store, |tx| tx.webhook_queues().due(at(50), &[], 1)), [b.id]);
        assert_eq!(write(store, |tx| tx.deliveries().delete_before(at(4), 2)), 2);
        assert_eq!(write(store, |tx| tx.deliveries().list(a.id, None, None, 10)).len(), 2);
    });
}

#[test]
fn units_are_given_back_to_the_period_that_they_are_of() {
    on_each(|store, _| {
        let first = "2028-03-01T00:00:00Z".parse().unwrap();
        let take = |period, cost| write(store, |tx| tx.quotas().take("s", &Quota { limit: 100, period }, first, cost)).used;
        let used = || write(store, |tx| tx.quotas().used("s", first));
        assert_eq!(take(Period::Day, 7), 7);
        write(store, |tx| tx.quotas().give_back("s", first, 8));
        assert_eq!(used(), 7, "more than was taken");
        assert_eq!((take(Period::Month, 3), used()), (3, 7));
        // Nobody knows of which they are.
        write(store, |tx| tx.quotas().give_back("s", first, 2));
        assert_eq!((take(Period::Day, 1), take(Period::Month, 1)), (8, 4));
        assert_eq!(write(store, |tx| tx.quotas().take("s", &Quota { limit: 50, period: Period::Day }, NOW, 1)).units, 0);
    });
}

#[test]
fn a_seal_stands_until_the_next_one() {
    on_each(|store, rng| {
        let organization_id = organization(store, rng).id;
        for number in 1..=2 {
            let entry = AuditEntry {
                id: AuditId::from_u128(number),
                organization_id,
                at: NOW,
                actor: Actor::System,
                action: "a".to_owned(),
                target: "b".to_owned(),
                address: None,
                request_id: None,
                before: None,
                after: None,
            };
            write(store, |tx| tx.audit().append(&entry));
            if number == 1 {
                write(store, |tx| tx.audit().seal(organization_id, &[7; 32]));
            }
        }
        let head = write(store, |tx| tx.audit().head(organization_id)).unwrap();
        assert_eq!((head.seq, head.seal), (2, Some([7; 32])));
    });
}
