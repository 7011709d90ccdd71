use tidegate_types::SecretString;

/// The administrator that the first start made. The password is for one use; it is shown once, and kept nowhere.
#[derive(Debug)]
pub struct FirstAdministrator {
    /// `admin`.
    pub username: String,
    /// To be changed at the first sign-in.
    pub password: SecretString,
}
