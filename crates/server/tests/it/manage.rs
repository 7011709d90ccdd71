//! The commands that manage a deployment, as the binary that operators run.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_control_plane::{LocalManager, LocalSettings};
use tidegate_database::{Pool, PoolSettings};
use tidegate_demo_data::create_embedded;
use tidegate_types::SystemClock;

/// A deployment with a manager in a folder of its own. No server runs.
struct Deployment {
    folder: TempDir,
}

impl Deployment {
    /// As a server leaves it that was started once.
    fn new() -> Self {
        let deployment = Self::never_started();
        let settings = LocalSettings::Sqlite {
            path: deployment.folder.path().join("manager.sqlite"),
            secret: None,
        };
        block_on(async {
            let manager = LocalManager::open(settings, Arc::new(SystemClock))
                .await
                .unwrap();
            manager.close().await;
        });
        deployment
    }

    fn never_started() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Runs `tidegate` with the words of the line, split at blanks.
    fn run(&self, line: &str) -> Output {
        self.run_in(line, &[])
    }

    fn run_in(&self, line: &str, environment: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(line.split_ascii_whitespace())
            .env_clear()
            .env("TIDEGATE_DATA_DIR", self.folder.path())
            .env("TIDEGATE_MANAGER__URL", "embedded")
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// What it answers in JSON.
    fn json(&self, line: &str) -> Value {
        let output = self.run(&format!("{line} --json"));
        assert!(output.status.success(), "{line}: {}", err(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn text(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", err(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it says to a mistake, in JSON, with its exit code.
    fn fails(&self, line: &str, code: i32, kind: &str) -> String {
        let output = self.run(&format!("{line} --json"));
        assert_eq!(Some(code), output.status.code(), "{line}: {}", err(&output));
        assert!(output.stdout.is_empty(), "{line}");
        let told: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(kind, told["error"], "{line}: {told}");
        told["message"].as_str().unwrap().to_owned()
    }
}

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_person_is_added_with_a_password_shown_once_and_placed() {
    let deployment = Deployment::new();
    let made = deployment.json(
        "user add Grace --email grace@example.com --workspace demo --role editor --administrator",
    );
    assert_eq!("grace", made["username"]);
    assert_eq!("editor", made["memberships"][0]["role"]);
    let password = made["password"].as_str().unwrap();
    assert_eq!(23, password.len());
    let shown = deployment.json("user show grace");
    assert_eq!(Value::Null, shown["password"]);
    assert_eq!(true, shown["must_change_password"]);

    let text = deployment.text("user reset-password grace");
    assert!(text.contains("password for one use: "), "{text}");
    assert!(text.contains("shown once"), "{text}");
    assert!(!text.contains(password));

    let list = deployment.text("user list --workspace demo");
    let lines: Vec<_> = list.lines().collect();
    assert!(lines[0].starts_with("USER "), "{list}");
    assert!(lines[1].starts_with("grace "), "{list}");

    deployment.json("user join grace --workspace demo --role viewer");
    let shown = deployment.json("user show grace");
    assert_eq!("viewer", shown["memberships"][0]["role"]);
    deployment.json("user leave grace --workspace demo");
    deployment.fails("user leave grace --workspace demo", 4, "refused");
    assert_eq!(
        0,
        deployment
            .json("user list --workspace demo")
            .as_array()
            .unwrap()
            .len()
    );
}

#[test]
fn a_machine_client_gets_a_service_account_and_a_secret_that_rotates() {
    let deployment = Deployment::new();
    let made = deployment.json(
        "client add-machine pipeline --workspace demo --service-account robot --role analyst",
    );
    let id = made["id"].as_str().unwrap().to_owned();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("tg_cs_"), "{secret}");
    assert_eq!("machine", made["kind"]);
    let robot = deployment.json("user show robot");
    assert_eq!("service", robot["kind"]);
    assert_eq!(made["acts_as"], robot["id"]);
    assert_eq!("analyst", robot["memberships"][0]["role"]);

    let rotated = deployment.json(&format!("client rotate-secret {id} --overlap 1h"));
    assert_ne!(secret, rotated["secret"].as_str().unwrap());
    assert_eq!(2, rotated["secrets"].as_array().unwrap().len());
    let shown = deployment.text(&format!("client show {id}"));
    assert!(!shown.contains("tg_cs_"), "{shown}");

    deployment.json(&format!("client set-scopes {id} read"));
    let list = deployment.json("client list --kind machine");
    assert_eq!("mcp:read", list[0]["scopes"]);
    let ended = deployment.json(&format!("client sign-out {id}"));
    assert_eq!(0, ended["connections_ended"]);
    deployment.json(&format!("client remove {id}"));
    deployment.fails(&format!("client remove {id}"), 3, "not_found");
    deployment.fails("user reset-password robot", 2, "invalid");
}

#[test]
fn a_client_is_added_by_the_rules_of_registration() {
    let deployment = Deployment::new();
    let made = deployment
        .json("client add Desk --redirect-uri http://localhost/callback --scopes read,write");
    assert_eq!(Value::Null, made["secret"]);
    assert_eq!(true, made["is_verified"]);
    let confidential = deployment
        .json("client add Web --redirect-uri https://web.example/callback --confidential");
    assert!(
        confidential["secret"]
            .as_str()
            .unwrap()
            .starts_with("tg_cs_")
    );
    for hostile in [
        "javascript://localhost/",
        "http://web.example/callback",
        "https://web.example/callback --redirect-uri data:text/html,x",
    ] {
        deployment.fails(
            &format!("client add Bad --redirect-uri {hostile}"),
            2,
            "invalid",
        );
    }
    assert_eq!(2, deployment.json("client list").as_array().unwrap().len());

    let id = made["id"].as_str().unwrap();
    deployment.json(&format!("client policy block {id} --workspace demo"));
    deployment.json("client policy approve --host web.example");
    deployment.json("client policy unknown need-approval --workspace demo");
    let rules = deployment.json("client policy list --workspace demo");
    assert_eq!("need_approval", rules["unknown"]);
    assert_eq!("blocked", rules["rules"][0]["decision"]);
    deployment.json(&format!("client policy clear {id} --workspace demo"));
    deployment.fails(
        &format!("client policy clear {id} --workspace demo"),
        3,
        "not_found",
    );
}

#[test]
fn a_token_is_shown_once_and_ended() {
    let deployment = Deployment::new();
    deployment.json("user add grace --workspace demo --role viewer");
    let made =
        deployment.json("token add grace report --workspace demo --expires-in 30d --scopes read");
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("tg_pat_"), "{token}");
    assert!(token.ends_with(made["hint"].as_str().unwrap()));
    let life = made["expires_at"].as_i64().unwrap() - made["created_at"].as_i64().unwrap();
    assert_eq!(30 * 86_400, life);
    let list = deployment.json("token list grace");
    assert_eq!("report", list[0]["name"]);
    assert_eq!(Value::Null, list[0]["token"]);
    let id = made["id"].as_str().unwrap();
    deployment.json(&format!("token end {id}"));
    assert_eq!(
        0,
        deployment
            .json("token list grace")
            .as_array()
            .unwrap()
            .len()
    );
    deployment.fails("token end 0000000000000000", 3, "not_found");
    deployment.fails("token add grace report --workspace nowhere", 2, "invalid");
}

#[test]
fn a_flag_is_set_and_cleared() {
    let deployment = Deployment::new();
    deployment.json("flag set MCP_OAUTH_ENABLED off");
    deployment.json("flag set MCP_OAUTH_ENABLED on --workspace demo");
    deployment.json("flag set CHATBOT_ENABLED --percentage 20");
    let decided = deployment.json("flag show demo");
    assert_eq!(true, decided["MCP_OAUTH_ENABLED"]);
    deployment.json("flag clear MCP_OAUTH_ENABLED --workspace demo");
    assert_eq!(
        false,
        deployment.json("flag show demo")["MCP_OAUTH_ENABLED"]
    );
    let told = deployment.fails("flag set MCP_OAUTH_ENABLE on", 2, "invalid");
    assert!(told.contains("MCP_OAUTH_ENABLED"), "{told}");
    deployment.fails("flag clear DASHBOARD_RBAC", 3, "not_found");
}

#[test]
fn flags_are_listed_as_they_are_now() {
    let deployment = Deployment::new();
    let listed = || {
        let all = deployment.json("flag list");
        let all = all.as_array().unwrap().clone();
        move |flag: &str| all.iter().find(|one| one["flag"] == flag).unwrap().clone()
    };
    let before = listed();
    assert_eq!(true, before("MCP_SERVICE_ENABLED")["is_on"]);
    assert_eq!(json!([]), before("MCP_SERVICE_ENABLED")["rules"]);
    assert_eq!(json!({}), before("MCP_SERVICE_ENABLED")["workspaces"]);

    deployment.json("flag set MCP_SERVICE_ENABLED off");
    deployment.json("flag set MCP_SERVICE_ENABLED on --workspace demo");
    deployment.json("flag set CHATBOT_ENABLED --percentage 20");
    let after = listed();
    let service = after("MCP_SERVICE_ENABLED");
    assert_eq!(false, service["is_on"]);
    assert_eq!(json!({ "demo": true }), service["workspaces"]);
    assert_eq!(2, service["rules"].as_array().unwrap().len());
    assert_eq!(Value::Null, after("CHATBOT_ENABLED")["is_on"]);
    assert_eq!(20, after("CHATBOT_ENABLED")["percentage"]);
    let text = deployment.text("flag list");
    assert!(text.contains("off, on in demo"), "{text}");
    assert!(text.contains("on in 20 % of all workspaces"), "{text}");

    // What the configuration says counts where no rule does, in a workspace of its own word as well.
    let environment = [
        ("TIDEGATE_FLAGS__DASHBOARD_RBAC", "true"),
        ("TIDEGATE_WORKSPACES__DEMO__FLAGS__DASHBOARD_RBAC", "false"),
    ];
    let output = deployment.run_in("flag list", &environment);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("DASHBOARD_RBAC"));
    let line = line.unwrap_or_else(|| panic!("{text} {}", err(&output)));
    assert!(line.contains("on, off in demo"), "{text}");
    assert!(line.contains("configuration"), "{text}");
}

#[test]
fn keys_rotate_and_never_show_their_private_part() {
    let deployment = Deployment::new();
    let first = deployment.json("key rotate --after 0s");
    assert_eq!("signs", first[0]["state"]);
    let second = deployment.json("key rotate --after 2h");
    let states: Vec<_> = second
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["state"])
        .collect();
    assert_eq!(["will sign", "signs"], states[..]);
    assert!(!second.to_string().contains("private_key"));
    // Within a minute of another it is the same rotation.
    deployment.fails("key rotate --after 2h", 4, "refused");
    let only = deployment.json("key rotate --compromised");
    assert_eq!(1, only.as_array().unwrap().len());
    assert_ne!(first[0]["id"], only[0]["id"]);
    let id = only[0]["id"].as_str().unwrap();
    deployment.json(&format!("key remove {id}"));
    deployment.fails(&format!("key remove {id}"), 3, "not_found");
}

#[test]
fn a_workspace_is_added_without_its_password_among_the_processes() {
    let deployment = Deployment::new();
    let secret = "postgresql://superset:hunter2@db.internal/superset";
    let environment = [("TIDEGATE_WORKSPACE_METASTORE", secret)];
    let added = deployment.run_in(
        "workspace add acme --title Acme --host acme.example --json",
        &environment,
    );
    assert!(added.status.success(), "{}", err(&added));
    assert!(!String::from_utf8_lossy(&added.stdout).contains("hunter2"));
    let help = deployment.run_in("workspace add --help", &environment);
    assert!(!String::from_utf8_lossy(&help.stdout).contains("hunter2"));
    let list = deployment.json("workspace list");
    let slugs: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["slug"])
        .collect();
    assert_eq!(["acme", "demo"], slugs[..]);
    assert_eq!(
        true,
        deployment.json("workspace hibernate acme")["is_hibernated"]
    );
    assert_eq!(
        false,
        deployment.json("workspace wake acme")["is_hibernated"]
    );
    deployment.json("user add grace --workspace acme --role admin");
    assert_eq!(
        "grace",
        deployment.json("workspace members acme")[0]["username"]
    );
    deployment.json("workspace remove acme");
    deployment.fails("workspace show acme", 3, "not_found");
    deployment.fails("workspace remove demo", 4, "conflict");
}

