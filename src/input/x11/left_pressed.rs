//! The keys and buttons that a killed host has left down: the X server releases nothing when a client of XTEST ends.

use x11rb::connection::RequestConnection;
use x11rb::errors::ReplyError;
use x11rb::protocol::xinput::{self, ConnectionExt as _, InputStateData};

use super::server::{Server, lost};
use crate::input::backend::BackendError;

/// Releases all that XTEST holds down. To be called only if no living host may hold it.
pub(super) fn release(server: &Server) -> Result<(), BackendError> {
    let (keys, buttons) = match held(server) {
        Ok(held) => held,
        Err(ReplyError::ConnectionError(error)) => return Err(lost(error)),
        // There is nothing to release that can be found, and all else works.
        Err(ReplyError::X11Error(error)) => {
            tracing::debug!(kind = ?error.error_kind, "the X server does not say which keys are down");
            return Ok(());
        }
    };
    for key in keys {
        server.fake_key(key, false)?;
    }
    for button in buttons {
        server.fake_button(button, false)?;
    }
    Ok(())
}

/// The keys and buttons that are down on the devices of XTEST; none without XInput, which tells devices apart.
fn held(server: &Server) -> Result<(Vec<u8>, Vec<u8>), ReplyError> {
    let connection = server.connection();
    let (mut keys, mut buttons) = (Vec::new(), Vec::new());
    if connection
        .extension_information(xinput::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Ok((keys, buttons));
    }
    connection.xinput_xi_query_version(2, 2)?.reply()?;
    let devices = connection.xinput_xi_query_device(ALL_DEVICES)?.reply()?.infos;
    for device in devices {
        let is_of_xtest = device.name.windows(NAME.len()).any(|part| part == NAME);
        let Some(device) = u8::try_from(device.deviceid).ok().filter(|_| is_of_xtest) else {
            continue;
        };
        let state = connection.xinput_query_device_state(device)?.reply()?;
        for class in state.classes {
            match class.data {
                InputStateData::Key(state) => keys.extend(set_bits(&state.keys)),
                InputStateData::Button(state) => buttons.extend(set_bits(&state.buttons)),
                _ => {}
            }
        }
    }
    Ok((keys, buttons))
}

fn set_bits(bytes: &[u8; 32]) -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(|bit| bytes[usize::from(bit / 8)] & (1 << (bit % 8)) != 0)
}

const ALL_DEVICES: u16 = 0;
const NAME: &[u8] = b"XTEST";
