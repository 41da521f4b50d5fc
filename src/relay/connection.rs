//! One TCP connection of a TURN client, and the UDP socket that relays for it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::bytes::{BufMut, BytesMut};
use tokio_util::sync::CancellationToken;
use turn_server_proto::api::{SocketAllocateError, Transmit, TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_types::stun::attribute::Username;
use turn_types::stun::message::{LongTermKeyCredentials, Message, MessageIntegrityCredentials};
use turn_types::{AddressFamily, TransportType};

use super::frame::{MAX_FRAME, extent};
use super::grant::{Relay, Shared};
use super::{REALM, permission};

/// The times that a client is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// To get an allocation, and to get the next one after it gave one back.
    pub(super) allocation: Duration,
    /// To wait for the first candidate of the host, when it wants an allocation.
    pub(super) candidates: Duration,
}

pub(super) const PATIENCE: Patience = Patience {
    allocation: Duration::from_secs(10),
    candidates: Duration::from_secs(5),
};
/// Bytes that may wait for the client beyond what the kernel holds. Packets of the host stay in the queue of the UDP
/// socket meanwhile, which drops what does not fit: a client that does not read loses packets.
const MAX_UNSENT: usize = 16 * 1024;
/// The most bytes of the client that are taken at once.
const READ: usize = 8 * 1024;
/// Packets of the host that are taken one after the other before the client is looked at again.
const BATCH: usize = 32;
/// The queue of the UDP socket, in bytes as the kernel counts (socket(7)): about 110 packets.
const RECEIVE_BUFFER: usize = 128 * 1024;

