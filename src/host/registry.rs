//! Who is connected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::control::limits::SessionClock;
use crate::access::Grant;
use crate::clock::steady_ms;
use crate::descriptors;
use crate::protocol::people::{Person, PersonName};
use crate::protocol::role::Permission;
use crate::sync::lock;
use crate::web::ClientInfo;

/// All viewers with a socket. Cheap to clone. Its lock is held for a look-up or an update, never across anything
/// that waits.
#[derive(Clone)]
pub(super) struct Registry {
    clients: Arc<Mutex<HashMap<String, Client>>>,
    people: Arc<watch::Sender<Arc<[Person]>>>,
    max: usize,
}

struct Client {
    info: ClientInfo,
    name: Option<PersonName>,
    grant: Grant,
    clock: SessionClock,
    /// Cancelled to show the viewer out.
    leave: CancellationToken,
    /// Why it may no longer be here, if that is why it is shown out.
    barred: Option<&'static str>,
}

/// A viewer's place in the registry, which it leaves when this is dropped.
pub(super) struct Registration {
    registry: Registry,
    id: String,
    clock: SessionClock,
    leave: CancellationToken,
}

impl Registry {
    /// An empty registry for at most `max` viewers.
    pub(super) fn new(max: usize) -> Self {
        Self {
            clients: Arc::default(),
            people: Arc::new(watch::Sender::new(Arc::from([]))),
            max,
        }
    }

    /// Takes a viewer in, unless there are too many with `others` that are counted elsewhere.
    pub(super) fn register(&self, info: ClientInfo, grant: Grant, others: usize) -> Option<Registration> {
        let mut clients = self.lock();
        if clients.len() + others >= self.max || descriptors::left() < descriptors::PEER {
            return None;
        }
        let (id, leave) = (info.id.clone(), CancellationToken::new());
        let clock = SessionClock::begin(steady_ms());
        clients.insert(
            id.clone(),
            Client {
                info,
                name: None,
                grant,
                clock: clock.clone(),
                leave: leave.clone(),
                barred: None,
            },
        );
        self.tell(&clients);
        Some(Registration {
            registry: self.clone(),
            id,
            clock,
            leave,
        })
    }

    /// Who is here, and whenever that changes.
    pub(super) fn people(&self) -> watch::Receiver<Arc<[Person]>> {
        self.people.subscribe()
    }

    /// Whether one more with `others` that are counted elsewhere is too many.
    pub(super) fn is_full(&self, others: usize) -> bool {
        self.lock().len() + others >= self.max || descriptors::left() < descriptors::PEER
    }

    /// All viewers, the first to come first.
    pub(super) fn clients(&self) -> Vec<ClientInfo> {
        let mut clients: Vec<_> = self.lock().values().map(|client| client.info.clone()).collect();
        clients.sort_by(|a, b| (a.connected_at, &a.id).cmp(&(b.connected_at, &b.id)));
        clients
    }

    /// Shows out those that are called `id`, by us or by themselves. How many there were.
    pub(super) fn show_out_by_name(&self, id: &str) -> usize {
        let clients = self.lock();
        let called = |client: &&Client| client.info.id == id || client.info.peer_id.as_deref() == Some(id);
        let called: Vec<_> = clients.values().filter(called).collect();
        called.iter().for_each(|client| client.leave.cancel());
        called.len()
    }

    /// Whether the client that we call `id` is here, and may do this.
    pub(super) fn allows(&self, id: &str, capability: Permission) -> bool {
        let clients = self.lock();
        clients
            .get(id)
            .is_some_and(|client| client.grant.role.allows(capability))
    }

    /// Whether the client that we call `id` is here, and came in by this grant.
    pub(super) fn is_of(&self, id: &str, grant: &Grant) -> bool {
        self.lock().get(id).is_some_and(|client| client.grant == *grant)
    }

    /// Shows out those for whose leaving there is a reason.
    pub(super) fn show_out(&self, reason: impl Fn(&Grant, &SessionClock) -> Option<&'static str>) {
        for client in self.lock().values_mut() {
            if let Some(reason) = reason(&client.grant, &client.clock) {
                client.barred.get_or_insert(reason);
                client.leave.cancel();
            }
        }
    }

    fn tell(&self, clients: &HashMap<String, Client>) {
        let mut clients: Vec<_> = clients.values().collect();
        clients.sort_by_key(|client| (client.info.connected_at, &client.info.id));
        let people = clients.into_iter().map(|client| Person {
            client_id: client.info.id.clone(),
            name: client.name.clone(),
            role: client.grant.role,
        });
        self.people.send_replace(people.collect());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Client>> {
        lock(&self.clients)
    }
}

impl Registration {
    /// Cancelled when the viewer has to leave.
    pub(super) fn leave(&self) -> CancellationToken {
        self.leave.clone()
    }

    /// Why the viewer may no longer be here, if that is why it has to leave.
    pub(super) fn barred(&self) -> Option<&'static str> {
        let clients = self.registry.lock();
        clients.get(&self.id).and_then(|client| client.barred)
    }

    /// The viewer's time here.
    pub(super) fn clock(&self) -> SessionClock {
        self.clock.clone()
    }

    /// What the viewer wants to be called.
    pub(super) fn set_name(&self, name: PersonName) {
        let mut clients = self.registry.lock();
        if let Some(client) = clients.get_mut(&self.id) {
            client.name = Some(name);
        }
        self.registry.tell(&clients);
    }

    /// Changes what is told of the viewer.
    pub(super) fn update(&self, change: impl FnOnce(&mut ClientInfo)) {
        if let Some(client) = self.registry.lock().get_mut(&self.id) {
            change(&mut client.info);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut clients = self.registry.lock();
        clients.remove(&self.id);
        self.registry.tell(&clients);
    }
}
