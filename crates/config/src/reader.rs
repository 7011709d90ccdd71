//! Takes typed values out of the layers, and collects what is wrong with them.

use std::num::NonZeroUsize;
use std::time::Duration;

use tidegate_database_uri::{DatabaseUri, UriError};
use tidegate_types::{SecretString, WorkspaceSlug};
use url::Url;

use crate::layers::{Entry, Layers, Value};
use crate::problem::{Origin, Problem};
use crate::schema::Schema;

/// Reads keys that are known to exist with the kind that `default.toml` gives them. A value out of its
/// range is noted and replaced, so that reading goes on to the next problem.
pub(crate) struct Reader {
    layers: Layers,
    serves: bool,
}

impl Reader {
    pub(crate) fn new(layers: Layers) -> Self {
        Self {
            layers,
            serves: true,
        }
    }

    /// Reads for a command that serves nobody.
    pub(crate) fn of_command(layers: Layers) -> Self {
        Self {
            layers,
            serves: false,
        }
    }

    /// Whether somebody is served by these settings, so that it matters who is let in.
    pub(crate) const fn serves(&self) -> bool {
        self.serves
    }

    pub(crate) fn finish(self) -> (Vec<Problem>, Vec<String>) {
        (self.layers.problems, self.layers.notices)
    }

    /// Tells the operator of something that is not wrong.
    pub(crate) fn notice(&mut self, notice: String) {
        self.layers.notices.push(notice);
    }

    pub(crate) fn has_file(&self) -> bool {
        self.layers.has_file
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.layers.entries.contains_key(key)
    }

    pub(crate) fn workspaces(&self) -> Vec<String> {
        self.names_below("workspaces")
    }

    pub(crate) fn names_below(&self, section: &str) -> Vec<String> {
        self.layers.names_below(section).into_iter().collect()
    }

    /// Whether a file or the environment gives it a value.
    pub(crate) fn is_named(&self, key: &str) -> bool {
        self.has(key) && !matches!(self.entry(key).origin, Origin::Default)
    }

    fn entry(&self, key: &str) -> &Entry {
        self.layers.entries.get(key).unwrap_or_else(|| {
            panic!("{key} is not in config/default.toml; loading it in any test finds this")
        })
    }

