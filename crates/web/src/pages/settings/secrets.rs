//! Secrets of clients, shown once.

use tidegate_control_plane::client::{Client, FindClient, IssueClientSecret, ListSecrets};
use tidegate_pages::{SecretLine, SecretPage, Section, Span, Timestamp, UntrustedText};
use tidegate_types::{ClientId, ExposeSecret, SecretString};

use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::SignedIn;
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::layout::{FormOutcome, layout};
use crate::pages::record::{About, record};

/// How long older secrets go on when somebody wants them to.
const OVERLAP_SECS: u32 = 24 * 60 * 60;

/// A client of the person's own; another's is not found.
pub(super) async fn own(by: &SignedIn, id: ClientId) -> Result<Client, Failure> {
    by.page_request
        .ask(FindClient { id })
        .await?
        .filter(|client| client.owner.as_ref() == Some(&by.session.account.id))
        .ok_or(Failure::NotFound)
}

/// Its live secrets.
pub(super) async fn lines(by: &SignedIn, client: &Client) -> Result<Vec<SecretLine>, Failure> {
    if !client.proves_itself_by_secret() {
        return Ok(vec![]);
    }
    let secrets = by
        .page_request
        .ask(ListSecrets {
            id: client.id.clone(),
        })
        .await?;
    Ok(secrets
        .into_iter()
        .map(|secret| SecretLine {
            created_at: Timestamp(secret.created_at),
            expires_at: secret.expires_at.map(Timestamp),
        })
        .collect())
}

/// Gives a client another secret and shows it; the inner error is for the person.
pub(super) async fn add(
    by: &SignedIn,
    client: &Client,
    form: &Fields,
    at: Section,
) -> Result<Result<actix_web::HttpResponse, String>, Failure> {
    if !client.proves_itself_by_secret() {
        return Err(Failure::NotFound);
    }
    let overlap_secs = if form.is_ticked("overlap") {
        OVERLAP_SECS
    } else {
        0
    };
    let issued = by
        .page_request
        .change(IssueClientSecret {
            id: client.id.clone(),
            overlap_secs,
        })
        .await?;
    let secret = match issued {
        Ok(issued) => issued.secret,
        Err(problem) => return Ok(Err(problem)),
    };
    let about = About {
        client: Some(&client.id),
        ..About::default()
    };
    record(by, "client.secret_added", about).await;
    let overlap = (overlap_secs > 0).then(|| Span(u64::from(overlap_secs)));
    Ok(Ok(show(by, client, secret, overlap, at).await?))
}

/// The page of a client's secret.
pub(super) async fn show(
    by: &SignedIn,
    client: &Client,
    secret: SecretString,
    overlap: Option<Span>,
    at: Section,
) -> Answer {
    let memberships = by.memberships().await?;
    let mut uses = vec![];
    if at == Section::Machines {
        let command = format!(
            "curl -u {}:{} \\\n  -d grant_type=client_credentials \\\n  {}/oauth/token",
            client.id,
            secret.expose_secret(),
            by.page_request.issuer(),
        );
        uses.push(("Try it", command.into()));
    }
    let page = SecretPage {
        layout: layout(by, &memberships, at, FormOutcome::None),
        name: UntrustedText::or(&client.metadata.client_name, client.id.as_str()),
        what: "client secret",
        id: Some(("Client id", client.id.to_string())),
        secret,
        uses,
        overlap,
    };
    Ok(answer::page(
        actix_web::http::StatusCode::OK,
        PageWindow::AtHome,
        &page,
    ))
}
