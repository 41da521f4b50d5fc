//! A client over a pipe, the relay, and a UDP socket in the place of a peer of the host.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn_types::attribute::{ChannelNumber, Data, RequestedTransport, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, SEND};
use turn_types::stun::attribute::{ErrorCode, Nonce, Realm, Username};
use turn_types::stun::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method, TransactionId,
};

use super::connection::{Connection, Patience};
use super::{REALM, Relay, RelayGrant, frame};

/// A generous limit for what has to come.
const SOON: Duration = Duration::from_secs(20);
const CHANNEL: u16 = 0x4000;

/// A client of the relay, which `serve` looks after in a task of its own.
struct Client {
    stream: DuplexStream,
    username: String,
    credentials: MessageIntegrityCredentials,
    nonce: String,
}

impl Client {
    fn new(relay: &Relay, username: &str, password: &str) -> Self {
        let endless = Patience {
            allocation: SOON,
            candidates: SOON,
        };
        Self::with_patience(relay, username, password, endless)
    }

    fn with_patience(relay: &Relay, username: &str, password: &str, patience: Patience) -> Self {
        let (stream, other) = duplex(16 * 1024);
        let address = |text: &str| text.parse().unwrap();
        let connection = Connection::new(
            relay.clone(),
            address("127.0.0.1:8080"),
            address("192.0.2.7:5000"),
            patience,
        );
        tokio::spawn(connection.run(other));
        let credentials = LongTermKeyCredentials::new(username.into(), password.into(), REALM.into());
        Self {
            stream,
            username: username.to_owned(),
            credentials: credentials.into(),
            nonce: String::new(),
        }
    }

    fn of(relay: &Relay, grant: &RelayGrant) -> Self {
        Self::new(relay, grant.username(), grant.password())
    }

    /// The next frame without its padding; `None` when the relay has closed the connection.
    async fn frame(&mut self) -> Option<Vec<u8>> {
        let reading = async {
            let mut bytes = Vec::new();
            loop {
                match frame::extent(&bytes).expect("frames of TURN") {
                    Some(extent) if bytes.len() == extent.padded => {
                        bytes.truncate(extent.length);
                        return Some(bytes);
                    }
                    _ => bytes.push(self.stream.read_u8().await.ok()?),
                }
            }
        };
        timeout(SOON, reading).await.expect("a frame or the end")
    }

    /// Sends a request and returns the response, or its error code.
    async fn request(
        &mut self,
        method: Method,
        add: impl Fn(&mut MessageWriteVec, TransactionId),
    ) -> Result<Vec<u8>, u16> {
        let id = TransactionId::generate();
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut request = Message::builder(kind, id, MessageWriteVec::new());
        add(&mut request, id);
        if !self.nonce.is_empty() {
            request
                .add_attribute(&Username::new(&self.username).unwrap())
                .unwrap();
            request.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
            request.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
            request
                .add_message_integrity(&self.credentials, IntegrityAlgorithm::Sha1)
                .unwrap();
        }
        self.stream.write_all(&request.finish()).await.unwrap();
        let bytes = self.frame().await.expect("a response");
        let response = Message::from_bytes(&bytes).unwrap();
        assert_eq!(response.transaction_id(), id);
        match response.attribute::<ErrorCode>() {
            Ok(error) => {
                if let Ok(nonce) = response.attribute::<Nonce>() {
                    self.nonce = nonce.nonce().to_owned();
                } else if error.code() == ErrorCode::FORBIDDEN {
                    response.validate_integrity(&self.credentials).expect("signed");
                }
                Err(error.code())
            }
            Err(_) => Ok(bytes),
        }
    }

    /// Asks for an allocation, as clients do: first without credentials.
    async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let udp = |request: &mut MessageWriteVec, _| {
            request
                .add_attribute(&RequestedTransport::new(RequestedTransport::UDP))
                .unwrap();
        };
        assert_eq!(
            self.request(ALLOCATE, udp).await,
            Err(401),
            "nobody is let in without credentials"
        );
        let response = self.request(ALLOCATE, udp).await?;
        let response = Message::from_bytes(&response).unwrap();
        let relayed = response.attribute::<XorRelayedAddress>().unwrap();
        Ok(relayed.addr(response.transaction_id()))
    }

    async fn permit(&mut self, peer: SocketAddr) -> Result<Vec<u8>, u16> {
        self.request(CREATE_PERMISSION, |request, id| {
            request.add_attribute(&XorPeerAddress::new(peer, id)).unwrap();
        })
        .await
    }

    async fn bind(&mut self, peer: SocketAddr) -> Result<Vec<u8>, u16> {
        self.request(CHANNEL_BIND, |request, id| {
            request.add_attribute(&ChannelNumber::new(CHANNEL)).unwrap();
            request.add_attribute(&XorPeerAddress::new(peer, id)).unwrap();
        })
        .await
    }

    async fn send(&mut self, peer: SocketAddr, data: &[u8]) {
        let id = TransactionId::generate();
        let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
        let mut indication = Message::builder(kind, id, MessageWriteVec::new());
        indication.add_attribute(&XorPeerAddress::new(peer, id)).unwrap();
        indication.add_attribute(&Data::new(data)).unwrap();
        self.stream.write_all(&indication.finish()).await.unwrap();
    }

    async fn send_on_channel(&mut self, data: &[u8]) {
        let mut bytes = CHANNEL.to_be_bytes().to_vec();
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// True if the relay closes the connection.
    async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        timeout(SOON, self.stream.read_to_end(&mut rest)).await.is_ok()
    }
}

