use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_types::SecretString;

use crate::options::Options;
use crate::{Keepalive, SessionKind, TlsSettings, UriError, decode, invalid};

const DEFAULT_PORT: u16 = 5432;
/// Where Debian, Fedora and the official images put the socket. libpq's other default, `/tmp`, is left out:
/// whoever has an account on the machine could listen there and be handed the password.
const DEFAULT_SOCKETS: &str = "/var/run/postgresql";
const MAX_TARGETS: usize = 16;

/// A PostgreSQL server, or several of which the first that will do is taken.
///
/// `Debug` shows no password: it is a [`SecretString`].
#[derive(Debug, Clone)]
pub struct PostgresUri {
    /// In the order in which they are tried; never empty.
    pub targets: Vec<Target>,
    /// `load_balance_hosts=random`: begin anywhere.
    pub is_balanced: bool,
    /// `None` means the name of the user that this process runs as.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// `None` means the user's name.
    pub database: Option<String>,
    /// Encryption; over a Unix socket there is none.
    pub tls: TlsSettings,
    /// `target_session_attrs`.
    pub session: SessionKind,
    /// `options`: switches of the server, such as `-csearch_path=a,b`.
    pub options: Option<String>,
    /// `application_name`, or else `fallback_application_name`.
    pub application_name: Option<String>,
    /// `connect_timeout`, for each address.
    pub connect_timeout: Option<Duration>,
    /// TCP keepalive.
    pub keepalive: Keepalive,
    /// `tcp_user_timeout`.
    pub tcp_user_timeout: Option<Duration>,
    /// Options that were passed over, since they only tune another driver.
    pub ignored: Vec<String>,
}

/// One place where a server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How it is called; a certificate must name it.
    pub host: Host,
    /// `hostaddr`: the address to use instead of looking the name up.
    pub address: Option<IpAddr>,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
}

/// A machine or a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name or an address.
    Name(String),
    /// The folder of a Unix socket.
    Socket(PathBuf),
}

/// The parts of a URI before they are made sense of. The lists of hosts, addresses and ports belong together.
#[derive(Default)]
struct Draft {
    user: Option<String>,
    password: Option<SecretString>,
    database: Option<String>,
    hosts: Vec<(String, Option<u16>)>,
    addresses: Vec<IpAddr>,
    ports: Vec<Option<u16>>,
    options: Options,
}

