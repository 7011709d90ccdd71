//! Where the checker is.

use std::fmt;

use crate::arguments::wording;

/// Where the checker is, as a list that lives on the stack: a valid call builds no text.
pub(in crate::arguments) enum Path<'a> {
    Root,
    Start(&'static str),
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Start(name) => f.write_str(name),
            Self::Member(Self::Root, name) => f.write_str(&wording::name(name)),
            Self::Member(parent, name) => write!(f, "{parent}.{}", wording::name(name)),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
