use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::record::Splitter;
use crate::source::Start;
use crate::taxonomy::classify;

/// What is said of each line when all are met for the third time: its likeness, or, of what is no event,
/// whether its fields were read once more.
fn third_time(lines: &[&str]) -> Vec<Result<u64, bool>> {
    let (rules, names) = (Rules::default(), Names::default());
    let mut recall = Recall::new(&rules);
    let mut said = Vec::new();
    for _ in 0..3 {
        said.clear();
        for line in lines {
            let mut splitter = Splitter::default();
            let records = splitter.split(line.as_bytes(), Start::Record, true);
            let span = &records.spans()[0];
            let expected = records.read(span, 0).unwrap();
            let verdict = classify(&expected);
            let mut outline = records.outline(span, 0).unwrap();
            let found = recall.understand(&mut outline, None, &rules, &names);
            assert_eq!(found.as_ref().map(|found| found.verdict), verdict, "{line}");
            said.push(match found {
                Some(found) => {
                    assert_eq!(*outline.known(), expected, "{line}");
                    let peer = verdict.and_then(|verdict| verdict.peer);
                    assert_eq!(found.pool, names.name(None, peer, None, None));
                    Ok(found.likeness)
                }
                None => Err(*outline.known() == expected),
            });
        }
    }
    said
}

