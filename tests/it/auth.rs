//! Sessions: login, refresh, logout, who am I, passwords, switching, and tokens that were tampered with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use mgmt_core::time::Timestamp;
use mgmt_tests::{Answer, Backend, OWNER, PASSWORD, Server, Session, in_parallel, on_each_backend};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

on_each_backend!(
    login_and_who_am_i,
    who_am_i_tells_the_limits,
    the_cookie,
    wrong_logins_look_alike,
    guessing_is_throttled,
    strangers_lock_nobody_out,
    parallel_refreshes_have_one_winner,
    a_stolen_refresh_token_ends_the_family,
    refresh_is_for_the_same_site,
    logout_ends_everything,
    passwords,
    sessions_are_listed_and_ended,
    switching,
    tampered_tokens,
    kinds_are_not_exchangeable,
);

fn login(server: &Server, email: &str, password: &str) -> Answer {
    server.post("/api/auth/login", &json!({"email": email, "password": password})).send()
}

fn refresh(server: &Server, cookie: &str) -> Answer {
    server.call("POST", "/api/auth/refresh").header("cookie", cookie).header("sec-fetch-site", "same-origin").send()
}

fn me(server: &Server, token: &str) -> Answer {
    server.get("/api/auth/me").bearer(token).send()
}

fn login_and_who_am_i(backend: Backend) {
    let server = Server::start(backend);
    let answer = login(&server, OWNER, PASSWORD);
    let data = answer.expect_data(200);
    assert_eq!(data["token_type"], "Bearer");
    assert_eq!(data["expires_in"], 900);
    assert_eq!(data["role"], "owner");
    assert_eq!(data["user"]["email"], OWNER);
    assert_eq!(data["user"]["id"], server.bootstrap["user"]["id"]);
    assert_eq!(data["organization"]["id"], server.organization());
    assert_eq!(data["organization"]["name"], "Acme");
    assert!(data["access_token"].as_str().unwrap().starts_with("eyJ"));
    assert!(!answer.text().contains("refresh"), "the refresh token is in the cookie only: {answer}");
    let session = Session::of(answer);
    let who = me(&server, &session.token).expect_data(200);
    assert_eq!((&who["user"]["email"], &who["role"]), (&json!(OWNER), &json!("owner")));
    assert_eq!(who["organization"]["id"], server.organization());
    for secret in ["password", "hash", "argon"] {
        assert!(!who.to_string().contains(secret), "{who}");
    }
    // An address is compared in its normal form.
    assert_eq!(login(&server, "Owner@EXAMPLE.com", PASSWORD).status, 200);

    for (field, body) in [
        ("email", json!({"password": PASSWORD})),
        ("password", json!({"email": OWNER})),
        ("email", json!({"email": 5, "password": PASSWORD})),
        ("password", json!({"email": OWNER, "password": ["x"]})),
        ("nonsense", json!({"email": OWNER, "password": PASSWORD, "nonsense": 1})),
    ] {
        server.post("/api/auth/login", &body).send().names_fields(&[field]);
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let body = json!({"email": OWNER, "password": PASSWORD}).to_string();
        let answer = server.call("POST", "/api/auth/login").header("content-type", kind).bytes(body.as_bytes()).send();
        answer.refused(415, "unsupported_media_type");
    }
    server.get("/api/auth/me").send().refused(401, "unauthorized");
    // The session reaches the management API by the user's role.
    for path in ["/v1/management/api-keys", "/v1/management/organizations", "/v1/management/roles", "/v1/management/scopes"] {
        server.get(path).bearer(&session.token).send().expect_status(200);
    }
}

