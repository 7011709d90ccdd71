pub mod certificates;
#[cfg(feature = "fixtures")]
pub mod fixtures;
pub mod postgres;
pub mod redis;
pub mod superset;
pub mod tcp_relay;
