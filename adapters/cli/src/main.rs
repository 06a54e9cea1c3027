//! The `jpauto` command.

mod demo;
mod failure;
mod sentences;

fn main() {}
