//! What comes of files and environments.

use std::time::Duration;

use tidegate_config::{
    AccountCreation, AllowedHosts, AuthMethod, Environment, Flag, JsonLines, JwtKey, ManagerPlace,
    MetastoreSettings, Problem, Settings, StateBackend, StatsdTags, ToolList,
};
use tidegate_types::{ExposeSecret, Role};

fn env(variables: &[(&str, &str)]) -> Environment {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    Settings::from_text(Some(("test.toml", file)), &env(variables))
}

/// A file with a development user, which every file needs, and more.
fn with_user(file: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    let mut variables = variables.to_vec();
    variables.push(("TIDEGATE_AUTH__DEVELOPMENT_USER", "admin"));
    load(file, &variables)
}

fn from_env(variables: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    Settings::load(None, &env(variables))
}

/// The only problem, as text.
fn problem(result: Result<Settings, Vec<Problem>>) -> String {
    let problems = result.expect_err("the settings are wrong");
    assert_eq!(1, problems.len(), "{problems:#?}");
    problems[0].to_string()
}

#[test]
fn without_anything_the_demo_is_served_to_admin_on_loopback() {
    let settings = from_env(&[]).unwrap();
    assert_eq!("127.0.0.1:5008", settings.server.listen.to_string());
    let AuthMethod::Development(user) = &settings.auth.method else {
        panic!("{:?}", settings.auth.method);
    };
    assert_eq!("admin", user.username);
    let [demo] = &settings.workspaces[..] else {
        panic!("{:?}", settings.workspaces);
    };
    assert_eq!("demo", demo.slug.as_str());
    assert!(demo.seed && demo.is_enabled);
    let MetastoreSettings::Embedded { folder } = &demo.metastore else {
        panic!("{:?}", demo.metastore);
    };
    assert_eq!(std::path::Path::new("./data/demo"), folder);
    assert!(settings.cache.is_none(), "as in Superset");
    assert!(settings.limits.is_some() && settings.response_size.is_some());
    assert_eq!(
        2,
        settings.notices.len(),
        "it says so: {:?}",
        settings.notices
    );
}

#[test]
fn the_environment_goes_over_the_file_and_the_file_over_the_defaults() {
    let file = "[server]\nport = 1\nworkers = 3\n[auth]\ndevelopment_user = \"bob\"";
    let settings = load(file, &[("TIDEGATE_SERVER__PORT", "2")]).unwrap();
    assert_eq!(2, settings.server.listen.port);
    assert_eq!(3, settings.server.workers.unwrap().get());
    assert_eq!(Duration::from_secs(15), settings.server.keep_alive_comment);
}

#[test]
fn our_own_name_goes_over_that_of_superset() {
    let settings = from_env(&[("TIDEGATE_SERVER__PORT", "1"), ("MCP_SERVICE_PORT", "2")]).unwrap();
    assert_eq!(1, settings.server.listen.port);
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let variables = [
        ("TIDEGATE_SERVER__PORT", ""),
        ("MCP_AUTH_ENABLED", ""),
        ("MCP_STORE_CONFIG", ""),
    ];
    assert_eq!(5008, from_env(&variables).unwrap().server.listen.port);
}

#[test]
fn all_problems_come_at_once_each_with_what_would_be_right() {
    let file = r#"
        [server]
        prot = 1
        port = 70000
        host = 5
        [state]
        backend = "etcd"
        [query]
        default_row_limit = 20000
        [workspaces.Not_A_Slug]
        metastore = "embedded"
        [nonsense]
        x = 1
    "#;
    let problems = with_user(file, &[("TIDEGATE_CACHE__ENABLED", "maybe")]).unwrap_err();
    let mut texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.sort();
    let expected = [
        r#"cache.enabled: got "maybe" (environment TIDEGATE_CACHE__ENABLED), expected true or false"#,
        "nonsense.x: got an unknown key (test.toml), expected a key of config/default.toml",
        "query.default_row_limit: got 20000 (test.toml), expected at most query.max_row_limit",
        "server.host: got 5 (test.toml), expected text",
        "server.port: got 70000 (test.toml), expected 0 to 65535",
        "server.prot: got an unknown key (test.toml), expected server.port, the nearest known key",
        r#"state.backend: got "etcd" (test.toml), expected "memory" or "redis""#,
        "workspaces.Not_A_Slug: got this name (test.toml), expected a name of 1 to 63 of a-z, 0-9 and -, not starting or ending with -",
    ];
    assert_eq!(expected.as_slice(), texts.as_slice());
}

#[test]
fn a_misspelt_variable_is_told_its_nearest_name() {
    for name in [
        "TIDEGATE_SERVER_PORT",
        "TIDEGATE_SERVER__PROT",
        "TIDEGATE_SERVERS__PORT",
    ] {
        let text = problem(from_env(&[(name, "1")]));
        assert!(
            text.contains("TIDEGATE_SERVER__PORT, the nearest"),
            "{text}"
        );
    }
    from_env(&[
        ("TIDEGATE_CONFIG", "x.toml"),
        ("TIDEGATE_TEST_REDIS_URL", "x"),
        ("PATH", "x"),
    ])
    .unwrap();
}

#[test]
fn a_mistake_in_the_file_is_told_by_its_line_and_not_by_its_text() {
    let text = problem(with_user("[auth.jwt]\nsecret = \"hunter2hunter2", &[]));
    assert!(
        text.contains("line 2") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn a_missing_file_is_a_problem() {
    let result = Settings::load(
        Some(std::path::Path::new("/no/such/file.toml")),
        &Environment::new(),
    );
    assert!(problem(result).starts_with("/no/such/file.toml: got "));
}

#[test]
fn secrets_are_shown_nowhere() {
    let secret = "correct-horse-battery-staple-correct-horse";
    let variables = [
        ("TIDEGATE_STATE__BACKEND", "redis"),
        (
            "TIDEGATE_STATE__REDIS__URL",
            "redis://:correct-horse-battery-staple-correct-horse@r:6379",
        ),
        (
            "TIDEGATE_WORKSPACES__DEMO__METASTORE",
            "postgres://u:correct-horse-battery-staple-correct-horse@d/s",
        ),
        ("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", secret),
        (
            "TIDEGATE_TELEMETRY__OTLP__ENDPOINT",
            "http://collector:4318",
        ),
        (
            "TIDEGATE_TELEMETRY__OTLP__HEADERS",
            "api-key=correct-horse-battery-staple-correct-horse",
        ),
        ("MCP_AUTH_ENABLED", "True"),
        ("MCP_JWT_ALGORITHM", "HS256"),
        ("MCP_JWT_SECRET", secret),
    ];
    let settings = from_env(&variables).unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("horse"), "{shown}");
    // The same values where they are wrong.
    let wrong = variables.map(|(name, value)| match name {
        "TIDEGATE_STATE__REDIS__URL" => (name, "https://:horse@r"),
        "TIDEGATE_WORKSPACES__DEMO__METASTORE" => (name, "mysql://u:horse@d/s"),
        "MCP_JWT_SECRET" => (name, "short horse"),
        _ => (name, value),
    });
    for problem in from_env(&wrong).unwrap_err() {
        assert!(!problem.to_string().contains("horse"), "{problem}");
        assert_eq!("[redacted]", problem.found);
    }
    let text = problem(from_env(&[(
        "MCP_STORE_CONFIG",
        "{'CACHE_REDIS_URL': 'redis://:horse@r'",
    )]));
    assert!(!text.contains("horse"), "{text}");
}

#[test]
fn a_secret_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, "redis://:word@redis:6379/0\n").unwrap();
    let variables = [
        ("TIDEGATE_STATE__BACKEND", "redis"),
        ("TIDEGATE_STATE__REDIS__URL_FILE", path.to_str().unwrap()),
    ];
    let StateBackend::Redis(redis) = from_env(&variables).unwrap().state.backend else {
        panic!("Redis was asked for");
    };
    assert_eq!("redis://:word@redis:6379/0", redis.url.expose_secret());
    let text = problem(from_env(&[("TIDEGATE_SERVER__HOST_FILE", "/no/such/file")]));
    assert!(text.contains("a file that can be read"), "{text}");
}