impl PostgresUri {
    /// Reads what follows `postgresql:`. `arguments` come after the URI's own options and win.
    pub(crate) fn parse(rest: &str, arguments: &[(String, String)]) -> Result<Self, UriError> {
        let rest = rest.strip_prefix("//").ok_or_else(|| {
            invalid("a PostgreSQL URI is postgresql://user:password@host/database")
        })?;
        let (user, password, tail) = credentials(rest);
        let mut draft = Draft {
            user: user
                .map(decode)
                .transpose()?
                .filter(|user| !user.is_empty()),
            password: password
                .map(decode)
                .transpose()?
                .filter(|password| !password.is_empty())
                .map(SecretString::from),
            ..Draft::default()
        };
        let (place, query) = tail.split_once('?').unwrap_or((tail, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        draft.database = Some(decode(database)?).filter(|name| !name.is_empty());
        for part in authority.split(',').filter(|_| !authority.is_empty()) {
            draft.hosts.push(host_and_port(&decode(part)?, true)?);
        }
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        // SQLAlchemy's form of several hosts: each in an option of its own.
        let several = pairs.iter().filter(|(key, _)| key == "host").count() > 1;
        if pairs.iter().any(|(key, _)| key == "host") {
            draft.hosts.clear();
        }
        for (key, value) in &pairs {
            draft.set(key, value, several)?;
        }
        for (key, value) in arguments {
            if key == "host" {
                draft.hosts.clear();
            }
            draft.set(key, value, false)?;
        }
        draft.finish()
    }
}

impl Draft {
    fn set(&mut self, name: &str, value: &str, several: bool) -> Result<(), UriError> {
        if value.contains('\0') {
            return Err(invalid("it has a zero byte"));
        }
        let text = || Some(value.to_owned()).filter(|text| !text.is_empty());
        match name {
            "host" if several => self.hosts.push(host_and_port(value, true)?),
            "host" => {
                for host in value.split(',') {
                    self.hosts.push(host_and_port(host, false)?);
                }
            }
            "hostaddr" => {
                let addresses = value.split(',').map(|address| address.trim().parse());
                self.addresses = addresses
                    .collect::<Result<_, _>>()
                    .map_err(|_| invalid("its hostaddr is no IP address"))?;
            }
            "port" => {
                let ports = value.split(',').map(|port| match port.trim() {
                    "" => Ok(None),
                    port => number(port).map(Some),
                });
                self.ports = ports.collect::<Result<_, _>>()?;
            }
            "user" | "username" => self.user = text(),
            "password" => self.password = text().map(SecretString::from),
            "dbname" | "database" => self.database = text(),
            _ => self.options.set(name, value)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<PostgresUri, UriError> {
        let targets = self.targets()?;
        let options = self.options;
        if options.tls.certificate.is_some() != options.tls.key.is_some() {
            return Err(invalid("sslcert and sslkey go together"));
        }
        Ok(PostgresUri {
            targets,
            is_balanced: options.is_balanced,
            user: self.user,
            password: self.password,
            database: self.database,
            tls: options.tls,
            session: options.session,
            options: options.startup,
            application_name: options
                .application_name
                .or(options.fallback_application_name),
            connect_timeout: options.connect_timeout,
            keepalive: options.keepalive,
            tcp_user_timeout: options.tcp_user_timeout,
            ignored: options.ignored,
        })
    }

    fn targets(&self) -> Result<Vec<Target>, UriError> {
        let count = self.hosts.len().max(self.addresses.len()).max(1);
        if count > MAX_TARGETS {
            return Err(invalid("it names more than 16 hosts"));
        }
        if !self.addresses.is_empty() && !self.hosts.is_empty() && self.addresses.len() != count {
            return Err(invalid("it has another number of hosts than of hostaddr"));
        }
        if self.ports.len() > 1 && self.ports.len() != count {
            return Err(invalid("it has another number of hosts than of ports"));
        }
        let mut targets = Vec::with_capacity(count);
        for index in 0..count {
            let (host, own_port) = match self.hosts.get(index) {
                Some((host, port)) => (host.as_str(), *port),
                None => ("", None),
            };
            let address = self.addresses.get(index).copied();
            let port = self
                .ports
                .get(index)
                .or(self.ports.first())
                .copied()
                .flatten();
            let port = port.or(own_port).unwrap_or(DEFAULT_PORT);
            let target = |host| Target {
                host,
                address,
                port,
            };
            match (host, address) {
                ("", Some(address)) => targets.push(target(Host::Name(address.to_string()))),
                ("", None) => {
                    targets.push(target(Host::Socket(DEFAULT_SOCKETS.into())));
                    targets.push(target(Host::Name("localhost".to_owned())));
                }
                (host, _) if is_socket(host) => targets.push(target(Host::Socket(host.into()))),
                (host, _) => targets.push(target(Host::Name(host.to_owned()))),
            }
        }
        Ok(targets)
    }
}

/// An absolute path, or the name of an abstract socket.
fn is_socket(host: &str) -> bool {
    host.starts_with(['/', '@'])
}

/// `host`, `host:port`, `[::1]:port`, or the folder of a socket, which may have colons of its own
/// (`/cloudsql/project:region:instance`).
fn host_and_port(text: &str, socket_has_port: bool) -> Result<(String, Option<u16>), UriError> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest
            .split_once(']')
            .ok_or_else(|| invalid("an IPv6 address is not closed by ]"))?;
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            Some("") => None,
            Some(port) => Some(number(port)?),
            None => return Err(invalid("something follows an IPv6 address")),
        };
        return Ok((host.to_owned(), port));
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Ok((text.to_owned(), None));
    };
    if is_socket(text) {
        return Ok(match port.parse() {
            Ok(port) if socket_has_port => (host.to_owned(), Some(port)),
            _ => (text.to_owned(), None),
        });
    }
    if host.contains(':') {
        // An address without brackets.
        return Ok((text.to_owned(), None));
    }
    let port = match port {
        "" => None,
        port => Some(number(port)?),
    };
    Ok((host.to_owned(), port))
}

fn number(port: &str) -> Result<u16, UriError> {
    port.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| invalid("its port is no number from 1 to 65535"))
}

