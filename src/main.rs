//! The program: exit status, the broken pipe, nothing else.

use std::process::ExitCode;

use badgateway::cli::{self, Status};

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Ok(status) => status.into(),
        Err(error) if error.is_closed_pipe() => Status::Done.into(),
        Err(error) => {
            cli::say(&error);
            Status::NoResult.into()
        }
    }
}