fn who_am_i_tells_the_limits(backend: Backend) {
    let server = Server::with(
        backend,
        &[
            ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "70"),
            ("MGMT_LIMITS__SCALE_PER_MINUTE", "300"),
            ("MGMT_LIMITS__ENTERPRISE_PER_MINUTE", "0"),
            ("MGMT_KEYS__MAX_ACTIVE", "2"),
            ("MGMT_SECURITY__REVEAL_WINDOW_SECONDS", "120"),
        ],
    );
    let session = server.login();
    let limits = || me(&server, &session.token).expect_data(200)["organization"]["limits"].clone();
    let with = |rate_limit: Value| json!({"rate_limit": rate_limit, "max_active_keys": 2, "reveal_window_seconds": 120});
    assert_eq!(limits(), with(json!({"requests": 70, "per_seconds": 60})));
    // The limits are those of the plan that the organization has now.
    let path = format!("/v1/management/organizations/{}", server.organization());
    for (plan, limit) in [("scale", json!({"requests": 300, "per_seconds": 60})), ("enterprise", Value::Null)] {
        server.patch(&path, &json!({"plan": plan})).bearer(&session.token).send().expect_status(200);
        assert_eq!(limits(), with(limit), "{plan}");
    }
    // What is told is what holds: one more key than the bootstrap's, and no third.
    let make = || server.post("/api/api-keys", &json!({"name": "x", "scopes": ["rates:read"]})).bearer(&session.token).send();
    let made = make().expect_data(201);
    make().refused(409, "key_limit_reached");
    let secret = server.get(&format!("/api/api-keys/{}/secret", made["id"].as_str().unwrap())).bearer(&session.token).send();
    let [end, start] = [&secret.expect_data(200)["expires_at"], &made["created_at"]]
        .map(|at| serde_json::from_value::<Timestamp>(at.clone()).unwrap().as_millis());
    assert_eq!(end - start, 120_000);
}

fn the_cookie(backend: Backend) {
    let server = Server::start(backend);
    let answer = login(&server, OWNER, PASSWORD);
    let fields: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(fields.len(), 1, "{answer}");
    let cookie = fields[0].to_str().unwrap();
    assert!(cookie.len() <= 4096);
    let mut parts = cookie.split(';').map(str::trim);
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    let attributes: Vec<_> = parts.map(str::to_lowercase).collect();
    assert!(!name.starts_with("__Host-"), "plain http on loopback: {cookie}");
    // At least 128 random bits.
    assert!(value.len() >= 22, "{cookie}");
    assert!(attributes.contains(&"httponly".to_owned()), "{cookie}");
    assert!(attributes.contains(&"path=/".to_owned()), "{cookie}");
    assert!(attributes.iter().any(|a| a == "samesite=strict" || a == "samesite=lax"), "{cookie}");
    assert!(!attributes.iter().any(|a| a.starts_with("domain")), "{cookie}");

    let server = Server::with(backend, &[("MGMT_SERVER__PUBLIC_URL", "https://keys.example.com")]);
    let answer = login(&server, OWNER, PASSWORD);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("__Host-{name}=")), "{cookie}");
    assert!(cookie.to_lowercase().contains("; secure"), "{cookie}");
}

fn wrong_logins_look_alike(backend: Backend) {
    let server = Server::start(backend);
    let known = login(&server, OWNER, "not the right password");
    let unknown = login(&server, "nobody@example.com", "not the right password");
    login(&server, "nobody@example.com", "").expect_status_in(&[400, 401]);
    login(&server, "not an address", "not the right password").expect_status_in(&[400, 401]);
    for answer in [&known, &unknown] {
        answer.refused(401, "unauthorized");
        assert_eq!(answer.without_request_id(), known.without_request_id());
        assert_eq!(answer.comparable_fields(), known.comparable_fields());
    }
    assert!(known.header("set-cookie").is_none());
    login(&server, OWNER, &format!("{PASSWORD} ")).refused(401, "unauthorized");
    login(&server, OWNER, &PASSWORD.to_uppercase()).refused(401, "unauthorized");
    login(&server, "nobody@example.com", &"x".repeat(100_000)).expect_status_in(&[400, 401]);
    assert_eq!(login(&server, OWNER, PASSWORD).status, 200);
}

