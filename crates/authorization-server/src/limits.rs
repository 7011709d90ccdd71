use tidegate_store::{Budget, LimitScope, LimitedEndpoint, Plane, Verdict};
use tidegate_types::{AccountId, ClientId, Peer};

use crate::Rate;
use crate::denied::{Chain, Denied, RateDenial};
use crate::server::Inner;

impl Inner {
    /// Takes one request of an address at an endpoint.
    pub(crate) async fn admit_address(
        &self,
        endpoint: LimitedEndpoint,
        rate: Rate,
        peer: &Peer,
    ) -> Result<(), Denied> {
        self.admit(&[budget(LimitScope::Address(endpoint, peer.network()), rate)])
            .await
    }

    /// Takes one request of a client that proved itself.
    pub(crate) async fn admit_client(
        &self,
        endpoint: LimitedEndpoint,
        rate: Rate,
        client: &ClientId,
    ) -> Result<(), Denied> {
        let scope = LimitScope::ClientAt(endpoint, client.clone());
        let admitted = self.admit(&[budget(scope, rate)]).await;
        admitted.map_err(|denied| denied.of_client(client))
    }

    pub(crate) async fn admit_account(
        &self,
        endpoint: LimitedEndpoint,
        rate: Rate,
        account: &AccountId,
    ) -> Result<(), Denied> {
        let scope = LimitScope::Account(endpoint, account.clone());
        self.admit(&[budget(scope, rate)]).await
    }

    /// Takes one from each budget, or from none. A store that is away refuses nobody here: what needs it refuses by
    /// itself, and the rest is guarded by 256-bit secrets.
    pub(crate) async fn admit(&self, budgets: &[Budget]) -> Result<(), Denied> {
        match self.limits.check(&Plane::Control, budgets).await {
            Ok(Verdict::Allowed) => Ok(()),
            Ok(Verdict::Limited { .. }) => Err(RateDenial::TooManyRequests.into()),
            Err(err) => {
                tracing::warn!(error = %Chain(&err), "rate limits of the control plane could not be read");
                Ok(())
            }
        }
    }
}

pub(crate) fn budget(scope: LimitScope, rate: Rate) -> Budget {
    Budget {
        scope,
        per_minute: rate.per_minute,
        burst: rate.burst,
    }
}
