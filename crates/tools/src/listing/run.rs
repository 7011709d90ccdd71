use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, SecondsFormat};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use tidegate_metastore::{
    Cell, ChartOnDashboard, Column, DatasetColumn, DatasetMetric, Direction, Filter, ListQuery,
    MetastoreError, Page, Record, Scalar, dialect_of,
};

use super::ago::humanized;
use super::answer::{Field, Item, ListAnswer, Pagination, owners, tags};
use super::arguments::{FilterColumn, FilterTarget, ListArguments, filter};
use super::subject::{Kind, Part, Subject};
use crate::arguments::nearest;
use crate::{ArgumentProblem, CallContext, ToolFailure};

/// A failure of the metastore as a tool shows it.
pub(crate) fn metastore_failure(err: MetastoreError) -> ToolFailure {
    match err {
        MetastoreError::Unavailable { .. } | MetastoreError::Timeout { .. } => {
            ToolFailure::Unavailable {
                part: "the workspace's metastore".into(),
                reason: None,
                source: err.into(),
            }
        }
        err => ToolFailure::internal(err),
    }
}

/// What a row shows.
#[derive(Clone, Copy)]
enum Shown {
    Column(&'static Column),
    Part(&'static str, Part),
}

/// Of what was passed over.
const MOST_WARNINGS: usize = 20;

/// Names, titles and descriptions are found by less; SQLite refuses patterns of more than 50,000 bytes.
const MOST_SOUGHT_BYTES: usize = 2_000;

/// The column of links.
const URL: &str = "url";

impl Shown {
    fn is_link(&self) -> bool {
        matches!(self, Self::Part(_, Part::Url))
    }
}

/// Lists what the caller may see: one statement, and one more for each kind of related thing asked for.
pub(crate) async fn list<C: FilterColumn, D: Default + Serialize + Into<Direction>>(
    context: &CallContext,
    subject: &'static Subject,
    arguments: ListArguments<C, D>,
) -> Result<ListAnswer, ToolFailure> {
    let mut warnings = Vec::new();
    let has_links = context.workspace.public_url.is_some();
    let requested: Vec<String> = if arguments.select_columns.is_empty() {
        subject
            .default_columns
            .iter()
            .filter(|name| has_links || **name != URL)
            .map(|name| (*name).to_owned())
            .collect()
    } else {
        arguments.select_columns
    };
    let mut shown = shown(subject, &requested, &mut warnings);
    if !has_links && shown.iter().any(Shown::is_link) {
        shown.retain(|shown| !shown.is_link());
        warnings.push(
            "select_columns: url is left out, since no Superset shows the pages of this workspace"
                .to_owned(),
        );
    }
    let filters_applied =
        serde_json::to_value(&arguments.filters).map_err(ToolFailure::internal)?;

    let direction = arguments.order_direction.into();
    let (by, direction) = order(
        subject,
        arguments.order_column.as_deref(),
        direction,
        &mut warnings,
    );
    if arguments
        .search
        .as_ref()
        .is_some_and(|text| text.len() > MOST_SOUGHT_BYTES)
    {
        return Err(ToolFailure::InvalidArguments(vec![ArgumentProblem {
            path: "request.search".to_owned(),
            message: TOO_LONG.to_owned(),
        }]));
    }
    let mut query = ListQuery {
        search: arguments.search,
        offset: u64::from(arguments.page.saturating_sub(1)) * u64::from(arguments.page_size),
        limit: u64::from(arguments.page_size),
        ..ListQuery::new(by, direction)
    };
    select(&mut query, subject, &shown);
    let problems = add_filters(&mut query, subject, arguments.filters);
    if !problems.is_empty() {
        return Err(ToolFailure::InvalidArguments(problems));
    }

    let page = fetch(context, subject, &query)
        .await
        .map_err(metastore_failure)?;
    let beside = Beside::fetch(context, &page, &shown)
        .await
        .map_err(metastore_failure)?;
    let now = context.clock.now();
    let items = page
        .records
        .iter()
        .map(|record| {
            let fields = shown.iter().map(|shown| match shown {
                Shown::Column(column) => (column.name, column_field(subject, column, record)),
                Shown::Part(name, part) => (
                    *name,
                    part_field(
                        context,
                        subject,
                        *part,
                        record,
                        &page,
                        &beside,
                        now.naive_utc(),
                    ),
                ),
            });
            Item {
                fields: fields.collect(),
            }
        })
        .collect();
    Ok(ListAnswer {
        plural: subject.plural,
        items,
        pagination: Pagination::new(arguments.page, arguments.page_size, page.total),
        columns_loaded: loaded(&requested, &shown),
        columns_requested: requested,
        columns_available: subject.available().collect(),
        sortable_columns: subject.sortable,
        filters_applied,
        timestamp: now.to_rfc3339_opts(SecondsFormat::Micros, true),
        warnings,
    })
}

/// What to order by. As in Superset a column that is unknown is passed over, and the direction with it; here
/// with a warning.
fn order(
    subject: &Subject,
    asked: Option<&str>,
    direction: Direction,
    warnings: &mut Vec<String>,
) -> (&'static Column, Direction) {
    let changed_on = subject.known("changed_on");
    let Some(name) = asked.filter(|name| !name.is_empty()) else {
        return (changed_on, direction);
    };
    if let Some(column) = subject.shown().find(|column| column.name == name) {
        return (column, direction);
    }
    warnings.push(format!(
        "order_column: {} is no column that {} can be ordered by{}; ordered by changed_on instead. Use one of {}",
        quoted(name),
        subject.plural,
        hint(name, subject.sortable.iter().copied()),
        subject.sortable.join(", ")
    ));
    (changed_on, Direction::Ascending)
}

fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known)
        .map(|near| format!("; did you mean {near:?}?"))
        .unwrap_or_default()
}