#[test]
fn a_team_opens_a_workspace_to_its_members() {
    let deployment = Deployment::new();
    deployment.json("user add grace");
    deployment.json("team add analysts");
    deployment.json("team open analysts --workspace demo --role analyst");
    deployment.json("team join analysts grace");
    let places = &deployment.json("user show grace")["memberships"];
    assert_eq!("analyst", places[0]["role"]);
    assert_eq!(true, places[0]["is_by_team"]);
    deployment.json("team close analysts --workspace demo");
    assert_eq!(
        0,
        deployment.json("user show grace")["memberships"]
            .as_array()
            .unwrap()
            .len()
    );
    deployment.json("team remove analysts");
    deployment.fails("team remove analysts", 3, "not_found");
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    let deployment = Deployment::new();
    deployment.fails("user show nobody", 3, "not_found");
    deployment.fails(
        "user add grace --workspace nowhere --role viewer",
        3,
        "not_found",
    );
    // Nothing of it was done.
    assert_eq!(0, deployment.json("user list").as_array().unwrap().len());
    deployment.json("user add grace");
    deployment.fails("user add Grace", 4, "conflict");
    let told = deployment.fails("user set grace", 2, "invalid");
    assert!(told.contains("--email"), "{told}");
    // What clap refuses, with its own exit code.
    for wrong in [
        "user join grace --workspace demo --role owner",
        "token add grace x --expires-in 3weeks",
        "flag set MCP_OAUTH_ENABLED maybe",
        "workspace show Not_A_Slug",
    ] {
        let output = deployment.run(wrong);
        assert_eq!(Some(2), output.status.code(), "{wrong}: {}", err(&output));
    }
    let told = deployment.fails(
        "user join grace --workspace acme --role viewer",
        3,
        "not_found",
    );
    assert_eq!("workspace \"acme\" does not exist; there is demo", told);
    let output = deployment.run("user show nobody");
    let told = err(&output);
    let lines: Vec<_> = told.lines().collect();
    let manager = deployment.folder.path().join("manager.sqlite");
    assert_eq!(
        [
            format!("tidegate: manager {}", manager.display()).as_str(),
            "tidegate: user \"nobody\" does not exist",
        ],
        lines[..]
    );
}

