//! What stands in the database file: hashes and sealed keys, never a secret.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use tidegate_control_plane::api_token::CreateApiToken;
use tidegate_control_plane::client::{AddSecret, ClientKind};
use tidegate_control_plane::grant::RotateRefreshToken;
use tidegate_control_plane::signing_key::{AddSigningKey, SigningKey};
use tidegate_control_plane::{LocalManager, Manager};
use tidegate_oauth_types::{IssuedSecret, SecretKind};
use tidegate_types::{ExposeSecret as _, Scope};

use crate::deployment::{Deployment, RULES, client, service};
use crate::fixture::{START, clock, sqlite_settings};

#[tokio::test]
async fn no_secret_is_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manager.sqlite");
    let opened = LocalManager::open(sqlite_settings(&path), clock()).await;
    let local = Arc::new(opened.unwrap());
    let deployment = Deployment::on(Manager::Local(local.clone())).await;
    let mut secrets = Vec::new();
    let mut draw = |kind| {
        let issued = IssuedSecret::draw(kind);
        secrets.push(issued.text.expose_secret().to_owned());
        issued.hash
    };

    let first = draw(SecretKind::RefreshToken);
    let grant = deployment.create_grant(START, first);
    deployment.manager.call(grant).await.unwrap();
    let rotate = RotateRefreshToken {
        client: deployment.client.id.clone(),
        presented: first,
        successor: draw(SecretKind::RefreshToken),
        wrapped_successor: "wrapped".into(),
        rules: RULES,
    };
    deployment.manager.call(rotate).await.unwrap();

    let robot = service(&deployment.manager, "robot", &deployment.grace.id).await;
    let mut machine = client("pipeline", ClientKind::Machine);
    machine.client.acts_as = Some(robot.id);
    machine.secret = Some(draw(SecretKind::ClientSecret));
    let machine = deployment.manager.call(machine).await.unwrap();
    let add = AddSecret {
        id: machine.id,
        secret: draw(SecretKind::ClientSecret),
        overlap_secs: 60,
    };
    deployment.manager.call(add).await.unwrap();

    let mut dynamic = client("dynamic", ClientKind::Dynamic);
    dynamic.registration_token = Some(draw(SecretKind::RegistrationToken));
    deployment.manager.call(dynamic).await.unwrap();

    let token = CreateApiToken {
        account: deployment.grace.id.clone(),
        name: "report".into(),
        scopes: Scope::Read.into(),
        workspace: None,
        secret: draw(SecretKind::ApiToken),
        hint: "wxyz".into(),
        expires_at: None,
    };
    deployment.manager.call(token).await.unwrap();

    let private_key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    secrets.push(private_key.into());
    let key = AddSigningKey {
        key: SigningKey {
            id: "a-key".into(),
            algorithm: "ES256".into(),
            private_key: private_key.into(),
            public_jwk: json!({ "kid": "a-key" }),
            signs_from: START,
            published_until: None,
        },
        overlap_secs: 0,
    };
    deployment.manager.call(key).await.unwrap();

    local.close().await;
    let mut bytes = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    // What must be there is, so that looking means something.
    assert!(holds("pipeline"));
    for secret in secrets {
        assert!(!holds(&secret), "{}…", &secret[..8]);
        // Nor its part without prefix and checksum.
        assert!(!holds(&secret[8..secret.len() - 6]));
    }
}