fn guessing_is_throttled(backend: Backend) {
    let mut server = Server::start(backend);
    let guess = |email: &str| {
        (0..60).map(|n| login(&server, email, &format!("wrong guess number {n}"))).find(|answer| answer.status != 401)
    };
    for email in ["nobody@example.com", OWNER] {
        let refused = guess(email).unwrap_or_else(|| panic!("60 guesses for {email} and no end"));
        refused.refused(429, "rate_limited");
    }
    // Who goes on after each wait waits longer and longer.
    let mut waits = vec![0];
    while *waits.last().unwrap() < 4 && waits.len() < 10 {
        let wait = guess(OWNER).expect("a wait").number("retry-after");
        assert!(wait >= *waits.last().unwrap(), "{waits:?}, then {wait}");
        waits.push(wait);
        if wait < 4 {
            sleep(Duration::from_secs(wait));
        }
    }
    // Guessed right, but too late: a throttled attempt tells nothing. It outlives a restart.
    login(&server, OWNER, PASSWORD).refused(429, "rate_limited");
    server.restart();
    login(&server, OWNER, PASSWORD).refused(429, "rate_limited");
}

fn strangers_lock_nobody_out(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_SERVER__TRUSTED_PROXIES", "127.0.0.0/8")]);
    let from = |address: &str, password: &str| {
        let body = json!({"email": OWNER, "password": password});
        server.post("/api/auth/login", &body).header("x-forwarded-for", address).send()
    };
    let session = Session::of(from("203.0.113.1", PASSWORD));
    let guess = |n: usize| from(&format!("198.51.100.{n}"), "not the right password");
    let refused = (1..20).map(guess).find(|answer| answer.status != 401).expect("an end to the guesses");
    refused.refused(429, "rate_limited");
    from("203.0.113.2", PASSWORD).refused(429, "rate_limited");
    // Where the owner is signed in, only failures from there count.
    let again = Session::of(from("203.0.113.1", PASSWORD));
    let change = |new: &str| {
        let body = json!({"current_password": PASSWORD, "new_password": new});
        server.post("/api/auth/password", &body).bearer(&again.token).send()
    };
    assert_eq!(change("another password, long enough").status, 204);
    assert_eq!(from("203.0.113.1", "another password, long enough").status, 200);
    for _ in 0..20 {
        from("203.0.113.1", "a wrong guess from here").expect_status_in(&[401, 429]);
    }
    from("203.0.113.1", "another password, long enough").refused(429, "rate_limited");
    me(&server, &session.token).refused(401, "unauthorized");
}

fn parallel_refreshes_have_one_winner(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let answers = in_parallel(10, |_| refresh(&server, &session.cookie));
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "exactly one wins");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(401, "unauthorized");
    }
    let next = Session::of(winners[0].clone());
    assert_ne!(next.cookie, session.cookie);
    me(&server, &next.token).expect_status(200);
    // A late loser within ten seconds does not kill the family.
    refresh(&server, &session.cookie).refused(401, "unauthorized");
    let again = Session::of(refresh(&server, &next.cookie));
    me(&server, &again.token).expect_status(200);
    let data = again.answer.expect_data(200);
    assert_eq!((&data["token_type"], &data["expires_in"]), (&json!("Bearer"), &json!(900)));
}

fn a_stolen_refresh_token_ends_the_family(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let other = server.login();
    let next = Session::of(refresh(&server, &session.cookie));
    sleep(Duration::from_millis(10_500));
    me(&server, &next.token).expect_status(200);
    refresh(&server, &session.cookie).refused(401, "unauthorized");
    refresh(&server, &next.cookie).refused(401, "unauthorized");
    me(&server, &next.token).refused(401, "unauthorized");
    // Nobody else is hit.
    me(&server, &other.token).expect_status(200);
    refresh(&server, &other.cookie).expect_status(200);
}