#[test]
fn a_command_makes_no_manager_and_leaves_no_file() {
    let deployment = Deployment::never_started();
    for line in [
        "user list",
        "user add grace --administrator",
        "workspace list",
        "key rotate",
    ] {
        let told = deployment.fails(line, 1, "no_manager");
        let manager = deployment.folder.path().join("manager.sqlite");
        assert_eq!(
            format!(
                "no manager at {}; start the server once, or give --config",
                manager.display()
            ),
            told,
            "{line}"
        );
        assert_eq!(Vec::<String>::new(), deployment.files(), "{line}");
    }
    // Nor the folder for it; a relative one is told with the folder that it is in.
    let elsewhere = deployment.run_in("user list", &[("TIDEGATE_DATA_DIR", "./data")]);
    assert_eq!(Some(1), elsewhere.status.code());
    let told = err(&elsewhere);
    assert!(
        told.starts_with("tidegate: no manager at ./data/manager.sqlite in the folder /"),
        "{told}"
    );
    assert_eq!(Vec::<String>::new(), deployment.files());

    // An empty file is none.
    std::fs::write(deployment.folder.path().join("manager.sqlite"), b"").unwrap();
    deployment.fails("user list", 1, "no_manager");
    assert_eq!(["manager.sqlite"], deployment.files()[..]);
}