/// What is asked for and known, once each. Unknown names are told in a warning: Superset passes them over
/// without a word, and its answers are what callers expect.
fn shown(subject: &Subject, requested: &[String], warnings: &mut Vec<String>) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut seen = BTreeSet::new();
    for name in requested {
        if !seen.insert(name) {
            continue;
        }
        // A computed value goes first: a dataset's certifier hides in a column, and has the same name elsewhere.
        let part = subject
            .computed
            .iter()
            .find(|computed| computed.name == name);
        let column = subject
            .column(name)
            .filter(|column| !subject.hidden.contains(&column.name));
        match (part, column) {
            (Some(computed), _) => shown.push(Shown::Part(computed.name, computed.part)),
            (None, Some(column)) => shown.push(Shown::Column(column)),
            // One of Superset's own defaults, which gives nothing there either.
            (None, None) if name == "database" && subject.kind == Kind::Dataset => {}
            // More help nobody.
            (None, None) if warnings.len() >= MOST_WARNINGS => {}
            (None, None) => warnings.push(format!(
                "select_columns: {} is no column of {}{}; columns_available lists them",
                quoted(name),
                subject.plural,
                hint(name, subject.available())
            )),
        }
    }
    shown
}

/// The columns that were read: those asked for, and those that others are made from.
fn loaded(requested: &[String], shown: &[Shown]) -> Vec<String> {
    let mut loaded = requested.to_vec();
    for shown in shown {
        if let Shown::Part(_, Part::ChangedOnHumanized | Part::CreatedOnHumanized) = shown {
            for name in needs(*shown) {
                if !loaded.iter().any(|known| known == name) {
                    loaded.push((*name).to_owned());
                }
            }
        }
    }
    loaded
}

fn needs(shown: Shown) -> &'static [&'static str] {
    match shown {
        Shown::Column(_) => &[],
        Shown::Part(_, part) => part.needs(),
    }
}

/// Says what to read for what is shown.
fn select(query: &mut ListQuery, subject: &Subject, shown: &[Shown]) {
    for shown in shown {
        let own = match shown {
            Shown::Column(column) => Some(*column),
            Shown::Part(_, part) => {
                match part {
                    Part::Owners => query.owners = true,
                    Part::Tags => query.tags = true,
                    Part::ChangedBy
                    | Part::ChangedByName
                    | Part::CreatedBy
                    | Part::CreatedByName => {
                        query.people = true;
                    }
                    _ => {}
                }
                None
            }
        };
        let needed = needs(*shown).iter().filter_map(|name| subject.column(name));
        for column in own.into_iter().chain(needed) {
            if !query.select.contains(&column) {
                query.select.push(column);
            }
        }
    }
}

