//! The real host in this process, on a port of its own, with a recording input backend.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use deskbeam::access::{Access, Mode};
use deskbeam::host::{HostConfig, HostParts, run};
use deskbeam::input::{Backend, RecordBackend, Recording};
use deskbeam::media::{self, Plan, StreamOptions};
use deskbeam::web::Serving;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub struct TestHost {
    pub address: SocketAddr,
    pub recording: Recording,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

/// The test picture, small, with the encoders that the host chooses.
pub fn options() -> StreamOptions {
    StreamOptions {
        capture: "videotestsrc name=src is-live=true pattern=ball \
                  ! video/x-raw,format=BGRx,width=320,height=240,framerate=30/1"
            .to_owned(),
        encoder: "auto".to_owned(),
        pipeline: None,
        directory: None,
        display: None,
        fps: 30,
        bitrate_kbps: 2000,
        per_viewer_encoder: false,
    }
}

/// A host that is to be started: the test picture for a hundred viewers, open to all.
pub struct Setup {
    pub config: HostConfig,
    pub parts: HostParts,
}

fn test_config(options: &StreamOptions) -> HostConfig {
    HostConfig {
        fps: options.fps,
        bitrate_kbps: options.bitrate_kbps,
        ..HostConfig::default()
    }
}

impl TestHost {
    pub fn start(options: &StreamOptions) -> Self {
        let (backend, recording) = RecordBackend::new();
        Self::start_with(options, Box::new(backend), recording)
    }

    /// The test picture, and what `change` makes of the rest.
    pub fn start_custom(change: impl FnOnce(&mut Setup)) -> Self {
        let (backend, recording) = RecordBackend::new();
        Self::start_all(&options(), Box::new(backend), recording, change)
    }

    /// The host acts on `backend`; the recording stays empty if that is not its own.
    pub fn start_with(options: &StreamOptions, input: Box<dyn Backend>, recording: Recording) -> Self {
        Self::start_all(options, input, recording, |_| {})
    }

    fn start_all(
        options: &StreamOptions,
        input: Box<dyn Backend>,
        recording: Recording,
        change: impl FnOnce(&mut Setup),
    ) -> Self {
        media::init().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let mut setup = Setup {
            config: test_config(options),
            parts: HostParts {
                listener,
                plan: Plan::new(options).unwrap(),
                input,
                access: Access::new(Mode::Open, None, Vec::new()),
                serving: Serving::default(),
                disconnect_all: Arc::default(),
                new_plans: mpsc::channel(1).1,
            },
        };
        change(&mut setup);
        let task = tokio::spawn(run(setup.config, setup.parts, shutdown.clone()));
        Self {
            address,
            recording,
            shutdown,
            task,
        }
    }

    pub fn ws_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Waits until the recording satisfies `condition`.
    pub async fn recorded(
        &self,
        condition: impl Fn(&[deskbeam::input::Recorded]) -> bool + Send + 'static,
    ) -> Vec<deskbeam::input::Recorded> {
        let recording = self.recording.clone();
        let waiting = tokio::task::spawn_blocking(move || recording.wait_until(super::DEADLINE, condition));
        waiting
            .await
            .unwrap()
            .unwrap_or_else(|events| panic!("only this was recorded: {events:?}"))
    }

    /// Ends the host as a signal does.
    pub async fn stop(self) {
        self.shutdown.cancel();
        super::soon("the host ends", self.task).await.unwrap().unwrap();
    }
}
