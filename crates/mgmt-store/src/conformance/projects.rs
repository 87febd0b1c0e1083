use mgmt_core::{
    delivery::{Attempt, DeliveryStatus, Progress},
    id::{OrganizationId, ProjectId, SendOutId, UserId},
    key::ApiKey,
    key_text::KeyKind,
    project::{
        Project,
        event_schema::EventSchema,
        member::{ProjectMember, ProjectRole},
        metadata_schema::MetadataSchema,
        part::{Content, Part, PartId, PartKind},
        send_out::SendOut,
        settings::{ProjectDraft, ProjectSettings},
        webhook::{ProjectWebhook, ProjectWebhookDraft},
    },
    secret::KeyMaterial,
    time::Timestamp,
};
use serde_json::{Value, json};

use super::bench::{Bench, NOW, after, read, write};
use crate::{
    error::StoreError,
    store::{Lease, PartRecord, SendOutFilter, Store},
};

fn new_project(bench: &mut Bench, organization: OrganizationId, at: Timestamp) -> Project {
    let draft = ProjectDraft {
        name: "Läden".to_owned(),
        timezone: "Etc/GMT+1".to_owned(),
        currency: "EUR".to_owned(),
        ..ProjectDraft::default()
    };
    let settings = draft.parse(&["ana@example.com".to_owned()]).unwrap();
    Project::new(organization, settings, &KeyMaterial::new([1; 32]), at, &mut bench.rng).unwrap()
}

fn project(bench: &mut Bench, store: &dyn Store, organization: OrganizationId) -> Project {
    let project = new_project(bench, organization, NOW);
    write(store, |tx| tx.projects().insert(&project));
    project
}

fn event_schema(bench: &mut Bench, project: ProjectId, name: &str, at: Timestamp) -> Part<EventSchema> {
    let draft = json!({"name": name, "schema": {"properties": {"ü": {"type": "number", "optional": true}}}});
    Part::new(project, EventSchema::create(serde_json::from_value(draft).unwrap()).unwrap(), at, &mut bench.rng)
}

fn member(project: &Project, user: u128, role: ProjectRole) -> ProjectMember {
    let user_id = UserId::from_u128(user);
    ProjectMember { project_id: project.id, organization_id: project.organization_id, user_id, role, created_at: NOW }
}

/// A project reads back as it was written and changed, in its organization only, and lists are oldest first.
pub fn projects_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let first = project(&mut bench, store, own);
    let second = new_project(&mut bench, own, after(1));
    write(store, |tx| tx.projects().insert(&second));
    let settings = ProjectSettings { name: "Shops".to_owned(), description: Some("\n".to_owned()), ..first.settings.clone() };
    let changed = first.clone().update(settings, after(2));
    write(store, |tx| tx.projects().update(&changed));
    read(store, |tx| {
        assert_eq!(tx.projects().find(own, first.id)?.as_ref(), Some(&changed));
        assert_eq!(tx.projects().find(other, first.id)?, None);
        assert_eq!(tx.projects().list(own)?, [changed.clone(), second.clone()]);
        assert_eq!((tx.projects().count(own)?, tx.projects().count(other)?), (2, 0));
        Ok(())
    });
    let late = store.run("conformance.project", |tx| tx.projects().update(&changed));
    assert!(matches!(late, Err(StoreError::Conflict("project"))), "{late:?}");
}

