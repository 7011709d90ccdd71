//! An authorization request while a person decides on it, and the code that comes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_control_plane::UnixSecs;
use tidegate_oauth_types::{
    CodeChallenge, IssuedSecret, RedirectUri, Resource, SecretHash, SecretKind, unwrap_successor,
    wrap_successor,
};
use tidegate_store::TicketKind;
use tidegate_types::{
    AccountId, ClientId, ExposeSecret, GrantId, ScopeSet, SecretString, WorkspaceSlug,
};

use crate::denied::Denied;
use crate::server::Inner;

/// How long after its issue the second use of a code ends the grant that the first one gave.
pub(crate) const REPLAY_MEMORY: Duration = Duration::from_mins(10);

/// An authorization request whose client and redirect URI were found good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationTransaction {
    pub(crate) client: ClientId,
    /// Of the request, or the client's only one.
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the request had it, so that the token request must have it as well (RFC 6749 §4.1.3).
    pub(crate) is_redirect_given: bool,
    pub(crate) state: Option<String>,
    pub(crate) challenge: CodeChallenge,
    pub(crate) requested: ScopeSet,
    pub(crate) ignored_scopes: Vec<String>,
    /// The `scope` and `resource` of the request, for beginning it again.
    pub(crate) scope_text: Option<String>,
    pub(crate) resource_text: Option<String>,
    pub(crate) resource: Resource,
    /// The workspace that the resource stands for.
    pub(crate) workspace: Option<WorkspaceSlug>,
    /// Only a sign-in at or after this time counts.
    pub(crate) signed_in_since: Option<UnixSecs>,
    /// Who opened it first.
    pub(crate) account: Option<AccountId>,
    pub(crate) expires_at: UnixSecs,
    /// Where the browser was sent, readable with the transaction's secret only: it has the code in it.
    pub(crate) decided: Option<String>,
}

/// What a person agreed to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Agreement {
    /// Drawn beforehand, so that a replay can name it whatever became of the first use.
    pub(crate) grant: GrantId,
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    pub(crate) workspace: WorkspaceSlug,
    pub(crate) resource: Resource,
    pub(crate) scopes: ScopeSet,
    pub(crate) offline: bool,
    pub(crate) address: Option<String>,
}

/// What a code stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) agreement: Agreement,
    pub(crate) redirect_uri: String,
    pub(crate) is_redirect_given: bool,
    pub(crate) challenge: CodeChallenge,
}

/// What is remembered of a code beyond its use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) grant: GrantId,
    /// Whether tokens were given for it. Until then a second request is one of two that race, of which one wins; from
    /// then on it is a replay.
    pub(crate) is_exchanged: bool,
}

impl AuthorizationTransaction {
    /// The redirect that tells the client of a refusal (RFC 6749 §4.1.2.1, RFC 9207 §2).
    pub(crate) fn refusal(&self, issuer: &str, error: &str, description: &str) -> String {
        refusal(
            &self.redirect_uri,
            self.state.as_deref(),
            issuer,
            error,
            description,
        )
    }

    fn answer(&self, issuer: &str, code: &str) -> String {
        let mut parameters = vec![("code", code)];
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", issuer));
        self.redirect_uri.with_parameters(&parameters)
    }

    /// The redirect that was decided on.
    pub(crate) fn decided_redirect(&self, secret: &str) -> Option<String> {
        let opened = unwrap_successor(secret, self.decided.as_deref()?)?;
        Some(opened.expose_secret().to_owned())
    }

    pub(crate) fn decide(&mut self, secret: &str, redirect: &str) {
        self.decided = Some(wrap_successor(secret, redirect));
    }

    /// Path and query that begin the same request again, for another account.
    pub(crate) fn other_account(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client.as_str())
            .append_pair("code_challenge", &self.challenge.to_string())
            .append_pair("code_challenge_method", "S256")
            .append_pair("prompt", "select_account");
        if self.is_redirect_given {
            query.append_pair("redirect_uri", self.redirect_uri.as_str());
        }
        for (name, value) in [
            ("state", &self.state),
            ("scope", &self.scope_text),
            ("resource", &self.resource_text),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("/oauth/authorize?{}", query.finish())
    }
}

/// As [`AuthorizationTransaction::refusal`], before there is one.
pub(crate) fn refusal(
    redirect_uri: &RedirectUri,
    state: Option<&str>,
    issuer: &str,
    error: &str,
    description: &str,
) -> String {
    let mut parameters = vec![("error", error), ("error_description", description)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", issuer));
    redirect_uri.with_parameters(&parameters)
}

/// A transaction that lies in the store, and its key.
pub(crate) fn transaction_key(text: &str) -> Option<String> {
    let hash = SecretHash::of_presented(SecretKind::Transaction, text).ok()?;
    Some(hash.to_string())
}

impl Inner {
    /// A code for what was agreed to, in the redirect that carries it to the client.
    pub(crate) async fn issue_code(
        &self,
        transaction: &AuthorizationTransaction,
        agreement: Agreement,
    ) -> Result<IssuedCode, Denied> {
        let code = IssuedSecret::draw(SecretKind::AuthorizationCode);
        let key = code.hash.to_string();
        let spent = Spent {
            grant: agreement.grant.clone(),
            is_exchanged: false,
        };
        let memory = self.rules.code_life + REPLAY_MEMORY;
        // First what recognises a second use: there is never a code without it.
        self.tickets
            .issue(TicketKind::SpentCode, &key, &spent, memory)
            .await?;
        let value = Code {
            agreement,
            redirect_uri: transaction.redirect_uri.as_str().to_owned(),
            is_redirect_given: transaction.is_redirect_given,
            challenge: transaction.challenge.clone(),
        };
        self.tickets
            .issue(TicketKind::Code, &key, &value, self.rules.code_life)
            .await?;
        let redirect = transaction.answer(&self.issuer(), code.text.expose_secret());
        Ok(IssuedCode {
            redirect: redirect.into(),
            key,
        })
    }

    /// Takes back a code that nobody was told.
    pub(crate) async fn withdraw_code(&self, code: &IssuedCode) {
        let _ = self.tickets.remove(TicketKind::Code, &code.key).await;
        let _ = self.tickets.remove(TicketKind::SpentCode, &code.key).await;
    }

    /// Keeps a transaction and returns what it goes by.
    pub(crate) async fn begin(
        &self,
        transaction: &AuthorizationTransaction,
    ) -> Result<SecretString, Denied> {
        let secret = IssuedSecret::draw(SecretKind::Transaction);
        let key = secret.hash.to_string();
        let life = self.rules.transaction_life;
        self.tickets
            .issue(TicketKind::Transaction, &key, transaction, life)
            .await?;
        Ok(secret.text)
    }

    /// How much longer a transaction lives.
    pub(crate) fn rest_of(&self, transaction: &AuthorizationTransaction) -> Duration {
        let rest = transaction.expires_at - self.clock.unix_secs();
        Duration::from_secs(u64::try_from(rest).unwrap_or(0).max(1))
    }
}

/// A code that was just issued.
#[derive(Debug)]
pub(crate) struct IssuedCode {
    pub(crate) redirect: SecretString,
    key: String,
}

impl Agreement {
    /// For the audit.
    pub(crate) fn about(&self) -> crate::denied::About {
        crate::denied::About {
            account: Some(self.account.clone()),
            client: Some(self.client.clone()),
            workspace: Some(self.workspace.clone()),
        }
    }
}
