//! The runs: which client, how, and as whom.

/// A client in one way of use.
pub(super) struct Run {
    pub(super) name: &'static str,
    pub(super) script: Script,
    /// What the script gets after the URL.
    pub(super) mode: Option<&'static str>,
    /// The user of the sample business whose calls are made.
    pub(super) user: &'static str,
    /// Whether it goes to the node that asks for a token; the other serves everybody as `admin`.
    pub(super) has_token: bool,
    /// The revision that it must agree on with the server, where it tells.
    pub(super) protocol: Option<&'static str>,
}

/// A file of `tests/clients`.
pub(super) enum Script {
    Node(&'static str),
    Python(&'static str),
}

const MODERN: Option<&str> = Some("2026-07-28");
const LEGACY: Option<&str> = Some("2025-11-25");

const PYTHON: Script = Script::Python("python_sdk.py");
const TS_V1: Script = Script::Node("ts_v1.mjs");
const TS_V2: Script = Script::Node("ts_v2.mjs");
const INSPECTOR: Script = Script::Node("inspector.mjs");
const MCP_REMOTE: Script = Script::Node("mcp_remote.mjs");

const fn with_token(
    name: &'static str,
    script: Script,
    mode: Option<&'static str>,
    user: &'static str,
    protocol: Option<&'static str>,
) -> Run {
    Run {
        name,
        script,
        mode,
        user,
        has_token: true,
        protocol,
    }
}

const fn open(
    name: &'static str,
    script: Script,
    mode: Option<&'static str>,
    protocol: Option<&'static str>,
) -> Run {
    Run {
        name,
        script,
        mode,
        user: "admin",
        has_token: false,
        protocol,
    }
}

pub(super) const RUNS: &[Run] = &[
    with_token("Python SDK, auto", PYTHON, Some("auto"), "analyst", MODERN),
    with_token(
        "Python SDK, pinned",
        PYTHON,
        Some("2026-07-28"),
        "viewer",
        MODERN,
    ),
    with_token(
        "Python SDK, legacy, token",
        PYTHON,
        Some("legacy"),
        "admin",
        LEGACY,
    ),
    open("Python SDK, legacy", PYTHON, Some("legacy"), LEGACY),
    with_token("TypeScript SDK 1, token", TS_V1, None, "analyst", LEGACY),
    open("TypeScript SDK 1", TS_V1, None, LEGACY),
    open("TypeScript SDK 2, legacy", TS_V2, Some("legacy"), LEGACY),
    with_token(
        "TypeScript SDK 2, auto",
        TS_V2,
        Some("auto"),
        "viewer",
        MODERN,
    ),
    open("TypeScript SDK 2, pinned", TS_V2, Some("pin"), MODERN),
    with_token(
        "Inspector, legacy",
        INSPECTOR,
        Some("legacy"),
        "analyst",
        None,
    ),
    open("Inspector, auto", INSPECTOR, Some("auto"), None),
    with_token(
        "mcp-remote, legacy",
        MCP_REMOTE,
        Some("legacy"),
        "analyst",
        None,
    ),
    open("mcp-remote, auto", MCP_REMOTE, Some("auto"), None),
];
