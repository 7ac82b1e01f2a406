//! Names that NGINX has to resolve, when it starts or with each request.

mod resolver;
mod unresolved;

pub(super) use resolver::resolver_missing;
pub(super) use unresolved::unresolved;

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;

    /// A site with this line in its location.
    pub(super) fn passing(line: &str) -> Machine {
        let mut machine = Machine::healthy();
        let site = format!(
            "server {{\n    server_name app.example;\n    location / {{\n        {line}\n    }}\n}}\n"
        );
        machine.file("/etc/nginx/sites-enabled/app", &site);
        machine.listen("127.0.0.1:3000");
        machine
            .known
            .names
            .insert("localhost".to_owned(), vec!["127.0.0.1".parse().unwrap()]);
        machine
    }
}
