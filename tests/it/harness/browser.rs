use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Response, StatusCode, Url};

use super::PASSWORD;

/// A person's browser: keeps cookies, follows redirects of its own site, and sends each request to the next node, as
/// a balancer without stickiness would.
#[derive(Clone)]
pub(crate) struct Browser {
    http: reqwest::Client,
    /// `http://host:port` of each node.
    nodes: Vec<String>,
    next: usize,
    issuer: String,
    cookies: BTreeMap<String, String>,
}

/// What a browser shows.
pub(crate) struct Page {
    pub status: StatusCode,
    /// The path and query that it came from.
    pub path: String,
    /// Where the answer sends the browser, when that is another site.
    pub leaves_to: Option<Url>,
    pub headers: reqwest::header::HeaderMap,
    pub html: String,
}

impl Browser {
    /// A browser of somebody new. `issuer` is what the nodes call themselves.
    pub(crate) fn new(issuer: &str, nodes: Vec<String>) -> Self {
        Self {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            nodes,
            next: 0,
            issuer: issuer.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// What the cookies hold, which nobody may log.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.cookies.values().cloned().collect()
    }

    /// Opens a page, and those that it redirects to.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    /// Opens a page without following redirects.
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(path, None).await
    }

    /// Sends the first form of a page that has this field, with its values and these over them; a field that is
    /// [`LEFT_OUT`] is not sent. Follows redirects.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(page, fields).await;
        self.follow(answer).await
    }

    /// As [`Self::submit`], without following redirects.
    pub(crate) async fn post(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (action, mut values) = page.form(fields[0].0);
        for (name, value) in fields {
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        values.retain(|_, value| value != LEFT_OUT);
        let action = if action.is_empty() {
            page.path.clone()
        } else {
            action
        };
        self.send(&action, Some(form_of(&values))).await
    }

    /// Signs in on the page that asks for it.
    pub(crate) async fn sign_in(&mut self, page: &Page, name: &str) -> Page {
        assert!(page.path.starts_with("/sign-in"), "{}", page.path);
        let signed_in = self
            .submit(page, &[("username", name), ("password", PASSWORD)])
            .await;
        assert!(
            !signed_in.path.starts_with("/sign-in"),
            "{}",
            signed_in.html
        );
        signed_in
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(to) = page.headers.get(LOCATION) else {
                return page;
            };
            let to = to.to_str().unwrap();
            let own = to.strip_prefix(&self.issuer).unwrap_or(to);
            if !own.starts_with('/') || own.starts_with("//") {
                page.leaves_to = Some(to.parse().unwrap());
                return page;
            }
            let next = self.send(own, None).await;
            page = next;
        }
        panic!("more than ten redirects, the last to {}", page.path);
    }

    async fn send(&mut self, path: &str, form: Option<String>) -> Page {
        let node = self.nodes[self.next % self.nodes.len()].clone();
        self.next += 1;
        let url = format!("{node}{path}");
        let mut request = match form {
            Some(form) => self
                .http
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("Sec-Fetch-Site", "same-origin")
                .body(form),
            None => self.http.get(url),
        };
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        self.keep_cookies(&response);
        Page {
            status: response.status(),
            path: path.to_owned(),
            leaves_to: None,
            headers: response.headers().clone(),
            html: response.text().await.unwrap(),
        }
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            assert!(attributes.contains("HttpOnly"), "{name}: {attributes}");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The value of a field that is not sent.
pub(crate) const LEFT_OUT: &str = "\0left out";

impl Page {
    /// The action and the values of the first form that has a field of this name.
    fn form(&self, field: &str) -> (String, BTreeMap<String, String>) {
        for form in self.html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let (opening, content) = form.split_once('>').unwrap();
            let has_field = content.contains(&format!("name=\"{field}\""));
            if has_field {
                let action = attribute(opening, "action").unwrap_or_default();
                return (action, values(content));
            }
        }
        panic!(
            "no form with {field:?} on {} ({}):\n{}",
            self.path, self.status, self.html
        );
    }
}

/// What the inputs of a form hold before anybody touches them.
fn values(content: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for tag in content.split("<input").skip(1) {
        let tag = tag.split('>').next().unwrap();
        let kind = attribute(tag, "type").unwrap_or_default();
        let is_choice = matches!(kind.as_str(), "radio" | "checkbox");
        if let Some(name) = attribute(tag, "name")
            && (!is_choice || tag.contains(" checked"))
        {
            values.insert(name, attribute(tag, "value").unwrap_or_default());
        }
    }
    for list in content.split("<select").skip(1) {
        let list = list.split("</select>").next().unwrap();
        let options: Vec<&str> = list.split("<option").skip(1).collect();
        let chosen = options.iter().find(|option| {
            let tag = option.split('>').next().unwrap();
            tag.contains(" selected")
        });
        if let Some(name) = attribute(list, "name")
            && let Some(option) = chosen.or(options.first())
        {
            values.insert(name, attribute(option, "value").unwrap_or_default());
        }
    }
    values
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag
        .split_once(&format!(" {name}=\""))?
        .1
        .split('"')
        .next()?;
    let plain = [
        ("&amp;", "&"),
        ("&#38;", "&"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
    ];
    Some(
        plain
            .iter()
            .fold(value.to_owned(), |text, (from, to)| text.replace(from, to)),
    )
}

/// `application/x-www-form-urlencoded`.
pub(crate) fn form_of<N: AsRef<str>, V: AsRef<str>>(
    fields: impl IntoIterator<Item = (N, V)>,
) -> String {
    let mut url = Url::parse("http://form/").unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// Somebody who sends single requests.
pub(crate) fn web() -> reqwest::Client {
    reqwest::Client::builder()
        .connect_timeout(super::PATIENCE)
        .build()
        .unwrap()
}
