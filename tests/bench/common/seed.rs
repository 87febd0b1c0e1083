//! Keys in bulk, written into a server's database while it does not run.

use std::sync::Arc;

use getrandom::SysRng;
use mgmt_core::{
    account::{Actor, Organization, Plan},
    id::OrganizationId,
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::{KeyFormat, KeyKind},
    limit::RateLimit,
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
    time::Timestamp,
};
use mgmt_gate::SystemClock;
use mgmt_store::{Options, Store, Tx};
use mgmt_tests::Server;
use rand_core::UnwrapErr;

/// Keys that go into one transaction.
const BATCH: usize = 5_000;

/// The database of a server that was bootstrapped.
pub(crate) fn store(server: &Server) -> Arc<dyn Store> {
    let file = server.folder.file("data/mgmt.db");
    let url = server.database.url();
    let url = if url.starts_with("sqlite") { format!("sqlite://{}", file.display()) } else { url };
    mgmt_store::open(&url, Options::default()).unwrap()
}

/// Makes so many API keys of the operator's organization, one a millisecond until now, each with a limit of its own or none; their
/// texts.
pub(crate) fn keys(server: &Server, count: usize, limit: Option<RateLimit>) -> Vec<String> {
    let (maker, store) = (Maker::new(server), store(server));
    let organization = server.organization().parse().unwrap();
    let issue = |number: usize| {
        let scopes = ["orders:read", "shipments:read", "shipments:write"].map(str::to_owned).to_vec();
        let draft = KeyDraft { name: Some(format!("service {number}")), scopes: Some(scopes), ..KeyDraft::default() };
        // Ids begin with the time: were it the same for all, each key would lie on another page of the database than those around it.
        let at = maker.wall.plus_millis(number as i64 - count as i64);
        maker.issue(organization, draft, limit, at)
    };
    let mut texts = Vec::with_capacity(count);
    while texts.len() < count {
        let made: Vec<_> = (texts.len()..count.min(texts.len() + BATCH)).map(issue).collect();
        store.run("seed", |tx| made.iter().try_for_each(|(key, _)| tx.keys().insert(key))).unwrap();
        texts.extend(made.into_iter().map(|(_, text)| text));
    }
    texts
}

/// Makes so many organizations, each with a management key that may do everything; the keys' texts.
pub(crate) fn tenants(server: &Server, count: usize) -> Vec<String> {
    let (maker, store) = (Maker::new(server), store(server));
    let make = |number: usize| {
        let name = format!("Tenant {number}");
        let organization = Organization::new(&name, Plan::Scale, false, maker.wall, &mut UnwrapErr(SysRng)).unwrap();
        let draft = KeyDraft {
            name: Some(name),
            kind: Some("management".to_owned()),
            scopes: Some(vec!["*".to_owned()]),
            ..KeyDraft::default()
        };
        let (key, text) = maker.issue(organization.id, draft, None, maker.wall);
        (organization, key, text)
    };
    let made: Vec<_> = (0..count).map(make).collect();
    let insert = |tx: &mut dyn Tx| {
        made.iter().try_for_each(|(organization, key, _)| {
            tx.organizations().insert(organization)?;
            tx.keys().insert(key)
        })
    };
    store.run("seed", insert).unwrap();
    made.into_iter().map(|(_, _, text)| text).collect()
}

struct Maker {
    format: KeyFormat,
    keyring: Keyring,
    catalogues: Catalogues,
    wall: Timestamp,
}

impl Maker {
    fn new(server: &Server) -> Self {
        let material: [u8; 32] = std::fs::read(server.folder.file("data/master.key")).unwrap().try_into().unwrap();
        Self {
            format: KeyFormat::new("mg").unwrap(),
            keyring: Keyring::derive(&KeyMaterial::new(material)),
            catalogues: Catalogues::default(),
            wall: SystemClock.now().wall,
        }
    }

    fn issue(
        &self,
        organization_id: OrganizationId,
        draft: KeyDraft,
        limit: Option<RateLimit>,
        at: Timestamp,
    ) -> (ApiKey, String) {
        let parsed = draft.parse(&self.catalogues, self.wall).unwrap();
        let mut settings = parsed.settings;
        // What a management key makes may not outlive it. Keys that live for a day have no notice of their end, which would be made
        // while others are measured.
        settings.expires_at = (parsed.kind == KeyKind::Secret).then(|| at.plus_secs(86_400));
        settings.rate_limit = limit;
        let new = NewKey {
            organization_id,
            project_id: None,
            kind: parsed.kind,
            environment: parsed.environment,
            settings,
            created_by: Actor::System,
        };
        let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
        let (key, secret) = ApiKey::issue(new, mint, at, &mut UnwrapErr(SysRng)).unwrap();
        (key, secret.expose().to_owned())
    }
}
