//! `mgmt key`: keys from the operator's shell.

use std::sync::Arc;

use clap::{Args, Subcommand};
use mgmt_core::{
    account::{Actor, Organization},
    error::{Code, Error},
    id::{KeyId, OrganizationId},
    key::{ApiKey, NewKey},
    key_draft::{KeyDraft, ParsedKey, parse_reason},
    key_text::KeyKind,
    time::Timestamp,
};
use mgmt_store::{KeyCondition, KeyFilter};
use serde_json::{Value, json};

use super::{Failure, print};
use crate::{
    api::keys::announce,
    api::keys::make_room,
    app::{App, Deed, Origin, Work, background::FOLLOW_EVERY},
    config::Config,
    error::ApiError,
};

/// Rows that are read at once.
const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it; it is not shown again.
    Create(CreateArgs),
    /// List an organization's keys.
    List(ListArgs),
    /// Take over keys of other systems by the hashes that those kept: JSON lines.
    Import(super::import::ImportArgs),
    /// Revoke a key for good.
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Id or slug of the organization.
    #[arg(long, value_name = "ORG")]
    pub(crate) org: String,
    /// What people call the key.
    #[arg(long, default_value = "Untitled key")]
    pub(crate) name: String,
    /// A scope (of a management key: a permission); repeat it or separate several by commas.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
    pub(crate) scopes: Vec<String>,
    /// `secret` or `management`.
    #[arg(long, default_value = "secret")]
    pub(crate) kind: String,
    /// `prod` or `test`.
    #[arg(long, default_value = "prod")]
    pub(crate) environment: String,
    /// When the key ends, such as `2027-01-31T08:00:00Z`; without it, never.
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_at: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Id or slug of the organization.
    #[arg(long, value_name = "ORG")]
    pub(crate) org: String,
    /// Only `secret` or only `management` keys.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// `active`, `revoked` or `all`.
    #[arg(long, default_value = "all")]
    pub(crate) status: String,
    /// Print a JSON array.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Id of the key.
    pub(crate) id: String,
    /// Why, for the audit log.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

/// Runs a command on keys.
///
/// # Errors
/// An argument is wrong, or the database is away.
pub(crate) fn run(config: Config, command: &KeyCommand) -> Result<(), Failure> {
    let app = App::open(Arc::new(config))?;
    match command {
        KeyCommand::Create(args) => create(&app, args),
        KeyCommand::List(args) => list(&app, args),
        KeyCommand::Import(args) => super::import::run(&app, args),
        KeyCommand::Revoke(args) => revoke(&app, args),
    }
}

fn create(app: &App, args: &CreateArgs) -> Result<(), Failure> {
    let expires_at = args.expires_at.as_deref().map(|t| t.parse::<Timestamp>().map_err(|_| wrong_time())).transpose()?;
    let draft = KeyDraft {
        name: Some(args.name.clone()),
        kind: Some(args.kind.clone()),
        environment: Some(args.environment.clone()),
        scopes: Some(args.scopes.clone()),
        expires_at,
        ..KeyDraft::default()
    };
    let made = app.run_here("cli.key.create", |work| {
        let organization = find_organization(work, &args.org)?;
        let ParsedKey { kind, environment, settings } = draft.clone().parse(work.app.catalogues(), work.now)?;
        make_room(work, organization.id, kind)?;
        let new =
            NewKey { organization_id: organization.id, project_id: None, kind, environment, settings, created_by: Actor::System };
        let (key, secret) = ApiKey::issue(new, work.app.mint(), work.now, &mut work.rng)?;
        work.tx.keys().insert(&key)?;
        work.invalidate(key.id);
        note(work, &key, "api_key.created")?;
        Ok((key, secret))
    });
    let (key, secret) = made.map_err(explain)?;
    print(&if args.json {
        json!({ "id": key.id, "name": key.settings.name, "key": secret.expose(), "kind": key.kind, "scopes": key.settings.scopes })
            .to_string()
    } else {
        format!("{}\n{}\n\nthe key is shown once", key.id, secret.expose())
    })
}