/// Takes `user[:password]@` off. As SQLAlchemy does it, a name ends at the first `:` or `/`, and a password goes
/// on to the `@`, whatever is in between. What it would take for a host with an `@` in it belongs to the password.
fn credentials(rest: &str) -> (Option<&str>, Option<&str>, &str) {
    let head = &rest[..rest.find([':', '/']).unwrap_or(rest.len())];
    if head.contains('?') && head.find('?') < head.find('@').or(Some(usize::MAX)) {
        return (None, None, rest);
    }
    if let Some(after) = rest[head.len()..].strip_prefix(':')
        && let Some(mut at) = after.find('@')
        && !is_port_and_options(&after[..at])
    {
        loop {
            let tail = &after[at + 1..];
            let host = &tail[..tail.find(['/', '?']).unwrap_or(tail.len())];
            match host.find('@') {
                Some(further) => at += 1 + further,
                None => return (Some(head), Some(&after[..at]), tail),
            }
        }
    }
    match head.rfind('@') {
        Some(at) => (Some(&rest[..at]), None, &rest[at + 1..]),
        None => (None, None, rest),
    }
}

/// `5432/db?x=a` and `5432,other/db?x=a`: the `@` that follows stands in an option, and this is no password.
fn is_port_and_options(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    digits.len() < text.len() && digits.starts_with([',', '/', '?']) && digits.contains('?')
}

#[cfg(test)]
mod tests {
    use tidegate_types::ExposeSecret;

    use super::*;
    use crate::{TlsMode, TlsVersion};

    fn parse(rest: &str) -> PostgresUri {
        PostgresUri::parse(rest, &[]).unwrap_or_else(|err| panic!("{rest}: {err}"))
    }

    fn password(uri: &PostgresUri) -> Option<&str> {
        uri.password.as_ref().map(ExposeSecret::expose_secret)
    }

    /// `host:port` of each target, sockets by their folder.
    fn targets(uri: &PostgresUri) -> Vec<String> {
        let target = |target: &Target| match &target.host {
            Host::Name(name) => format!("{name}:{}", target.port),
            Host::Socket(folder) => format!("{}:{}", folder.display(), target.port),
        };
        uri.targets.iter().map(target).collect()
    }

    /// What follows the scheme, and the user, password, host and database in it.
    type Parts = (
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        &'static str,
        Option<&'static str>,
    );

    const PARTS: &[Parts] = &[
        ("//u:p@h/d", Some("u"), Some("p"), "h:5432", Some("d")),
        ("//u:p@h:6543/d", Some("u"), Some("p"), "h:6543", Some("d")),
        (
            "//ann%40x:p%2Fw%3A@h/my%20db",
            Some("ann@x"),
            Some("p/w:"),
            "h:5432",
            Some("my db"),
        ),
        ("//h/d", None, None, "h:5432", Some("d")),
        ("//h", None, None, "h:5432", None),
        ("//h:6543", None, None, "h:6543", None),
        ("//u@h/d", Some("u"), None, "h:5432", Some("d")),
        ("//u@h:6543/d", Some("u"), None, "h:6543", Some("d")),
        ("//u:@h/d", Some("u"), None, "h:5432", Some("d")),
        // Raw characters that SQLAlchemy takes.
        ("//u:p#w@h/d", Some("u"), Some("p#w"), "h:5432", Some("d")),
        ("//u:p/w@h/d", Some("u"), Some("p/w"), "h:5432", Some("d")),
        ("//u:p?w@h/d", Some("u"), Some("p?w"), "h:5432", Some("d")),
        (
            "//u:p?a=b/w@h/d",
            Some("u"),
            Some("p?a=b/w"),
            "h:5432",
            Some("d"),
        ),
        ("//u:p:w@h/d", Some("u"), Some("p:w"), "h:5432", Some("d")),
        ("//u:p@w@h/d", Some("u"), Some("p@w"), "h:5432", Some("d")),
        (
            "//u:p@w:x@h/d",
            Some("u"),
            Some("p@w:x"),
            "h:5432",
            Some("d"),
        ),
        (
            "//u:123/4@h/d",
            Some("u"),
            Some("123/4"),
            "h:5432",
            Some("d"),
        ),
        ("//u:p[w@h/d", Some("u"), Some("p[w"), "h:5432", Some("d")),
        ("//u:100%@h/d", Some("u"), Some("100%"), "h:5432", Some("d")),
        (
            "//u@corp:p@h/d",
            Some("u@corp"),
            Some("p"),
            "h:5432",
            Some("d"),
        ),
        ("//u:p@h/d#e", Some("u"), Some("p"), "h:5432", Some("d#e")),
        // An `@` in an option makes no password.
        (
            "//h:6543/d?application_name=a@b",
            None,
            None,
            "h:6543",
            Some("d"),
        ),
        (
            "//u@h:6543/d?application_name=a@b",
            Some("u"),
            None,
            "h:6543",
            Some("d"),
        ),
        (
            "//h/d?application_name=a@b",
            None,
            None,
            "h:5432",
            Some("d"),
        ),
        ("//?host=h&user=a@b", Some("a@b"), None, "h:5432", None),
        ("//u:p@/d?host=h", Some("u"), Some("p"), "h:5432", Some("d")),
        (
            "//u:p@[::1]:6543/d",
            Some("u"),
            Some("p"),
            "::1:6543",
            Some("d"),
        ),
        (
            "//[2001:db8::1]/d",
            None,
            None,
            "2001:db8::1:5432",
            Some("d"),
        ),
        (
            "//h/?user=u&password=p%26w&dbname=d",
            Some("u"),
            Some("p&w"),
            "h:5432",
            Some("d"),
        ),
    ];

