//! Putting the application together at start: master key, database, schema, gate.

use std::{sync::Arc, time::Duration};

use mgmt_core::{
    key_text::{KeyFormat, random_token},
    limit::RateLimit,
    scope::{Catalogue, CatalogueEntry, Catalogues},
    secret::Keyring,
};
use mgmt_gate::{DEFAULT_CAPACITY, Gate, GateOptions, PlanLimits};
use mgmt_store::{Options, Store, StoreError};

use super::{App, OsRng, cluster::Cluster, mail::Mailer, master_key};
use crate::{cli::Failure, config::Config, error::ApiError};

/// The name under which a database keeps the fingerprint of its master key.
pub(crate) const FINGERPRINT: &str = "master_key_fingerprint";

/// Organizations that are given their first rate sheet in one transaction.
const UNSTARTED: i64 = 100;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error)
    }
}

impl App {
    /// Opens everything that the server and the commands need. Makes the master key where the database is SQLite, and brings the
    /// schema up to date.
    ///
    /// # Errors
    /// One message about whatever is wrong first.
    pub(crate) fn open(config: Arc<Config>) -> Result<Self, Failure> {
        let store = open_store(&config)?;
        let own_file = !store.is_shared();
        let master = master_key::load(&config.security.master_key_file, own_file).map_err(Failure::new)?;
        let keyring = Keyring::derive(&master);
        for version in store.migrate()? {
            tracing::info!(version, "migrated the database");
        }
        check_fingerprint(&*store, &keyring)?;
        let format = KeyFormat::new(&config.keys.prefix)?;
        let gate = Gate::new(Arc::clone(&store), gate_options(&config, &keyring, &format)?)?;
        let mailer = Mailer::start(&config.smtp)?;
        let cluster = store.is_shared().then(|| Cluster::new(&config, random_token(22, &mut rng()).expose().to_owned()));
        let app = Self::new(config, store, gate, cluster, keyring, format, mailer);
        app.start_rate_sheets().map_err(|error| error.cause().map_or_else(|| Failure::new(error.error()), Failure::new))?;
        Ok(app)
    }

    /// Gives the organizations of an older database the rate sheet that every one starts with: a migration has no ids to make one.
    fn start_rate_sheets(&self) -> Result<(), ApiError> {
        loop {
            let given = self.run_here("setup.rate_sheets", |work| {
                let unstarted = work.tx.rate_sheets().unstarted(UNSTARTED)?;
                unstarted.iter().try_for_each(|organization| work.start_rate_sheets(*organization))?;
                Ok(unstarted.len())
            })?;
            if given == 0 {
                return Ok(());
            }
        }
    }
}

/// Opens the database alone.
///
/// # Errors
/// When it cannot be reached.
pub(crate) fn open_store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    let options = Options { pool_size: config.database.pool_size, wait: Duration::from_secs(2) };
    Ok(mgmt_store::open(config.database.url.reveal(), options)?)
}

/// A database that was used with another master key still opens, but none of its keys will work: say so, loudly.
fn check_fingerprint(store: &dyn Store, keyring: &Keyring) -> Result<(), Failure> {
    let known = store.run("setup.fingerprint", |tx| {
        tx.settings().insert(FINGERPRINT, &keyring.fingerprint)?;
        tx.settings().find(FINGERPRINT)
    })?;
    if known.as_deref() != Some(&keyring.fingerprint) {
        tracing::error!(
            "the master key is not the one that this database was used with: no key or session made with the other one works"
        );
    }
    Ok(())
}

fn gate_options(config: &Config, keyring: &Keyring, format: &KeyFormat) -> Result<GateOptions, Failure> {
    let entry = |scope: &crate::config::CatalogueScope| CatalogueEntry {
        resource: scope.resource.clone(),
        actions: scope.actions.clone(),
        description: scope.description.clone(),
    };
    let scopes = Catalogue::new(config.catalogue.iter().map(entry).collect())?;
    Ok(GateOptions {
        format: format.clone(),
        pepper: keyring.pepper.clone(),
        catalogues: Catalogues::new(scopes),
        limits: plan_limits(config),
        capacity: DEFAULT_CAPACITY,
        run: random_token(22, &mut rng()).expose().to_owned(),
    })
}

/// What each plan allows.
pub(crate) fn plan_limits(config: &Config) -> PlanLimits {
    PlanLimits {
        self_hosted: RateLimit::per_minute(config.limits.self_hosted_per_minute),
        scale: RateLimit::per_minute(config.limits.scale_per_minute),
        enterprise: RateLimit::per_minute(config.limits.enterprise_per_minute),
    }
}

fn rng() -> OsRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}