#[test]
fn a_command_leaves_only_what_it_found() {
    let deployment = Deployment::new();
    let before = deployment.files();
    deployment.json("user add grace --workspace demo --role viewer");
    deployment.json("user list");
    deployment.fails("user show nobody", 3, "not_found");
    assert_eq!(before, deployment.files());
}

#[test]
fn a_command_says_which_manager_it_asked() {
    let deployment = Deployment::new();
    let manager = deployment.folder.path().join("manager.sqlite");
    let expected = format!("tidegate: manager {}\n", manager.display());
    assert_eq!(expected, err(&deployment.run("user list")));
    let output = deployment.run("user list --json");
    assert_eq!(expected, err(&output));
    let output = deployment.run("user show nobody --json");
    let told: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(manager.display().to_string(), told["manager"]);
}

#[test]
fn a_member_whom_superset_does_not_have_is_warned_of() {
    let deployment = Deployment::new();
    let superset = make_superset(deployment.folder.path());
    let metastore = format!("sqlite://{}", superset.display());
    let environment = [
        ("TIDEGATE_WORKSPACES__ACME__METASTORE", metastore.as_str()),
        ("TIDEGATE_WORKSPACES__DEMO__METASTORE", "embedded"),
    ];
    let run = |line: &str| deployment.run_in(line, &environment);
    for (line, warning) in [
        (
            "user add grace --workspace acme --role viewer",
            "has no user \"grace\"",
        ),
        (
            "user join grace --workspace acme --role viewer",
            "--superset-username <user>",
        ),
        (
            "user join grace --workspace acme --role viewer --superset-username viewer",
            "\"viewer\" of workspace acme's Superset is not active",
        ),
        (
            "user add-service robot --workspace acme --role viewer",
            "has no user \"robot\"",
        ),
        (
            "client add-machine pipeline --workspace acme --service-account pipe --role viewer",
            "has no user \"pipe\"",
        ),
        // Names of Superset are told apart by case.
        (
            "user join grace --workspace acme --role viewer --superset-username Analyst",
            "has no user \"Analyst\"",
        ),
    ] {
        let output = run(line);
        assert!(output.status.success(), "{line}: {}", err(&output));
        assert!(err(&output).contains("tidegate: warning: "), "{line}");
        assert!(err(&output).contains(warning), "{line}: {}", err(&output));
    }
    for line in [
        "user join grace --workspace acme --role viewer --superset-username analyst",
        "client add-machine nightly --workspace acme --service-account night --role viewer --superset-username analyst",
        "user join grace --workspace demo --role viewer",
    ] {
        let output = run(line);
        assert!(output.status.success(), "{line}: {}", err(&output));
        assert!(
            !err(&output).contains("warning"),
            "{line}: {}",
            err(&output)
        );
    }
    let output = run("user add heidi --workspace acme --role viewer --json");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let warning = shown["warnings"][0].as_str().unwrap();
    assert!(warning.contains("no user \"heidi\""), "{warning}");
    let output = run("user show night --json");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!("analyst", shown["memberships"][0]["superset_username"]);
}

