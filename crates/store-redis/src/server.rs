//! Which Redis, and how to prove who is who: the client that every connection is made from.

use std::error::Error;

use redis::{Client, ClientTlsConfig, IntoConnectionInfo as _, TlsCertificates};
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tidegate_types::ExposeSecret;

use crate::{RedisSettings, RedisTls};

/// Builds the client of a deployment's Redis. Nothing is sent.
///
/// # Errors
/// The URL has not the right form, a certificate or key is no PEM, or the key is not the certificate's.
pub(crate) fn client(settings: &RedisSettings) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let server = settings.url.expose_secret().into_connection_info()?;
    // A user with few rights need not be allowed to say which library it is.
    let unnamed = server.redis_settings().clone().set_skip_set_lib_name();
    let server = server.set_redis_settings(unnamed);
    if !matches!(server.addr(), redis::ConnectionAddr::TcpTls { .. }) {
        if settings.tls.ca.is_some() || settings.tls.identity.is_some() {
            return Err("certificates are of use with rediss:// alone".into());
        }
        return Ok(Client::open(server)?);
    }
    check(&settings.tls)?;
    let client_tls = settings
        .tls
        .identity
        .as_ref()
        .map(|identity| ClientTlsConfig {
            client_cert: identity.certificate.clone().into_bytes(),
            client_key: identity.key.expose_secret().as_bytes().to_vec(),
        });
    let certificates = TlsCertificates {
        client_tls,
        root_cert: settings.tls.ca.clone().map(String::into_bytes),
    };
    Ok(Client::build_with_tls(server, certificates)?)
}

/// Finds at the start what would else fail each connection.
fn check(tls: &RedisTls) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    if let Some(ca) = &tls.ca {
        let certificates = chain(ca, "the CA's file")?;
        for certificate in certificates {
            roots.add(certificate).map_err(|err| {
                format!("the CA's file has a certificate that cannot be used: {err}")
            })?;
        }
    }
    if let Some(identity) = &tls.identity {
        let certificates = chain(&identity.certificate, "the client's certificate")?;
        let key = PrivateKeyDer::from_pem_slice(identity.key.expose_secret().as_bytes())
            .map_err(|_| "the client's key is no private key in PEM form")?;
        ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(certificates, key)
            .map_err(|err| format!("the client's certificate and key do not go together: {err}"))?;
    }
    Ok(())
}

fn chain(
    pem: &str,
    what: &str,
) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error + Send + Sync>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|err| format!("{what} is not in PEM form: {err}"))?;
    if chain.is_empty() {
        return Err(format!("{what} holds no certificate in PEM form").into());
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use tidegate_types::SecretString;

    use super::*;
    use crate::RedisIdentity;

    fn settings(url: &str, tls: RedisTls) -> RedisSettings {
        RedisSettings {
            tls,
            ..RedisSettings::at(url)
        }
    }

    fn refusal(url: &str, tls: RedisTls) -> String {
        client(&settings(url, tls)).err().unwrap().to_string()
    }

    fn ca(text: &str) -> RedisTls {
        RedisTls {
            ca: Some(text.to_owned()),
            identity: None,
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused_before_anything_connects() {
        let told = refusal("rediss://redis.example:6379", ca("nonsense"));
        assert_eq!("the CA's file holds no certificate in PEM form", told);
        let identity = RedisIdentity {
            certificate: "nonsense".to_owned(),
            key: SecretString::from("secret nonsense"),
        };
        let tls = RedisTls {
            ca: None,
            identity: Some(identity),
        };
        let told = refusal("rediss://redis.example:6379", tls);
        assert_eq!(
            "the client's certificate holds no certificate in PEM form",
            told
        );
    }

    #[test]
    fn certificates_without_tls_are_a_mistake() {
        let told = refusal("redis://redis.example:6379", ca("anything"));
        assert_eq!("certificates are of use with rediss:// alone", told);
        assert!(client(&settings("redis://redis.example", RedisTls::default())).is_ok());
        assert!(client(&settings("rediss://redis.example", RedisTls::default())).is_ok());
    }
}
