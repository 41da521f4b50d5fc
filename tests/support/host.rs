//! The real host in this process, on its own port, with a recording input backend.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use deskbeam::access::{Access, Mode};
use deskbeam::desktop::NoDesktop;
use deskbeam::host::{HostConfig, HostParts, LocalRights, RelayUse, SessionLimits, run};
use deskbeam::input::{Backend, RecordBackend, Recording};
use deskbeam::media::{self, Plan, StreamOptions};
use deskbeam::session::SessionConfig;
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

/// Returns options for a small test video, with the encoders that the host chooses.
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
        trial_program: None,
    }
}

/// A host that is to be started: the test picture for a hundred viewers, open to all.
pub struct Setup {
    pub config: HostConfig,
    pub parts: HostParts,
}

fn test_config(options: &StreamOptions) -> HostConfig {
    HostConfig {
        session: SessionConfig::default(),
        turn_secret: None,
        relay: RelayUse::On,
        names: Vec::new(),
        origins: Vec::new(),
        local: LocalRights::default(),
        confirms: false,
        max_connections: 100,
        limits: SessionLimits::default(),
        fps: options.fps,
        bitrate_kbps: options.bitrate_kbps,
        remote_signaling: None,
    }
}

impl TestHost {
    pub fn start(options: &StreamOptions) -> Self {
        let (backend, recording) = RecordBackend::new();
        Self::start_with(options, Box::new(backend), recording)
    }

    /// Starts a host with the test video and a configuration changed by `change`.
    pub fn start_custom(change: impl FnOnce(&mut Setup)) -> Self {
        let (backend, recording) = RecordBackend::new();
        Self::start_all(&options(), Box::new(backend), recording, change)
    }

    /// Starts a host with `input` as its backend; `recording` stays empty if it belongs to another one.
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
                desktop: Arc::new(NoDesktop),
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

    /// Waits until the recorded events satisfy `condition`, and returns them.
    pub async fn recorded(
        &self,
        condition: impl Fn(&[deskbeam::input::Recorded]) -> bool + Send + 'static,
    ) -> Vec<deskbeam::input::Recorded> {
        let recording = self.recording.clone();
        let waiting = tokio::task::spawn_blocking(move || recording.wait_until(super::DEADLINE, condition));
        waiting
            .await
            .unwrap()
            .unwrap_or_else(|events| panic!("recorded only {events:?}"))
    }

    /// Stops the host as a signal does.
    pub async fn stop(self) {
        self.shutdown.cancel();
        super::soon("the host ends", self.task).await.unwrap().unwrap();
    }
}