/// A Superset's metastore with an active user `analyst`, and `viewer`, who is not. Where it is.
fn make_superset(folder: &std::path::Path) -> PathBuf {
    block_on(async {
        let slug = "superset".parse().unwrap();
        let made = create_embedded(folder, &slug, &SystemClock).await.unwrap();
        let pool = Pool::sqlite_owned(&made.metastore, PoolSettings::default());
        let switch_off = "UPDATE ab_user SET active = 0 WHERE username = 'viewer';";
        pool.run_script("switch a user off", switch_off, "")
            .await
            .unwrap();
        pool.close().await;
        made.metastore
    })
}

#[test]
fn without_a_manager_it_says_what_to_set() {
    let deployment = Deployment::new();
    let output = deployment.run_in("user list", &[("TIDEGATE_MANAGER__URL", "")]);
    assert_eq!(Some(2), output.status.code(), "{}", err(&output));
    assert!(err(&output).contains("manager.url"), "{}", err(&output));
}

#[test]
fn an_unreachable_manager_is_told_without_its_password() {
    let deployment = Deployment::new();
    let environment = [
        (
            "TIDEGATE_MANAGER__URL",
            "postgres://tidegate:hunter2@127.0.0.1:1/manager",
        ),
        (
            "TIDEGATE_MANAGER__SECRET",
            "a secret of more than thirty-two characters",
        ),
    ];
    let output = deployment.run_in("user list", &environment);
    assert_eq!(Some(1), output.status.code(), "{}", err(&output));
    assert!(
        err(&output).contains("cannot be reached"),
        "{}",
        err(&output)
    );
    assert!(!err(&output).contains("hunter2"), "{}", err(&output));
}