    #[test]
    fn users_passwords_hosts_and_databases_are_told_apart() {
        for &(rest, user, secret, host, database) in PARTS {
            let uri = parse(rest);
            assert_eq!(
                (user, secret, vec![host.to_owned()], database),
                (
                    uri.user.as_deref(),
                    password(&uri),
                    targets(&uri),
                    uri.database.as_deref()
                ),
                "{rest}"
            );
        }
    }

    #[test]
    fn sockets_and_several_hosts_are_taken_in_both_forms() {
        for (rest, expected) in [
            (
                "//u:p@/d?host=/cloudsql/x:y:z",
                vec!["/cloudsql/x:y:z:5432"],
            ),
            (
                "//u:p@/d?host=/cloudsql/x:y:1",
                vec!["/cloudsql/x:y:1:5432"],
            ),
            ("//u:p@dummy/d?host=/run/pg", vec!["/run/pg:5432"]),
            (
                "//u:p@dummy:6543/d?host=/run/pg&port=6000",
                vec!["/run/pg:6000"],
            ),
            (
                "//u:p@%2Fvar%2Frun%2Fpostgresql/d",
                vec!["/var/run/postgresql:5432"],
            ),
            (
                "//u:p@%2Fvar%2Frun%2Fpostgresql:6543/d",
                vec!["/var/run/postgresql:6543"],
            ),
            ("//%2Frun%2Fpg/d", vec!["/run/pg:5432"]),
            ("///d", vec!["/var/run/postgresql:5432", "localhost:5432"]),
            ("//u@/d", vec!["/var/run/postgresql:5432", "localhost:5432"]),
            (
                "//:6543/d",
                vec!["/var/run/postgresql:6543", "localhost:6543"],
            ),
            ("///d?host=@abstract", vec!["@abstract:5432"]),
            ("//u:p@/d?host=a:1&host=b:2", vec!["a:1", "b:2"]),
            ("//u:p@/d?host=a&host=b", vec!["a:5432", "b:5432"]),
            ("//u:p@/d?host=a:1&host=b", vec!["a:1", "b:5432"]),
            ("//u:p@/d?host=a&host=b&port=6543", vec!["a:6543", "b:6543"]),
            (
                "//u:p@/d?host=[::1]:1&host=/run/pg:2",
                vec!["::1:1", "/run/pg:2"],
            ),
            ("//u:p@a:1,b:2/d", vec!["a:1", "b:2"]),
            ("//u:p@a,b,c/d", vec!["a:5432", "b:5432", "c:5432"]),
            ("//a:1,b:2/d?application_name=x@y", vec!["a:1", "b:2"]),
            ("//u:p@/d?host=a,b&port=1,2", vec!["a:1", "b:2"]),
            ("//u:p@/d?host=a,b&port=1", vec!["a:1", "b:1"]),
            ("//u:p@a:7/d?host=b", vec!["b:5432"]),
            ("//u:p@/d?hostaddr=10.0.0.1", vec!["10.0.0.1:5432"]),
        ] {
            assert_eq!(expected, targets(&parse(rest)), "{rest}");
        }
        let uri = parse("//u:p@db.example/d?hostaddr=10.0.0.1");
        assert_eq!(Host::Name("db.example".into()), uri.targets[0].host);
        assert_eq!(Some("10.0.0.1".parse().unwrap()), uri.targets[0].address);
    }

