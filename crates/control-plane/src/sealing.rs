//! Seals the columns that hold other systems' secrets and our private keys.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use tidegate_types::{ExposeSecret, SecretString};

use crate::ManagerError;

/// The first byte of everything sealed, so that a later form can be told from this one.
const VERSION: u8 = 1;
const SALT: &[u8] = b"tidegate manager";
const PURPOSE: &[&[u8]] = &[b"sealed columns 1"];
/// Shorter secrets are refused.
pub(crate) const MIN_SECRET_CHARS: usize = 32;

/// AES-256-GCM under a key derived from the deployment's secret by HKDF-SHA256 (RFC 5869).
///
/// Sealed: `1 ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The associated data is the place, so that what is sealed for one
/// row does not open in another.
pub(crate) struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    /// Derives the key.
    ///
    /// # Errors
    /// `Invalid`: the secret is too short.
    pub(crate) fn new(secret: &SecretString) -> Result<Self, ManagerError> {
        let length = secret.expose_secret().chars().count();
        if length < MIN_SECRET_CHARS {
            return Err(ManagerError::Invalid(format!(
                "the manager's secret has {length} characters: it needs at least {MIN_SECRET_CHARS}, drawn at random"
            )));
        }
        let derived = Salt::new(HKDF_SHA256, SALT).extract(secret.expose_secret().as_bytes());
        let key = derived
            .expand(PURPOSE, &AES_256_GCM)
            .map(UnboundKey::from)
            .map_err(|_| internal("no sealing key could be derived"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
        })
    }

    /// Seals `plain` for `place`: `<table>.<column>:<key of the row>`.
    pub(crate) fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, ManagerError> {
        // Random nonces: keys and connections are sealed a few times in a deployment's life, far from 2³².
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| internal("the operating system gives no random bytes"))?;
        let mut body = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::from(place), &mut body)
            .map_err(|_| internal("a value could not be sealed"))?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// `Internal`: sealed by another secret, for another place, or damaged.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, ManagerError> {
        self.try_open(place, sealed).ok_or_else(|| {
            internal("a sealed value does not open: it was sealed by another secret, or is damaged")
        })
    }

    fn try_open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let body = sealed.strip_prefix(&[VERSION])?;
        let (nonce, body) = body.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(place), &mut body)
            .ok()?;
        Some(plain.to_vec())
    }
}

fn internal(reason: &'static str) -> ManagerError {
    ManagerError::Internal(reason.into())
}

/// The secret of a SQLite database that was given none: drawn once, kept in `<file>.key` for the owner alone.
///
/// # Errors
/// `Internal`: the file cannot be read or written, or holds no secret.
pub(crate) fn secret_beside(database: &Path) -> Result<SecretString, ManagerError> {
    let path = key_path(database);
    kept_secret(&path).map_err(|err| {
        let reason = format!("the manager's key file {} cannot be used", path.display());
        ManagerError::Internal(Box::new(io::Error::new(
            err.kind(),
            format!("{reason}: {err}"),
        )))
    })
}

/// The secret that was drawn when the database was made; none is drawn where there is none.
pub(crate) fn existing_secret_beside(database: &Path) -> Result<SecretString, ManagerError> {
    let path = key_path(database);
    if path.exists() {
        return secret_beside(database);
    }
    Err(ManagerError::Invalid(format!(
        "the manager's key file {} is not there: give manager.secret, or put the file back that was made with the database",
        path.display()
    )))
}

pub(crate) fn key_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

fn kept_secret(path: &Path) -> io::Result<SecretString> {
    if !path.exists() {
        // Written beside and linked: whoever looks sees no file or a whole one, and of two processes one draws.
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}", uuid::Uuid::new_v4().simple()));
        let draft = PathBuf::from(draft);
        let mut file = create_private(&draft)?;
        file.write_all(drawn()?.expose_secret().as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            Err(err) if err.kind() != io::ErrorKind::AlreadyExists => return Err(err),
            _ => {}
        }
    }
    let text = fs::read_to_string(path)?;
    let text = text.trim();
    if text.chars().count() < MIN_SECRET_CHARS {
        return Err(io::Error::other(
            "it holds no secret of at least 32 characters",
        ));
    }
    Ok(SecretString::from(text))
}

/// Makes a file that only its owner reads and writes.
///
/// # Errors
/// It is there already, or cannot be made.
pub(crate) fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// 256 random bits in hexadecimal digits.
fn drawn() -> io::Result<SecretString> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the operating system gives no random bytes"))?;
    let mut digits = String::with_capacity(64);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(SecretString::from(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(secret: &str) -> Sealer {
        Sealer::new(&SecretString::from(secret)).unwrap()
    }

    const ONE: &str = "one secret, which is long enough for it";
    const OTHER: &str = "other secret, which is long enough as well";

    #[test]
    fn what_was_sealed_opens_for_its_place_and_secret_alone() {
        let sealed = sealer(ONE).seal("keys.private:1", b"the key").unwrap();
        assert_eq!(
            b"the key",
            &*sealer(ONE).open("keys.private:1", &sealed).unwrap()
        );
        assert!(sealer(ONE).open("keys.private:2", &sealed).is_err());
        assert!(sealer(OTHER).open("keys.private:1", &sealed).is_err());
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let sealer = sealer(ONE);
        let sealed = sealer.seal("place", b"the key").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("place", &changed).is_err(), "byte {at}");
            assert!(sealer.open("place", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_is_never_sealed_alike() {
        let sealer = sealer(ONE);
        let seal = || sealer.seal("place", b"the key").unwrap();
        assert_ne!(seal(), seal());
        assert!(!seal().windows(7).any(|window| window == b"the key"));
    }

    #[test]
    fn a_key_file_is_drawn_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("manager.sqlite");
        let first = secret_beside(&database).unwrap();
        let again = secret_beside(&database).unwrap();
        assert_eq!(first.expose_secret(), again.expose_secret());
        assert_eq!(64, first.expose_secret().len());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(key_path(&database)).unwrap().permissions();
            assert_eq!(0o600, mode.mode() & 0o777);
        }
        assert_eq!(1, fs::read_dir(folder.path()).unwrap().count());
    }

    #[test]
    fn a_key_file_without_a_secret_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("manager.sqlite");
        fs::write(key_path(&database), "short").unwrap();
        let err = secret_beside(&database).unwrap_err();
        let ManagerError::Internal(source) = err else {
            panic!("{err:?}")
        };
        let said = source.to_string();
        assert!(said.contains("manager.sqlite.key"), "{said}");
        assert!(said.contains("no secret of at least 32"), "{said}");
    }
}