#[test]
fn what_says_the_same_is_known() {
    let line = |level: &str, message: &str, client: &str, peer: &str| {
        format!(
            "2026/11/01 09:15:02 [{level}] 1#1: *2 {message} while connecting to upstream, client: {client}, \
             server: a, request: \"GET /{client} HTTP/1.1\", upstream: \"http://{peer}/{client}\", host: \"a\"\n"
        )
    };
    let refused = "connect() failed (111: Connection refused)";
    let no_route = "connect() failed (113: No route to host)";
    let missing = "connect() to unix:/a.sock failed (2: No such file or directory)";
    let lines = [
        line("error", refused, "192.0.2.1", "10.0.0.1:80"),
        line("error", refused, "192.0.2.77", "10.0.0.1:80"),
        line("crit", refused, "192.0.2.1", "10.0.0.1:80"),
        line("error", refused, "192.0.2.1", "10.0.0.2:80"),
        line("error", no_route, "192.0.2.1", "10.0.0.1:80"),
        line("error", "no live upstreams", "192.0.2.1", "backend"),
        line("error", "no live upstreams", "192.0.2.2", "backend"),
        line("crit", missing, "192.0.2.1", "unix:/a.sock:"),
        line("crit", missing, "192.0.2.9", "unix:/a.sock:"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let said: Vec<u64> = third_time(&lines).into_iter().map(Result::unwrap).collect();
    let alike = |number: &u64| said.iter().position(|other| other == number).unwrap();
    let first: Vec<usize> = said.iter().map(alike).collect();
    assert_eq!(first, [0, 0, 2, 3, 4, 5, 5, 7, 7]);
    assert!(!said.contains(&0));
}

#[test]
fn what_is_no_event_is_not_read_again_unless_it_names_an_upstream_anywhere() {
    let line = |path: &str| {
        format!(
            "2026/11/01 09:15:02 [error] 1#1: *2 module failed while proxying connection, client: 192.0.2.1, \
             server: a, request: \"GET /{path} HTTP/1.1\", host: \"a\"\n"
        )
    };
    let [one, other, named] = ["a", "b", "upstream"].map(line);
    let said = third_time(&[&one, &other, &named]);
    assert_eq!(said[..2], [Err(false); 2]);
    assert!(said[2].is_ok());
}

#[test]
fn what_is_cut_is_read_each_time() {
    let start = "2026/11/01 09:15:02 [error] 1#1: *2 connect() failed (111: Connection refused) while connecting to upstream";
    let cut = format!(
        "{start}, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://10.0"
    );
    assert_eq!(third_time(&[start, &cut]), [Ok(0); 2]);
}

/// Records of one line that are recognised at a glance.
const USUAL: [&str; 12] = [
    "connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a, request: \
     \"GET /a HTTP/1.1\", upstream: \"http://10.0.0.1:80/a\", host: \"a\"",
    "upstream timed out (110: Connection timed out) while reading response header from upstream, client: 2001:db8::1, \
     server: ~^[a-z]{2,8}$, request: \"GET / HTTP/2.0\", upstream: \"fastcgi://unix:/run/php/a.sock\", host: \"a\"",
    "connect() to unix:/run/php/a.sock failed (2: No such file or directory) while connecting to upstream, client: \
     192.0.2.1, server: , request: \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/a.sock:\", host: \"a\"",
    "upstream prematurely closed connection while reading response header from upstream, client: 192.0.2.1, server: \
     a, request: \"GET /a?b HTTP/1.1\", upstream: \"http://unix:/run/a.sock:/a?b\", host: \"a\", referrer: \"b\"",
    "an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/3/93/0713980933 while reading \
     upstream, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"https://b?c\", host: \"a\"",
    "open() \"/var/cache/nginx/proxy_temp/3/93/0713980933\" failed (28: No space left on device) while reading \
     upstream, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://b/\", host: \"a\"",
    "FastCGI sent in stderr: \"Primary script unknown\" while reading response header from upstream, client: \
     192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"fastcgi://10.0.0.1:9000\", host: \"a\"",
    "upstream timed out (110: Connection timed out) while proxying connection, udp client: 192.0.2.1, server: \
     0.0.0.0:53, upstream: \"10.0.0.1:53\", bytes from/to client:1/2, bytes from/to upstream:3/4",
    "writev() failed (32: Broken pipe) while sending to client, client: 192.0.2.1, server: a, request: \
     \"GET / HTTP/1.1\", upstream: \"http://10.0.0.1:80/\", host: \"a\"",
    "recv() failed (104: Connection reset by peer) while waiting for request, client: 192.0.2.1, server: 0.0.0.0:443",
    "no live upstreams while connecting to upstream, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", \
     upstream: \"grpc://backend/a\", host: \"a\"",
    "upstream sent too big header while reading response header from upstream, client: 192.0.2.1, server: a, \
     request: \"GET / HTTP/1.1\", upstream: \"uwsgi://unix:/run/b.sock:\", host: \"a\"",
];

/// Whether a record is recognised; if so, that is checked against reading it. Else it may be next time.
fn is_recognised(recall: &mut Recall, text: &str) -> bool {
    let (rules, names) = (Rules::default(), Names::default());
    let line = |text| format!("2026/11/01 09:15:02 [error] 1#1: *2 {text}\n");
    let mut splitter = Splitter::default().wanting(rules.concern());
    let log = line("no live upstreams")
        + &line(text).replace("[error] 1#1: *2 open", "[crit] 1#1: *2 open");
    let records = splitter.split(log.as_bytes(), Start::Record, true);
    let [_, span] = records.spans() else {
        return false;
    };
    let Some(record) = records.read(span, 0) else {
        return false;
    };
    let glance = records.glance(span);
    let expected = classify(&record);
    let place = glance.and_then(|glance| recall.recognise(&glance));
    let Some((glance, place)) = glance.zip(place) else {
        let mut outline = records.outline(span, 0).unwrap();
        recall.understand(&mut outline, glance.as_ref(), &rules, &names);
        return false;
    };
    let found = recall.recognised(place, &glance);
    assert_eq!(
        found.as_ref().map(|found| found.verdict),
        expected,
        "{text}"
    );
    if let Some(found) = found {
        assert_eq!(
            found.pool,
            names.name(None, found.verdict.peer, None, None),
            "{text}"
        );
        let request = glance.request.unwrap();
        assert_eq!(Some(request.client), record.tail.client, "{text}");
        assert_eq!(request.line, record.tail.request, "{text}");
        assert_eq!((glance.raw, glance.written()), (record.raw, record.written));
    }
    true
}

#[test]
fn what_comes_again_is_recognised_at_a_glance() {
    let mut recall = Recall::new(&Rules::default());
    for round in 0..3 {
        for text in USUAL {
            assert_eq!(is_recognised(&mut recall, text), round == 2, "{text}");
        }
    }
    let others = ["192.0.2.1", "0713980933", "GET / HTTP", "2001:db8::1"].into_iter();
    let others = others.zip(["198.51.100.77", "1234567890", "POST /x%22,y HTTP", "::1"]);
    for (text, (one, other)) in USUAL
        .iter()
        .flat_map(|text| others.clone().map(move |pair| (text, pair)))
    {
        let text = text.replace(one, other);
        assert!(is_recognised(&mut recall, &text), "{text}");
    }
}

#[test]
fn with_rules_each_temporary_file_is_another() {
    let rules =
        Rules::parse("[[rule]]\nname = \"other\"\nregex = \"0713980933\"\nkind = \"F\"\n").unwrap();
    let mut recall = Recall::new(&rules);
    let is_known = [(); 4].map(|()| is_recognised(&mut recall, USUAL[4]));
    assert_eq!(is_known, [false, false, true, true]);
    assert!(!is_recognised(
        &mut recall,
        &USUAL[4].replace("0713980933", "1234567890")
    ));
}

/// Whoever is recognised is what reading would have found, whatever a client writes anywhere.
#[test]
fn nobody_is_taken_for_another_one() {
    let parts = [
        ", client: 198.51.100.9",
        ", server: x",
        ", request: \"",
        ", upstream: \"http://evil/",
        "\"",
        ",",
        " ",
        "/",
        ":",
        "?",
        " HTTP/1.1\"",
        " while connecting to upstream",
        ".sock",
        ".socket",
        "unix:",
        "10.0.0.1:80",
        "upstream",
        "0",
        "\\x0A",
        ", subrequest: \"/x\"",
        ", host: \"",
        "a",
        "@",
        "\u{e9}",
        " while sending to client",
        "://",
    ];
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(11);
    let mut recall = Recall::new(&Rules::default());
    let mut recognised = 0;
    for _ in 0..200_000 {
        let mut text = USUAL[dice.random_range(0..USUAL.len())].to_owned();
        for _ in 0..dice.random_range(0..3) {
            let from = dice.random_range(0..=text.len());
            let to = text
                .len()
                .min(from + dice.random_range(0..4) * dice.random_range(0..9));
            if text.is_char_boundary(from) && text.is_char_boundary(to) {
                text.replace_range(from..to, parts[dice.random_range(0..parts.len())]);
            }
        }
        recognised += u32::from(is_recognised(&mut recall, &text));
    }
    assert!(recognised > 60_000, "{recognised}");
}

#[test]
fn who_hardly_knows_any_is_not_asked_for_a_while() {
    let mut recall = Recall::new(&Rules::default());
    let mut asked = 0;
    for number in 0..100_000 {
        if recall.wants_glance() {
            asked += 1;
            is_recognised(
                &mut recall,
                &USUAL[0].replace("10.0.0.1", &format!("a{number}")),
            );
        }
    }
    assert_eq!(asked, 2 * 4_096);
    let rest = (0..100_000).position(|_| recall.wants_glance());
    assert_eq!(rest, Some(16 * 4_096 - (100_000 - 2 * 4_096 - 16 * 4_096)));
}
