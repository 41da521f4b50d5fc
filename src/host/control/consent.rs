//! Whether the person at the desktop lets somebody in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout};

use crate::desktop::Question;
use crate::protocol::role::Role;
use crate::sync::lock;

/// How long the person at the desktop may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How many may wait until they are asked for.
const MOST_WAITING: usize = 8;
/// For how long an answer holds after it was last needed: a page that comes back is not asked for again.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The answers so far. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Consent {
    state: Arc<Mutex<State>>,
    /// There is one dialog at a time.
    turn: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    answers: HashMap<(IpAddr, Role), Answer>,
    waiting: usize,
}

struct Answer {
    agreed: bool,
    /// How many are in by it.
    admitted: usize,
    last: Instant,
}

/// Somebody who was let in. While this is there, others like it come in without a question.
pub(crate) struct Admitted {
    consent: Consent,
    who: (IpAddr, Role),
}

impl Consent {
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Asks for somebody from `address`. `None`: the answer is no, or there was none within 30 s.
    pub(crate) async fn ask(&self, address: IpAddr, role: Role) -> Option<Admitted> {
        let who = (address.to_canonical(), role);
        let _place = Place::take(self)?;
        // Those who come twice wait for the answer to the first.
        let _turn = self.turn.acquire().await.ok()?;
        let known = self.known(who);
        let agreed = match known {
            Some(agreed) => agreed,
            None => show(&text(who)).await,
        };
        if known.is_none() {
            tracing::info!(%address, role = role.name(), agreed, "the person at the desktop was asked");
        }
        let mut state = self.lock();
        let answer = state.answers.entry(who).or_insert(Answer {
            agreed,
            admitted: 0,
            last: Instant::now(),
        });
        answer.admitted += usize::from(agreed);
        agreed.then(|| Admitted {
            consent: self.clone(),
            who,
        })
    }

    /// Whether somebody from `address` has been let in, and is here or was a minute ago.
    pub(crate) fn has_agreed(&self, address: IpAddr, role: Role) -> bool {
        self.known((address.to_canonical(), role)) == Some(true)
    }

    fn known(&self, who: (IpAddr, Role)) -> Option<bool> {
        let mut state = self.lock();
        state
            .answers
            .retain(|_, answer| answer.admitted > 0 || answer.last.elapsed() < REMEMBERED);
        state.answers.get(&who).map(|answer| answer.agreed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(answer) = self.consent.lock().answers.get_mut(&self.who) {
            answer.admitted -= 1;
            answer.last = Instant::now();
        }
    }
}

/// A place among those who wait.
struct Place(Consent);

impl Place {
    fn take(consent: &Consent) -> Option<Self> {
        let mut state = consent.lock();
        let is_free = state.waiting < MOST_WAITING;
        state.waiting += usize::from(is_free);
        is_free.then(|| Self(consent.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
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
            tracing::error!(%error, "nobody can be asked at the desktop");
            false
        }
    }
}

/// Nothing in it is the client's own words.
fn text((address, role): (IpAddr, Role)) -> String {
    let does = match role {
        Role::View => "see",
        Role::Control => "see and control",
        Role::Admin => "see, control and manage",
    };
    format!("Somebody at {address} wants to {does} this desktop.")
}
