use tidegate_control_plane::ManagerError;
use tidegate_control_plane::effective_grant::IneffectiveReason;
use tidegate_oauth_types::{AssertionProblem, ErrorCode as E, OAuthError, SigningKeyError};
use tidegate_store::{StoreError, StoreErrorKind};

use super::*;
use crate::SwitchedOff;
use crate::clients::DocumentFault;

/// Every reason, its code in the audit, and what the client gets. Operators filter and alert by the codes.
fn table() -> Vec<(DenialReason, &'static str, E)> {
    let mut table = plain();
    table.extend(with_a_cause());
    table
}

#[rustfmt::skip]
fn plain() -> Vec<(DenialReason, &'static str, E)> {
    vec![
        (ClientDenial::Unknown.into(), "client_unknown", E::InvalidClient),
        (ClientDenial::DocumentUnreachable.into(), "client_document_unreachable", E::InvalidClient),
        (ClientDenial::DocumentUnavailable.into(), "client_document_unavailable", E::InvalidClient),
        (ClientDenial::DocumentInvalid(DocumentFault::NotJson).into(), "client_document_invalid", E::InvalidClient),
        (ClientDenial::DocumentHostRefused.into(), "client_document_host_refused", E::InvalidClient),
        (ClientDenial::NoProof.into(), "no_proof", E::InvalidClient),
        (ClientDenial::MethodNotRegistered.into(), "method_not_registered", E::InvalidClient),
        (ClientDenial::SecretMalformed.into(), "secret_malformed", E::InvalidClient),
        (ClientDenial::SecretWrong.into(), "secret_wrong", E::InvalidClient),
        (ClientDenial::NoKeys.into(), "no_keys", E::InvalidClient),
        (ClientDenial::KeysMalformed.into(), "keys_malformed", E::InvalidClient),
        (ClientDenial::KeysUnreachable.into(), "keys_unreachable", E::InvalidClient),
        (ClientDenial::AssertionReplayed.into(), "assertion_replayed", E::InvalidClient),
        (ClientDenial::PublicClientWithAssertion.into(), "public_client_with_assertion", E::InvalidClient),
        (ClientDenial::PublicClientIntrospects.into(), "public_client_introspects", E::InvalidClient),
        (ClientDenial::NotAnAdministratorsToken.into(), "not_an_administrators_token", E::InvalidClient),
        (ClientDenial::MachineWithoutAccount.into(), "machine_without_account", E::InvalidClient),
        (GrantDenial::CodeMalformed.into(), "code_malformed", E::InvalidGrant),
        (GrantDenial::CodeUnknown.into(), "code_unknown", E::InvalidGrant),
        (GrantDenial::CodeUsedUp.into(), "code_used_up", E::InvalidGrant),
        (GrantDenial::CodeReplayed.into(), "code_replayed", E::InvalidGrant),
        (GrantDenial::RedirectUriMismatch.into(), "redirect_uri_mismatch", E::InvalidGrant),
        (GrantDenial::VerifierMismatch.into(), "verifier_mismatch", E::InvalidGrant),
        (GrantDenial::ClientMismatch.into(), "client_mismatch", E::InvalidGrant),
        (GrantDenial::DeviceCodeMalformed.into(), "device_code_malformed", E::InvalidGrant),
        (GrantDenial::RefreshTokenMalformed.into(), "refresh_token_malformed", E::InvalidGrant),
        (GrantDenial::RefreshTokenUnknown.into(), "refresh_token_unknown", E::InvalidGrant),
        (GrantDenial::RefreshTokenEnded.into(), "refresh_token_ended", E::InvalidGrant),
        (GrantDenial::RefreshTokenReplayed.into(), "refresh_token_replayed", E::InvalidGrant),
        (GrantDenial::SuccessorDamaged.into(), "successor_damaged", E::InvalidGrant),
        (GrantDenial::WithoutParties.into(), "grant_without_parties", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::Unknown).into(), "grant_unknown", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::Ended).into(), "grant_ended", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::Expired).into(), "grant_expired", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::OtherWorkspace).into(), "other_workspace", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::AccountInactive).into(), "account_inactive", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::NotAMember).into(), "not_a_member", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::ClientRefused).into(), "client_refused", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::NoScope).into(), "no_scope_left", E::InvalidGrant),
        (GrantDenial::Ineffective(IneffectiveReason::Hibernated).into(), "hibernated", E::InvalidGrant),
        (GrantDenial::AssertionMalformed.into(), "assertion_malformed", E::InvalidGrant),
        (GrantDenial::AssertionIssuerNotTrusted.into(), "assertion_issuer_not_trusted", E::InvalidGrant),
        (GrantDenial::AssertionReplayed.into(), "assertion_replayed", E::InvalidGrant),
        (GrantDenial::AssertionForOtherResource.into(), "assertion_for_other_resource", E::InvalidGrant),
        (GrantDenial::AccountUnknown.into(), "account_unknown", E::InvalidGrant),
        (GrantDenial::AccountInactive.into(), "account_inactive", E::InvalidGrant),
        (GrantDenial::AccountHasPassword.into(), "account_has_password", E::InvalidGrant),
        (GrantDenial::NotAMember.into(), "not_a_member", E::InvalidGrant),
        (GrantDenial::WorkspaceNotTheClients.into(), "workspace_not_the_clients", E::InvalidGrant),
        (GrantDenial::ClientNotTheirs.into(), "client_not_theirs", E::InvalidGrant),
        (GrantDenial::ClientBlocked.into(), "client_blocked", E::InvalidGrant),
        (GrantDenial::ClientNeedsApproval.into(), "client_needs_approval", E::InvalidGrant),
        (GrantDenial::ApiTokenMalformed.into(), "api_token_malformed", E::InvalidGrant),
        (GrantDenial::ApiTokenUnknown.into(), "api_token_unknown", E::InvalidGrant),
        (GrantDenial::ApiTokenOfOtherName.into(), "api_token_of_other_name", E::InvalidGrant),
        (GrantDenial::ApiTokenEnded.into(), "api_token_ended", E::InvalidGrant),
        (GrantDenial::ApiTokenExpired.into(), "api_token_expired", E::InvalidGrant),
        (GrantDenial::ApiTokenWithoutStanding.into(), "api_token_without_standing", E::InvalidGrant),
        (GrantTypeDenial::AtTokenEndpoint.into(), "grant_type_not_registered", E::UnauthorizedClient),
        (GrantTypeDenial::AuthorizationCode.into(), "grant_type_not_registered", E::UnauthorizedClient),
        (GrantTypeDenial::DeviceCode.into(), "grant_type_not_registered", E::UnauthorizedClient),
        (TargetDenial::Unknown.into(), "resource_unknown", E::InvalidTarget),
        (TargetDenial::Mismatch.into(), "resource_mismatch", E::InvalidTarget),
        (TargetDenial::Ambiguous.into(), "workspace_ambiguous", E::InvalidTarget),
        (TargetDenial::NotTheClients.into(), "workspace_not_the_clients", E::InvalidTarget),
        (ScopeDenial::NoneLeft.into(), "no_scope_left", E::InvalidScope),
        (ScopeDenial::NoneKnown.into(), "no_scope_known", E::InvalidScope),
        (PromptDenial::LoginRequired.into(), "login_required", E::LoginRequired),
        (PromptDenial::ConsentRequired.into(), "consent_required", E::ConsentRequired),
        (DeviceDenial::Pending.into(), "authorization_pending", E::AuthorizationPending),
        (DeviceDenial::TooEarly.into(), "slow_down", E::SlowDown),
        (DeviceDenial::Contended.into(), "device_contended", E::SlowDown),
        (DeviceDenial::Denied.into(), "device_denied", E::AccessDenied),
        (DeviceDenial::Unknown.into(), "device_code_unknown", E::ExpiredToken),
        (DeviceDenial::Expired.into(), "device_code_expired", E::ExpiredToken),
        (DeviceDenial::Spent.into(), "device_code_spent", E::ExpiredToken),
        (RegistrationDenial::Off.into(), "registration_off", E::AccessDenied),
        (RegistrationDenial::TooLarge { limit: 8192 }.into(), "registration_too_large", E::InvalidClientMetadata),
        (RegistrationTokenDenial::Missing.into(), "registration_token_missing", E::InvalidToken),
        (RegistrationTokenDenial::Malformed.into(), "registration_token_malformed", E::InvalidToken),
        (RegistrationTokenDenial::Wrong.into(), "registration_token_wrong", E::InvalidToken),
        (RegistrationTokenDenial::ClientMalformed.into(), "client_malformed", E::InvalidToken),
        (RegistrationTokenDenial::ClientUnknown.into(), "client_unknown", E::InvalidToken),
        (SwitchedOff::Service.into(), "switched_off", E::AccessDenied),
        (SwitchedOff::OAuth.into(), "switched_off", E::AccessDenied),
        (SwitchedOff::OAuthInWorkspace.into(), "switched_off", E::AccessDenied),
        (RateDenial::TooManyRequests.into(), "too_many_requests", E::TooManyRequests),
        (RateDenial::RefreshRepeated.into(), "refresh_repeated_too_often", E::TooManyRequests),
        (RateDenial::RegistrationsOfAll.into(), "registrations_of_all", E::TooManyRequests),
        (UnavailableDenial::NoSigningKey.into(), "no_signing_key", E::TemporarilyUnavailable),
        (UnavailableDenial::TokenIdMalformed.into(), "jti_malformed", E::TemporarilyUnavailable),
        (UnavailableDenial::AssertionIssuerUnreachable.into(), "assertion_issuer_unreachable", E::TemporarilyUnavailable),
        (UnavailableDenial::NoUserCodeFree.into(), "no_user_code_free", E::TemporarilyUnavailable),
        (UnavailableDenial::RegistrationContended.into(), "registration_contended", E::TemporarilyUnavailable),
        (UnavailableDenial::Hibernated.into(), "hibernated", E::TemporarilyUnavailable),
    ]
}

