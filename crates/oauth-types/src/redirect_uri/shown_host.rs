/// A host as people are to see it, with the part that says whose it is apart: `login.` and `example.co.uk`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownHost {
    /// What stands before the registrable domain, with its dot; anybody who has the domain can write it.
    pub before: String,
    /// The registrable domain, or the whole when there is none (addresses, `localhost`, private schemes).
    pub registrable: String,
}

impl ShownHost {
    pub(super) const fn whole(text: String) -> Self {
        Self {
            before: String::new(),
            registrable: text,
        }
    }

    pub(super) fn of_host(host: &str) -> Self {
        let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        let domain = if is_address {
            None
        } else {
            psl::domain_str(host)
        };
        match domain.and_then(|domain| host.strip_suffix(domain)) {
            Some(before) => Self {
                before: before.to_owned(),
                registrable: host[before.len()..].to_owned(),
            },
            None => Self::whole(host.to_owned()),
        }
    }
}

impl std::fmt::Display for ShownHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.before, self.registrable)
    }
}
