//! The viewers that are connected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::control::session_limits::SessionClock;
use crate::access::Grant;
use crate::clock::steady_ms;
use crate::protocol::people::{Person, PersonName};
use crate::protocol::role::Permission;
use crate::quota::Place;
use crate::sync::lock;
use crate::web::ClientInfo;

/// All viewers with a socket. Cheap to clone. Its lock is held for a look-up or an update, never across anything
/// that waits.
#[derive(Clone)]
pub(super) struct Registry {
    clients: Arc<Mutex<HashMap<String, Client>>>,
    people: Arc<watch::Sender<Arc<[Person]>>>,
}

struct Client {
    info: ClientInfo,
    name: Option<PersonName>,
    grant: Grant,
    clock: SessionClock,
    /// Cancelled to disconnect the viewer.
    leave: CancellationToken,
    /// The reason, if the viewer is disconnected because its access is over.
    expired: Option<&'static str>,
    _place: Place,
}

/// A viewer's entry in the registry. Dropping it removes the entry.
pub(super) struct Registration {
    registry: Registry,
    id: String,
    clock: SessionClock,
    leave: CancellationToken,
}

impl Registry {
    /// An empty registry.
    pub(super) fn new() -> Self {
        Self {
            clients: Arc::default(),
            people: Arc::new(watch::Sender::new(Arc::from([]))),
        }
    }

    /// Adds a viewer, which has this place.
    pub(super) fn register(&self, info: ClientInfo, grant: Grant, place: Place) -> Registration {
        let mut clients = self.lock();
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
                expired: None,
                _place: place,
            },
        );
        self.publish(&clients);
        Registration {
            registry: self.clone(),
            id,
            clock,
            leave,
        }
    }

    /// The viewers, and each change of them.
    pub(super) fn people(&self) -> watch::Receiver<Arc<[Person]>> {
        self.people.subscribe()
    }

    /// All viewers, the first to come first.
    pub(super) fn clients(&self) -> Vec<ClientInfo> {
        let mut clients: Vec<_> = self.lock().values().map(|client| client.info.clone()).collect();
        clients.sort_by(|a, b| (a.connected_at, &a.id).cmp(&(b.connected_at, &b.id)));
        clients
    }

    /// Disconnects the viewers of this id, which the host or the client gave. Returns their number.
    pub(super) fn disconnect(&self, id: &str) -> usize {
        let clients = self.lock();
        let called = |client: &&Client| client.info.id == id || client.info.peer_id.as_deref() == Some(id);
        let called: Vec<_> = clients.values().filter(called).collect();
        called.iter().for_each(|client| client.leave.cancel());
        called.len()
    }

    /// True if the client to which the host gave this id is connected, and its role allows this.
    pub(super) fn allows(&self, id: &str, permission: Permission) -> bool {
        let clients = self.lock();
        clients
            .get(id)
            .is_some_and(|client| client.grant.role.allows(permission))
    }

    /// True if the client to which the host gave this id is connected, and came in by this grant. A link may have been
    /// given to several people, whose browsers have sessions of their own.
    pub(super) fn is_of(&self, id: &str, grant: &Grant) -> bool {
        self.lock().get(id).is_some_and(|client| client.grant == *grant)
    }

    /// Disconnects the viewers for which there is a reason.
    pub(super) fn disconnect_if(&self, reason: impl Fn(&Grant, &SessionClock) -> Option<&'static str>) {
        for client in self.lock().values_mut() {
            if let Some(reason) = reason(&client.grant, &client.clock) {
                client.expired.get_or_insert(reason);
                client.leave.cancel();
            }
        }
    }

    fn publish(&self, clients: &HashMap<String, Client>) {
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
    /// A token that is cancelled when the viewer has to leave.
    pub(super) fn leave(&self) -> CancellationToken {
        self.leave.clone()
    }

    /// The reason, if the viewer has to leave because its access is over.
    pub(super) fn expired(&self) -> Option<&'static str> {
        let clients = self.registry.lock();
        clients.get(&self.id).and_then(|client| client.expired)
    }

    /// The clock of the viewer's limits.
    pub(super) fn clock(&self) -> SessionClock {
        self.clock.clone()
    }

    /// Sets the name that the viewer gives itself.
    pub(super) fn set_name(&self, name: PersonName) {
        let mut clients = self.registry.lock();
        if let Some(client) = clients.get_mut(&self.id) {
            client.name = Some(name);
        }
        self.registry.publish(&clients);
    }

    /// Changes the public information about the viewer.
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
        self.registry.publish(&clients);
    }
}
