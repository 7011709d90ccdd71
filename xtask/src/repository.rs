//! Where things lie.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The repository and its packages.
pub struct Repository {
    metadata: Metadata,
    is_recording: bool,
}

impl Repository {
    /// Reads `cargo metadata` of the workspace that this program was built in.
    pub fn read() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()?;
        Ok(Self {
            metadata,
            is_recording: false,
        })
    }

    /// The same, where every server that is started has a recorder in front of it.
    pub fn recording(self) -> Self {
        Self {
            is_recording: true,
            ..self
        }
    }

    /// Where recorders write, while there are any.
    pub fn recordings(&self) -> anyhow::Result<Option<PathBuf>> {
        self.is_recording
            .then(|| self.cache("recordings"))
            .transpose()
    }

    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// The packages of the workspace.
    pub fn packages(&self) -> &[Package] {
        &self.metadata.packages
    }

    /// A binary of the last debug build.
    pub fn binary(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self
            .metadata
            .target_directory
            .as_std_path()
            .join("debug")
            .join(name);
        anyhow::ensure!(
            path.is_file(),
            "{} is not built; run without --no-build",
            path.display()
        );
        Ok(path)
    }

    /// A folder of ours below the target folder, made when it is missing.
    pub fn cache(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self
            .metadata
            .target_directory
            .as_std_path()
            .join("xtask")
            .join(name);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("could not make {}", path.display()))?;
        Ok(path)
    }

    /// A folder as [`Self::cache`] gives, without what an earlier run left.
    pub fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.cache(name)?;
        std::fs::remove_dir_all(&path)
            .with_context(|| format!("could not empty {}", path.display()))?;
        self.cache(name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_image_is_built_from_every_member_of_the_workspace() {
        let repository = Repository::read().unwrap();
        let taken = std::fs::read_to_string(repository.root().join(".dockerignore")).unwrap();
        let taken: BTreeSet<&str> = taken
            .lines()
            .filter_map(|line| line.strip_prefix('!'))
            .collect();
        for package in repository.packages() {
            let place = package.manifest_path.as_std_path();
            let place = place.strip_prefix(repository.root()).unwrap();
            let folder = place.iter().next().unwrap().to_str().unwrap();
            assert!(taken.contains(folder), ".dockerignore lacks {folder}");
        }
    }
}
