use askama::Template;

use crate::{AdminLayout, UntrustedText};

/// What a client sent, and which layer refuses it. Its form: `POST /diagnosis` with `csrf`, `token`, `url`.
#[derive(Debug, Clone, Template)]
#[template(path = "diagnosis.html")]
pub struct DiagnosisPage {
    /// Frame.
    pub layout: AdminLayout,
    /// Layer by layer, in the order that requests pass them.
    pub checks: Vec<Check>,
    /// Headers of this request as they came here, secrets left out.
    pub headers: Vec<(UntrustedText, UntrustedText)>,
    /// What of one's own was refused lately: when, what, why.
    pub refusals: Vec<crate::AuditLine>,
    /// A command that asks the same for a program.
    pub command: String,
    /// The address of the MCP endpoint to check.
    pub url: String,
}

/// What a layer says of a request.
#[derive(Debug, Clone)]
pub struct Check {
    /// The layer.
    pub layer: &'static str,
    /// What it says.
    pub verdict: Verdict,
    /// In words, and what to do.
    pub text: String,
}

/// Whether a layer lets a request pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Passes,
    /// Yes, and there is something to know.
    Notice,
    /// No.
    Refuses,
    /// It was not asked, since nothing came for it or an earlier layer refused.
    NotAsked,
}

impl Verdict {
    /// A stable word, for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Notice => "notice",
            Self::Refuses => "refuses",
            Self::NotAsked => "not_asked",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Passes => "Passes",
            Self::Notice => "Note",
            Self::Refuses => "Refuses",
            Self::NotAsked => "Not asked",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Passes => "good",
            Self::Notice => "warn",
            Self::Refuses => "bad",
            Self::NotAsked => "",
        }
    }
}