/// Relays for the client at `remote` until it leaves, breaks the protocol, or loses its right. `local` is the address at
/// which it was accepted.
pub(crate) async fn serve<S>(relay: Relay, stream: S, local: SocketAddr, remote: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = Connection::new(relay, local, remote, PATIENCE);
    let reason = match connection.run(stream).await {
        Ok(reason) => reason.to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::debug!(%remote, reason, "a connection to the relay ends");
}

pub(super) struct Connection {
    relay: Relay,
    patience: Patience,
    /// It is told that clients speak UDP: this file frames what comes by TCP.
    server: TurnServer,
    /// The address at which the server believes to listen. Port 0 is never that of an allocation.
    local: SocketAddr,
    remote: SocketAddr,
    user: Option<User>,
    allocation: Allocation,
    unread: BytesMut,
    unsent: BytesMut,
}

/// The owner of the grant that the client uses.
struct User {
    grant: Arc<Shared>,
    credentials: MessageIntegrityCredentials,
    candidates: watch::Receiver<Vec<SocketAddr>>,
    _permit: OwnedSemaphorePermit,
}

enum Allocation {
    /// There is none, and the connection ends at this time.
    None(Instant),
    /// The client has asked for one, and waits for a candidate of the host until this time.
    Wanted(AddressFamily, Instant),
    /// Packets that come on this socket go to the client, and those of the client go out from `since` on.
    Open {
        socket: UdpSocket,
        address: SocketAddr,
        since: Instant,
    },
}

impl Connection {
    pub(super) fn new(relay: Relay, local: SocketAddr, remote: SocketAddr, patience: Patience) -> Self {
        let local = SocketAddr::new(local.ip(), 0);
        Self {
            relay,
            patience,
            server: TurnServer::new(TransportType::Udp, local, REALM.to_owned()),
            local,
            remote,
            user: None,
            allocation: Allocation::None(Instant::now() + patience.allocation),
            unread: BytesMut::new(),
            unsent: BytesMut::new(),
        }
    }

    /// Returns the reason of the end.
    pub(super) async fn run<S>(mut self, stream: S) -> io::Result<&'static str>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let (mut chunk, mut packet) = (BytesMut::with_capacity(READ), BytesMut::with_capacity(MAX_FRAME));
        loop {
            let deadline = self.poll();
            let ended = self.user.as_ref().map(|user| user.grant.ended.clone());
            tokio::select! {
                () = cancelled(ended) => return Ok("the right to use the relay has ended"),
                read = reader.read_buf(&mut chunk), if self.unsent.len() < MAX_UNSENT => {
                    if read? == 0 {
                        return Ok("the client has closed it");
                    }
                    if let Err(reason) = self.take(&chunk) {
                        return Ok(reason);
                    }
                    chunk.clear();
                }
                written = writer.write_buf(&mut self.unsent), if !self.unsent.is_empty() => {
                    written?;
                }
                received = receive(&self.allocation, &mut packet), if self.unsent.len() < MAX_UNSENT => {
                    let (_, from) = received?;
                    self.relay_to_client(&packet, from);
                    self.relay_what_waits(&mut packet);
                }
                () = changed(&mut self.user), if matches!(self.allocation, Allocation::Wanted(..)) => {}
                () = sleep_until(deadline) => {
                    if matches!(self.allocation, Allocation::None(until) if until <= Instant::now()) {
                        return Ok("the client has no allocation");
                    }
                }
            }
        }
    }

    /// Does what the server wants. Returns the time of the next thing to do.
    pub(super) fn poll(&mut self) -> Instant {
        let wait = loop {
            match self.server.poll(now()) {
                TurnServerPollRet::WaitUntil(time) => break time.saturating_duration_since(now()),
                TurnServerPollRet::AllocateSocket { family, .. } => match self.allocation {
                    Allocation::None(_) => {
                        self.allocation =
                            Allocation::Wanted(family, Instant::now() + self.patience.candidates);
                    }
                    Allocation::Wanted(..) | Allocation::Open { .. } => {
                        self.allocated(family, Err(SocketAllocateError::InsufficientCapacity));
                    }
                },
                TurnServerPollRet::SocketClose { .. } => {
                    self.allocation = Allocation::None(Instant::now() + self.patience.allocation);
                }
                TurnServerPollRet::TcpConnect { .. } | TurnServerPollRet::TcpClose { .. } => {}
            }
        };
        self.allocate();
        while let Some(transmit) = self.server.poll_transmit(now()) {
            self.send(&transmit.data);
        }
        let server = Instant::now() + wait;
        match self.allocation {
            Allocation::None(until) | Allocation::Wanted(_, until) => server.min(until),
            Allocation::Open { .. } => server,
        }
    }

    /// Opens the socket that the client waits for, if the host has a candidate by now.
    fn allocate(&mut self) {
        let Allocation::Wanted(family, until) = self.allocation else {
            return;
        };
        let candidates = self
            .user
            .as_mut()
            .map(|user| user.candidates.borrow_and_update().clone());
        let candidates = candidates.unwrap_or_default();
        let mut addresses = candidates
            .iter()
            .map(SocketAddr::ip)
            .filter(|address| address.is_ipv4() == (family == AddressFamily::IPV4));
        match addresses.find_map(|address| open(address).ok()) {
            Some((socket, address)) => {
                let mut since = Instant::now();
                if let Some(user) = &self.user {
                    user.grant.listens(address);
                    since += user.grant.take_head_start();
                }
                self.allocation = Allocation::Open {
                    socket,
                    address,
                    since,
                };
                self.allocated(family, Ok(address));
            }
            None if until <= Instant::now() => {
                self.allocation = Allocation::None(Instant::now() + self.patience.allocation);
                self.allocated(family, Err(SocketAllocateError::AddressFamilyNotSupported));
            }
            None => {}
        }
    }

    fn allocated(&mut self, family: AddressFamily, outcome: Result<SocketAddr, SocketAllocateError>) {
        let (udp, local, remote) = (TransportType::Udp, self.local, self.remote);
        self.server
            .allocated_socket(udp, local, remote, udp, family, outcome, now());
    }

    /// Takes the next bytes of the client.
    ///
    /// # Errors
    /// The reason for which the connection has to end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.unread.extend_from_slice(bytes);
        while let Some(extent) = extent(&self.unread).map_err(|_| "the client does not speak TURN")? {
            if self.unread.len() < extent.padded {
                return Ok(());
            }
            let mut frame = self.unread.split_to(extent.padded);
            frame.truncate(extent.length);
            self.take_frame(&frame)?;
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: &[u8]) -> Result<(), &'static str> {
        if let Ok(message) = Message::from_bytes(frame) {
            self.identify(&message)?;
            if let Some(refusal) = self.refusal(&message) {
                self.send(&refusal);
                return Ok(());
            }
        }
        let received = Transmit::new(frame, TransportType::Udp, self.remote, self.local);
        let Some(answer) = self.server.recv(received, now()) else {
            return Ok(());
        };
        let answer = answer.build();
        if answer.to == self.remote {
            self.send(&answer.data);
        } else if self.may_reach(answer.to)
            && let Allocation::Open { socket, since, .. } = &self.allocation
            && *since <= Instant::now()
        {
            // A packet that the kernel does not take is lost, as on any line.
            let _ = socket.try_send_to(&answer.data, answer.to);
        }
        Ok(())
    }

    /// Looks up the user that `message` names, once.
    fn identify(&mut self, message: &Message<'_>) -> Result<(), &'static str> {
        if self.user.is_some() {
            return Ok(());
        }
        let Ok(name) = message.attribute::<Username>() else {
            return Ok(());
        };
        let Some(grant) = self.relay.find(name.username()) else {
            return Ok(());
        };
        let Ok(permit) = grant.connections.clone().try_acquire_owned() else {
            return Err("the user has too many connections");
        };
        let (name, password) = (grant.username().to_owned(), grant.password().to_owned());
        self.server.add_user(name.clone(), password.clone());
        let credentials = LongTermKeyCredentials::new(name, password, REALM.to_owned()).into();
        self.user = Some(User {
            credentials,
            candidates: grant.candidates(),
            grant,
            _permit: permit,
        });
        Ok(())
    }

    fn refusal(&self, message: &Message<'_>) -> Option<Vec<u8>> {
        let user = self.user.as_ref()?;
        permission::refusal(message, &user.credentials, |address| self.may_reach(address))
    }

    /// True if the client may reach `address`: a candidate that it was given, on the address of its allocation. A packet
    /// to another address of this host would leave by another interface than libnice expects.
    fn may_reach(&self, address: SocketAddr) -> bool {
        let is_here = match &self.allocation {
            Allocation::Open { address: relayed, .. } => relayed.ip() == address.ip(),
            Allocation::None(_) | Allocation::Wanted(..) => false,
        };
        let is_known = |user: &User| user.candidates.borrow().contains(&address);
        is_here && self.user.as_ref().is_some_and(is_known)
    }

    /// Relays the packets that wait in the socket, as many as the client keeps up with.
    fn relay_what_waits(&mut self, packet: &mut BytesMut) {
        for _ in 0..BATCH {
            packet.clear();
            let Allocation::Open { socket, .. } = &self.allocation else {
                return;
            };
            if self.unsent.len() >= MAX_UNSENT {
                return;
            }
            let Ok((_, from)) = socket.try_recv_buf_from(packet) else {
                return;
            };
            self.relay_to_client(packet, from);
        }
    }

    fn relay_to_client(&mut self, packet: &[u8], from: SocketAddr) {
        let Allocation::Open { address, .. } = self.allocation else {
            return;
        };
        if !self.may_reach(from) {
            return;
        }
        let received = Transmit::new(packet, TransportType::Udp, from, address);
        if let Some(framed) = self.server.recv(received, now()) {
            let framed = framed.build();
            self.send(&framed.data);
        }
    }

    /// Queues one frame for the client, padded as TCP demands (RFC 8656, section 12.5).
    fn send(&mut self, frame: &[u8]) {
        self.unsent.extend_from_slice(frame);
        let padding = frame.len().next_multiple_of(4) - frame.len();
        self.unsent.put_bytes(0, padding);
    }
}

/// A UDP socket on `address`, and its whole address.
fn open(address: IpAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let socket = std::net::UdpSocket::bind((address, 0))?;
    socket.set_nonblocking(true)?;
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER)?;
    let address = socket.local_addr()?;
    Ok((UdpSocket::from_std(socket)?, address))
}

/// The next packet of the host.
async fn receive(allocation: &Allocation, packet: &mut BytesMut) -> io::Result<(usize, SocketAddr)> {
    packet.clear();
    match allocation {
        Allocation::Open { socket, .. } => socket.recv_buf_from(packet).await,
        Allocation::None(_) | Allocation::Wanted(..) => std::future::pending().await,
    }
}

/// Waits until the host has another candidate for the client.
async fn changed(user: &mut Option<User>) {
    if let Some(user) = user
        && user.candidates.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

async fn cancelled(token: Option<CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

/// The time as the server counts it.
fn now() -> turn_types::Instant {
    static START: std::sync::LazyLock<StdInstant> = std::sync::LazyLock::new(StdInstant::now);
    turn_types::Instant::from_std(*START)
}
