//! Ports for servers of tests.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below those that systems give out by themselves (Linux from 32768, others from 49152): while a server is stopped, no
/// connection and no server of another test gets its port.
const RANGE: Range<u16> = 10_000..22_000;

/// A port of 127.0.0.1 at which nobody listens.
///
/// # Panics
/// There is none.
pub fn free_port() -> u16 {
    (0..1000)
        .map(|attempt: u32| {
            // The state is random.
            let random = RandomState::new().hash_one(attempt) % u64::from(RANGE.end - RANGE.start);
            RANGE.start + u16::try_from(random).unwrap_or_default()
        })
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a port of 127.0.0.1 is free")
}