/// The settings of a Redis at `url`, with more variables.
fn redis_at(
    url: &str,
    more: &[(&str, &str)],
) -> Result<tidegate_config::RedisSettings, Vec<Problem>> {
    let variables = [
        ("TIDEGATE_STATE__BACKEND", "redis"),
        ("TIDEGATE_STATE__REDIS__URL", url),
    ];
    let all: Vec<(&str, &str)> = variables.into_iter().chain(more.iter().copied()).collect();
    let StateBackend::Redis(redis) = from_env(&all)?.state.backend else {
        panic!("Redis was asked for");
    };
    Ok(redis)
}

#[test]
fn redis_by_tls_takes_certificates_as_files_or_as_text() {
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, PEM).unwrap();
    let file = file.to_str().unwrap();

    let plain = redis_at("rediss://u:p%40ss@r:6380/2", &[]).unwrap();
    assert_eq!("rediss://u:p%40ss@r:6380/2", plain.url.expose_secret());
    assert!(plain.ca.is_none() && plain.identity.is_none());

    let all = [
        ("TIDEGATE_STATE__REDIS__CA", file),
        ("TIDEGATE_STATE__REDIS__CERTIFICATE_FILE", file),
        ("TIDEGATE_STATE__REDIS__KEY", PEM),
    ];
    let redis = redis_at("rediss://r", &all).unwrap();
    assert_eq!(Some(PEM), redis.ca.as_deref());
    let identity = redis.identity.unwrap();
    assert_eq!(
        (PEM, PEM),
        (identity.certificate.as_str(), identity.key.expose_secret())
    );

    // As redis-py and Superset take them.
    let url = format!(
        "rediss://r:6380/?db=3&ssl_cert_reqs=required&ssl_ca_certs={file}&socket_timeout=5"
    );
    let redis = redis_at(&url, &[]).unwrap();
    assert_eq!("rediss://r:6380/3", redis.url.expose_secret());
    assert_eq!(Some(PEM), redis.ca.as_deref());
}

#[test]
fn what_would_leave_a_redis_unproved_is_refused() {
    let ca = |value| [("TIDEGATE_STATE__REDIS__CA", value)];
    let text = |outcome: Result<_, Vec<Problem>>| -> String {
        let problems: Vec<String> = outcome
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        problems.join("\n")
    };
    for url in [
        "rediss://r#insecure",
        "rediss://r?ssl_cert_reqs=none",
        "rediss://r?ssl_cert_reqs=CERT_OPTIONAL",
        "rediss://r?ssl_check_hostname=False",
    ] {
        let told = text(redis_at(url, &[]));
        assert!(told.contains("always checked"), "{url}: {told}");
    }
    let told = text(redis_at("rediss://r", &ca("/no/such/file")));
    assert!(told.contains("a PEM file that can be read"), "{told}");
    let told = text(redis_at("rediss://r", &ca("Cargo.toml")));
    assert!(told.contains("a file in PEM form"), "{told}");
    let told = text(redis_at("redis://r", &ca("-----BEGIN CERTIFICATE-----")));
    assert!(told.contains("state.redis.url is not rediss://"), "{told}");
    let key = [(
        "TIDEGATE_STATE__REDIS__KEY",
        "-----BEGIN PRIVATE KEY----- horse",
    )];
    let told = text(redis_at("rediss://r", &key));
    assert!(
        told.contains("the certificate of state.redis.key"),
        "{told}"
    );
    assert!(!told.contains("horse"), "{told}");
    for url in ["redis://r/zero", "redis:///0", "http://r", "r:6379"] {
        assert!(redis_at(url, &[]).is_err(), "{url}");
    }
}

#[test]
fn postgres_urls_are_taken_as_psql_and_sqlalchemy_write_them() {
    for url in [
        "postgres://superset:horse@db/superset",
        "postgresql+psycopg2://superset:p%40ss@db:5433/superset?sslmode=require",
        "postgresql://superset:horse@/superset?host=/cloudsql/project:region:name",
        "postgresql+psycopg2://superset:horse@/superset?host=/cloudsql/project:region:name",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/superset",
        "postgresql:///superset",
        "postgresql://db/superset",
        "postgresql://superset:hor#se/what?@db/superset",
        "postgresql://superset:horse@a:1,b:2/superset?target_session_attrs=read-write",
        "postgresql://superset:horse@/superset?host=a:1&host=b:2",
        "postgresql://[::1]:5432/superset",
    ] {
        let variables = [
            ("TIDEGATE_WORKSPACES__DEMO__METASTORE", url),
            ("TIDEGATE_MANAGER__URL", url),
            (
                "TIDEGATE_MANAGER__SECRET",
                "a text of thirty-two characters!",
            ),
        ];
        let settings =
            from_env(&variables).unwrap_or_else(|problems| panic!("{url}: {problems:#?}"));
        let MetastoreSettings::Postgres { url: kept } = &settings.workspaces[0].metastore else {
            panic!("{url} is PostgreSQL's");
        };
        assert_eq!(url, kept.expose_secret());
    }
}

#[test]
fn a_postgres_url_that_cannot_be_kept_is_refused_with_its_reason_and_without_its_password() {
    for (url, reason) in [
        ("postgresql://u:horse@db:port/superset", "port"),
        (
            "postgresql://u:horse@db/superset?sslmode=sometimes",
            "sslmode",
        ),
        (
            "postgresql://u:horse@db/superset?passfile=/etc/horse",
            "passfile",
        ),
        (
            "postgresql://u:horse@db/superset?sslcert=/c.pem",
            "sslcert and sslkey",
        ),
    ] {
        let told = problem(from_env(&[("TIDEGATE_WORKSPACES__DEMO__METASTORE", url)]));
        assert!(told.contains(reason), "{told}");
        assert!(!told.contains("horse"), "{told}");
    }
    for url in ["mysql://u:horse@db/superset", "horse", "http://db/superset"] {
        let told = problem(from_env(&[("TIDEGATE_WORKSPACES__DEMO__METASTORE", url)]));
        assert!(
            told.contains("\"embedded\"") && !told.contains("horse"),
            "{told}"
        );
    }
}

