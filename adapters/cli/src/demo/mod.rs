//! The demonstration: a fresh dealership and sixty days of its life.

use clap::Args;

use crate::{failure::Failure, output::Output};

/// How the demonstration is run.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {}

/// Runs the demonstration.
pub(crate) fn run(_arguments: &DemoArgs, _output: &mut Output) -> Result<(), Failure> {
    Err(Failure::input("not_built", "the demonstration is not part of this build"))
}
