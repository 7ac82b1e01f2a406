use super::servers::{Number, Servers};

/// The pools of peers.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) names: Vec<Box<[u8]>>,
    pub(super) peers: hashbrown::HashMap<Box<[u8]>, Holder, foldhash::fast::RandomState>,
    pub(super) servers: Servers,
}

/// To which pools a peer belongs.
#[derive(Debug, Clone)]
pub(super) enum Holder {
    One(Number),
    /// In the order of the configuration.
    Several(Box<[Number]>),
}

impl Table {
    pub(super) fn find(&self, peer: &[u8], server: Option<&[u8]>) -> Option<&[u8]> {
        let number = match self.peers.get(peer)? {
            Holder::One(number) => *number,
            Holder::Several(numbers) => {
                let only = server.and_then(|server| self.servers.only(server, numbers));
                only.unwrap_or(numbers[0])
            }
        };
        self.names.get(number as usize).map(|name| &**name)
    }

    pub(super) fn shared(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = move |&number: &Number| text(&self.names[number as usize]);
        let mut shared: Vec<_> = self
            .peers
            .iter()
            .filter_map(|(peer, holder)| match holder {
                Holder::One(_) => None,
                Holder::Several(numbers) => Some((text(peer), numbers.iter().map(name).collect())),
            })
            .collect();
        shared.sort();
        shared.into_iter()
    }
}
