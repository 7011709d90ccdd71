//! Whether a token of an issuer is an access token that anybody may bear, and not one of the other kinds that are
//! signed with the same key (RFC 8725 §2.8, §3.11).

use serde_json::Value;
use tidegate_config::{JwtSettings, TokenTypes};

use crate::claims::{Claims, TokenRefusal};

/// Checks `typ` of the header, in lower case and without `application/`.
pub(crate) fn check_type(found: Option<&str>, types: &TokenTypes) -> Result<(), TokenRefusal> {
    let is_taken = match found {
        None => types.may_be_absent,
        Some(found) => types.named.iter().any(|named| named == found),
    };
    if is_taken {
        return Ok(());
    }
    Err(TokenRefusal::Type {
        found: found.map(str::to_owned),
    })
}

/// Checks what the claims tell of the kind of a token whose header says nothing of it, as most issuers' headers do.
pub(crate) fn check(claims: &Claims, settings: &JwtSettings) -> Result<(), TokenRefusal> {
    // RFC 7800: without a proof of possession, such a token is worth nothing to whoever found it.
    if claims.find("cnf").is_some() {
        return Err(TokenRefusal::SenderConstrained);
    }
    // RFC 8417 §2.2, OpenID Connect Back-Channel Logout §2.4.
    if claims.find("events").is_some() {
        return Err(TokenRefusal::OtherKind("it tells of events"));
    }
    check_payload_type(claims, settings.shape.payload_type)?;
    // Cognito.
    if claims
        .find("token_use")
        .is_some_and(|usage| usage != "access")
    {
        return Err(TokenRefusal::OtherKind("its `token_use` is not access"));
    }
    // Keycloak's access tokens had a `nonce` until version 24, and say that they are not ID tokens.
    let is_marked = claims.find("typ").and_then(Value::as_str);
    let is_marked = is_marked.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let proves_sign_in = ["at_hash", "c_hash"]
        .iter()
        .any(|name| claims.find(name).is_some())
        || (claims.find("nonce").is_some() && !is_marked);
    // With an audience of ours the issuer meant us, whatever it calls the token.
    if proves_sign_in && (settings.shape.is_id_token_by_nonce || settings.audience.is_empty()) {
        return Err(TokenRefusal::OtherKind("it is an ID token"));
    }
    Ok(())
}

/// Keycloak signs tokens of all kinds with the same header, and tells them apart by a claim.
fn check_payload_type(claims: &Claims, wanted: Option<&str>) -> Result<(), TokenRefusal> {
    const OTHERS: [&str; 6] = [
        "id",
        "refresh",
        "offline",
        "logout",
        "dpop",
        "serialized-id",
    ];
    let found = match claims.find("typ") {
        None => None,
        Some(Value::String(found)) => Some(found.to_ascii_lowercase()),
        Some(_) => return Err(TokenRefusal::Claims("typ is not a text".to_owned())),
    };
    let is_taken = match (wanted, &found) {
        (Some(wanted), found) => found
            .as_deref()
            .is_some_and(|found| found.eq_ignore_ascii_case(wanted)),
        (None, Some(found)) => !OTHERS.contains(&found.as_str()),
        (None, None) => true,
    };
    if is_taken {
        Ok(())
    } else {
        Err(TokenRefusal::OtherKind(
            "its claim `typ` is of another kind",
        ))
    }
}