fn add_filters<C: FilterColumn>(
    query: &mut ListQuery,
    subject: &Subject,
    filters: Vec<super::arguments::ListFilter<C>>,
) -> Vec<ArgumentProblem> {
    let mut problems = Vec::new();
    for (index, asked) in filters.into_iter().enumerate() {
        let mut problem = |member: &str, message: String| {
            problems.push(ArgumentProblem {
                path: format!("request.filters[{index}].{member}"),
                message,
            });
        };
        let filter = match filter(asked.opr, asked.value) {
            Ok(filter) => filter,
            Err(message) => {
                problem("value", message);
                continue;
            }
        };
        if is_too_long(&filter) {
            problem("value", TOO_LONG.to_owned());
            continue;
        }
        match asked.col.target() {
            FilterTarget::Column(name) => {
                let column = subject.known(name);
                match misfit(column, &filter) {
                    None => query.filters.push((column, filter)),
                    Some(value) => problem(
                        "value",
                        format!("{value} is no {} as {name} holds", kind_name(column)),
                    ),
                }
            }
            FilterTarget::Owner => {
                let scalars = match filter {
                    Filter::Equal(scalar) => vec![scalar],
                    Filter::In(scalars) => scalars,
                    _ => {
                        problem("opr", "owner takes eq or in, with ids of users".to_owned());
                        continue;
                    }
                };
                let ids: Option<Vec<i64>> = scalars.iter().map(whole).collect();
                match (ids, query.owned_by.take()) {
                    (None, _) => problem(
                        "value",
                        "is not the id of a user, a whole number".to_owned(),
                    ),
                    (Some(ids), None) => query.owned_by = Some(ids),
                    // Two filters must both hold; one owner may satisfy each.
                    (Some(ids), Some(earlier)) => {
                        query.owned_by =
                            Some(earlier.into_iter().filter(|id| ids.contains(id)).collect());
                    }
                }
            }
            FilterTarget::Favorite => match filter {
                Filter::Equal(Scalar::Flag(flag)) => query.favorite = Some(flag),
                Filter::Equal(Scalar::Integer(number @ (0 | 1))) => {
                    query.favorite = Some(number == 1);
                }
                Filter::Equal(Scalar::Text(text)) if matches!(text.as_str(), "true" | "false") => {
                    query.favorite = Some(text == "true");
                }
                _ => problem("value", "favorite takes eq with true or false".to_owned()),
            },
        }
    }
    problems
}

fn whole(scalar: &Scalar) -> Option<i64> {
    match scalar {
        Scalar::Integer(number) => Some(*number),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Number(_) | Scalar::Flag(_) => None,
    }
}

fn kind_name(column: &Column) -> &'static str {
    use tidegate_metastore::ColumnKind::{Flag, Integer, Json, LongText, Text, Time, Uuid};
    match column.kind {
        Integer => "whole number",
        Text | LongText | Json => "text",
        Flag => "true or false",
        Time => "time (ISO 8601)",
        Uuid => "UUID",
    }
}

const TOO_LONG: &str = "has more than 2000 bytes, which nothing here has in its name";

/// A text of the filter that is too long to be looked for.
fn is_too_long(filter: &Filter) -> bool {
    let is_long = |text: &String| text.len() > MOST_SOUGHT_BYTES;
    match filter {
        Filter::StartsWith(text)
        | Filter::EndsWith(text)
        | Filter::Like(text)
        | Filter::LikeAnyCase(text) => is_long(text),
        _ => scalars(filter)
            .iter()
            .any(|scalar| matches!(scalar, Scalar::Text(text) if is_long(text))),
    }
}

/// The values that a filter compares with; none where it looks for a pattern or for nothing.
fn scalars(filter: &Filter) -> &[Scalar] {
    match filter {
        Filter::Equal(scalar)
        | Filter::NotEqual(scalar)
        | Filter::Greater(scalar)
        | Filter::GreaterOrEqual(scalar)
        | Filter::Less(scalar)
        | Filter::LessOrEqual(scalar) => std::slice::from_ref(scalar),
        Filter::In(scalars) | Filter::NotIn(scalars) => scalars,
        Filter::StartsWith(_)
        | Filter::EndsWith(_)
        | Filter::Like(_)
        | Filter::LikeAnyCase(_)
        | Filter::IsNull
        | Filter::IsNotNull => &[],
    }
}

/// A value of the filter that the column cannot hold.
fn misfit(column: &Column, filter: &Filter) -> Option<String> {
    let one = |scalar: &Scalar| {
        (!column.can_hold(scalar)).then(|| match scalar {
            Scalar::Text(text) => quoted(text),
            Scalar::Integer(number) => number.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Flag(flag) => flag.to_string(),
        })
    };
    scalars(filter).iter().find_map(one)
}

async fn fetch(
    context: &CallContext,
    subject: &Subject,
    query: &ListQuery,
) -> Result<Page, MetastoreError> {
    let (metastore, access) = (&context.workspace.metastore, context.access.as_ref());
    match subject.kind {
        Kind::Chart => metastore.charts().list(access, query).await,
        Kind::Dashboard => metastore.dashboards().list(access, query).await,
        Kind::Dataset => metastore.datasets().list(access, query).await,
        Kind::Database => metastore.databases().list(access, query).await,
    }
}

/// What is read beside the page.
#[derive(Default)]
struct Beside {
    charts: BTreeMap<i64, Vec<ChartOnDashboard>>,
    columns: BTreeMap<i64, Vec<DatasetColumn>>,
    metrics: BTreeMap<i64, Vec<DatasetMetric>>,
}

