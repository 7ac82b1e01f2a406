use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::render::{Classes, Explained};
use crate::scan::read_rules;
use crate::taxonomy::Class;

use super::say::print;
use super::{CliError, Status};

/// What a class means: its causes, how to confirm each, how to fix it.
///
/// Without a class, or with the status that a visitor saw, the list of classes.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A class (connect_refused), or a status (502).
    class: Option<String>,

    /// How it is written.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,

    /// Rules in TOML that add classes; see the README.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    rules: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Terminal,
    Markdown,
    Json,
}

impl Explain {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let own = read_rules(self.rules.as_deref())?.classes();
        let mut classes: Vec<Class> = Class::ALL.iter().copied().chain(own).collect();
        match &self.class {
            None => print(&self.list(classes))?,
            Some(name) => match classes.iter().find(|class| class.name() == name) {
                Some(&class) => print(&self.one(class))?,
                None => {
                    classes.retain(|class| {
                        class
                            .status()
                            .is_some_and(|status| status.to_string() == *name)
                    });
                    if classes.is_empty() {
                        return Err(unknown(name));
                    }
                    print(&self.list(classes))?;
                }
            },
        }
        Ok(Status::Done)
    }

    fn list(&self, classes: Vec<Class>) -> String {
        let classes = Classes(classes);
        match self.format {
            Format::Terminal => classes.to_string(),
            Format::Markdown => classes.markdown(),
            Format::Json => classes.json(),
        }
    }

    fn one(&self, class: Class) -> String {
        let explained = Explained::new(class);
        match self.format {
            Format::Terminal => explained.to_string(),
            Format::Markdown => explained.markdown(),
            Format::Json => explained.json(),
        }
    }
}

fn unknown(name: &str) -> CliError {
    CliError::NoSuchClass {
        name: name.to_owned(),
        nearest: Class::nearest(name).map(Class::name),
    }
}
