//! Writes the man pages and the completions that a package ships: `cargo run --example assets -- DIR`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use badgateway::cli;
use clap::{Command, Parser};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

/// Write the man pages and the completions of badgateway.
#[derive(Parser)]
#[command(name = "assets")]
struct Args {
    /// The folder into which they are written; made if need be
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

fn main() -> io::Result<()> {
    let folder = Args::parse().folder;
    fs::create_dir_all(&folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut cli::command(), "badgateway", &folder)?;
    }
    let mut program = cli::command()
        .disable_help_subcommand(true)
        .subcommand_help_heading("COMMANDS");
    program.build();
    let names: Vec<String> = [&program]
        .into_iter()
        .chain(program.get_subcommands())
        .map(page_name)
        .collect();
    write_page(&folder, &program, &names)?;
    for command in program.get_subcommands() {
        write_page(&folder, command, &names)?;
    }
    Ok(())
}

/// `badgateway`, `badgateway-aggregate`
fn page_name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or(command.get_name()).to_owned()
}

fn write_page(folder: &Path, command: &Command, names: &[String]) -> io::Result<()> {
    let name = page_name(command);
    // A date would differ from build to build, and roff loses an argument that is empty.
    let man = Man::new(command.clone())
        .date(" ")
        .source(concat!("badgateway ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    page.write_all(&options(&man)?)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    examples(&mut roff, command.get_name());
    if command.get_name() == "aggregate" {
        nightly_run(&mut roff);
    }
    exit_status(&mut roff, command.get_name());
    files(&mut roff, command.get_name());
    see_also(&mut roff, &name, names);
    roff.to_writer(&mut page)?;
    fs::write(folder.join(format!("{name}.1")), page)
}

/// The flags under one heading; each group of `--help` has a heading below it.
fn options(man: &Man) -> io::Result<Vec<u8>> {
    let mut section = Vec::new();
    man.render_options_section(&mut section)?;
    let text = String::from_utf8_lossy(&section);
    let text = text.replace(".SH ", ".SS ");
    Ok(text.replacen(".SS OPTIONS", ".SH OPTIONS", 1).into_bytes())
}

fn examples(roff: &mut Roff, command: &str) {
    let examples: &[(&str, &str)] = match command {
        "badgateway" => &[
            (
                "What failed, where, when and why:",
                "badgateway report /var/log/nginx",
            ),
            (
                "Add it to a dataset, every night:",
                "badgateway aggregate /var/log/nginx --out /var/lib/badgateway",
            ),
        ],
        "report" => &[
            (
                "The last day of this machine:",
                "badgateway report /var/log/nginx --since 24h",
            ),
            (
                "The journal, and a container:",
                "journalctl -u nginx -o json --since today | badgateway report -\ndocker logs web 2>&1 | badgateway report -",
            ),
        ],
        "aggregate" => &[
            (
                "Add this machine's logs to a dataset:",
                "badgateway aggregate /var/log/nginx --out /var/lib/badgateway",
            ),
            (
                "Logs of another machine, which were written in another zone:",
                "badgateway aggregate web7/*error*log* --host web7 --timezone America/New_York --out DIR",
            ),
        ],
        "events" => &[(
            "What one pool's peers were asked when they failed:",
            "badgateway events error.log | jq -r 'select(.pool == \"mypool\") | .request'",
        )],
        "explain" => &[
            (
                "Why a socket is missing, and what to do:",
                "badgateway explain socket_missing",
            ),
            (
                "The classes that visitors see as 504:",
                "badgateway explain 504",
            ),
        ],
        "doctor" => &[
            (
                "What is wrong on this machine:",
                "badgateway doctor /var/log/nginx/error.log",
            ),
            (
                "What is graver than a notice, for a program:",
                "badgateway doctor --format json | jq '.findings[] | select(.severity != \"notice\")'",
            ),
            (
                "A container, from outside:",
                "badgateway doctor --root /proc/$(docker inspect -f '{{.State.Pid}}' web)/root",
            ),
        ],
        "compact" => &[(
            "Every month, keeping a year and a bit:",
            "badgateway compact --dataset /var/lib/badgateway --keep 400d",
        )],
        "completions" => &[(
            "In the running shell:",
            "source <(badgateway completions bash)",
        )],
        _ => &[],
    };
    if examples.is_empty() {
        return;
    }
    roff.control("SH", ["EXAMPLES"]);
    for (index, (words, lines)) in examples.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*words)]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
        roff.control("RE", []);
    }
}

