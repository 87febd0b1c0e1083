//! What the operations on schemas, rules, branding, templates and webhooks have in common. What differs is in the core.

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::{
    error::Error,
    project::{
        Project,
        branding::Branding,
        event_schema::EventSchema,
        metadata_schema::MetadataSchema,
        part::{Content, Part, PartId},
        stacking_rules::StackingRules,
        template::Template,
        webhook::ProjectWebhook,
    },
    target::TargetUrl,
};
use mgmt_store::PartRecord;
use serde_json::{Map, Value, json};

use super::{admit::Within, hold, list_of, no_part, no_query, once_within, room, segment};
use crate::{
    api::tagged,
    app::{App, Deed, Work, idempotency::Once},
    auth::{Caller, permission::Permission},
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        precondition::{EntityTag, Preconditions},
        query::{NoParameters, Query},
    },
};

/// How a part is written on the wire: the content, and what stands beside it.
pub(super) trait Wire: Content + Send + 'static {
    /// Members beside `id` and the content.
    fn beside(part: &Part<Self>) -> Vec<(&'static str, Value)>;

    /// What only this server can judge, against what there was before.
    ///
    /// # Errors
    /// 400 with a detail for each wrong field.
    fn judge(&self, _before: Option<&Self>, _app: &App) -> Result<(), ApiError> {
        Ok(())
    }

    /// What else a change ends; `after` is `None` when the part is deleted.
    ///
    /// # Errors
    /// 503 when the database is away.
    fn settle(_work: &mut Work<'_>, _before: &Part<Self>, _after: Option<&Part<Self>>) -> Result<(), ApiError> {
        Ok(())
    }
}

impl Wire for MetadataSchema {
    fn beside(part: &Part<Self>) -> Vec<(&'static str, Value)> {
        let times = [("created_at", json!(part.created_at)), ("updated_at", json!(part.updated_at))];
        times.into_iter().chain([("object", json!("metadata_schema"))]).collect()
    }
}

/// The times of kinds whose second is absent before the first change.
fn times<T>(part: &Part<T>) -> impl Iterator<Item = (&'static str, Value)> {
    let changed = part.updated_at.map(|at| ("updated_at", json!(at)));
    std::iter::once(("created_at", json!(part.created_at))).chain(changed)
}

impl Wire for EventSchema {
    fn beside(part: &Part<Self>) -> Vec<(&'static str, Value)> {
        times(part).chain([("object", json!("custom-event-schema"))]).collect()
    }
}

impl Wire for StackingRules {
    fn beside(part: &Part<Self>) -> Vec<(&'static str, Value)> {
        times(part).collect()
    }
}

impl Wire for Branding {
    fn beside(_: &Part<Self>) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

impl Wire for ProjectWebhook {
    fn beside(part: &Part<Self>) -> Vec<(&'static str, Value)> {
        vec![("created_at", json!(part.created_at)), ("object", json!("webhook"))]
    }

    fn judge(&self, before: Option<&Self>, app: &App) -> Result<(), ApiError> {
        // An address that was allowed once may stay: it is judged anew with every attempt.
        if before.is_some_and(|before| before.target_url == self.target_url) {
            return Ok(());
        }
        TargetUrl::parse(&self.target_url, &app.targets).map_err(|why| Error::invalid("target_url", why))?;
        Ok(())
    }

    fn settle(work: &mut Work<'_>, before: &Part<Self>, after: Option<&Part<Self>>) -> Result<(), ApiError> {
        if after.is_some_and(|after| after.content.active) { Ok(()) } else { work.stop_send_outs(before.id) }
    }
}

impl Wire for Template {
    fn beside(part: &Part<Self>) -> Vec<(&'static str, Value)> {
        times(part).chain([("object", json!("campaign_template"))]).collect()
    }
}

/// The part as clients see it.
pub(super) fn view<T: Wire>(part: &Part<T>) -> Result<Map<String, Value>, ApiError> {
    let Value::Object(content) = serde_json::to_value(&part.content).map_err(ApiError::internal)? else {
        return Err(ApiError::internal("a part could not be written as an object"));
    };
    let mut object = Map::from_iter([("id".to_owned(), json!(part.id.to_string()))]);
    object.extend(content);
    object.extend(T::beside(part).into_iter().map(|(name, value)| (name.to_owned(), value)));
    Ok(object)
}

/// The answer that shows something new: 200 on this surface.
pub(super) fn made(object: Map<String, Value>, replayed: bool) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.json(Value::Object(object))
}

fn tag<T>(part: &Part<T>) -> EntityTag {
    EntityTag::of_bytes(format!("{} {}", part.id, part.version).as_bytes())
}

/// The part of the project.
pub(super) fn find<T: Wire>(work: &mut Work<'_>, project: &Project, text: &str) -> Result<Part<T>, ApiError> {
    let missing = || no_part(T::KIND, text);
    let id = PartId::parse(T::KIND, text).ok_or_else(missing)?;
    let found = work.tx.project_parts().find(project.id, id)?.ok_or_else(missing)?;
    Ok(found.into_part()?)
}

/// One line of the audit log about a part.
fn note<T: Wire>(
    work: &mut Work<'_>,
    caller: &Caller,
    verb: &str,
    before: Option<&Part<T>>,
    after: Option<&Part<T>>,
) -> Result<(), ApiError> {
    let target = after.or(before).map(|p| p.id.to_string()).unwrap_or_default();
    let action = format!("project.{}.{verb}", T::KIND.as_str());
    let written = |part: &Part<T>| view(part).map(Value::Object);
    let (before, after) = (before.map(written).transpose()?, after.map(written).transpose()?);
    work.audit(&caller.origin(), Deed { action: &action, target, before, after })
}