/// Deleting a project takes its members and parts with it, and leaves its keys to be found.
pub fn projects_go_with_what_hangs_on_them(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let (gone, stays) = (project(&mut bench, store, own), project(&mut bench, store, own));
    let user = UserId::from_u128(7);
    for project in [&gone, &stays] {
        let part = PartRecord::of(&event_schema(&mut bench, project.id, "bought", NOW)).unwrap();
        write(store, |tx| tx.project_parts().insert(&part));
        write(store, |tx| tx.project_members().put(&member(project, 7, ProjectRole::User)));
    }
    let key = ApiKey { project_id: Some(gone.id), ..bench.new_key(own, KeyKind::Secret, NOW) };
    write(store, |tx| tx.keys().insert(&key));
    assert!(!write(store, |tx| tx.projects().delete(other, gone.id)));
    assert!(write(store, |tx| tx.projects().delete(own, gone.id)));
    assert!(!write(store, |tx| tx.projects().delete(own, gone.id)));
    read(store, |tx| {
        assert!(tx.project_parts().list(gone.id, PartKind::EventSchema)?.is_empty());
        assert_eq!(tx.project_members().find(gone.id, user)?, None);
        assert_eq!(tx.project_members().list_of_user(own, user)?.len(), 1);
        assert_eq!(tx.project_parts().count(stays.id, PartKind::EventSchema)?, 1);
        let keys = tx.keys().list_of_project(gone.id)?;
        assert_eq!(keys.iter().map(|k| (k.id, k.project_id)).collect::<Vec<_>>(), [(key.id, Some(gone.id))]);
        assert_eq!(tx.keys().count_active(own, KeyKind::Secret, NOW)?, 0, "keys of projects do not count");
        Ok(())
    });
    write(store, |tx| tx.keys().update(&key.clone().revoke(None, after(1))));
    assert!(read(store, |tx| tx.keys().list_of_project(gone.id)).is_empty(), "revoked");
}

/// Places are given, changed, taken and handed over, in one organization only.
pub fn project_members_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let (a, b) = (project(&mut bench, store, own), project(&mut bench, store, own));
    let elsewhere = project(&mut bench, store, other);
    for project in [&a, &b, &elsewhere] {
        write(store, |tx| tx.project_members().put(&member(project, 1, ProjectRole::Viewer)));
    }
    write(store, |tx| tx.project_members().put(&member(&a, 2, ProjectRole::Admin)));
    let changed = ProjectMember { created_at: after(9), ..member(&a, 1, ProjectRole::Merchant) };
    write(store, |tx| tx.project_members().put(&changed));
    let (one, two, three) = (UserId::from_u128(1), UserId::from_u128(2), UserId::from_u128(3));
    read(store, |tx| {
        assert_eq!(tx.project_members().find(a.id, one)?, Some(member(&a, 1, ProjectRole::Merchant)));
        assert_eq!(tx.project_members().list(a.id)?.iter().map(|m| m.user_id).collect::<Vec<_>>(), [one, two]);
        assert_eq!(tx.project_members().list_of_user(own, one)?.len(), 2);
        Ok(())
    });
    assert_eq!(write(store, |tx| tx.project_members().hand_over(own, one, three)), 2);
    assert_eq!(read(store, |tx| tx.project_members().list_of_user(other, one)).len(), 1);
    assert!(write(store, |tx| tx.project_members().delete(a.id, three)));
    assert!(!write(store, |tx| tx.project_members().delete(a.id, three)));
    assert_eq!(write(store, |tx| tx.project_members().delete_of_user(own, three)), 1);
}

