//! The traits of a store: one small, object-safe trait an aggregate, reached from a transaction.

mod audit;
mod foreign_hashes;
mod leases;
mod projects;
mod send_outs;
mod shipping;
mod webhooks;

use std::{fmt::Debug, path::Path};

use mgmt_core::{
    account::{Actor, Email, Membership, Organization, User},
    event::Event,
    id::{InvitationId, KeyId, OrganizationId, ProjectId, SessionId, UserId},
    invitation::{Invitation, PasswordReset},
    key::ApiKey,
    key_text::KeyKind,
    quota::Quota,
    reveal::{Reveal, WrappedBucketKey},
    role::Role,
    secret::SecretHash,
    session::{RefreshToken, Session},
    time::Timestamp,
    usage::{Surface, UsageCount, UsageSum},
};

pub use self::shipping::{
    Facet, FacetFilter, RateSheets, Realm, ShipmentFilter, Shipments, TrackerFilter, Trackers, Versioned, Window,
};
pub use self::{
    audit::{Audit, AuditFilter},
    foreign_hashes::ForeignHashes,
    leases::{Ear, News, NodeLeases},
    projects::{PartRecord, ProjectMembers, ProjectParts, Projects},
    send_outs::{SendOutFilter, SendOuts},
    webhooks::{Deliveries, EventFilter, Events, Lease, Queue, WaitingEvent, WebhookQueues, Webhooks},
};
use crate::error::{Result, StoreError};

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only read; may run beside a writer.
    Read,
    /// Read and write, with the right to write taken at the start.
    Write,
}

/// How the work of a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Keep all changes.
    Commit,
    /// Undo all changes.
    Rollback,
}

/// A database. All access is through named transactions: see [`run`](#method.run) and [`read`](#method.read).
pub trait Store: Send + Sync + Debug {
    /// Runs `work` in a transaction called `name`, again from the start when the database reports a collision with another
    /// transaction. A panic in `work` rolls back and goes on.
    ///
    /// # Errors
    /// `Unavailable` when no transaction could be had or finished within the store's time limit, `Conflict` when it collided too
    /// often, `Backend` for anything else that the database refuses at begin or commit.
    fn transact(&self, name: &'static str, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<()>;

    /// Brings the schema up to date; safe to call from several processes at once.
    ///
    /// # Errors
    /// `NewerSchema` when the database knows migrations that this program does not.
    fn migrate(&self) -> Result<Vec<String>>;

    /// Checks that the schema is the one this program works with.
    ///
    /// # Errors
    /// `OlderSchema` or `NewerSchema`.
    fn check_schema(&self) -> Result<()>;

    /// Whether several nodes may share this database.
    fn is_shared(&self) -> bool;

    /// Opens a connection that hears of changes, where several nodes may share the database.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached.
    fn listen(&self) -> Result<Option<Box<dyn Ear>>> {
        Ok(None)
    }

    /// Writes a copy of a SQLite database, as it is at one moment, to a new file, while it is in use. The copy tells, as the setting
    /// [`TAKEN_AT`](crate::TAKEN_AT), that it was begun at `taken_at`.
    ///
    /// # Errors
    /// `Backend` when the file is there already or the database is not a SQLite file, `Unavailable` when it cannot be written.
    fn back_up(&self, target: &Path, taken_at: Timestamp) -> Result<()>;
}

impl dyn Store + '_ {
    /// Runs `work` in a writing transaction. `work` must be safe to repeat. `Err` undoes everything.
    ///
    /// # Errors
    /// What `work` returns, or what [`Store::transact`] reports.
    pub fn run<T, E: From<StoreError>>(&self, name: &'static str, work: impl FnMut(&mut dyn Tx) -> Result<T, E>) -> Result<T, E> {
        self.within(name, Mode::Write, work)
    }

    /// Runs `work` in a reading transaction.
    ///
    /// # Errors
    /// What `work` returns, or what [`Store::transact`] reports.
    pub fn read<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(name, Mode::Read, work)
    }

    fn within<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        mode: Mode,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut outcome = None;
        self.transact(name, mode, &mut |tx| {
            let result = work(tx);
            let ending = if result.is_ok() { Ending::Commit } else { Ending::Rollback };
            outcome = Some(result);
            ending
        })?;
        outcome.unwrap_or_else(|| Err(StoreError::Backend("the transaction did not run".to_owned()).into()))
    }
}

