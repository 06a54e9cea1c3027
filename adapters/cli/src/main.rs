//! The `jpauto` command.

mod demo;
mod failure;
mod output;
mod sentences;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
enum Arguments {
    Demo {
        #[arg(long)]
        db: Option<String>,
        #[command(flatten)]
        arguments: demo::DemoArgs,
    },
}

fn main() -> ExitCode {
    let Arguments::Demo { db, arguments } = Arguments::parse();
    let mut output = output::Output::to_stdout(None);
    let done = demo::run(&arguments, db.as_deref(), &mut output);
    match done.and_then(|()| Ok(output.finish()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(false),
    }
}
