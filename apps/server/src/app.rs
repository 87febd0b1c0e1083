//! What the handlers work with: the store, the gate, the keys, the clock; and the one place where work leaves the async threads.

pub(crate) mod background;
pub(crate) mod cluster;
pub(crate) mod idempotency;
pub(crate) mod journal;
pub(crate) mod mail;
pub(crate) mod master_key;
pub(crate) mod notices;
pub(crate) mod reveals;
pub(crate) mod sealed;
pub(crate) mod setup;
mod work;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use actix_web::web;
use getrandom::SysRng;
use mgmt_actix::Admitter;
use mgmt_core::{
    key::Mint,
    key_text::KeyFormat,
    limit::RateLimit,
    reveal::bucket_of,
    scope::{Catalogue, Catalogues, ScopeMask},
    secret::{KeyMaterial, Keyring},
    target::TargetRules,
    time::Timestamp,
};
use mgmt_gate::{ForeignKeys, Gate, SystemClock};
use mgmt_redis::RedisWindows;
use mgmt_shipping::carrier::Carriers;
use mgmt_store::{Store, StoreError};
use parking_lot::Mutex;
use rand_core::UnwrapErr;
use tokio::sync::Notify;
use url::Url;

use cluster::Cluster;
use mail::Mailer;

pub(crate) use work::{Deed, Origin, Work};

use crate::{
    auth::{password::Passwords, permission, throttle::Turns},
    config::Config,
    deliver::Endpoint,
    error::ApiError,
};

/// A database that takes longer to answer is away.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// The operating system's source of randomness. It panics where the system has none, as nothing can be issued then.
pub(crate) type OsRng = UnwrapErr<SysRng>;

