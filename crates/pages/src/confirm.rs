use askama::Template;

use crate::AdminLayout;

/// Asks before something stops working that a form asked for. Its form is the one that was sent, with `confirmed` ("yes").
#[derive(Debug, Clone, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// Frame.
    pub layout: AdminLayout,
    /// What is asked, as a question.
    pub question: String,
    /// What stops working, and whether it can be taken back.
    pub text: String,
    /// What the button says.
    pub button: String,
    /// Path that the form is posted to.
    pub action: String,
    /// Its fields besides `csrf` and `confirmed`.
    pub fields: Vec<(String, String)>,
    /// Where to go instead.
    pub back: String,
}
