use super::*;

/// A tree on one line, with the file and the line of each directive.
fn told(directives: &[Directive]) -> String {
    let one = |directive: &Directive| {
        let mut words = vec![directive.name.as_str()];
        words.extend(directive.args.iter().map(String::as_str));
        let file = directive.place.file.file_stem().unwrap().to_string_lossy();
        let block = directive.block.as_ref();
        let block = block.map_or(String::new(), |block| format!("{{{}}}", told(block)));
        format!("{}@{file}:{}{block}", words.join(" "), directive.place.line)
    };
    directives.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn said(conf: &Conf) -> Vec<String> {
    conf.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn included_files_take_the_place_of_the_directive() {
    let conf = read(&[
        (
            "nginx.conf",
            "a;\nhttp {\n include conf.d/*.conf;\n include /etc/nginx/x; }",
        ),
        ("conf.d/b.conf", "\nb;"),
        ("conf.d/a.conf", "a { include x; }"),
        ("conf.d/.hidden.conf", "hidden;"),
        ("conf.d/c.txt", "c;"),
        ("x", "x;"),
        // Relative to the main file, not to the one that includes.
        ("conf.d/x", "wrong;"),
    ]);
    assert_eq!(
        told(&conf.directives),
        "a@nginx:1 http@nginx:2{a@a:1{x@x:1} b@b:2 x@x:1}"
    );
    assert_eq!(conf.problems, []);
    let files: Vec<_> = conf
        .files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(
        files,
        ["nginx.conf", "conf.d/a.conf", "x", "conf.d/b.conf"]
            .map(|path| format!("/etc/nginx/{path}"))
    );
}

#[test]
fn a_site_that_is_enabled_by_an_absolute_link_is_read() {
    let (folder, root) = machine(&[
        ("nginx.conf", "include sites-enabled/*;"),
        ("sites-available/shop", "shop;"),
        ("sites-enabled/other", "other;"),
    ]);
    let enabled = folder.path().join("etc/nginx/sites-enabled/shop");
    symlink("/etc/nginx/sites-available/shop", enabled).unwrap();
    let conf = Conf::read(&root, Path::new("/etc/nginx/nginx.conf")).unwrap();
    assert_eq!(told(&conf.directives), "other@other:1 shop@shop:1");
    let place = conf.directives[1].place.to_string();
    assert_eq!(place, "/etc/nginx/sites-enabled/shop:1");
}

#[test]
fn what_cannot_be_included_is_told_and_the_rest_is_used() {
    let conf = read(&[
        (
            "nginx.conf",
            "a;\ninclude missing;\ninclude none/*;\ninclude b;\ninclude /etc/nginx;\nc;",
        ),
        ("b", "b;\ninclude b;\n}"),
    ]);
    assert_eq!(told(&conf.directives), "a@nginx:1 b@b:1 c@nginx:6");
    let said = said(&conf);
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!(
        said[0],
        "/etc/nginx/nginx.conf:2: includes /etc/nginx/missing, which cannot be read: No such file or \
         directory (os error 2)"
    );
    assert_eq!(said[1], "/etc/nginx/b:2: /etc/nginx/b includes itself");
    assert_eq!(said[2], "/etc/nginx/b:3: unexpected \"}\"");
    assert!(
        said[3].starts_with("/etc/nginx/nginx.conf:5: includes /etc/nginx, which cannot be read")
    );
}

#[test]
fn the_error_is_that_the_file_itself_cannot_be_read() {
    let (_folder, root) = machine(&[]);
    let problem = Conf::read(&root, Path::new("/etc/nginx/nginx.conf")).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "/etc/nginx/nginx.conf: cannot be read: No such file or directory (os error 2)"
    );
    assert!(!problem.is_denied);
}

#[test]
fn mistakes_are_told_with_their_lines() {
    for (text, tree, problem) in [
        (
            "a {\nb;\n",
            "a@nginx:1{b@nginx:2}",
            "3: unexpected end of file, expecting \"}\"",
        ),
        ("a;\n}\nb;", "a@nginx:1 b@nginx:3", "2: unexpected \"}\""),
        (
            "a { b\n} c;",
            "a@nginx:1{} c@nginx:2",
            "2: unexpected \"}\"",
        ),
        (
            "a_by_lua_block { '} \nb;",
            "a_by_lua_block@nginx:1{}",
            "1: Lua code without its closing \"}\"",
        ),
    ] {
        let conf = read(&[("nginx.conf", text)]);
        assert_eq!(told(&conf.directives), tree, "{text}");
        assert_eq!(
            said(&conf),
            [format!("/etc/nginx/nginx.conf:{problem}")],
            "{text}"
        );
    }
}

#[test]
fn lua_code_is_left_alone() {
    let conf =
        http("a_by_lua_block {\n -- don't }\n x = '}' }\n set_by_lua_block $x { return [[}]] } b;");
    assert_eq!(
        told(&conf.directives),
        "http@nginx:1{a_by_lua_block@nginx:1{} set_by_lua_block $x@nginx:4{} b@nginx:4}"
    );
}

const DUMP: &str = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
2026/11/26 09:33:54 [warn] 7#7: something
nginx: configuration file /etc/nginx/nginx.conf test is successful
# configuration file /etc/nginx/nginx.conf:
a;
http {
  include sites-enabled/*;
  include missing;
}

# configuration file /etc/nginx/sites-enabled/b:
b;

# configuration file /etc/nginx/sites-enabled/a:

include x; # configuration file /nonsense:

# configuration file /etc/nginx/x:
x;

";

#[test]
fn a_dump_answers_its_includes_itself() {
    let (folder, root) = machine(&[("missing", "not this one;")]);
    fs::write(folder.path().join("saved"), DUMP).unwrap();
    let conf = Conf::read(&root, Path::new("/saved")).unwrap();
    assert_eq!(
        told(&conf.directives),
        "a@nginx:1 http@nginx:2{x@x:1 b@b:1}"
    );
    assert_eq!(
        said(&conf),
        [
            "/etc/nginx/nginx.conf:4: includes /etc/nginx/missing, which cannot be read: the dump does not hold it"
        ]
    );
    assert_eq!(conf.files[1], Path::new("/etc/nginx/sites-enabled/a"));
}

#[test]
fn a_comment_in_a_configuration_makes_no_dump() {
    let conf = read(&[("nginx.conf", "a;\n# configuration file /etc/x:\nb;")]);
    assert_eq!(told(&conf.directives), "a@nginx:1 b@nginx:3");
}

#[test]
fn nothing_hangs_and_no_stack_overflows() {
    let deep = "a {".repeat(300_000);
    let many = "a b;\n".repeat(1_000_001);
    let closing = "}".repeat(300_000);
    let quotes = "a '".repeat(300_000);
    let doubling = "include 1;include ./1;";
    let missing = "include missing;".repeat(20_000);
    let patterns = "include /*/*/*/*/*;".repeat(20_000) + "}";
    for text in [
        &deep, &many, &closing, &quotes, doubling, &missing, &patterns,
    ] {
        let begin = Instant::now();
        let conf = read(&[
            ("nginx.conf", text),
            (
                "1",
                "include ././1; include ../nginx/1; include .//1; include /etc/nginx/./1; a;",
            ),
        ]);
        let start = &text[..20];
        assert!(!conf.problems.is_empty(), "{start}");
        assert!(conf.problems.len() <= 10_001, "{start}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{start}");
        assert_eq!(conf.passes().len() + conf.upstreams().len(), 0);
    }
}