/// One transaction.
pub trait Tx {
    /// Tenants.
    fn organizations(&mut self) -> &mut dyn Organizations;
    /// People.
    fn users(&mut self) -> &mut dyn Users;
    /// People's places in tenants.
    fn memberships(&mut self) -> &mut dyn Memberships;
    /// People who were asked in.
    fn invitations(&mut self) -> &mut dyn Invitations;
    /// Links that set a new password.
    fn password_resets(&mut self) -> &mut dyn PasswordResets;
    /// Signed-in sessions.
    fn sessions(&mut self) -> &mut dyn Sessions;
    /// Their refresh tokens.
    fn refresh_tokens(&mut self) -> &mut dyn RefreshTokens;
    /// API keys and management keys.
    fn keys(&mut self) -> &mut dyn Keys;
    /// Keys of other systems.
    fn foreign_hashes(&mut self) -> &mut dyn ForeignHashes;
    /// Projects.
    fn projects(&mut self) -> &mut dyn Projects;
    /// People's places in projects.
    fn project_members(&mut self) -> &mut dyn ProjectMembers;
    /// What hangs on projects.
    fn project_parts(&mut self) -> &mut dyn ProjectParts;
    /// Secrets that can still be fetched.
    fn reveals(&mut self) -> &mut dyn Reveals;
    /// Answers to repeat.
    fn idempotency(&mut self) -> &mut dyn Idempotency;
    /// Used units.
    fn quotas(&mut self) -> &mut dyn Quotas;
    /// Counted requests.
    fn usage(&mut self) -> &mut dyn Usage;
    /// Changes that caches must follow.
    fn invalidations(&mut self) -> &mut dyn Invalidations;
    /// Nodes that may answer from memory.
    fn node_leases(&mut self) -> &mut dyn NodeLeases;
    /// The audit log.
    fn audit(&mut self) -> &mut dyn Audit;
    /// Sheets that shipments are priced by.
    fn rate_sheets(&mut self) -> &mut dyn RateSheets;
    /// Shipments.
    fn shipments(&mut self) -> &mut dyn Shipments;
    /// Trackers.
    fn trackers(&mut self) -> &mut dyn Trackers;
    /// Failed sign-ins.
    fn throttles(&mut self) -> &mut dyn Throttles;
    /// Facts about the installation.
    fn settings(&mut self) -> &mut dyn Settings;
    /// Endpoints that events are sent to.
    fn webhooks(&mut self) -> &mut dyn Webhooks;
    /// How their deliveries fare.
    fn webhook_queues(&mut self) -> &mut dyn WebhookQueues;
    /// What happened: the outbox, and the log of events.
    fn events(&mut self) -> &mut dyn Events;
    /// Events on their way to endpoints.
    fn deliveries(&mut self) -> &mut dyn Deliveries;
    /// Events on their way to webhooks of projects.
    fn send_outs(&mut self) -> &mut dyn SendOuts;
}

/// Tenants.
pub trait Organizations {
    /// Adds one. `Conflict("slug")` when the slug is taken, `Conflict("operator")` when there is an operator already.
    fn insert(&mut self, organization: &Organization) -> Result<()>;
    /// By id.
    fn find(&mut self, id: OrganizationId) -> Result<Option<Organization>>;
    /// Those that there are of these, in any order.
    fn find_all(&mut self, ids: &[OrganizationId]) -> Result<Vec<Organization>>;
    /// By slug.
    fn find_by_slug(&mut self, slug: &str) -> Result<Option<Organization>>;
    /// The operator's own.
    fn find_operator(&mut self) -> Result<Option<Organization>>;
    /// Newest first, `limit` at most, those before `before` if given.
    fn list(&mut self, before: Option<OrganizationId>, limit: i64) -> Result<Vec<Organization>>;
    /// Replaces one that was read with `organization.version - 1`. `Conflict` when it has another version by now.
    fn update(&mut self, organization: &Organization) -> Result<()>;
    /// Waits until no other transaction holds this lock of the organization, then holds it until the end. What is read after is
    /// current. `Ok(false)` when there is no such organization.
    fn lock(&mut self, id: OrganizationId) -> Result<bool>;
}

