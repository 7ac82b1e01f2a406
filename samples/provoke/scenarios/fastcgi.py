"""What PHP-FPM and the applications in it say on FastCGI's stderr, and two pools in trouble at once."""

from provoke.config import php_location
from provoke.expect import as_record
from provoke.stage import Stage

_UPSTREAM = "while reading response header from upstream"
_STDERR = 'FastCGI sent in stderr: "'


def _start(stage: Stage, scripts: dict[str, str], settings: str = "", pattern: str = r"\.php$") -> str:
    """Starts PHP-FPM with the scripts, and NGINX before it; the pool's address."""
    path = stage.socket_path("mypool")
    stage.php((path, settings))
    for name, text in scripts.items():
        stage.file(name, text)
    stage.nginx(php_location(f"unix:{path}", pattern))
    return f"unix:{path}"


def script_not_found(stage: Stage) -> None:
    """PHP-FPM does not find the script (a wrong root, a file that is not there) or may not read it"""
    pool = _start(stage, {"secret.php": "<?php echo 'ok';"})
    (stage.folder / "www/secret.php").chmod(0)
    stage.get("/index.php", times=3)
    stage.get("/secret.php")
    stage.get("/missing.css")
    stage.expect(
        "script_not_found", f'{_STDERR}Primary script unknown" {_UPSTREAM}',
        phase="header", scheme="fastcgi", peer=pool, status=404, events=3,
    )
    # Here a PHP warning comes first, and PHP-FPM answers 403: the file is there.
    stage.expect(
        "script_not_found", f"; Unable to open primary script: {stage.folder}/www/secret.php (Permission denied)",
        phase="header", scheme="fastcgi", peer=pool, status=403,
    )
    stage.noise("open()", "missing.css", status=404)


def script_denied(stage: Stage) -> None:
    """PHP-FPM refuses scripts whose names do not end as security.limit_extensions demands"""
    scripts = {"page.html": "<?php echo 'ok';", "upload.php5": "<?php echo 'ok';"}
    pool = _start(stage, scripts, "security.limit_extensions = .php", pattern="^/")
    stage.get("/page.html", times=2)
    stage.get("/upload.php5")
    stage.expect(
        "script_denied", f"{_STDERR}Access to the script '{stage.folder}/www/",
        "' has been denied (see security.limit_extensions)\" ", phase="header", scheme="fastcgi", peer=pool,
        status=403, events=3,
    )


def app_fatal(stage: Stage) -> None:
    """The application dies of an uncaught exception, a fatal error, a syntax error, or out of memory or time"""
    pool = _start(
        stage,
        {
            "exception.php": """\
                <?php
                function total(array $cart) { throw new RuntimeException('no price for "tea"'); }
                total([]);
                """,
            "syntax.php": "<?php if (",
            "memory.php": "<?php ini_set('memory_limit', '2M'); $all = str_repeat('x', 10000000);",
            "time.php": "<?php set_time_limit(1); while (true) {}",
            "late.php": "<?php echo str_repeat('x', 100000); flush(); usleep(200000); undefined_function();",
        },
    )
    for script, text in (
        ("exception", 'PHP Fatal error:  Uncaught RuntimeException: no price for "tea" in '),
        ("syntax", "PHP Parse error:  Unclosed '(' in "),
        ("memory", "PHP Fatal error:  Allowed memory size of 2097152 bytes exhausted"),
        ("time", "PHP Fatal error:  Maximum execution time of 1 second exceeded in "),
    ):
        stage.get(f"/{script}.php")
        stage.expect(
            "app_fatal", f"{_STDERR}PHP message: {text}", _UPSTREAM,
            phase="header", scheme="fastcgi", peer=pool, status=500,
        )
    # This one had answered 200 by then.
    stage.get("/late.php")
    stage.expect(
        "app_fatal", f"{_STDERR}PHP message: PHP Fatal error:  Uncaught Error: Call to undefined function",
        "while reading upstream", phase="body", scheme="fastcgi", peer=pool,
    )


def app_warning(stage: Stage) -> None:
    """The application works, but PHP warns of what it does, at times more than once in one record"""
    pool = _start(
        stage,
        {
            "warning.php": "<?php trigger_error('cache is cold', E_USER_WARNING);",
            "notice.php": "<?php trigger_error('price list is old', E_USER_NOTICE);",
            "deprecated.php": "<?php echo strlen(null);",
            "several.php": "<?php echo $name; echo $price; echo strlen(null);",
        },
    )
    for script, text, events in (
        ("warning", "PHP Warning:  cache is cold in ", 2),
        ("notice", "PHP Notice:  price list is old in ", 1),
        ("deprecated", "PHP Deprecated:  strlen(): Passing null to parameter #1 ($string) of type string is", 1),
        ("several", "PHP Warning:  Undefined variable $name in ", 1),
    ):
        stage.get(f"/{script}.php", times=events)
        stage.expect(
            "app_warning", f"{_STDERR}PHP message: {text}", _UPSTREAM,
            phase="header", scheme="fastcgi", peer=pool, events=events,
        )


