//! The load on the host, and its resource usage meanwhile.

use std::io::{BufRead, BufReader, Error};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deskbeam::desktop::{Backend, DesktopServices};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::host::Host;
use super::line::Line;
use crate::support::root::Root;
use crate::support::soon;
use crate::support::viewer::{Viewer, ViewerOptions};
use crate::support::xvfb::Xvfb;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The changes on the screen until the X server is killed.
const LIFE: u32 = 100;
/// The time without a change after each change.
const REST: Duration = Duration::from_millis(400);
const MINUTE: Duration = Duration::from_secs(60);

/// Milliseconds from a change on the screen until the viewer has decoded it, since the last evaluation.
type Latencies = Arc<Mutex<Vec<f64>>>;

/// Runs `program` for this time, or until the soak is interrupted, and prints its resource usage.
pub(crate) async fn run(program: &str, time: Duration) -> Outcome {
    let xvfb = Xvfb::start("1280x720x24", &[]);
    let mut host = Host::start(program, &["--display", &xvfb.display], &[])?;
    print_log(&mut host)?;
    let latencies = Latencies::default();
    let mut staying = tokio::spawn(stay(host.socket.clone(), xvfb, latencies.clone()));
    let (started, mut told) = (Instant::now(), Instant::now());
    let (mut rss, mut files, mut threads, mut latency) =
        (Line::default(), Line::default(), Line::default(), Line::default());
    let mut visits = 0;
    let mut terminated = signal(SignalKind::terminate())?;
    while started.elapsed() < time {
        tokio::select! {
            ended = &mut staying => return Err(format!("the staying viewer has ended: {ended:?}").into()),
            visited = visit(&host.socket, visits) => visits += visited?,
            _ = ctrl_c() => break,
            _ = terminated.recv() => break,
        }
        settle(&host).await?;
        let usage = host.usage()?;
        let hours = started.elapsed().as_secs_f64() / 3600.0;
        rss.add(hours, usage.rss_kib);
        files.add(hours, usage.files);
        threads.add(hours, usage.threads);
        for seen in latencies.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            latency.add(hours, seen);
        }
        if told.elapsed() >= MINUTE {
            told = Instant::now();
            println!(
                "{:4.0} min  {visits} visits  {} KiB  {} files  {} threads",
                hours * 60.0,
                usage.rss_kib,
                usage.files,
                usage.threads
            );
        }
    }
    staying.abort();
    println!(
        "{visits} visits in {:.1} min; mean, and change per hour:",
        started.elapsed().as_secs_f64() / 60.0
    );
    for (name, line) in [
        ("RSS in KiB", rss),
        ("open files", files),
        ("threads", threads),
        ("ms until a change is seen", latency),
    ] {
        let (mean, slope) = line.through().ok_or("too short to say anything")?;
        println!("{name:26} {mean:10.1} {slope:+12.1}");
    }
    Ok(())
}

/// Waits until only the staying viewer is connected: only then measurements can be compared with each other.
async fn settle(host: &Host) -> Result<(), Error> {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let is_alone = async {
        while !host.has_only(1)? {
            looks.tick().await;
        }
        Ok(())
    };
    soon("the host has released the visitors", is_alone).await
}

/// Copies the log of the host to stderr.
pub(super) fn print_log(host: &mut Host) -> Result<(), Error> {
    let log = host.log().ok_or(Error::other("no log"))?;
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            eprintln!("{line}");
        }
    });
    Ok(())
}

/// Runs one viewer that leaves, and three that are killed while they watch. Returns the number of viewers.
async fn visit(socket: &str, number: u64) -> Result<u64, Error> {
    let mut killed = Command::new(std::env::current_exe()?)
        .args(["watch", socket])
        .stdout(Stdio::piped())
        .spawn()?;
    let told = killed.stdout.take().ok_or(Error::other("no output"))?;
    block_in_place(|| BufReader::new(told).read_line(&mut String::new()))?;
    let (mut viewer, _) = Viewer::join(socket, ViewerOptions::default()).await;
    viewer
        .until("the visitor sees the desktop", |viewer| viewer.decoded > 0)
        .await;
    // Another moment each time.
    let moment = Duration::from_millis(number * 37 % 700);
    let _ = timeout(moment, viewer.until("it watches", |_| false)).await;
    killed.kill()?;
    killed.wait()?;
    viewer.leave().await;
    Ok(4)
}

/// Runs three viewers until the process is killed. Prints a line when they start.
pub(crate) async fn watch(socket: &str) -> Outcome {
    println!("started");
    let watch = |wait: u64| async move {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let (mut viewer, _) = Viewer::join(socket, ViewerOptions::default()).await;
        loop {
            let before = viewer.decoded;
            viewer
                .until("it sees the desktop", |viewer| viewer.decoded > before)
                .await;
        }
    };
    tokio::join!(watch(0), watch(150), watch(300));
    Ok(())
}

/// Runs the staying viewer, on a screen whose content and size change, and whose X server is killed and restarted.
async fn stay(socket: String, mut xvfb: Xvfb, latencies: Latencies) {
    let (mut viewer, _) = Viewer::join(&socket, ViewerOptions::default()).await;
    viewer
        .until("the desktop is seen", |viewer| viewer.picture().is_some())
        .await;
    loop {
        let root = Root::connect(&xvfb.display);
        let services = DesktopServices::start(&xvfb.display, None, false, |_| {}).ok();
        for change in 0..LIFE {
            if change % 10 == 9 {
                let (width, height) = (800 + 16 * (change % 30), 600 + 4 * (change % 30));
                block_in_place(|| services.as_ref().map(|services| services.resize(width, height)));
            }
            let is_bright = change % 2 == 0;
            let changed = Instant::now();
            root.fill(if is_bright { 0xff_ffff } else { 0 });
            let sees = |viewer: &Viewer| viewer.brightness().is_some_and(|seen| (seen > 128) == is_bright);
            viewer.until("the change is seen", sees).await;
            // The first changes after a restart of the X server include the time for reconnecting.
            if change > 1 {
                let ms = changed.elapsed().as_secs_f64() * 1000.0;
                latencies.lock().unwrap_or_else(PoisonError::into_inner).push(ms);
            }
            let _ = timeout(REST, viewer.until("it rests", |_| false)).await;
        }
        drop(services);
        assert!(viewer.error.is_none(), "{:?}", viewer.error);
        block_in_place(|| {
            xvfb.kill();
            xvfb.restart("1280x720x24");
        });
    }
}
