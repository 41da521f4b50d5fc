//! Compares the signaling of a running host, given by its URL, with a WebSocket server that only echoes.
//!
//! `scripts/bench signaling` starts the host and this program, which starts itself with `echo` as the other server.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_async, connect_async_with_config};

/// The pings on one socket in each round.
const PINGS: usize = 20_000;
/// The pings before them, which are not measured.
const WARM_UP: usize = 2_000;
/// The most pings that wait for their pong at a time.
const WINDOW: usize = 64;
const ROUNDS: usize = 3;
/// The numbers of clients that connect at once.
const CROWDS: [usize; 2] = [50, 500];
/// The share of the echo server's messages per second that the host should reach.
const TARGET: f64 = 0.7;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    match std::env::args().nth(1).as_deref() {
        Some("echo") => echo().await,
        Some(url) => measure(url).await,
        None => Err("usage: signaling_bench URL, as deskbeam prints it".into()),
    }
}

async fn measure(url: &str) -> Result<(), Failure> {
    let host = format!("{}/ws", url.trim_end_matches('/').replacen("http", "ws", 1));
    let echo = Echo::start()?;
    println!("load average before: {}", load());
    println!("{PINGS} pings on one socket, {WINDOW} at a time, {ROUNDS} rounds");
    let (mut of_echo, mut of_host) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_echo.push(ping(&echo.url).await?);
        of_host.push(ping(&host).await?);
    }
    println!("{:<8} {:>12} {:>10}   each round", "", "messages/s", "p99 ms");
    let echo_rate = report("echo", &of_echo);
    let host_rate = report("host", &of_host);
    let ratio = host_rate / echo_rate;
    println!("host/echo {ratio:.2} (target {TARGET})");
    for clients in CROWDS {
        for (name, url) in [("echo", &echo.url), ("host", &host)] {
            let took = crowd(url, clients).await?;
            println!(
                "{name:<8} {clients} clients at once, each with a pong after {:.1} ms",
                millis(took)
            );
        }
    }
    println!("load average after: {}", load());
    Ok(())
}

/// The result of one round.
struct Round {
    per_second: f64,
    p99: Duration,
}

async fn ping(url: &str) -> Result<Round, Failure> {
    let mut socket = connect(url).await?;
    exchange(&mut socket, WARM_UP).await?;
    let started = Instant::now();
    let mut latencies = exchange(&mut socket, PINGS).await?;
    let per_second = PINGS as f64 / started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    socket.close(None).await?;
    Ok(Round {
        per_second,
        p99: latencies[PINGS * 99 / 100],
    })
}

/// Sends `count` pings, of which at most [`WINDOW`] are without a pong at any time, and returns their latencies. Both
/// servers answer in order.
async fn exchange(socket: &mut Socket, count: usize) -> Result<Vec<Duration>, Failure> {
    let mut waiting = VecDeque::with_capacity(WINDOW);
    let mut latencies = Vec::with_capacity(count);
    for sequence in 0..count {
        if waiting.len() == WINDOW {
            pong(socket).await?;
            latencies.extend(waiting.pop_front().map(|sent: Instant| sent.elapsed()));
        }
        waiting.push_back(Instant::now());
        socket.send(message(sequence)).await?;
    }
    for sent in waiting {
        pong(socket).await?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

fn message(sequence: usize) -> Message {
    Message::text(format!(
        r#"{{"version":"1.0","type":"ping","id":"msg_{sequence}","timestamp":1640995200000,"peer_id":42,"data":{{"timestamp":1640995230000,"sequence":{sequence}}}}}"#
    ))
}

/// Waits for the next answer to a ping, and ignores other messages of the host.
async fn pong(socket: &mut Socket) -> Result<(), Failure> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.contains(r#""sequence":"#) => return Ok(()),
            Some(Ok(Message::Close(frame))) => return Err(format!("the server closes: {frame:?}").into()),
            Some(Ok(Message::Text(text))) if text.contains(r#""type":"error""#) => {
                return Err(format!("the host refuses: {text}").into());
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err("the server has closed the connection".into()),
        }
    }
}

/// Connects this many clients at once, and returns the time until each of them has got a pong. All stay connected until
/// then.
async fn crowd(url: &str, clients: usize) -> Result<Duration, Failure> {
    let started = Instant::now();
    let connecting = (0..clients).map(|_| {
        let url = url.to_owned();
        tokio::spawn(async move {
            let mut socket = connect(&url).await?;
            socket.send(message(0)).await?;
            pong(&mut socket).await?;
            Ok::<_, Failure>(socket)
        })
    });
    let connecting: Vec<_> = connecting.collect();
    let mut sockets = Vec::with_capacity(clients);
    for client in connecting {
        sockets.push(client.await??);
    }
    let took = started.elapsed();
    for mut socket in sockets {
        socket.close(None).await?;
    }
    Ok(took)
}

async fn connect(url: &str) -> Result<Socket, Failure> {
    Ok(connect_async_with_config(url, None, true).await?.0)
}

/// The echo server, in a process of its own.
struct Echo {
    child: Child,
    url: String,
}

impl Echo {
    fn start() -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("echo")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("the echo has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        let url = url.trim().to_owned();
        Ok(Self { child, url })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns each text message to its sender, until the process is killed.
async fn echo() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ws://{}/", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let Ok(mut socket) = accept_async(stream).await else {
                return;
            };
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() && socket.send(message).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Prints the medians, and returns that of the rate.
fn report(name: &str, rounds: &[Round]) -> f64 {
    let rates: Vec<_> = rounds.iter().map(|round| round.per_second).collect();
    let p99s: Vec<_> = rounds.iter().map(|round| millis(round.p99)).collect();
    let each: Vec<_> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    let (rate, p99) = (median(rates), median(p99s));
    println!("{name:<8} {rate:>12.0} {p99:>10.2}   {}", each.join(" "));
    rate
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
