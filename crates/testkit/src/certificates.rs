//! Certificates of a test's own authority, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// A certificate authority, with a server's certificate and a client's that it signed. Valid for two days; the files
/// are removed with this.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them. `server_names` are the names that the server's certificate is for, as in
    /// `DNS:localhost,IP:127.0.0.1`.
    ///
    /// # Errors
    /// `openssl` is not installed, or refuses.
    pub fn make(server_names: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("tidegate-certificates-")
            .tempdir()?;
        // Servers that run under another user read the files.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), readable)?;
        let made = Self { folder };
        made.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ])?;
        made.sign("server", &format!("subjectAltName={server_names}"))?;
        made.sign("client", "extendedKeyUsage=clientAuth")?;
        Ok(made)
    }

    /// The authority's certificate, in PEM form like all of them.
    pub fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// The server's certificate.
    pub fn server(&self) -> PathBuf {
        self.file("server.pem")
    }

    /// The server's key.
    pub fn server_key(&self) -> PathBuf {
        self.file("server.key")
    }

    /// The client's certificate.
    pub fn client(&self) -> PathBuf {
        self.file("client.pem")
    }

    /// The client's key.
    pub fn client_key(&self) -> PathBuf {
        self.file("client.key")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sign(&self, name: &str, extension: &str) -> Result<()> {
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let (extensions, certificate) = (format!("{name}.ext"), format!("{name}.pem"));
        self.openssl(&[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            &key,
            "-out",
            &request,
        ])?;
        std::fs::write(self.file(&extensions), extension)?;
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            &extensions,
            "-out",
            &certificate,
        ])
    }

    fn openssl(&self, arguments: &[&str]) -> Result<()> {
        run_in(self.folder.path(), arguments)
    }
}

fn run_in(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .context("openssl is not installed: apt-get install openssl")?;
    if !output.status.success() {
        bail!(
            "openssl {arguments:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
