//! Changing one's password.

use tidegate_control_plane::account::{
    Account, AccountKey, FindAccount, FindPassword, PasswordChange, ReplacePasswordHash,
};
use tidegate_types::{ExposeSecret, Peer, SecretString};

use crate::journal::Entry;
use crate::password::{MOST_BYTES, Verdict, is_good_choice};
use crate::sign_in::{LOCAL, LOCAL_DIRECTORY};
use crate::{BrowserSession, NewSession, SignIn, SignInError, UnixSecs};

impl SignIn {
    /// Whether somebody may choose a password without entering the one that is for one use again: they signed in by it
    /// a moment ago.
    pub fn may_choose_password(&self, session: &BrowserSession) -> bool {
        let now = self.parts.clock.unix_secs();
        let is_fresh = |entered: UnixSecs| now.saturating_sub(entered) <= FRESH_SECS;
        session.must_change_password && session.password_entered_at.is_some_and(is_fresh)
    }

    /// Chooses a password in place of one for one use that was entered a moment ago; otherwise as
    /// [`change_password`](Self::change_password).
    ///
    /// # Errors
    /// As there; `WrongPassword` when it was not entered for this session, or too long ago.
    pub async fn choose_password(
        &self,
        session: &BrowserSession,
        new: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        if !self.may_choose_password(session) {
            return Err(SignInError::WrongPassword);
        }
        self.replace(session, None, new, peer).await
    }

    /// Changes the password, ends all sessions of the account and begins a new one.
    ///
    /// # Errors
    /// `WrongPassword`, `WeakPassword`, `NoPassword`, `SignedOut`, `PasswordsOff`, `Locked`, `Busy`; `Unavailable`, `Internal`.
    pub async fn change_password(
        &self,
        session: &BrowserSession,
        current: &SecretString,
        new: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        self.replace(session, Some(current), new, peer).await
    }

    /// Without `current` it was checked when the session began.
    async fn replace(
        &self,
        session: &BrowserSession,
        current: Option<&SecretString>,
        new: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        if !self.has_passwords() {
            return Err(SignInError::PasswordsOff);
        }
        let id = &session.account.id;
        // Whoever found a browser open guesses no faster than at the sign-in.
        let attempt = self.parts.attempts.by_session(id.as_str(), "change", peer);
        self.look(&attempt, peer).await?;
        let changed = self
            .replace_password(session, current, new, &attempt, peer)
            .await;
        let account = match changed {
            Ok(account) => account,
            Err(err) => {
                let entry = Entry::new("password.change_failed", err.code())
                    .by(id)
                    .from(peer);
                self.parts.journal.note(entry).await;
                return Err(err);
            }
        };
        self.parts.sessions.end(&session.key).await?;
        let entry = Entry::new("password.changed", "ok").by(id).from(peer);
        self.parts.journal.note(entry).await;
        // What was known of this browser went with the old password.
        let own = self
            .parts
            .attempts
            .at(&account.username, &[LOCAL], None, peer);
        let known_browser = self
            .remember_place(&account, &own, LOCAL_DIRECTORY, peer)
            .await;
        let session = self.parts.sessions.begin(account, true).await?;
        Ok(NewSession {
            known_browser,
            ..session
        })
    }

    /// The account as it is afterwards.
    async fn replace_password(
        &self,
        session: &BrowserSession,
        current: Option<&SecretString>,
        new: &SecretString,
        attempt: &crate::attempts::Attempt,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        let id = &session.account.id;
        let username = session.account.username.clone();
        let found = self.parts.call(FindPassword { username }).await?;
        let found = found
            .filter(|found| found.account.id == *id && found.account.is_active)
            .ok_or(SignInError::SignedOut)?;
        let stored = found.password_hash.ok_or(SignInError::NoPassword)?;
        let replaces = stored.clone();
        let place = self.parts.gate.enter().await?;
        let taken = self.take(attempt, peer).await?;
        let argon = self.parts.argon.clone();
        let (old, chosen) = (current.cloned(), new.clone());
        let account = found.account;
        let work = move || {
            let is_stored = |password: &str| {
                let is_possible = password.len() <= MOST_BYTES;
                let stored = is_possible.then_some(stored.as_str());
                matches!(
                    argon.check(stored, password.as_bytes()),
                    Verdict::Right { .. }
                )
            };
            let old = old.as_ref().map(ExposeSecret::expose_secret);
            if old.is_some_and(|old| !is_stored(old)) {
                return Err(SignInError::WrongPassword);
            }
            let chosen = chosen.expose_secret();
            check_choice(chosen, &account)?;
            let is_same = match old {
                Some(old) => chosen == old,
                None => is_stored(chosen),
            };
            if is_same {
                return Err(SignInError::WeakPassword(
                    "the new password is the current one: take another".to_owned(),
                ));
            }
            argon.hash(chosen.as_bytes())
        };
        let password_hash = match place.run(work).await? {
            Ok(hash) => hash,
            // It was counted when the attempt was taken.
            Err(SignInError::WrongPassword) => return Err(SignInError::WrongPassword),
            Err(err) => {
                // The current one was right; that the new one is weak is no guess.
                attempt.opened(&taken, 0).await?;
                return Err(err);
            }
        };
        attempt.opened(&taken, 0).await?;
        let replace = ReplacePasswordHash {
            id: id.clone(),
            replaces,
            password_hash,
            change: PasswordChange::NewPassword,
        };
        if !self.parts.call(replace).await? {
            // It was replaced since it was read: by the same password's hash of other parameters at a sign-in, or by
            // another tab or an administrator, whose change stands and ends this session.
            return Err(SignInError::Busy {
                retry_after: std::time::Duration::from_secs(1),
            });
        }
        let key = AccountKey::Id(id.clone());
        let account = self.parts.call(FindAccount { key }).await?;
        account.ok_or(SignInError::SignedOut)
    }
}

/// How long after a sign-in by it a password counts as just entered.
const FRESH_SECS: i64 = 15 * 60;

fn check_choice(password: &str, account: &Account) -> Result<(), SignInError> {
    let mut related = vec![account.username.as_str(), account.display_name.as_str()];
    related.extend(account.email.as_deref());
    is_good_choice(password, &related).map_err(SignInError::WeakPassword)
}
