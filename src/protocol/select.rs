//! The protocol that the two sides agree on.

use super::client::Negotiate;

/// The outcome of a `protocol-negotiation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selected {
    /// The protocol to speak.
    pub protocol: String,
    /// The others that both sides speak, in the client's order.
    pub fallbacks: Vec<String>,
    /// True if the client named it. If not, it is the host's default.
    pub matched: bool,
}

/// Takes the protocol that the client prefers if `supported` has it, else the first of its list that is supported, else
/// `default`.
pub(crate) fn select(wish: &Negotiate, supported: &[String], default: &str) -> Selected {
    let mut common: Vec<String> = Vec::new();
    for name in wish.preferred.iter().chain(&wish.supported) {
        let name = canonical(name);
        if supported.iter().any(|ours| ours == name) && !common.iter().any(|known| known == name) {
            common.push(name.to_owned());
        }
    }
    let matched = !common.is_empty();
    if !matched {
        common.push(default.to_owned());
    }
    let protocol = common.remove(0);
    Selected {
        protocol,
        fallbacks: common,
        matched,
    }
}

/// Clients call the native protocol "standard", too.
fn canonical(name: &str) -> &str {
    if name == "standard" { super::NAME } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn selected(supported: &[&str], preferred: Option<&str>) -> (String, Vec<String>, bool) {
        let wish = Negotiate {
            supported: texts(supported),
            preferred: preferred.map(str::to_owned),
            capabilities: None,
        };
        let outcome = select(&wish, &texts(&["gstreamer-1.0", "selkies"]), "gstreamer-1.0");
        (outcome.protocol, outcome.fallbacks, outcome.matched)
    }

    #[test]
    fn the_preferred_one_wins_then_the_clients_order_then_the_default() {
        assert_eq!(
            selected(&["gstreamer-1.0", "selkies"], Some("selkies")),
            ("selkies".to_owned(), texts(&["gstreamer-1.0"]), true)
        );
        assert_eq!(
            selected(&["rdp", "selkies", "standard"], Some("rdp")),
            ("selkies".to_owned(), texts(&["gstreamer-1.0"]), true)
        );
        assert_eq!(
            selected(&["rdp"], None),
            ("gstreamer-1.0".to_owned(), vec![], false)
        );
        assert_eq!(selected(&[], None), ("gstreamer-1.0".to_owned(), vec![], false));
    }
}
