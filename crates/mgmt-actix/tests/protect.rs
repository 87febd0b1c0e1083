//! A guarded service over a real gate and store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use actix_web::{
    App,
    http::{StatusCode, header::HeaderMap},
    test, web,
};
use mgmt_actix::{Admitted, Admitter, Protect};
use mgmt_core::{
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::KeyFormat,
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
};
use mgmt_gate::{Gate, GateOptions, PlanLimits, SystemClock};
use mgmt_store::Options;

/// A gate, and the texts of keys made from the drafts.
fn gate(drafts: Vec<KeyDraft>) -> (Arc<Gate>, Vec<String>) {
    let (now, mut rng) = (SystemClock.now().wall, rand_core::UnwrapErr(getrandom::SysRng));
    let store = mgmt_store::open("sqlite::memory:", Options::default()).unwrap();
    store.migrate().unwrap();
    let (format, keyring) = (KeyFormat::new("mg").unwrap(), Keyring::derive(&KeyMaterial::new([1; 32])));
    let organization = Organization::new("Acme", Plan::Scale, true, now, &mut rng).unwrap();
    store.run("setup", |tx| tx.organizations().insert(&organization)).unwrap();
    let mut texts = Vec::new();
    for draft in drafts {
        let parsed = draft.parse(&Catalogues::default(), now).unwrap();
        let new = NewKey {
            organization_id: organization.id,
            project_id: None,
            kind: parsed.kind,
            environment: parsed.environment,
            settings: parsed.settings,
            created_by: Actor::System,
        };
        let (key, secret) = ApiKey::issue(new, Mint { format: &format, pepper: &keyring.pepper }, now, &mut rng).unwrap();
        store.run("setup", |tx| tx.keys().insert(&key)).unwrap();
        texts.push(secret.expose().to_owned());
    }
    let options = GateOptions {
        format,
        pepper: keyring.pepper,
        catalogues: Catalogues::default(),
        limits: PlanLimits::default(),
        capacity: 100,
        run: "test".to_owned(),
    };
    (Arc::new(Gate::new(store, options).unwrap()), texts)
}

fn draft(scopes: &[&str]) -> KeyDraft {
    KeyDraft { scopes: Some(scopes.iter().map(|&s| s.to_owned()).collect()), ..KeyDraft::default() }
}

async fn who(key: Admitted) -> String {
    key.0.record.id().to_string()
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[actix_web::test]
async fn a_guarded_route_lets_the_right_keys_through() {
    let limited = KeyDraft { rate_limit: Some((1, 60)), ..draft(&["orders:read"]) };
    let home = KeyDraft { ip_allowlist: Some(vec!["192.0.2.1".to_owned()]), ..draft(&["*"]) };
    let (gate, keys) = gate(vec![draft(&["orders:*"]), draft(&["rates:read"]), limited, home]);
    let admitter = Admitter::new(gate);
    let guard = Protect::new(admitter.clone(), &["read:orders"]).unwrap();
    let app = test::init_service(App::new().service(web::scope("/orders").wrap(guard).route("", web::get().to(who)))).await;
    let call = |fields: Vec<(&'static str, String)>| {
        let request = fields.into_iter().fold(test::TestRequest::get().uri("/orders"), |r, f| r.append_header(f)).to_request();
        let app = &app;
        async move {
            let response = test::call_service(app, request).await;
            let (status, headers) = (response.status(), response.headers().clone());
            (status, headers, String::from_utf8(test::read_body(response).await.to_vec()).unwrap())
        }
    };
    let bearer = |key: &str| vec![("authorization", format!("Bearer {key}"))];

    let (status, headers, body) = call(bearer(&keys[0])).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.starts_with("key_"));
    assert_eq!(text(&headers, "ratelimit-policy"), "\"plan\";q=1000;w=60");
    assert_eq!(text(&headers, "x-ratelimit-remaining"), "999");

    let (status, headers, body) = call(Vec::new()).await;
    assert_eq!((status, text(&headers, "www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer realm=\"api\"".to_owned()));
    assert!(body.contains("\"unauthorized\""));

    let (status, headers, _) = call(bearer("nonsense")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(text(&headers, "www-authenticate").contains("invalid_token"));

    let (status, headers, body) = call(bearer(&keys[1])).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text(&headers, "www-authenticate").contains("scope=\"orders:read\"") && body.contains("insufficient_scope"));

    let (status, ..) = call([bearer(&keys[0]), bearer(&keys[0])].concat()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    assert_eq!(call(bearer(&keys[2])).await.0, StatusCode::OK);
    let (status, headers, body) = call(bearer(&keys[2])).await;
    assert_eq!((status, text(&headers, "retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60".to_owned()));
    assert!(body.contains("rate_limited"));

    let (status, _, body) = call(bearer(&keys[3])).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("ip_not_allowed"));
}

#[actix_web::test]
async fn a_guard_asks_for_scopes_that_exist() {
    let (gate, _) = gate(Vec::new());
    assert!(Protect::new(Admitter::new(gate), &["orders:fly"]).is_err());
}

#[actix_web::test]
async fn an_unguarded_route_does_not_pretend() {
    let app = test::init_service(App::new().route("/open", web::get().to(who))).await;
    let response = test::call_service(&app, test::TestRequest::get().uri("/open").to_request()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