impl Beside {
    async fn fetch(
        context: &CallContext,
        page: &Page,
        shown: &[Shown],
    ) -> Result<Self, MetastoreError> {
        let wants = |wanted: Part| {
            shown
                .iter()
                .any(|shown| matches!(shown, Shown::Part(_, part) if *part == wanted))
        };
        let ids: Vec<i64> = page
            .records
            .iter()
            .filter_map(|record| record.integer("id"))
            .collect();
        // No ids, no statement.
        let ids_for = |part| if wants(part) { ids.as_slice() } else { &[] };
        let metastore = &context.workspace.metastore;
        let (dashboards, datasets) = (metastore.dashboards(), metastore.datasets());
        let (charts, columns, metrics) = tokio::try_join!(
            dashboards.charts_of(ids_for(Part::Charts)),
            datasets.columns_of(ids_for(Part::Columns)),
            datasets.metrics_of(ids_for(Part::Metrics)),
        )?;
        Ok(Self {
            charts,
            columns,
            metrics,
        })
    }
}

/// A column's value. JSON that datasets and databases keep in text is shown as JSON.
fn column_field(subject: &Subject, column: &Column, record: &Record) -> Field {
    let is_json = matches!(subject.kind, Kind::Dataset | Kind::Database)
        && matches!(
            column.name,
            "extra" | "params" | "template_params" | "folders"
        );
    match record.get(column.name) {
        Some(Cell::Text(text) | Cell::Json(text)) if is_json => Field::Json(json_of(text)),
        // Superset shows an empty slug where there is none.
        Some(Cell::Null) if column.name == "slug" => Field::Text(Some(String::new())),
        Some(cell) => Field::Cell(cell.clone()),
        None => Field::Cell(Cell::Null),
    }
}

/// JSON kept as text; null where it is none.
pub(crate) fn json_of(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(text).ok()
}

fn part_field(
    context: &CallContext,
    subject: &Subject,
    part: Part,
    record: &Record,
    page: &Page,
    beside: &Beside,
    now: NaiveDateTime,
) -> Field {
    let id = record.integer("id").unwrap_or_default();
    let person = |column: &str| {
        record
            .integer(column)
            .and_then(|id| page.related.people.get(&id))
    };
    let username = |column: &str| Field::Text(person(column).map(|person| person.username.clone()));
    let full_name = |column: &str| {
        Field::Text(Some(
            person(column)
                .map(tidegate_metastore::Person::full_name)
                .unwrap_or_default(),
        ))
    };
    let ago = |column: &str| Field::Text(record.time(column).map(|then| humanized(now, then)));
    match part {
        Part::Url => {
            Field::Text((subject.path)(record).and_then(|path| context.workspace.link(&path)))
        }
        Part::FormData => Field::Json(record.text("params").and_then(json_of)),
        Part::Backend => Field::Text(
            record
                .text("sqlalchemy_uri")
                .map(|uri| dialect_of(uri).to_owned()),
        ),
        Part::ChangedBy => username("changed_by_fk"),
        Part::ChangedByName => full_name("changed_by_fk"),
        Part::ChangedOnHumanized => ago("changed_on"),
        Part::CreatedBy => username("created_by_fk"),
        Part::CreatedByName => full_name("created_by_fk"),
        Part::CreatedOnHumanized => ago("created_on"),
        Part::CertifiedBy => Field::Text(certification(record, "certified_by")),
        Part::CertificationDetails => Field::Text(certification(record, "details")),
        Part::Tags => Field::Tags(tags(page.related.tags.get(&id))),
        Part::Owners => Field::Owners(owners(page.related.owners.get(&id))),
        Part::Charts => Field::Value(
            beside
                .charts
                .get(&id)
                .into_iter()
                .flatten()
                .map(|chart| chart_summary(context, chart))
                .collect(),
        ),
        Part::Columns => Field::Value(
            beside
                .columns
                .get(&id)
                .into_iter()
                .flatten()
                .map(crate::dataset::column_info)
                .collect(),
        ),
        Part::Metrics => Field::Value(
            beside
                .metrics
                .get(&id)
                .into_iter()
                .flatten()
                .map(crate::dataset::metric_info)
                .collect(),
        ),
    }
}

/// A member of a dataset's certification, which Superset keeps in `extra`.
pub(crate) fn certification(record: &Record, member: &str) -> Option<String> {
    let extra: serde_json::Value = serde_json::from_str(record.text("extra")?).ok()?;
    extra
        .get("certification")?
        .get(member)?
        .as_str()
        .map(str::to_owned)
}

/// A chart as its dashboard shows it.
pub(crate) fn chart_summary(context: &CallContext, chart: &ChartOnDashboard) -> serde_json::Value {
    let mut summary = json!({
        "id": chart.id,
        "slice_name": chart.slice_name,
        "viz_type": chart.viz_type,
        "datasource_name": chart.datasource_name,
        "description": chart.description,
    });
    if let Some(link) = context.workspace.link(&crate::chart::path(chart.id)) {
        summary["url"] = link.into();
    }
    summary
}
