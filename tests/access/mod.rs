//! Access: who is admitted, with which rights, and for how long.

mod control;
mod in_flight;
mod login;
mod routes;
mod session_limits;
mod shares;

use std::net::SocketAddr;

use deskbeam::access::{Access, Mode, Secret, StateDir};
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{connect_async, tungstenite};

use crate::support::host::TestHost;
use crate::support::http::{Response, request};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const BEARER: (&str, &str) = ("authorization", "Bearer 0123456789abcdef0123456789abcdef");
const JSON: (&str, &str) = ("content-type", "application/json");

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn token_host() -> TestHost {
    TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
    })
}

fn state() -> (tempfile::TempDir, StateDir) {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().to_owned()).unwrap();
    (place, state)
}

async fn login(address: SocketAddr, secret: &str) -> Response {
    let body = json!({ "secret": secret }).to_string();
    request(address, "POST", "/api/login", &[JSON], &body).await
}

/// The cookie of a response, in the form in which a browser sends it.
fn cookie(answer: &Response) -> String {
    let set = answer.header("set-cookie").expect("a cookie is set");
    set.split(';').next().unwrap().to_owned()
}

/// Tries to open a WebSocket with these headers, and returns the status: 101 if it opens.
async fn upgrade(url: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => 101,
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// All routes in the code, with a plain name for each parameter.
fn routes() -> Vec<String> {
    let routes = include_str!("../../src/web/routes.rs").split(".route(\"").skip(1);
    let paths = routes.map(|rest| rest.split_once('"').unwrap().0.replace(['{', '}'], ""));
    paths.collect()
}
