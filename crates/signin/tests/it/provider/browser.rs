//! As much of a browser as a provider's pages need.

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_oauth::Parameters;
use url::Url;

pub(crate) struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// Where pages and redirects end.
const OURS: &str = "https://tide.test/";
const MOST_STEPS: usize = 20;

impl Browser {
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            client,
            cookies: BTreeMap::new(),
        }
    }

    /// Signs in as `who` at the provider, agrees, and comes back with what the provider sends us. `None` as who: cancels.
    pub(crate) async fn pass(&mut self, url: &str, who: Option<&str>) -> Parameters {
        let mut url = Url::parse(url).unwrap();
        let mut form: Option<String> = None;
        for _ in 0..MOST_STEPS {
            let (status, location, page) = self.step(&url, form.take()).await;
            if let Some(location) = location {
                url = url.join(&location).unwrap();
                if url.as_str().starts_with(OURS) {
                    return Parameters::parse_query(url.query().unwrap_or_default()).unwrap();
                }
                continue;
            }
            assert_eq!(200, status, "{page}");
            let action = between(&page, "action=\"", "\"");
            url = url.join(&action).unwrap();
            match who {
                Some(who) if page.contains("value=\"login\"") => {
                    form = Some(format!("prompt=login&login={who}&password=any"));
                }
                Some(_) => form = Some("prompt=consent".to_owned()),
                None => {
                    let abort = format!("{}/abort", url.path());
                    url = url.join(&abort).unwrap();
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
        let answer = request
            .header("cookie", cookies.join("; "))
            .send()
            .await
            .unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location");
        let location = location.map(|location| location.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            location,
            answer.text().await.unwrap(),
        )
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let start = text
        .find(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"))
        + before.len();
    let length = text[start..].find(after).unwrap();
    text[start..start + length].to_owned()
}
