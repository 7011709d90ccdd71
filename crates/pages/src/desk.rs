use crate::Person;

/// The frame of settings and administration: who is signed in, where on the site this is, what just happened.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Token of the browser session, for every form of the page.
    pub csrf: String,
    /// Whoever is signed in.
    pub person: Person,
    /// Which page this is.
    pub at: Section,
    /// Whether they manage a workspace, or all.
    pub manages: bool,
    /// Whether they manage the deployment.
    pub is_administrator: bool,
    /// What just happened.
    pub notice: Option<Notice>,
    /// What keeps this person's clients from working.
    pub hints: Vec<Hint>,
}

/// Something that keeps clients from working, and where it is mended.
#[derive(Debug, Clone)]
pub struct Hint {
    /// What it is.
    pub text: String,
    /// A path and the words of its link.
    pub link: Option<(&'static str, &'static str)>,
}

/// What just happened.
#[derive(Debug, Clone)]
pub enum Notice {
    /// It worked.
    Done(String),
    /// It did not.
    Refused(String),
}

/// The pages with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What is connected.
    Apps,
    /// How to connect.
    Connect,
    /// OAuth clients of one's own.
    Clients,
    /// Machine clients of one's own.
    Machines,
    /// API tokens.
    Tokens,
    /// Password and sign-out.
    Account,
    /// Members and invitations.
    Members,
    /// Everybody's connections.
    Connections,
    /// Which clients are let in.
    Policy,
    /// Feature flags.
    Flags,
    /// What was done by whom.
    Audit,
    /// What a client sent.
    Diagnosis,
}

impl Section {
    const SETTINGS: [Self; 6] = [
        Self::Apps,
        Self::Connect,
        Self::Clients,
        Self::Machines,
        Self::Tokens,
        Self::Account,
    ];
    const ADMINISTRATION: [Self; 5] = [
        Self::Members,
        Self::Connections,
        Self::Policy,
        Self::Flags,
        Self::Audit,
    ];

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Apps => "/settings/apps",
            Self::Connect => "/settings/connect",
            Self::Clients => "/settings/clients",
            Self::Machines => "/settings/machines",
            Self::Tokens => "/settings/tokens",
            Self::Account => "/settings/account",
            Self::Members => "/admin/members",
            Self::Connections => "/admin/connections",
            Self::Policy => "/admin/policy",
            Self::Flags => "/admin/flags",
            Self::Audit => "/admin/audit",
            Self::Diagnosis => "/diagnosis",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Apps => "Connected apps",
            Self::Connect => "Connect a client",
            Self::Clients => "OAuth clients",
            Self::Machines => "Machine clients",
            Self::Tokens => "API tokens",
            Self::Account => "Account",
            Self::Members => "Members",
            Self::Connections => "Connections",
            Self::Policy => "Client policy",
            Self::Flags => "Features",
            Self::Audit => "Audit",
            Self::Diagnosis => "Diagnosis",
        }
    }

    fn group(self) -> &'static str {
        if Self::ADMINISTRATION.contains(&self) {
            "Administration"
        } else if self == Self::Diagnosis {
            "Help"
        } else {
            "Settings · Integrations · MCP"
        }
    }
}

impl Desk {
    pub(crate) fn title(&self) -> &'static str {
        self.at.title()
    }

    pub(crate) fn group(&self) -> &'static str {
        self.at.group()
    }

    pub(crate) fn settings(&self) -> [(Section, bool); 6] {
        Section::SETTINGS.map(|section| (section, section == self.at))
    }

    pub(crate) fn administration(&self) -> Vec<(Section, bool)> {
        Section::ADMINISTRATION
            .into_iter()
            .filter(|section| self.manages && (self.is_administrator || *section != Section::Flags))
            .map(|section| (section, section == self.at))
            .collect()
    }

    pub(crate) fn is_diagnosis(&self) -> bool {
        self.at == Section::Diagnosis
    }
}