    #[test]
    fn options_are_acted_on_passed_over_or_refused() {
        let uri = parse(
            "//h/d?sslmode=verify-full&sslrootcert=/r.pem&sslcert=/c.pem&sslkey=/k.pem&sslsni=0\
             &ssl_min_protocol_version=TLSv1.3&target_session_attrs=read-write&options=-csearch_path%3Da,b\
             &application_name=superset&connect_timeout=1&keepalives_idle=30&channel_binding=require\
             &client_encoding=utf8&sslcompression=0&gssencmode=disable&prepared_statement_cache_size=0",
        );
        assert_eq!(TlsMode::VerifyFull, uri.tls.mode);
        assert_eq!(Some("/k.pem".into()), uri.tls.key);
        assert!(uri.tls.hides_name && uri.tls.requires_channel_binding);
        assert_eq!(Some(TlsVersion::V1_3), uri.tls.lowest);
        assert_eq!(SessionKind::ReadWrite, uri.session);
        assert_eq!(Some("-csearch_path=a,b"), uri.options.as_deref());
        assert_eq!(Some("superset"), uri.application_name.as_deref());
        assert_eq!(Some(Duration::from_secs(2)), uri.connect_timeout);
        assert_eq!(Some(Duration::from_secs(30)), uri.keepalive.idle);
        assert_eq!(vec!["prepared_statement_cache_size"], uri.ignored);
        assert_eq!(TlsMode::Prefer, parse("//h/d").tls.mode);
        assert_eq!(TlsMode::Require, parse("//h/d?ssl=require").tls.mode);
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_named_without_its_value() {
        for (rest, word) in [
            ("h/d", "postgresql://"),
            ("//h:port/d", "port"),
            ("//h:0/d", "port"),
            ("//h:70000/d", "port"),
            ("//h/d?port=x", "port"),
            ("//[::1/d", "]"),
            ("//[::1]x/d", "IPv6"),
            ("//u:p@/d?host=a,b&port=1,2,3", "ports"),
            ("//u:p@a,b/d?hostaddr=10.0.0.1", "hostaddr"),
            ("//h/d?hostaddr=h", "hostaddr"),
            ("//h/d?sslmode=hush", "sslmode"),
            ("//h/d?ssl=true", "ssl"),
            ("//h/d?sslmod=require", "sslmod"),
            ("//h/d?sslcert=/hush.pem", "sslkey"),
            ("//h/d?sslpassword=hush", "sslpassword"),
            ("//h/d?sslcrl=/hush", "sslcrl"),
            ("//h/d?passfile=/hush", "passfile"),
            ("//h/d?service=hush", "service"),
            ("//h/d?requirepeer=hush", "requirepeer"),
            ("//h/d?require_auth=hush", "require_auth"),
            ("//h/d?gssencmode=require", "gssencmode"),
            ("//h/d?replication=database", "replication"),
            ("//h/d?channel_binding=hush", "channel_binding"),
            (
                "//h/d?ssl_max_protocol_version=TLSv1",
                "ssl_max_protocol_version",
            ),
            ("//h/d?target_session_attrs=hush", "target_session_attrs"),
            ("//h/d?connect_timeout=hush", "connect_timeout"),
            ("//u:hush%FF@h/d", "UTF-8"),
            ("//u:hush%00@h/d", "zero"),
            ("//h/d?application_name=hush%00", "zero"),
        ] {
            let Err(err) = PostgresUri::parse(rest, &[]) else {
                panic!("{rest} must be refused");
            };
            let text = err.to_string();
            assert!(
                text.contains(word) && !text.contains("hush"),
                "{rest}: {text}"
            );
        }
    }

    #[test]
    fn arguments_of_the_connection_win_over_the_uri() {
        let arguments = [
            ("options", "-csearch_path=ext"),
            ("sslmode", "require"),
            ("host", "other"),
            ("port", "6543"),
        ];
        let arguments: Vec<_> = arguments.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let uri = PostgresUri::parse("//u:p@h/d?sslmode=disable", &arguments).unwrap();
        assert_eq!(Some("-csearch_path=ext"), uri.options.as_deref());
        assert_eq!(TlsMode::Require, uri.tls.mode);
        assert_eq!(vec!["other:6543"], targets(&uri));
    }

    #[test]
    fn a_password_is_never_printed() {
        let uri = parse("//u:hush@h/d?password=hush");
        assert!(!format!("{uri:?}").contains("hush"));
    }
}
