use askama::Template;
use tidegate_types::{Role, Scope, WorkspaceSlug};

use crate::scopes::{self, Words};
use crate::{Person, Span, Timestamp, UntrustedText, WebLink};

/// Who asks for what, and the decision.
///
/// Its form: `csrf`, `user_code` (devices only), `workspace` (slug), `scope` (one, with those that it includes),
/// `offline` ("yes" or absent), `decision` ("allow" or "deny"; "undecided" when Enter was pressed in a field, since browsers then
/// press the first button).
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// Path that the form is posted to.
    pub action: String,
    /// Token of the browser session, the same however often the page is loaded.
    pub csrf: String,
    /// What the client calls itself.
    pub client: UntrustedText,
    /// Its page, `https` only.
    pub client_page: Option<WebLink>,
    /// How much of that is known to be true.
    pub identity: Identity,
    /// Where the answer goes.
    pub destination: Destination,
    /// The gravest first.
    pub warnings: Vec<ConsentWarning>,
    /// Whoever is signed in.
    pub account: Person,
    /// Where to go on as somebody else.
    pub switch_account: Option<String>,
    /// Where the client may be let in. Empty: nowhere, and there is nothing to allow.
    pub workspaces: Vec<WorkspaceChoice>,
    /// The narrowest first.
    pub scopes: Vec<ScopeChoice>,
    /// What the client asked for and does not exist here.
    pub ignored_scopes: Vec<UntrustedText>,
    /// Whether the client may stay connected.
    pub offline: Option<OfflineChoice>,
    /// How long an access token lives.
    pub access: Span,
    /// Why the last attempt was refused.
    pub problem: Option<String>,
    /// Whether this person may join a workspace by themselves, where they are in none that this is for.
    pub may_join: bool,
}

/// How much is known about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// An administrator said that it is what it says.
    Approved,
    /// Its id is a document on this host, which was fetched from there.
    VerifiedDomain(UntrustedText),
    /// It registered itself.
    Unverified,
}

/// Where a code is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A host of the web.
    Web(UntrustedText),
    /// A program that listens on this computer: "localhost:3118/callback".
    ThisComputer(UntrustedText),
    /// The app that opens a scheme: "cursor://".
    App(UntrustedText),
    /// A device that waits (RFC 8628).
    Device {
        /// What it shows: `XXXX-XXXX`.
        user_code: String,
        /// The address that it asked from.
        address: UntrustedText,
        /// When it was asked for.
        asked_at: Timestamp,
    },
}

impl Destination {
    /// Large on the page.
    pub fn shown(&self) -> String {
        match self {
            Self::Web(place) | Self::ThisComputer(place) | Self::App(place) => place.to_string(),
            Self::Device { user_code, .. } => user_code.clone(),
        }
    }

    const fn what(&self) -> &'static str {
        match self {
            Self::Web(_) | Self::Device { .. } => "",
            Self::ThisComputer(_) => "a program on this computer",
            Self::App(_) => "the app that opens it",
        }
    }
}

/// A workspace that may be chosen.
#[derive(Debug, Clone)]
pub struct WorkspaceChoice {
    /// What the form sends.
    pub slug: WorkspaceSlug,
    /// What it is called.
    pub title: UntrustedText,
    /// Where it runs; empty where there are no regions.
    pub region: UntrustedText,
    /// As what the account is in it.
    pub role: Role,
    /// Whether it is chosen at first.
    pub is_chosen: bool,
    /// What the client has there already.
    pub granted: Option<Scope>,
    /// Why it cannot be chosen: half a sentence.
    pub closed: Option<&'static str>,
}

impl WorkspaceChoice {
    fn granted(&self) -> Option<&'static str> {
        self.granted.map(|scope| scopes::words(scope).title)
    }

    fn line(&self) -> String {
        let most = match scopes::widest(self.role.scopes()) {
            None | Some(Scope::Admin | Scope::Write) => "",
            Some(Scope::Query) => ": view and run SQL at the most",
            Some(Scope::Read) => ": view only",
        };
        let region = if self.region.is_empty() {
            String::new()
        } else {
            format!("{}, ", self.region)
        };
        format!("{region}you are {} there{most}", scopes::role(self.role))
    }

    /// In a list to choose from.
    fn option(&self) -> String {
        let line = match (self.closed, self.granted()) {
            (Some(closed), _) => closed.to_owned(),
            (None, Some(granted)) => {
                format!("{}; connected already: {granted}", self.line())
            }
            (None, None) => self.line(),
        };
        format!("{} ({line})", self.title)
    }
}

/// How far a client may go.
#[derive(Debug, Clone)]
pub struct ScopeChoice {
    /// The widest scope.
    pub scope: Scope,
    /// Whether it is chosen at first.
    pub is_chosen: bool,
}

impl ScopeChoice {
    fn words(&self) -> Words {
        scopes::words(self.scope)
    }
}

/// How long a client may stay connected.
#[derive(Debug, Clone)]
pub struct OfflineChoice {
    /// After its last use.
    pub idle: Span,
    /// In all.
    pub longest: Span,
    /// Whether it is chosen at first.
    pub is_chosen: bool,
}

