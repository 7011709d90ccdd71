//! `execute_sql` by users of a real Superset's metadata, on a PostgreSQL that holds a few rows.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_engines::Engines;
use tidegate_metastore::{Metastore, MetastoreSettings};
use tidegate_protocol::content::ContentBlock;
use tidegate_protocol::{ClientCapabilities, LogLevel};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::superset;
use tidegate_tools::{
    Answers, CallArguments, CallContext, CallWork, Change, ChangeNotifier, ClientChannel,
    FixedFeatures, Questions, SqlLimits, ToolFailure, Workspace, WriteMark, builtin,
};
use tidegate_types::{
    ClientName, Clock, Credential, Principal, ScopeSet, SecretString, SystemClock,
};
use tokio_util::sync::CancellationToken;

/// `finn` sees sales of three countries and of medium size only, `dan` games after 2005 only.
const DATA: &str = "
    CREATE ROLE superset SUPERUSER LOGIN;
    CREATE TABLE cleaned_sales_data(order_number int, country text, deal_size text);
    INSERT INTO cleaned_sales_data VALUES
        (1, 'France', 'Medium'), (2, 'France', 'Large'), (3, 'USA', 'Medium'), (4, 'Spain', 'Medium');
    CREATE TABLE video_game_sales(name text, year float8);
    INSERT INTO video_game_sales VALUES ('old', 1999), ('new', 2010), ('undated', NULL);
    CREATE TABLE salaries(amount int);
    INSERT INTO salaries VALUES (42);";

struct Fixture {
    server: PostgresServer,
    metastore: Metastore,
    engines: Arc<Engines>,
}

impl Fixture {
    fn new() -> Self {
        let server = PostgresServer::start().unwrap();
        let url = superset::restore(&server, "superset").unwrap();
        server.create_database("examples").unwrap();
        server.execute("examples", DATA).unwrap();
        let port = server.port();
        let fixture = Self {
            metastore: Metastore::connect_postgres(
                &SecretString::from(url),
                MetastoreSettings {
                    secret_key: Some(SecretString::from(superset::SECRET_KEY)),
                    ..MetastoreSettings::default()
                },
            )
            .unwrap(),
            engines: Arc::new(Engines::builder().build()),
            server,
        };
        fixture.change(&format!(
            "UPDATE dbs SET sqlalchemy_uri = replace(sqlalchemy_uri, ':5433/', ':{port}/')"
        ));
        // SQL Lab, without the right to the whole database.
        fixture.change(
            "INSERT INTO ab_user_role(id, user_id, role_id) SELECT 900, u.id, r.id \
             FROM ab_user u, ab_role r WHERE u.username = 'finn' AND r.name = 'sql_lab'",
        );
        fixture
    }

    fn change(&self, sql: &str) {
        self.server.execute("superset", sql).unwrap();
    }

    async fn context(&self, user: &str) -> CallContext {
        let user = self
            .metastore
            .users()
            .by_username(user)
            .await
            .unwrap()
            .unwrap();
        let access = self.metastore.access_of(user.id).await.unwrap().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let workspace = Workspace {
            slug: "demo".parse().unwrap(),
            public_url: Some("https://superset.example.com".into()),
            metastore: self.metastore.clone(),
            engines: self.engines.clone(),
            sql_limits: SqlLimits {
                default_rows: 100,
                max_rows: 1_000,
                max_seconds: 60,
                max_bytes: 1 << 20,
                may_write: true,
                definitions: tidegate_sql_guard::DefinitionKinds::ALL,
                pool: tidegate_engines::PoolLimits::default(),
            },
            features: Arc::new(FixedFeatures::default()),
        };
        CallContext {
            principal: Arc::new(Principal {
                workspace: workspace.slug.clone(),
                user: user.id,
                username: user.username.as_str().into(),
                scopes: ScopeSet::all(),
                client: ClientName("test".into()),
                credential: Credential::Development,
            }),
            workspace: Arc::new(workspace),
            access: Arc::new(access),
            client: Arc::new(NoClient::default()),
            cancel: CancellationToken::new(),
            write: WriteMark::default(),
            work: CallWork::default(),
            time_limit: Duration::from_mins(1),
            catalogue: Arc::new(builtin(&clock).build().unwrap()),
            clock,
            changes: Arc::new(NoClient::default()),
        }
    }

    async fn run(&self, user: &str, request: Value) -> Result<Value, ToolFailure> {
        run(&self.context(user).await, request).await
    }

    async fn sql(&self, user: &str, sql: &str) -> Result<Value, ToolFailure> {
        self.run(user, json!({ "database_id": 1, "sql": sql }))
            .await
    }

    async fn value(&self, user: &str, sql: &str) -> Value {
        let answer = self
            .sql(user, sql)
            .await
            .unwrap_or_else(|err| panic!("{sql}: {err:?}"));
        let row = answer["rows"][0].as_object().unwrap();
        row.values().next().unwrap().clone()
    }
}

async fn run(context: &CallContext, request: Value) -> Result<Value, ToolFailure> {
    let arguments: Box<RawValue> =
        serde_json::value::to_raw_value(&json!({ "request": request })).unwrap();
    let call = context.catalogue.resolve_call(
        "execute_sql",
        CallArguments::read(Some(&arguments)),
        &context.principal,
        &context.access,
    )?;
    let output = call.entry.run(context, call.arguments).await?;
    match &output.result.content[0] {
        ContentBlock::Text { text } => Ok(serde_json::from_str(text).unwrap()),
        other => panic!("no text: {other:?}"),
    }
}

fn shown(failure: ToolFailure) -> Value {
    match failure {
        ToolFailure::Failed {
            answer: Some(answer),
            ..
        } => answer,
        other => panic!("not in Superset's shape: {other:?}"),
    }
}

#[derive(Default)]
struct NoClient(ClientCapabilities);

#[async_trait::async_trait]
impl ClientChannel for NoClient {
    fn capabilities(&self) -> &ClientCapabilities {
        &self.0
    }
    fn progress(&self, _: f64, _: Option<f64>, _: Option<&str>) {}
    fn log(&self, _: LogLevel, _: &str, _: Value) {}
    fn state(&self) -> Option<&Value> {
        None
    }
    async fn ask(&self, _: Questions, _: Option<Value>) -> Result<Answers, ToolFailure> {
        Err(ToolFailure::Cancelled)
    }
}

