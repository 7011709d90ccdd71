use crate::{Person, Timestamp};

/// The frame of settings and administration: who is signed in, where on the site this is, what just happened.
#[derive(Debug, Clone)]
pub struct AdminLayout {
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
    /// When the page was made, for "2 minutes ago".
    pub now: Timestamp,
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
    /// It worked, and can be taken back.
    Undoable(String, Undo),
    /// It did not.
    Refused(String),
}

/// The form that takes back what was just done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// Path that it is posted to.
    pub action: String,
    /// Its fields besides `csrf`.
    pub fields: Vec<(String, String)>,
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
    /// All accounts.
    Accounts,
    /// Everybody's connected apps.
    Connections,
    /// Which apps are let in.
    Policy,
    /// Feature flags.
    Flags,
    /// What was done by whom.
    Audit,
    /// What a client sent.
    Diagnosis,
    /// None of them: where something was asked for that is not there, or not for this person.
    Elsewhere,
}

/// Pages that belong together in the list of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Access,
    Developers,
    Administration,
    Help,
}

impl Group {
    const ALL: [Self; 4] = [
        Self::Access,
        Self::Developers,
        Self::Administration,
        Self::Help,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Access => "Your access",
            Self::Developers => "For developers",
            Self::Administration => "Administration",
            Self::Help => "Help",
        }
    }

    const fn sections(self) -> &'static [Section] {
        match self {
            Self::Access => &[
                Section::Apps,
                Section::Connect,
                Section::Tokens,
                Section::Account,
            ],
            Self::Developers => &[Section::Clients, Section::Machines],
            Self::Administration => &[
                Section::Members,
                Section::Accounts,
                Section::Connections,
                Section::Policy,
                Section::Flags,
                Section::Audit,
            ],
            Self::Help => &[Section::Diagnosis],
        }
    }

    /// Where its name leads.
    pub(crate) fn path(self) -> &'static str {
        self.sections().first().map_or("/", |first| first.path())
    }
}

impl Section {
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
            Self::Accounts => "/admin/accounts",
            Self::Connections => "/admin/connections",
            Self::Policy => "/admin/policy",
            Self::Flags => "/admin/flags",
            Self::Audit => "/admin/audit",
            Self::Diagnosis => "/diagnosis",
            Self::Elsewhere => "/",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Apps => "Connected apps",
            Self::Connect => "Connect an app",
            Self::Clients => "OAuth clients",
            Self::Machines => "Machine clients",
            Self::Tokens => "API tokens",
            Self::Account => "Account",
            Self::Members => "Members",
            Self::Accounts => "Accounts",
            Self::Connections => "All connected apps",
            Self::Policy => "App policy",
            Self::Flags => "Features",
            Self::Audit => "Audit",
            Self::Diagnosis => "Diagnosis",
            Self::Elsewhere => "Elsewhere",
        }
    }
}

impl AdminLayout {
    pub(crate) fn title(&self) -> &'static str {
        self.at.title()
    }

    pub(crate) fn group(&self) -> Group {
        let is_here = |group: &Group| group.sections().contains(&self.at);
        Group::ALL
            .into_iter()
            .find(is_here)
            .unwrap_or(Group::Access)
    }

    /// The list of pages that this person may open.
    pub(crate) fn groups(&self) -> Vec<(Group, Vec<Section>)> {
        Group::ALL
            .into_iter()
            .map(|group| {
                let sections = group.sections().iter().copied();
                (group, sections.filter(|at| self.may_open(*at)).collect())
            })
            .filter(|(_, sections): &(_, Vec<_>)| !sections.is_empty())
            .collect()
    }

    fn may_open(&self, section: Section) -> bool {
        match section {
            Section::Accounts | Section::Flags => self.is_administrator,
            Section::Members | Section::Connections | Section::Policy | Section::Audit => {
                self.manages || self.is_administrator
            }
            _ => true,
        }
    }
}
