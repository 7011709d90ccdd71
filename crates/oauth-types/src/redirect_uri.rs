//! Where codes are sent (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1 and §4.1).

mod problem;
mod shown_host;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::Url;

pub use problem::RedirectProblem;
pub use shown_host::ShownHost;

/// Longer ones are refused; real ones stay below 200.
const MOST_BYTES: usize = 2048;

/// A redirect URI of a form that may be registered. Which of a client's it is, is compared with
/// [`matches_registered`](Self::matches_registered). Kept and printed as it came.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri {
    text: String,
    kind: RedirectKind,
    /// `http`, `https`, or the private scheme, in lower case.
    scheme: String,
    /// In lower case, brackets included; empty for private schemes without an authority.
    host: String,
    /// As written; `None` as well when it is the scheme's own.
    port: Option<u16>,
    /// Of the text: path and query, or all after a private scheme's colon.
    rest: Range<usize>,
}

/// What stands behind a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectKind {
    /// A web site.
    Https,
    /// A program on the person's machine that listens on a port (RFC 8252 §7.3).
    Loopback,
    /// A program on the person's machine that registered a scheme (RFC 8252 §7.1).
    PrivateScheme,
}

/// Hosts whose port may be any. `localhost` is not in RFC 8252's list, and clients use it (claude-code#37747).
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl RedirectUri {
    /// Reads a redirect URI, strictly: only characters of RFC 3986, no fragment, no user information, no dot segments,
    /// the host written as browsers will read it; https unless the host is loopback; private schemes unless they are
    /// known to do harm.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, RedirectProblem> {
        if text.len() > MOST_BYTES {
            return Err(RedirectProblem::TooLong);
        }
        check_characters(text)?;
        let (scheme, after) = text.split_once(':').ok_or(RedirectProblem::NotAbsolute)?;
        let scheme = scheme.to_ascii_lowercase();
        check_scheme(&scheme)?;
        let after_at = text.len() - after.len();
        let is_web = matches!(&*scheme, "http" | "https");
        let authority = after
            .strip_prefix("//")
            .map(|rest| &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]);
        if authority.is_some_and(|authority| authority.contains('@')) {
            return Err(RedirectProblem::UserInformation);
        }
        let parsed = Url::parse(text).map_err(|_| RedirectProblem::Malformed)?;
        let rest_at = match authority {
            Some(authority) => after_at + 2 + authority.len(),
            None => after_at,
        };
        let rest = &text[rest_at..];
        check_path(rest)?;
        check_query(rest)?;
        let (host, port) = if is_web {
            web_host(authority, &parsed)?
        } else {
            if after.trim_start_matches('/').is_empty() {
                return Err(RedirectProblem::Malformed);
            }
            let host = authority.unwrap_or_default().to_ascii_lowercase();
            (host, None)
        };
        let is_loopback = is_web && LOOPBACK_HOSTS.contains(&&*host);
        let kind = match (is_web, is_loopback) {
            (false, _) => RedirectKind::PrivateScheme,
            (true, true) => RedirectKind::Loopback,
            (true, false) if scheme == "https" => RedirectKind::Https,
            (true, false) => return Err(RedirectProblem::HttpsNeeded),
        };
        Ok(Self {
            text: text.to_owned(),
            kind,
            scheme,
            host,
            port,
            rest: rest_at..text.len(),
        })
    }

    /// Whether this, from a request, is that one, which is registered: all alike, but on a loopback host any port
    /// (RFC 8252 §7.3). The hosts must be the same also then: `localhost` is not `127.0.0.1`.
    pub fn matches_registered(&self, registered: &Self) -> bool {
        let is_any_port = self.kind == RedirectKind::Loopback;
        self.kind == registered.kind
            && self.scheme == registered.scheme
            && self.host == registered.host
            && (is_any_port || self.port == registered.port)
            && self.path_and_query() == registered.path_and_query()
    }

    /// An empty path of a web URL is `/` (RFC 3986 §6.2.3), which is what a client's URL library may make of it.
    fn path_and_query(&self) -> (&str, Option<&str>) {
        let rest = &self.text[self.rest.clone()];
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        match path {
            "" if self.kind != RedirectKind::PrivateScheme => ("/", query),
            path => (path, query),
        }
    }

    /// What stands behind it.
    pub const fn kind(&self) -> RedirectKind {
        self.kind
    }

    /// The host as people are to see it: `claude.ai`, `localhost`, or a private scheme as `cursor://`. Never decoded
    /// from its ASCII form, so that a name of lookalike letters shows as `xn--…`. Ports are left out.
    pub fn shown_host(&self) -> String {
        match self.kind {
            RedirectKind::PrivateScheme => format!("{}://", self.scheme),
            RedirectKind::Https | RedirectKind::Loopback => self.host.clone(),
        }
    }

    /// Where the answer goes as people are to see it: as [`shown_host`](Self::shown_host), and for a program on this
    /// computer with port and path, by which several are told apart: `127.0.0.1:43210/callback`.
    pub fn shown_place(&self) -> String {
        match self.kind {
            RedirectKind::Https | RedirectKind::PrivateScheme => self.shown_host(),
            RedirectKind::Loopback => {
                let port = self
                    .port
                    .map_or_else(String::new, |port| format!(":{port}"));
                let (path, _) = self.path_and_query();
                format!("{}{port}{}", self.host, path.trim_end_matches('/'))
            }
        }
    }

    /// [`shown_host`](Self::shown_host) cut where the registrable domain begins, which is the part to believe.
    pub fn host_parts(&self) -> ShownHost {
        match self.kind {
            RedirectKind::PrivateScheme => ShownHost::whole(self.shown_host()),
            RedirectKind::Https | RedirectKind::Loopback => ShownHost::of_host(&self.host),
        }
    }

    /// The URI as all that match it have in common: a loopback host without its port.
    pub(crate) fn without_loopback_port(&self) -> String {
        match self.kind {
            RedirectKind::Loopback => {
                let (path, query) = self.path_and_query();
                let mark = if query.is_some() { "?" } else { "" };
                let query = query.unwrap_or_default();
                format!("{}://{}{path}{mark}{query}", self.scheme, self.host)
            }
            RedirectKind::Https | RedirectKind::PrivateScheme => self.text.clone(),
        }
    }

    /// Whether it is a web site of whoever owns `host`: both have the same registrable domain. An address or a name
    /// without one has to be the same.
    pub fn is_of_owner_of(&self, host: &str) -> bool {
        self.kind == RedirectKind::Https
            && self.host_parts().registrable
                == ShownHost::of_host(&host.to_ascii_lowercase()).registrable
    }

    /// Whether a private scheme is one that a client may choose for itself: a domain name reversed (RFC 8252 §7.1), which is its
    /// maker's own, or that of an MCP client that is known. True for web sites and loopback addresses.
    pub fn is_scheme_of_its_own(&self) -> bool {
        if self.kind != RedirectKind::PrivateScheme {
            return true;
        }
        let labels: Vec<&str> = self.scheme.split('.').collect();
        let is_label = |label: &&str| !label.is_empty() && !label.contains('+');
        let has_top = labels
            .first()
            .is_some_and(|top| top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_lowercase()));
        let is_reversed_domain = labels.len() >= 2 && has_top && labels.iter().all(is_label);
        is_reversed_domain || KNOWN_APPS.split(' ').any(|known| known == self.scheme)
    }

    /// The scheme in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The URI as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URI with parameters added to its query (RFC 6749 §4.1.2). ASCII without spaces: fit for a `Location` header.
    pub fn with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        let mut text = self.text.clone();
        let mut separator = match text.find('?') {
            None => '?',
            Some(at) if at + 1 == text.len() => '\0',
            Some(_) => '&',
        };
        for (name, value) in parameters {
            if separator != '\0' {
                text.push(separator);
            }
            separator = '&';
            text.extend(utf8_percent_encode(name, UNRESERVED));
            text.push('=');
            text.extend(utf8_percent_encode(value, UNRESERVED));
        }
        text
    }
}