fn with_a_cause() -> Vec<(DenialReason, &'static str, E)> {
    let store = |kind| StoreError {
        operation: "take a code",
        kind,
        source: None,
    };
    let client = ClientDenial::AssertionRefused {
        client: "app".parse().unwrap(),
        problem: AssertionProblem::Expired,
    };
    let grant = GrantDenial::AssertionRefused {
        issuer: "https://issuer.test".to_owned(),
        problem: AssertionProblem::Expired,
    };
    let damaged = UnavailableDenial::SigningKeyDamaged {
        kid: "k1".to_owned(),
    };
    let unsigned = UnavailableDenial::SigningFailed(SigningKeyError::Library);
    let later = E::TemporarilyUnavailable;
    vec![
        (client.into(), "assertion_refused", E::InvalidClient),
        (grant.into(), "assertion_refused", E::InvalidGrant),
        (damaged.into(), "signing_key_damaged", later),
        (unsigned.into(), "signing_failed", later),
        (
            store(StoreErrorKind::Unavailable).into(),
            "store_unavailable",
            later,
        ),
        (
            store(StoreErrorKind::Timeout).into(),
            "store_unavailable",
            later,
        ),
        (
            store(StoreErrorKind::Corrupt).into(),
            "store_corrupt",
            E::ServerError,
        ),
        (ManagerError::Timeout.into(), "manager_unavailable", later),
        (
            ManagerError::Conflict("twice".to_owned()).into(),
            "manager_failed",
            E::ServerError,
        ),
        (
            OAuthError::invalid_request("`code` is missing").into(),
            "invalid_request",
            E::InvalidRequest,
        ),
    ]
}

#[test]
fn every_reason_has_its_code_for_the_audit_and_its_error_for_the_client() {
    for (reason, audit_code, error) in table() {
        assert_eq!(audit_code, reason.audit_code(), "{reason:?}");
        assert_eq!(error, reason.client_error().code, "{reason:?}");
    }
}

#[test]
fn what_is_wrong_with_a_proof_or_a_grant_is_told_to_the_audit_alone() {
    for (reason, audit_code, error) in table() {
        let told = reason.client_error();
        let expected = match error {
            E::InvalidClient => OAuthError::invalid_client(),
            E::InvalidGrant => OAuthError::invalid_grant(),
            E::InvalidToken | E::ServerError | E::TemporarilyUnavailable => {
                assert!(!told.description.contains(audit_code), "{told}");
                continue;
            }
            _ => continue,
        };
        assert_eq!(expected, told, "{reason:?}");
    }
}

#[test]
fn a_failure_is_logged_with_its_code_and_all_its_causes() {
    let source = std::io::Error::other("connection refused");
    let denied = Denied::from(ManagerError::Unavailable(Box::new(source)));
    assert_eq!(
        "manager_unavailable: the manager cannot be reached: connection refused",
        Chain(&denied).to_string()
    );
}
