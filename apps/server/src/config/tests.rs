use super::*;

fn load(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::assemble(Some(("mgmt.toml".to_owned(), file.to_owned())), env)
}

fn faults(file: &str, env: &[(&str, &str)]) -> Vec<String> {
    load(file, env).map_or_else(|faults| faults.0, |_| Vec::new())
}

#[test]
fn the_defaults_are_whole() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.server.listen, "127.0.0.1:8080");
    assert_eq!(config.server.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.server.metrics_listen.as_deref(), Some("127.0.0.1:9464"));
    assert_eq!((config.keys.prefix.as_str(), config.keys.max_active), ("mg", 5));
    assert_eq!(config.webhooks.retry_schedule_seconds.len(), 10);
    assert_eq!(config.webhooks.project_retry_schedule_seconds, mgmt_core::project::send_out::SCHEDULE_SECS);
    assert_eq!((config.webhooks.timeout_seconds, config.webhooks.max_endpoints, config.webhooks.keep_days), (20, 100, 30));
    assert!(config.webhooks.allowed_networks.is_empty() && !config.webhooks.allow_http);
    assert_eq!(config.limits.self_hosted_per_minute, 100);
    assert_eq!(config.catalogue.len(), 14);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(config.redis.url.is_none() && config.smtp.url.is_none());
}

