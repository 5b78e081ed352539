//! The build script of every function: what its package leaves out.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    println!("cargo::rerun-if-changed=../packages.ld");
    let is = |name: &str, value: &str| env::var_os(name).is_some_and(|found| found == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    // A panic aborts in this profile, so that tables to unwind by are for backtraces only, and a stripped binary has no names for
    // these. `-Cforce-unwind-tables=no` does not reach the standard library, which comes compiled with its tables: the linker drops
    // them, a twelfth of each package.
    if let Some(script) = env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join("../packages.ld")) {
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
    // Without it a table of where each pointer to a constant is, a fiftieth of preflight's package, is there for the loader alone. The
    // program's own code is at a fixed address then; libraries, stack and heap are not.
    println!("cargo::rustc-link-arg-bins=-no-pie");
}