/// All of a project's, the oldest first, or by name where that is what tells them apart.
pub(super) async fn load<T: Wire, P: Permission>(within: &Within<P>) -> Result<Vec<Part<T>>, ApiError> {
    let project = within.project.id;
    let found = within.app.read("project_parts.list", move |work| {
        let records = work.tx.project_parts().list(project, T::KIND)?;
        Ok(records.into_iter().map(PartRecord::into_part).collect::<Result<Vec<_>, _>>()?)
    });
    found.await
}

pub(super) fn rows<T: Wire>(parts: &[Part<T>]) -> Result<HttpResponse, ApiError> {
    let rows: Result<_, _> = parts.iter().map(|part| view(part).map(Value::Object)).collect();
    Ok(list_of(rows?))
}

/// Adds a part, if the project has none of its name.
pub(super) fn add<T: Wire>(work: &mut Work<'_>, caller: &Caller, project: &Project, content: T) -> Result<Part<T>, ApiError> {
    let part = Part::new(project.id, content, work.now, &mut work.rng);
    let name = part.unique_name();
    if work.tx.project_parts().find_by_name(project.id, T::KIND, &name)?.is_some() {
        let shown = if name.is_empty() { project.id.to_string() } else { name };
        return Err(T::KIND.duplicate(&shown).into());
    }
    room(work.tx.project_parts().count(project.id, T::KIND)?)?;
    work.tx.project_parts().insert(&PartRecord::of(&part)?)?;
    note(work, caller, "created", None, Some(&part))?;
    Ok(part)
}

/// Makes a part; a repeat with the same `Idempotency-Key` gets the first answer.
pub(super) async fn create<T: Wire, P: Permission>(
    within: Within<P>,
    query: Query<NoParameters>,
    body: Body<T::Draft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Within { caller, app, project, .. } = within;
    let bytes = body.bytes().await?;
    let once = once_within(&request, &caller, project.id, &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let created = app.run("project_parts.create", move |work| {
        if let Some(earlier) = Once::earlier(once.as_ref(), work, caller.actor())? {
            return Ok((earlier, true));
        }
        let project = hold(work, &caller, project.id)?;
        let content = Body::judge(&bytes, T::create)?;
        content.judge(None, work.app)?;
        let object = view(&add(work, &caller, &project, content)?)?;
        if let Some(once) = &once {
            once.keep_object(work, caller.organization_id, &object)?;
        }
        Ok((object, false))
    });
    let (object, replayed) = created.await?;
    Ok(made(object, replayed))
}

/// Shows a part.
pub(super) async fn show<T: Wire, P: Permission>(
    within: Within<P>,
    parameter: &str,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, parameter)?;
    let Within { app, project, .. } = within;
    let part = app.read("project_parts.show", move |work| find::<T>(work, &project, &id)).await?;
    no_query(&query)?;
    Ok(tagged(&request, tag(&part), Value::Object(view(&part)?)))
}

/// Changes a part.
pub(super) async fn update<T: Wire, P: Permission>(
    within: Within<P>,
    parameter: &str,
    query: Query<NoParameters>,
    body: Body<T::Change>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, parameter)?;
    let Within { caller, app, project, .. } = within;
    let preconditions = Preconditions::from_headers(request.headers());
    let (seen, asked, conditions) = (project.clone(), id.clone(), preconditions.clone());
    let judged = app.read("project_parts.precheck", move |work| {
        let part = find::<T>(work, &seen, &asked)?;
        Ok(conditions.check(&tag(&part))?)
    });
    judged.await?;
    no_query(&query)?;
    let bytes = body.bytes().await?;
    let changed = app.run("project_parts.update", move |work| {
        let project = hold(work, &caller, project.id)?;
        let before = find::<T>(work, &project, &id)?;
        preconditions.check(&tag(&before))?;
        let content = Body::judge(&bytes, |change| before.content.change(change))?;
        content.judge(Some(&before.content), work.app)?;
        let after = before.clone().update(content, work.now);
        work.tx.project_parts().update(&PartRecord::of(&after)?)?;
        T::settle(work, &before, Some(&after))?;
        note(work, &caller, "updated", Some(&before), Some(&after))?;
        Ok(after)
    });
    let after = changed.await?;
    Ok(tagged(&request, tag(&after), Value::Object(view(&after)?)))
}

/// Deletes a part.
pub(super) async fn delete<T: Wire, P: Permission>(
    within: Within<P>,
    parameter: &str,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, parameter)?;
    let Within { caller, app, project, .. } = within;
    let preconditions = Preconditions::from_headers(request.headers());
    let (seen, asked) = (project.clone(), id.clone());
    app.read("project_parts.precheck", move |work| find::<T>(work, &seen, &asked).map(drop)).await?;
    no_query(&query)?;
    body.read().await?;
    let deleted = app.run("project_parts.delete", move |work| {
        let project = hold(work, &caller, project.id)?;
        let before = find::<T>(work, &project, &id)?;
        preconditions.check(&tag(&before))?;
        T::settle(work, &before, None)?;
        work.tx.project_parts().delete(project.id, before.id)?;
        note(work, &caller, "deleted", Some(&before), None)
    });
    deleted.await?;
    Ok(HttpResponse::NoContent().finish())
}
