//! `mgmt bootstrap`: the first organization, its owner, and the first two keys.

use std::{io::Read as _, sync::Arc};

use clap::Args;
use mgmt_core::{
    account::{Actor, Email, Membership, Organization, Plan, User},
    error::Code,
    id::{KeyId, UserId},
    key::{ApiKey, NewKey},
    key_draft::{KeyDraft, ParsedKey},
    key_text::{KeyKind, random_token},
    role::Role,
    secret::PlainSecret,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Failure, key::explain, print};
use crate::{
    api::keys::announce,
    app::{App, Deed, Origin, Work},
    auth::password,
    config::Config,
    error::ApiError,
};

/// What the first organization and its owner are called.
#[derive(Debug, Args)]
pub(crate) struct BootstrapArgs {
    /// Name of the first organization, which becomes the operator's.
    #[arg(long, value_name = "NAME")]
    pub(crate) org: String,
    /// Address of its first owner.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: String,
    /// Read the owner's password from standard input; without it one is made and printed.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// The organization's plan.
    #[arg(long, value_name = "PLAN", default_value = "self_hosted")]
    pub(crate) plan: String,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Makes the first organization. Works once per database.
///
/// # Errors
/// There is one already, an argument is wrong, or the database is away.
pub(crate) fn run(config: Config, args: &BootstrapArgs) -> Result<(), Failure> {
    let email = Email::parse("email", &args.email)?;
    let plan = Plan::parse(&args.plan)?;
    let (password, generated) = password(args, &email)?;
    let app = App::open(Arc::new(config))?;
    let hash = password::hash(&password).ok_or_else(|| Failure::new("the password could not be hashed"))?;
    let made = app.run_here("bootstrap", |work| make(work, args, (&email, &hash), plan));
    let made = made.map_err(|error| match error.error().code() {
        Code::Conflict => Failure::new("this database is bootstrapped already: it has a first organization and its owner"),
        _ => explain(error),
    })?;
    print(&if args.json { made.json(generated.then_some(&password)) } else { made.text(generated.then_some(&password)) })
}

/// The password from standard input, or a new one.
fn password(args: &BootstrapArgs, email: &Email) -> Result<(Zeroizing<String>, bool), Failure> {
    if !args.password_stdin {
        let token = random_token(24, &mut rand_core::UnwrapErr(getrandom::SysRng));
        return Ok((Zeroizing::new(token.expose().to_owned()), true));
    }
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(16 * 1024).read_to_string(&mut line);
    read.map_err(|error| Failure::new(format_args!("the password can't be read from standard input: {error}")))?;
    let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    password::check_new("password", &password, &[email.as_str(), &args.org, "mgmt"])?;
    Ok((password, false))
}

/// What was made.
struct Made {
    organization: Organization,
    user: User,
    management: (KeyId, PlainSecret),
    api: (KeyId, PlainSecret),
}

fn make(work: &mut Work<'_>, args: &BootstrapArgs, owner: (&Email, &str), plan: Plan) -> Result<Made, ApiError> {
    // Before anything else, so that of several bootstraps at once all but one are told the right thing.
    if work.tx.organizations().find_operator()?.is_some() {
        return Err(ApiError::new(Code::Conflict, "there is an operator already"));
    }
    let organization = Organization::new(&args.org, plan, true, work.now, &mut work.rng)?;
    let mut user = User::new(owner.0.clone(), None, work.now, &mut work.rng)?;
    user.password_hash = Some(owner.1.to_owned());
    work.found(&organization)?;
    work.tx.users().insert(&user)?;
    let (organization_id, user_id) = (organization.id, user.id);
    work.tx.memberships().insert(&Membership { organization_id, user_id, role: Role::Owner, created_at: work.now })?;
    let management = first_key(work, &organization, user.id, (KeyKind::Management, "Bootstrap management key"))?;
    let api = first_key(work, &organization, user.id, (KeyKind::Secret, "Bootstrap API key"))?;
    let origin = Origin { actor: Actor::System, organization_id, address: None, request_id: None };
    for (action, target) in [
        ("organization.created", organization_id.to_string()),
        ("user.created", user_id.to_string()),
        ("api_key.created", management.0.to_string()),
        ("api_key.created", api.0.to_string()),
    ] {
        work.audit(&origin, Deed { action, target, before: None, after: None })?;
    }
    for key in [management.0, api.0] {
        if let Some(key) = work.tx.keys().find_any(key)? {
            announce(work, "api_key.created", &key, None)?;
        }
    }
    Ok(Made { organization, user, management, api })
}

fn first_key(
    work: &mut Work<'_>,
    organization: &Organization,
    owner: UserId,
    (kind, name): (KeyKind, &str),
) -> Result<(KeyId, PlainSecret), ApiError> {
    let draft = KeyDraft {
        name: Some(name.to_owned()),
        kind: Some(kind.as_str().to_owned()),
        scopes: Some(vec!["*".to_owned()]),
        ..KeyDraft::default()
    };
    let ParsedKey { kind, environment, settings } = draft.parse(work.app.catalogues(), work.now)?;
    let new = NewKey {
        organization_id: organization.id,
        project_id: None,
        kind,
        environment,
        settings,
        created_by: Actor::User(owner),
    };
    let (key, secret) = ApiKey::issue(new, work.app.mint(), work.now, &mut work.rng)?;
    work.tx.keys().insert(&key)?;
    work.invalidate(key.id);
    Ok((key.id, secret))
}

impl Made {
    fn json(&self, password: Option<&Zeroizing<String>>) -> String {
        let mut object = json!({
            "organization": { "id": self.organization.id },
            "user": { "id": self.user.id, "email": self.user.email },
        });
        if let (Some(password), Some(fields)) = (password, object.as_object_mut()) {
            fields.insert("password".to_owned(), json!(password.as_str()));
        }
        if let Some(fields) = object.as_object_mut() {
            let key = |(id, secret): &(KeyId, PlainSecret)| json!({ "id": id, "key": secret.expose() });
            fields.insert("management_key".to_owned(), key(&self.management));
            fields.insert("api_key".to_owned(), key(&self.api));
        }
        object.to_string()
    }

    fn text(&self, password: Option<&Zeroizing<String>>) -> String {
        let password = password.map(|p| format!("password:       {}\n", p.as_str())).unwrap_or_default();
        format!(
            "organization:   {} ({})\nowner:          {}\n{password}management key: {}\nAPI key:        {}\n\nthese secrets are shown once",
            self.organization.name,
            self.organization.id,
            self.user.email,
            self.management.1.expose(),
            self.api.1.expose(),
        )
    }
}