#[async_trait::async_trait]
impl ChangeNotifier for NoClient {
    async fn notify(&self, _: Change) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_have_supersets_shape() {
    let fixture = Fixture::new();
    let one = fixture
        .sql("admin", "select 1 as a, 'x' as b")
        .await
        .unwrap();
    assert_eq!(json!(true), one["success"]);
    assert_eq!(json!([{ "a": 1, "b": "x" }]), one["rows"]);
    assert_eq!(
        json!([
            { "name": "a", "type": "int64", "is_nullable": null },
            { "name": "b", "type": "object", "is_nullable": null },
        ]),
        one["columns"]
    );
    assert_eq!(
        (&json!(1), &json!(null)),
        (&one["row_count"], &one["affected_rows"])
    );
    assert_eq!(
        (&json!(null), &json!(null)),
        (&one["error"], &one["multi_statement_warning"])
    );
    assert_eq!(1, one["statements"].as_array().unwrap().len());

    let two = fixture
        .sql("admin", "begin; select 1 as a; select 2 as b; commit")
        .await
        .unwrap();
    assert_eq!(json!([{ "b": 2 }]), two["rows"]);
    assert!(two["multi_statement_warning"].is_string());
    assert_eq!(json!([{ "a": 1 }]), two["statements"][1]["data"]["rows"]);
    assert_eq!(json!(-1), two["statements"][3]["row_count"]);

    let none = fixture.sql("admin", "-- only a comment").await.unwrap();
    assert_eq!(
        (&json!(true), &json!(null)),
        (&none["success"], &none["rows"])
    );

    let failed = shown(
        fixture
            .sql("admin", "select * from nope")
            .await
            .unwrap_err(),
    );
    assert_eq!(json!(false), failed["success"]);
    assert_eq!(
        json!("postgresql error: relation \"nope\" does not exist"),
        failed["error"]
    );

    let dry = fixture
        .run(
            "dan",
            json!({ "database_id": 1, "sql": "select * from video_game_sales", "dry_run": true }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&json!(null), &json!(0)),
        (&dry["rows"], &dry["affected_rows"])
    );
    let executed = dry["statements"][0]["executed_sql"].as_str().unwrap();
    assert!(executed.contains("year > 2005"), "{executed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_under_row_level_security_stay_hidden() {
    let fixture = Fixture::new();
    for sql in [
        "select string_agg(name, ',') from video_game_sales",
        "select string_agg(g.name, ',') from PUBLIC.Video_Game_Sales g",
        "with video_game_sales as (select * from video_game_sales) select string_agg(name, ',') from video_game_sales",
        "select string_agg(name, ',') from (select * from video_game_sales union select * from video_game_sales) q",
        "select string_agg(a.name, ',') from video_game_sales a join public.video_game_sales b on a.name = b.name",
        "select (select string_agg(name, ',') from video_game_sales) from salaries",
    ] {
        assert_eq!(json!("new"), fixture.value("dan", sql).await, "{sql}");
    }
    // The rule is not for administrators.
    assert_eq!(
        json!(3),
        fixture
            .value("admin", "select count(*) from video_game_sales")
            .await
    );
    // Two rules of different groups, both of which must hold.
    assert_eq!(
        json!(2),
        fixture
            .value("finn", "select count(*) from cleaned_sales_data")
            .await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_tables_that_are_open_can_be_read() {
    let fixture = Fixture::new();
    assert_eq!(
        json!(42),
        fixture.value("dan", "select amount from salaries").await
    );
    assert_eq!(json!(1), fixture.value("finn", "select 1").await);
    let mut texts = Vec::new();
    for sql in [
        "select * from salaries",
        "select * from video_game_sales",
        "select * from nowhere",
        "select * from other.cleaned_sales_data",
        "select 1 where exists (select 1 from salaries)",
        "select * from information_schema.tables",
        "select * from pg_class",
    ] {
        let failure = fixture.sql("finn", sql).await.unwrap_err();
        assert!(
            matches!(failure, ToolFailure::Forbidden(_)),
            "{sql}: {failure:?}"
        );
        texts.push(failure.to_string());
    }
    assert_eq!(
        texts[0].replace("salaries", "nowhere"),
        texts[2],
        "whether a table exists is not told"
    );
    // Without the permission the tool is not there.
    let failure = fixture.sql("ben", "select 1").await.unwrap_err();
    assert!(matches!(failure, ToolFailure::NotFound(_)), "{failure:?}");
    let failure = fixture
        .run("admin", json!({ "database_id": 99, "sql": "select 1" }))
        .await
        .unwrap_err();
    assert!(matches!(failure, ToolFailure::NotFound(_)), "{failure:?}");
    fixture.change("UPDATE dbs SET expose_in_sqllab = false");
    let failure = fixture.sql("admin", "select 1").await.unwrap_err();
    assert!(matches!(failure, ToolFailure::Forbidden(_)), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_need_a_database_that_allows_them() {
    let fixture = Fixture::new();
    let insert = "insert into salaries values (1), (2)";
    for (sql, what) in [
        (insert, "DML"),
        ("drop table salaries", "DDL"),
        ("create table wages (pay int)", "DDL"),
        (
            "with d as (delete from salaries returning *) select * from d",
            "DML",
        ),
    ] {
        let failed = shown(fixture.sql("admin", sql).await.unwrap_err());
        let told = failed["error"].as_str().unwrap();
        let expected = format!("{what} queries are not allowed");
        assert!(told.starts_with(&expected), "{failed}");
        assert_eq!("dml_not_allowed", failed["error_type"], "{failed}");
    }
    fixture.change("UPDATE dbs SET allow_dml = true");
    let done = fixture.sql("admin", insert).await.unwrap();
    assert_eq!(
        (&json!(2), &json!(null)),
        (&done["affected_rows"], &done["rows"])
    );
    assert_eq!(
        json!(3),
        fixture
            .value("admin", "select count(*) from salaries")
            .await
    );
    shown(
        fixture
            .sql("dan", "delete from video_game_sales")
            .await
            .unwrap_err(),
    );
    shown(
        fixture
            .sql("admin", "delete from salaries; insert into nope values (1)")
            .await
            .unwrap_err(),
    );
    assert_eq!(
        json!(3),
        fixture
            .value("admin", "select count(*) from salaries")
            .await,
        "all or nothing"
    );
    let failure = fixture
        .sql("finn", "delete from salaries")
        .await
        .unwrap_err();
    assert!(matches!(failure, ToolFailure::Forbidden(_)), "{failure:?}");

    let mut context = fixture.context("admin").await;
    Arc::make_mut(&mut context.workspace).sql_limits.may_write = false;
    let read_only = run(&context, json!({ "database_id": 1, "sql": insert })).await;
    shown(read_only.unwrap_err());
    assert_eq!(
        json!(3),
        fixture
            .value("admin", "select count(*) from salaries")
            .await,
        "a workspace may be read-only whatever its databases allow"
    );
}

/// `finn` may change `scratch`, a dataset of his, and nothing else.
impl Fixture {
    fn with_scratch() -> Self {
        let fixture = Self::new();
        fixture.change("UPDATE dbs SET allow_dml = true");
        fixture.change(
            "INSERT INTO tables(id, table_name, schema, database_id, uuid, perm, schema_perm, is_managed_externally)
             SELECT 900, 'scratch', 'public', d.id, '00000000-0000-0000-0000-000000000900',
                    '[examples].[scratch](id:900)', t.schema_perm, false
             FROM dbs d JOIN tables t ON t.database_id = d.id WHERE d.id = 1 LIMIT 1;
             INSERT INTO ab_view_menu(id, name) VALUES (9000, '[examples].[scratch](id:900)');
             INSERT INTO ab_permission_view(id, permission_id, view_menu_id)
             SELECT 9000, id, 9000 FROM ab_permission WHERE name = 'datasource_access';
             INSERT INTO ab_permission_view_role(id, permission_view_id, role_id)
             SELECT 9000, 9000, r.role_id FROM ab_user_role r JOIN ab_user u ON u.id = r.user_id
             WHERE u.username = 'finn' LIMIT 1;",
        );
        fixture
            .server
            .execute(
                "examples",
                "CREATE TABLE scratch(id int, note text); INSERT INTO scratch VALUES (1, 'mine');
                 CREATE TABLE private_notes(id int PRIMARY KEY, note text); INSERT INTO private_notes VALUES (77, 'secret')",
            )
            .unwrap();
        fixture
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_reach_no_table_without_a_right_whatever_hides_it() {
    let fixture = Fixture::with_scratch();
    let changed = fixture
        .sql("finn", "update scratch set note = 'still mine'")
        .await
        .unwrap();
    assert_eq!(json!(1), changed["affected_rows"]);
    let many = json!({
        "database_id": 1, "limit": 3,
        "sql": "insert into scratch select i, 'many' from generate_series(1, 5000) i returning id",
    });
    let changed = fixture.run("finn", many).await.unwrap();
    assert_eq!(
        (&json!(5_000), &json!(3)),
        (&changed["affected_rows"], &changed["row_count"])
    );
    let told = changed["truncated"].as_str().unwrap();
    assert!(told.starts_with("all 5000 rows were changed"), "{told}");
    let script = json!({
        "database_id": 1, "limit": 3,
        "sql": "update scratch set note = 'more' where note = 'many' returning id; update scratch set note = 'many' where id = 1 and note = 'more'",
    });
    let changed = fixture.run("finn", script).await.unwrap();
    let counts = changed["statements"].as_array().unwrap().iter();
    assert_eq!(json!(null), changed["affected_rows"]);
    assert_eq!(
        vec![&json!(5_000), &json!(1)],
        counts.map(|one| &one["row_count"]).collect::<Vec<_>>()
    );
    fixture
        .sql(
            "finn",
            "update scratch set note = 'many' where note = 'more'",
        )
        .await
        .unwrap();
    let counted = "with d as (delete from scratch where note = 'many' returning *) select count(*) as n from d";
    let counted = fixture.sql("finn", counted).await.unwrap();
    assert_eq!(
        (&json!(null), &json!([{ "n": 5_000 }])),
        (&counted["affected_rows"], &counted["rows"])
    );
    for sql in [
        "with private_notes as (select * from scratch) update private_notes set note = note returning *",
        "with private_notes as (select * from scratch) delete from private_notes returning *",
        "with private_notes as (select * from scratch) insert into private_notes select * from private_notes returning *",
        "with private_notes as (select * from scratch) merge into private_notes using scratch \
         on private_notes.id = scratch.id when not matched then insert values (2, 'x')",
        "with a as (with private_notes as (select 1) delete from private_notes returning *) select * from a",
        "create table scratch2 (id int references private_notes(id))",
        "drop table scratch; create table scratch () inherits (private_notes)",
        "alter table scratch rename to private_notes2",
        "alter table scratch add foreign key (id) references private_notes",
    ] {
        let failure = fixture.sql("finn", sql).await.unwrap_err();
        assert!(
            matches!(failure, ToolFailure::Forbidden(_)),
            "{sql}: {failure:?}"
        );
        assert!(failure.to_string().contains("private_notes"), "{failure}");
    }
    // Rows under a rule are not changed by this way either.
    for sql in [
        "update cleaned_sales_data set deal_size = deal_size",
        "with cleaned_sales_data as (select * from scratch) update cleaned_sales_data set deal_size = '' returning *",
    ] {
        let failed = shown(fixture.sql("finn", sql).await.unwrap_err());
        assert_eq!(json!("not_allowed"), failed["error_type"], "{sql}");
    }
    let notes = fixture.value("admin", "select string_agg(note, ',') from private_notes");
    assert_eq!(json!("secret"), notes.await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_temporary_table_takes_the_place_of_a_table() {
    let fixture = Fixture::with_scratch();
    for sql in [
        "create temp table scratch as select 666 as id, 'poisoned'::text as note from scratch",
        "create temporary view scratch as select 666 as id",
        "create table pg_temp.scratch (id int)",
        "select 666 as id into temp scratch",
    ] {
        for user in ["finn", "admin"] {
            shown(fixture.sql(user, sql).await.unwrap_err());
        }
    }
    let note = fixture.value("admin", "select note from scratch").await;
    assert_eq!(json!("mine"), note);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_and_time_are_limited_and_a_cancel_reaches_the_server() {
    let fixture = Fixture::new();
    let series = "select n from generate_series(1, 5000) n";
    let cut = fixture.sql("admin", series).await.unwrap();
    assert_eq!(json!(100), cut["row_count"]);
    assert!(cut["truncated"].as_str().unwrap().contains("100"));
    // The statement's own limit, that of the call, and how many rows come; whether the answer says that there are more.
    for (own, limit, rows, is_cut) in [
        ("limit 5", 2, 2, true),
        ("limit 5", 5, 5, false),
        ("limit 5", 10, 5, false),
        ("limit 1 + 2", 10, 3, false),
        ("limit 1 + 2", 2, 2, true),
        ("limit (select 3)", 1_000, 3, false),
        ("limit '2'", 10, 2, false),
        ("limit all", 10, 10, true),
        ("offset 4995", 10, 5, false),
        ("order by n / 3 fetch first 3 rows with ties", 10, 5, false),
        ("order by n / 3 fetch first 3 rows with ties", 4, 4, true),
        ("fetch first row only", 10, 1, false),
        ("", 10, 10, true),
        ("", 10_000, 1_000, true),
        ("limit 2000", 10_000, 1_000, true),
        ("where n <= 10", 10, 10, false),
    ] {
        let sql = format!("{series} {own}");
        let request = json!({ "database_id": 1, "sql": sql, "limit": limit });
        let answer = fixture.run("admin", request).await.unwrap();
        assert_eq!(json!(rows), answer["row_count"], "{sql} {limit}");
        assert_eq!(is_cut, answer["truncated"].is_string(), "{sql} {limit}");
    }
    let texts = fixture
        .sql("admin", "select -- why\n 1 as  a")
        .await
        .unwrap();
    assert_eq!(
        json!("select -- why\n 1 as  a"),
        texts["statements"][0]["original_sql"]
    );
    let endless = "select count(*) /* endless */ from generate_series(1, 1000000000000) a";
    let start = Instant::now();
    let failure = fixture
        .run(
            "admin",
            json!({ "database_id": 1, "sql": endless, "timeout": 1 }),
        )
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ToolFailure::Timeout { seconds: 1 }),
        "{failure:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(20));

    let running =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'superset'";
    fixture.server.eventually("postgres", running, "0").unwrap();
    let context = fixture.context("admin").await;
    let cancel = context.cancel.clone();
    let call =
        tokio::spawn(
            async move { run(&context, json!({ "database_id": 1, "sql": endless })).await },
        );
    fixture.server.eventually("postgres", running, "1").unwrap();
    cancel.cancel();
    assert!(matches!(call.await.unwrap(), Err(ToolFailure::Cancelled)));
    fixture.server.eventually("postgres", running, "0").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_is_told_with_the_nearest_name_that_the_caller_may_read() {
    let fixture = Fixture::new();
    let more = "CREATE SCHEMA shop; CREATE TABLE shop.refunds(id int); \
                CREATE TABLE \"orderLines\"(\"unitPrice\" int, \"order\" int); \
                CREATE TABLE \"цены\"(\"товар\" text, \"сумма\" int)";
    fixture.server.execute("examples", more).unwrap();
    for (user, sql, expected) in [
        (
            "admin",
            "select * from clean_sales_data",
            "postgresql error: relation \"clean_sales_data\" does not exist; did you mean cleaned_sales_data?",
        ),
        (
            "admin",
            "select s.contry from cleaned_sales_data s",
            "postgresql error: column s.contry does not exist\nHINT: Perhaps you meant to reference the column \
             \"s.country\".\ndid you mean country? columns of cleaned_sales_data: order_number, country, deal_size",
        ),
        (
            "admin",
            "select nothing_like_it from salaries",
            "postgresql error: column \"nothing_like_it\" does not exist; columns of salaries: amount",
        ),
        (
            "admin",
            "select unitprice from \"orderLines\"",
            "postgresql error: column \"unitprice\" does not exist\nHINT: Perhaps you meant to reference the column \
             \"orderLines.unitPrice\".\ndid you mean \"unitPrice\"? columns of \"orderLines\": \
             \"unitPrice\", \"order\"",
        ),
        // It is there, but not behind this alias.
        (
            "admin",
            "select c.amount from cleaned_sales_data c, salaries s",
            "postgresql error: column c.amount does not exist\nHINT: Perhaps you meant to reference the column \
             \"s.amount\".\ncolumns of cleaned_sales_data: order_number, country, deal_size columns of salaries: amount",
        ),
        (
            "admin",
            "select 1 from orderlines",
            "postgresql error: relation \"orderlines\" does not exist; did you mean \"orderLines\"?",
        ),
        (
            "admin",
            "select \"сума\" from \"цены\"",
            "postgresql error: column \"сума\" does not exist\nHINT: Perhaps you meant to reference the column \
             \"цены.сумма\".\ndid you mean \"сумма\"? columns of \"цены\": \"товар\", \
             \"сумма\"",
        ),
        (
            "admin",
            "select * from refunds",
            "postgresql error: relation \"refunds\" does not exist; did you mean shop.refunds?",
        ),
        (
            "admin",
            "select * from nothing_like_it",
            "postgresql error: relation \"nothing_like_it\" does not exist",
        ),
        (
            "admin",
            "select 1/0 from salaries",
            "postgresql error: division by zero",
        ),
        // Under a rule the database's own words are left out, and ours are not.
        (
            "finn",
            "select contry from cleaned_sales_data",
            "postgresql error: a column that it names does not exist (SQLSTATE 42703); the database's own words are left \
             out, because row level security hides rows of a table in the statement; did you mean country? columns of \
             public.cleaned_sales_data: order_number, country, deal_size",
        ),
    ] {
        let failed = shown(fixture.sql(user, sql).await.unwrap_err());
        assert_eq!(json!(expected), failed["error"], "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_refers_to_a_table_is_not_named_to_those_who_do_not_see_every_table() {
    let fixture = Fixture::new();
    let more = "CREATE TABLE public.tariff(id int PRIMARY KEY); CREATE TABLE public.secret_part(of int REFERENCES tariff); \
                INSERT INTO tariff VALUES (1), (2); INSERT INTO secret_part VALUES (1); \
                ALTER TABLE salaries ADD part int REFERENCES tariff";
    fixture.server.execute("examples", more).unwrap();
    fixture.change("UPDATE dbs SET allow_dml = true");
    fixture
        .change("UPDATE tables SET table_name = 'tariff' WHERE table_name = 'cleaned_sales_data'");
    fixture.change("DELETE FROM rls_filter_tables");
    for (sql, expected) in [
        (
            "delete from tariff where id = 1",
            "a foreign key forbids it (SQLSTATE 23503)",
        ),
        (
            "drop table tariff",
            "something depends on it (SQLSTATE 2BP01)",
        ),
        (
            "truncate tariff",
            "cannot truncate a table referenced in a foreign key constraint (SQLSTATE 0A000)",
        ),
        (
            "alter table tariff alter column id type text",
            "a foreign key forbids it (SQLSTATE 42804)",
        ),
        (
            "insert into tariff values (2)",
            "duplicate key value violates unique constraint \"tariff_pkey\"",
        ),
    ] {
        let failed = shown(fixture.sql("finn", sql).await.unwrap_err());
        assert_eq!(
            json!(format!("postgresql error: {expected}")),
            failed["error"],
            "{sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_closed_is_not_named_whether_it_is_there_or_not() {
    let fixture = Fixture::new();
    for (sql, expected) in [
        (
            "select * from clean_sales_data",
            "clean_sales_data; did you mean cleaned_sales_data? list_datasets",
        ),
        ("select * from salaries", "salaries; list_datasets"),
        ("select * from salary", "salary; list_datasets"),
        ("select * from refund", "refund; list_datasets"),
    ] {
        let failed = fixture.sql("finn", sql).await.unwrap_err();
        let ToolFailure::Forbidden(message) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(
            format!(
                "access denied: you need access to the following tables: {expected} shows what you may query"
            ),
            message
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_arguments_are_named() {
    let fixture = Fixture::new();
    for (request, path) in [
        (json!({ "database_id": 1 }), "sql"),
        (json!({ "database_id": 1, "sql": "  " }), "request.sql"),
        (
            json!({ "database_id": 1, "sql": "select 1", "limit": 0 }),
            "limit",
        ),
        (
            json!({ "database_id": 1, "sql": "select 1", "timeout": 301 }),
            "timeout",
        ),
        (
            json!({ "database_id": 1, "sql": "select 1", "catalog": "other" }),
            "request.catalog",
        ),
    ] {
        match fixture.run("admin", request.clone()).await.unwrap_err() {
            ToolFailure::InvalidArguments(problems) => {
                assert!(problems[0].path.ends_with(path), "{request}: {problems:?}");
            }
            other => panic!("{request}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn braces_are_data_unless_templates_are_on_and_there_are_parameters() {
    let fixture = Fixture::new();
    let mut context = fixture.context("admin").await;
    for sql in [
        "select '{{ x }}' as x",
        "select '{{ x }}' as x -- {{ ref('orders') }} {% if %}",
        "select '{{ x }}' as x /* {{ds}} */",
    ] {
        for params in [json!(null), json!({}), json!({ "y": 1 })] {
            let request = json!({ "database_id": 1, "sql": sql, "template_params": params });
            let answer = run(&context, request).await.unwrap();
            assert_eq!(
                json!([{ "x": "{{ x }}" }]),
                answer["rows"],
                "{sql} {params}"
            );
        }
    }
    let request = |sql: &str| json!({ "database_id": 1, "sql": sql, "template_params": { "x": "it's", "n": 2 } });
    match run(&context, request("select '{{ x }}'"))
        .await
        .unwrap_err()
    {
        ToolFailure::InvalidArguments(problems) => {
            assert!(
                problems[0].path.ends_with("template_params"),
                "{problems:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    let failed = shown(fixture.sql("admin", "select {{ x }}").await.unwrap_err());
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("templates are not filled in"), "{error}");

    let features = FixedFeatures {
        fills_in_templates: true,
    };
    Arc::make_mut(&mut context.workspace).features = Arc::new(features);
    let sql = "select '{{ x }}' as x, {{n}} as n, '{{1,2}}' as a -- {{n}}";
    let answer = run(&context, request(sql)).await.unwrap();
    assert_eq!(
        json!([{ "x": "it's", "n": 2, "a": "{{1,2}}" }]),
        answer["rows"]
    );
    for (sql, words) in [
        ("select {{ nope }}", "nope"),
        ("select {{ 1 + 1 }}", "1 + 1"),
        ("{% set x = 1 %} select 1", "{% set"),
    ] {
        let failed = shown(run(&context, request(sql)).await.unwrap_err());
        assert!(
            failed["error"].as_str().unwrap().contains(words),
            "{failed}"
        );
    }
    // A value is no way around the guard.
    let injected = json!({ "database_id": 1, "sql": "select {{ x }}", "template_params": { "x": "1; drop table salaries" } });
    shown(run(&context, injected).await.unwrap_err());
    let plain = run(
        &context,
        json!({ "database_id": 1, "sql": "select '{{ x }}' as x" }),
    )
    .await;
    assert_eq!(json!([{ "x": "{{ x }}" }]), plain.unwrap()["rows"]);
}

/// Another table of the same name in a schema of its own, and one that `public` does not have.
const SHADOW: &str = "
    CREATE SCHEMA shadow;
    CREATE TABLE shadow.cleaned_sales_data AS SELECT * FROM public.cleaned_sales_data;
    CREATE TABLE shadow.video_game_sales AS SELECT * FROM public.video_game_sales;
    CREATE TABLE shadow.extra(a int);
    INSERT INTO shadow.extra VALUES (7);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_and_rules_are_those_of_the_table_that_a_bare_name_means() {
    let fixture = Fixture::new();
    fixture.server.execute("examples", SHADOW).unwrap();
    fixture
        .server
        .execute(
            "examples",
            "ALTER ROLE superset SET search_path = shadow, public",
        )
        .unwrap();
    let (sales, games) = (
        "select count(*) from cleaned_sales_data",
        "select count(*) from video_game_sales",
    );
    assert_eq!(json!(4), fixture.value("admin", sales).await);
    assert_eq!(
        json!(7),
        fixture.value("admin", "select a from extra").await
    );
    // finn's dataset, and its rules, are in public. What the bare name means is another table.
    for sql in [
        sales,
        "select * from extra",
        "select * from nowhere",
        "select * from pg_class",
    ] {
        let failure = fixture.sql("finn", sql).await.unwrap_err();
        assert!(
            matches!(failure, ToolFailure::Forbidden(_)),
            "{sql}: {failure:?}"
        );
    }
    let qualified = "select count(*) from public.cleaned_sales_data";
    assert_eq!(json!(2), fixture.value("finn", qualified).await);
    // dan has the whole database, and a rule on the games of public.
    assert_eq!(json!(3), fixture.value("dan", games).await);
    let qualified = "select count(*) from public.video_game_sales";
    assert_eq!(json!(1), fixture.value("dan", qualified).await);
    // A schema of the call comes before the path, which goes on to be looked in.
    for (user, schema, sql, expected) in [
        ("dan", "public", games, 1),
        ("dan", "shadow", games, 3),
        ("finn", "public", sales, 2),
        ("admin", "public", "select count(*) from extra", 1),
    ] {
        let answer = fixture
            .run(
                user,
                json!({ "database_id": 1, "sql": sql, "schema": schema }),
            )
            .await;
        assert_eq!(
            json!([{ "count": expected }]),
            answer.unwrap()["rows"],
            "{user} {schema} {sql}"
        );
    }
    let request = json!({ "database_id": 1, "sql": sales, "schema": "shadow" });
    let failure = fixture.run("finn", request).await.unwrap_err();
    assert!(
        matches!(failure, ToolFailure::InvalidArguments(_)),
        "{failure:?}"
    );
}

/// PostgreSQL looks a name up once more when it had to wait for a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_is_the_table_that_was_checked_whatever_is_renamed_meanwhile() {
    const RENAME: &str = "ALTER TABLE shadow.video_game_sales RENAME TO gone;
        DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$";
    const IS_RENAMING: &str = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
        AND relation = 'shadow.video_game_sales'::regclass";
    let fixture = Fixture::new();
    fixture.server.execute("examples", SHADOW).unwrap();
    let path = "ALTER ROLE superset SET search_path = shadow, public";
    fixture.server.execute("examples", path).unwrap();
    let context = fixture.context("dan").await;
    let outcome = std::thread::scope(|scope| {
        let renamed = scope.spawn(|| fixture.server.execute("examples", RENAME));
        fixture
            .server
            .eventually("examples", IS_RENAMING, "1")
            .unwrap();
        let games = json!({ "database_id": 1, "sql": "select count(*) from video_game_sales" });
        let outcome = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(run(&context, games))
        });
        renamed.join().unwrap().unwrap();
        outcome
    });
    // The table of this name in public has a rule for dan, which nobody looked at.
    let failed = shown(outcome.unwrap_err());
    let words = failed["error"].as_str().unwrap();
    assert!(
        words.contains("\"shadow.video_game_sales\" does not exist"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dataset_without_a_schema_is_what_the_connection_means_by_its_name() {
    let fixture = Fixture::new();
    fixture.server.execute("examples", SHADOW).unwrap();
    fixture.change("UPDATE tables SET schema = NULL WHERE table_name = 'cleaned_sales_data'");
    fixture.change(
        "UPDATE dbs SET extra = '{\"engine_params\": {\"connect_args\": {\"options\": \"-csearch_path=shadow,public\"}}}'",
    );
    let bare = "select count(*) from cleaned_sales_data";
    assert_eq!(json!(2), fixture.value("finn", bare).await);
    let shadow = "select count(*) from shadow.cleaned_sales_data";
    assert_eq!(json!(2), fixture.value("finn", shadow).await);
    let failure = fixture
        .sql("finn", "select * from public.cleaned_sales_data")
        .await
        .unwrap_err();
    assert!(matches!(failure, ToolFailure::Forbidden(_)), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_committed_late_is_reported_as_done() {
    let fixture = Fixture::new();
    fixture.change("UPDATE dbs SET allow_dml = true");
    fixture
        .server
        .execute(
            "examples",
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$; \
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON salaries DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION slow()",
        )
        .unwrap();
    let request =
        json!({ "database_id": 1, "sql": "insert into salaries values (1)", "timeout": 1 });
    let context = fixture.context("admin").await;
    let done = run(&context, request).await.unwrap();
    assert_eq!(json!(1), done["affected_rows"]);
    assert!(
        context.write.is_set(),
        "whoever runs the call must not drop it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_reached_is_named_with_a_reason_that_gives_nothing_away() {
    let fixture = Fixture::new();
    for (uri, reason) in [
        (
            "postgresql://hush:hush@127.0.0.1:1/hush",
            "nothing listens at its address",
        ),
        (
            "postgresql://hush:hush@hush.invalid/hush",
            "the name of its host is not known",
        ),
        (
            "postgresql://hush:hush@127.0.0.1:1/hush?passfile=hush",
            "its connection is not described in a way that can be used",
        ),
        (
            "sqlite:////hush/hush.db",
            "its file lies outside of the allowed folders",
        ),
    ] {
        fixture.change(&format!(
            "UPDATE dbs SET password = NULL, sqlalchemy_uri = '{uri}'"
        ));
        let failure = fixture.sql("admin", "select 1").await.unwrap_err();
        let ToolFailure::Unavailable { source, .. } = &failure else {
            panic!("{uri}: {failure:?}");
        };
        assert!(source.to_string().starts_with("database 1: "), "{source}");
        assert_eq!(
            format!("database 1 \"examples\" cannot be reached: {reason}"),
            failure.to_string()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_short_whatever_is_in_them() {
    let fixture = Fixture::new();
    for sql in [
        "select (repeat('a', 20000000))::numeric".to_owned(),
        format!("select '{}'::int", "x".repeat(190_000)),
        format!("select {} from salaries", "x".repeat(190_000)),
        format!("select * from \"{}\"", "x".repeat(190_000)),
    ] {
        let failure = fixture.sql("dan", &sql).await.unwrap_err();
        let bytes = format!("{failure:?}").len();
        assert!(bytes < 20_000, "{bytes} bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_and_functions_tell_nothing_of_closed_tables() {
    let fixture = Fixture::new();
    fixture
        .server
        .execute(
            "examples",
            "CREATE DOMAIN disguise AS salaries; CREATE TYPE mood AS ENUM ('good');
             CREATE FUNCTION exists_(regclass) RETURNS text LANGUAGE sql AS 'select $1::text';
             CREATE FUNCTION several(regclass[]) RETURNS text LANGUAGE sql AS 'select $1::text';
             CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'select 2 * $1';
             CREATE TABLE region(id int); CREATE TABLE regional(id int);
             CREATE FUNCTION all_regions() RETURNS SETOF region LANGUAGE sql AS 'select 1';
             CREATE FUNCTION count_(regional[]) RETURNS int LANGUAGE sql AS 'select 1'",
        )
        .unwrap();
    for sql in [
        "select null::salaries",
        "select (null::salaries).amount",
        "select (null::public.salaries).amount",
        "select cast(null as salaries[])",
        "select * from json_populate_record(null::salaries, '{}')",
        "select * from json_populate_recordset(null::salaries, '[]')",
        "select jsonb_populate_record(null::salaries, '{}')",
        "select null::_salaries",
        "select 'salaries'::regclass",
        "select 'salaries'::text::regclass::oid",
        "select to_regclass('salaries')",
        "select to_regtype('salaries')",
        "select has_table_privilege('salaries', 'select')",
        "select has_column_privilege('salaries', 'amount', 'select')",
        "select pg_relation_size('salaries')",
        "select pg_total_relation_size('salaries')",
        "select pg_get_viewdef('salaries')",
        "select exists_('salaries')",
        "select public.exists_('salaries')",
        "select several('{salaries}')",
        "select (c.country).salaries from cleaned_sales_data c",
        "select table_to_xml('salaries', true, false, '')",
        "select query_to_xml('select * from salaries', true, false, '')",
        "select row_security_active('salaries')",
        "select g.regclass from unnest(array['salaries'::text]) g",
        "select unnest.\"regclass\" from unnest(array['salaries'::text])",
        "select g.to_regclass from unnest(array['salaries'::text]) g",
        "select g.exists_ from unnest(array['salaries'::text]) g",
        "select g.exists_ from unnest(array['salaries'::regclass]) g",
        "select c.pg_typeof = 'salaries' from cleaned_sales_data c",
        "select pg_typeof(null::salaries)",
        "select col_description('salaries'::regclass, 1)",
    ] {
        let words = |failure: ToolFailure| match failure {
            ToolFailure::Failed { message, .. } | ToolFailure::Forbidden(message) => message,
            other => panic!("{sql}: {other:?}"),
        };
        let there = words(fixture.sql("finn", sql).await.unwrap_err());
        let nowhere = sql.replace("salaries", "nowhere");
        let nowhere = words(fixture.sql("finn", &nowhere).await.unwrap_err());
        assert_eq!(
            there.replace("salaries", "nowhere"),
            nowhere,
            "{sql}: tells whether the table is there"
        );
    }
    for sql in [
        "select null::disguise",
        "select (c.country).disguise from cleaned_sales_data c",
        "select (c.country)._salaries from cleaned_sales_data c",
    ] {
        let words = fixture.refused("finn", sql).await;
        assert!(words.contains("access denied"), "{sql}: {words}");
    }
    // The name of a closed table is no secret where it is that of an open column.
    let column = "ALTER TABLE cleaned_sales_data ADD COLUMN salaries text[]";
    fixture.server.execute("examples", column).unwrap();
    for (sql, expected) in [
        (
            "select count(c.salaries[1]) from cleaned_sales_data c",
            json!(0),
        ),
        ("select count(*) from all_regions()", json!(1)),
        ("select count_(null)", json!(1)),
        ("select twice(2)", json!(4)),
        ("select 'good'::mood", json!("good")),
        (
            "select count(null::cleaned_sales_data) from cleaned_sales_data",
            json!(0),
        ),
    ] {
        assert_eq!(expected, fixture.value("finn", sql).await, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_one_that_the_caller_may_see() {
    let fixture = Fixture::new();
    fixture
        .server
        .execute(
            "examples",
            "CREATE SCHEMA hidden; CREATE SCHEMA superset; CREATE SCHEMA \"PUBLIC\"",
        )
        .unwrap();
    let count = "select count(*) from cleaned_sales_data";
    for (user, schema) in [
        ("dan", "$user"),
        ("dan", "pg_temp"),
        ("dan", "pg_temp_3"),
        ("dan", "pg_toast"),
        ("dan", "pg_catalog"),
        ("dan", "information_schema"),
        ("dan", "nowhere"),
        ("dan", "pub\u{0}lic"),
        ("dan", "Public"),
        ("finn", "$user"),
        ("finn", "pg_catalog"),
        ("finn", "hidden"),
        ("finn", "superset"),
        ("finn", "PUBLIC"),
    ] {
        let request = json!({ "database_id": 1, "sql": count, "schema": schema });
        let failure = fixture.run(user, request).await.unwrap_err();
        assert!(
            matches!(failure, ToolFailure::InvalidArguments(_)),
            "{user} {schema}: {failure:?}"
        );
    }
    for (user, schema) in [("dan", "public"), ("dan", "hidden"), ("finn", "public")] {
        let request = json!({ "database_id": 1, "sql": "select 1", "schema": schema });
        fixture.run(user, request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_with_a_template_closes_its_table_in_plain_words() {
    let fixture = Fixture::new();
    for clause in [
        "user_id = {{ current_user_id() }}",
        "country = {% if true %}1{% endif %}",
        "true {# of all #}",
    ] {
        fixture.change(&format!(
            "UPDATE row_level_security_filters SET clause = $${clause}$$"
        ));
        let failed = shown(
            fixture
                .sql("dan", "select count(*) from video_game_sales")
                .await
                .unwrap_err(),
        );
        assert_eq!(json!("row_level_security"), failed["error_type"]);
        let words = failed["error"].as_str().unwrap();
        assert!(
            words.contains("a template") && words.contains("administrator"),
            "{words}"
        );
        let other = fixture.value("dan", "select count(*) from salaries").await;
        assert_eq!(json!(1), other, "{clause}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_means_columns_of_its_own_table_or_nothing() {
    let fixture = Fixture::new();
    for clause in [
        "tenant = 1",
        "tenant IN (SELECT tenant)",
        "EXISTS (SELECT 1 FROM salaries WHERE tenant = 1)",
        "video_game_sales IS NOT NULL OR true",
        "name IS NOT NULL) OR (true",
        "true; select 1",
    ] {
        fixture.change(&format!(
            "UPDATE row_level_security_filters SET clause = $${clause}$$"
        ));
        for sql in [
            "select name from video_game_sales",
            "select x.* from (select 1 as tenant) o, lateral (select name from video_game_sales) x",
            "select (select max(name) from video_game_sales) from (select 1 as tenant) o",
            "select 1 from (select 1 as tenant) o where exists (select 1 from video_game_sales)",
            "with o(tenant) as (values (1)) select x.name from o, lateral (select name from video_game_sales) x",
            "select x.* from (select 1 as tenant, 1 as video_game_sales) o, lateral (select name from video_game_sales) x",
            "select 1; select x.* from (select 1 as tenant) o, lateral (select name from video_game_sales) x",
        ] {
            let words = fixture.refused("dan", sql).await;
            assert!(
                words.contains("row level security rule") && !words.contains("did you mean"),
                "{clause}: {sql}: {words}"
            );
        }
    }
    fixture.change("UPDATE row_level_security_filters SET clause = 'year > 2000'");
    let sql = "select x.* from (select 1 as year) o, lateral (select name from video_game_sales) x";
    assert_eq!(json!("new"), fixture.value("dan", sql).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stopped_is_for_whoever_sees_every_table() {
    let fixture = Fixture::new();
    for sql in [
        "select xpath('//a', '<a/>')",
        "select xpath_exists('//a', '<a/>') from salaries",
        "select xmlexists('//a' passing '<a/>')",
        "select * from xmltable('/a' passing '<a/>' columns b text path '.')",
    ] {
        let words = fixture.refused("dan", sql).await;
        assert!(words.contains("access denied"), "{sql}: {words}");
        fixture.sql("admin", sql).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_rule_a_database_speaks_by_its_code_alone() {
    let fixture = Fixture::new();
    for (sql, code) in [
        ("select name::int from video_game_sales", "22P02"),
        ("select name::date from video_game_sales", "22007"),
        (
            "select 1 / (year - year)::int from video_game_sales",
            "22012",
        ),
        ("select nope from video_game_sales", "42703"),
        (
            "select name::int from (select 'a secret' as name from video_game_sales) q",
            "22P02",
        ),
    ] {
        let failed = shown(fixture.sql("dan", sql).await.unwrap_err());
        let words = failed["error"].as_str().unwrap();
        assert!(
            words.contains(code) && words.contains("row level security"),
            "{sql}: {words}"
        );
        assert!(
            !words.contains("new") && !words.contains("secret"),
            "{sql}: {words}"
        );
    }
    let failed = shown(fixture.sql("dan", "select 'x'::int").await.unwrap_err());
    let words = failed["error"].as_str().unwrap();
    assert!(words.contains("invalid input syntax"), "{words}");
}

/// `finn` sees a table of `public` alone.
const CLOSED: &str = "
    CREATE SCHEMA closed;
    CREATE TABLE closed.payroll(amount int);
    CREATE TYPE closed.mood AS ENUM ('angry', 'sad');
    CREATE DOMAIN closed.code AS text;
    CREATE TYPE closed.pair AS (a int, b int);
    CREATE FUNCTION closed.twice(int) RETURNS int LANGUAGE sql AS 'select 2 * $1';
    CREATE FUNCTION closed.lower(text) RETURNS text LANGUAGE sql AS 'select $1';
    CREATE OPERATOR closed.@ (FUNCTION = closed.twice, RIGHTARG = int);
    CREATE OPERATOR closed.<<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int);
    CREATE COLLATION closed.german FROM \"C\";
    CREATE TEXT SEARCH CONFIGURATION closed.words (COPY = pg_catalog.english);
    CREATE TEXT SEARCH DICTIONARY closed.stem (TEMPLATE = pg_catalog.simple);
    CREATE TYPE public.size AS ENUM ('small', 'big');
    CREATE FUNCTION public.thrice(int) RETURNS int LANGUAGE sql AS 'select 3 * $1';
    CREATE FUNCTION public.none() RETURNS regclass LANGUAGE sql AS 'select null::regclass';
    CREATE DOMAIN public.disguise AS closed.mood;
    CREATE COLLATION public.french FROM \"C\";
    CREATE OPERATOR public.<<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int);";

impl Fixture {
    /// The words of a refusal.
    async fn refused(&self, user: &str, sql: &str) -> String {
        match self.sql(user, sql).await {
            Err(ToolFailure::Failed { message, .. } | ToolFailure::Forbidden(message)) => message,
            other => panic!("{user}: {sql}: {other:?}"),
        }
    }
}

/// Each names the schema `closed` in another place.
const NAMES_IN_CLOSED: &[&str] = &[
    "select 'a' < 'b' collate closed.german",
    "select 'a' < 'b' collate closed.nothing",
    "select order_number from cleaned_sales_data order by country collate closed.german",
    "select operator(closed.@) 1",
    "select 1 operator(closed.<<<) 2",
    "select 1 operator(closed.>>>) 2",
    "select order_number from cleaned_sales_data order by 1 using operator(closed.<<<)",
    "select closed.twice(1)",
    "select closed.nothing(1)",
    "select closed.lower('A')",
    "select closed.upper('A')",
    "select * from closed.twice(1)",
    "select 'sad'::closed.mood",
    "select 'sad'::closed.nothing",
    "select closed.mood 'sad'",
    "select closed.code 'sad'",
    "select cast(null as closed.mood[])",
    "select null::closed._mood",
    "select enum_range(null::closed.mood)",
    "select enum_first(null::closed.mood), enum_last(null::closed.mood)",
    "select (null::closed.pair).a",
    "select * from json_to_record('{\"a\": \"sad\"}') as x(a closed.mood)",
    "select * from json_populate_record(null::closed.pair, '{}')",
    "select * from xmltable('/a' passing '<a>sad</a>' columns a closed.mood path '.')",
    "select closed.payroll.amount from cleaned_sales_data",
    "select closed.payroll.* from cleaned_sales_data",
    "select examples.closed.payroll.amount from cleaned_sales_data",
    "select closed.payroll.amount[1] from cleaned_sales_data",
    "select 1 from cleaned_sales_data where 1 = any(closed.payroll.amount[1:2])",
    "select order_number from cleaned_sales_data order by closed.payroll.amount[1]",
    "select examples.closed.payroll.amount[1] from cleaned_sales_data",
    "select count(x => closed.payroll.*) from cleaned_sales_data",
    "select to_tsvector('closed.words', country) from cleaned_sales_data",
    "select to_tsquery('closed.nothing', 'a')",
    "select ts_headline('closed.words', 'a', to_tsquery('a'))",
    "select ts_lexize('closed.stem', 'a')",
    "select * from ts_parse('closed.parser', 'a')",
    "select 'closed.words'::regconfig",
    "select regnamespace 'closed'",
    "select 1 from closed.payroll, closed.twice(1)",
    "select 1 from closed.payroll, closed.nothing(1)",
    "select closed.nothing(1) from closed.payroll",
    "explain select closed.twice(1)",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_whether_a_schema_is_there_or_what_lies_in_it() {
    let fixture = Fixture::new();
    fixture.server.execute("examples", CLOSED).unwrap();
    for sql in NAMES_IN_CLOSED {
        let there = fixture.refused("finn", sql).await;
        let nowhere = fixture
            .refused("finn", &sql.replace("closed", "nowhere"))
            .await;
        assert_eq!(there.replace("closed", "nowhere"), nowhere, "{sql}");
        assert!(
            there.contains("access denied") || there.contains("cannot be run here"),
            "{sql}: {there}"
        );
    }
    for sql in [
        "select enum_range(null::disguise)",
        "select coalesce(none(), 'salaries')",
        "select (c.country).disguise from cleaned_sales_data c",
    ] {
        let words = fixture.refused("finn", sql).await;
        assert!(
            words.contains("access denied") && !words.contains("angry"),
            "{words}"
        );
    }
    for (sql, expected) in [
        ("select public.thrice(2) + thrice(1)", json!(9)),
        ("select 'big'::public.size", json!("big")),
        ("select size 'small'", json!("small")),
        ("select enum_last(null::size)", json!("big")),
        ("select 1 operator(public.<<<) 2", json!(true)),
        ("select 1 <<< 2", json!(true)),
        ("select 1 operator(pg_catalog.<) 2", json!(true)),
        ("select 'a' < 'b' collate french", json!(true)),
        ("select 'a' < 'b' collate public.french", json!(true)),
        ("select 'a' < 'b' collate \"C\"", json!(true)),
        ("select 'a' < 'b' collate pg_catalog.\"POSIX\"", json!(true)),
        ("select 'a' < 'b' collate ucs_basic", json!(true)),
        ("select pg_catalog.lower('A')", json!("a")),
        (
            "select to_tsvector('english', 'stars') @@ to_tsquery('english', 'star')",
            json!(true),
        ),
        (
            "select count(public.cleaned_sales_data.*) from cleaned_sales_data",
            json!(2),
        ),
    ] {
        assert_eq!(expected, fixture.value("finn", sql).await, "{sql}");
    }
    // Whoever may see everything may name everything.
    for (sql, expected) in [
        ("select closed.twice(2)", json!(4)),
        ("select enum_last(null::closed.mood)", json!("sad")),
        ("select closed.mood 'sad'", json!("sad")),
        ("select 'a' < 'b' collate closed.german", json!(true)),
        ("select ts_lexize('closed.stem', 'a')::text", json!("{a}")),
    ] {
        for user in ["admin", "dan"] {
            assert_eq!(expected, fixture.value(user, sql).await, "{user}: {sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_path_leads_to_nothing_in_a_closed_schema_but_extensions() {
    let fixture = Fixture::new();
    fixture.server.execute("examples", CLOSED).unwrap();
    fixture
        .server
        .execute(
            "examples",
            "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions;
             ALTER ROLE superset SET search_path = public, closed, extensions",
        )
        .unwrap();
    for (sql, other) in [
        ("select 'sad'::mood", "mooo"),
        ("select mood 'sad'", "mooo"),
        ("select enum_range(null::mood)", "mooo"),
        ("select null::_mood", "mooo"),
        ("select twice(1)", "twicc"),
        ("select * from twice(1)", "twicc"),
        ("select 'a' < 'b' collate german", "germen"),
        ("select (c.country).pair from cleaned_sales_data c", "pear"),
    ] {
        let name = ["mood", "twice", "german", "pair"];
        let name = name.into_iter().find(|name| sql.contains(name)).unwrap();
        let there = fixture.refused("finn", sql).await;
        let nowhere = fixture.refused("finn", &sql.replace(name, other)).await;
        assert_eq!(there.replace(name, other), nowhere, "{sql}");
    }
    // Not compared with a name that is nowhere: PostgreSQL alone knows whether `(x).f` has a field `f`, and says so in its
    // own words. What a type holds stays hidden, not that its name is taken.
    for sql in [
        "select (c.country).mood from cleaned_sales_data c",
        "select enum_range((c.country).mood) from cleaned_sales_data c",
        "select g.mood from unnest(array['sad'::text]) g",
    ] {
        let words = fixture.refused("finn", sql).await;
        assert!(words.contains("access denied"), "{sql}: {words}");
    }
    for (sql, expected) in [
        ("select 'A'::citext = 'a'::citext", json!(true)),
        (
            "select regexp_replace('Ab'::citext, 'b', 'c')::text",
            json!("Ac"),
        ),
        ("select citext_eq('A'::citext, 'a')", json!(true)),
        ("select 'big'::size", json!("big")),
        ("select thrice(1)", json!(3)),
    ] {
        assert_eq!(expected, fixture.value("finn", sql).await, "{sql}");
    }
    // Its name is that of a schema that is not open.
    let there = fixture
        .refused("finn", "select 'A'::extensions.citext")
        .await;
    let nowhere = fixture.refused("finn", "select 'A'::nowhere.citext").await;
    assert_eq!(there.replace("extensions", "nowhere"), nowhere);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_names_nothing_that_lies_under_a_view_or_in_a_function() {
    let fixture = Fixture::new();
    fixture
        .server
        .execute(
            "examples",
            "CREATE VIEW summary AS SELECT amount FROM salaries;
             CREATE MATERIALIZED VIEW stored AS SELECT amount FROM salaries;
             CREATE TABLE parts(a int) PARTITION BY LIST (a);
             CREATE TABLE secret_part PARTITION OF parts FOR VALUES IN (1);
             CREATE FUNCTION paid() RETURNS SETOF int STABLE LANGUAGE sql AS 'select amount from salaries';
             CREATE FUNCTION audit(text) RETURNS bigint STABLE LANGUAGE sql AS 'select count(*) from salaries';
             CREATE TABLE policed(a int); ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
             CREATE POLICY p ON policed USING (a IN (SELECT amount FROM salaries))",
        )
        .unwrap();
    fixture.change("DELETE FROM rls_filter_tables");
    let fixture = &fixture;
    let open = async |table: &str| {
        fixture.change(&format!(
            "UPDATE tables SET table_name = '{table}' WHERE id = \
             (SELECT id FROM tables WHERE table_name IN ('cleaned_sales_data', 'summary', 'stored', 'parts', 'policed'))"
        ));
    };
    for (table, has_plan) in [
        ("summary", false),
        ("parts", false),
        ("policed", false),
        ("stored", true),
        ("cleaned_sales_data", true),
    ] {
        open(table).await;
        let query = format!("select * from {table}");
        fixture.sql("finn", &query).await.unwrap();
        for explain in [
            "explain",
            "explain verbose",
            "explain (verbose, format json)",
            "explain analyze",
            "explain (costs off)",
        ] {
            let sql = format!("{explain} {query}");
            if has_plan {
                let plan = fixture.sql("finn", &sql).await.unwrap().to_string();
                assert!(plan.contains(table), "{plan}");
            } else {
                let words = fixture.refused("finn", &sql).await;
                assert!(
                    words.contains("EXPLAIN of anything but tables") && !words.contains("salaries"),
                    "{sql}: {words}"
                );
            }
            // To somebody who sees every table it names nothing new.
            fixture.sql("admin", &sql).await.unwrap();
        }
    }
    let json = "explain select e.key, e.value from cleaned_sales_data s, \
                jsonb_each(jsonb_build_object('a', s.country)) e";
    fixture.sql("finn", json).await.unwrap();
    for sql in [
        "explain select g.audit from unnest(array['a']) g",
        "explain select * from paid()",
        "explain select * from cleaned_sales_data where order_number in (select paid())",
        "explain (settings) select * from cleaned_sales_data",
        "explain with x as (select * from cleaned_sales_data) select * from x, paid()",
    ] {
        let words = fixture.refused("finn", sql).await;
        assert!(words.contains("EXPLAIN"), "{sql}: {words}");
    }
    let words = fixture
        .refused("finn", "explain select * from summary")
        .await;
    assert!(
        words.contains("need access to the following tables"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_counts_hidden_rows_is_refused_to_whom_a_rule_is_for() {
    let fixture = Fixture::new();
    fixture
        .server
        .execute(
            "examples",
            "CREATE SEQUENCE sold; SELECT nextval('sold'); CREATE TABLE serial(id serial); INSERT INTO serial DEFAULT VALUES; \
             ANALYZE",
        )
        .unwrap();
    for sql in [
        "select reltuples from pg_class where relname = 'video_game_sales'",
        "select sum(c.relpages) from pg_catalog.pg_class c",
        "select last_value from sold",
        "select * from public.sold",
        "select (select last_value from serial_id_seq) from salaries",
        "select last_value from pg_sequences",
        "select mode from pg_locks",
        "select pg_relation_size('video_game_sales')",
        "select pg_total_relation_size('video_game_sales') from salaries",
        "select pg_table_size('video_game_sales'::regclass), pg_indexes_size('video_game_sales')",
        "select pg_database_size('examples')",
    ] {
        let words = fixture.refused("dan", sql).await;
        assert!(words.contains("row level security"), "{sql}: {words}");
        fixture.sql("admin", sql).await.unwrap();
    }
    for sql in [
        "select n_live_tup from pg_stat_user_tables",
        "select most_common_vals from pg_stats",
        "select pg_stat_get_live_tuples('video_game_sales'::regclass)",
    ] {
        fixture.refused("dan", sql).await;
    }
    fixture
        .server
        .execute(
            "examples",
            "CREATE TABLE key_of_games AS SELECT i AS id FROM generate_series(1, 1000) i; \
             DROP TABLE video_game_sales; \
             CREATE TABLE video_game_sales AS SELECT i AS id, i AS rank, 'g' || i AS name, 1999.0::float8 AS year \
             FROM generate_series(1, 100000) i; \
             CREATE UNIQUE INDEX ON video_game_sales(id); CREATE INDEX ON video_game_sales(rank); ANALYZE",
        )
        .unwrap();
    // The planner goes by how often a value stands in all rows.
    for sql in [
        "explain select * from video_game_sales",
        "explain select * from video_game_sales where rank = 5",
        "explain select * from video_game_sales where id > 5",
        "explain select * from video_game_sales where id = 5 and rank = 5",
        "explain select * from video_game_sales where id = 5 or rank = 5",
        "explain select * from video_game_sales where id = (select 5)",
        "explain select (select max(rank) from video_game_sales) from video_game_sales where id = 5",
        "explain select * from video_game_sales, salaries where video_game_sales.id = 5",
        "explain select * from video_game_sales where id = 5 union all select * from video_game_sales where rank = 5",
        "explain with a as (select * from video_game_sales where rank = 5) select * from a",
        "explain select * from salaries where exists (select 1 from video_game_sales where id = 5)",
    ] {
        let words = fixture.refused("dan", sql).await;
        assert!(words.contains("row level security"), "{sql}: {words}");
        fixture.sql("admin", sql).await.unwrap();
    }
    for sql in [
        "explain select name from video_game_sales where id = 5",
        "explain (format json) select * from video_game_sales g where (5 = g.id)",
        "explain verbose select * from public.video_game_sales where id = 5 limit 3",
    ] {
        let plan = fixture.sql("dan", sql).await.unwrap().to_string();
        assert!(
            plan.contains("video_game_sales_id_idx") && !plan.contains("rows="),
            "{plan}"
        );
    }
    fixture.change(
        "UPDATE row_level_security_filters SET clause = 'id IN (SELECT amount FROM salaries)'",
    );
    let words = fixture
        .refused("dan", "explain select * from video_game_sales where id = 5")
        .await;
    assert!(words.contains("row level security"), "{words}");
    fixture.change("UPDATE row_level_security_filters SET clause = 'year > 2000'");
    for sql in [
        "select count(*) from salaries",
        "select count(*) from pg_tables",
        "select count(*) from information_schema.columns",
        "select 'salaries'::regclass::text",
        "explain select * from salaries",
    ] {
        fixture.sql("dan", sql).await.unwrap();
    }
}