/// People.
pub trait Users {
    /// Adds one. `Conflict("email")` when the address is taken.
    fn insert(&mut self, user: &User) -> Result<()>;
    /// By id.
    fn find(&mut self, id: UserId) -> Result<Option<User>>;
    /// By address.
    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>>;
    /// Replaces one. `Conflict` when it is gone.
    fn update(&mut self, user: &User) -> Result<()>;
    /// Waits until no other transaction changes or holds this person, then holds them until the end. What is read after is
    /// current. `Ok(false)` when there is no such person.
    fn lock(&mut self, id: UserId) -> Result<bool>;
}

/// People's places in tenants.
pub trait Memberships {
    /// Adds one. `Conflict("membership")` when the person is a member already.
    fn insert(&mut self, membership: &Membership) -> Result<()>;
    /// A person's place in one organization.
    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<Membership>>;
    /// A person's places, the oldest first.
    fn list_of_user(&mut self, user: UserId) -> Result<Vec<Membership>>;
    /// An organization's members, newest first by user id, `limit` at most, those before `before` if given.
    fn list(&mut self, organization: OrganizationId, before: Option<UserId>, limit: i64) -> Result<Vec<Membership>>;
    /// Changes a role; `false` when there is no such place.
    fn set_role(&mut self, organization: OrganizationId, user: UserId, role: Role) -> Result<bool>;
    /// Removes a place; `false` when there is none.
    fn delete(&mut self, organization: OrganizationId, user: UserId) -> Result<bool>;
    /// How many owners an organization has.
    fn count_owners(&mut self, organization: OrganizationId) -> Result<i64>;
}

/// People who were asked in.
pub trait Invitations {
    /// Adds one. `Conflict("invitation")` when the address is invited into the organization already.
    fn insert(&mut self, invitation: &Invitation) -> Result<()>;
    /// One of an organization.
    fn find(&mut self, organization: OrganizationId, id: InvitationId) -> Result<Option<Invitation>>;
    /// The one of an address.
    fn find_by_email(&mut self, organization: OrganizationId, email: &Email) -> Result<Option<Invitation>>;
    /// By the hash of the mailed text.
    fn find_by_hash(&mut self, hash: &SecretHash) -> Result<Option<Invitation>>;
    /// Newest first, `limit` at most, those before `before` if given.
    fn list(&mut self, organization: OrganizationId, before: Option<InvitationId>, limit: i64) -> Result<Vec<Invitation>>;
    /// Replaces one; `false` when it is gone.
    fn update(&mut self, invitation: &Invitation) -> Result<bool>;
    /// Removes one; `false` when it was gone: of several who use it at once, one gets `true`.
    fn delete(&mut self, organization: OrganizationId, id: InvitationId) -> Result<bool>;
}

/// Links that set a new password, one a person.
pub trait PasswordResets {
    /// Keeps one in place of an earlier one.
    fn replace(&mut self, reset: &PasswordReset) -> Result<()>;
    /// By the hash of the mailed text.
    fn find_by_hash(&mut self, hash: &SecretHash) -> Result<Option<PasswordReset>>;
    /// Removes a person's; `false` when there was none.
    fn delete(&mut self, user: UserId) -> Result<bool>;
    /// Forgets those that ended by `now`.
    fn delete_expired(&mut self, now: Timestamp) -> Result<usize>;
}

