//! `mgmt key import`: keys that other systems issued, by the hashes that those kept.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use mgmt_core::{
    account::{Actor, Organization},
    error::{Error, Faults},
    foreign::{ForeignDigest, ForeignFormat, ForeignHash},
    key::{ApiKey, NewKey},
    key_draft::{KeyDraft, ParsedKey},
    key_text::KeyKind,
    scope::Catalogues,
    text::label,
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Failure,
    key::{explain, find_organization},
    print,
};
use crate::{
    app::{App, Deed, Origin, Work},
    error::ApiError,
};

/// Lines of one transaction: what is asked for twice after a fault, at most.
const PART: usize = 1_000;
/// No line that describes a key is longer.
const MAX_LINE: usize = 64 * 1024;
const MAX_PREFIX: usize = 40;
/// Faults that are told at once.
const MAX_FAULTS: usize = 20;
/// A server that has just been asked for one of these keys remembers for a second that there was none.
const FORGET_AFTER: Duration = Duration::from_millis(1_100);
/// The member of the metadata that holds the other system's id.
const IMPORTED_ID: &str = "imported_id";

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Id or slug of the organization of lines that name none.
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// A file with a JSON object on each line; `-` is standard input.
    pub(crate) file: PathBuf,
}

/// One line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    format: String,
    hash: String,
    id: Option<String>,
    prefix: Option<String>,
    organization: Option<String>,
    name: Option<String>,
    environment: Option<String>,
    scopes: Vec<String>,
    rate_limit: Option<Rate>,
    quota: Option<Units>,
    ip_allowlist: Option<Vec<String>>,
    warehouse_ids: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    expires_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    requests: u64,
    per_seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    limit: u64,
    period: String,
}

/// A line that was judged well-formed.
struct Entry {
    number: usize,
    digest: ForeignDigest,
    organization: String,
    prefix: String,
    key: ParsedKey,
    created_at: Option<Timestamp>,
    is_enabled: bool,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    imported: usize,
    known: usize,
}

/// Imports the keys of a file, part by part.
///
/// # Errors
/// A line is wrong: nothing of its part is kept, and all parts before it are. Or the file or the database cannot be read.
pub(super) fn run(app: &App, args: &ImportArgs) -> Result<(), Failure> {
    let mut lines = Lines { reader: open(&args.file)?, number: 0 };
    let mut total = Counts::default();
    loop {
        let last_good = lines.number;
        let kept = |failure: Failure| match last_good {
            0 => failure,
            _ => Failure::new(format_args!(
                "{failure}\n{} keys up to line {last_good} are kept; repeat the import when the rest is mended: they are recognised",
                total.imported + total.known
            )),
        };
        let Some(part) = read_part(app, args, &mut lines).map_err(kept)? else { break };
        let counts = app.run_here("cli.key.import", |work| write(work, &part)).map_err(explain).map_err(kept)?;
        total.imported += counts.imported;
        total.known += counts.known;
    }
    std::thread::sleep(FORGET_AFTER);
    print(&if args.json {
        json!({ "imported": total.imported, "known": total.known }).to_string()
    } else {
        format!("imported {} keys; {} were known already", total.imported, total.known)
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).map_err(|error| Failure::new(format_args!("`{}` can't be read: {error}", path.display())))?;
    Ok(Box::new(BufReader::new(file)))
}

struct Lines {
    reader: Box<dyn BufRead>,
    /// Of the line that was read last; the first is 1.
    number: usize,
}

impl Lines {
    /// The next line, or `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let mut line = Vec::new();
        let limit = MAX_LINE as u64 + 1;
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut line);
        self.number += 1;
        let at = self.number;
        if read.map_err(|error| Failure::new(format_args!("line {at} can't be read: {error}")))? == 0 {
            return Ok(None);
        }
        if line.len() > MAX_LINE {
            return Err(Failure::new(format_args!("line {at} is longer than {MAX_LINE} bytes")));
        }
        Ok(Some(line))
    }
}

