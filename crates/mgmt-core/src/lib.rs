//! The rules of a management plane: keys, scopes, roles, grants, limits, quotas and the decision whether a request may pass.
//!
//! # The model
//!
//! An [organization](account::Organization) owns [keys](key::ApiKey) and has [members](account::Membership) with
//! [roles](role::Role). A key is a text that is shown once ([`key_text`]); what is kept is its keyed hash ([`secret`]). A key
//! holds [scopes](scope) from a catalogue, may be restricted to [networks and warehouses](network), and may carry a
//! [rate limit](limit) and a [quota](mod@quota) of its own. It passes through [states](key::KeyState) by transitions that consume
//! it. [`access::decide`] says whether a key may do what a request asks; [`grant::check`] says who may hand out what.
//!
//! Everything here is pure. The time and the source of randomness are arguments, nothing reads a clock, a file or a socket, so
//! every rule can be tested without waiting and used in any program.
//!
//! # Example
//!
//! ```
//! use mgmt_core::{account::Actor, id::OrganizationId, key::{ApiKey, KeyStatus, Mint, NewKey}, key_draft::KeyDraft};
//! use mgmt_core::{key_text::KeyFormat, scope::Catalogues, secret::{KeyMaterial, Keyring}, time::Timestamp};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//!
//! let now = Timestamp::from_millis(1_800_000_000_000);
//! let keyring = Keyring::derive(&KeyMaterial::new([7; 32]));
//! let format = KeyFormat::new("mg")?;
//!
//! let draft = KeyDraft { scopes: Some(vec!["read:shipments".into()]), ..KeyDraft::default() };
//! let parsed = draft.parse(&Catalogues::default(), now)?;
//! let new = NewKey {
//!     organization_id: OrganizationId::new(now, &mut rng),
//!     project_id: None,
//!     kind: parsed.kind,
//!     environment: parsed.environment,
//!     settings: parsed.settings,
//!     created_by: Actor::System,
//! };
//! let (key, secret) = ApiKey::issue(new, Mint { format: &format, pepper: &keyring.pepper }, now, &mut rng)?;
//!
//! let presented = format.parse(secret.expose()).expect("well-formed");
//! assert!(keyring.pepper.hash(&presented).matches(&key.hash));
//! assert_eq!(key.suspend(now)?.status(now), KeyStatus::Suspended);
//! # Ok::<(), mgmt_core::error::Error>(())
//! ```
//!
//! # To add a rule
//!
//! Put it into the module of the aggregate it judges, take `now` and the random source as arguments, return an
//! [`error::Error`] with a stable [`error::Code`], and state beside it, as a property, what must hold for every input.

#![deny(missing_docs)]

pub mod access;
pub mod account;
pub mod audit;
pub mod cipher;
pub mod cursor;
pub mod delivery;
pub mod error;
pub mod event;
pub mod foreign;
pub mod grant;
#[macro_use]
pub mod id;
pub mod invitation;
pub mod key;
pub mod key_draft;
pub mod key_text;
pub mod lease;
pub mod limit;
pub mod member;
pub mod network;
pub mod project;
pub mod quota;
pub mod reveal;
pub mod role;
pub mod scope;
pub mod secret;
pub mod session;
pub mod target;
pub mod text;
pub mod time;
pub mod usage;
pub mod webhook;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
