//! `mgmt org`: organizations from the operator's shell.

use std::sync::Arc;

use clap::{Args, Subcommand};
use mgmt_core::account::{Actor, Organization, Plan};
use serde_json::{Value, json};

use super::{Failure, key::explain, print};
use crate::{
    app::{App, Deed, Origin},
    config::Config,
};

/// Rows that are read at once.
const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Make an organization.
    Create(CreateArgs),
    /// List all organizations.
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name.
    #[arg(long)]
    pub(crate) name: String,
    /// Its plan.
    #[arg(long, default_value = "self_hosted")]
    pub(crate) plan: String,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print a JSON array.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs a command on organizations.
///
/// # Errors
/// An argument is wrong, or the database is away.
pub(crate) fn run(config: Config, command: &OrgCommand) -> Result<(), Failure> {
    let app = App::open(Arc::new(config))?;
    match command {
        OrgCommand::Create(args) => create(&app, args),
        OrgCommand::List(args) => list(&app, args),
    }
}

fn create(app: &App, args: &CreateArgs) -> Result<(), Failure> {
    let plan = Plan::parse(&args.plan)?;
    let made = app.run_here("cli.org.create", |work| {
        let organization = Organization::new(&args.name, plan, false, work.now, &mut work.rng)?;
        work.found(&organization)?;
        let origin = Origin { actor: Actor::System, organization_id: organization.id, address: None, request_id: None };
        let (action, target) = ("organization.created", organization.id.to_string());
        work.audit(&origin, Deed { action, target, before: None, after: None })?;
        Ok(organization)
    });
    let organization = made.map_err(explain)?;
    print(&if args.json { brief(&organization).to_string() } else { organization.id.to_string() })
}

fn list(app: &App, args: &ListArgs) -> Result<(), Failure> {
    let read = app.run_here("cli.org.list", |work| {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = work.tx.organizations().list(before, PAGE)?;
            before = page.last().map(|o| o.id);
            all.extend(page);
            if before.is_none() {
                return Ok(all);
            }
        }
    });
    let all = read.map_err(explain)?;
    let lines = all.iter().map(|o| format!("{}  {:11}  {}", o.id, o.plan.as_str(), o.name));
    print(&if args.json {
        Value::from(all.iter().map(brief).collect::<Vec<_>>()).to_string()
    } else {
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn brief(organization: &Organization) -> Value {
    json!({
        "id": organization.id,
        "name": organization.name,
        "slug": organization.slug,
        "plan": organization.plan,
        "created_at": organization.created_at,
    })
}
