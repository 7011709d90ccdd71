//! The queue of connections that the kernel has made and the server has not accepted yet.

use std::net::TcpListener;
use std::os::fd::AsFd as _;
use std::time::Duration;

use socket2::SockRef;
use tidegate_config::ListenAddress;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::server::BindError;

/// Connections that may wait to be accepted; the kernel takes no more than its own limit (`net.core.somaxconn`).
const LENGTH: i32 = 1024;

/// How long connections that are being made have to become whole when no others may begin.
const LAST_ARRIVALS: Duration = Duration::from_millis(200);

/// How long the queue is waited for at the most: it stays full where as many connections are open as are allowed.
const EMPTYING: Duration = Duration::from_secs(2);

/// How long the kernel is given to say that somebody waits.
const LOOK: Duration = Duration::from_millis(10);

/// Takes the address, so that its port is known before anything is built that names it.
///
/// # Errors
/// The address is taken or not ours.
pub fn bind(address: &ListenAddress) -> Result<TcpListener, BindError> {
    let host = address.host.trim_matches(['[', ']']);
    let listening = TcpListener::bind((host, address.port)).and_then(|listener| {
        // The standard library lets 128 wait, and the kernel drops the rest of a burst.
        SockRef::from(&listener).listen(LENGTH)?;
        Ok(listener)
    });
    listening.map_err(|source| BindError {
        address: address.to_string(),
        source,
    })
}

/// The queue of a listener, to be emptied before the listener is closed: the kernel resets whoever still waits in it,
/// and a client whose request was in it cannot know whether anybody read it.
#[derive(Debug)]
pub struct Backlog(TcpListener);

impl Backlog {
    pub(crate) fn of(listener: &TcpListener) -> std::io::Result<Self> {
        listener.try_clone().map(Self)
    }

    /// Ends when those that had come have been accepted. On Linux no others come meanwhile: who asks for a connection
    /// hears nothing, asks again a second later, and is refused then.
    pub async fn empty(self) {
        if let Err(err) = refuse_new(&self.0) {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "new connections cannot be held off while the last ones are accepted",
            );
        }
        tokio::time::sleep(LAST_ARRIVALS).await;
        let emptied = async {
            while self.somebody_waits().await {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(EMPTYING, emptied).await.is_err() {
            tracing::warn!("connections that nobody accepted are reset");
        }
    }

    #[expect(
        deprecated,
        reason = "its successor is unsafe, for descriptors that are closed meanwhile; this one is ours until after"
    )]
    async fn somebody_waits(&self) -> bool {
        // Registered anew each time: the kernel says at once what is so now, and later only what changes.
        let registered = AsyncFd::with_interest(self.0.as_fd(), Interest::READABLE);
        let Ok(registered) = registered else {
            return false;
        };
        let readable = tokio::time::timeout(LOOK, registered.readable()).await;
        matches!(readable, Ok(Ok(_)))
    }
}

/// Has the kernel drop packets that ask for a connection (SYN); what is on its way to be one goes on.
#[cfg(target_os = "linux")]
fn refuse_new(listener: &TcpListener) -> std::io::Result<()> {
    use socket2::SockFilter;

    /// Loads a byte at an offset (`BPF_LD | BPF_B | BPF_ABS`).
    const LOAD_BYTE: u16 = 0x30;
    /// Jumps if any of these bits is set (`BPF_JMP | BPF_JSET | BPF_K`).
    const JUMP_IF_SET: u16 = 0x45;
    /// Ends, with how many bytes of the packet are let through (`BPF_RET | BPF_K`).
    const RETURN: u16 = 0x06;
    /// Where the flags are in a TCP header, and SYN among them (RFC 9293 §3.1).
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;

    SockRef::from(listener).attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ])
}

/// Elsewhere nothing of the kind can be asked for without risk, and whoever waits takes it.
#[cfg(not(target_os = "linux"))]
fn refuse_new(_: &TcpListener) -> std::io::Result<()> {
    Ok(())
}
