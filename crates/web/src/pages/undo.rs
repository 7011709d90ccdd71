//! What was just done, as a form that takes it back.
//!
//! It stands in the address of the page that follows, with a proof that this session put it there: a link from
//! elsewhere cannot offer anything.

use tidegate_login::CsrfToken;
use tidegate_oauth_types::SecretHash;
use tidegate_pages::Undo;

use super::fields::{Fields, query};

/// The field that names the path.
const PATH: &str = "undo_path";
/// What the names of its fields begin with.
const FIELD: &str = "undo_";
/// The field of the proof.
const PROOF: &str = "undo_proof";

/// A form that takes something back.
#[derive(Debug, Clone)]
pub(super) struct Step {
    path: String,
    fields: Vec<(String, String)>,
}

impl Step {
    /// A form for this path with these fields.
    pub(super) fn new(path: String, fields: &[(&str, &str)]) -> Self {
        Self {
            path,
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    /// As fields of an address.
    pub(super) fn to_query(&self, session: &CsrfToken) -> Vec<(String, String)> {
        let mut fields = vec![(PATH.to_owned(), self.path.clone())];
        fields.extend(
            self.fields
                .iter()
                .map(|(name, value)| (format!("{FIELD}{name}"), value.clone())),
        );
        fields.push((PROOF.to_owned(), self.proof(session)));
        fields
    }

    /// The form that an address offers, if this session put it there.
    pub(super) fn of(address: &Fields, session: &CsrfToken) -> Option<Undo> {
        let path = address.get(PATH)?.to_owned();
        let fields = address
            .without(&[PATH, PROOF])
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(FIELD)?.to_owned(), value)))
            .collect();
        let step = Self { path, fields };
        (address.text(PROOF) == step.proof(session)).then_some(Undo {
            action: step.path,
            fields: step.fields,
        })
    }

    /// A hash over the form and what only this browser session knows, before and behind it.
    fn proof(&self, session: &CsrfToken) -> String {
        let mut fields = self.fields.clone();
        fields.sort();
        fields.retain(|(_, value)| !value.trim().is_empty());
        let fields = query(
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let secret = session.as_str();
        SecretHash::of(&format!(
            "{secret}\nundo\n{}\n{fields}\n{secret}",
            self.path
        ))
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(fields: &[(String, String)]) -> Fields {
        let text = query(fields.iter().map(|(name, value)| (&**name, &**value)));
        Fields::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_step_is_taken_back_by_the_session_that_took_it_and_as_it_was() {
        let session = CsrfToken::of_cookie("one");
        let step = Step::new(
            "/admin/flags/CHATBOT_ENABLED".to_owned(),
            &[("rule", "on"), ("workspace", "")],
        );
        let sent = step.to_query(&session);
        let undo = Step::of(&address(&sent), &session).unwrap();
        assert_eq!("/admin/flags/CHATBOT_ENABLED", undo.action);
        assert_eq!([("rule".to_owned(), "on".to_owned())], *undo.fields);
        assert_eq!(
            None,
            Step::of(&address(&sent), &CsrfToken::of_cookie("two"))
        );
        for at in 0..sent.len() {
            let mut forged = sent.clone();
            forged[at].1.push('x');
            assert_eq!(None, Step::of(&address(&forged), &session), "{forged:?}");
        }
        let mut more = sent.clone();
        more.push(("undo_role".to_owned(), "admin".to_owned()));
        assert_eq!(None, Step::of(&address(&more), &session));
        assert_eq!(None, Step::of(&address(&[]), &session));
    }
}