/// The entries of the next part; `None` at the end of the file. Blank lines are passed over.
fn read_part(app: &App, args: &ImportArgs, lines: &mut Lines) -> Result<Option<Vec<Entry>>, Failure> {
    let now = app.clock.now().wall;
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let mut is_end = true;
    for _ in 0..PART {
        let Some(line) = lines.next()? else { break };
        is_end = false;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match read_line(app.catalogues(), args.org.as_deref(), lines.number, &line, now) {
            Ok(entry) => entries.push(entry),
            Err(fault) => faults.push(format!("line {}: {fault}", lines.number)),
        }
        if faults.len() == MAX_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Ok((!is_end).then_some(entries)) } else { Err(Failure::new(faults.join("\n"))) }
}

fn read_line(catalogues: &Catalogues, org: Option<&str>, number: usize, text: &[u8], now: Timestamp) -> Result<Entry, Failure> {
    let line: Line = serde_json::from_slice(text).map_err(|error| {
        // The line is the only one in what was parsed: its number there would mislead.
        let text = error.to_string();
        Failure::new(text.split(" at line ").next().unwrap_or(&text))
    })?;
    let mut faults = Faults::default();
    let organization = line.organization.as_deref().or(org).map(str::to_owned);
    let organization = organization.ok_or_else(|| Error::invalid("organization", "is required without `--org`"));
    let format = ForeignFormat::parse(&line.format).ok_or_else(|| Error::invalid("format", "is not one that can be imported"));
    let digest = faults.take(format).and_then(|format| faults.take(format.read(&line.hash)));
    let prefix = faults.take(line.prefix.as_deref().map(|p| label("prefix", p, MAX_PREFIX)).transpose()).flatten();
    if line.created_at.is_some_and(|at| at > now) {
        faults.note(Error::invalid("created_at", "must not lie in the future"));
    }
    let (created_at, is_enabled) = (line.created_at, line.enabled.unwrap_or(true));
    let organization = faults.take(organization);
    let key = faults.take(draft(line).and_then(|(draft, expires_at)| {
        // A key that has ended is imported as one, so that its bearer is told what they would be told of ours.
        let mut key = draft.parse(catalogues, now)?;
        key.settings.expires_at = expires_at;
        Ok(key)
    }));
    faults.finish()?;
    let (Some(digest), Some(organization), Some(key)) = (digest, organization, key) else {
        return Err(Failure::new("a fault was not told"));
    };
    Ok(Entry { number, digest, organization, prefix: prefix.unwrap_or_default(), key, created_at, is_enabled })
}

fn draft(line: Line) -> Result<(KeyDraft, Option<Timestamp>), Error> {
    let mut metadata = line.metadata.unwrap_or_default();
    if let Some(id) = line.id {
        let other = metadata.insert(IMPORTED_ID.to_owned(), Value::from(id.clone()));
        if other.is_some_and(|other| other.as_str() != Some(id.as_str())) {
            return Err(Error::invalid("id", format!("is another one than `{IMPORTED_ID}` of the metadata")));
        }
    }
    let draft = KeyDraft {
        name: line.name,
        kind: Some(KeyKind::Secret.as_str().to_owned()),
        environment: line.environment,
        scopes: Some(line.scopes),
        permissions: None,
        rate_limit: line.rate_limit.map(|r| (r.requests, r.per_seconds)),
        quota: line.quota.map(|q| (q.limit, q.period)),
        ip_allowlist: line.ip_allowlist,
        warehouse_ids: line.warehouse_ids,
        metadata: Some(metadata),
        expires_at: None,
    };
    Ok((draft, line.expires_at))
}

fn write(work: &mut Work<'_>, part: &[Entry]) -> Result<Counts, ApiError> {
    let mut counts = Counts::default();
    let mut organizations: Vec<(&str, Organization, usize)> = Vec::new();
    for entry in part {
        let at = match organizations.iter().position(|(name, ..)| *name == entry.organization) {
            Some(at) => at,
            None => {
                let found = find_organization(work, &entry.organization).map_err(|e| at_line(entry, e))?;
                organizations.push((&entry.organization, found, 0));
                organizations.len() - 1
            }
        };
        let Some((_, organization, imported)) = organizations.get_mut(at) else { continue };
        if write_one(work, organization, entry)? {
            *imported += 1;
            counts.imported += 1;
        } else {
            counts.known += 1;
        }
    }
    for (_, organization, imported) in organizations.into_iter().filter(|(.., imported)| *imported > 0) {
        let origin = Origin { actor: Actor::System, organization_id: organization.id, address: None, request_id: None };
        let after = Some(json!({ "keys": imported }));
        work.audit(&origin, Deed { action: "api_key.imported", target: organization.id.to_string(), before: None, after })?;
    }
    Ok(counts)
}

