use std::io::{self, Write};

use clap::Args;
use clap_complete::Shell;

use super::{CliError, Status};

/// What makes a shell complete commands and flags.
///
/// Bash looks for it in ~/.local/share/bash-completion/completions/badgateway, fish in
/// ~/.config/fish/completions/badgateway.fish, zsh in the folders of fpath, under the name
/// _badgateway. The others evaluate it.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell that is to complete.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        // clap_complete panics when it cannot write, a closed pipe included: to memory first.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "badgateway", &mut script);
        io::stdout()
            .write_all(&script)
            .map_err(|source| CliError::Output {
                name: "standard output".to_owned(),
                source,
            })?;
        Ok(Status::Done)
    }
}
