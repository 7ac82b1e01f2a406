use super::super::finding::{Finding, Severity, Step};
use super::super::services::NginxService;
use super::super::subject::Subject;

pub(super) fn stopped(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.system.processes.is_none() {
        return Vec::new();
    }
    let stopped = subject.nginx.iter().filter(|nginx| !nginx.conf.is_dump);
    let stopped = stopped.filter(|nginx| {
        NginxService::new(subject.system, nginx.file)
            .master()
            .is_none()
    });
    stopped
        .map(|nginx| {
            let file = nginx.file.display();
            Finding {
                check: "nginx_stopped",
                severity: Severity::Critical,
                title: "NGINX is not running".to_owned(),
                evidence: vec![format!("no master process of {file}")],
                consequence: "no page of any site: browsers cannot connect, Cloudflare shows 521"
                    .to_owned(),
                places: Vec::new(),
                classes: Vec::new(),
                fix: vec![
                    Step::run(NginxService::new(subject.system, nginx.file).start()),
                    Step::advise("journalctl -u nginx -e says why it ended"),
                ],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;

    #[test]
    fn an_nginx_without_master_is_stopped() {
        let mut machine = Machine::healthy();
        machine.kill("nginx: ");
        let finding = machine.only("nginx_stopped");
        assert_eq!(
            machine.apply(&finding),
            ["nginx -t && systemctl start nginx"]
        );
    }
}