/// One for the process; cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gate: Arc<Gate>,
    /// The nodes that share the database, where several may.
    pub(crate) cluster: Option<Arc<Cluster>>,
    pub(crate) admitter: Admitter,
    /// Where all nodes count rate limits together, if that is set.
    pub(crate) windows: Option<RedisWindows>,
    pub(crate) keyring: Keyring,
    pub(crate) format: KeyFormat,
    pub(crate) clock: SystemClock,
    pub(crate) passwords: Passwords,
    pub(crate) mailer: Mailer,
    /// Who rates and books shipments.
    pub(crate) carriers: Carriers,
    pub(crate) session_limit: Option<RateLimit>,
    /// The bits of each management permission.
    permissions: HashMap<&'static str, ScopeMask>,
    /// The bits of each scope, by its canonical text.
    scopes: HashMap<String, ScopeMask>,
    /// Told when something was added to the outbox.
    pub(crate) outbox: Notify,
    /// Webhooks that were switched off or removed and whose deliveries may be in the delivering thread's hands.
    pub(crate) stopped: Mutex<HashSet<Endpoint>>,
    /// Where webhooks may point.
    pub(crate) targets: TargetRules,
    /// Accounts whose password is being tried.
    pub(crate) turns: Turns,
    /// The key that this moment's reveal records are encrypted with, of a transaction that was kept.
    bucket_key: Mutex<Option<(i64, KeyMaterial)>>,
    /// Idempotency records that are being worked on.
    pub(crate) in_progress: Mutex<HashSet<String>>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    pub(crate) fn new(
        config: Arc<Config>,
        store: Arc<dyn Store>,
        gate: Gate,
        cluster: Option<Cluster>,
        keyring: Keyring,
        format: KeyFormat,
        mailer: Mailer,
    ) -> Self {
        let gate = Arc::new(gate);
        let permissions = permission::masks(&gate.catalogues().permissions);
        let windows = config.redis.url.clone().map(RedisWindows::new);
        let foreign = ForeignKeys::new(Arc::clone(&gate), Arc::clone(&store), format.clone(), keyring.pepper.clone());
        let mut admitter = Admitter::with_foreign(foreign);
        if let Some(windows) = windows.clone() {
            admitter = admitter.with_windows(Arc::new(windows));
        }
        let scopes = scope_masks(&gate.catalogues().scopes);
        Self(Arc::new(Parts {
            admitter,
            windows,
            session_limit: RateLimit::per_minute(config.limits.session_per_minute),
            passwords: Passwords::new(),
            mailer,
            carriers: Carriers::built_in(),
            clock: SystemClock,
            outbox: Notify::new(),
            stopped: Mutex::default(),
            targets: targets(&config),
            turns: Turns::default(),
            bucket_key: Mutex::default(),
            in_progress: Mutex::default(),
            permissions,
            scopes,
            cluster: cluster.map(Arc::new),
            config,
            store,
            gate,
            keyring,
            format,
        }))
    }

    /// Which scopes there are.
    pub(crate) fn catalogues(&self) -> &Catalogues {
        self.gate.catalogues()
    }

    /// What key texts are made with.
    pub(crate) fn mint(&self) -> Mint<'_> {
        Mint { format: &self.format, pepper: &self.keyring.pepper }
    }

    /// The bits of a management permission.
    pub(crate) fn permission(&self, name: &str) -> ScopeMask {
        self.permissions.get(name).copied().unwrap_or_default()
    }

    /// The bits that a scope demands, if this is its canonical text.
    pub(crate) fn scope(&self, text: &str) -> Option<ScopeMask> {
        self.scopes.get(text).copied()
    }

    /// Runs a writing transaction on the blocking pool. When it returns `Ok`, all nodes follow the changes: whoever asks any of them
    /// from now on gets the new answer. That holds as well for changes that others have stored before, so that a repeated request
    /// is not answered before the first one could have been.
    ///
    /// # Errors
    /// What `work` returns; 503 when this node holds no lease, and when the change is stored, but could not be confirmed.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut Work<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.wait_for_lease().await?;
        let app = self.clone();
        let (done, seq) = self.block(move || app.commit(name, work)).await?;
        if let Some(cluster) = &self.cluster {
            cluster.confirm(seq).await?;
        }
        Ok(done)
    }

    /// [`run`](Self::run) on this thread, for a process that is no node.
    pub(crate) fn run_here<T>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut Work<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (done, seq) = self.commit(name, work)?;
        if let Some(cluster) = &self.cluster {
            cluster.confirm_here(&*self.store, seq)?;
        }
        Ok(done)
    }

    /// Runs a writing transaction on this thread that nobody waits for: other nodes follow its changes soon after.
    pub(crate) fn run_aside<T>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut Work<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.commit(name, work).map(|(done, _)| done)
    }

    /// Commits, and follows the changes on this node. Also tells the last change that the transaction has made or seen, which other
    /// nodes may have to follow.
    fn commit<T>(
        &self,
        name: &'static str,
        mut work: impl FnMut(&mut Work<'_>) -> Result<T, ApiError>,
    ) -> Result<(T, i64), ApiError> {
        let mut is_first = true;
        let (done, seq, (has_events, stopped, bucket_key)) = self.store.run(name, |tx| {
            let mut current = Work::new(self, tx);
            if std::mem::take(&mut is_first) {
                current = current.trusting();
            }
            let done = work(&mut current)?;
            let seq = match (current.write_journal()?, current.seen) {
                (Some(seq), _) | (None, Some(seq)) => seq,
                (None, None) => current.tx.invalidations().head()?,
            };
            Ok::<_, ApiError>((done, seq, (current.has_events, current.stopped, current.bucket_key)))
        })?;
        if bucket_key.is_some() {
            *self.bucket_key.lock() = bucket_key;
        }
        if !stopped.is_empty() {
            self.stopped.lock().extend(stopped);
        }
        if has_events {
            self.outbox.notify_one();
        }
        if self.gate.applied() < seq {
            self.gate.catch_up()?;
        }
        Ok((done, seq))
    }

    /// Forgets the key of a bucket that is over.
    pub(crate) fn forget_bucket_key(&self, now: Timestamp) {
        self.bucket_key.lock().take_if(|(bucket, _)| *bucket != bucket_of(now));
    }

    /// Runs a reading transaction on the blocking pool.
    ///
    /// # Errors
    /// What `work` returns; 503 when this node holds no lease.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        mut work: impl FnMut(&mut Work<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.wait_for_lease().await?;
        let app = self.clone();
        self.block(move || app.store.read(name, |tx| work(&mut Work::new(&app, tx)))).await
    }

    /// Whether the database answers and has the schema of this program, and this node holds a lease where it needs one.
    pub(crate) async fn is_ready(&self) -> bool {
        if !self.gate.may_answer(self.clock.now()) {
            return false;
        }
        let app = self.clone();
        let asked = self.block(move || match app.store.check_schema() {
            // A newer program has joined since this one started. Migrations only add: this one goes on until it is replaced.
            Err(StoreError::NewerSchema(_)) => Ok(()),
            other => Ok(other?),
        });
        // A connection that is cut without a word would keep the answer for minutes.
        tokio::time::timeout(READY_WITHIN, asked).await.is_ok_and(|schema| schema.is_ok())
    }

    /// Writes all counts and gives unused quota back, when no more requests will come.
    pub(crate) async fn flush(&self) {
        let app = self.clone();
        let done = self.block(move || Ok(app.gate.close(app.clock.now())?)).await;
        if let Err(error) = done {
            tracing::error!(?error, "the last counts could not be written");
        }
    }

    /// Writes what was counted so far, so that it can be read.
    ///
    /// # Errors
    /// 503 when the database does not take it.
    pub(crate) async fn flush_counts(&self) -> Result<(), ApiError> {
        let app = self.clone();
        self.block(move || Ok(app.gate.flush(app.clock.now())?)).await
    }

    /// Runs blocking work on the blocking pool.
    ///
    /// # Errors
    /// What `work` returns; 503 when the pool is gone.
    pub(crate) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        web::block(work).await.map_err(ApiError::unavailable)?
    }
}

fn scope_masks(catalogue: &Catalogue) -> HashMap<String, ScopeMask> {
    let entries = catalogue.entries().iter();
    let texts = entries.flat_map(|entry| entry.actions.iter().map(|action| format!("{}:{action}", entry.resource)));
    let mask = |text: String| Some((text.clone(), catalogue.demanded(&catalogue.parse_set("scope", &[text]).ok()?)));
    texts.filter_map(mask).collect()
}

fn targets(config: &Config) -> TargetRules {
    let own = Url::parse(&config.server.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    TargetRules {
        allow_http: config.webhooks.allow_http,
        allowed_networks: config.webhooks.allowed_networks.clone(),
        own_hosts: own.into_iter().collect(),
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict("transaction") => Self::unavailable("the transaction collided with others too often"),
            StoreError::Conflict(what) => mgmt_core::error::Error::new(
                mgmt_core::error::Code::Conflict,
                format!("`{what}` is taken or was changed by somebody else meanwhile: read it again"),
            )
            .into(),
            StoreError::Unavailable(cause) => Self::unavailable(cause),
            other => Self::internal(other),
        }
    }
}
