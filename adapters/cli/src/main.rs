//! The `jpauto` command.

mod demo;

fn main() {}
