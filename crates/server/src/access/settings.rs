//! The settings in the words of the crates that keep them.

use tidegate_authorization_server::{AssertionIssuer, FetchSettings, Limits, Rate, Rules};
use tidegate_config::{
    AccountCreation as ConfiguredCreation, OauthSettings, ProviderSettings as Provider,
    Rate as ConfiguredRate, Settings, SigningAlgorithm,
};
use tidegate_login::{
    AccountCreation, ClaimNames, GroupGrant, ProviderSettings, SignInSettings, SupersetSignIn,
};
use tidegate_oauth_types::Algorithm;
use url::Url;

use super::AccessError;

pub(super) fn rules(oauth: &OauthSettings) -> Rules {
    let defaults = Rules::default();
    let limits = &oauth.limits;
    Rules {
        transaction_life: oauth.transaction,
        code_life: oauth.code,
        access_life: oauth.access_token,
        refresh_life: oauth.refresh_token,
        grant_life: oauth.grant,
        repeat_window: oauth.refresh_repeat_window,
        max_repeats: oauth.refresh_repeats,
        may_register: oauth.registration.is_some(),
        max_registrations_a_day: oauth
            .registration
            .map_or(0, |registration| registration.per_address_per_day),
        may_use_documents: oauth.client_documents.is_some(),
        document_hosts: oauth
            .client_documents
            .as_ref()
            .map_or_else(Vec::new, |documents| documents.hosts.clone()),
        device_life: oauth.device_code,
        algorithm: match oauth.signing_algorithm {
            SigningAlgorithm::Es256 => Algorithm::Es256,
            SigningAlgorithm::Rs256 => Algorithm::Rs256,
        },
        key_life: oauth.signing_key_life,
        assertion_issuers: oauth
            .assertion_issuers
            .iter()
            .map(|issuer| AssertionIssuer {
                issuer: issuer.issuer.clone(),
                jwks_uri: issuer.jwks_uri.clone(),
                trusts_email: issuer.links_by_email,
            })
            .collect(),
        limits: Limits {
            authorize: rate(limits.authorize),
            token: rate(limits.token),
            token_of_client: rate(limits.token_of_client),
            registration: rate(limits.registration),
            registration_of_all: rate(limits.registration_of_all),
            inspection: rate(limits.inspection),
            device: rate(limits.device),
            user_code: rate(limits.user_code),
            client_document: rate(limits.client_document),
        },
        ..defaults
    }
}

const fn rate(rate: ConfiguredRate) -> Rate {
    Rate {
        per_minute: rate.per_minute.get(),
        burst: rate.burst.get(),
    }
}

/// How documents are fetched.
///
/// # Errors
/// The file of certificates cannot be read.
pub(super) fn fetching(oauth: &OauthSettings) -> Result<FetchSettings, AccessError> {
    let defaults = FetchSettings::default();
    let Some(documents) = &oauth.client_documents else {
        return Ok(defaults);
    };
    let root_certificates = match &documents.ca_file {
        Some(file) => std::fs::read(file).map_err(|source| AccessError::CaFile {
            file: file.clone(),
            source,
        })?,
        None => Vec::new(),
    };
    Ok(FetchSettings {
        timeout: documents.timeout,
        allowed_private_hosts: documents.private_hosts.clone(),
        root_certificates,
        proxy: documents.proxy.clone(),
        ..defaults
    })
}

pub(super) fn sign_in(settings: &Settings, public_url: &Url) -> SignInSettings {
    let configured = &settings.sign_in;
    SignInSettings {
        allows_passwords: configured.passwords,
        session_idle: configured.session_idle,
        session_lifetime: configured.session_absolute,
        superset: configured
            .superset_accounts
            .iter()
            .map(|(workspace, role)| SupersetSignIn {
                workspace: workspace.clone(),
                role: *role,
            })
            .collect(),
        providers: configured.providers.iter().map(provider).collect(),
        ..SignInSettings::new(public_url.clone())
    }
}

fn provider(configured: &Provider) -> ProviderSettings {
    let teams = configured
        .teams
        .iter()
        .map(|(group, team)| GroupGrant::Team {
            group: group.clone(),
            team: team.clone(),
        });
    let workspaces = configured
        .workspaces
        .iter()
        .map(|(group, workspace, role)| GroupGrant::Workspace {
            group: group.clone(),
            workspace: workspace.clone(),
            role: *role,
        });
    ProviderSettings {
        title: configured.title.clone(),
        client_secret: configured.client_secret.clone(),
        scopes: configured.scopes.clone(),
        claims: ClaimNames {
            username: configured.username_claim.clone(),
            email: configured.email_claim.clone(),
            email_verified: configured.email_verified_claim.clone(),
            name: configured.name_claim.clone(),
            groups: configured.groups_claim.clone(),
        },
        trusted_domains: configured.trusted_domains.clone(),
        allowed_domains: configured.allowed_domains.clone(),
        creates_accounts: match configured.create {
            ConfiguredCreation::Never => AccountCreation::Never,
            ConfiguredCreation::Invited => AccountCreation::Invited,
            ConfiguredCreation::Always => AccountCreation::Always,
        },
        groups: teams.chain(workspaces).collect(),
        ..ProviderSettings::new(&configured.id, &configured.issuer, &configured.client_id)
    }
}
