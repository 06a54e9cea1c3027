//! How the binary is linked.

use std::env;

/// Names a file that `deploy/function-order` wrote: what a server runs stands side by side in the binary. It needs LLVM's linker, which is
/// Rust's own since 1.90.
const FUNCTION_ORDER: &str = "JPAUTO_FUNCTION_ORDER";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={FUNCTION_ORDER}");
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    // The addresses that the loader puts into a binary of this size take 3 MB in their usual form, all of which is read at the start.
    // Packed they take little. It needs glibc 2.36, which Debian has since 12.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    if let Some(file) = env::var_os(FUNCTION_ORDER).filter(|file| !file.is_empty()) {
        let file = file.display();
        println!("cargo::rerun-if-changed={file}");
        println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={file},--no-warn-symbol-ordering");
    }
}