/// Signed-in sessions.
pub trait Sessions {
    /// Adds one.
    fn insert(&mut self, session: &Session) -> Result<()>;
    /// By id.
    fn find(&mut self, id: SessionId) -> Result<Option<Session>>;
    /// A person's sessions that are not revoked and not past their absolute end, newest first.
    fn list_open(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;
    /// Notes a refresh and the organization it acts in; `false` when the session is revoked or gone.
    fn refresh(&mut self, id: SessionId, organization: OrganizationId, at: Timestamp) -> Result<bool>;
    /// Ends one; `false` when it had ended or is gone.
    fn revoke(&mut self, id: SessionId, at: Timestamp) -> Result<bool>;
    /// Ends all of a person's but `except`; the number that ended.
    fn revoke_of_user(&mut self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Result<usize>;
    /// Forgets those that ended before `before`, by absolute end or revocation, with their tokens.
    fn delete_ended(&mut self, before: Timestamp) -> Result<usize>;
}

/// Refresh tokens.
pub trait RefreshTokens {
    /// Adds one.
    fn insert(&mut self, token: &RefreshToken) -> Result<()>;
    /// By the hash of its text.
    fn find(&mut self, hash: &SecretHash) -> Result<Option<RefreshToken>>;
    /// Marks one as used, if it was not; `false` when somebody else did.
    fn spend(&mut self, hash: &SecretHash, at: Timestamp) -> Result<bool>;
}

/// Which keys to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Only of this kind.
    pub kind: Option<KeyKind>,
    /// Only in this condition.
    pub condition: KeyCondition,
}

/// The condition of keys to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyCondition {
    /// Every key.
    #[default]
    All,
    /// Active or suspended: not revoked, not past a retirement or an expiry.
    Active,
    /// Revoked, or past a retirement.
    Revoked,
}

/// What was found when a key was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The last number of the journal, as [`Invalidations::head`].
    pub seq: i64,
    /// Whether the event waits for its deliveries.
    pub waits: bool,
}

