//! Hands on whether the compiler optimises, which only a build script is told; the server has the same.

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo tells build scripts by variables"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo::rustc-env=OPT_LEVEL={level}");
}
