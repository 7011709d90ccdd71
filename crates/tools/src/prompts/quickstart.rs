use std::collections::BTreeMap;

use tidegate_protocol::{ContentBlock, PromptArgument, PromptDefinition, PromptMessage, Role};

use crate::{CallContext, Prompt, ToolFailure};

/// Leads somebody new through the workspace, to the work that fits them.
pub(crate) struct Quickstart;

/// Kinds of people, and what the assistant should do for each.
const USERS: [(&str, &str); 3] = [
    (
        "analyst",
        "They answer questions from data. After the overview, pick one dataset with them, show its columns and metrics \
         with get_dataset_info, and answer one question of theirs end to end.",
    ),
    (
        "executive",
        "They read figures and decide. Go straight to the dashboards: name the three that matter most for them, say what \
         each answers, and give links where there are any. Leave SQL and column names out unless they ask.",
    ),
    (
        "developer",
        "They build on the workspace. Show which databases and datasets there are, what get_schema tells about columns \
         and filters, and run one small query with execute_sql if you may use it.",
    ),
];

const AREAS: [&str; 5] = ["general", "sales", "marketing", "operations", "finance"];

#[async_trait::async_trait]
impl Prompt for Quickstart {
    fn definition(&self) -> PromptDefinition {
        let argument = |name: &str, description: String| PromptArgument {
            name: name.to_owned(),
            description: Some(description),
            is_required: false,
        };
        let users: Vec<_> = USERS.iter().map(|(user, _)| *user).collect();
        PromptDefinition {
            name: "quickstart".to_owned(),
            description: Some(
                "A first tour of the workspace, for an analyst, an executive or a developer."
                    .to_owned(),
            ),
            arguments: vec![
                argument(
                    "user_type",
                    format!(
                        "Who is looking: {}. analyst when left out.",
                        users.join(", ")
                    ),
                ),
                argument(
                    "focus_area",
                    "What they care about, such as sales or operations. general when left out."
                        .to_owned(),
                ),
            ],
        }
    }

    async fn render(
        &self,
        context: &CallContext,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Vec<PromptMessage>, ToolFailure> {
        let argument = |name: &str| {
            arguments
                .get(name)
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
        };
        let user = argument("user_type").unwrap_or(USERS[0].0);
        let area = argument("focus_area").unwrap_or(AREAS[0]);
        let Some((user, what_to_do)) = USERS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(user))
        else {
            let known: Vec<_> = USERS.iter().map(|(user, _)| *user).collect();
            return Err(ToolFailure::argument(
                "user_type",
                format!("expected one of {}", known.join(", ")),
            ));
        };
        // It goes into the text for a model: one line of it, and no more than a name needs.
        let area: String = area
            .chars()
            .filter(|letter| !letter.is_control())
            .take(80)
            .collect();
        let can_query = context
            .catalogue
            .visible(&context.principal, &context.access)
            .any(|entry| entry.spec().name == "execute_sql");
        let sql = if can_query {
            ""
        } else {
            " Running SQL is not open to them, so do not offer it."
        };
        let text = format!(
            "I am new to this Superset workspace{url} and want a first tour. I am: {user}. I care about: {area}.\n\n\
             {what_to_do}{sql}\n\n\
             How to go about it:\n\
             1. Call get_instance_info to learn what there is and who I am here.\n\
             2. Call list_dashboards and list_datasets, with search or filters for my area if it is not general. Ask for \
             few columns and small pages.\n\
             3. Open what looks best with get_dashboard_info or get_dataset_info.\n\
             4. End with three things that I could ask next, each one sentence.\n\n\
             Tell only what the tools returned. If a tool fails or I may not see something, say so and go on.",
            url = context
                .workspace
                .public_url
                .as_ref()
                .map(|url| format!(" ({url})"))
                .unwrap_or_default(),
        );
        Ok(vec![PromptMessage {
            role: Role::User,
            content: ContentBlock::text(text),
        }])
    }

    async fn complete(
        &self,
        _: &CallContext,
        argument: &str,
        typed: &str,
    ) -> Result<Vec<String>, ToolFailure> {
        let values: Vec<&str> = match argument {
            "user_type" => USERS.iter().map(|(user, _)| *user).collect(),
            "focus_area" => AREAS.to_vec(),
            _ => Vec::new(),
        };
        let typed = typed.to_ascii_lowercase();
        Ok(values
            .into_iter()
            .filter(|value| value.starts_with(&typed))
            .map(str::to_owned)
            .collect())
    }
}
