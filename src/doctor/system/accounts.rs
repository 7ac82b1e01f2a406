use std::collections::BTreeMap;
use std::path::Path;

use crate::config::Root;

/// Users and groups, from `/etc/passwd` and `/etc/group`. One whose name a command or a configuration would
/// not take for a name is known by its number alone.
#[derive(Debug, Default)]
pub struct Accounts {
    users: BTreeMap<String, (u32, u32)>,
    groups: BTreeMap<String, (u32, Vec<String>)>,
}

/// A user with all the groups that a process of his has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub group: String,
    pub uid: u32,
    pub gids: Vec<u32>,
}

impl Accounts {
    pub(super) fn look(root: &Root) -> Self {
        let mut accounts = Self::default();
        let fields = |path: &str| -> Vec<Vec<String>> {
            let text = root.read(Path::new(path)).unwrap_or_default();
            let lines = text.lines();
            lines
                .map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>())
                .filter(|fields| is_name(&fields[0]))
                .collect()
        };
        for user in fields("/etc/passwd") {
            if let [name, _, uid, gid, ..] = user.as_slice()
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                accounts.users.entry(name.clone()).or_insert((uid, gid));
            }
        }
        for group in fields("/etc/group") {
            if let [name, _, gid, members, ..] = group.as_slice()
                && let Ok(gid) = gid.parse()
            {
                let members = members.split(',').filter(|name| !name.is_empty());
                let members = members.map(str::to_owned).collect();
                accounts
                    .groups
                    .entry(name.clone())
                    .or_insert((gid, members));
            }
        }
        accounts
    }

    /// The user of this name, in the group of that name or, without one, in his own.
    pub fn account(&self, name: &str, group: Option<&str>) -> Option<Account> {
        let &(uid, own) = self.users.get(name)?;
        let gid = match group {
            Some(group) => self.gid(group)?,
            None => own,
        };
        let mut gids = vec![gid];
        let member = |members: &[String]| members.iter().any(|member| member == name);
        let others = self.groups.values().filter(|(_, members)| member(members));
        gids.extend(others.map(|&(gid, _)| gid));
        Some(Account {
            name: name.to_owned(),
            group: self.group_name(gid),
            uid,
            gids,
        })
    }

    pub fn gid(&self, group: &str) -> Option<u32> {
        self.groups.get(group).map(|&(gid, _)| gid)
    }

    pub fn has_user(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    /// The user's name, or his number.
    pub fn user_name(&self, uid: u32) -> String {
        let name = self.users.iter().find(|&(_, &(number, _))| number == uid);
        name.map_or_else(|| uid.to_string(), |(name, _)| name.clone())
    }

    /// The group's name, or its number.
    pub fn group_name(&self, gid: u32) -> String {
        let name = self.groups.iter().find(|&(_, &(number, _))| number == gid);
        name.map_or_else(|| gid.to_string(), |(name, _)| name.clone())
    }
}

/// What useradd(8) of some distribution accepts.
fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-+@".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_in_his_group_and_in_those_that_name_him() {
        let folder = tempfile::tempdir().unwrap();
        let etc = folder.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        std::fs::write(
            etc.join("passwd"),
            "root:x:0:0::/:/bin/sh\nweb:x:33:33:,,,:/:\nbroken\n",
        )
        .unwrap();
        std::fs::write(
            etc.join("group"),
            "root:x:0:\nweb:x:33:\nsockets:x:40:me,web\nother:x:41:webmaster\n",
        )
        .unwrap();
        let accounts = Accounts::look(&Root::new(folder.path()));
        let web = accounts.account("web", None).unwrap();
        assert_eq!(
            (web.uid, web.gids, web.group.as_str()),
            (33, vec![33, 40], "web")
        );
        let web = accounts.account("web", Some("other")).unwrap();
        assert_eq!(web.gids, [41, 40]);
        assert_eq!(accounts.account("nobody", None), None);
        assert_eq!(accounts.user_name(33), "web");
        assert_eq!(accounts.group_name(77), "77");
    }

    #[test]
    fn a_name_that_is_none_is_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let etc = folder.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        std::fs::write(etc.join("passwd"), "$(reboot):x:33:33:::\n-R:x:34:34:::\n").unwrap();
        let accounts = Accounts::look(&Root::new(folder.path()));
        assert_eq!(accounts.user_name(33), "33");
        assert_eq!(accounts.user_name(34), "34");
    }
}
