//! The credentials for TURN, with a real server (coturn).

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};

use deskbeam::access::TurnSecret;
use deskbeam::protocol::ice_server::IceServer;

use super::support::eventually;
use super::support::host::TestHost;
use super::support::http::get;
use super::support::signaling::Client;

const SECRET: &str = "known to the relay and the host";

struct Relay {
    child: Child,
    port: u16,
    _place: tempfile::TempDir,
}

impl Relay {
    fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let settings = format!(
            "listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={port}\nuse-auth-secret\n\
             static-auth-secret={SECRET}\nrealm=desk.example\nallow-loopback-peers\nno-tls\nno-dtls\nno-cli\n\
             cli-password=unused\nno-stdout-log\nlog-file={place}/log\nsimple-log\npidfile={place}/pid\n\
             userdb={place}/users\n",
            place = place.path().display()
        );
        let file = place.path().join("settings");
        std::fs::write(&file, settings).unwrap();
        let child = Command::new("turnserver")
            .args(["-c", file.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver (package coturn)");
        Self {
            child,
            port,
            _place: place,
        }
    }

    /// True if a client with these credentials gets an allocation, and data pass through it.
    fn takes(&self, username: &str, credential: &str) -> bool {
        let output = Command::new("turnutils_uclient")
            .args(["-u", username, "-w", credential, "-p", &self.port.to_string()])
            .args(["-y", "-n", "1", "-m", "1", "-c", "127.0.0.1"])
            .output()
            .expect("turnutils_uclient (package coturn)");
        let said = String::from_utf8_lossy(&output.stdout);
        output.status.success() && said.contains("tot_recv_msgs=1")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_takes_the_credentials_that_viewers_get() {
    let relay = Relay::start();
    let url = format!("turn:127.0.0.1:{}", relay.port);
    let host = TestHost::start_custom(|setup| {
        setup.config.turn_secret = Some(TurnSecret::new(SECRET));
        setup.config.session.ice_servers = servers(&url);
    });
    let mut client = Client::connect(&host.ws_url()).await;
    let welcome = client.receive().await;
    let page = get(host.address, "/turn").await.json();
    let told = [
        &welcome["data"]["session_config"]["ice_servers"][0],
        &page["iceServers"][1],
    ];
    for server in told {
        assert_eq!(server["urls"][0], url, "{server}");
        let text = |name: &str| server[name].as_str().unwrap().to_owned();
        let (username, credential) = (text("username"), text("credential"));
        eventually("the relay takes them", || {
            relay.takes(&username, &credential).then_some(())
        });
        assert!(
            !relay.takes(&format!("1{username}"), &credential),
            "for another user"
        );
    }
    let ended = TurnSecret::new(SECRET).sign(&servers(&url), "late", 0);
    let (username, credential) = (ended[0].username.as_deref(), ended[0].credential.as_deref());
    assert!(
        !relay.takes(username.unwrap(), credential.unwrap()),
        "that have ended"
    );
    host.stop().await;
}

fn servers(url: &str) -> Vec<IceServer> {
    vec![IceServer {
        urls: vec![url.to_owned()],
        username: None,
        credential: None,
    }]
}