/// Whether the key was new.
fn write_one(work: &mut Work<'_>, organization: &Organization, entry: &Entry) -> Result<bool, ApiError> {
    let pepper = &work.app.keyring.pepper;
    let origin = pepper.hash_origin(entry.digest.as_bytes());
    if let Some(known) = work.tx.foreign_hashes().find_origin(&origin)? {
        let is_own = work.tx.keys().find(organization.id, known.key_id)?.is_some();
        let message = "a key with this hash was imported into another organization";
        return if is_own { Ok(false) } else { Err(at_line(entry, Error::invalid("hash", message).into())) };
    }
    let ParsedKey { kind, environment, settings } = entry.key.clone();
    let new =
        NewKey { organization_id: organization.id, project_id: None, kind, environment, settings, created_by: Actor::System };
    let created_at = entry.created_at.unwrap_or(work.now);
    let key = ApiKey::import(new, entry.prefix.clone(), entry.is_enabled, created_at, work.now, &mut work.rng);
    work.tx.keys().insert(&key)?;
    let hash = ForeignHash { digest: entry.digest.clone(), origin, key_id: key.id, is_adopted: false };
    work.tx.foreign_hashes().insert(&hash)?;
    Ok(true)
}

fn at_line(entry: &Entry, error: ApiError) -> ApiError {
    if error.cause().is_some() {
        return error;
    }
    Error::new(error.error().code(), format!("line {}: {}", entry.number, error.error())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Entry, Failure> {
        read_line(&Catalogues::default(), Some("acme"), 7, text.as_bytes(), Timestamp::from_millis(1_800_000_000_000))
    }

    #[test]
    fn a_line_may_say_much_or_little() {
        let hash = "ab".repeat(32);
        let little = read(&format!(r#"{{"format":"sha256-hex","hash":"{hash}","scopes":["orders:read"]}}"#)).unwrap();
        assert_eq!((little.number, little.organization.as_str(), little.is_enabled), (7, "acme", true));
        let much = format!(
            r#"{{"format":"sha256-hex","hash":"{hash}","id":"k1","prefix":"acme_live","organization":"other","name":"N",
            "environment":"test","scopes":["*"],"rate_limit":{{"requests":1,"per_seconds":1}},"quota":{{"limit":5,"period":"day"}},
            "ip_allowlist":["192.0.2.1"],"warehouse_ids":["W"],"metadata":{{"a":1}},"expires_at":"2001-01-01T00:00:00Z",
            "created_at":"2000-01-01T00:00:00Z","enabled":false}}"#
        );
        let much = read(&much).unwrap();
        assert_eq!((much.organization.as_str(), much.is_enabled), ("other", false));
        assert_eq!(much.key.settings.metadata.get(IMPORTED_ID), Some(&Value::from("k1")));
        assert!(much.key.settings.expires_at.is_some(), "a key that has ended is imported as one");
    }

    #[test]
    fn every_fault_of_a_line_is_told() {
        let fault =
            read(r#"{"format":"unkey","hash":"x","scopes":["no:such"],"created_at":"2100-01-01T00:00:00Z"}"#).err().unwrap();
        for word in ["`hash`", "no:such", "`created_at`"] {
            assert!(fault.to_string().contains(word), "{fault}");
        }
        for (text, word) in [
            (r#"{"format":"md5","hash":"","scopes":["*"]}"#, "`format`"),
            (r#"{"format":"unkey","hash":"","scopes":["*"],"secret":1}"#, "secret"),
            (r#"{"format":"unkey","hash":""}"#, "scopes"),
            (r#"{"format":"unkey","hash":"","scopes":["*"],"id":"a","metadata":{"imported_id":"b"}}"#, "`id`"),
            ("[]", "invalid"),
            ("{", "EOF"),
        ] {
            let fault = read(text).err().unwrap().to_string();
            assert!(fault.contains(word) && !fault.contains("at line"), "{fault}");
        }
    }
}
