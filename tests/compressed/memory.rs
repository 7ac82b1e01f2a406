//! A small file that becomes a large line.

use super::pack;
use super::program::{House, Said};

/// Kilobytes that the program may have for itself.
const MOST: u32 = 96 * 1024;

const LINE: usize = 112 << 20;

#[test]
fn an_endless_line_out_of_a_small_file_is_read_in_bounded_memory() {
    let house = House::new();
    let record = super::numbered(0..1);
    let part = vec![b'x'; 8 << 20];
    let parts = LINE / part.len();
    for (format, pack) in pack::FORMATS {
        let mut bytes = pack(&record);
        bytes.extend(pack(&part).repeat(parts));
        bytes.extend(pack(&[b"\n", record.as_slice()].concat()));
        assert!(bytes.len() * 100 < LINE, "{format}");
        house.write("error.log", &bytes);
        let shell = format!("ulimit -d {MOST} && exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_badgateway");
        let log = house.path("error.log");
        let output = std::process::Command::new("sh")
            .args([
                "-c",
                &shell,
                program,
                "events",
                "--no-discover",
                "-j",
                "2",
                "--timezone",
                "UTC",
            ])
            .arg(log)
            .output();
        let said = Said::of(output.unwrap());
        assert_eq!(
            (said.status, said.words.as_str()),
            (Some(0), ""),
            "{format}"
        );
        assert_eq!(said.events().len(), 2, "{format}");
    }
}
