//! The build script of every function: links on the build machine with GNU ld.
//!
//! LLD, which Rust uses on x86-64 Linux since 1.90, keeps the exception tables of functions that it has thrown away: they
//! carry neither a section group nor a link order. In a function on five SDKs that is 6.8 of 16.6 MB. GNU ld drops them.
//! Other targets, and linkers that somebody chose (cargo-lambda brings Zig's), are left alone.

fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let chosen = std::env::var_os("RUSTC_LINKER").is_some();
    let here = std::env::var("HOST").is_ok_and(|host| {
        host == "x86_64-unknown-linux-gnu" && std::env::var("TARGET").is_ok_and(|target| target == host)
    });
    if here && !chosen {
        println!("cargo::rustc-link-arg-bins=-fuse-ld=bfd");
    }
}
