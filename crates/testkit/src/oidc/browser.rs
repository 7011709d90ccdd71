use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;

/// As much of a browser as the provider's pages need: cookies, redirects, forms.
#[derive(Debug)]
pub struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

const MOST_STEPS: usize = 20;

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// One that was nowhere yet.
    ///
    /// # Panics
    /// There is no TLS.
    pub fn new() -> Self {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("the HTTP client can be built");
        Self {
            client,
            cookies: BTreeMap::new(),
        }
    }

    /// Signs in as `who` at the provider, agrees, and comes back with where the provider sends it: the first address that
    /// is not the provider's. `None` as who: cancels.
    ///
    /// # Panics
    /// The provider's pages are not as expected.
    pub async fn pass(&mut self, url: &str, who: Option<&str>) -> Url {
        let mut url = Url::parse(url).expect("it is a URL");
        let provider = url.origin();
        let mut form: Option<String> = None;
        for _ in 0..MOST_STEPS {
            let (status, location, page) = self.step(&url, form.take()).await;
            if let Some(location) = location {
                url = url.join(&location).expect("it leads somewhere");
                if url.origin() != provider {
                    return url;
                }
                continue;
            }
            assert_eq!(200, status, "{page}");
            let action = between(&page, "action=\"", "\"");
            url = url.join(&action).expect("the form goes somewhere");
            match who {
                Some(who) if page.contains("value=\"login\"") => {
                    form = Some(format!("prompt=login&login={who}&password=any"));
                }
                Some(_) => form = Some("prompt=consent".to_owned()),
                None => {
                    let abort = format!("{}/abort", url.path());
                    url = url.join(&abort).expect("it is a path");
                }
            }
        }
        panic!("the provider sends the browser in circles");
    }

    async fn step(&mut self, url: &Url, form: Option<String>) -> (u16, Option<String>, String) {
        let request = match form {
            Some(form) => self
                .client
                .post(url.clone())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
            None => self.client.get(url.clone()),
        };
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await;
        let answer = answer.expect("the provider answers");
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("cookies are ASCII");
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location");
        let location = location.map(|to| to.to_str().expect("addresses are ASCII").to_owned());
        let status = answer.status().as_u16();
        let page = answer.text().await.expect("the page comes whole");
        (status, location, page)
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let start = text
        .find(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"))
        + before.len();
    let length = text[start..].find(after).unwrap_or_default();
    text[start..start + length].to_owned()
}