fn refresh_is_for_the_same_site(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for site in ["cross-site", "same-site"] {
        let call = server.call("POST", "/api/auth/refresh").header("cookie", &session.cookie).header("sec-fetch-site", site);
        call.send().refused(403, "forbidden");
    }
    let call =
        server.call("POST", "/api/auth/refresh").header("cookie", &session.cookie).header("origin", "https://evil.example");
    call.send().refused(403, "forbidden");
    server.call("POST", "/api/auth/refresh").send().refused(401, "unauthorized");
    let (name, _) = session.cookie.split_once('=').unwrap();
    for value in ["", "x", "eyJhbGciOiJub25lIn0.e30."] {
        refresh(&server, &format!("{name}={value}")).refused(401, "unauthorized");
    }
    refresh(&server, &format!("{name}={}", session.token)).refused(401, "unauthorized");
    // Only a POST acts.
    let answer = server.get("/api/auth/refresh").header("cookie", &session.cookie).send();
    answer.refused(405, "method_not_allowed");
    // Beside a Bearer token the cookie is what counts here.
    let call = server.call("POST", "/api/auth/refresh").header("cookie", &session.cookie).bearer(&session.token);
    call.header("sec-fetch-site", "same-origin").send().expect_status(200);
}

fn logout_ends_everything(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let other = server.login();
    let answer = server.call("POST", "/api/auth/logout").bearer(&session.token).send();
    assert_eq!(answer.status, 204, "{answer}");
    assert!(answer.body.is_empty());
    me(&server, &session.token).refused(401, "unauthorized");
    refresh(&server, &session.cookie).refused(401, "unauthorized");
    server.get("/v1/management/api-keys").bearer(&session.token).send().refused(401, "unauthorized");
    me(&server, &other.token).expect_status(200);
    server.call("POST", "/api/auth/logout").send().refused(401, "unauthorized");
    server.call("POST", "/api/auth/logout").bearer(&session.token).send().refused(401, "unauthorized");
}

fn passwords(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let other = server.login();
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        server.post("/api/auth/password", &body).bearer(&session.token).send()
    };
    for weak in ["", "short", "fourteen chars", "aaaaaaaaaaaaaaa", "passwordpassword", "owner@example.com"] {
        change(PASSWORD, weak).names_fields(&["new_password"]);
    }
    let wrong = change("not the right password", "a new and longer password");
    assert!([400, 401, 403].contains(&wrong.status), "{wrong}");
    me(&server, &session.token).expect_status(200);
    server
        .post("/api/auth/password", &json!({"current_password": PASSWORD}))
        .bearer(&session.token)
        .send()
        .names_fields(&["new_password"]);

    // Fifteen code points are enough, and 128 and any script are taken; the end counts as well as the start.
    let long =
        "\u{e9}t\u{e9} \u{e0} la mer, 97 bateaux verts et gris; pr\u{e8}s du ch\u{ea}ne, on m\u{e2}che. ".repeat(3) + "Za7!";
    let answer = change(PASSWORD, &long);
    assert!([200, 204].contains(&answer.status), "{answer}");
    login(&server, OWNER, PASSWORD).refused(401, "unauthorized");
    login(&server, OWNER, &long[..long.len() - 1]).refused(401, "unauthorized");
    // The same letters, typed in another normalization form.
    let decomposed = long.replace('\u{e9}', "e\u{301}").replace('\u{e8}', "e\u{300}");
    assert_ne!(decomposed, long);
    let fresh = Session::of(login(&server, OWNER, &decomposed));
    me(&server, &fresh.token).expect_status(200);
    // Whoever else was logged in is out.
    me(&server, &other.token).refused(401, "unauthorized");
    refresh(&server, &other.cookie).refused(401, "unauthorized");
}

