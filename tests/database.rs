use std::process::Command;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// Whether a test on this backend can run; says so loudly where it cannot.
    #[must_use]
    pub fn is_available(self) -> bool {
        let available = self == Self::Sqlite || postgres_url().is_some();
        if !available {
            eprintln!("*** SKIPPED: MGMT_TEST_POSTGRES_URL is not set, so this is not tested on PostgreSQL ***");
        }
        available
    }

    /// An empty database that nobody else uses.
    #[must_use]
    pub fn database(self) -> Database {
        match self {
            Self::Sqlite => Database { name: None, borrowed: false },
            Self::Postgres => {
                static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
                let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
                let name = format!("mgmt_test_{}_{count}_{nanos}", std::process::id());
                psql(&postgres_url().expect("is_available was asked"), &format!("CREATE DATABASE {name}"));
                Database { name: Some(name), borrowed: false }
            }
        }
    }
}

fn postgres_url() -> Option<String> {
    std::env::var("MGMT_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

fn psql(url: &str, statement: &str) -> String {
    let output = Command::new("psql")
        .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A database of one test: dropped at the end.
#[derive(Debug)]
pub struct Database {
    name: Option<String>,
    /// Whether somebody else drops it.
    borrowed: bool,
}

impl Database {
    /// The same database for another node.
    pub(crate) fn shared(&self) -> Self {
        assert!(self.name.is_some(), "only PostgreSQL serves several nodes");
        Self { name: self.name.clone(), borrowed: true }
    }

    /// The URL as in `MGMT_DATABASE__URL`; a SQLite file is `data/mgmt.db` below the server's folder, as by default.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.name {
            None => "sqlite://data/mgmt.db".to_owned(),
            Some(name) => {
                let server = postgres_url().expect("is_available was asked");
                let (base, query) = server.split_once('?').unwrap_or((&server, ""));
                let (base, _) = base.rsplit_once('/').expect("a database name in MGMT_TEST_POSTGRES_URL");
                let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                format!("{base}/{name}{query}")
            }
        }
    }

    /// Runs a statement past the server: with psql, or on the file with SQLite's own shell where that is installed.
    #[must_use]
    pub fn sql(&self, folder: &crate::Folder, statement: &str) -> String {
        if self.name.is_some() {
            return psql(&self.url(), statement);
        }
        let program = "import sqlite3, sys\n\
                       c = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)\n\
                       for row in c.execute(sys.argv[2]): print('|'.join(str(v) for v in row))";
        let output = Command::new("python3")
            .args(["-c", program, folder.file("data/mgmt.db").to_str().unwrap(), statement])
            .output()
            .expect("python3 runs");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Everything that a thief of the PostgreSQL database would have; empty for SQLite, whose files are in the folder.
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        if self.name.is_none() {
            return Vec::new();
        }
        let output = Command::new("pg_dump").args(["-d", &self.url()]).output().expect("pg_dump runs");
        assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.borrowed {
            return;
        }
        if let (Some(name), Some(url), false) = (&self.name, postgres_url(), std::thread::panicking()) {
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = Command::new("psql").args(["-X", "-q", "-d", &url, "-c", &statement]).output();
        }
    }
}
