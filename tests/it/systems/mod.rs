//! Against the whole of other systems, which take minutes to install and to start: `cargo xtask test --systems`.

mod superset;
