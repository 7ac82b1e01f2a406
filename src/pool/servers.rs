use hashbrown::HashMap;

/// A pool's name, by its number.
pub(super) type Number = u32;

/// To which pools the servers of NGINX pass, by their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    exact: Numbers,
    /// `.example.com` of `*.example.com`
    suffixes: Numbers,
    /// `www.example.` of `www.example.*`
    prefixes: Numbers,
}

type Numbers = HashMap<Box<[u8]>, Vec<Number>, foldhash::fast::RandomState>;

impl Servers {
    /// Adds a `server_name` as it is written.
    pub(super) fn add(&mut self, name: &str, number: Number) {
        // NGINX logs a name without its first dot (`ngx_http_core_server_name`).
        let bare = name.strip_prefix('.').unwrap_or(name);
        add(&mut self.exact, bare, number);
        if bare.len() < name.len() {
            add(&mut self.suffixes, name, number);
        } else if let Some(suffix) = name.strip_prefix('*').filter(|name| name.starts_with('.')) {
            add(&mut self.suffixes, suffix, number);
        } else if let Some(prefix) = name.strip_suffix('*').filter(|name| name.ends_with('.')) {
            add(&mut self.prefixes, prefix, number);
        }
    }

    /// The one of these pools to which a server passes, if it is only one. NGINX logs a server by the first of
    /// its names as it is written.
    pub(super) fn only(&self, server: &[u8], of: &[Number]) -> Option<Number> {
        let passed = self.find(server)?;
        let mut both = of.iter().filter(|number| passed.contains(number));
        both.next().filter(|_| both.next().is_none()).copied()
    }

    /// As NGINX finds a server for a name (`ngx_hash_find_combined`): the whole name, then the longest
    /// wildcard.
    fn find(&self, server: &[u8]) -> Option<&Vec<Number>> {
        let dots = || memchr::memchr_iter(b'.', server);
        self.exact
            .get(server)
            .or_else(|| dots().find_map(|dot| self.suffixes.get(&server[dot..])))
            .or_else(|| {
                dots()
                    .rev()
                    .find_map(|dot| self.prefixes.get(&server[..=dot]))
            })
    }
}

fn add(numbers: &mut Numbers, name: &str, number: Number) {
    let numbers = numbers.entry(name.as_bytes().into()).or_default();
    if !numbers.contains(&number) {
        numbers.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_as_nginx_finds_it() {
        let mut servers = Servers::default();
        for (number, name) in [
            "a.example.com",
            "*.example.com",
            "*.b.example.com",
            ".dot.org",
            "www.example.*",
            "",
        ]
        .iter()
        .enumerate()
        {
            servers.add(name, number as Number);
        }
        let all = [0, 1, 2, 3, 4, 5];
        for (server, expected) in [
            ("a.example.com", Some(0)),
            ("x.example.com", Some(1)),
            ("*.example.com", Some(1)),
            ("x.b.example.com", Some(2)),
            ("dot.org", Some(3)),
            ("x.dot.org", Some(3)),
            ("www.example.net", Some(4)),
            ("", Some(5)),
            ("example.com", None),
            ("other", None),
        ] {
            assert_eq!(servers.only(server.as_bytes(), &all), expected, "{server}");
        }
        servers.add("a.example.com", 1);
        assert_eq!(servers.only(b"a.example.com", &all), None);
        assert_eq!(servers.only(b"a.example.com", &[1, 2]), Some(1));
    }
}