#[test]
fn more_than_one_replica_needs_redis_and_postgres() {
    let problems = from_env(&[("TIDEGATE_STATE__REPLICAS", "2")]).unwrap_err();
    let keys: Vec<&str> = problems
        .iter()
        .map(|problem| problem.key.as_str())
        .collect();
    assert_eq!(
        ["workspaces.demo.metastore", "state.backend", "state.secret"].as_slice(),
        keys
    );
    let sqlite = [
        ("TIDEGATE_STATE__REPLICAS", "2"),
        ("TIDEGATE_STATE__SECRET", "a text of thirty-two characters!"),
        ("TIDEGATE_STATE__BACKEND", "redis"),
        ("TIDEGATE_STATE__REDIS__URL", "redis://r"),
        (
            "TIDEGATE_WORKSPACES__DEMO__METASTORE",
            "sqlite:///var/superset.db",
        ),
    ];
    assert!(problem(from_env(&sqlite)).starts_with("workspaces.demo.metastore: got [redacted]"));
    let postgres = sqlite.map(|(name, value)| {
        if name.ends_with("METASTORE") {
            (name, "postgresql://d/s")
        } else {
            (name, value)
        }
    });
    from_env(&postgres).unwrap();
    let short = postgres.map(|(name, value)| {
        if name.ends_with("SECRET") {
            (name, "a text that is too short")
        } else {
            (name, value)
        }
    });
    assert!(problem(from_env(&short)).starts_with("state.secret: got [redacted]"));
}

#[test]
fn the_development_user_is_refused_where_others_can_reach_it() {
    for host in ["0.0.0.0", "::", "192.168.1.5", "example.com"] {
        let problems = from_env(&[("MCP_SERVICE_HOST", host)]).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.key == "server.host"),
            "{host}: {problems:#?}"
        );
        let forced = [
            ("MCP_SERVICE_HOST", host),
            ("TIDEGATE_AUTH__ALLOW_ON_PUBLIC_ADDRESS", "true"),
            ("TIDEGATE_SERVER__ALLOWED_HOSTS", "mcp.internal"),
        ];
        from_env(&forced).unwrap();
    }
    for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"] {
        from_env(&[("MCP_SERVICE_HOST", host)]).unwrap();
    }
}

#[test]
fn a_file_has_to_say_who_the_development_user_is() {
    assert!(problem(load("", &[])).starts_with("auth.development_user: got nothing"));
}

#[test]
fn the_development_user_is_not_served_to_any_host_or_page() {
    for key in ["ALLOWED_HOSTS", "ALLOWED_ORIGINS"] {
        let name = format!("TIDEGATE_SERVER__{key}");
        let text = problem(from_env(&[(&name, "*")]));
        assert!(text.contains("any web page"), "{text}");
    }
}

