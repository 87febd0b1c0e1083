//! Databases for tests: new, empty, and gone afterwards.

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    ops::Deref,
    path::PathBuf,
    process,
    sync::Arc,
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};

use crate::{
    sql::{Options, SqlStore, address::Address},
    store::Store,
};

/// A database of a test's own.
pub(super) struct Place {
    pub(super) url: String,
    pub(super) address: Address,
    cleanup: Cleanup,
}

enum Cleanup {
    Folder(PathBuf),
    Database { admin: String, name: String },
}

/// A migrated store in a place of its own.
pub(super) struct Fresh {
    // Dropped in this order: connections first.
    store: Arc<dyn Store>,
    _place: Place,
}

fn unique() -> String {
    format!("mgmt_test_{}_{:x}", process::id(), RandomState::new().hash_one(0))
}

/// The server for tests, unless they are to do without.
pub(super) fn server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests are told where their server is by an environment variable")]
    let url = env::var("MGMT_TEST_POSTGRES_URL").ok();
    if url.is_none() {
        eprintln!("SKIPPED, NOT TESTED: PostgreSQL. Set MGMT_TEST_POSTGRES_URL to test it.");
    }
    url
}

impl Place {
    pub(super) fn file() -> Self {
        let folder = env::temp_dir().join(unique());
        let url = format!("sqlite://{}", folder.join("new/mgmt.db").display());
        Self { address: Address::parse(&url).unwrap(), url, cleanup: Cleanup::Folder(folder) }
    }

    pub(super) fn postgres() -> Option<Self> {
        let admin = server()?;
        let name = unique();
        PgConnection::establish(&admin).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (base, query) = admin.split_once('?').unwrap_or((&admin, ""));
        let (scheme, rest) = base.split_once("://").unwrap();
        let authority = rest.split('/').next().unwrap();
        let url = format!("{scheme}://{authority}/{name}?{query}");
        Some(Self { address: Address::parse(&url).unwrap(), url, cleanup: Cleanup::Database { admin, name } })
    }

    pub(super) fn open(&self) -> Arc<dyn Store> {
        self.open_with(Options::default())
    }

    pub(super) fn open_with(&self, options: Options) -> Arc<dyn Store> {
        Arc::new(self.sql(options))
    }

    pub(super) fn sql(&self, options: Options) -> SqlStore {
        SqlStore::open(&self.url, options).unwrap()
    }

    pub(super) fn fresh(self) -> Fresh {
        let store = self.open();
        store.migrate().unwrap();
        Fresh { store, _place: self }
    }

    /// 32 bytes in the words of the database.
    pub(super) fn zeroes(&self) -> &'static str {
        match self.cleanup {
            Cleanup::Folder(_) => "zeroblob(32)",
            Cleanup::Database { .. } => "decode(repeat('00', 32), 'hex')",
        }
    }
}

impl Deref for Fresh {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match &self.cleanup {
            Cleanup::Folder(folder) => {
                let _ = fs::remove_dir_all(folder);
            }
            Cleanup::Database { admin, name } => {
                if let Ok(mut connection) = PgConnection::establish(admin) {
                    let _ = connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                }
            }
        }
    }
}