/// API keys and management keys.
pub trait Keys {
    /// Adds one.
    fn insert(&mut self, key: &ApiKey) -> Result<()>;
    /// Adds one with the record of its reveal window and the event that tells of it, in as few statements as the database allows. When the key of the reveal's bucket is not stored, which can only be when the
    /// caller knows it from earlier, the transaction is run again: the caller must look for it then.
    fn issue(&mut self, key: &ApiKey, reveal: Option<&Reveal>, event: Option<&Event>) -> Result<Issued>;
    /// One of an organization.
    fn find(&mut self, organization: OrganizationId, id: KeyId) -> Result<Option<ApiKey>>;
    /// One of any organization, for verification only.
    fn find_any(&mut self, id: KeyId) -> Result<Option<ApiKey>>;
    /// Newest first, `limit` at most, those before `before` if given.
    fn list(
        &mut self,
        organization: OrganizationId,
        filter: KeyFilter,
        now: Timestamp,
        before: Option<KeyId>,
        limit: i64,
    ) -> Result<Vec<ApiKey>>;
    /// Those of all organizations that are listed as active, newest first, from `from` on and before `before` if given: to be read ahead
    /// of their use.
    fn list_active(&mut self, now: Timestamp, from: Option<KeyId>, before: Option<KeyId>) -> Result<Vec<ApiKey>>;
    /// Where a page of `count` keys begins that ends before `before`, if given: its lowest id, of keys of all organizations in whatever
    /// state; `None` when there are fewer. With it several can read pages side by side.
    fn page_start(&mut self, before: Option<KeyId>, count: i64) -> Result<Option<KeyId>>;
    /// Those that somebody made and that are not revoked, newest first.
    fn list_of_maker(&mut self, organization: OrganizationId, maker: Actor) -> Result<Vec<ApiKey>>;
    /// Those of a project that are not revoked, newest first.
    fn list_of_project(&mut self, project: ProjectId) -> Result<Vec<ApiKey>>;
    /// Replaces settings and state of one that was read with `key.version - 1`. `Conflict` when it has another version by now.
    /// `last_used_at` is left alone.
    fn update(&mut self, key: &ApiKey) -> Result<()>;
    /// How many count against the limit of active keys: of no project, not revoked, not rotated out, not expired.
    fn count_active(&mut self, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> Result<i64>;
    /// [`count_active`](Self::count_active) after [`Organizations::lock`]: nobody else counts until the end of the transaction. `None` when
    /// there is no such organization.
    fn lock_and_count(&mut self, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> Result<Option<i64>>;
    /// Keys that are not revoked and end after `now`, at `until` or before, less those that had a notice of this end at `days` days
    /// or later, and those with a life of a day or less: the soonest first, `limit` at most.
    fn list_expiring(&mut self, now: Timestamp, until: Timestamp, days: i64, limit: i64) -> Result<Vec<ApiKey>>;
    /// Notes that a key had its notice, `days` days before its end.
    fn note_expiry(&mut self, key: &ApiKey, days: i64) -> Result<()>;
    /// Moves `last_used_at` forward, never back.
    fn touch(&mut self, used: &[(KeyId, Timestamp)]) -> Result<()>;
}

/// Secrets that can still be fetched.
pub trait Reveals {
    /// Adds one.
    fn insert(&mut self, reveal: &Reveal) -> Result<()>;
    /// By key, without counting a read.
    fn find(&mut self, key: KeyId) -> Result<Option<Reveal>>;
    /// Takes one read, in one statement that checks time and reads left; the record as it is after.
    fn take_read(&mut self, key: KeyId, now: Timestamp) -> Result<Option<Reveal>>;
    /// Ends a window; `false` when there was none.
    fn delete(&mut self, key: KeyId) -> Result<bool>;
    /// Keeps the key of a bucket. `Conflict` when it has one; if that one came after a look that found none, the transaction runs
    /// again instead, and finds it.
    fn insert_bucket_key(&mut self, key: &WrappedBucketKey) -> Result<()>;
    /// The key of a bucket.
    fn find_bucket_key(&mut self, bucket: i64) -> Result<Option<WrappedBucketKey>>;
    /// Forgets windows and bucket keys that ended by `now`; how many rows went.
    fn delete_expired(&mut self, now: Timestamp) -> Result<usize>;
}

/// An answer to be repeated for the same idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// A hash over organization, principal, method, route and the client's key.
    pub id: String,
    /// Whose.
    pub organization_id: OrganizationId,
    /// A hash over the payload.
    pub fingerprint: String,
    /// The status of the answer.
    pub status: i64,
    /// The body of the answer, without any secret.
    pub body: String,
    /// The key whose secret was in the body; it comes from the reveal record.
    pub key_id: Option<KeyId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// Answers to repeat.
pub trait Idempotency {
    /// Adds one. `Conflict("idempotency")` when there is one.
    fn insert(&mut self, record: &IdempotencyRecord) -> Result<()>;
    /// By id, unless it has expired.
    fn find(&mut self, id: &str, now: Timestamp) -> Result<Option<IdempotencyRecord>>;
    /// Forgets those that ended by `now`; how many went.
    fn delete_expired(&mut self, now: Timestamp) -> Result<usize>;
}

/// Units taken from a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allotment {
    /// How many were taken; 0 when the quota cannot give what was asked.
    pub units: u64,
    /// How many are used in the period now, those included.
    pub used: u64,
}

/// A part of a quota that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaMark {
    /// Whose quota: a key's lineage or an organization.
    pub subject: String,
    /// The quota as it was.
    pub quota: Quota,
    /// Since when it counts.
    pub period_start: Timestamp,
    /// Which part of it, in percent.
    pub percent: u64,
    /// How many units were taken.
    pub used: u64,
}

/// Used units, by subject (a key's lineage or an organization), for days and months apart: a quota may change its period.
pub trait Quotas {
    /// Takes between `cost` and [`Quota::allotment`] units of the period that starts at `period_start`, or none. A period that has
    /// passed is closed. Never lets `used` exceed the limit. Leaves a mark for each of [`Quota::MARKS`] that is reached.
    fn take(&mut self, subject: &str, quota: &Quota, period_start: Timestamp, cost: u64) -> Result<Allotment>;
    /// Returns units that were taken and not used. Nothing happens when the period has passed.
    fn give_back(&mut self, subject: &str, period_start: Timestamp, units: u64) -> Result<()>;
    /// Asks the nodes that hold unused units of a quota to give them back, when this transaction is committed. Heard as
    /// [`News::recalled`].
    fn recall(&mut self, subject: &str) -> Result<()>;
    /// Tells those who asked that units were given back, when this transaction is committed. Heard as [`News::returned`].
    fn announce_return(&mut self, subject: &str) -> Result<()>;
    /// How many units are used in the period that starts at `period_start`.
    fn used(&mut self, subject: &str, period_start: Timestamp) -> Result<u64>;
    /// What is used of each of these subjects, whatever the period: subject, start of the period and units, in any order. A day and a
    /// month that start together are told apart; [`used`](Self::used) says the larger one. Where nothing is used yet, nothing is said.
    fn list_used(&mut self, subjects: &[String]) -> Result<Vec<(String, Timestamp, u64)>>;
    /// Marks that were not announced yet, `limit` at most.
    fn marks(&mut self, limit: i64) -> Result<Vec<QuotaMark>>;
    /// Notes that a mark was announced; `false` when somebody did.
    fn announce(&mut self, mark: &QuotaMark) -> Result<bool>;
    /// Forgets announced marks of periods that started before `before`.
    fn delete_marks(&mut self, before: Timestamp) -> Result<usize>;
}

