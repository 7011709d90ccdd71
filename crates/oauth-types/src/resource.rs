//! Resource indicators (RFC 8707) and the resources of this server (RFC 9728).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidegate_types::WorkspaceSlug;
use url::{Host, Url};

use crate::{ErrorCode, OAuthError};

const MOST_BYTES: usize = 2048;

/// What a token is for: an absolute URL in one canonical form. No query, no trailing or doubled slash, the host in lower
/// case, no default port; clients differ in all of these and mean the same.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Resource(Arc<str>);

impl Resource {
    /// Reads a `resource` parameter, leniently.
    ///
    /// # Errors
    /// `invalid_target`: not an absolute http(s) URL, with user information, with a fragment (RFC 8707 §2), or longer
    /// than 2048 bytes.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidTarget, why));
        if text.len() > MOST_BYTES {
            return refuse("`resource` is longer than 2048 bytes");
        }
        // The parser would drop, turn or translate these, each into something that was not written.
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        {
            return refuse("`resource` holds a character that a URL cannot have");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("`resource` is not an absolute URL");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("`resource` is not an http or https URL");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("`resource` must not hold user information");
        }
        if url.fragment().is_some() {
            return refuse("`resource` must not have a fragment");
        }
        Ok(Self::of_url(&url))
    }

    fn of_url(url: &Url) -> Self {
        let origin = url.origin().ascii_serialization();
        let path = canonical_path(url.path());
        Self(format!("{origin}{path}").into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource by the path that a client wrote, if that is another spelling of its own: RFC 9728 §3.3 wants the
    /// document to name the very URL that its reader uses.
    pub fn spelled(&self, path: &str) -> SpelledResource {
        let (origin, own) = self.origin_and_path();
        let path = if canonical_path(path) == own {
            path
        } else {
            own
        };
        SpelledResource {
            origin: origin.to_owned(),
            path: path.to_owned(),
        }
    }

    /// `https://host:port` and the path, which is empty or begins with a slash.
    fn origin_and_path(&self) -> (&str, &str) {
        let host_at = self.0.find("://").map_or(0, |at| at + 3);
        let path_at = self.0[host_at..]
            .find('/')
            .map_or(self.0.len(), |at| host_at + at);
        self.0.split_at(path_at)
    }
}

/// A path without trailing and doubled slashes; empty for the root.
fn canonical_path(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.fold(String::new(), |path, segment| path + "/" + segment)
}

/// A resource as a client spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpelledResource {
    origin: String,
    path: String,
}

impl SpelledResource {
    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// Where its protected resource metadata is (RFC 9728 §3.1).
    pub fn well_known(&self) -> String {
        format!("{}{PROTECTED_RESOURCE}{}", self.origin, self.path)
    }
}

/// The well-known path of protected resource metadata (RFC 9728 §3).
pub const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({})", self.0)
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.0.as_ref().to_owned()
    }
}

impl TryFrom<String> for Resource {
    type Error = OAuthError;
    fn try_from(text: String) -> Result<Self, OAuthError> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for Resource {
    type Err = OAuthError;
    fn from_str(text: &str) -> Result<Self, OAuthError> {
        Self::parse(text)
    }
}

/// What a resource of ours stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Any workspace; which one is chosen at consent and stands in the token.
    Generic,
    /// This workspace only.
    Workspace(WorkspaceSlug),
}

impl Target {
    /// What clients show people of a resource (RFC 9728 §2, `resource_name`).
    pub fn display_name(&self) -> String {
        match self {
            Self::Generic => "Tidegate".to_owned(),
            Self::Workspace(workspace) => format!("Tidegate, workspace {workspace}"),
        }
    }
}

/// Which resources are ours. They all have the one issuer.
///
/// `<public>/mcp` is generic (or the only workspace's), `<public>/w/<slug>/mcp` is a workspace's, and so is
/// `https://<its host>/mcp`. The bare origin stands for its `/mcp`. Whether a workspace exists is asked elsewhere.
#[derive(Debug, Clone)]
pub struct ResourceMap {
    issuer: Arc<str>,
    /// Origins that lead to the issuer as well.
    other_names: Arc<[String]>,
    by_origin: Arc<BTreeMap<String, WorkspaceSlug>>,
    only: Option<WorkspaceSlug>,
}

