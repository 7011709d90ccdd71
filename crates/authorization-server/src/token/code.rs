//! A code for tokens (RFC 6749 §4.1.3).

use tidegate_control_plane::grant::{EndGrant, EndReason};
use tidegate_oauth_types::{Resource, SecretHash, SecretKind};
use tidegate_store::TicketKind;
use tidegate_types::{ExposeSecret, GrantId, Peer, SecretString};

use super::Issued;
use crate::clients::FoundClient;
use crate::denied::{Chain, Denied, GrantDenial};
use crate::issue::about;
use crate::server::Inner;
use crate::transaction::{Code, REPLAY_MEMORY, Spent};

pub(super) struct Presented {
    pub(super) code: SecretString,
    pub(super) redirect_uri: Option<String>,
    pub(super) verifier: SecretString,
    pub(super) resource: Option<Resource>,
}

impl Inner {
    pub(super) async fn exchange_code(
        &self,
        found: &FoundClient,
        presented: Presented,
        peer: &Peer,
    ) -> Issued {
        let code = presented.code.expose_secret();
        let hash = SecretHash::of_presented(SecretKind::AuthorizationCode, code)
            .map_err(|_| GrantDenial::CodeMalformed)?;
        let key = hash.to_string();
        // Taken before it is checked: a code that was presented wrongly is in wrong hands, and is burnt.
        let Some(code) = self.tickets.take::<Code>(TicketKind::Code, &key).await? else {
            return Err(self.end_replayed(&key, peer).await);
        };
        let about = code.agreement.about();
        self.check_code(found, &code, &presented)
            .map_err(|denied| denied.about(about.clone()))?;
        let reply = self.first_tokens(&code.agreement).await;
        let reply = reply.map_err(|denied| denied.about(about.clone()))?;
        self.mark_exchanged(&key, code.agreement.grant).await;
        Ok((reply, about))
    }

    fn check_code(
        &self,
        found: &FoundClient,
        code: &Code,
        presented: &Presented,
    ) -> Result<(), Denied> {
        if code.agreement.client != found.client.id {
            return Err(GrantDenial::ClientMismatch.into());
        }
        let is_redirect_right = match &presented.redirect_uri {
            Some(presented) => *presented == code.redirect_uri,
            None => !code.is_redirect_given,
        };
        if !is_redirect_right {
            return Err(GrantDenial::RedirectUriMismatch.into());
        }
        if !code.challenge.is_met_by(presented.verifier.expose_secret()) {
            return Err(GrantDenial::VerifierMismatch.into());
        }
        self.check_resource(presented.resource.as_ref(), &code.agreement.resource)
    }

    /// The second use of a code ends what the first one gave (RFC 6749 §4.1.2). While the first one is under way, it is
    /// told no and ends nothing: of two requests at once, exactly one is answered. A code that nobody knows ends nothing.
    async fn end_replayed(&self, key: &str, peer: &Peer) -> Denied {
        let spent = match self.tickets.get::<Spent>(TicketKind::SpentCode, key).await {
            Ok(Some(kept)) => kept.value,
            Ok(None) => return GrantDenial::CodeUnknown.into(),
            Err(err) => return err.into(),
        };
        if !spent.is_exchanged {
            return GrantDenial::CodeUsedUp.into();
        }
        match self.end_for_replay(spent.grant, peer).await {
            Ok(()) => GrantDenial::CodeReplayed.into(),
            Err(denied) => denied,
        }
    }

    /// From now on the code's use is a replay.
    async fn mark_exchanged(&self, key: &str, grant: GrantId) {
        let before = Spent {
            grant,
            is_exchanged: false,
        };
        let after = Spent {
            is_exchanged: true,
            ..before.clone()
        };
        let marked = self
            .tickets
            .exchange(TicketKind::SpentCode, key, &before, &after, REPLAY_MEMORY)
            .await;
        if let Err(err) = marked {
            // The tokens are good; only a replay of the code would go unnoticed.
            tracing::warn!(error = %Chain(&err), "a code could not be marked as exchanged");
        }
    }

    async fn end_for_replay(&self, id: GrantId, peer: &Peer) -> Result<(), Denied> {
        let reason = EndReason::CodeReplay;
        if let Some(grant) = self.manager.call(EndGrant { id, reason }).await? {
            let detail = format!("grant {}", grant.id);
            self.recorder.record(
                "code.replayed",
                "grant_ended",
                about(&grant),
                peer,
                Some(detail),
            );
        }
        Ok(())
    }
}