fn nightly_run(roff: &mut Roff) {
    roff.control("SH", ["NIGHTLY RUN"]);
    roff.text([
        roman("Where the Debian package is installed, "),
        bold("systemctl enable --now badgateway.timer"),
        roman(" reads the logs every night at about half past one, when logrotate is done. "),
        roman("Flags and other logs are set in "),
        italic("/etc/default/badgateway"),
        roman(". Who is in the group "),
        bold("badgateway"),
        roman(" may read the dataset."),
    ]);
    roff.control("PP", []);
    roff.text([
        roman("A run that left something out is a failed unit, although its dataset has grown: "),
        bold("systemctl status badgateway.service"),
        roman(" shows what was said. Without systemd, the examples for cron and logrotate in "),
        italic("/usr/share/doc/badgateway/examples"),
        roman(" do the same."),
    ]);
}

fn exit_status(roff: &mut Roff, command: &str) {
    roff.control("SH", ["EXIT STATUS"]);
    let mut meanings = match command {
        "doctor" => vec![
            "Nothing is wrong as far as could be seen.",
            "There are findings.",
            "It could not look: the command line is wrong, or a configuration or a log could not be read.",
        ],
        _ => vec![
            "Done. A closed pipe is a success, too.",
            "Done, but something was left out. Standard error says what.",
            "No result: the command line is wrong, nothing could be read, or nothing could be written.",
        ],
    };
    if command == "report" {
        meanings.push("Done, and there are more failures than --fail-over allows.");
    }
    for (status, meaning) in meanings.into_iter().enumerate() {
        roff.control("TP", []);
        roff.text([bold(status.to_string())]);
        roff.text([roman(meaning)]);
    }
}

fn files(roff: &mut Roff, command: &str) {
    let mut files = vec![(
        "/var/log/nginx/*error*log*",
        "What is read of a folder: every file with such a name.",
    )];
    match command {
        "compact" => {
            files = vec![("DIR/hourly/*.parquet", "The table hourly of a dataset.")];
        }
        "badgateway" | "aggregate" => files.extend([
            ("DIR/hourly/*.parquet", "The table hourly of a dataset."),
            ("/var/lib/badgateway", "The dataset of the nightly run."),
            (
                "/etc/default/badgateway",
                "The logs and the flags of the nightly run.",
            ),
        ]),
        "explain" | "completions" => return,
        "doctor" => files.extend([
            (
                "/etc/nginx/nginx.conf",
                "NGINX's configuration, with all that it includes.",
            ),
            ("/etc/php/*/fpm/php-fpm.conf", "That of PHP-FPM."),
        ]),
        _ => {}
    }
    roff.control("SH", ["FILES"]);
    for (file, meaning) in files {
        roff.control("TP", []);
        roff.text([italic(file)]);
        roff.text([roman(meaning)]);
    }
}

fn see_also(roff: &mut Roff, name: &str, names: &[String]) {
    roff.control("SH", ["SEE ALSO"]);
    let pages = names
        .iter()
        .filter(|other| *other != name)
        .map(|page| (page.as_str(), "1"));
    let others = [("logrotate", "8"), ("nginx", "8"), ("systemd.timer", "5")];
    let mut line = Vec::new();
    for (page, section) in pages.chain(others) {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.extend([bold(page), roman(format!("({section})"))]);
    }
    roff.text(line);
}
