//! The answer to `/turn`, which the page of Selkies fetches before it connects.

use serde_json::{Value, json};

use crate::protocol::ice_server::IceServer;

/// Stands where there is no server: browsers refuse an empty list of URLs, and nothing answers here.
const NOWHERE: &str = "stun:127.0.0.1:3478";

/// The body of `/turn`. The page reads the second server's `urls` without looking whether there is one, so there
/// always is.
pub(crate) fn turn_json(servers: &[IceServer]) -> Value {
    let nothing = || json!({ "urls": [NOWHERE] });
    let mut listed: Vec<Value> = servers.iter().map(|server| json!(server)).collect();
    let is_stun = |server: &IceServer| server.urls.iter().all(|url| url.starts_with("stun"));
    if servers.first().is_some_and(|first| !is_stun(first)) {
        // STUN comes first, as the page expects it.
        listed.insert(0, nothing());
    }
    while listed.len() < 2 {
        listed.push(nothing());
    }
    json!({
        "lifetimeDuration": "86400s",
        "blockStatus": "NOT_BLOCKED",
        "iceTransportPolicy": "all",
        "iceServers": listed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, username: Option<&str>) -> IceServer {
        IceServer {
            urls: vec![url.to_owned()],
            username: username.map(str::to_owned),
            credential: username.map(|_| "secret".to_owned()),
        }
    }

    #[test]
    fn there_are_always_two_servers_of_which_the_first_is_stun() {
        for (servers, urls) in [
            (vec![], [json!([NOWHERE]), json!([NOWHERE])]),
            (
                vec![server("stun:a", None)],
                [json!(["stun:a"]), json!([NOWHERE])],
            ),
            (
                vec![server("turn:b", Some("u"))],
                [json!([NOWHERE]), json!(["turn:b"])],
            ),
            (
                vec![server("stun:a", None), server("turn:b", Some("u"))],
                [json!(["stun:a"]), json!(["turn:b"])],
            ),
        ] {
            let listed = turn_json(&servers)["iceServers"].clone();
            assert_eq!([listed[0]["urls"].clone(), listed[1]["urls"].clone()], urls);
        }
    }

    #[test]
    fn a_turn_server_comes_with_its_credentials() {
        let listed = turn_json(&[server("stun:a", None), server("turn:b", Some("1700000000:user"))]);
        assert_eq!(
            listed["iceServers"][1],
            json!({"urls":["turn:b"],"username":"1700000000:user","credential":"secret"})
        );
    }
}