fn wrong_time() -> Failure {
    Failure::new("`--expires-at` must be an RFC 3339 time with an offset, such as `2027-01-31T08:00:00Z`")
}

fn list(app: &App, args: &ListArgs) -> Result<(), Failure> {
    let kind = match args.kind.as_deref() {
        None => None,
        Some(text) => Some(KeyKind::parse(text).ok_or_else(|| Failure::new("`--kind` must be `secret` or `management`"))?),
    };
    let condition = match args.status.as_str() {
        "all" => KeyCondition::All,
        "active" => KeyCondition::Active,
        "revoked" => KeyCondition::Revoked,
        _ => return Err(Failure::new("`--status` must be `active`, `revoked` or `all`")),
    };
    let filter = KeyFilter { kind, condition };
    let now = app.clock.now().wall;
    let read = app.run_here("cli.key.list", |work| {
        let organization = find_organization(work, &args.org)?;
        let (mut keys, mut before) = (Vec::new(), None);
        loop {
            let page = work.tx.keys().list(organization.id, filter, now, before, PAGE)?;
            before = page.last().map(|k| k.id);
            keys.extend(page);
            if before.is_none() {
                return Ok(keys);
            }
        }
    });
    let keys = read.map_err(explain)?;
    let line = |key: &ApiKey| {
        let status = key.status(now).as_str();
        let text = format!("{}****{}", key.display_prefix, key.last_four);
        if args.json {
            json!({ "id": key.id, "name": key.settings.name, "kind": key.kind, "status": status, "key": text, "created_at": key.created_at })
        } else {
            format!("{}  {status:9}  {text}  {}", key.id, key.settings.name).into()
        }
    };
    let lines: Vec<Value> = keys.iter().map(line).collect();
    print(&if args.json { Value::from(lines).to_string() } else { plain(&lines) })
}

fn plain(lines: &[Value]) -> String {
    lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

fn revoke(app: &App, args: &RevokeArgs) -> Result<(), Failure> {
    let id: KeyId = args.id.parse().map_err(|_| Failure::new(format_args!("`{}` is not the id of a key", args.id)))?;
    let reason = parse_reason(args.reason.as_deref())?;
    let done = app.run_here("cli.key.revoke", |work| {
        let found = work.tx.keys().find_any(id)?.ok_or_else(Error::not_found)?;
        work.tx.organizations().lock(found.organization_id)?;
        let before = work.tx.keys().find_any(id)?.ok_or_else(Error::not_found)?;
        let after = before.clone().revoke(reason.clone(), work.now);
        if after.version != before.version {
            work.tx.keys().update(&after)?;
            work.tx.reveals().delete(id)?;
            note(work, &after, "api_key.revoked")?;
        }
        work.invalidate(id);
        Ok(())
    });
    done.map_err(explain)?;
    if app.cluster.is_none() {
        // The server follows the journal of changes at this pace: when the command ends, it refuses the key.
        std::thread::sleep(FOLLOW_EVERY * 2);
    }
    print(&format!("revoked {id}"))
}

fn note(work: &mut Work<'_>, key: &ApiKey, action: &str) -> Result<(), ApiError> {
    let origin = Origin { actor: Actor::System, organization_id: key.organization_id, address: None, request_id: None };
    work.audit(&origin, Deed { action, target: key.id.to_string(), before: None, after: None })?;
    announce(work, action, key, None)
}

/// What went wrong, for the operator, who may see causes.
pub(super) fn explain(error: ApiError) -> Failure {
    match error.cause() {
        Some(cause) => Failure::new(cause),
        None => Failure::new(error.error()),
    }
}

/// The organization with this id or slug.
pub(super) fn find_organization(work: &mut Work<'_>, text: &str) -> Result<Organization, ApiError> {
    let found = match text.parse::<OrganizationId>() {
        Ok(id) => work.tx.organizations().find(id)?,
        Err(_) => work.tx.organizations().find_by_slug(text)?,
    };
    Ok(found.ok_or_else(|| Error::new(Code::NotFound, format!("there is no organization with the id or slug `{text}`")))?)
}
