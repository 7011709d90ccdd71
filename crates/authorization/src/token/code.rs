//! A code for tokens (RFC 6749 §4.1.3).

use std::time::Duration;

use tidegate_manager::grant::{EndGrant, EndReason};
use tidegate_oauth::{Resource, SecretHash, SecretKind};
use tidegate_store::TicketKind;
use tidegate_types::{ExposeSecret, Peer, SecretString};

use super::Issued;
use crate::clients::FoundClient;
use crate::denied::{About, Denied};
use crate::server::Inner;
use crate::transaction::{Code, Spent};

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
            .map_err(|_| Denied::grant("code_malformed"))?;
        let key = hash.to_string();
        // Taken before it is checked: a code that was presented wrongly is in wrong hands, and is burnt.
        let Some(code) = self.drawer.take::<Code>(TicketKind::Code, &key).await? else {
            return Err(self.end_replayed(&key, peer).await);
        };
        let about = code.agreement.about();
        self.check_code(found, &code, &presented)
            .map_err(|denied| denied.about(about.clone()))?;
        let begun = self.begin_grant(&code.agreement).await;
        let begun = begun.map_err(|denied| denied.about(about.clone()))?;
        // Whoever presented it a second time meanwhile may have found no grant to end yet.
        if self.is_replayed(&key).await? {
            let id = code.agreement.grant.clone();
            self.end_for_replay(id, about.clone(), peer).await?;
            return Err(Denied::grant("code_replayed").about(about));
        }
        let reply = self.reply(&begun, None).await;
        let reply = reply.map_err(|denied| denied.about(about.clone()))?;
        Ok((reply, about))
    }

    fn check_code(
        &self,
        found: &FoundClient,
        code: &Code,
        presented: &Presented,
    ) -> Result<(), Denied> {
        if code.agreement.client != found.client.id {
            return Err(Denied::grant("client_mismatch"));
        }
        let is_redirect_right = match &presented.redirect_uri {
            Some(presented) => *presented == code.redirect_uri,
            None => !code.is_redirect_given,
        };
        if !is_redirect_right {
            return Err(Denied::grant("redirect_uri_mismatch"));
        }
        if !code.challenge.is_met_by(presented.verifier.expose_secret()) {
            return Err(Denied::grant("verifier_mismatch"));
        }
        self.check_resource(presented.resource.as_ref(), &code.agreement.resource)
    }

    /// The second use of a code ends what the first one gave (RFC 6749 §4.1.2). A code that nobody knows ends nothing.
    async fn end_replayed(&self, key: &str, peer: &Peer) -> Denied {
        let unknown = Denied::grant("code_unknown");
        let kept = match self.drawer.get::<Spent>(TicketKind::SpentCode, key).await {
            Ok(Some(kept)) => kept,
            Ok(None) => return unknown,
            Err(err) => return err.into(),
        };
        let grant = kept.value.grant.clone();
        let replayed = Spent {
            is_replayed: true,
            ..kept.value
        };
        // First the mark, then the end: the first use writes the grant, then reads the mark.
        let marked = self
            .drawer
            .replace(
                TicketKind::SpentCode,
                key,
                &kept.raw,
                &replayed,
                Duration::from_secs(600),
            )
            .await;
        if let Err(err) = marked {
            return err.into();
        }
        match self.end_for_replay(grant, About::default(), peer).await {
            Ok(()) => Denied::grant("code_replayed"),
            Err(denied) => denied,
        }
    }

    async fn end_for_replay(
        &self,
        id: tidegate_types::GrantId,
        about: About,
        peer: &Peer,
    ) -> Result<(), Denied> {
        let reason = EndReason::CodeReplay;
        if let Some(grant) = self.manager.call(EndGrant { id, reason }).await? {
            let about = About {
                account: Some(grant.account),
                client: Some(grant.client),
                workspace: Some(grant.workspace),
            };
            let detail = format!("grant {}", grant.id);
            self.recorder
                .record("code.replayed", "grant_ended", about, peer, Some(detail));
        } else {
            self.recorder
                .record("code.replayed", "no_grant", about, peer, None);
        }
        Ok(())
    }

    async fn is_replayed(&self, key: &str) -> Result<bool, Denied> {
        let spent = self.drawer.get::<Spent>(TicketKind::SpentCode, key).await?;
        Ok(spent.is_some_and(|kept| kept.value.is_replayed))
    }
}
