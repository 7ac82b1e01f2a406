//! Every command of the section, in its order, with the folders that it names replaced by those of a house.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Output;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::generator::{Settings, generate};
use super::house::{House, root, rows};
use super::truth::{Truth, counts, drawn};

/// The indented blocks of README's section.
fn blocks() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n### In DuckDB\n").unwrap();
    let end = section.find("\n#").unwrap();
    section[..end]
        .split("\n\n")
        .filter(|block| block.starts_with("    "))
        .map(|block| {
            let lines = block.lines().map(|line| line.strip_prefix("    ").unwrap());
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

/// A block as it is typed: SQL is for the prompt of `duckdb`.
fn command(house: &House, block: &str) -> String {
    let block = block
        .replace(
            "/var/lib/badgateway",
            &house.path("dataset").display().to_string(),
        )
        .replace(
            "/mnt/share/badgateway",
            &house.path("share").display().to_string(),
        )
        .replace("/var/log/nginx", &house.path("logs").display().to_string());
    if block.starts_with("SELECT") {
        return format!("duckdb -c \"{block}\"");
    }
    // What looks for a dataset where the package puts it finds ours.
    let dataset = house.path("dataset");
    format!(
        "sed \"s#/var/lib/badgateway#{}#\" '{}' >duckdb.sql\n{}",
        dataset.display(),
        root().join("grafana/duckdb.sql").display(),
        block.replace("grafana/duckdb.sql", "duckdb.sql")
    )
}

/// Logs of the last three days: a shop that fails every hour, and everything that the generator knows, hostile lines too.
fn house() -> House {
    let house = House::new();
    let now = Utc::now();
    let mut shop = String::new();
    for hour in (1..72).rev() {
        let time = (now - Duration::hours(hour)).format("%Y/%m/%d %H:%M:%S");
        for request in ["GET / HTTP/1.1", "=cmd|' /C calc'!A0", "'quoted", "-1+1"] {
            shop += &format!(
                "{time} [error] 7#7: *{hour} connect() to unix:/run/php/shop.sock failed (111: Connection refused) while \
                 connecting to upstream, client: 192.0.2.7, server: , request: \"{request}\", upstream: \
                 \"fastcgi://unix:/run/php/shop.sock:\", host: \"shop.example\"\n"
            );
        }
    }
    house.write("logs/error.log", shop.as_bytes());
    let start = now - Duration::days(3);
    let number = |format| start.format(format).to_string().parse::<u32>().unwrap();
    let settings = Settings {
        pools: 8,
        upstream_share: 0.9,
        hostile_share: 0.2,
        multi_line_share: 0.05,
        records_per_second: 0.01,
        start: (
            start.format("%Y").to_string().parse().unwrap(),
            number("%m"),
            number("%d"),
            number("%H"),
            number("%M"),
            number("%S"),
        ),
        ..Settings::default()
    };
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    generate(&settings, 400_000, &mut gz).unwrap();
    house.write("logs/error.log.2.gz", &gz.finish().unwrap());
    symlink("logs/error.log.2.gz", house.path("error.log.2.gz")).unwrap();
    for (logs, dataset) in [
        ("logs", "dataset"),
        ("logs/error.log", "share/web1"),
        ("logs/error.log.2.gz", "share/web2"),
    ] {
        house.badgateway(&format!("aggregate -q {logs} --out {dataset}"));
    }
    house
}

/// Runs each block of the section; what must come out is asked for by the place of the block.
#[test]
#[ignore = "needs DuckDB, its Python module and PyArrow; tests/all sets it up"]
fn every_command_of_the_readme_does_what_it_says() {
    let house = house();
    let all = Truth::of(&house, "logs");
    let gz = Truth::of(&house, "error.log.2.gz");
    let failures = Truth::per(all.failures(), "pool");
    let events = Truth::per(&all.events, "pool");
    assert!(failures.len() > 10, "{}", failures.len());

    let blocks = blocks();
    let mut blocks = blocks.iter();
    let mut said = |needle: &str| -> Option<Output> {
        let block = blocks.next().expect(needle);
        assert!(block.contains(needle), "{needle}: {block}");
        let output = house.shell(&command(&house, block));
        let words = String::from_utf8_lossy(&output.stderr);
        if block.contains("FROM community") && words.contains("Failed to download extension") {
            println!("not tried, for the extension cannot be downloaded:\n{block}");
            return None;
        }
        assert!(output.status.success(), "{block}\n{words}");
        Some(output)
    };
    let mut answer = |needle: &str| said(needle).map(|output| rows(&output.stdout));

    // The dataset.
    let rows = answer("read_parquet('/var/lib/badgateway/hourly/*.parquet')").unwrap();
    let mut sums = BTreeMap::<_, u64>::new();
    for row in &rows {
        // What sums to 128 bits is a text in DuckDB's JSON.
        let events: u64 = row["events"].as_str().unwrap().parse().unwrap();
        *sums
            .entry(row["pool"].as_str().unwrap().to_owned())
            .or_default() += events;
    }
    assert_eq!(sums, failures);

    let rows = answer("FROM per_pool LIMIT 10").unwrap();
    assert_eq!(rows.len(), 10);
    for (pool, count) in counts(&rows, "pool", "failures") {
        assert_eq!(failures[&pool], count, "{pool}");
    }
    let most = failures.values().max().unwrap();
    assert_eq!(rows[0]["failures"], json!(most));

    let rows = answer("SET TimeZone = 'Europe/Berlin'").unwrap();
    let day = |moment: DateTime<Utc>| {
        moment
            .with_timezone(&chrono_tz::Europe::Berlin)
            .date_naive()
    };
    let yesterday = day(Utc::now()) - Duration::days(1);
    let of_yesterday = Truth::per(
        all.failures().filter(|event| {
            event["time"]
                .as_str()
                .is_some_and(|time| day(time.parse().unwrap()) == yesterday)
        }),
        "pool",
    );
    let shown = counts(&rows, "pool", "failures");
    assert_eq!(
        shown.keys().collect::<Vec<_>>(),
        failures.keys().collect::<Vec<_>>()
    );
    let shown: BTreeMap<_, _> = shown.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(shown, of_yesterday);
    assert!(shown["shop"] >= 4 * 23, "{shown:?}");

    let shown = drawn(&said("duckdb.execute(open('grafana/duckdb.sql')").unwrap());
    assert_eq!(shown.len(), 10);
    for (pool, count) in shown {
        assert_eq!(failures[&pool], count, "{pool}");
    }

    if let Some(output) = said("datasketch_hll_union") {
        let rows = super::house::rows(&output.stdout);
        let shop = rows.iter().find(|row| row["pool"] == "shop").unwrap();
        assert_eq!(shop["clients"], json!(1.0));
    }

    // Events.
    let output = said("'events.parquet' WHERE pool = 'shop'").unwrap();
    let rows = super::house::rows(&output.stdout);
    assert_eq!(
        counts(&rows, "class", "events"),
        BTreeMap::from([("connect_refused".to_owned(), events["shop"])])
    );

    let redirected = said("<events.parquet").unwrap();
    let rows = super::house::rows(&redirected.stdout);
    assert_eq!(counts(&rows, "pool", "events"), events);

    for format in ["events_json", "events_csv"] {
        let output = said(format).unwrap();
        let rows = super::house::rows(&output.stdout);
        assert_eq!(
            counts(&rows, "pool", "events"),
            Truth::per(&gz.events, "pool"),
            "{format}"
        );
    }

    let kinds = Truth::per(&all.events, "kind");
    assert_eq!(drawn(&said("pyarrow.ipc.open_stream").unwrap()), kinds);

    if let Some(output) = said("read_arrow") {
        let rows = super::house::rows(&output.stdout);
        assert_eq!(counts(&rows, "pool", "events"), events);
    }
    assert!(blocks.next().is_none(), "a command that nothing looks at");
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn csv_and_parquet_hold_what_json_holds_to_the_letter() {
    let house = house();
    house.badgateway("events -q logs --out events.ndjson");
    house.badgateway("events -q logs --format csv --out events.csv");
    house.badgateway("events -q logs --format parquet --out events.parquet");
    let output = house.shell(
        "duckdb -init grafana/events.sql -c \"
         SELECT (SELECT count(*) FROM events_json('events.ndjson')) AS events,
            (SELECT count(*) FROM events_csv('events.csv') WHERE request LIKE '=cmd%') AS formulas,
            (SELECT count(*) FROM events_csv('events.csv') WHERE request = '''quoted') AS quoted,
            (SELECT count(*) FROM (FROM events_json('events.ndjson') EXCEPT ALL FROM events_csv('events.csv'))) AS not_in_csv,
            (SELECT count(*) FROM (FROM events_csv('events.csv') EXCEPT ALL FROM events_json('events.ndjson'))) AS only_in_csv,
            (SELECT count(*) FROM (FROM events_json('events.ndjson') EXCEPT ALL FROM 'events.parquet')) AS not_in_parquet,
            (SELECT count(*) FROM (FROM 'events.parquet' EXCEPT ALL FROM events_json('events.ndjson'))) AS only_in_parquet,
            (SELECT count(*) FROM events_csv('events.csv') WHERE server = '') AS without_server_name,
            (SELECT count(*) FROM events_csv('events.csv') WHERE server IS NULL) AS without_server\"",
    );
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let row = &rows(&output.stdout)[0];
    let events = house.badgateway("events -q logs").lines().count();
    assert_eq!(row["events"], json!(events));
    for none in [
        "not_in_csv",
        "only_in_csv",
        "not_in_parquet",
        "only_in_parquet",
    ] {
        assert_eq!(row[none], json!(0), "{none}: {row}");
    }
    assert_eq!(
        (&row["formulas"], &row["quoted"]),
        (&json!(71), &json!(71)),
        "{row}"
    );
    assert!(
        row["without_server_name"].as_u64().unwrap() >= 4 * 71,
        "{row}"
    );
    assert!(row["without_server"].as_u64().unwrap() > 0, "{row}");
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn duckdb_refuses_parquet_from_a_pipe_with_the_words_of_the_readme() {
    let house = house();
    house.badgateway("events -q logs --format parquet --out events.parquet");
    let output = house.shell("cat events.parquet | duckdb -c \"FROM read_parquet('/dev/stdin')\"");
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    let refusal = "Reading parquet files from a FIFO stream is not supported";
    assert!(
        words.contains(refusal) && readme.contains(refusal),
        "{words}"
    );
}
