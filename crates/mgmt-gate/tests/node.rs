//! Runs the example `node` and changes a key beside it, as a server does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests: a surprise is a panic")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use mgmt_core::{
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::KeyFormat,
    lease::reached,
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
};
use mgmt_gate::SystemClock;
use mgmt_store::{Invalidation, Options, Store};

const MASTER: [u8; 32] = [7; 32];

struct Example {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Example {
    fn start(url: &str, master: &Path) -> Self {
        // Beside the folder of this test's own binary: Cargo builds the examples of a package with its tests.
        let mut path = env::current_exe().unwrap();
        path.pop();
        path.pop();
        let mut command = Command::new(path.join("examples/node"));
        let mut child = command.arg(url).arg(master).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is built");
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn ask(&mut self, key: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{key}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn issue(store: &Arc<dyn Store>) -> (ApiKey, String) {
    let (now, mut rng) = (SystemClock.now().wall, rand_core::UnwrapErr(getrandom::SysRng));
    let organization = Organization::new("Acme", Plan::Scale, true, now, &mut rng).unwrap();
    let draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
    let parsed = draft.parse(&Catalogues::default(), now).unwrap();
    let new = NewKey {
        organization_id: organization.id,
        project_id: None,
        kind: parsed.kind,
        environment: parsed.environment,
        settings: parsed.settings,
        created_by: Actor::System,
    };
    let (format, pepper) = (KeyFormat::new("mg").unwrap(), Keyring::derive(&KeyMaterial::new(MASTER)).pepper);
    let (key, secret) = ApiKey::issue(new, Mint { format: &format, pepper: &pepper }, now, &mut rng).unwrap();
    let insert = |tx: &mut dyn mgmt_store::Tx| {
        tx.organizations().insert(&organization)?;
        tx.keys().insert(&key)
    };
    store.run("test.setup", insert).unwrap();
    (key, secret.expose().to_owned())
}

#[test]
fn a_change_waits_for_the_program_and_holds_there() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("node-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let master = folder.join("master.key");
    fs::write(&master, MASTER).unwrap();
    let url = format!("sqlite://{}", folder.join("mgmt.db").display());
    let store = mgmt_store::open(&url, Options::default()).unwrap();
    store.migrate().unwrap();
    let (key, text) = issue(&store);
    let mut node = Example::start(&url, &master);
    assert!(node.ask(&text).starts_with("accepted: a key of org_"));
    assert_eq!(node.ask("mg_sk_prod_nothing"), "refused\n");

    let (key, now) = (key.revoke(None, SystemClock.now().wall), SystemClock.now().wall);
    let revoke = |tx: &mut dyn mgmt_store::Tx| {
        tx.keys().update(&key)?;
        tx.invalidations().append(Invalidation::Key(key.id), now)
    };
    let seq = store.run("test.revoke", revoke).unwrap();
    let look = || {
        let (holders, now) = store.read("test.look", |tx| tx.node_leases().list()).unwrap();
        reached(&holders, "test", now)
    };
    assert!(look() < i64::MAX, "it holds a lease, so that changes wait for it");
    let followed = (0..1_000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        (seq..i64::MAX).contains(&look())
    });
    assert!(followed, "it acknowledges the change");
    assert_eq!(node.ask(&text), "refused\n");

    drop(node.input.take());
    assert!(node.child.wait().unwrap().success());
    assert_eq!(look(), i64::MAX, "nobody waits for it any more");
    fs::remove_dir_all(&folder).unwrap();
}