/// What to warn of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentWarning {
    /// The client chose its name itself.
    Unverified,
    /// The answer goes to another host than the one that describes the client.
    OtherHost,
    /// The answer goes to whatever program listens on this computer.
    LocalProgram,
    /// The answer goes to whatever app took the scheme.
    PrivateScheme,
    /// Somebody may have sent the code.
    Device,
}

impl ConsentPage {
    fn warns_of(&self, warning: ConsentWarning) -> bool {
        self.warnings.contains(&warning)
    }

    /// The one note: a title, and what to go by. Several warnings are one sentence, so that it is read.
    fn caution(&self) -> Option<(&'static str, &'static str)> {
        const NOBODY: &str = "Nobody checked who this is.";
        let is_unverified = self.warns_of(ConsentWarning::Unverified);
        let is_local = self.warns_of(ConsentWarning::LocalProgram);
        let is_scheme = self.warns_of(ConsentWarning::PrivateScheme);
        if self.warns_of(ConsentWarning::Device) {
            let text = "Go on only if it shows the code below. If somebody sent you the code or this link, deny.";
            let title = if is_unverified {
                "Nobody checked who this is. Is this device in front of you?"
            } else {
                "Is this device in front of you?"
            };
            return Some((title, text));
        }
        if self.warns_of(ConsentWarning::OtherHost) {
            let text = "The address below is not the one that describes this app. Go on only if you trust both.";
            return Some(("The answer goes elsewhere.", text));
        }
        match (is_unverified, is_local, is_scheme) {
            (true, true, _) => Some((
                NOBODY,
                "Any program on this computer can use this name. Go on only if you have just started it yourself.",
            )),
            (true, false, true) => Some((
                NOBODY,
                "Any app on this computer can use this name. Go on only if you have just used it.",
            )),
            (true, false, false) => Some((
                NOBODY,
                "Any program can use this name. Go on only if you have just asked it to connect.",
            )),
            (false, true, _) => Some((
                "The answer goes to a program on this computer.",
                "Which one cannot be checked from here. Go on only if you have just started it yourself.",
            )),
            (false, false, true) => Some((
                "The answer goes to an app on this computer.",
                "Which one cannot be checked from here. Go on only if you have just used it.",
            )),
            (false, false, false) => None,
        }
    }

    fn is_closed_everywhere(&self) -> bool {
        self.workspaces
            .iter()
            .all(|workspace| workspace.closed.is_some())
    }

    fn can_allow(&self) -> bool {
        !self.scopes.is_empty() && !self.is_closed_everywhere()
    }

    /// The only workspace, when it can be chosen.
    fn only_workspace(&self) -> Option<&WorkspaceChoice> {
        match self.workspaces.as_slice() {
            [only] if only.closed.is_none() => Some(only),
            _ => None,
        }
    }

    fn has_no_choice(&self) -> bool {
        !self.workspaces.iter().any(|workspace| workspace.is_chosen)
    }

    /// Whether what it may do has to be looked at: nothing was chosen.
    fn is_open(&self) -> bool {
        !self.scopes.iter().any(|scope| scope.is_chosen)
    }

    /// Why there is nothing to allow.
    fn nowhere(&self) -> Option<(&'static str, &'static str)> {
        if self.workspaces.is_empty() {
            return Some((
                "You are not a member of a workspace that this is for.",
                "Ask an administrator of the workspace to invite you, or use another account.",
            ));
        }
        (!self.can_allow()).then_some((
            "There is nothing that you can allow.",
            "The list of workspaces says why; an administrator of the workspace can change it.",
        ))
    }

    fn user_code(&self) -> Option<&str> {
        match &self.destination {
            Destination::Device { user_code, .. } => Some(user_code),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn several_warnings_are_one_note() {
        for (warnings, title, text) in [
            (vec![], None, None),
            (
                vec![ConsentWarning::Unverified, ConsentWarning::LocalProgram],
                Some("Nobody checked who this is."),
                Some("on this computer"),
            ),
            (
                vec![ConsentWarning::Unverified, ConsentWarning::Device],
                Some("Is this device in front of you?"),
                Some("the code below"),
            ),
            (
                vec![ConsentWarning::OtherHost],
                Some("goes elsewhere"),
                Some("trust both"),
            ),
        ] {
            let page = ConsentPage {
                warnings: warnings.clone(),
                ..samples::consent()
            };
            let caution = page.caution();
            assert_eq!(title.is_some(), caution.is_some(), "{warnings:?}");
            if let Some((said, why)) = caution {
                assert!(said.contains(title.unwrap()), "{said}");
                assert!(why.contains(text.unwrap()), "{why}");
            }
        }
    }

    #[test]
    fn the_only_workspace_is_not_a_choice_and_a_closed_one_is_no_choice() {
        let mut page = samples::consent();
        page.workspaces.truncate(1);
        assert!(page.only_workspace().is_some());
        page.workspaces[0].closed = Some("This workspace sleeps.");
        assert!(page.only_workspace().is_none());
        assert!(!page.can_allow());
        assert!(page.nowhere().is_some());
    }
}
