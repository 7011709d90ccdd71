use crate::UntrustedText;

/// A page.
pub trait Page {
    /// The whole document.
    fn html(&self) -> String;
}

impl<T: askama::Template> Page for T {
    fn html(&self) -> String {
        self.render()
            .expect("writing into a string cannot fail, and no filter of the templates does")
    }
}

/// Whoever is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// What they sign in with.
    pub username: UntrustedText,
    /// What they are called.
    pub display_name: UntrustedText,
}
