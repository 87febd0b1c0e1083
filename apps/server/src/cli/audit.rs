//! `mgmt audit`: proof that nobody touched the audit log.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Subcommand};
use mgmt_core::{
    audit::{Tampering, Verifier},
    id::OrganizationId,
};
use mgmt_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Failure, print};
use crate::{
    app::{App, sealed},
    config::Config,
};

/// Rows that are read at once.
const PAGE: i64 = 1000;
/// What the seal of a checkpoint is for.
const PURPOSE: &str = "mgmt audit checkpoint 1";

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Find entries of the audit log that were edited, inserted, removed or cut off.
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Compare with the ends of the log that this file holds, and note the ends of today in it. Keep it away from the database:
    /// then even a whole older state of the log is found.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The end of a chain that was seen.
#[derive(Debug, Deserialize, Serialize)]
struct Seen {
    organization_id: OrganizationId,
    seq: i64,
    hash: String,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings {
    entries: i64,
    ends: Vec<Seen>,
    faults: Vec<(OrganizationId, String)>,
}

/// Runs a command on the audit log.
///
/// # Errors
/// The log was tampered with, or the database is away.
pub(crate) fn run(config: Config, command: &AuditCommand) -> Result<(), Failure> {
    let app = App::open(Arc::new(config))?;
    match command {
        AuditCommand::Verify(args) => verify(&app, args),
    }
}

fn verify(app: &App, args: &VerifyArgs) -> Result<(), Failure> {
    let seen = match &args.checkpoint {
        Some(path) if path.exists() => read_checkpoint(app, path)?,
        _ => Vec::new(),
    };
    let organizations = organizations(app)?;
    let mut findings = Findings::default();
    for &organization in &organizations {
        check(app, organization, &seen, &mut findings)?;
    }
    for lost in seen.iter().filter(|s| !organizations.contains(&s.organization_id)) {
        findings.faults.push((lost.organization_id, "the organization and its log are gone".to_owned()));
    }
    report(&findings, organizations.len(), args.json)?;
    if !findings.faults.is_empty() {
        return Err(Failure::new("the audit log was tampered with"));
    }
    match &args.checkpoint {
        Some(path) => write_checkpoint(app, path, &findings.ends),
        None => Ok(()),
    }
}

fn organizations(app: &App) -> Result<Vec<OrganizationId>, Failure> {
    let listed = app.store.read("cli.audit.organizations", |tx| {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = tx.organizations().list(before, PAGE)?;
            before = page.last().map(|o| o.id);
            all.extend(page.iter().map(|o| o.id));
            if before.is_none() {
                return Ok::<_, StoreError>(all);
            }
        }
    });
    Ok(listed?)
}

/// Checks one chain in one snapshot, so that what a running server adds meanwhile does not count.
fn check(app: &App, organization: OrganizationId, seen: &[Seen], findings: &mut Findings) -> Result<(), Failure> {
    let seen = seen.iter().find(|s| s.organization_id == organization);
    let walked = app.store.read("cli.audit.verify", |tx| Ok::<_, StoreError>(walk(app, tx, organization, seen)));
    match walked? {
        Ok(Ok((seq, hash))) => {
            findings.entries += seq;
            findings.ends.push(Seen { organization_id: organization, seq, hash: hex(&hash) });
        }
        Ok(Err(tampering)) => findings.faults.push((organization, tampering.to_string())),
        // What cannot be read back was not written by us.
        Err(error @ StoreError::Corrupt { .. }) => findings.faults.push((organization, error.to_string())),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// The end of a chain, what is wrong with it, or why it could not be read.
type Walked = Result<Result<(i64, [u8; 32]), Tampering>, StoreError>;

fn walk(app: &App, tx: &mut dyn Tx, organization: OrganizationId, seen: Option<&Seen>) -> Walked {
    let mut verifier = Verifier::default();
    let mut remembered = seen.is_none_or(|s| s.seq == 0);
    loop {
        let page = tx.audit().list(organization, verifier.end().0, PAGE)?;
        if page.is_empty() {
            break;
        }
        for entry in &page {
            if let Err(broken) = verifier.push(entry) {
                return Ok(Err(Tampering::Entry(broken)));
            }
            remembered |= seen.is_some_and(|s| s.seq == entry.seq && s.hash == hex(&entry.hash));
        }
    }
    let head = tx.audit().head(organization)?;
    let judged = verifier.finish(&app.keyring.seal, organization, head.as_ref());
    Ok(match seen {
        Some(seen) if judged.is_ok() && !remembered => Err(Tampering::Forgotten(seen.seq)),
        _ => judged.map(|()| verifier.end()),
    })
}

fn report(findings: &Findings, organizations: usize, as_json: bool) -> Result<(), Failure> {
    let Findings { entries, faults, .. } = findings;
    if as_json {
        let list: Vec<_> = faults.iter().map(|(id, what)| json!({ "organization_id": id, "fault": what })).collect();
        let object = json!({ "organizations": organizations, "entries": entries, "valid": faults.is_empty(), "faults": list });
        return print(&object.to_string());
    }
    for (organization, fault) in faults {
        print(&format!("{organization}  {fault}"))?;
    }
    print(&format!("{organizations} organizations, {entries} entries in order, {} faults", faults.len()))
}

fn read_checkpoint(app: &App, path: &std::path::Path) -> Result<Vec<Seen>, Failure> {
    let lines = sealed::read(path, &app.keyring.seal, PURPOSE)?;
    lines.iter().map(|line| serde_json::from_str(line).map_err(Failure::new)).collect()
}

fn write_checkpoint(app: &App, path: &std::path::Path, ends: &[Seen]) -> Result<(), Failure> {
    let lines: Result<Vec<_>, _> = ends.iter().map(serde_json::to_string).collect();
    sealed::write(path, &app.keyring.seal, PURPOSE, &lines.map_err(Failure::new)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
