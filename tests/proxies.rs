//! The examples for reverse proxies in docs/security.md, with real proxies. Skipped where they are not installed.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{Connector, client_async_tls_with_config, tungstenite};

use super::support::https::{ask, trusting};
use super::support::program::Program;
use super::support::soon;

/// The name of the host in the examples.
const NAME: &str = "desk.example";

/// The examples in this language, in their order.
fn examples(language: &str) -> Vec<String> {
    let text = include_str!("../docs/security.md");
    let (_, section) = text.split_once("## Behind a proxy").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```").skip(1).step_by(2);
    let of_language = blocks.filter_map(|block| {
        let (first, text) = block.split_once('\n').unwrap();
        (first == language).then(|| text.to_owned())
    });
    of_language.collect()
}

/// Starts the host like the examples, with further flags.
fn start_host(state: &Path, more: &[&str]) -> (Program, String) {
    let example = examples("sh").remove(0);
    let flags = example.trim().strip_prefix("deskbeam --listen 127.0.0.1:8080 ");
    let mut arguments: Vec<_> = flags.unwrap().split(' ').collect();
    arguments.extend(["--capture", "test"]);
    arguments.extend(more);
    let environment = [("XDG_STATE_HOME", state), ("DESKBEAM_AUTH", Path::new("token"))];
    let program = tokio::task::block_in_place(|| Program::start_with(&arguments, &environment));
    let url = program.url.strip_prefix("http://").unwrap().trim().to_owned();
    (program, url)
}

/// A running proxy, which ends with this, and its certificate.
struct Proxy {
    address: SocketAddr,
    client: Arc<ClientConfig>,
    _running: Running,
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Proxy {
    /// Starts `command`, and waits until it serves at `address` with a certificate that this one signed. `None` if it
    /// is not installed.
    async fn start(command: &mut Command, address: SocketAddr, certificate: &Path) -> Option<Self> {
        let program = command.get_program().to_owned();
        let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            eprintln!("SKIPPED: {} is not installed", program.display());
            return None;
        };
        let mut running = Running(child);
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        let client = soon("the proxy serves", async {
            loop {
                pace.tick().await;
                assert_eq!(
                    running.0.try_wait().unwrap(),
                    None,
                    "{} has ended",
                    program.display()
                );
                if !certificate.exists() {
                    continue;
                }
                let client = trusting(certificate);
                if ask(address, NAME, &client, "HEAD / HTTP/1.1", "").await.is_ok() {
                    break client;
                }
            }
        })
        .await;
        Some(Self {
            address,
            client,
            _running: running,
        })
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("\r\n{name}: {value}"))
            .collect();
        let head = format!("GET {path} HTTP/1.1{headers}");
        let answer = ask(self.address, NAME, &self.client, &head, "").await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            body: body.to_owned(),
        }
    }

    /// Tries to open a WebSocket, and returns the status: 101 if it opens and the welcome arrives.
    async fn upgrade(&self, headers: &[(&'static str, &str)]) -> u16 {
        let mut request = format!("wss://{NAME}/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let connector = Connector::Rustls(Arc::clone(&self.client));
        let opening = client_async_tls_with_config(request, stream, None, Some(connector));
        match soon("the socket opens", opening).await {
            Ok((mut socket, _)) => {
                let greeting = soon("a greeting comes", futures_util::StreamExt::next(&mut socket)).await;
                assert!(greeting.unwrap().unwrap().to_text().unwrap().contains("welcome"));
                101
            }
            Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Starts nginx with this part of its configuration.
async fn nginx(place: &Path, example: &str, host: &str) -> Option<Proxy> {
    let address = free_address();
    let (certificate, key) = (place.join("desk.pem"), place.join("desk.key"));
    let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = example
        .replace("443", &address.to_string())
        .replace("/etc/ssl/desk.pem", certificate.to_str().unwrap())
        .replace("/etc/ssl/desk.key", key.to_str().unwrap())
        .replace("127.0.0.1:8080", host);
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {}/{name};\n", place.display()))
        .collect();
    let configuration = format!(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{server}}}\n",
        place.display()
    );
    let file = place.join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.args(["-e", "stderr", "-c"]).arg(file);
    Proxy::start(&mut command, address, &certificate).await
}

/// Starts Caddy with this configuration, and a certificate authority of its own.
async fn caddy(place: &Path, example: &str) -> Option<Proxy> {
    let (address, plain) = (free_address(), free_address());
    let configuration = format!(
        "{{\nadmin off\nlocal_certs\nskip_install_trust\ndefault_bind 127.0.0.1\nhttps_port {}\nhttp_port {}\n}}\n{example}",
        address.port(),
        plain.port(),
    );
    let file = place.join("Caddyfile");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(file)
        .env("XDG_DATA_HOME", place)
        .env("XDG_CONFIG_HOME", place);
    let root: PathBuf = place.join("caddy/pki/authorities/local/root.crt");
    Proxy::start(&mut command, address, &root).await
}

/// Checks that pages and WebSockets pass `proxy`, and only for authenticated clients.
async fn passes(proxy: &Proxy, token: &str) {
    assert_eq!(proxy.get("/", &[]).await.status, 200);
    assert_eq!(proxy.get("/turn", &[]).await.status, 401);
    let named = [("x-forwarded-user", "root"), ("x-forwarded-for", "127.0.0.1")];
    assert_eq!(proxy.get("/turn", &named).await.status, 401);
    let bearer = format!("Bearer {token}");
    let owner = [("authorization", bearer.as_str())];
    assert_eq!(proxy.get("/turn", &owner).await.status, 200);
    let own = format!("https://{NAME}");
    for (origin, status) in [(own.as_str(), 101), ("https://evil.example", 403)] {
        assert_eq!(
            proxy.upgrade(&[owner[0], ("origin", origin)]).await,
            status,
            "{origin}"
        );
    }
    assert_eq!(proxy.upgrade(&[]).await, 401);
    // The largest body that the host takes. There is no clipboard for it.
    let head = format!("PUT /api/clipboard HTTP/1.1\r\ncontent-type: text/plain\r\nauthorization: {bearer}");
    let body = "x".repeat(8 * 1024 * 1024);
    let answer = ask(proxy.address, NAME, &proxy.client, &head, &body).await;
    let answer = answer.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    for _ in 0..5 {
        assert_eq!(
            proxy
                .get("/turn", &[("authorization", "Bearer wrong")])
                .await
                .status,
            401
        );
    }
    assert_eq!(
        proxy
            .get("/turn", &[("authorization", "Bearer wrong")])
            .await
            .status,
        429
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_nginx_passes_pages_and_sockets_on() {
    let place = tempfile::tempdir().unwrap();
    let (_host, url) = start_host(place.path(), &[]);
    let (host, token) = url.split_once("/#token=").unwrap();
    let Some(proxy) = nginx(place.path(), &examples("nginx")[0], host).await else {
        return;
    };
    passes(&proxy, token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_drops_the_port_is_named_as_the_reason() {
    let place = tempfile::tempdir().unwrap();
    let (_host, url) = start_host(place.path(), &[]);
    let (host, token) = url.split_once("/#token=").unwrap();
    // `$host` is the name alone; the page is on another port than 443.
    let example = examples("nginx")[0].replace("$http_host", "$host");
    let Some(proxy) = nginx(place.path(), &example, host).await else {
        return;
    };
    let own = format!("https://{NAME}:{}", proxy.address.port());
    let head = format!(
        "POST /api/login HTTP/1.1\r\ncontent-type: application/json\r\norigin: {own}\r\nhost: {NAME}:{}",
        proxy.address.port()
    );
    let body = format!("{{\"secret\":\"{token}\"}}");
    let answer = ask(proxy.address, NAME, &proxy.client, &head, &body)
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    for part in [&own, NAME, "proxy_set_header Host $http_host;"] {
        assert!(answer.contains(part), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_caddy_passes_pages_and_sockets_on() {
    let place = tempfile::tempdir().unwrap();
    let (_host, url) = start_host(place.path(), &[]);
    let (host, token) = url.split_once("/#token=").unwrap();
    let example = examples("")[0].replace("127.0.0.1:8080", host);
    let Some(proxy) = caddy(place.path(), &example).await else {
        return;
    };
    passes(&proxy, token).await;
}

/// A minimal authentication service: the cookie of Ann identifies Ann.
async fn sign_in_server() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                loop {
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let answer: &[u8] = match head.to_ascii_lowercase().contains("cookie: sso=ann\r\n") {
                        true => b"HTTP/1.1 200 OK\r\nremote-user: ann\r\ncontent-length: 0\r\n\r\n",
                        false => b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
                    };
                    if !head.starts_with("GET /api/authz/forward-auth ")
                        || stream.write_all(answer).await.is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_single_sign_on_lets_in_who_is_signed_in_there_and_nobody_who_says_so() {
    let place = tempfile::tempdir().unwrap();
    let (_host, url) = start_host(
        place.path(),
        &["--auth", "proxy", "--auth-proxy-header", "Remote-User"],
    );
    let sign_in = sign_in_server().await;
    let example = examples("")[1]
        .replace("127.0.0.1:8080", url.trim_end_matches('/'))
        .replace("127.0.0.1:9091", &sign_in.to_string());
    let Some(proxy) = caddy(place.path(), &example).await else {
        return;
    };
    let (signed_in, claims) = (("cookie", "sso=ann"), ("remote-user", "root"));
    assert_eq!(proxy.get("/api/session", &[]).await.status, 401);
    assert_eq!(proxy.get("/api/session", &[claims]).await.status, 401);
    for headers in [&[signed_in][..], &[signed_in, claims]] {
        let answer = proxy.get("/api/session", headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (&told["mode"], &told["role"]),
            (&"proxy".into(), &"control".into())
        );
    }
    assert_eq!(proxy.upgrade(&[signed_in]).await, 101);
    assert_eq!(proxy.upgrade(&[claims]).await, 401);
}
