use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_config::JsonLines;

use super::{AuditError, AuditRecord, AuditSink};

/// Records as JSON, one a line, to a file or to standard output.
#[derive(Debug)]
pub struct JsonLinesSink {
    target: Arc<Mutex<Target>>,
}

#[derive(Debug)]
enum Target {
    Stdout,
    File(File),
}

impl JsonLinesSink {
    /// The sink that the setting asks for; `None` for none.
    ///
    /// # Errors
    /// When the file cannot be opened for appending.
    pub fn from_settings(settings: &JsonLines) -> io::Result<Option<Self>> {
        let target = match settings {
            JsonLines::Off => return Ok(None),
            JsonLines::Stdout => Target::Stdout,
            JsonLines::File(path) => Target::File(open(path)?),
        };
        Ok(Some(Self {
            target: Arc::new(Mutex::new(target)),
        }))
    }
}

/// Only for the owner: records name people.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[async_trait::async_trait]
impl AuditSink for JsonLinesSink {
    fn name(&self) -> &'static str {
        "json_lines"
    }

    async fn write(&self, batch: &[AuditRecord]) -> Result<(), AuditError> {
        let mut lines = Vec::with_capacity(batch.len() * 512);
        for record in batch {
            serde_json::to_writer(&mut lines, record).map_err(AuditError::new)?;
            lines.push(b'\n');
        }
        let target = Arc::clone(&self.target);
        // A disk or a pipe may take its time, which no arbiter has.
        let written = tokio::task::spawn_blocking(move || match &mut *target.lock() {
            Target::File(file) => file.write_all(&lines),
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(&lines).and_then(|()| stdout.flush())
            }
        });
        written
            .await
            .map_err(AuditError::new)?
            .map_err(AuditError::new)
    }
}