/// Parts read back as they were written and changed, of their project and kind only, and one of each name.
pub fn project_parts_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let own = bench.organization(store).id;
    let (a, b) = (project(&mut bench, store, own), project(&mut bench, store, own));
    let part = event_schema(&mut bench, a.id, "bought", NOW);
    let record = PartRecord::of(&part).unwrap();
    write(store, |tx| tx.project_parts().insert(&record));
    for project in [a.id, b.id] {
        let same = PartRecord::of(&event_schema(&mut bench, project, "bought", after(1))).unwrap();
        let result = store.run("conformance.part", |tx| tx.project_parts().insert(&same));
        assert_eq!(matches!(result, Err(StoreError::Conflict("project part"))), project == a.id, "{result:?}");
    }
    let later = PartRecord::of(&event_schema(&mut bench, a.id, "sold", after(2))).unwrap();
    write(store, |tx| tx.project_parts().insert(&later));
    let change = json!({"schema": {"properties": {"x": {"type": "date", "optional": false}}}});
    let changed = part.content.change(serde_json::from_value(change).unwrap()).unwrap();
    let changed = part.clone().update(changed, after(3));
    let record = PartRecord::of(&changed).unwrap();
    write(store, |tx| tx.project_parts().update(&record));
    let twin = PartId::parse(PartKind::MetadataSchema, &part.id.to_string()).unwrap();
    read(store, |tx| {
        let found = tx.project_parts().find(a.id, part.id)?.unwrap();
        assert_eq!(found, record);
        assert_eq!(found.clone().into_part::<EventSchema>()?, changed);
        assert!(found.into_part::<MetadataSchema>().is_err());
        assert_eq!(tx.project_parts().find(b.id, part.id)?, None);
        assert_eq!(tx.project_parts().find(a.id, twin)?, None, "another kind with the same prefix");
        assert_eq!(tx.project_parts().find_by_name(a.id, PartKind::EventSchema, "bought")?.map(|p| p.id), Some(part.id));
        assert_eq!(tx.project_parts().find_by_name(a.id, PartKind::Template, "bought")?, None);
        let names: Vec<_> = tx.project_parts().list(a.id, PartKind::EventSchema)?.into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["bought", "sold"]);
        Ok(())
    });
    let late = store.run("conformance.part", |tx| tx.project_parts().update(&record));
    assert!(matches!(late, Err(StoreError::Conflict("project part"))), "{late:?}");
    assert!(!write(store, |tx| tx.project_parts().delete(b.id, part.id)));
    assert!(write(store, |tx| tx.project_parts().delete(a.id, part.id)));
    let wrong = PartRecord { body: serde_json::Map::from_iter([("name".to_owned(), Value::Null)]), ..record };
    assert!(matches!(wrong.into_part::<EventSchema>(), Err(StoreError::Corrupt { .. })));
}

fn webhook(bench: &mut Bench, store: &dyn Store) -> (Project, Part<ProjectWebhook>) {
    let organization = bench.organization(store).id;
    let project = project(bench, store, organization);
    let events = vec!["voucher.created".to_owned()];
    let draft = ProjectWebhookDraft { target_url: "https://example.com/hook".to_owned(), events, active: None };
    let part = Part::new(project.id, ProjectWebhook::create(draft).unwrap(), NOW, &mut bench.rng);
    write(store, |tx| tx.project_parts().insert(&PartRecord::of(&part)?));
    (project, part)
}

fn send_out(bench: &mut Bench, (project, webhook): &(Project, Part<ProjectWebhook>), due: Timestamp) -> SendOut {
    SendOut {
        id: SendOutId::new(due, &mut bench.rng),
        organization_id: project.organization_id,
        project_id: project.id,
        webhook_id: webhook.id,
        event_type: "voucher.created".to_owned(),
        body: r#"{"a":"Ä"}"#.to_owned(),
        progress: Progress::due(due),
        created_at: due,
    }
}

fn lease(mark: &str) -> Lease {
    Lease { mark: mark.to_owned(), until: after(100) }
}