/// A peer of the host, and its address.
async fn peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A relay, a grant of it, and a peer of the host that the grant reaches.
async fn reachable() -> (Relay, RelayGrant, UdpSocket, SocketAddr) {
    let relay = Relay::default();
    let grant = relay.grant().unwrap();
    let (host, address) = peer().await;
    grant.allow(address);
    (relay, grant, host, address)
}

/// The next packet at `socket`, and its sender.
async fn received(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut bytes = [0; 2048];
    let (length, from) = timeout(SOON, socket.recv_from(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    (bytes[..length].to_vec(), from)
}

#[tokio::test]
async fn packets_go_both_ways_by_indication_and_by_channel() {
    let (relay, grant, host, address) = reachable().await;
    let mut client = Client::of(&relay, &grant);
    let relayed = client.allocate().await.unwrap();
    assert!(grant.is_relayed(relayed) && !grant.is_relayed(address));
    client.permit(address).await.unwrap();
    client.send(address, b"check").await;
    assert_eq!(received(&host).await, (b"check".to_vec(), relayed));
    host.send_to(b"reply", relayed).await.unwrap();
    let indication = client.frame().await.unwrap();
    let indication = Message::from_bytes(&indication).unwrap();
    assert_eq!(indication.attribute::<Data>().unwrap().data(), b"reply");
    client.bind(address).await.unwrap();
    client.send_on_channel(b"media").await;
    assert_eq!(received(&host).await, (b"media".to_vec(), relayed));
    host.send_to(b"frame", relayed).await.unwrap();
    assert_eq!(client.frame().await.unwrap(), b"\x40\0\0\x05frame");
}

#[tokio::test]
async fn nothing_but_the_candidates_of_this_client_is_reached() {
    let relay = Relay::default();
    let (grant, other) = (relay.grant().unwrap(), relay.grant().unwrap());
    let ((host, address), (service, closed)) = (peer().await, peer().await);
    grant.allow(address);
    other.allow(closed);
    let mut client = Client::of(&relay, &grant);
    let relayed = client.allocate().await.unwrap();
    assert_eq!(client.permit(closed).await, Err(403), "another port of this host");
    assert_eq!(client.bind(closed).await, Err(403));
    let (ip, port) = ("127.0.0.2", address.port());
    let elsewhere = format!("{ip}:{port}").parse().unwrap();
    grant.allow(elsewhere);
    assert_eq!(
        client.permit(elsewhere).await,
        Err(403),
        "a candidate on another address than the allocation"
    );
    client.permit(address).await.unwrap();
    // The permission of TURN holds for the whole address; ours does not.
    client.send(closed, b"stray").await;
    client.send(address, b"check").await;
    assert_eq!(received(&host).await.0, b"check");
    assert!(
        service.try_recv_from(&mut [0; 64]).is_err(),
        "nothing came to another service"
    );
    service.send_to(b"stray", relayed).await.unwrap();
    host.send_to(b"reply", relayed).await.unwrap();
    let indication = client.frame().await.unwrap();
    let indication = Message::from_bytes(&indication).unwrap();
    assert_eq!(
        indication.attribute::<Data>().unwrap().data(),
        b"reply",
        "and nothing from it"
    );
}

#[tokio::test]
async fn wrong_credentials_get_nothing() {
    let relay = Relay::default();
    let grant = relay.grant().unwrap();
    let mut wrong = Client::new(&relay, grant.username(), "guess");
    assert_eq!(wrong.allocate().await, Err(401));
    let mut unknown = Client::new(&relay, "nobody", grant.password());
    assert_eq!(unknown.allocate().await, Err(401));
}

#[tokio::test]
async fn direct_ways_have_a_head_start_once() {
    let start = Duration::from_millis(200);
    let relay = Relay::new(start);
    let grant = relay.grant().unwrap();
    let (host, address) = peer().await;
    grant.allow(address);
    let began = Instant::now();
    let mut client = Client::of(&relay, &grant);
    client.allocate().await.unwrap();
    client.permit(address).await.unwrap();
    let checks = async {
        loop {
            client.send(address, b"check").await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        (data, _) = received(&host) => assert_eq!(data, b"check"),
        () = checks => unreachable!(),
    }
    assert!(began.elapsed() >= start);
    let mut next = Client::of(&relay, &grant);
    next.allocate().await.unwrap();
    next.permit(address).await.unwrap();
    next.send(address, b"at once").await;
    while received(&host).await.0 != b"at once" {}
}

#[tokio::test]
async fn an_allocation_waits_for_the_first_candidate() {
    let relay = Relay::default();
    let grant = relay.grant().unwrap();
    let (_host, address) = peer().await;
    let mut client = Client::of(&relay, &grant);
    let (relayed, ()) = tokio::join!(client.allocate(), async {
        tokio::task::yield_now().await;
        grant.allow(address);
    });
    assert_eq!(relayed.unwrap().ip(), address.ip());
}

#[tokio::test]
async fn the_connection_ends_with_the_grant() {
    let (relay, grant, _host, _address) = reachable().await;
    let mut client = Client::of(&relay, &grant);
    client.allocate().await.unwrap();
    let (username, password) = (grant.username().to_owned(), grant.password().to_owned());
    drop(grant);
    assert!(client.is_closed().await);
    let mut late = Client::new(&relay, &username, &password);
    assert_eq!(
        late.allocate().await,
        Err(401),
        "the credentials have ended with it"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_packets_and_no_more() {
    let (relay, grant, host, address) = reachable().await;
    let mut client = Client::of(&relay, &grant);
    let relayed = client.allocate().await.unwrap();
    client.bind(address).await.unwrap();
    for _ in 0..5_000 {
        host.send_to(&[1; 1000], relayed).await.unwrap();
        tokio::task::yield_now().await;
    }
    let repeating = async {
        loop {
            // One of them may be among the lost.
            host.send_to(b"last", relayed).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counting = async {
        let mut kept = 0;
        while client
            .frame()
            .await
            .expect("the connection goes on")
            .ends_with(&[1; 1000])
        {
            kept += 1;
        }
        kept
    };
    let kept = tokio::select! {
        kept = counting => kept,
        () = repeating => unreachable!(),
    };
    assert!(kept < 1_000, "{kept} packets of 5,000 were kept");
}

#[tokio::test]
async fn garbage_and_too_many_connections_are_closed() {
    let (relay, grant, _host, address) = reachable().await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = Client::of(&relay, &grant);
        client.allocate().await.unwrap();
        clients.push(client);
    }
    let mut garbage = Client::of(&relay, &grant);
    garbage
        .stream
        .write_all(b"\0\x01 and no cookie at all")
        .await
        .unwrap();
    assert!(garbage.is_closed().await);
    let mut ninth = Client::of(&relay, &grant);
    ninth.nonce = "anything".to_owned();
    let asking = async move { ninth.permit(address).await };
    let refused = tokio::spawn(timeout(SOON, asking)).await;
    assert!(refused.is_err(), "its request finds the connection closed");
    for client in &mut clients {
        client.permit(address).await.expect("the others go on");
    }
}

#[tokio::test]
async fn a_connection_without_an_allocation_ends_by_itself() {
    let relay = Relay::default();
    let grant = relay.grant().unwrap();
    let short = Duration::from_millis(50);
    let (username, password) = (grant.username(), grant.password());
    let impatient = Patience {
        allocation: short,
        candidates: SOON,
    };
    assert!(
        Client::with_patience(&relay, username, password, impatient)
            .is_closed()
            .await
    );
    let without_candidates = Patience {
        allocation: SOON,
        candidates: short,
    };
    let mut client = Client::with_patience(&relay, username, password, without_candidates);
    assert_eq!(client.allocate().await, Err(440), "the host has no candidate");
}

/// Messages as an attacker would make them: whole in form, with attributes that belong to others or end too early.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop::sample::select(vec![
        [0, 1],
        [0, 3],
        [0, 4],
        [0, 6],
        [0, 8],
        [0, 9],
        [0, 0x0b],
        [0, 0x16],
        [1, 1],
        [1, 3],
        [1, 0x13],
        [0x3f, 0xff],
    ]);
    let names = [
        0x06_u16, 0x08, 0x09, 0x0c, 0x0d, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1c, 0x1d,
        0x1e, 0x20, 0x22, 0x2a, 0x8000, 0x8003, 0x8028,
    ];
    let attribute = (
        prop::sample::select(names.to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    );
    let message = (kinds, prop::collection::vec(attribute, 0..6)).prop_map(|(kind, attributes)| {
        let mut body = Vec::new();
        for (name, value) in attributes {
            body.extend(name.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let length = (body.len() as u16).to_be_bytes();
        [&kind[..], &length, &[0x21, 0x12, 0xa4, 0x42], &[7; 12], &body].concat()
    });
    prop::collection::vec(message, 1..5).prop_map(|messages| messages.concat())
}

proptest! {
    #[test]
    fn no_message_is_too_much(bytes in messages()) {
        super::fuzzing::relay(&bytes);
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        super::fuzzing::relay(&bytes);
    }
}