#[test]
fn jwt_has_exactly_one_key_of_its_algorithm() {
    let pem = "-----BEGIN PUBLIC KEY-----\\nMII\\n-----END PUBLIC KEY-----";
    let good: [&[(&str, &str)]; 4] = [
        &[("MCP_JWKS_URI", "https://id.example/jwks")],
        &[("MCP_JWKS_URI", "http://localhost:8080/jwks")],
        &[("MCP_JWT_PUBLIC_KEY", pem)],
        &[
            ("MCP_JWT_ALGORITHM", "HS256"),
            ("MCP_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ],
    ];
    for variables in good {
        let mut variables = variables.to_vec();
        variables.push(("MCP_AUTH_ENABLED", "True"));
        let AuthMethod::Jwt(jwt) = from_env(&variables).unwrap().auth.method else {
            panic!("{variables:?}");
        };
        if let JwtKey::PublicKey(pem) = &jwt.key {
            assert_eq!(
                3,
                pem.lines().count(),
                "\\n of the environment is a line's end"
            );
        }
    }
    let bad: [(&str, &[(&str, &str)]); 9] = [
        ("auth.jwt.jwks_uri", &[("MCP_JWT_ISSUER", "https://id/")]),
        ("auth.jwt.jwks_uri", &[("MCP_JWT_AUDIENCE", "superset")]),
        (
            "auth.jwt.jwks_uri",
            &[("MCP_JWKS_URI", "http://id.example/jwks")],
        ),
        (
            "auth.jwt.public_key",
            &[
                ("MCP_JWKS_URI", "https://id.example/jwks"),
                ("MCP_JWT_PUBLIC_KEY", pem),
            ],
        ),
        ("auth.jwt.public_key", &[("MCP_JWT_PUBLIC_KEY", "MII")]),
        (
            "auth.jwt.secret",
            &[("MCP_JWT_PUBLIC_KEY", pem), ("MCP_JWT_SECRET", "x")],
        ),
        ("auth.jwt.secret", &[("MCP_JWT_ALGORITHM", "HS256")]),
        (
            "auth.jwt.secret",
            &[
                ("MCP_JWT_ALGORITHM", "HS256"),
                ("MCP_JWT_SECRET", "31 bytes are one byte too short"),
            ],
        ),
        (
            "auth.jwt.algorithm",
            &[
                ("MCP_JWT_ALGORITHM", "none"),
                ("MCP_JWKS_URI", "https://id.example/jwks"),
            ],
        ),
    ];
    for (key, variables) in bad {
        let mut variables = variables.to_vec();
        variables.push(("MCP_AUTH_ENABLED", "True"));
        assert!(
            problem(from_env(&variables)).starts_with(key),
            "{variables:?}"
        );
    }
}

#[test]
fn the_settings_of_a_superset_carry_over() {
    let settings = from_env(&[
        ("MCP_SERVICE_HOST", "0.0.0.0"),
        ("MCP_SERVICE_PORT", "5010"),
        ("MCP_SERVICE_URL", "https://superset.example.com"),
        ("MCP_DEBUG", "True"),
        ("MCP_AUTH_ENABLED", "True"),
        ("MCP_JWT_ALGORITHM", "RS256"),
        ("MCP_JWKS_URI", "https://id.example/jwks"),
        ("MCP_JWT_PUBLIC_KEY", "None"),
        ("MCP_JWT_ISSUER", "https://id.example/"),
        ("MCP_JWT_AUDIENCE", "superset"),
        ("MCP_REQUIRED_SCOPES", "['mcp:read', 'mcp:write']"),
        ("MCP_JWT_DEBUG_ERRORS", "True"),
        ("MCP_RESPONSE_SIZE_CONFIG", "{'enabled': True, 'token_limit': 9000, 'warn_threshold_pct': 70, 'excluded_tools': ['health_check',]}"),
        ("MCP_CACHE_CONFIG", r#"{"enabled": true, "CACHE_KEY_PREFIX": "mcp_", "call_tool_ttl": 60, "max_item_size": 1000}"#),
        ("MCP_STORE_CONFIG", "{'enabled': True, 'CACHE_REDIS_URL': 'redis://redis-host:6379/0', 'event_store_max_events': 50, 'event_store_ttl': 600}"),
        ("MCP_SESSION_CONFIG", "{'SESSION_COOKIE_SECURE': False}"),
        ("CHATBOT_ENABLED", "True"),
    ])
    .unwrap();
    assert_eq!("0.0.0.0:5010", settings.server.listen.to_string());
    assert_eq!(
        "https://superset.example.com/",
        settings.server.public_url.as_ref().unwrap().as_str()
    );
    assert!(
        settings
            .server
            .allowed_hosts
            .permits("superset.example.com")
    );
    assert!(
        !settings.server.allowed_hosts.permits("localhost:5010"),
        "the address is public"
    );
    assert_eq!("debug", settings.telemetry.log.level);
    let AuthMethod::Jwt(jwt) = &settings.auth.method else {
        panic!("{:?}", settings.auth.method);
    };
    assert_eq!(
        ["mcp:read", "mcp:write"].as_slice(),
        jwt.required_scopes.as_slice()
    );
    assert_eq!(["superset"].as_slice(), jwt.audience.as_slice());
    assert!(jwt.debug_errors);
    let guard = settings.response_size.unwrap();
    assert_eq!(
        (9000, 70, 1),
        (
            guard.token_limit,
            guard.warn_threshold_pct,
            guard.excluded_tools.len()
        )
    );
    let cache = settings.cache.unwrap();
    assert_eq!(
        (Duration::from_mins(1), 1000),
        (cache.call_tool_ttl, cache.max_item_size_bytes)
    );
    assert_eq!(Duration::from_mins(5), cache.list_tools_ttl);
    let StateBackend::Redis(redis) = &settings.state.backend else {
        panic!("{:?}", settings.state.backend);
    };
    assert_eq!("mcp_", redis.key_prefix);
    assert_eq!(
        (50, Duration::from_mins(10)),
        (
            settings.state.event_store_max_events,
            settings.state.event_store_ttl
        )
    );
    assert!(settings.workspaces[0].flags.is_on(Flag::Chatbot));
    assert!(settings.notices[0].starts_with("MCP_SESSION_CONFIG has no effect"));
}

#[test]
fn an_unknown_key_of_a_superset_dictionary_is_told_its_nearest() {
    let text = problem(from_env(&[("MCP_CACHE_CONFIG", "{'call_tool_tll': 5}")]));
    assert!(
        text.starts_with("MCP_CACHE_CONFIG.call_tool_tll: got an unknown key")
            && text.contains("call_tool_ttl, the nearest"),
        "{text}"
    );
}

#[test]
fn python_code_is_told_where_it_goes() {
    let text = problem(from_env(&[("MCP_AUTH_FACTORY", "my_custom_auth_factory")]));
    assert!(text.contains("Application::builder()"), "{text}");
}

#[test]
fn a_variable_of_another_program_is_none_of_our_business() {
    let settings = from_env(&[("MCP_TIMEOUT", "5000"), ("MCP_JWKS_URL", "x")]).unwrap();
    assert!(
        !settings
            .notices
            .iter()
            .any(|notice| notice.contains("MCP_TIMEOUT"))
    );
    assert!(
        settings
            .notices
            .iter()
            .any(|notice| notice.contains("did you mean MCP_JWKS_URI?"))
    );
}

#[test]
fn workspaces_that_are_named_take_the_place_of_the_demo() {
    let file = r#"
        [workspaces.acme]
        metastore = "postgres://d/acme"
        hosts = ["ACME.example.com"]
        flags = { DASHBOARD_RBAC = true, MCP_SERVICE_ENABLED = false }
    "#;
    let settings = with_user(
        file,
        &[("TIDEGATE_WORKSPACES__ACME_PROD__METASTORE", "embedded")],
    )
    .unwrap();
    let slugs: Vec<&str> = settings
        .workspaces
        .iter()
        .map(|workspace| workspace.slug.as_str())
        .collect();
    assert_eq!(["acme", "acme-prod"].as_slice(), slugs);
    let acme = &settings.workspaces[0];
    assert_eq!(["acme.example.com"].as_slice(), acme.hosts.as_slice());
    assert!(acme.flags.is_on(Flag::DashboardRbac) && !acme.flags.is_on(Flag::McpService));
    assert!(settings.workspaces[1].flags.is_on(Flag::McpService));
    assert!(
        settings
            .server
            .allowed_hosts
            .permits("acme.example.com:443")
    );
}

#[test]
fn the_demo_stays_when_it_is_named() {
    let settings = with_user("[workspaces.demo]\nseed = false", &[]).unwrap();
    assert_eq!(1, settings.workspaces.len());
    assert!(!settings.workspaces[0].seed);
    assert!(matches!(
        settings.workspaces[0].metastore,
        MetastoreSettings::Embedded { .. }
    ));
}

#[test]
fn a_workspace_has_to_say_where_its_metastore_is() {
    for file in ["[workspaces.acme]", "[workspaces.acme]\nallow_dml = false"] {
        let text = problem(with_user(file, &[]));
        assert!(
            text.starts_with("workspaces.acme.metastore: got nothing"),
            "{text}"
        );
    }
}

#[test]
fn two_workspaces_cannot_have_one_host() {
    let file = r#"
        [workspaces]
        a = { metastore = "embedded", hosts = ["x.example"] }
        b = { metastore = "embedded", hosts = ["X.example"] }
    "#;
    let text = problem(with_user(file, &[]));
    assert!(
        text.contains("x.example belongs to workspace a already"),
        "{text}"
    );
}

#[test]
fn a_misspelt_flag_is_told_its_nearest() {
    let text = problem(with_user(
        "[workspaces.demo.flags]\nDASHBOARD_RBCA = true",
        &[],
    ));
    assert!(
        text.contains("workspaces.demo.flags.DASHBOARD_RBAC, the nearest"),
        "{text}"
    );
}

#[test]
fn flags_of_superset_can_be_copied_as_they_are() {
    const FLAGS: &str = "ALERT_REPORTS = true\nENABLE_TEMPLATE_REMOVE_FILTERS = false\nHORIZON = { a = 1 }\n\
                         DASHBOARD_RBAC = true\nCHATBOT_ENABLED = true\n";
    let in_tables = format!(
        "[flags]\n{FLAGS}[workspaces.acme]\nmetastore = \"embedded\"\n[workspaces.acme.flags]\n{FLAGS}"
    );
    let settings = with_user(&in_tables, &[]).unwrap();
    let acme = &settings.workspaces[0];
    assert!(acme.flags.is_on(Flag::DashboardRbac) && acme.flags.is_on(Flag::Chatbot));
    let told = "feature flags that Tidegate has no feature for have no effect: ALERT_REPORTS, ENABLE_TEMPLATE_REMOVE_FILTERS, HORIZON";
    assert_eq!(
        1,
        settings
            .notices
            .iter()
            .filter(|notice| *notice == told)
            .count()
    );

    let in_environment = [
        (
            "TIDEGATE_FLAGS",
            "{'ALERT_REPORTS': True, 'DASHBOARD_RBAC': True, 'THUMBNAILS': None}",
        ),
        ("TIDEGATE_FLAGS__TAGGING_SYSTEM", "true"),
        (
            "TIDEGATE_WORKSPACES__DEMO__FLAGS__EMBEDDED_SUPERSET",
            "true",
        ),
        ("SUPERSET_FEATURE_CHATBOT_ENABLED", "true"),
        ("SUPERSET_FEATURE_SSH_TUNNELING", "whatever"),
    ];
    let settings = from_env(&in_environment).unwrap();
    let demo = &settings.workspaces[0];
    assert!(demo.flags.is_on(Flag::DashboardRbac) && demo.flags.is_on(Flag::Chatbot));
    let told = "have no effect: ALERT_REPORTS, EMBEDDED_SUPERSET, TAGGING_SYSTEM, THUMBNAILS";
    assert!(
        settings.notices.iter().any(|notice| notice.ends_with(told)),
        "{:?}",
        settings.notices
    );

    let wrong = problem(with_user("[flags]\nDASHBOARD_RBAC = \"maybe\"", &[]));
    assert!(wrong.contains("true or false"), "{wrong}");
}

/// What Kubernetes makes of a Service with a port of that number, whose name begins its variables.
fn service<'a>(
    stem: &str,
    address: &str,
    port: u16,
    values: &'a mut Vec<(String, String)>,
) -> Vec<(&'a str, &'a str)> {
    let url = if address.contains(':') {
        format!("tcp://[{address}]:{port}")
    } else {
        format!("tcp://{address}:{port}")
    };
    for (name, value) in [
        ("SERVICE_HOST".to_owned(), address.to_owned()),
        ("SERVICE_PORT".to_owned(), port.to_string()),
        ("SERVICE_PORT_HTTP".to_owned(), port.to_string()),
        ("PORT".to_owned(), url.clone()),
        (format!("PORT_{port}_TCP"), url),
        (format!("PORT_{port}_TCP_PROTO"), "tcp".to_owned()),
        (format!("PORT_{port}_TCP_PORT"), port.to_string()),
        (format!("PORT_{port}_TCP_ADDR"), address.to_owned()),
    ] {
        values.push((format!("{stem}_{name}"), value));
    }
    values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[test]
fn variables_that_kubernetes_makes_of_services_are_passed_over() {
    for (stem, address, port) in [
        ("TIDEGATE", "10.0.0.1", 5008),
        ("TIDEGATE_REDIS", "10.0.0.2", 6379),
        ("TIDEGATE_MCP", "10.0.0.3", 80),
        ("TIDEGATE_POSTGRES", "fd00::4", 5432),
        ("TIDEGATE_SERVER", "10.0.0.5", 5008),
        ("TIDEGATE_DATA_DIR", "10.0.0.5", 5008),
        ("MCP", "10.0.0.6", 80),
        ("MCP", "fd00::6", 8080),
        ("MCP_SERVICE", "10.0.0.7", 9000),
        ("MCP_AUTH", "10.0.0.8", 9000),
        ("SUPERSET_FEATURE_CHATBOT_ENABLED", "10.0.0.9", 9000),
    ] {
        let mut values = Vec::new();
        let settings = from_env(&service(stem, address, port, &mut values))
            .unwrap_or_else(|problems| panic!("{stem}: {problems:#?}"));
        assert_eq!(
            "127.0.0.1:5008",
            settings.server.listen.to_string(),
            "{stem}"
        );
        let is_told = settings.notices.iter().any(|notice| {
            notice.starts_with(&format!("{stem}_SERVICE_HOST, "))
                && notice.contains("enableServiceLinks: false")
        });
        // Superset's MCP_AUTH… are other names than this Service's.
        let is_setting = stem != "MCP_AUTH";
        assert_eq!(is_setting, is_told, "{stem}: {:?}", settings.notices);
    }
}

#[test]
fn services_of_several_names_at_once_are_passed_over() {
    let mut values = Vec::new();
    for (stem, address, port) in [
        ("TIDEGATE", "10.0.0.1", 5008),
        ("TIDEGATE_REDIS", "10.0.0.2", 6379),
        ("MCP", "10.0.0.3", 5008),
        ("KUBERNETES", "10.0.0.4", 443),
        // Its port's URL takes the place of the other's MCP_SERVICE_PORT.
        ("MCP_SERVICE", "10.0.0.5", 80),
    ] {
        service(stem, address, port, &mut values);
    }
    let variables: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let settings = from_env(&variables).unwrap();
    assert_eq!("127.0.0.1:5008", settings.server.listen.to_string());
    // The other way round.
    let mut reversed = variables.clone();
    reversed.reverse();
    from_env(&reversed).unwrap();
}

#[test]
fn real_settings_act_beside_a_service_of_the_same_name() {
    let mut values = Vec::new();
    let mut variables = service("MCP", "10.0.0.1", 8080, &mut values);
    variables.push(("TIDEGATE_SERVER__PORT", "6000"));
    let settings = from_env(&variables).unwrap();
    assert_eq!(6000, settings.server.listen.port);

    // Somebody set the host, so that the port may be theirs as well.
    let theirs = |name: &str, value: &'static str, variables: &[(&str, &str)]| {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(known, old)| {
                (
                    (*known).to_owned(),
                    if *known == name { value } else { old }.to_owned(),
                )
            })
            .collect();
        let borrowed: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        from_env(&borrowed)
    };
    let mut values = Vec::new();
    let variables = service("MCP", "10.0.0.1", 8080, &mut values);
    let told = problem(theirs("MCP_SERVICE_HOST", "localhost", &variables));
    assert!(
        told.contains("server.port: got 8080") && told.contains("enableServiceLinks: false"),
        "{told}"
    );
    let settings = theirs("MCP_SERVICE_PORT", "7000", &variables).unwrap();
    assert_eq!("127.0.0.1:7000", settings.server.listen.to_string());
    let mut values = Vec::new();
    let variables = service("MCP", "10.0.0.1", 5008, &mut values);
    let settings = theirs("MCP_SERVICE_HOST", "localhost", &variables).unwrap();
    assert_eq!("localhost:5008", settings.server.listen.to_string());
    // Without a Service they are settings.
    let settings = from_env(&[
        ("MCP_SERVICE_HOST", "localhost"),
        ("MCP_SERVICE_PORT", "7000"),
    ])
    .unwrap();
    assert_eq!("localhost:7000", settings.server.listen.to_string());
}

