//! As much of a browser as signing in needs: cookies, forms with their hidden fields, redirects that it does not follow.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};

use crate::address::LoopbackUrl;

/// One person's browser.
pub(super) struct Browser {
    client: Client,
    server: LoopbackUrl,
    cookies: BTreeMap<String, String>,
}

/// What a page came to.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl Page {
    /// The value of a hidden field of the page's form.
    ///
    /// # Errors
    /// There is no such field.
    pub(super) fn hidden(&self, name: &str) -> anyhow::Result<String> {
        let field = format!("name=\"{name}\" value=\"");
        let (_, rest) = self
            .body
            .split_once(&field)
            .with_context(|| format!("the page has no field {name}: {}", self.excerpt()))?;
        let (value, _) = rest.split_once('"').context("the field does not end")?;
        Ok(value
            .replace("&amp;", "&")
            .replace("&#38;", "&")
            .replace("&#x2f;", "/"))
    }

    /// The redirect's target, which must be there.
    ///
    /// # Errors
    /// The page is no redirect.
    pub(super) fn location(&self) -> anyhow::Result<&str> {
        self.location
            .as_deref()
            .with_context(|| format!("{} is no redirect: {}", self.status, self.excerpt()))
    }

    fn excerpt(&self) -> String {
        let main = self
            .body
            .split_once("<main")
            .map_or(self.body.as_str(), |(_, main)| main);
        main.chars().take(400).collect()
    }
}

impl Browser {
    pub(super) fn new(client: Client, server: &LoopbackUrl) -> Self {
        Self {
            client,
            server: server.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// Opens a page of the server, by its path or its URL there.
    pub(super) async fn open(&mut self, target: &str) -> anyhow::Result<Page> {
        let request = self.client.get(self.url(target)?);
        self.send(request).await
    }

    /// Opens a page, and those of the server that it redirects to.
    pub(super) async fn visit(&mut self, target: &str) -> anyhow::Result<Page> {
        let mut page = self.open(target).await?;
        for _ in 0..5 {
            let Some(next) = page.location.clone() else {
                break;
            };
            page = self.open(&next).await?;
        }
        Ok(page)
    }

    /// Sends a form of a page.
    pub(super) async fn submit(
        &mut self,
        target: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Page> {
        let request = self
            .client
            .post(self.url(target)?)
            .header(ORIGIN, self.origin())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(form(fields));
        self.send(request).await
    }

    fn origin(&self) -> String {
        format!("http://{}", self.server.authority())
    }

    fn url(&self, target: &str) -> anyhow::Result<String> {
        let path = target.strip_prefix(&self.origin()).unwrap_or(target);
        ensure!(path.starts_with('/'), "{target} is not on the server");
        Ok(self.server.join(path))
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> anyhow::Result<Page> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let response = request.header(COOKIE, cookies.join("; ")).send().await?;
        self.keep(&response);
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(Page {
            status: response.status(),
            location,
            body: response.text().await?,
        })
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next());
            if let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Fields as a form's body or a query (`application/x-www-form-urlencoded`).
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
