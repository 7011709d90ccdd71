//! The queue of connections that the kernel has made and the server has not accepted yet.

use std::net::TcpListener;
use std::time::Duration;

use socket2::SockRef;
use tidegate_config::ListenAddress;

use crate::server::BindError;

/// Connections that may wait to be accepted; the kernel takes no more than its own limit (`net.core.somaxconn`).
const LENGTH: i32 = 1024;

/// How long those that wait have to be accepted when no others may come.
const EMPTYING: Duration = Duration::from_millis(200);

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

    /// Lets no new connections come, and ends when those that had come should have been accepted. Who asks for one
    /// meanwhile hears nothing, asks again a second later, and is refused then.
    pub async fn empty(self) {
        match refuse_new(&self.0) {
            Ok(()) => tokio::time::sleep(EMPTYING).await,
            Err(err) => tracing::warn!(
                error = &err as &dyn std::error::Error,
                "new connections cannot be held off while the last ones are accepted",
            ),
        }
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