fn sessions_are_listed_and_ended(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let other = server.login();
    let list = server.get("/api/auth/sessions").bearer(&session.token).send().expect(200);
    let sessions = list["data"].as_array().expect("data");
    assert_eq!(sessions.len(), 2, "{list}");
    assert!(sessions.iter().all(|session| session["id"].as_str().is_some_and(|id| id.starts_with("ses_"))), "{list}");
    let page = |query: &str| server.get(&format!("/api/auth/sessions?{query}")).bearer(&session.token).send();
    let first = page("limit=1").expect(200);
    let next = page(&format!("limit=1&cursor={}", first["next_cursor"].as_str().expect("a cursor"))).expect(200);
    assert_eq!(json!([first["data"][0], next["data"][0], next["next_cursor"]]), json!([sessions[0], sessions[1], null]));
    page("limit=0").names_fields(&["limit"]);
    page("cursor=abc").refused(400, "invalid_cursor");
    for secret in ["token", "hash", &session.cookie] {
        assert!(!list.to_string().contains(secret), "{list}");
    }
    // The claims of a token name its session.
    let claims: Value = serde_json::from_slice(&B64.decode(other.token.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let id = sessions.iter().map(|s| s["id"].as_str().unwrap()).find(|id| claims.to_string().contains(*id)).expect("its session");
    let end = |token: &str, id: &str| server.delete(&format!("/api/auth/sessions/{id}")).bearer(token).send();
    assert_eq!(end(&session.token, id).status, 204);
    me(&server, &other.token).refused(401, "unauthorized");
    refresh(&server, &other.cookie).refused(401, "unauthorized");
    me(&server, &session.token).expect_status(200);
    end(&session.token, "ses_00000000000070008000000000000000").refused(404, "not_found");
    end(&session.token, "nonsense").refused(404, "not_found");
    let list = server.get("/api/auth/sessions").bearer(&session.token).send().expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
}

fn switching(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let tenant = server.tenant("Other");
    let switch = |id: &Value| server.post("/api/auth/switch", &json!({"organization_id": id})).bearer(&session.token).send();
    for strange in [tenant.id.as_str(), "org_00000000000070008000000000000000"] {
        let answer = switch(&json!(strange));
        answer.refused(404, "not_found");
    }
    switch(&json!(5)).names_fields(&["organization_id"]);
    server.post("/api/auth/switch", &json!({})).bearer(&session.token).send().names_fields(&["organization_id"]);
    let next = Session::of(switch(&json!(server.organization())));
    let who = me(&server, &next.token).expect_data(200);
    assert_eq!(who["organization"]["id"], server.organization());
}

fn tampered_tokens(backend: Backend) {
    let server = Server::start(backend);
    let token = server.login().token;
    let parts: Vec<_> = token.split('.').collect();
    let (head, claims, signature) = (parts[0], parts[1], parts[2]);
    let read = |part: &str| serde_json::from_slice::<Value>(&B64.decode(part).unwrap()).unwrap();
    let write = |value: &Value| B64.encode(value.to_string());
    let (true_head, true_claims) = (read(head), read(claims));
    assert!(true_head["typ"].is_string(), "a media type of its own: {true_head}");
    assert_ne!(true_head["typ"], "JWT");
    for claim in ["iss", "aud", "sub", "exp", "iat"] {
        assert!(!true_claims[claim].is_null(), "no `{claim}`: {true_claims}");
    }
    let life = true_claims["exp"].as_u64().unwrap() - true_claims["iat"].as_u64().unwrap();
    assert!(life <= 900, "{life}");

    let with_head = |changes: Value| {
        let mut head = true_head.clone();
        head.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        write(&head)
    };
    let with_claims = |changes: Value| {
        let mut claims = true_claims.clone();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        write(&claims)
    };
    let jwk = json!({"jwk": {"kty": "oct", "k": B64.encode("a key of mine that is long enough")}});
    let mut tokens = vec![
        format!("{}.{claims}.", write(&json!({"alg": "none", "typ": true_head["typ"]}))),
        format!("{}.{claims}.{signature}", with_head(json!({"alg": "none"}))),
        format!("{}.{claims}.", with_head(json!({"alg": "NoNe"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"alg": "HS384"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"alg": "HS512"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"alg": "hs256"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"alg": "RS256"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"alg": ["HS256"]}))),
        format!("{}.{claims}.{signature}", with_head(json!({"typ": "JWT"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"kid": "../../../../dev/null"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"kid": "x' OR '1'='1"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"kid": ["x"]}))),
        format!("{}.{claims}.{signature}", with_head(json!({"jku": "http://127.0.0.1:1/keys"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"x5u": "http://127.0.0.1:1/keys"}))),
        format!("{}.{claims}.{signature}", with_head(json!({"crit": ["exp"]}))),
        format!("{}.{claims}.{signature}", with_head(json!({"b64": false, "crit": ["b64"]}))),
        format!("{}.{claims}.{signature}", with_head(json!({"zip": "DEF"}))),
        format!("{}.{claims}.{signature}", with_head(jwk)),
        format!("{head}.{}.{signature}", with_claims(json!({"exp": 4_102_444_800_u64}))),
        format!("{head}.{}.{signature}", with_claims(json!({"sub": "usr_00000000000070008000000000000000"}))),
        format!("{head}.{}.{signature}", with_claims(json!({"exp": null}))),
        format!("{head}.{}.{signature}", with_claims(json!({"aud": "other"}))),
        format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>()),
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{head}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{head}.{claims}.{signature}.{signature}"),
        format!("{head}.{claims}.{signature}="),
        format!("{head}.{claims}.{signature}A"),
        format!("{head}=.{claims}.{signature}"),
        format!(" {head}.{claims}.{signature}."),
        format!("{head}.{claims}.{}", "A".repeat(9_000)),
        "eyJ".to_owned(),
        "eyJ.eyJ.eyJ".to_owned(),
        "..".to_owned(),
    ];
    // Any one changed character of the signature and of the claims.
    for (position, _) in token.char_indices().skip(head.len() + 1).step_by(17).filter(|(_, c)| *c != '.') {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        tokens.push(String::from_utf8(bytes).unwrap());
    }
    for bad in &tokens {
        let answer = server.get("/api/auth/me").header("authorization", &format!("Bearer {bad}")).send();
        answer.refused(401, "unauthorized");
        server
            .get("/v1/management/api-keys")
            .header("authorization", &format!("Bearer {bad}"))
            .send()
            .refused(401, "unauthorized");
    }
    // The JSON form holds commas, as a list of credentials does.
    let json_form = json!({"protected": head, "payload": claims, "signature": signature}).to_string();
    me(&server, &json_form).expect_status_in(&[400, 401]);
    me(&server, &token).expect_status(200);
}

fn kinds_are_not_exchangeable(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let (_, refresh_token) = session.cookie.split_once('=').unwrap();
    for credential in [refresh_token, server.api_key(), server.management_key()] {
        for path in ["/api/auth/me", "/api/api-keys", "/api/auth/sessions"] {
            server.get(path).bearer(credential).send().refused(401, "unauthorized");
        }
    }
    server.get("/v1/management/api-keys").bearer(refresh_token).send().refused(401, "unauthorized");
    server.get("/v1/authorize").bearer(&session.token).send().refused(401, "unauthorized");
    // A cookie opens nothing but the refresh, whatever it holds.
    let (name, _) = session.cookie.split_once('=').unwrap();
    for value in [refresh_token, &session.token] {
        server.get("/api/auth/me").header("cookie", &format!("{name}={value}")).send().refused(401, "unauthorized");
    }
    // An API key's schemes are for keys.
    server.get("/api/auth/me").header("authorization", &format!("Token {}", session.token)).send().refused(401, "unauthorized");
}
