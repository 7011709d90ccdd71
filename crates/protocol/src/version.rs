//! The protocol revisions that Tidegate serves.

use std::fmt;
use std::str::FromStr;

/// One revision of the Model Context Protocol, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProtocolVersion {
    /// Sessions, JSON-RPC batches.
    V2025_03_26,
    /// Sessions, elicitation, structured results, the version header.
    V2025_06_18,
    /// Sessions, URL elicitation, priming events, icons.
    V2025_11_25,
    /// Stateless: per-request `_meta`, `server/discover`, `subscriptions/listen`.
    V2026_07_28,
}

impl ProtocolVersion {
    /// All served revisions, newest first, as `server/discover` lists them.
    pub const SERVED: [Self; 4] = [
        Self::V2026_07_28,
        Self::V2025_11_25,
        Self::V2025_06_18,
        Self::V2025_03_26,
    ];

    /// The newest revision that begins with `initialize`.
    pub const NEWEST_LEGACY: Self = Self::V2025_11_25;

    /// What a session without a version header and without a negotiated version speaks
    /// (2025-11-25, Streamable HTTP, "Protocol Version Header").
    pub const ASSUMED: Self = Self::V2025_03_26;

    /// The revision as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether the revision is stateless and carries its version in `_meta`.
    pub const fn is_modern(self) -> bool {
        matches!(self, Self::V2026_07_28)
    }

    /// Whether text that names a revision means one of the stateless era, served or not.
    /// Revisions are dates, so they compare as text.
    pub fn text_is_modern(text: &str) -> bool {
        text >= Self::V2026_07_28.as_str()
    }

    /// Whether JSON-RPC batches are part of the revision (2025-03-26 alone).
    pub const fn has_batches(self) -> bool {
        matches!(self, Self::V2025_03_26)
    }

    /// Whether results may carry `structuredContent`, tools `title` and `outputSchema`, and content
    /// `resource_link` (from 2025-06-18 on).
    pub const fn has_structured_content(self) -> bool {
        !matches!(self, Self::V2025_03_26)
    }

    /// Whether an SSE stream begins with a priming event (from 2025-11-25 on; SEP-1699).
    pub const fn has_priming_event(self) -> bool {
        matches!(self, Self::V2025_11_25)
    }

    /// Whether servers may ask for form elicitation (from 2025-06-18 on).
    pub const fn has_elicitation(self) -> bool {
        !matches!(self, Self::V2025_03_26)
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A revision that Tidegate does not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("protocol version {requested:?} is not served")]
pub struct UnsupportedVersion {
    /// What was asked for, at most 80 characters of it.
    pub requested: String,
}

impl FromStr for ProtocolVersion {
    type Err = UnsupportedVersion;
    fn from_str(text: &str) -> Result<Self, UnsupportedVersion> {
        Self::SERVED
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| UnsupportedVersion {
                requested: text.chars().take(80).collect(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_future_revision_is_modern_and_not_served() {
        assert!(ProtocolVersion::text_is_modern("2027-01-01"));
        assert!(ProtocolVersion::text_is_modern("v999.0.0"));
        assert!("2027-01-01".parse::<ProtocolVersion>().is_err());
        assert!(!ProtocolVersion::text_is_modern("2024-11-05"));
    }
}