impl ResourceMap {
    /// The resources of a server at `public_url`, of which the origin counts. Workspace hosts have its scheme, and its
    /// port unless they name one; a text that is no host is left out. `default`: the workspace that is meant when none is
    /// named, where there is only one.
    pub fn new(
        public_url: &Url,
        hosts: impl IntoIterator<Item = (String, WorkspaceSlug)>,
        default: Option<WorkspaceSlug>,
    ) -> Self {
        let origin_of = |host: &str| {
            let mut url = Url::parse(&format!("{}://{host}", public_url.scheme())).ok()?;
            if url.port().is_none() && !has_port(host) {
                url.set_port(public_url.port()).ok()?;
            }
            Some(url.origin().ascii_serialization())
        };
        let issuer: Arc<str> = public_url.origin().ascii_serialization().into();
        let by_origin = hosts
            .into_iter()
            .filter_map(|(host, slug)| Some((origin_of(&host)?, slug)))
            .filter(|(origin, _)| **origin != *issuer)
            .collect();
        Self {
            issuer,
            other_names: Arc::default(),
            by_origin: Arc::new(by_origin),
            only: default,
        }
    }

    /// The same where other host names lead to the server as well, such as `localhost` and `127.0.0.1`: what they name is
    /// the resource of the public URL, whose issuer it has.
    #[must_use]
    pub fn with_other_names<'n>(mut self, hosts: impl IntoIterator<Item = &'n str>) -> Self {
        let Ok(issuer) = Url::parse(&self.issuer) else {
            return self;
        };
        let origins = hosts.into_iter().filter_map(|host| {
            let mut url = issuer.clone();
            url.set_host(Some(host)).ok()?;
            Some(url.origin().ascii_serialization())
        });
        self.other_names = origins.filter(|origin| **origin != *self.issuer).collect();
        self
    }

    /// The issuer of all (RFC 8414 §2): the origin, without a trailing slash.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What a resource stands for; `None` when it is not ours, which is `invalid_target`.
    pub fn find(&self, resource: &Resource) -> Option<Target> {
        let (origin, path) = resource.origin_and_path();
        let is_whole = matches!(path, "" | "/mcp");
        let is_issuer = origin == &*self.issuer;
        if !is_issuer && !self.other_names.iter().any(|name| name == origin) {
            let workspace = self.by_origin.get(origin)?;
            return is_whole.then(|| Target::Workspace(workspace.clone()));
        }
        if is_whole {
            return Some(self.only.clone().map_or(Target::Generic, Target::Workspace));
        }
        let slug = path.strip_prefix("/w/")?.strip_suffix("/mcp")?;
        slug.parse().ok().map(Target::Workspace)
    }

    /// The resource of a workspace, as it is known without a host of its own.
    pub fn of_workspace(&self, workspace: &WorkspaceSlug) -> Resource {
        Resource(format!("{}/w/{workspace}/mcp", self.issuer).into())
    }

    /// The resource that names no workspace.
    pub fn generic(&self) -> Resource {
        Resource(format!("{}/mcp", self.issuer).into())
    }

    /// The resource at a workspace's own host, if it is one: `host` as it stands in the URL, with a port if that has one.
    pub fn of_host(&self, host: &str) -> Option<Resource> {
        let scheme = self.issuer.split_once("://")?.0;
        let origin = Url::parse(&format!("{scheme}://{host}")).ok()?.origin();
        let origin = origin.ascii_serialization();
        self.by_origin
            .contains_key(&origin)
            .then(|| Resource(format!("{origin}/mcp").into()))
    }

    /// A resource at the public URL by the name of a request's `Host`, if that is another name of the server.
    pub fn named_as(&self, resource: Resource, host: &str) -> Resource {
        let (origin, path) = resource.origin_and_path();
        if origin != &*self.issuer || self.other_names.is_empty() {
            return resource;
        }
        let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
        let asked = Url::parse(&format!("{scheme}://{host}"));
        let asked = asked.map(|url| url.origin().ascii_serialization());
        match asked {
            Ok(asked) if self.other_names.contains(&asked) => {
                Resource(format!("{asked}{path}").into())
            }
            _ => resource,
        }
    }
}

fn has_port(host: &str) -> bool {
    Host::parse(host).is_err()
}

#[cfg(test)]
mod tests;