/// A send-out is handed out when it is due, to one, and finished by whoever holds the lease.
pub fn send_outs_are_sent_once(store: &dyn Store) {
    let mut bench = Bench::new();
    let (a, b) = (webhook(&mut bench, store), webhook(&mut bench, store));
    let made: Vec<SendOut> = (0..3).map(|at| send_out(&mut bench, &a, after(at))).collect();
    let other = send_out(&mut bench, &b, NOW.plus_millis(-1));
    write(store, |tx| made.iter().chain([&other]).try_for_each(|s| tx.send_outs().insert(s)));
    let ids = [a.1.id, b.1.id];
    let due = |now, except: &[PartId]| -> Vec<_> {
        let all = read(store, |tx| tx.send_outs().due(now, except, 100));
        all.into_iter().filter(|(id, _)| ids.contains(id)).collect()
    };
    let (whose_a, whose_b) = ((a.1.id, a.0.organization_id), (b.1.id, b.0.organization_id));
    assert_eq!(due(after(1), &[]), [whose_b, whose_a]);
    assert_eq!(due(after(1), &[b.1.id]), [whose_a]);

    let claim = |mark: &str, now| -> Vec<_> {
        let claimed = write(store, |tx| {
            tx.webhook_queues().lock()?;
            tx.send_outs().claim(a.1.id, now, &lease(mark), 10)
        });
        claimed.into_iter().map(|s| s.id).collect()
    };
    assert_eq!(claim("x", after(1)), [made[0].id, made[1].id]);
    assert_eq!(claim("y", after(1)), []);
    assert_eq!(due(after(1), &[b.1.id]), []);
    let attempt = Attempt { at: NOW, status_code: Some(500), duration_ms: 7, error: Some("x".to_owned()), response: None };
    let failed = Progress { status: DeliveryStatus::Failed, tries: 1, attempts: vec![attempt], next_attempt_at: Some(after(50)) };
    let failed = SendOut { progress: failed, ..made[0].clone() };
    assert!(!write(store, |tx| tx.send_outs().finish(&failed, "y")), "somebody else's lease");
    assert!(write(store, |tx| tx.send_outs().finish(&failed, "x")));
    assert!(!write(store, |tx| tx.send_outs().finish(&failed, "x")), "the lease has ended");
    assert_eq!(read(store, |tx| tx.send_outs().find(a.1.id, made[0].id)), Some(failed));
    assert_eq!(read(store, |tx| tx.send_outs().find(b.1.id, made[0].id)), None);
    assert_eq!(claim("y", after(100)).len(), 3, "after the end of a lease others take over");
}

/// Send-outs are listed, given up together, begun anew, and gone with their webhook.
pub fn send_outs_are_stopped_and_repeated(store: &dyn Store) {
    let mut bench = Bench::new();
    let own = webhook(&mut bench, store);
    let id = own.1.id;
    let made: Vec<SendOut> = (0..4).map(|at| send_out(&mut bench, &own, after(at))).collect();
    write(store, |tx| made.iter().try_for_each(|s| tx.send_outs().insert(s)));
    let list = |status, before, limit| -> Vec<_> {
        let all = read(store, |tx| tx.send_outs().list(id, SendOutFilter { status, before, limit }));
        all.into_iter().map(|s| s.id).collect()
    };
    assert_eq!(list(None, None, 10), [made[3].id, made[2].id, made[1].id, made[0].id]);
    assert_eq!(list(None, Some(made[2].id), 1), [made[1].id]);
    // What is being tried is not stopped and not begun anew.
    write(store, |tx| tx.send_outs().claim(id, NOW, &lease("x"), 1));
    assert!(!write(store, |tx| tx.send_outs().repeat(id, made[0].id, after(9))));
    assert_eq!(write(store, |tx| tx.send_outs().stop(id)), 3);
    assert_eq!(list(Some(DeliveryStatus::Dead), None, 10), [made[3].id, made[2].id, made[1].id]);
    assert!(write(store, |tx| tx.send_outs().repeat(id, made[3].id, after(9))));
    let again = read(store, |tx| tx.send_outs().find(id, made[3].id)).unwrap();
    assert_eq!(again.progress, Progress::due(after(9)));
    assert_eq!(write(store, |tx| tx.send_outs().release_all(after(10))), 1);
    let free = read(store, |tx| tx.send_outs().find(id, made[0].id)).unwrap();
    assert_eq!(free.progress.next_attempt_at, Some(after(10)));
    assert_eq!(write(store, |tx| tx.send_outs().delete_before(after(2), 100)), 2);
    assert_eq!(list(None, None, 10), [made[3].id, made[2].id]);
    write(store, |tx| tx.projects().delete(own.0.organization_id, own.0.id));
    assert_eq!(list(None, None, 10), []);
}