#[test]
fn what_may_be_a_services_or_a_mistake_is_refused_with_what_to_do() {
    for (name, value) in [
        ("TIDEGATE_PORT", "tcp://10.0.0.1:5008"),
        ("TIDEGATE_SERVICE_HOST", "10.0.0.1"),
        ("TIDEGATE_SERVICE_PORT", "5008"),
        ("TIDEGATE_REDIS_PORT", "tcp://10.0.0.1:6379"),
        ("MCP_SERVICE_PORT", "tcp://10.0.0.1:5008"),
    ] {
        let told = problem(from_env(&[(name, value)]));
        assert!(told.contains("enableServiceLinks: false"), "{told}");
    }
    for (name, value) in [
        ("TIDEGATE_PORTAL", "x"),
        ("TIDEGATE_SERVER__PROT", "1"),
        ("TIDEGATE_X", "tcp://10.0.0.1:1"),
    ] {
        let told = problem(from_env(&[(name, value)]));
        assert!(told.contains("an unknown name"), "{told}");
    }
    let mut values = Vec::new();
    let mut variables = service("TIDEGATE", "10.0.0.1", 5008, &mut values);
    variables.push(("TIDEGATE_PORTT", "tcp://10.0.0.1:5008"));
    assert!(problem(from_env(&variables)).starts_with("TIDEGATE_PORTT"));
}

#[test]
fn an_examples_words_in_the_place_of_a_secret_are_refused() {
    let jwt = "[auth]\nenabled = true\n[auth.jwt]\nalgorithm = \"HS256\"\nsecret = \"…\"\n";
    for (name, value) in [
        ("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", "…"),
        ("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", "..."),
        ("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", "<SECRET_KEY>"),
        (
            "TIDEGATE_WORKSPACES__DEMO__METASTORE",
            "postgres://superset:…@db/superset",
        ),
        (
            "TIDEGATE_WORKSPACES__DEMO__METASTORE",
            "postgres://superset:...@db/superset",
        ),
        (
            "TIDEGATE_WORKSPACES__DEMO__METASTORE",
            "postgres://superset:<password>@db/superset",
        ),
        (
            "TIDEGATE_WORKSPACES__DEMO__METASTORE",
            "postgres://superset:****@db/superset",
        ),
    ] {
        let told = problem(from_env(&[(name, value)]));
        assert!(
            told.contains("got [redacted]") && told.contains("the real secret"),
            "{told}"
        );
    }
    let problems = load(jwt, &[]).unwrap_err();
    assert!(
        problems
            .iter()
            .any(|problem| problem.key == "auth.jwt.secret"
                && problem.expected.contains("the real secret"))
    );
    // Superset's own default is no example's word: a deployment may have it, alas.
    for real in ["CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET", "a.b.c", "x<y>z"] {
        from_env(&[("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", real)]).unwrap();
    }
}