/// Which counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// On this surface; all when left out.
    pub surface: Option<Surface>,
    /// By this key; all when left out.
    pub key: Option<KeyId>,
}

/// Counted requests.
pub trait Usage {
    /// Adds counts. A batch that was added before is not added again: `false`.
    fn add(&mut self, batch: &str, counts: &[UsageCount], now: Timestamp) -> Result<bool>;
    /// An organization's counts in `from..to`, by minute, key, surface and outcome.
    fn list(&mut self, organization: OrganizationId, from: Timestamp, to: Timestamp) -> Result<Vec<UsageCount>>;
    /// Sums of an organization's counts in `from..to`, by minute and outcome.
    fn sums(&mut self, organization: OrganizationId, of: UsageFilter, from: Timestamp, to: Timestamp) -> Result<Vec<UsageSum>>;
    /// Moves at most `most` counts of minutes before `before` to the first minute of their hour: how many were moved.
    fn roll_up(&mut self, before: Timestamp, most: i64) -> Result<usize>;
    /// Forgets all counts of minutes before `before`.
    fn delete_before(&mut self, before: Timestamp) -> Result<usize>;
    /// Forgets which batches were added before `before`.
    fn delete_batches(&mut self, before: Timestamp) -> Result<usize>;
}

/// A change that caches must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invalidation {
    /// A key.
    Key(KeyId),
    /// An organization and all of its keys.
    Organization(OrganizationId),
    /// A session.
    Session(SessionId),
    /// A person and all of their sessions.
    User(UserId),
}

/// The journal of changes. Numbers have no gaps that fill later: a reader that has seen `n` has seen all up to `n`.
pub trait Invalidations {
    /// Adds one; its number, larger than that of every transaction that committed before.
    fn append(&mut self, invalidation: Invalidation, now: Timestamp) -> Result<i64>;
    /// Those after `seq`, in order, `limit` at most.
    fn list_after(&mut self, seq: i64, limit: i64) -> Result<Vec<(i64, Invalidation)>>;
    /// The last number; 0 when there is none.
    fn head(&mut self) -> Result<i64>;
    /// Forgets those added before `before`, but never the numbering.
    fn delete_before(&mut self, before: Timestamp) -> Result<usize>;
}

/// Failed sign-ins of one subject (an account or a source, as a keyed hash).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Failures in a row.
    pub failures: i64,
    /// The last one.
    pub last_failure_at: Timestamp,
}

/// Failed sign-ins.
pub trait Throttles {
    /// What is known of a subject.
    fn find(&mut self, subject: &str) -> Result<Option<Throttle>>;
    /// Adds a failure, in one statement.
    fn fail(&mut self, subject: &str, at: Timestamp) -> Result<()>;
    /// Forgets a subject after a success.
    fn clear(&mut self, subject: &str) -> Result<()>;
    /// Forgets subjects whose last failure was before `before`.
    fn delete_before(&mut self, before: Timestamp) -> Result<usize>;
}

/// Facts about the installation, by name.
pub trait Settings {
    /// One value.
    fn find(&mut self, name: &str) -> Result<Option<String>>;
    /// Sets a value if the name has none; whether it did.
    fn insert(&mut self, name: &str, value: &str) -> Result<bool>;
}
