//! The signaling protocols, and the choice among them before the upgrade.

/// A signaling protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// JSON in envelopes: [`super::client`] and [`super::server`].
    Native,
    /// The text protocol of Selkies and of the gst-examples: [`super::selkies`].
    Selkies,
    /// The protocol of gst-plugins-rs and gstwebrtc-api: [`super::gstwebrtc`].
    GstWebrtc,
}

/// The request for the socket, as far as it shows the dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handshake<'a> {
    /// The path of the URL, percent-decoded, without the query.
    pub path: &'a str,
    /// The value of `Sec-WebSocket-Protocol`: names between commas. Several such headers are one with commas.
    pub subprotocols: Option<&'a str>,
    /// The query parameter `protocol`.
    pub query: Option<&'a str>,
    /// The header `X-Signaling-Protocol`.
    pub header: Option<&'a str>,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
}

/// The dialect that a socket will speak at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected {
    /// The dialect.
    pub dialect: Dialect,
    /// The value of `Sec-WebSocket-Protocol` in the response. `None`: no such header.
    pub subprotocol: Option<&'static str>,
}

impl Dialect {
    /// The name, as subprotocol and in `supported_protocols`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => super::NAME,
            Self::Selkies => "selkies",
            Self::GstWebrtc => "gstwebrtc",
        }
    }

    /// The dialect of that name. The native one is also called "standard".
    pub fn named(name: &str) -> Option<Self> {
        match name {
            super::NAME | "standard" => Some(Self::Native),
            "selkies" => Some(Self::Selkies),
            "gstwebrtc" => Some(Self::GstWebrtc),
            _ => None,
        }
    }

    /// The dialect that `handshake` asks for, if its path is one of signaling and `supported` has it. On a native path
    /// these decide, in this order: an offered subprotocol, the query, the header, "selkies" in the user agent.
    pub fn detect(handshake: &Handshake<'_>, supported: &[String]) -> Option<Detected> {
        let is_supported = |dialect: &Dialect| supported.iter().any(|name| name == dialect.name());
        let offered = || {
            let names = handshake.subprotocols.unwrap_or_default().split(',');
            names
                .filter_map(|name| Self::named(name.trim()))
                .filter(is_supported)
        };
        let by_path = Self::of_path(handshake.path)?;
        let dialect = if by_path == Self::Native {
            let asked = |name: Option<&str>| name.and_then(Self::named).filter(is_supported);
            let is_selkies = || {
                let agent = handshake.user_agent?.to_ascii_lowercase();
                agent
                    .contains("selkies")
                    .then_some(Self::Selkies)
                    .filter(is_supported)
            };
            offered()
                .next()
                .or_else(|| asked(handshake.query))
                .or_else(|| asked(handshake.header))
                .or_else(is_selkies)
                .unwrap_or(Self::Native)
        } else {
            by_path
        };
        let detected = Detected {
            dialect,
            subprotocol: offered().find(|name| *name == dialect).map(Self::name),
        };
        is_supported(&dialect).then_some(detected)
    }

    fn of_path(path: &str) -> Option<Self> {
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<_> = trimmed.strip_prefix('/')?.split('/').collect();
        match segments[..] {
            [.., "signalling"] => Some(Self::Selkies),
            ["gstwebrtc"] => Some(Self::GstWebrtc),
            ["ws"] | ["ws", _] | ["api", "signaling"] => Some(Self::Native),
            ["api", "signaling", app] => (!RESERVED.contains(&app)).then_some(Self::Native),
            _ => None,
        }
    }
}

/// Segments in the place of an app's name that are none.
const RESERVED: [&str; 5] = ["status", "clients", "sessions", "stats", "broadcast"];

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<String> {
        ["gstreamer-1.0", "selkies", "gstwebrtc"]
            .map(str::to_owned)
            .to_vec()
    }

    fn dialect(handshake: &Handshake<'_>) -> Option<Dialect> {
        Dialect::detect(handshake, &all()).map(|detected| detected.dialect)
    }

    #[test]
    fn the_path_decides_first() {
        for (path, expected) in [
            ("/ws", Some(Dialect::Native)),
            ("/ws/", Some(Dialect::Native)),
            ("/ws/app", Some(Dialect::Native)),
            ("/ws/app/more", None),
            ("/api/signaling", Some(Dialect::Native)),
            ("/api/signaling/ws", Some(Dialect::Native)),
            ("/api/signaling/app", Some(Dialect::Native)),
            ("/api/signaling/status", None),
            ("/api/signaling/clients", None),
            ("/webrtc/signalling/", Some(Dialect::Selkies)),
            ("/selkies/selkies/signalling", Some(Dialect::Selkies)),
            ("/signalling", Some(Dialect::Selkies)),
            ("/gstwebrtc", Some(Dialect::GstWebrtc)),
            ("/whep", None),
            ("/", None),
            ("", None),
        ] {
            let handshake = Handshake {
                path,
                ..Handshake::default()
            };
            assert_eq!(dialect(&handshake), expected, "{path}");
        }
    }

    #[test]
    fn on_a_native_path_subprotocol_query_header_and_agent_decide_in_this_order() {
        let mut handshake = Handshake {
            path: "/ws",
            subprotocols: Some("chat, gstwebrtc, selkies"),
            query: Some("selkies"),
            header: Some("gstreamer-1.0"),
            user_agent: Some("Selkies/1.6 (linux)"),
        };
        assert_eq!(
            Dialect::detect(&handshake, &all()),
            Some(Detected {
                dialect: Dialect::GstWebrtc,
                subprotocol: Some("gstwebrtc")
            })
        );
        handshake.subprotocols = Some("chat");
        assert_eq!(
            Dialect::detect(&handshake, &all()),
            Some(Detected {
                dialect: Dialect::Selkies,
                subprotocol: None
            })
        );
        handshake.query = Some("vnc");
        assert_eq!(dialect(&handshake), Some(Dialect::Native));
        handshake.header = None;
        assert_eq!(dialect(&handshake), Some(Dialect::Selkies));
        handshake.user_agent = Some("Mozilla/5.0");
        assert_eq!(dialect(&handshake), Some(Dialect::Native));
    }

    #[test]
    fn a_dialect_that_is_switched_off_is_never_chosen() {
        let native = [crate::protocol::NAME.to_owned()];
        let handshake = Handshake {
            path: "/ws",
            user_agent: Some("selkies"),
            query: Some("selkies"),
            ..Handshake::default()
        };
        let chosen = Dialect::detect(&handshake, &native).unwrap();
        assert_eq!(chosen.dialect, Dialect::Native);
        let handshake = Handshake {
            path: "/x/signalling",
            ..Handshake::default()
        };
        assert_eq!(Dialect::detect(&handshake, &native), None);
    }
}
