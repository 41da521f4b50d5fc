//! The objects that visits have left behind, by GStreamer's leaks tracer.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Error};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::Signal;

use super::host::Host;
use crate::support::DEADLINE;
use crate::support::viewer::{Viewer, ViewerOptions};

/// The visits before the first listing, which create the objects that stay.
const WARM_UP: u32 = 5;
/// The time in which the last peer is torn down and its ICE agent disposed of.
const SETTLE: Duration = Duration::from_secs(8);
/// The environment for the tracer, which lists objects created and released since the listing before.
const VARIABLES: &[(&str, &str)] = &[
    ("GST_TRACERS", "leaks"),
    ("GST_LEAKS_TRACER_SIG", "1"),
    ("GST_DEBUG", "GST_TRACER:7"),
    ("RUST_LOG", "warn,gstreamer=trace"),
];

/// Lets viewers connect and leave this many times, and prints the objects that are left, by type.
pub(crate) async fn run(program: &str, cycles: u32) -> Result<(), Box<dyn std::error::Error>> {
    let mut host = Host::start(program, &["--capture", "test"], VARIABLES)?;
    let log = host.log().ok_or("no log")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    visits(&host, WARM_UP).await;
    host.signal(Signal::USR2)?;
    visits(&host, cycles).await;
    host.signal(Signal::USR2)?;
    let (left, made) = left(&lines)?;
    println!("of {made} objects that {cycles} visits have made are left, by type:");
    for (name, count) in left.iter().filter(|(_, count)| **count != 0) {
        println!("{count:+6}  {name}");
    }
    host.signal(Signal::TERM)?;
    Ok(())
}

async fn visits(host: &Host, count: u32) {
    for _ in 0..count {
        let (mut viewer, _) = Viewer::join(&host.socket, ViewerOptions::default()).await;
        viewer
            .until("the visitor sees the video", |viewer| viewer.decoded > 2)
            .await;
        viewer.leave().await;
    }
    tokio::time::sleep(SETTLE).await;
}

/// Returns, for each type, the objects created minus the objects released, and the number of all created objects.
fn left(lines: &Receiver<String>) -> Result<(BTreeMap<String, i32>, u32), Error> {
    let (mut left, mut made) = (BTreeMap::new(), 0);
    let mut limit = DEADLINE;
    // The end of the listing is recognized by silence.
    while let Ok(line) = lines.recv_timeout(limit) {
        let change = match (line.contains("object-added,"), line.contains("object-removed,")) {
            (true, _) => 1,
            (_, true) => -1,
            _ => continue,
        };
        made += u32::from(change > 0);
        limit = Duration::from_secs(2);
        let name = line.split("type-name=(string)").nth(1);
        let name = name.and_then(|rest| rest.split([',', ';']).next());
        *left.entry(name.unwrap_or("?").to_owned()).or_default() += change;
    }
    match made {
        0 => Err(Error::other("the tracer has listed nothing")),
        made => Ok((left, made)),
    }
}
