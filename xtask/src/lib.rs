//! What `cargo xtask` and the programs that it calls share: commands with a deadline, where things lie, and Node and Python
//! below the target folder.
#![expect(
    clippy::print_stdout,
    reason = "for command line tools, whose output is for people"
)]

pub mod command;
pub mod repository;
pub mod toolbox;
