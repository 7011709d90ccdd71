use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::*;
use crate::control::{ControlChange, ControlChangePage};

struct Source {
    state: Mutex<WorkspaceState>,
    is_away: AtomicBool,
    hangs: AtomicBool,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl FlagSource for Source {
    async fn state_of(&self, _: &WorkspaceSlug) -> Result<WorkspaceState, ControlError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::SeqCst) {
            return Err(ControlError("away".into()));
        }
        Ok(*self.state.lock())
    }
}

fn all_on() -> WorkspaceState {
    let flags = Flag::ALL
        .into_iter()
        .fold(Flags::default(), |flags, flag| flags.with(flag, true));
    WorkspaceState {
        flags,
        is_hibernated: false,
    }
}

fn without(flag: Flag) -> WorkspaceState {
    WorkspaceState {
        flags: all_on().flags.with(flag, false),
        ..all_on()
    }
}

struct Bench {
    source: Arc<Source>,
    validity: Arc<CacheValidity>,
    flags: FeatureFlags,
    head: u64,
}

fn bench() -> Bench {
    let source = Arc::new(Source {
        state: Mutex::new(all_on()),
        is_away: AtomicBool::new(false),
        hangs: AtomicBool::new(false),
        asked: AtomicUsize::new(0),
    });
    let validity = Arc::new(CacheValidity::new(true));
    validity.advance(&ControlChangePage {
        changes: Vec::new(),
        head: 1,
        has_gap: false,
    });
    let flags = FeatureFlags::new(Some(Arc::clone(&source) as _), Arc::clone(&validity));
    Bench {
        source,
        validity,
        flags,
        head: 1,
    }
}

fn acme() -> WorkspaceSlug {
    "acme".parse().unwrap()
}

impl Bench {
    fn change(&mut self, state: WorkspaceState) {
        *self.source.state.lock() = state;
        self.head += 1;
        self.validity.advance(&ControlChangePage {
            changes: vec![ControlChange::Flags { workspace: None }],
            head: self.head,
            has_gap: false,
        });
    }

    async fn refusal(&self, kind: TokenKind) -> Option<Closed> {
        self.flags.refusal(&acme(), kind).await.unwrap()
    }
}

#[tokio::test]
async fn each_flag_keeps_out_whom_it_is_about() {
    let everybody = [
        TokenKind::Development,
        TokenKind::External,
        TokenKind::ApiToken,
        TokenKind::Static,
        TokenKind::OAuth,
    ];
    let hibernated = WorkspaceState {
        is_hibernated: true,
        ..without(Flag::McpService)
    };
    for (state, others, oauth) in [
        (all_on(), None, None),
        (
            without(Flag::McpService),
            Some(Closed::Service),
            Some(Closed::Service),
        ),
        (without(Flag::McpOauth), None, Some(Closed::Oauth)),
        (
            without(Flag::McpOauthWorkspace),
            None,
            Some(Closed::OauthWorkspace),
        ),
        (without(Flag::Chatbot), None, None),
        (
            hibernated,
            Some(Closed::Hibernated),
            Some(Closed::Hibernated),
        ),
    ] {
        let mut bench = bench();
        bench.change(state);
        for kind in everybody {
            let expected = if kind == TokenKind::OAuth {
                oauth
            } else {
                others
            };
            assert_eq!(expected, bench.refusal(kind).await, "{kind:?} {state:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_ask_for() {
    for closed in [Closed::Service, Closed::Oauth, Closed::OauthWorkspace] {
        assert!(closed.to_string().contains("ask an administrator"));
        assert!(closed.to_string().contains("MCP_"));
    }
}

#[tokio::test]
async fn a_state_is_asked_for_once_until_it_changes() {
    let mut bench = bench();
    let kind = TokenKind::External;
    let (a, b, c) = tokio::join!(
        bench.refusal(kind),
        bench.refusal(kind),
        bench.refusal(kind)
    );
    assert_eq!((None, None, None), (a, b, c));
    assert_eq!(1, bench.source.asked.load(Ordering::SeqCst));
    bench.change(without(Flag::McpService));
    assert_eq!(Some(Closed::Service), bench.refusal(kind).await);
    assert_eq!(2, bench.source.asked.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_changes_nothing_unless_something_changed() {
    let mut bench = bench();
    let kind = TokenKind::External;
    assert_eq!(None, bench.refusal(kind).await);
    bench.source.is_away.store(true, Ordering::SeqCst);
    tokio::time::advance(Duration::from_mins(2)).await;
    assert_eq!(
        None,
        bench.refusal(kind).await,
        "nobody said that it changed"
    );
    bench.change(without(Flag::McpService));
    assert!(bench.flags.refusal(&acme(), kind).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_costs_callers_of_a_known_workspace_next_to_nothing() {
    let bench = bench();
    let kind = TokenKind::External;
    assert_eq!(None, bench.refusal(kind).await);
    bench.source.hangs.store(true, Ordering::SeqCst);
    tokio::time::advance(Duration::from_mins(2)).await;
    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(None, bench.refusal(kind).await);
    }
    assert_eq!(TIMEOUT_IF_KNOWN, begun.elapsed(), "one of them waited");
    tokio::time::advance(RETRY).await;
    assert_eq!(None, bench.refusal(kind).await);
    assert_eq!(
        3,
        bench.source.asked.load(Ordering::SeqCst),
        "it is tried again"
    );
    bench.source.hangs.store(false, Ordering::SeqCst);
    tokio::time::advance(RETRY).await;
    assert_eq!(None, bench.refusal(kind).await);
    assert_eq!(None, bench.refusal(kind).await);
    assert_eq!(
        4,
        bench.source.asked.load(Ordering::SeqCst),
        "and known again"
    );
}

#[tokio::test]
async fn a_source_that_is_away_from_the_beginning_opens_nothing() {
    let bench = bench();
    bench.source.is_away.store(true, Ordering::SeqCst);
    let kind = TokenKind::External;
    assert!(bench.flags.refusal(&acme(), kind).await.is_err());
}

#[tokio::test]
async fn without_a_source_everything_is_open() {
    let flags = FeatureFlags::new(None, Arc::new(CacheValidity::new(false)));
    let refusal = flags.refusal(&acme(), TokenKind::OAuth).await;
    assert_eq!(None, refusal.unwrap());
}
