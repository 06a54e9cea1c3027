//! `jpauto config`: the sample of the configuration, and what holds. What is deliberately not here: reading one; see `configuration`.

use clap::Subcommand;

use crate::{
    configuration::SAMPLE,
    context::Context,
    failure::Failure,
    output::{Format, remark},
    serve::{doubt_of_backups, template_faults},
};

pub(crate) const HELP: &str = "\
All commands read one configuration. An option of a command counts first, then an environment variable, then the file that
--config or JPAUTO_CONFIG names, then the default. Each key of the file has its variable: `pool_size` in section [database]
is JPAUTO_DATABASE_POOL_SIZE.

A secret may be in a file of its own: `key_file` in section [auto_dev], or JPAUTO_AUTO_DEV_KEY_FILE. DATABASE_URL and
AUTODEV_API_KEY count as well.

Examples:
  jpauto config sample > jpauto.toml
  jpauto --config jpauto.toml serve --check";

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a file with every key, its default and what it is for
    Sample,
    /// Print what holds here, without secrets; a # stands before each default
    Show,
}

/// Does it.
pub(crate) fn run(command: &ConfigCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        ConfigCommand::Sample => context.output.text(SAMPLE.trim_end()),
        ConfigCommand::Show => {
            for fault in template_faults(&context.settings.library().notifications) {
                remark(&format!("a template is wrong, and the usual one is used: {fault}"));
            }
            doubt_of_backups(&context.settings).iter().for_each(|doubt| remark(doubt));
            match context.output.format() {
                Format::Table => context.output.text(&context.settings.shown()),
                Format::Json => context.output.json(&context.settings.shown_to_programs()),
                Format::Jsonl => context.output.json_line(&context.settings.shown_to_programs()),
            }
        }
    }
}
