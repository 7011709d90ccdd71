//! Nobody ever sees what is of another workspace or another principal.

mod interleavings;
mod principal;
mod standing;
