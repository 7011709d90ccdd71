//! The table. A new crate gets its line here.

/// The crates of the product from the bottom up. A crate may use those of the lines above its own.
pub(super) const LAYERS: &[&[&str]] = &[
    &["tidegate-types"],
    &["tidegate-database-uri"],
    &["tidegate-postgres"],
    &[
        "tidegate-protocol",
        "tidegate-oauth-types",
        "tidegate-http-client",
        "tidegate-config",
        "tidegate-database",
        "tidegate-pages",
        "tidegate-sql-guard",
    ],
    &["tidegate-telemetry", "tidegate-token-verifier"],
    &[
        "tidegate-store",
        "tidegate-metastore",
        "tidegate-control-plane",
        "tidegate-engines",
    ],
    &[
        "tidegate-store-memory",
        "tidegate-store-redis",
        "tidegate-demo-data",
        "tidegate-tools",
        "tidegate-login",
    ],
    &["tidegate-authorization-server"],
    &["tidegate-runtime"],
    &["tidegate-web", "tidegate-cli"],
    &["tidegate-server"],
];

/// Crates for development, and what each may use of the workspace. The product uses none of them.
pub(super) const DEVELOPMENT: &[(&str, &[&str])] = &[
    (
        "tidegate-testkit",
        &["tidegate-types", "tidegate-protocol", "tidegate-tools"],
    ),
    (
        "tidegate-tests",
        &[
            "tidegate-types",
            "tidegate-protocol",
            "tidegate-config",
            "tidegate-telemetry",
            "tidegate-token-verifier",
            "tidegate-store",
            "tidegate-store-memory",
            "tidegate-store-redis",
            "tidegate-oauth-types",
            "tidegate-database",
            "tidegate-control-plane",
            "tidegate-login",
            "tidegate-authorization-server",
            "tidegate-pages",
            "tidegate-metastore",
            "tidegate-demo-data",
            "tidegate-sql-guard",
            "tidegate-engines",
            "tidegate-tools",
            "tidegate-runtime",
            "tidegate-web",
            "tidegate-server",
            "tidegate-testkit",
            // How its programs are run, and what they need.
            "xtask",
        ],
    ),
    // What a team of its own would use.
    (
        "tidegate-examples",
        &[
            "tidegate-types",
            "tidegate-protocol",
            "tidegate-config",
            "tidegate-metastore",
            "tidegate-tools",
            "tidegate-server",
            "tidegate-testkit",
        ],
    ),
    // It measures servers from outside.
    (
        "tidegate-loadtest",
        &["tidegate-types", "tidegate-protocol", "tidegate-testkit"],
    ),
    // It must build in seconds.
    ("xtask", &[]),
];

/// Packages that have a home: only these crates of the workspace may depend on them. Names of the workspace
/// itself may stand here too, for rules that are narrower than the layers.
pub(super) const HOMES: &[(&str, &[&str])] = &[
    // Actors stay behind the handles of the runtime, and HTTP behind the edge. The load test brings a bare
    // handler to compare with.
    ("actix", &["tidegate-runtime"]),
    (
        "actix-rt",
        &[
            "tidegate-runtime",
            "tidegate-server",
            "tidegate-tests",
            "tidegate-examples",
        ],
    ),
    ("actix-web", &["tidegate-web", "tidegate-loadtest"]),
    ("actix-http", &["tidegate-web"]),
    ("actix-server", &["tidegate-web"]),
    ("actix-service", &["tidegate-web"]),
    // Shared state is a port, and only the binary chooses the adapter.
    ("redis", &["tidegate-store-redis"]),
    ("deadpool-redis", &["tidegate-store-redis"]),
    (
        "tidegate-store-memory",
        &["tidegate-server", "tidegate-tests"],
    ),
    (
        "tidegate-store-redis",
        &["tidegate-server", "tidegate-tests"],
    ),
    // Tables of our own and of Superset are reached through one crate, and the engines are another's business. The
    // sample business fills whole databases in bulk, past both.
    (
        "sqlx",
        &[
            "tidegate-database",
            "tidegate-demo-data",
            "tidegate-testkit",
        ],
    ),
    (
        "sea-query",
        &[
            "tidegate-database",
            "tidegate-metastore",
            "tidegate-control-plane",
        ],
    ),
    ("rusqlite", &["tidegate-engines"]),
    (
        "tokio-postgres",
        &[
            "tidegate-postgres",
            "tidegate-database",
            "tidegate-demo-data",
            "tidegate-engines",
        ],
    ),
    ("sqlparser", &["tidegate-sql-guard"]),
    ("bb8", &["tidegate-engines"]),
    // Tokens are signed and checked in one place, whoever issued them; the load generator makes those that it sends.
    (
        "jsonwebtoken",
        &["tidegate-oauth-types", "tidegate-loadtest"],
    ),
    // Others are asked by one client, so that its rules hold for all of them. Another process's manager is ours.
    (
        "reqwest",
        &[
            "tidegate-http-client",
            "tidegate-control-plane",
            "tidegate-testkit",
            "tidegate-tests",
            "tidegate-loadtest",
            "tidegate-examples",
        ],
    ),
    // Measurements leave from one.
    ("cadence", &["tidegate-telemetry"]),
    ("opentelemetry", &["tidegate-telemetry"]),
    ("opentelemetry_sdk", &["tidegate-telemetry"]),
    // Libraries have errors with types.
    (
        "anyhow",
        &[
            "tidegate-server",
            "tidegate-testkit",
            "tidegate-tests",
            "tidegate-loadtest",
            "xtask",
            "tidegate-examples",
        ],
    ),
];