#[test]
fn the_environment_wins_over_the_file_and_lists_have_commas() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n[keys]\nprefix = \"ab\"";
    let config = load(
        file,
        &[
            ("server.listen", "0.0.0.0:2"),
            ("server.metrics_listen", ""),
            ("webhooks.allowed_networks", "10.0.0.0/8, 127.0.0.1"),
            ("webhooks.retry_schedule_seconds", "0,5,300"),
            ("webhooks.allow_http", "TRUE"),
            ("keys.max_active", "7"),
            ("security.master_key_file", "0123"),
            ("server.allowed_origins", "https://app.example.com"),
            ("alone", "neither"),
        ],
    )
    .unwrap();
    assert_eq!((config.server.listen.as_str(), config.keys.prefix.as_str()), ("0.0.0.0:2", "ab"));
    assert_eq!(config.server.public_url, "http://127.0.0.1:2");
    assert_eq!(config.server.metrics_listen, None);
    assert_eq!(config.server.trusted_proxies.len(), 1);
    assert_eq!(config.webhooks.allowed_networks, ["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()]);
    assert_eq!(config.webhooks.retry_schedule_seconds, [0, 5, 300]);
    assert!(config.webhooks.allow_http);
    assert_eq!(config.keys.max_active, 7);
    assert_eq!(config.security.master_key_file, "0123");
}

#[test]
fn a_section_of_the_environment_must_exist() {
    let found = load("", &[("securty.master_key_file", "elsewhere")]).unwrap_err();
    assert_eq!(found.0, ["`MGMT_SECURTY__MASTER_KEY_FILE`: there is no section `securty`; did you mean `security`?"]);
}

#[test]
fn all_faults_are_told_at_once() {
    let found = faults(
        "[servre]\nx = 1\n[server]\nlistn = \"x\"\n[catalogue]\nscope = [{ resource = \"A\", actions = [\"read\"] }]",
        &[
            ("server.listen", "nowhere"),
            ("server.metrics_listen", "127.0.0.1"),
            ("server.trusted_proxies", "10.0.0.0/99,x"),
            ("server.public_url", "ftp://x"),
            ("server.allowed_origins", "*,null,https://a.example/path"),
            ("database.url", "mysql://root:hunter2@localhost/x"),
            ("redis.url", "http://:hunter2@localhost"),
            ("keys.prefix", "Mg_"),
            ("keys.max_active", "0"),
            ("limits.scale_per_minute", "-1"),
            ("security.access_token_seconds", "901"),
            ("webhooks.retry_schedule_seconds", "1,x"),
            ("webhooks.allow_http", "yes"),
            ("log.format", "xml"),
            ("server.max_body_byte", "1"),
        ],
    );
    let text = ConfigFaults(found.clone()).to_string();
    for setting in [
        "`[servre]` in `mgmt.toml`: there is no such section; did you mean `server`?",
        "`server.listn` in `mgmt.toml`: there is no such setting; did you mean `listen`?",
        "`catalogue.scope[0]`",
        "`MGMT_SERVER__LISTEN`: must be an address and port",
        "`MGMT_SERVER__METRICS_LISTEN`",
        "`MGMT_SERVER__TRUSTED_PROXIES`: `10.0.0.0/99` is not a network",
        "`MGMT_SERVER__TRUSTED_PROXIES`: `x` is not a network",
        "`MGMT_SERVER__PUBLIC_URL`",
        "`MGMT_SERVER__ALLOWED_ORIGINS`: `null`",
        "`MGMT_SERVER__ALLOWED_ORIGINS`: `*`",
        "`MGMT_SERVER__ALLOWED_ORIGINS`: `https://a.example/path`",
        "`MGMT_DATABASE__URL`: must be a URL that starts with `sqlite://` or",
        "`MGMT_REDIS__URL`",
        "`MGMT_KEYS__PREFIX`: must be 1 to 12",
        "`MGMT_KEYS__MAX_ACTIVE`: must be a whole number from 1",
        "`MGMT_LIMITS__SCALE_PER_MINUTE`",
        "`MGMT_SECURITY__ACCESS_TOKEN_SECONDS`: must be a whole number from 1 to 900",
        "`MGMT_WEBHOOKS__RETRY_SCHEDULE_SECONDS`: `x` is not",
        "`MGMT_WEBHOOKS__ALLOW_HTTP`: must be `true` or `false`",
        "`MGMT_LOG__FORMAT`: must be `json` or `text`",
        "`MGMT_SERVER__MAX_BODY_BYTE`: there is no such setting; did you mean `MGMT_SERVER__MAX_BODY_BYTES`?",
    ] {
        assert!(text.contains(setting), "{setting} is not in:\n{text}");
    }
    assert!(!text.contains("hunter2"));
    assert_eq!(found.len(), 21);
}

#[test]
fn the_time_of_an_attempt_is_bounded() {
    let with = |text| load("", &[("webhooks.timeout_seconds", text)]);
    for (text, seconds) in [("1", 1), ("30", 30)] {
        assert_eq!(with(text).unwrap().webhooks.timeout_seconds, seconds);
    }
    for text in ["0", "31", "-1", "1.5", "20s", ""] {
        let found = with(text).unwrap_err();
        assert_eq!(found.0, ["`MGMT_WEBHOOKS__TIMEOUT_SECONDS`: must be a whole number from 1 to 30"], "{text:?}");
    }
}

#[test]
fn the_certificate_authorities_of_redis_are_a_file_that_can_be_read() {
    let with = |url, file| load("", &[("redis.url", url), ("redis.ca_file", file)]);
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (url, file, fault) in [
        ("rediss://a", "/nonexistent/ca.pem", "`/nonexistent/ca.pem` can't be read"),
        ("rediss://a", here, "must hold certificates in PEM (`-----BEGIN CERTIFICATE-----`)"),
        ("redis://a", here, "is of no use without TLS: the address must start with `rediss`"),
    ] {
        assert_eq!(with(url, file).unwrap_err().0, [format!("`MGMT_REDIS__CA_FILE`: {fault}")]);
    }
    assert!(with("rediss://a", "").unwrap().redis.url.is_some());
}

#[test]
fn a_broken_file_does_not_echo_its_line() {
    let found = faults("[database]\nurl = \"postgres://u:hunter2@h/x\n", &[("keys.prefix", "")]);
    assert_eq!(found.len(), 2);
    assert!(found.iter().any(|fault| fault == "`mgmt.toml` is not valid TOML at line 2"), "{found:?}");
}

#[test]
fn urls_are_not_printed() {
    let config = load("", &[("database.url", "postgres://u:hunter2@h/x")]).unwrap();
    assert_eq!(config.database.url.reveal(), "postgres://u:hunter2@h/x");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_named_file_must_exist() {
    assert!(Config::load(Some(Path::new("/nonexistent/mgmt.toml"))).unwrap_err().to_string().contains("can't be read"));
}
