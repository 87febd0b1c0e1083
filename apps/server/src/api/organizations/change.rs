//! Making and changing organizations. Each change is one transaction with the journal entry that caches follow and a line in the
//! audit log of the organization it is made to.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    account::{
        Email, Organization,
        draft::{OrganizationDraft, OrganizationPatch},
    },
    error::Error,
    event::EventType,
    id::OrganizationId,
    key_draft::Change,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{OrganizationView, find, tag, view};
use crate::{
    api::{
        invitations::{InvitationCreated, Invited, invite_first_owner},
        keys::QuotaBody,
        tagged,
    },
    app::{
        App, Deed, Origin, OsRng, Work,
        idempotency::{Created, Once},
    },
    auth::{
        Allow, Caller,
        permission::{OrganizationsCreate, OrganizationsWrite},
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// A postal address. What is left out or `null` is absent; in a patch, what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressBody {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    street1: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    street2: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    city: Change<String>,
    /// A code of ISO 3166-2 without the country.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "CA")]
    state_code: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "94105")]
    postal_code: Change<String>,
    /// Two letters of ISO 3166-1; an address has one.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "US")]
    country_code: Change<String>,
}

impl From<AddressBody> for Map<String, Value> {
    fn from(body: AddressBody) -> Self {
        let members = [
            ("street1", body.street1),
            ("street2", body.street2),
            ("city", body.city),
            ("state_code", body.state_code),
            ("postal_code", body.postal_code),
            ("country_code", body.country_code),
        ];
        let sent = members.into_iter().filter(|(_, change)| *change != Change::Keep);
        sent.map(|(name, change)| (name.to_owned(), change.or_keep(None).into())).collect()
    }
}

/// An organization to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateOrganization {
    /// A name for people.
    #[schema(max_length = 120)]
    name: String,
    /// Who is invited to own it.
    #[schema(example = "owner@example.com")]
    owner_email: String,
    /// A name for addresses; made from the name when left out.
    #[schema(max_length = 60, example = "acme")]
    slug: Option<String>,
    /// `self_hosted` (the default), `scale` or `enterprise`.
    #[schema(example = "scale")]
    plan: Option<String>,
    #[schema(nullable)]
    address: Option<AddressBody>,
    /// Free data, 8 KiB at most.
    metadata: Option<Map<String, Value>>,
    /// A quota over all of its keys.
    #[schema(nullable)]
    quota: Option<QuotaBody>,
}

impl From<CreateOrganization> for OrganizationDraft {
    fn from(body: CreateOrganization) -> Self {
        Self {
            name: body.name,
            slug: body.slug,
            plan: body.plan,
            address: body.address.map(Into::into),
            metadata: body.metadata,
            quota: body.quota.map(QuotaBody::into_parts),
            owner_email: body.owner_email,
        }
    }
}

/// A new organization with the invitation of its owner. The invitation's link is in this answer only.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationCreated {
    #[serde(flatten)]
    organization: OrganizationView,
    invitation: InvitationCreated,
}

/// A merge patch of an organization (RFC 7396): what is left out stays, `null` clears what can be absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateOrganization {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120)]
    name: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 60)]
    slug: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<AddressBody>)]
    address: Change<AddressBody>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Change<Map<String, Value>>,
    /// The operator's to change.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    plan: Change<String>,
    /// The operator's to change.
    #[serde(default)]
    #[schema(value_type = Option<QuotaBody>)]
    quota: Change<QuotaBody>,
}

impl From<UpdateOrganization> for OrganizationPatch {
    fn from(body: UpdateOrganization) -> Self {
        Self {
            name: body.name,
            slug: body.slug,
            address: body.address.map(Into::into),
            metadata: body.metadata,
            plan: body.plan,
            quota: body.quota.map(QuotaBody::into_parts),
        }
    }
}

/// Makes an organization and invites its owner. Only the operator may.
#[utoipa::path(post, path = "/v1/management/organizations", tag = "Organizations", operation_id = "createOrganization", request_body = CreateOrganization,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The organization", body = OrganizationCreated)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<OrganizationsCreate>,
    query: Query<NoParameters>,
    body: Body<CreateOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let caller = caller.into_caller();
    caller.demand_operator()?;
    query.read()?;
    let now = app.clock.now().wall;
    let mut rng: OsRng = rand_core::UnwrapErr(getrandom::SysRng);
    let (parsed, bytes) = body.parse(|body| OrganizationDraft::from(body).parse(now, &mut rng)).await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let answer = app.run("organizations.create", move |work| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(work, caller.actor(), false)?
        {
            return Ok((earlier, None));
        }
        let (object, invited) = found(work, &caller, &parsed)?;
        let with = |invited: &Invited| {
            let mut object = object.clone();
            object.insert("invitation".to_owned(), invited.view()?);
            Ok::<_, ApiError>(Created { object, wrapped: false, secret: None, key_id: None, replayed: false })
        };
        let answer = with(&invited)?;
        if let Some(once) = &once {
            once.keep_whole(work, caller.organization_id, with(&invited.without_link())?, &answer)?;
        }
        Ok((answer, invited.letter()))
    });
    let (answer, letter) = answer.await?;
    app.send(letter);
    Ok(answer.into_response())
}

