use std::time::{Duration, Instant};

/// How long anything may take that happens soon on an idle machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until the answer is there, at most [`PATIENCE`].
pub(crate) async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