#[test]
fn a_problem_is_told_once_and_where_it_is() {
    let told = problem(with_user(
        "[workspaces.Acme]\nmetastore = \"embedded\"",
        &[],
    ));
    assert!(
        told.starts_with("workspaces.Acme: got this name (test.toml)"),
        "{told}"
    );
    let told = problem(with_user("[workspaces.demo]\nenabled = false", &[]));
    assert_eq!(
        "workspaces: got none (default), expected at least one workspace that is enabled",
        told
    );
    let told = problem(load("[auth]\nenabled = \"maybe\"", &[]));
    assert!(told.starts_with("auth.enabled: "), "{told}");
}

#[test]
fn a_tool_s_own_limit_takes_the_rest_from_the_general_one() {
    let settings = with_user(
        "[limits.tools]\nexecute_sql = { per_minute = 60 }\nping = { per_minute = 0 }",
        &[],
    )
    .unwrap();
    let limits = settings.limits.unwrap();
    let sql = limits.of_tool("execute_sql").unwrap();
    assert_eq!((60, 300), (sql.per_minute.get(), sql.burst.get()));
    assert_eq!(None, limits.of_tool("ping"));
    assert_eq!(
        3000,
        limits.of_tool("list_charts").unwrap().per_minute.get()
    );
    let settings = from_env(&[("TIDEGATE_LIMITS__TOOLS__EXECUTE_SQL__BURST", "5")]).unwrap();
    assert_eq!(
        5,
        settings
            .limits
            .unwrap()
            .of_tool("execute_sql")
            .unwrap()
            .burst
            .get()
    );
}

#[test]
fn a_section_can_be_given_as_json() {
    let json = r#"{"acme": {"metastore": "embedded", "seed": false}}"#;
    let settings = from_env(&[("TIDEGATE_WORKSPACES", json)]).unwrap();
    assert_eq!("acme", settings.workspaces[0].slug.as_str());
    assert!(problem(from_env(&[("TIDEGATE_WORKSPACES", "acme")])).contains("a JSON object"));
}

#[test]
fn deadlines_fit_into_each_other() {
    let text = problem(from_env(&[("TIDEGATE_SERVER__SHUTDOWN_GRACE_SECS", "60")]));
    assert!(text.starts_with("server.shutdown_grace_secs"), "{text}");
    let text = problem(from_env(&[("TIDEGATE_QUERY__MAX_TIMEOUT_SECS", "60")]));
    assert!(text.starts_with("query.max_timeout_secs"), "{text}");
}