    pub(crate) fn text(&self, key: &str) -> String {
        match &self.entry(key).value {
            Value::Text(text) => text.clone(),
            _ => String::new(),
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        match &self.entry(key).value {
            Value::Texts(texts) => texts.clone(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.entry(key).value, Value::Flag(true))
    }

    pub(crate) fn float(&self, key: &str) -> f64 {
        match self.entry(key).value {
            Value::Float(number) => number,
            _ => 0.0,
        }
    }

    /// A secret; `None` when it is not set.
    pub(crate) fn secret(&self, key: &str) -> Option<SecretString> {
        debug_assert!(Schema::is_secret(key), "{key} is listed as a secret");
        Some(self.text(key))
            .filter(|text| !text.is_empty())
            .map(SecretString::from)
    }

    /// A list of secrets.
    pub(crate) fn secrets(&self, key: &str) -> Vec<SecretString> {
        debug_assert!(Schema::is_secret(key), "{key} is listed as a secret");
        self.texts(key)
            .into_iter()
            .map(SecretString::from)
            .collect()
    }

    /// A whole number from `least` to `most`, both of which the target type can hold.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self, key: &str, least: i64, most: i64) -> T {
        let number = match self.entry(key).value {
            Value::Number(number) => number,
            _ => least,
        };
        if !(least..=most).contains(&number) {
            self.refuse(key, &format!("{least} to {most}"));
        }
        match T::try_from(number.clamp(least, most)) {
            Ok(number) => number,
            Err(_) => unreachable!("{key}: the range lies within its type"),
        }
    }

    pub(crate) fn non_zero(&mut self, key: &str, most: i64) -> NonZeroUsize {
        NonZeroUsize::new(self.number(key, 1, most)).unwrap_or(NonZeroUsize::MIN)
    }

    pub(crate) fn secs(&mut self, key: &str, least: i64, most: i64) -> Duration {
        Duration::from_secs(self.number(key, least, most))
    }

    pub(crate) fn millis(&mut self, key: &str, least: i64, most: i64) -> Duration {
        Duration::from_millis(self.number(key, least, most))
    }

    /// The position of the value among the choices; 0 for a wrong one.
    pub(crate) fn choice(&mut self, key: &str, choices: &[&str]) -> usize {
        let value = self.text(key);
        choices
            .iter()
            .position(|choice| *choice == value)
            .unwrap_or_else(|| {
                let quoted: Vec<String> =
                    choices.iter().map(|choice| format!("{choice:?}")).collect();
                self.refuse(key, &quoted.join(" or "));
                0
            })
    }

    /// An `http` or `https` URL; `None` when it is not set.
    pub(crate) fn http_url(&mut self, key: &str) -> Option<Url> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
        });
        if url.is_none() {
            self.refuse(key, "an http:// or https:// URL without user and fragment");
        }
        url
    }

    /// An `https` URL, or an `http` one of a loopback address. `None` when it is not set, or wrong.
    pub(crate) fn safe_url(&mut self, key: &str, reason: &str) -> Option<Url> {
        let url = self.http_url(key)?;
        if is_safe(&url) {
            return Some(url);
        }
        self.refuse(
            key,
            &format!("https://, or http:// of a loopback address, {reason}"),
        );
        None
    }

    /// The name of a workspace; `None` when it is not set.
    pub(crate) fn workspace(&mut self, key: &str) -> Option<WorkspaceSlug> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        self.workspace_of(key, &text)
    }

    /// Workspaces may come to be at run time, so only the form of a name can be checked.
    fn workspace_of(&mut self, key: &str, text: &str) -> Option<WorkspaceSlug> {
        let slug = text.parse().ok();
        if slug.is_none() {
            self.refuse(key, "the name of a workspace");
        }
        slug
    }

    /// Notes a secret URL of another scheme, without showing it.
    pub(crate) fn check_secret_url(&mut self, key: &str, schemes: &[&str], form: &str) {
        let is_valid = Url::parse(&self.text(key))
            .is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host());
        if !is_valid {
            self.refuse(key, form);
        }
    }

    /// Notes a PostgreSQL URL that is not set or cannot be used, and why, without showing it.
    pub(crate) fn check_postgres_url(&mut self, key: &str, forms: &str) {
        match DatabaseUri::parse(&self.text(key).into()) {
            Ok(DatabaseUri::PostgreSql(_)) => {}
            Err(UriError::Invalid { reason }) if self.text(key).starts_with("postgres") => {
                self.refuse(key, &format!("{forms}, and of this one: {reason}"));
            }
            _ => self.refuse(key, forms),
        }
    }

    /// Notes that the value of a key is wrong.
    pub(crate) fn refuse(&mut self, key: &str, expected: &str) {
        let entry = self.entry(key);
        let found = match &entry.value {
            Value::Text(text) if text.is_empty() => "nothing".to_owned(),
            _ if Schema::is_secret(key) => "[redacted]".to_owned(),
            Value::Text(text) => format!("{text:?}"),
            Value::Texts(texts) => format!("{texts:?}"),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
        };
        let problem = Problem::new(key, &entry.origin.clone(), found, expected);
        self.note(problem);
    }

    /// Notes that a name itself is wrong, or that what has it should not be there.
    pub(crate) fn refuse_name(&mut self, key: &str, expected: &str) {
        let origin = self
            .layers
            .names
            .get(key)
            .unwrap_or(&Origin::Default)
            .clone();
        self.note(Problem::new(key, &origin, "this name", expected));
    }

    /// Notes that nothing of a section is there that could be used.
    pub(crate) fn refuse_none(&mut self, section: &str, expected: &str) {
        self.note(Problem::new(section, &Origin::Default, "none", expected));
    }

    /// Whether what the operator set could not be read, which is told already: what follows from the value that stands in
    /// its place would lead astray.
    pub(crate) fn is_misunderstood(&self, key: &str) -> bool {
        self.layers.misunderstood.contains(key)
    }

    /// Refuses what an example has in the place of a secret.
    pub(crate) fn refuse_placeholders(&mut self) {
        let texts_of = |value: &Value| match value {
            Value::Text(text) => vec![text.clone()],
            Value::Texts(texts) => texts.clone(),
            _ => Vec::new(),
        };
        let keys: Vec<String> = self
            .layers
            .entries
            .iter()
            .filter(|(key, _)| Schema::is_secret(key))
            .filter(|(_, entry)| {
                texts_of(&entry.value)
                    .iter()
                    .any(|text| is_placeholder(text))
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.refuse(
                &key,
                "the real secret: this is what an example has in its place",
            );
        }
    }

    fn note(&mut self, problem: Problem) {
        // A key that several checks read is reported once.
        if !self.layers.problems.contains(&problem) {
            self.layers.problems.push(problem);
        }
    }
}

/// Whether an example's words stand where a secret should: `…`, `...`, `<password>`, also as the password of a URL.
fn is_placeholder(text: &str) -> bool {
    let stands_for_one = |text: &str| {
        let text = text.trim();
        let is_only = |c: char| !text.is_empty() && text.chars().all(|other| other == c);
        is_only('.')
            || is_only('*')
            || (text.len() > 2 && text.starts_with('<') && text.ends_with('>'))
    };
    let password = || {
        let (credentials, _) = text.split_once("://")?.1.rsplit_once('@')?;
        Some(credentials.split_once(':')?.1)
    };
    text.contains('…') || stands_for_one(text) || password().is_some_and(stands_for_one)
}

/// Whether nobody between here and there can read or change what is sent.
pub(crate) fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || crate::network::is_loopback_host(url.host_str().unwrap_or_default())
}