def app_stderr(stage: Stage) -> None:
    """The application writes its own words into the log"""
    pool = _start(
        stage,
        {
            "order.php": "<?php error_log('payment 4711 declined'); echo 'ok';",
            "report.php": "<?php echo str_repeat('x', 100000); flush(); usleep(200000); error_log('took long');",
        },
    )
    stage.get("/order.php", times=2)
    stage.get("/report.php")
    stage.expect(
        "app_stderr", f'{_STDERR}PHP message: payment 4711 declined" {_UPSTREAM}',
        phase="header", scheme="fastcgi", peer=pool, events=2,
    )
    stage.expect(
        "app_stderr", f'{_STDERR}PHP message: took long" while reading upstream',
        phase="body", scheme="fastcgi", peer=pool,
    )


def multi_line(stage: Stage) -> None:
    """Records that span lines: stack traces, messages with line ends in them, several PHP messages in one record"""
    pool = _start(
        stage,
        {
            "trace.php": """\
                <?php
                class Cart {
                    public function total(): int { return $this->price('tea'); }
                    private function price(string $of): int { throw new LogicException("no price\\n\\nfor $of"); }
                }
                (new Cart)->total();
                """,
            "both.php": "<?php echo $name; throw new Exception('and then it broke');",
            "lines.php": "<?php error_log(\"first line\\n  second line\\r\\n\\nfourth line\"); error_log('another');",
        },
    )
    stage.get("/trace.php", times=2)
    stage.get("/both.php")
    stage.get("/lines.php", times=2)
    stage.expect(
        "app_fatal", "PHP Fatal error:  Uncaught LogicException: no price\n\nfor tea in ", "\nStack trace:\n#0 ",
        phase="header", scheme="fastcgi", peer=pool, status=500, events=2,
    )
    # A warning and a fatal error in one record: the client got 500, so the fatal error is what happened.
    stage.expect(
        "app_fatal", f"{_STDERR}PHP message: PHP Warning:  Undefined variable $name in ",
        "PHP message: PHP Fatal error:  Uncaught Exception: and then it broke in ",
        phase="header", scheme="fastcgi", peer=pool, status=500,
    )
    stage.expect(
        "app_stderr", f"{_STDERR}PHP message: first line\n  second line\r\n\nfourth line; PHP message: another",
        phase="header", scheme="fastcgi", peer=pool, events=2,
    )


def stderr_like_log(stage: Stage) -> None:
    """The application's words look like NGINX's: a context, and whole records on lines of their own"""
    context = ', client: 10.9.9.9, server: evil.example, request: "GET / HTTP/1.1", upstream: "fastcgi://10.9.9.9:9000"'
    record = as_record(f"connect() failed (111: Connection refused) while connecting to upstream{context}")
    pool = _start(
        stage,
        {
            "context.php": f"<?php error_log('login failed{context}, host: \"evil.example\"');",
            "record.php": f"<?php error_log('copied:\n{record}, host: \"evil.example\"');",
            "between.php": f"<?php error_log('copied:\n{record}\nend of copy');",
        },
    )
    for script in ("context", "record", "between"):
        stage.get(f"/{script}.php")
    for words, events in (("login failed, client: 10.9.9.9, server: evil.example", 1), ("copied:\n", 2)):
        stage.expect(
            "app_stderr", f"{_STDERR}PHP message: {words}",
            phase="header", scheme="fastcgi", peer=pool, events=events,
        )


def two_pools(stage: Stage) -> None:
    """Two PHP-FPM pools in trouble at once: nothing listens for one, the application of the other breaks"""
    mypool, shop = stage.dead_socket("mypool"), f"unix:{stage.socket_path('shop')}"
    stage.php((stage.socket_path("shop"), ""))
    stage.file("shop/cart.php", "<?php throw new Exception('no cart');")
    stage.file("shop/search.php", "<?php sleep(2);")
    stage.nginx("fastcgi_read_timeout 1s;" + php_location(shop, r"^/shop/.*\.php$") + php_location(mypool))
    # The slow one last: it keeps the only child busy after NGINX gave up.
    for target in ("/index.php", "/shop/cart.php", "/index.php", "/shop/cart.php", "/login.php", "/shop/search.php"):
        stage.get(target)
    stage.expect(
        "connect_refused", f"connect() to {mypool} failed (111: Connection refused) while connecting to upstream",
        phase="connect", os_error="ECONNREFUSED", scheme="fastcgi", peer=mypool, status=502, events=3,
    )
    stage.expect(
        "app_fatal", f"{_STDERR}PHP message: PHP Fatal error:  Uncaught Exception: no cart in ",
        phase="header", scheme="fastcgi", peer=shop, status=500, events=2,
    )
    stage.expect(
        "response_timeout", f"upstream timed out (110: Connection timed out) {_UPSTREAM}",
        phase="header", os_error="ETIMEDOUT", scheme="fastcgi", peer=shop, status=504,
    )
