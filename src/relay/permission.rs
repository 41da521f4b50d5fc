//! The refusal of requests that name an address which the client may not reach. Pure.

use std::net::SocketAddr;

use turn_types::attribute::XorPeerAddress;
use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION};
use turn_types::stun::attribute::{Attribute as _, AttributeFromRaw, AttributeStaticType, ErrorCode};
use turn_types::stun::message::{
    IntegrityAlgorithm, Message, MessageClass, MessageIntegrityCredentials, MessageWrite, MessageWriteExt,
    MessageWriteVec,
};

/// The response 403 (RFC 8656, section 9.2) to a request for an address that `may_reach` denies. `None`: the request may
/// go on to the server, which also answers one whose sender is not who owns `credentials`.
pub(super) fn refusal(
    message: &Message<'_>,
    credentials: &MessageIntegrityCredentials,
    may_reach: impl Fn(SocketAddr) -> bool,
) -> Option<Vec<u8>> {
    let asks = message.has_class(MessageClass::Request)
        && [CREATE_PERMISSION, CHANNEL_BIND].contains(&message.method());
    if !asks || peers(message).all(may_reach) {
        return None;
    }
    let algorithm = message.validate_integrity(credentials).ok()?;
    forbidden(message, credentials, algorithm)
}

/// The addresses that `message` names.
fn peers<'a>(message: &'a Message<'_>) -> impl Iterator<Item = SocketAddr> + 'a {
    message
        .iter_attributes()
        .filter(|(_, attribute)| attribute.get_type() == XorPeerAddress::TYPE)
        .filter_map(|(_, attribute)| XorPeerAddress::from_raw(attribute).ok())
        .map(|address| address.addr(message.transaction_id()))
}

fn forbidden(
    request: &Message<'_>,
    credentials: &MessageIntegrityCredentials,
    algorithm: IntegrityAlgorithm,
) -> Option<Vec<u8>> {
    let code = ErrorCode::builder(ErrorCode::FORBIDDEN).build().ok()?;
    let mut response = Message::builder_error(request, MessageWriteVec::new());
    response.add_attribute(&code).ok()?;
    response.add_message_integrity(credentials, algorithm).ok()?;
    Some(response.finish())
}