/// All but the unreserved characters of RFC 3986 §2.3 are encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Only what RFC 3986 §2 allows, `%` before two digits. No space, control character, backslash or letter outside ASCII.
fn check_characters(text: &str) -> Result<(), RedirectProblem> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'#' => return Err(RedirectProblem::Fragment),
            b'%' => {
                let is_encoded = bytes
                    .get(at + 1..at + 3)
                    .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                if !is_encoded {
                    return Err(RedirectProblem::Character);
                }
            }
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'[' | b']' | b'@' | b'!' | b'$'
            | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {}
            byte if byte.is_ascii_alphanumeric() => {}
            _ => return Err(RedirectProblem::Character),
        }
    }
    Ok(())
}

/// Schemes that run something, read local things or leave the browser for something that is no OAuth client: those of operating
/// systems and of programs that everybody has, which would be opened with the answer; and `localhost`, which is a scheme where
/// somebody forgot `http://`.
const DENIED_SCHEMES: &str = "\
    about acap acrobat afp aim android-app apt bitcoin blob bolt calculator callto cid com.epicgames.launcher contacts dab dat \
    data dav dict discord dns ed2k ethereum evernote excel fb feed file filesystem finger fish ftp ftps gadugadu geo git gopher \
    gtalk hcp help h323 icap icloud-sharing im imap imessage infopath instagram intent intents ipp ipps irc irc6 ircs iris jabber \
    jar javascript jdbc knowledge launch ldap ldaps lightning line litecoin livescript localhost magnet mailto man maps market \
    message messenger mhtml mk mms mms-helper mocha msnim msteams mumble music nfs news nntp notes odbc onedrive outlook \
    photos podcast pop powerpoint publisher rdp res resource rlogin roblox roblox-player rsync rtmp rtsp search sftp sgnl \
    shell shortcuts signal sip sips slack smb sms smsto smtp snmp spotify ssh stun svn tapbots teams teamspeak tel telnet tftp tg \
    thunder tn3270 trueconf ts3server tuneit turn turns twitter udp urn vbs vbscript ventrilo viber visio vnc webcal webcals \
    wechat weixin whatsapp windows windowsdefender word workflow ws wss wyciwyg xcode xmpp ymsgr";

