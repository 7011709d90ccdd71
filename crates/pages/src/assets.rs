//! The style sheet, the script and the icon. Their names carry a hash of what is in them, so that browsers may keep
//! them for ever.

/// A file that pages need.
#[derive(Debug)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    /// For `Content-Type`.
    pub media_type: &'static str,
    /// What is in it.
    pub content: &'static str,
    hash: u64,
}

impl Asset {
    const fn new(
        stem: &'static str,
        extension: &'static str,
        media_type: &'static str,
        content: &'static str,
    ) -> Self {
        Self {
            stem,
            extension,
            media_type,
            content,
            hash: fnv1a(content.as_bytes()),
        }
    }

    /// `tidegate.0123456789abcdef.css`.
    pub fn file_name(&self) -> String {
        format!("{}.{:016x}.{}", self.stem, self.hash, self.extension)
    }

    fn path(&self) -> String {
        format!("/assets/{}", self.file_name())
    }
}

static STYLE: Asset = Asset::new(
    "tidegate",
    "css",
    "text/css; charset=utf-8",
    // In this order: later files build on earlier ones.
    concat!(
        include_str!("../assets/css/colours.css"),
        include_str!("../assets/css/base.css"),
        include_str!("../assets/css/layout.css"),
        include_str!("../assets/css/forms.css"),
        include_str!("../assets/css/parts.css"),
        include_str!("../assets/css/pages.css"),
    ),
);
static SCRIPT: Asset = Asset::new(
    "tidegate",
    "js",
    "text/javascript; charset=utf-8",
    include_str!("../assets/tidegate.js"),
);
/// Small and not deferred: it says which colours there are before the first of them is seen.
static THEME: Asset = Asset::new(
    "theme",
    "js",
    "text/javascript; charset=utf-8",
    include_str!("../assets/theme.js"),
);
static ICON: Asset = Asset::new(
    "tidegate",
    "svg",
    "image/svg+xml",
    include_str!("../assets/tidegate.svg"),
);

/// The file of a name below `/assets/`. Names with another hash are of another version: not found.
pub fn find(file_name: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &THEME, &ICON]
        .into_iter()
        .find(|asset| asset.file_name() == file_name)
}

pub(crate) fn style() -> String {
    STYLE.path()
}

pub(crate) fn script() -> String {
    SCRIPT.path()
}

pub(crate) fn theme() -> String {
    THEME.path()
}

pub(crate) fn icon() -> String {
    ICON.path()
}

/// FNV-1a, 64 bits: tells versions apart, protects nothing.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(0xcbf2_9ce4_8422_2325, fnv1a(b""));
        assert_eq!(0xaf63_dc4c_8601_ec8c, fnv1a(b"a"));
        assert_eq!(0x8594_4171_f739_67e8, fnv1a(b"foobar"));
    }

    #[test]
    fn files_are_found_by_the_name_of_this_version_only() {
        let name = style().replace("/assets/", "");
        assert_eq!("text/css; charset=utf-8", find(&name).unwrap().media_type);
        assert!(find("tidegate.css").is_none());
        assert!(find("tidegate.0000000000000000.css").is_none());
        assert!(find("../Cargo.toml").is_none());
    }
}