#[test]
fn hosts_and_origins_are_those_of_this_server() {
    let server = from_env(&[("TIDEGATE_SERVER__ALLOWED_HOSTS", "box.lan,pinned.lan:81")])
        .unwrap()
        .server;
    for host in [
        "localhost",
        "LOCALHOST:5008",
        "127.0.0.1:9",
        "[::1]:5008",
        "[::1]",
        "box.lan:80",
        "pinned.lan:81",
    ] {
        assert!(server.allowed_hosts.permits(host), "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:5008",
        "localhost.evil.example",
        "pinned.lan",
        "pinned.lan:82",
        "",
    ] {
        assert!(!server.allowed_hosts.permits(host), "{host}");
    }
    for origin in [
        "http://localhost:6274",
        "https://127.0.0.1",
        "http://[::1]:5008",
    ] {
        assert!(server.allowed_origins.permits(origin), "{origin}");
    }
    for origin in [
        "http://evil.example",
        "http://localhost.evil.example",
        "null",
        "file://",
        "http://localhost@evil.example",
    ] {
        assert!(!server.allowed_origins.permits(origin), "{origin}");
    }
    assert!(matches!(server.allowed_hosts, AllowedHosts::Only(_)));
}

#[test]
fn a_public_address_needs_a_name_to_be_served_under() {
    let variables = [
        ("MCP_SERVICE_HOST", "0.0.0.0"),
        ("MCP_AUTH_ENABLED", "True"),
        ("MCP_JWKS_URI", "https://id.example/jwks"),
    ];
    assert!(problem(from_env(&variables)).starts_with("server.allowed_hosts"));
}

#[test]
fn proxies_are_trusted_by_network() {
    let server = from_env(&[(
        "TIDEGATE_SERVER__TRUSTED_PROXIES",
        "10.0.0.0/8, fd00::/8, 192.168.0.7",
    )])
    .unwrap()
    .server;
    for (peer, is_trusted) in [
        ("10.255.0.1", true),
        ("11.0.0.1", false),
        ("::ffff:10.0.0.1", true),
        ("fd12::1", true),
        ("fe80::1", false),
        ("192.168.0.7", true),
        ("192.168.0.8", false),
    ] {
        assert_eq!(
            is_trusted,
            server.trusted_proxies.contains(peer.parse().unwrap()),
            "{peer}"
        );
    }
    let everyone = from_env(&[("TIDEGATE_SERVER__TRUSTED_PROXIES", "0.0.0.0/0")])
        .unwrap()
        .server;
    assert!(
        everyone
            .trusted_proxies
            .contains("203.0.113.9".parse().unwrap())
    );
    for wrong in ["10.0.0.0/33", "10.0.0", "::/129", "x"] {
        problem(from_env(&[("TIDEGATE_SERVER__TRUSTED_PROXIES", wrong)]));
    }
}

#[test]
fn telemetry_and_audit_are_read_into_what_they_mean() {
    let file = r#"
        [telemetry.statsd]
        address = "statsd:8125"
        tags = "dogstatsd"
        constant_tags = ["env:prod"]
        [telemetry.otlp]
        endpoint = "http://collector:4318"
        sample_ratio = 1
        [audit]
        json_lines = "/var/log/audit.jsonl"
        [tools]
        list = "search"
    "#;
    let settings = with_user(file, &[]).unwrap();
    let statsd = settings.telemetry.statsd.unwrap();
    let constant = vec![("env".to_owned(), "prod".to_owned())];
    assert_eq!(StatsdTags::DogStatsd { constant }, statsd.tags);
    assert!((settings.telemetry.otlp.unwrap().sample_ratio - 1.0).abs() < f64::EPSILON);
    assert_eq!(
        JsonLines::File("/var/log/audit.jsonl".into()),
        settings.audit.json_lines
    );
    assert!(matches!(settings.tools.list, ToolList::Search { pinned } if pinned.len() == 2));
    let wrong = [
        ("TIDEGATE_TELEMETRY__STATSD__ADDRESS", "statsd"),
        ("TIDEGATE_TELEMETRY__STATSD__PREFIX", "a."),
        ("TIDEGATE_TELEMETRY__STATSD__CONSTANT_TAGS", "env"),
        ("TIDEGATE_TELEMETRY__OTLP__SAMPLE_RATIO", "1.5"),
        ("TIDEGATE_TELEMETRY__OTLP__ENDPOINT", "collector:4318"),
    ];
    assert_eq!(5, from_env(&wrong).unwrap_err().len());
}

const LONG: &str = "a text of at least thirty-two characters";

#[test]
fn asking_for_tokens_that_nobody_else_issues_makes_this_server_issue_them() {
    let settings = from_env(&[("MCP_AUTH_ENABLED", "True")]).unwrap();
    assert!(matches!(settings.auth.method, AuthMethod::OwnTokens));
    let Some(ManagerPlace::Sqlite { path, secret: None }) =
        settings.manager.map(|manager| manager.place)
    else {
        panic!("the manager is embedded");
    };
    assert_eq!(std::path::Path::new("./data/manager.sqlite"), path);
    let demo = &settings.workspaces[0];
    assert!(demo.flags.is_on(Flag::McpOauth) && demo.flags.is_on(Flag::McpOauthWorkspace));
}

#[test]
fn there_is_no_manager_where_nobody_asks_for_one() {
    assert!(from_env(&[]).unwrap().manager.is_none());
    let external = [
        ("MCP_AUTH_ENABLED", "True"),
        ("MCP_JWKS_URI", "https://id.example/jwks"),
    ];
    assert!(from_env(&external).unwrap().manager.is_none());
}

#[test]
fn an_external_issuer_and_a_manager_go_together() {
    let settings = from_env(&[
        ("MCP_AUTH_ENABLED", "True"),
        ("MCP_JWKS_URI", "https://id.example/jwks"),
        (
            "TIDEGATE_MANAGER__URL",
            "sqlite:///var/lib/tidegate/manager.sqlite",
        ),
    ])
    .unwrap();
    assert!(matches!(settings.auth.method, AuthMethod::Jwt(_)));
    let place = settings.manager.unwrap().place;
    assert!(matches!(place, ManagerPlace::Sqlite { path, .. } if path.starts_with("/var/lib")));
}

#[test]
fn a_manager_is_where_its_url_says() {
    let postgres = from_env(&[
        (
            "TIDEGATE_MANAGER__URL",
            "postgres://tidegate:word@db/tidegate",
        ),
        ("TIDEGATE_MANAGER__SECRET", LONG),
        ("TIDEGATE_MANAGER__SERVICE_TOKENS", LONG),
    ])
    .unwrap()
    .manager
    .unwrap();
    assert!(matches!(postgres.place, ManagerPlace::Postgres { .. }));
    assert_eq!(1, postgres.service_tokens.len());
    let remote = from_env(&[
        ("TIDEGATE_MANAGER__URL", "https://manager.example.com"),
        ("TIDEGATE_MANAGER__TOKEN", LONG),
    ])
    .unwrap()
    .manager
    .unwrap();
    assert!(matches!(
        remote.place,
        ManagerPlace::Remote { timeout, .. } if timeout == Duration::from_secs(3)
    ));
}

#[test]
fn a_manager_that_cannot_work_is_told_what_it_lacks() {
    let cases: [(&str, &[(&str, &str)]); 11] = [
        ("manager.secret", &[("URL", "postgres://u:hunter2@db/x")]),
        (
            "manager.secret",
            &[("URL", "embedded"), ("SECRET", "hunter2")],
        ),
        (
            "manager.url",
            &[("URL", "mysql://u:hunter2@db/x"), ("SECRET", LONG)],
        ),
        ("manager.url", &[("URL", "sqlite://relative/hunter2")]),
        ("manager.token", &[("URL", "https://manager.example.com")]),
        (
            "manager.url",
            &[("URL", "http://manager.example.com"), ("TOKEN", LONG)],
        ),
        (
            "manager.url",
            &[
                ("URL", "https://manager.example.com/hunter2"),
                ("TOKEN", LONG),
            ],
        ),
        (
            "manager.url",
            &[
                ("URL", "https://u:hunter2@manager.example.com"),
                ("TOKEN", LONG),
            ],
        ),
        (
            "manager.service_tokens",
            &[("URL", "embedded"), ("SERVICE_TOKENS", "hunter2")],
        ),
        (
            "manager.service_tokens",
            &[
                ("URL", "https://manager.example.com"),
                ("TOKEN", LONG),
                ("SERVICE_TOKENS", LONG),
            ],
        ),
        (
            "manager.timeout_ms",
            &[("URL", "embedded"), ("TIMEOUT_MS", "0")],
        ),
    ];
    for (key, variables) in cases {
        let names: Vec<String> = variables
            .iter()
            .map(|(name, _)| format!("TIDEGATE_MANAGER__{name}"))
            .collect();
        let variables: Vec<(&str, &str)> = names
            .iter()
            .zip(variables)
            .map(|(name, (_, value))| (name.as_str(), *value))
            .collect();
        let text = problem(from_env(&variables));
        assert!(text.starts_with(key), "{variables:?}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let insecure = [
        ("TIDEGATE_MANAGER__URL", "http://manager:5008"),
        ("TIDEGATE_MANAGER__TOKEN", LONG),
        ("TIDEGATE_MANAGER__ALLOW_INSECURE_URL", "true"),
    ];
    from_env(&insecure).unwrap();
}

#[test]
fn nodes_that_share_their_state_share_their_manager() {
    let cluster = [
        ("TIDEGATE_AUTH__ENABLED", "true"),
        ("TIDEGATE_STATE__REPLICAS", "2"),
        ("TIDEGATE_STATE__BACKEND", "redis"),
        ("TIDEGATE_STATE__SECRET", LONG),
        ("TIDEGATE_STATE__REDIS__URL", "redis://redis"),
        ("TIDEGATE_WORKSPACES__DEMO__METASTORE", "postgres://db/x"),
    ];
    assert!(problem(from_env(&cluster)).starts_with("manager.url: got nothing"));
    let mut shared = cluster.to_vec();
    shared.push(("TIDEGATE_MANAGER__URL", "postgres://u:word@db/manager"));
    shared.push(("TIDEGATE_MANAGER__SECRET", LONG));
    from_env(&shared).unwrap();
}

#[test]
fn people_sign_in_over_https_or_on_this_machine() {
    let with = |url: &str| {
        from_env(&[
            ("TIDEGATE_AUTH__ENABLED", "true"),
            ("TIDEGATE_SERVER__PUBLIC_URL", url),
        ])
    };
    for good in [
        "https://mcp.example.com",
        "http://localhost:5008",
        "http://127.0.0.1:1/",
        "http://[::1]",
    ] {
        with(good).unwrap();
    }
    for bad in [
        "http://mcp.example.com",
        "https://example.com/tidegate",
        "https://example.com/?x=1",
    ] {
        assert!(problem(with(bad)).starts_with("server.public_url"), "{bad}");
    }
    let public = from_env(&[
        ("TIDEGATE_AUTH__ENABLED", "true"),
        ("TIDEGATE_SERVER__HOST", "0.0.0.0"),
        ("TIDEGATE_SERVER__ALLOWED_HOSTS", "mcp.example.com"),
    ]);
    assert!(problem(public).starts_with("server.public_url: got nothing"));
    // Without an authorization server links may go anywhere.
    from_env(&[("TIDEGATE_SERVER__PUBLIC_URL", "http://example.com/tidegate")]).unwrap();
}

#[test]
fn lives_of_tokens_fit_into_each_other() {
    let cases = [
        ("code_secs = 600", "oauth.code_secs"),
        (
            "access_token_secs = 86400\nrefresh_token_secs = 3600",
            "oauth.access_token_secs",
        ),
        ("refresh_token_secs = 8000000", "oauth.refresh_token_secs"),
        (
            "access_token_secs = 60\nrefresh_token_secs = 300\nrefresh_repeat_window_secs = 300",
            "oauth.refresh_repeat_window_secs",
        ),
        (
            "refresh_repeat_window_secs = 301",
            "oauth.refresh_repeat_window_secs",
        ),
        ("signing_algorithm = \"HS256\"", "oauth.signing_algorithm"),
    ];
    for (lines, key) in cases {
        let text = problem(with_user(&format!("[oauth]\n{lines}"), &[]));
        assert!(text.starts_with(key), "{lines}: {text}");
    }
}

#[test]
fn a_provider_is_read_with_its_defaults() {
    let file = r#"
        [auth]
        enabled = true
        [sign_in.providers.okta]
        issuer = "https://acme.okta.com"
        client_id = "tidegate"
        allowed_domains = ["ACME.example"]
        groups_claim = "groups"
        workspaces = ["Data=All=demo:editor"]
    "#;
    let secret = [(
        "TIDEGATE_SIGN_IN__PROVIDERS__OKTA__CLIENT_SECRET",
        "hunter2",
    )];
    let settings = load(file, &secret).unwrap();
    let [provider] = &settings.sign_in.providers[..] else {
        panic!("{:?}", settings.sign_in.providers);
    };
    assert_eq!(
        ("okta", "okta"),
        (provider.id.as_str(), provider.title.as_str())
    );
    assert_eq!("preferred_username", provider.username_claim);
    assert_eq!(["profile", "email"].as_slice(), provider.scopes.as_slice());
    assert_eq!(
        ["acme.example"].as_slice(),
        provider.allowed_domains.as_slice()
    );
    assert!(provider.create == AccountCreation::Invited && provider.client_secret.is_some());
    let (group, workspace, role) = &provider.workspaces[0];
    assert_eq!(
        ("Data=All", "demo", Role::Editor),
        (group.as_str(), workspace.as_str(), *role)
    );
    assert_eq!("https://acme.okta.com", provider.issuer, "byte by byte");
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_provider_that_cannot_work_is_told_what_it_lacks() {
    let good = "issuer = \"https://id.example\"\nclient_id = \"x\"";
    let cases = [
        ("", "okta", vec!["issuer", "client_id"]),
        (
            "issuer = \"http://id.example\"\nclient_id = \"x\"",
            "okta",
            vec!["issuer"],
        ),
        (
            &format!("{good}\ncreate = \"sometimes\""),
            "okta",
            vec!["create"],
        ),
        (
            &format!("{good}\nallowed_domains = [\"@example.com\"]"),
            "okta",
            vec!["allowed_domains"],
        ),
        (
            &format!("{good}\nemail_claim = \"\""),
            "okta",
            vec!["email_claim"],
        ),
        (
            &format!("{good}\ngroups_claim = \"g\"\nworkspaces = [\"a=demo:owner\"]"),
            "okta",
            vec!["workspaces"],
        ),
        (
            &format!("{good}\ngroups_claim = \"g\"\nteams = [\"a\"]"),
            "okta",
            vec!["teams"],
        ),
        (
            &format!("{good}\nteams = [\"a=b\"]"),
            "okta",
            vec!["groups_claim"],
        ),
    ];
    for (lines, id, keys) in cases {
        let file = format!("[auth]\nenabled = true\n[sign_in.providers.{id}]\n{lines}");
        let problems = load(&file, &[]).unwrap_err();
        let found: Vec<&str> = problems
            .iter()
            .map(|problem| problem.key.as_str())
            .collect();
        let expected: Vec<String> = keys
            .iter()
            .map(|key| format!("sign_in.providers.{id}.{key}"))
            .collect();
        assert_eq!(expected, found, "{lines}");
    }
    let file = format!("[auth]\nenabled = true\n[sign_in.providers.\"O K\"]\n{good}");
    assert!(problem(load(&file, &[])).contains("stands in a URL"));
    let typo = format!("[sign_in.providers.okta]\n{good}\nclient_secert = \"x\"");
    let text = problem(with_user(&typo, &[]));
    assert!(
        text.contains("sign_in.providers.okta.client_secret, the nearest"),
        "{text}"
    );
}

#[test]
fn somebody_has_to_be_able_to_sign_in() {
    let off = ("TIDEGATE_SIGN_IN__PASSWORDS", "false");
    let on = ("TIDEGATE_AUTH__ENABLED", "true");
    assert!(problem(from_env(&[on, off])).starts_with("sign_in.passwords"));
    let of_superset = |accounts| from_env(&[on, ("TIDEGATE_SIGN_IN__SUPERSET_ACCOUNTS", accounts)]);
    let accounts = of_superset("demo, acme:editor")
        .unwrap()
        .sign_in
        .superset_accounts;
    assert_eq!([None, Some(Role::Editor)], [accounts[0].1, accounts[1].1]);
    assert!(problem(of_superset("demo:owner")).starts_with("sign_in.superset_accounts"));
    let both = [off, ("TIDEGATE_SIGN_IN__SUPERSET_ACCOUNTS", "demo")];
    assert!(problem(from_env(&both)).starts_with("sign_in.superset_accounts"));
    from_env(&[off]).unwrap();
    let idle = ("TIDEGATE_SIGN_IN__SESSION_IDLE_SECS", "700000");
    assert!(problem(from_env(&[idle])).starts_with("sign_in.session_idle_secs"));
}

#[test]
fn assertions_are_taken_from_issuers_that_are_named() {
    let file = r#"
        [oauth.assertion_issuers.okta]
        issuer = "https://acme.okta.com"
        jwks_uri = "https://acme.okta.com/keys"
    "#;
    let settings = with_user(file, &[]).unwrap();
    let [issuer] = &settings.oauth.assertion_issuers[..] else {
        panic!("{:?}", settings.oauth.assertion_issuers);
    };
    assert!(issuer.name == "okta" && !issuer.links_by_email);
    let insecure = file.replace("https://acme.okta.com/keys", "http://acme.okta.com/keys");
    let text = problem(with_user(&insecure, &[]));
    assert!(
        text.starts_with("oauth.assertion_issuers.okta.jwks_uri"),
        "{text}"
    );
}

#[test]
fn static_tokens_belong_to_a_server_that_asks_for_tokens() {
    let file = r#"
        [auth.static_tokens.old-script]
        user = "ada"
        workspace = "demo"
    "#;
    let token = [(
        "TIDEGATE_AUTH__STATIC_TOKENS__OLD_SCRIPT__TOKEN",
        "hunter2 hunter2 hunter2",
    )];
    let on = [token[0], ("TIDEGATE_AUTH__ENABLED", "true")];
    let settings = load(file, &on).unwrap();
    assert_eq!("old-script", settings.auth.static_tokens[0].name);
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(
        settings
            .notices
            .iter()
            .any(|notice| notice.contains("old-script never ends"))
    );
    assert!(problem(with_user(file, &token)).contains("auth.enabled = true"));
    let short = [
        ("TIDEGATE_AUTH__STATIC_TOKENS__OLD_SCRIPT__TOKEN", "hunter2"),
        on[1],
    ];
    let text = problem(load(file, &short));
    assert!(
        text.contains("at least 16") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn registration_and_documents_can_be_turned_off() {
    let settings = from_env(&[]).unwrap().oauth;
    assert_eq!(100, settings.registration.unwrap().per_address_per_day);
    assert_eq!(600, settings.limits.token.per_minute.get());
    assert!(settings.client_documents.unwrap().private_hosts.is_empty());
    let settings = from_env(&[
        ("TIDEGATE_OAUTH__REGISTRATION__ENABLED", "false"),
        ("TIDEGATE_OAUTH__CLIENT_DOCUMENTS__ENABLED", "false"),
    ])
    .unwrap()
    .oauth;
    assert!(settings.registration.is_none() && settings.client_documents.is_none());
    let text = problem(from_env(&[(
        "TIDEGATE_OAUTH__CLIENT_DOCUMENTS__PRIVATE_HOSTS",
        "http://stub:80",
    )]));
    assert!(
        text.starts_with("oauth.client_documents.private_hosts"),
        "{text}"
    );
}