/// Families of the same. `web+…` is whatever site registered it.
const DENIED_PREFIXES: &str = "\
    app-prefs app-settings chrome com.apple. edge- facetime itms itunes jetbrains microsoft moz- ms- onenote opera- prefs \
    safari- search- skype steam view-source web+ x-apple x-github x-javascript x-man x-web-search zoom";

/// Schemes of MCP clients that are not written as RFC 8252 §7.1 wants them, a domain reversed: so anybody could register any other
/// of that form, among them those of programs that we do not know.
const KNOWN_APPS: &str = "\
    antigravity chatwise cherrystudio claude code-oss cursor cursor-nightly goose jan kiro lmstudio raycast trae vscode \
    vscode-insiders vscodium warp windsurf windsurf-next zed";

fn check_scheme(scheme: &str) -> Result<(), RedirectProblem> {
    let mut bytes = scheme.bytes();
    let is_formed = (2..=64).contains(&scheme.len())
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')
        });
    if !is_formed {
        return Err(RedirectProblem::NotAbsolute);
    }
    let is_denied = DENIED_SCHEMES.split(' ').any(|denied| denied == scheme)
        || DENIED_PREFIXES
            .split(' ')
            .any(|prefix| scheme.starts_with(prefix))
        || (scheme.ends_with("script") && !scheme.contains('.'));
    if is_denied {
        return Err(RedirectProblem::Scheme);
    }
    Ok(())
}

/// Host and port of a web URL. The host must be written as it is read, or what people see is not where they are sent.
fn web_host(
    authority: Option<&str>,
    parsed: &Url,
) -> Result<(String, Option<u16>), RedirectProblem> {
    let authority = authority
        .ok_or(RedirectProblem::Malformed)?
        .to_ascii_lowercase();
    let read = parsed.host_str().ok_or(RedirectProblem::Host)?;
    let port = match authority.strip_prefix(read) {
        Some("") => None,
        Some(port) => Some(port.strip_prefix(':').ok_or(RedirectProblem::Host)?),
        None => return Err(RedirectProblem::Host),
    };
    if read.ends_with('.') || read.starts_with('.') || read.contains("..") {
        return Err(RedirectProblem::Host);
    }
    // What `url` lets through, no name has: `*` above all, which people read as any host.
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !read.starts_with('[') && !read.bytes().all(is_of_names) {
        return Err(RedirectProblem::Host);
    }
    if port.is_some_and(|port| port.is_empty() || port.starts_with('0')) {
        return Err(RedirectProblem::Host);
    }
    Ok((read.to_owned(), parsed.port()))
}

/// No `.` and `..` as segments, plain or encoded: browsers take them away, so that the URI leads elsewhere.
fn check_path(rest: &str) -> Result<(), RedirectProblem> {
    let path = rest.split('?').next().unwrap_or_default();
    let is_dots = |segment: &str| {
        let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
        decoded == "." || decoded == ".."
    };
    let has_backslash = path.to_ascii_lowercase().contains("%5c");
    if has_backslash || path.split(['/', ':']).any(is_dots) {
        return Err(RedirectProblem::DotSegment);
    }
    Ok(())
}

/// What an answer adds (RFC 6749 §4.1.2, RFC 9207 §2) must not be there already, or the client reads another's.
const ANSWER_PARAMETERS: [&str; 6] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
];

fn check_query(rest: &str) -> Result<(), RedirectProblem> {
    let Some((_, query)) = rest.split_once('?') else {
        return Ok(());
    };
    let takes_place = url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| ANSWER_PARAMETERS.contains(&&*name));
    if takes_place {
        return Err(RedirectProblem::AnswerParameter);
    }
    Ok(())
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.text
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectProblem;
    fn try_from(text: String) -> Result<Self, RedirectProblem> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for RedirectUri {
    type Err = RedirectProblem;
    fn from_str(text: &str) -> Result<Self, RedirectProblem> {
        Self::parse(text)
    }
}
