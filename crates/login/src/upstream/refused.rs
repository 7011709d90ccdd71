use crate::ProviderRefusal;

/// Why a provider did not sign somebody in: what may be said, and the true reason for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) shown: ProviderRefusal,
    pub(crate) reason: &'static str,
}

impl Refused {
    pub(crate) const UNREACHABLE: Self = Self {
        shown: ProviderRefusal::Unreachable,
        reason: "provider_unreachable",
    };
}

pub(crate) const fn failed(reason: &'static str) -> Refused {
    Refused {
        shown: ProviderRefusal::Failed,
        reason,
    }
}

pub(crate) const fn unverified(reason: &'static str) -> Refused {
    Refused {
        shown: ProviderRefusal::Unverified,
        reason,
    }
}
