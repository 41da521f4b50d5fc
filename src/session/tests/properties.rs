use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::protocol::lease::LeaseState;
use crate::protocol::stats::Stats;

/// The events, in any order.
#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Binary,
    Tick,
    Offered,
    Answered,
    Local,
    Applied,
    Refused,
    Failed,
    Stats,
    Control(bool),
    Alive,
    Lease,
    NotAllowed,
    Full,
}

fn step() -> impl Strategy<Value = Step> {
    let frame = prop::sample::select(vec![
        r#"{"type":"hello","data":{"capabilities":["input-v2"]}}"#,
        r#"{"type":"ping","id":"ID"}"#,
        r#"{"type":"request-offer","id":"ID"}"#,
        r#"{"type":"answer","id":"ID","data":{"sdp":"v=0"}}"#,
        r#"{"type":"ice","id":"ID","data":{"candidate":"candidate:1"}}"#,
        r#"{"type":"get-stats","id":"ID"}"#,
        r#"{"type":"protocol-negotiation","id":"ID","data":{"supported_protocols":["selkies"]}}"#,
        r#"{"type":"mouse-click","id":"ID","data":{"action":"down"}}"#,
        r#"{"type":"nonsense","id":"ID"}"#,
        r#"{"sdp":{"type":"answer","sdp":"v=0"}}"#,
        r#"{"ice":{"candidate":"candidate:1"}}"#,
        r#"{"type":"setPeerStatus","roles":[]}"#,
        r#"{"type":"startSession","peerId":"host"}"#,
        "HELLO 1",
        "SESSION 1",
        "OFFER_REQUEST",
    ]);
    prop_oneof![
        4 => frame.prop_map(|frame| Step::Text(frame.to_owned())),
        1 => any::<String>().prop_map(Step::Text),
        1 => prop_oneof![Just(Step::Binary), Just(Step::Tick), Just(Step::Stats), any::<bool>().prop_map(Step::Control)],
        1 => prop_oneof![
            Just(Step::Alive), Just(Step::Lease), Just(Step::NotAllowed), Just(Step::Full)
        ],
        3 => prop_oneof![
            Just(Step::Offered), Just(Step::Answered), Just(Step::Local), Just(Step::Applied),
            Just(Step::Refused), Just(Step::Failed)
        ],
    ]
}

fn dialects() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![Dialect::Native, Dialect::Selkies, Dialect::GstWebrtc])
}

/// Each kind of conversation.
fn sessions() -> impl Strategy<Value = Session> {
    (0..6).prop_map(|kind| match kind {
        0 => started(Dialect::Native),
        1 => started(Dialect::Selkies),
        2 => started(Dialect::GstWebrtc),
        3 => Session::produce(Value::Null, SessionConfig::default(), NOW).0,
        4 => Session::call("0", None, SessionConfig::default(), NOW).0,
        _ => Session::call("0", Some("1".to_owned()), SessionConfig::default(), NOW).0,
    })
}

/// Runs `steps` and gives all that was to be done.
fn run(session: &mut Session, steps: Vec<Step>) -> Vec<Action> {
    let mut all = Vec::new();
    let mut wishes = Vec::new();
    let mut now_ms = NOW;
    let mut key = KEY;
    let (mut open, mut is_closed) = (BTreeSet::new(), false);
    for (number, step) in steps.into_iter().enumerate() {
        now_ms += 7;
        let frame;
        let event = match step {
            Step::Text(text) => {
                frame = text.replace("ID", &format!("id{number}"));
                Event::Text(&frame)
            }
            Step::Binary => Event::Binary,
            Step::Tick => Event::Tick,
            Step::Offered => offered(key),
            Step::Answered => answered(key),
            Step::Local => local(key, "candidate:9"),
            Step::Applied => applied(key),
            Step::Refused => refused(key, "no"),
            Step::Failed => {
                open.remove(&key);
                failed(key)
            }
            Step::Alive => Event::Alive,
            Step::Lease => Event::Lease(LeaseState::default()),
            Step::NotAllowed => Event::Refused,
            Step::Full => Event::SendQueueFull,
            Step::Control(granted) => Event::Control { granted },
            Step::Stats => match wishes.pop() {
                Some(request) => Event::Stats {
                    request,
                    stats: Stats::default(),
                },
                None => Event::Tick,
            },
        };
        for action in session.handle(event, now_ms) {
            assert!(!is_closed, "behind the close: {action:?}");
            match &action {
                Action::OpenPeer { key, .. } => drop(open.insert(*key)),
                Action::ClosePeer { key } => drop(open.remove(key)),
                Action::ApplyAnswer { key, .. } | Action::AddCandidate { key, .. } => {
                    assert!(open.contains(key), "to no peer: {action:?}");
                }
                Action::Close { .. } => is_closed = true,
                _ => {}
            }
            match action {
                Action::CollectStats { request } => wishes.push(request),
                Action::OpenPeer { key: opened, request } => {
                    key = opened;
                    all.push(Action::OpenPeer { key, request });
                }
                action => all.push(action),
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn no_texts_panic_any_session(dialect in dialects(), frames: Vec<String>) {
        let mut session = started(dialect);
        let (mut producer, _) = Session::produce(Value::Null, SessionConfig::default(), NOW);
        let (mut caller, _) = Session::call("0", Some("1".to_owned()), SessionConfig::default(), NOW);
        for frame in frames {
            for frame in [frame.as_str(), &format!("HELLO {frame}"), &format!(r#"{{"type":"{frame}"}}"#)] {
                text(&mut session, frame);
                text(&mut producer, frame);
                text(&mut caller, frame);
            }
        }
    }

    #[test]
    fn nothing_follows_a_close_and_no_peer_is_spoken_to_that_is_not_open(
        mut session in sessions(), steps in prop::collection::vec(step(), 0..60)
    ) {
        run(&mut session, steps);
    }

    #[test]
    fn the_welcome_is_first_and_a_request_has_one_response(steps in prop::collection::vec(step(), 0..60)) {
        let (mut session, mut all) = start(Dialect::Native);
        all.extend(run(&mut session, steps));
        let mut responses = BTreeMap::new();
        for (index, text) in texts(&all).iter().enumerate() {
            let message: Value = serde_json::from_str(text).unwrap_or_default();
            prop_assert_eq!(message["type"] == "welcome", index == 0, "{}", text);
            if let Some(id) = message["reply_to"].as_str() {
                prop_assert_eq!(&message["id"], id);
                *responses.entry(id.to_owned()).or_insert(0) += 1;
            }
        }
        prop_assert!(responses.values().all(|count| *count == 1), "{:?}", responses);
    }

    #[test]
    fn candidates_never_go_before_a_description_and_never_to_no_peer(
        dialect in dialects(), steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut described = BTreeMap::new();
        let mut last = None;
        for action in run(&mut started(dialect), steps) {
            match &action {
                Action::OpenPeer { key, .. } => {
                    described.insert(*key, false);
                    last = Some(*key);
                }
                Action::ApplyAnswer { key, .. } | Action::AddCandidate { key, .. } => {
                    prop_assert_eq!(described.get(key), Some(&true), "{:?}", action);
                }
                Action::Send(text) if text.contains("v=0") => {
                    described.insert(last.unwrap(), true);
                }
                Action::Send(text) if text.contains("candidate:9") => {
                    prop_assert_eq!(described.get(&last.unwrap()), Some(&true), "{}", text);
                }
                _ => {}
            }
        }
    }
}
