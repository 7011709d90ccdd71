//! TLS to PostgreSQL with rustls, by libpq's options.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tidegate_database_uri::{TlsMode, TlsSettings, TlsVersion, UriError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::binding;

fn unusable(reason: impl Into<String>) -> UriError {
    UriError::Invalid {
        reason: reason.into(),
    }
}

/// Makes TLS connections to one server.
#[derive(Clone)]
pub(crate) struct Tls {
    connector: TlsConnector,
    binds_channel: bool,
}

impl Tls {
    /// `prefer` and `require` take any certificate, as libpq does; `require` beside `sslrootcert` is `verify-ca`,
    /// as in libpq. Reads files, so it belongs on a blocking thread.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Self, UriError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions(settings)?)
            .map_err(|err| unusable(err.to_string()))?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier(settings, provider)?);
        let mut config = match (&settings.certificate, &settings.key) {
            (Some(certificate), Some(key)) => builder
                .with_client_auth_cert(chain(certificate)?, read_key(key)?)
                .map_err(|_| unusable("its sslcert and sslkey do not belong together"))?,
            _ => builder.with_no_client_auth(),
        };
        config.enable_sni = !settings.hides_name;
        if settings.is_direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            binds_channel: !settings.forbids_channel_binding,
        })
    }

    /// Encrypts, and gives what ties the password to this connection (RFC 5929 §4), where it can be told.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> io::Result<(TlsStream<TcpStream>, Option<Vec<u8>>)> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|err| io::Error::new(io::ErrorKind::InvalidInput, err))?;
        let stream = self.connector.connect(name, stream).await?;
        let certificates = stream.get_ref().1.peer_certificates();
        let binding = certificates
            .and_then(<[_]>::first)
            .filter(|_| self.binds_channel)
            .and_then(|certificate| binding::server_end_point(certificate));
        Ok((stream, binding))
    }
}

fn versions(settings: &TlsSettings) -> Result<Vec<&'static SupportedProtocolVersion>, UriError> {
    Ok(match (settings.lowest, settings.highest) {
        (Some(TlsVersion::V1_3), Some(TlsVersion::V1_2)) => {
            return Err(unusable("its lowest version of TLS is above its highest"));
        }
        (Some(TlsVersion::V1_3), _) => vec![&rustls::version::TLS13],
        (_, Some(TlsVersion::V1_2)) => vec![&rustls::version::TLS12],
        _ => rustls::DEFAULT_VERSIONS.to_vec(),
    })
}

fn verifier(
    settings: &TlsSettings,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, UriError> {
    let has_roots = settings.root_certificate.is_some() || settings.root_pem.is_some();
    let mode = match settings.mode {
        TlsMode::Require if has_roots => TlsMode::VerifyCa,
        mode => mode,
    };
    if !matches!(mode, TlsMode::VerifyCa | TlsMode::VerifyFull) {
        return Ok(Arc::new(AnyName {
            authorities: None,
            provider,
        }));
    }
    let roots = match (&settings.root_pem, settings.root_certificate.as_deref()) {
        (Some(pem), _) => roots_of(
            CertificateDer::pem_slice_iter(pem.as_bytes()),
            "server_cert",
        )?,
        (None, Some(path)) if path == Path::new("system") => system_roots()?,
        (None, Some(path)) => roots_of(read_certificates(path, "sslrootcert")?, "sslrootcert")?,
        (None, None) => return Err(unusable("verifying the server needs sslrootcert")),
    };
    let authorities =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|_| unusable("there is no authority to verify the server by"))?;
    Ok(match mode {
        TlsMode::VerifyFull => authorities,
        _ => Arc::new(AnyName {
            authorities: Some(authorities),
            provider,
        }),
    })
}

fn system_roots() -> Result<RootCertStore, UriError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs().certs;
    if roots.add_parsable_certificates(found).0 == 0 {
        return Err(unusable("this system has no certificates of authorities"));
    }
    Ok(roots)
}

fn roots_of(
    certificates: impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>>,
    option: &str,
) -> Result<RootCertStore, UriError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        certificate
            .ok()
            .and_then(|certificate| roots.add(certificate).ok())
            .ok_or_else(|| {
                unusable(format!(
                    "its {option} holds something else than certificates"
                ))
            })?;
    }
    Ok(roots)
}

fn read_certificates(
    path: &Path,
    option: &str,
) -> Result<impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>>, UriError> {
    CertificateDer::pem_file_iter(path)
        .map_err(|_| unusable(format!("its {option} cannot be read")))
}

/// Our own certificate, and those between it and an authority.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, UriError> {
    read_certificates(path, "sslcert")?
        .collect::<Result<_, _>>()
        .map_err(|_| unusable("its sslcert holds something else than certificates"))
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, UriError> {
    PrivateKeyDer::from_pem_file(path).map_err(|_| unusable("its sslkey cannot be read"))
}

/// What libpq does short of `verify-full`. Signatures are checked always: whoever answers has the certificate's key.
#[derive(Debug)]
struct AnyName {
    /// `None`: any certificate will do. Else (`verify-ca`) it must be good, and may name any host. Its names are looked at
    /// last, so that whoever has only a wrong name has passed everything else.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verify_server_cert(certificate, others, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
