use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde_json::{Value, json};
use tidegate_config::SigningAlgorithm;
use tidegate_control_plane::signing_key::{
    AddSigningKey, ListSigningKeys, RemoveSigningKey, SigningKey,
};
use tidegate_oauth_types::{Algorithm, Signer};

use super::answer::{Answer, time, time_or_dash};
use super::context::{About, Context};
use super::failure::Failure;
use super::life::Life;

#[derive(Subcommand)]
pub enum Command {
    /// Lists published keys; the last one signs.
    List,
    /// Adds a key that signs after a while, so that everybody who checks tokens knows it by then.
    Rotate {
        /// After how long it signs.
        #[arg(long, default_value = "1h")]
        after: Life,
        /// Somebody else has the keys: takes all of them out and signs with the new one at once. Access tokens that
        /// they signed are refused; refresh tokens go on.
        #[arg(long, conflicts_with = "after")]
        compromised: bool,
    },
    /// Takes one key out at once. Access tokens that it signed are refused.
    Remove {
        /// Its kid.
        id: String,
    },
}

/// Beyond the life of the last token that an older key signed: clocks differ, and lists of keys are cached.
const MARGIN_SECS: u64 = 3_600;

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List => {
            let keys = context.call(ListSigningKeys {}).await?;
            Ok(table(&keys, context.now()))
        }
        Command::Rotate { after, compromised } => rotate(after, compromised, context).await,
        Command::Remove { id } => {
            if !context.call(RemoveSigningKey { id: id.clone() }).await? {
                return Err(Failure::not_found("signing key", id));
            }
            let about = About::detail(&id);
            context.record("signing_key.removed", about).await;
            let json = json!({ "removed": id });
            Ok(Answer::line(format!("signing key {id} is taken out"), json))
        }
    }
}

/// Without private parts, which no command shows.
fn table(keys: &[SigningKey], now: i64) -> Answer {
    let signs_now = keys.last().filter(|key| key.signs_from <= now);
    let state = |key: &SigningKey| {
        if key.signs_from > now {
            "will sign"
        } else if signs_now.is_some_and(|signs| signs.id == key.id) {
            "signs"
        } else {
            "signed"
        }
    };
    let rows = keys.iter().map(|key| {
        [
            key.id.clone(),
            key.algorithm.clone(),
            state(key).to_owned(),
            time(key.signs_from),
            time_or_dash(key.published_until),
        ]
    });
    let json = keys.iter().map(|key| {
        json!({
            "id": key.id,
            "algorithm": key.algorithm,
            "state": state(key),
            "signs_from": key.signs_from,
            "published_until": key.published_until,
            "public_jwk": key.public_jwk,
        })
    });
    let json = json.collect::<Value>();
    let heading = ["id", "algorithm", "state", "signs from", "published until"];
    Answer::table(heading, rows, json)
}

async fn rotate(after: Life, compromised: bool, context: &Context) -> Result<Answer, Failure> {
    let algorithm = match context.settings.oauth.signing_algorithm {
        SigningAlgorithm::Es256 => Algorithm::Es256,
        SigningAlgorithm::Rs256 => Algorithm::Rs256,
    };
    // RSA keys take a while.
    let made = tokio::task::spawn_blocking(move || Signer::generate(algorithm)).await;
    let failed = || Failure::Internal("a key could not be made");
    let made = made.map_err(|_| failed())?.map_err(|_| failed())?;
    let before = context.call(ListSigningKeys {}).await?;
    let life = context.settings.oauth.access_token.as_secs() + MARGIN_SECS;
    let delay = if compromised { 0 } else { after.secs };
    if compromised {
        for key in before {
            context.call(RemoveSigningKey { id: key.id }).await?;
        }
    }
    let id = made.kid.clone();
    let add = AddSigningKey {
        key: SigningKey {
            id: made.kid,
            algorithm: made.algorithm.as_str().to_owned(),
            private_key: STANDARD.encode(made.pkcs8),
            public_jwk: made.public_jwk,
            signs_from: context.now() + i64::from(delay),
            published_until: None,
        },
        overlap_secs: u32::try_from(life).unwrap_or(u32::MAX),
    };
    context.call(add).await?;
    let keys = context.call(ListSigningKeys {}).await?;
    if !keys.iter().any(|key| key.id == id) {
        return Err(Failure::Refused(
            "another key begins to sign in the same minute, and stays: look at it with key list"
                .into(),
        ));
    }
    let detail = if compromised {
        format!("{id}, in place of all others")
    } else {
        id
    };
    context
        .record("signing_key.rotated", About::detail(detail))
        .await;
    Ok(table(&keys, context.now()))
}
