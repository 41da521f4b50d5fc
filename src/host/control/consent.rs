//! The consent of the local user to let a viewer in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout};

use crate::desktop::Question;
use crate::protocol::role::Role;
use crate::quota::{Holder, Places};
use crate::sync::lock;

/// The time that the local user has to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// The most viewers that wait for their question.
const MOST_WAITING: usize = 8;
/// The most of them that come by one link or from one address.
const MOST_WAITING_PER_GUEST: usize = 3;
/// The time for which an answer holds after it was last needed: there is no question for a page that comes back.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The answers so far. Cheap to clone.
#[derive(Clone)]
pub(in crate::host) struct Consent {
    state: Arc<Mutex<State>>,
    waiting: Places,
    /// The number of times that all answers were forgotten. Changed under the lock of the state.
    epoch: Arc<watch::Sender<u64>>,
    /// There is one dialog at a time.
    turn: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    answers: HashMap<Applicant, Answer>,
}

/// A viewer that wants to be let in. One from the same address in the same role needs no question of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Applicant {
    address: IpAddr,
    role: Role,
}

struct Answer {
    agreed: bool,
    /// The number of viewers that are in by it.
    admitted: usize,
    last: Instant,
}

/// A viewer that was let in. While this is there, others from its address come in the same role without a question.
pub(in crate::host) struct Admitted {
    consent: Consent,
    applicant: Applicant,
    epoch: u64,
}

impl Consent {
    pub(in crate::host) fn new() -> Self {
        Self {
            state: Arc::default(),
            waiting: Places::new(MOST_WAITING, MOST_WAITING_PER_GUEST),
            epoch: Arc::new(watch::Sender::new(0)),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Asks to let in a viewer from `address`, which waits in a place of `holder`. `None`: the answer is no, there was
    /// none within 30 s or before all answers were forgotten, or too many wait. Where the answer is known, nobody waits.
    pub(in crate::host) async fn ask(
        &self,
        address: IpAddr,
        role: Role,
        holder: &Holder,
    ) -> Option<Admitted> {
        let applicant = Applicant::new(address, role);
        let mut epoch = self.epoch.subscribe();
        let current = *epoch.borrow_and_update();
        if let Some(agreed) = self.known(applicant) {
            return self.settle(current, applicant, agreed);
        }
        let _waiting = self.waiting.take(holder)?;
        tokio::select! {
            admitted = self.ask_in(current, applicant) => admitted,
            _ = epoch.changed() => None,
        }
    }

    async fn ask_in(&self, epoch: u64, applicant: Applicant) -> Option<Admitted> {
        // A viewer that comes twice waits for the answer to the first question.
        let _turn = self.turn.acquire().await.ok()?;
        let agreed = match self.known(applicant) {
            Some(agreed) => agreed,
            None => {
                let agreed = show(&text(applicant)).await;
                let Applicant { address, role } = applicant;
                tracing::info!(%address, role = role.name(), agreed, "the local user was asked");
                agreed
            }
        };
        self.settle(epoch, applicant, agreed)
    }

    /// Keeps the answer that was given in this epoch, and lets the viewer in by it.
    fn settle(&self, epoch: u64, applicant: Applicant, agreed: bool) -> Option<Admitted> {
        let mut state = self.lock();
        if *self.epoch.borrow() != epoch {
            return None;
        }
        let answer = state.answers.entry(applicant).or_insert(Answer {
            agreed,
            admitted: 0,
            last: Instant::now(),
        });
        answer.admitted += usize::from(agreed);
        agreed.then(|| Admitted {
            consent: self.clone(),
            applicant,
            epoch,
        })
    }

    /// Forgets all answers, and takes away the question that is shown: everybody is asked about anew.
    pub(in crate::host) fn forget(&self) {
        let mut state = self.lock();
        state.answers.clear();
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// True if a viewer from `address` was let in, and is connected or was a minute ago.
    pub(in crate::host) fn has_agreed(&self, address: IpAddr, role: Role) -> bool {
        self.known(Applicant::new(address, role)) == Some(true)
    }

    fn known(&self, applicant: Applicant) -> Option<bool> {
        let mut state = self.lock();
        state
            .answers
            .retain(|_, answer| answer.admitted > 0 || answer.last.elapsed() < REMEMBERED);
        state.answers.get(&applicant).map(|answer| answer.agreed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Applicant {
    fn new(address: IpAddr, role: Role) -> Self {
        Self {
            address: address.to_canonical(),
            role,
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut state = self.consent.lock();
        if *self.consent.epoch.borrow() != self.epoch {
            return;
        }
        if let Some(answer) = state.answers.get_mut(&self.applicant) {
            answer.admitted -= 1;
            answer.last = Instant::now();
        }
    }
}

/// Shows the question, and takes it away when this is dropped.
async fn show(text: &str) -> bool {
    let (sender, answer) = oneshot::channel();
    let question = Question::ask(text, move |agreed| {
        let _ = sender.send(agreed);
    });
    match question {
        Ok(_shown) => matches!(timeout(ANSWER, answer).await, Ok(Ok(true))),
        Err(error) => {
            tracing::error!(%error, "the local user cannot be asked");
            false
        }
    }
}

/// The text of the question. No part of it is the client's own words.
fn text(Applicant { address, role }: Applicant) -> String {
    let does = match role {
        Role::View => "see",
        Role::Control => "see and control",
        Role::Admin => "see, control and manage",
    };
    format!("Somebody at {address} wants to {does} this desktop.")
}
