//! Checking and making passwords.

mod argon;
mod choice;
mod gate;
mod one_time;
mod werkzeug;

pub(crate) use argon::{Argon, Verdict};
pub(crate) use choice::{LEAST_BYTES, MOST_BYTES, is_good_choice};
pub(crate) use gate::Gate;
pub(crate) use one_time::one_time_password;
pub(crate) use werkzeug::{WerkzeugHash, WerkzeugMethod};