/// Founds an organization and invites its owner; the object as clients see it, and the invitation.
fn found(
    work: &mut Work<'_>,
    caller: &Caller,
    (organization, owner): &(Organization, Email),
) -> Result<(Map<String, Value>, Invited), ApiError> {
    work.found(organization)?;
    note(work, caller, "organization.created", None, organization)?;
    let invited = invite_first_owner(work, caller, organization.id, owner)?;
    Ok((view(work, organization.clone())?, invited))
}

/// Changes an organization by a merge patch. Plan and quota are the operator's to change.
#[utoipa::path(patch, path = "/v1/management/organizations/{id}", tag = "Organizations", operation_id = "updateOrganization", request_body = UpdateOrganization,
    params(("id" = String, Path, description = "The organization's id")),
    responses((status = 200, description = "The organization as it is now", body = OrganizationView)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: Allow<OrganizationsWrite>,
    id: PathId<OrganizationId>,
    query: Query<NoParameters>,
    body: Body<UpdateOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    let now = precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let at = app.clock.now().wall;
    let judge = |body| {
        let patch = OrganizationPatch::from(body);
        patch.clone().apply(&now, caller.is_operator, at).map(|_| patch)
    };
    let (patch, _) = body.parse(judge).await?;
    let by_operator = caller.is_operator;
    let apply = move |before: &Organization, now| patch.clone().apply(before, by_operator, now);
    change(&app, caller, id, preconditions, ("organization.updated", apply), &request).await
}

/// Stops every credential of an organization: its keys, its sessions. Only the operator may. Repeating it is safe.
#[utoipa::path(post, path = "/v1/management/organizations/{id}/suspend", tag = "Organizations", operation_id = "suspendOrganization",
    params(("id" = String, Path, description = "The organization's id")),
    responses((status = 200, description = "The organization as it is now", body = OrganizationView)))]
pub(crate) async fn suspend(
    app: Data<App>,
    caller: Allow<OrganizationsWrite>,
    id: PathId<OrganizationId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    transition(&app, caller.into_caller(), &id, (query, body), ("organization.suspended", Organization::suspend), &request).await
}

/// Lets the credentials of an organization work again. Only the operator may. Repeating it is safe.
#[utoipa::path(post, path = "/v1/management/organizations/{id}/resume", tag = "Organizations", operation_id = "resumeOrganization",
    params(("id" = String, Path, description = "The organization's id")),
    responses((status = 200, description = "The organization as it is now", body = OrganizationView)))]
pub(crate) async fn resume(
    app: Data<App>,
    caller: Allow<OrganizationsWrite>,
    id: PathId<OrganizationId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    transition(&app, caller.into_caller(), &id, (query, body), ("organization.resumed", Organization::resume), &request).await
}

/// What becomes of an organization.
type Rule = fn(&Organization, Timestamp) -> Result<Organization, Error>;

async fn transition(
    app: &App,
    caller: Caller,
    id: &PathId<OrganizationId>,
    input: (Query<NoParameters>, OptionalBody<NoParameters>),
    (action, rule): (&'static str, Rule),
    request: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    caller.demand_operator()?;
    let id = id.get()?;
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(app, &caller, id, &preconditions).await?;
    input.0.read()?;
    input.1.read().await?;
    change(app, caller, id, preconditions, (action, rule), request).await
}

/// A missing organization is 404, and a changed one 412, before anything is said about the body. The change itself judges both
/// again.
async fn precheck(
    app: &App,
    caller: &Caller,
    id: OrganizationId,
    preconditions: &Preconditions,
) -> Result<Organization, ApiError> {
    let (caller, preconditions) = (caller.clone(), preconditions.clone());
    let judged = app.read("organizations.precheck", move |work| {
        let organization = find(work, &caller, id)?;
        preconditions.check(&tag(&organization))?;
        Ok(organization)
    });
    judged.await
}

/// Applies a rule to an organization and answers with the organization as it is then.
async fn change(
    app: &App,
    caller: Caller,
    id: OrganizationId,
    preconditions: Preconditions,
    (action, rule): (&'static str, impl Fn(&Organization, Timestamp) -> Result<Organization, Error> + Send + 'static),
    request: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let changed = app.run("organizations.change", move |work| {
        work.tx.organizations().lock(id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(&before))?;
        let after = rule(&before, work.now)?;
        if after.version != before.version {
            work.tx.organizations().update(&after)?;
            note(work, &caller, action, Some(&before), &after)?;
            let told = view(work, after.clone())?;
            work.event(id, EventType::OrganizationUpdated, Value::Object(told))?;
        }
        // Also when it was so before: whoever repeats the call wants it confirmed.
        work.invalidate_organization(id);
        Ok((tag(&after), view(work, after)?))
    });
    let (tag, view) = changed.await?;
    Ok(tagged(request, tag, Value::Object(view)))
}

/// One line in the audit log of the organization that is changed, whoever changes it.
fn note(
    work: &mut Work<'_>,
    caller: &Caller,
    action: &str,
    before: Option<&Organization>,
    after: &Organization,
) -> Result<(), ApiError> {
    let origin = Origin { organization_id: after.id, ..caller.origin() };
    let before = before.map(|o| view(work, o.clone())).transpose()?.map(Value::Object);
    let written = Some(Value::Object(view(work, after.clone())?));
    work.audit(&origin, Deed { action, target: after.id.to_string(), before, after: written })
}
