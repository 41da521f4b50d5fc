//! The H.264 profile of a whole pipeline, which shows in the host's description only.

/// Checks that browsers decode the H.264 profiles in the host's description.
///
/// # Errors
/// A sentence that names the profile and the words to add to the pipeline.
pub(super) fn check_profiles(sdp: &str) -> Result<(), String> {
    let levels = sdp.split("profile-level-id=").skip(1);
    let profiles = levels.filter_map(|level| u8::from_str_radix(level.get(..2)?, 16).ok());
    for profile in profiles {
        let name = match profile {
            0x6e => "High 10",
            0x7a => "High 4:2:2",
            0x2c | 0xf4 => "High 4:4:4",
            _ => continue,
        };
        let reason = format!(
            "The pipeline encodes H.264 in the profile {name}, which browsers cannot decode. Add before the encoder: \
             ! video/x-raw,format=I420"
        );
        tracing::error!("{reason}");
        return Err(reason);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_for_more_colours_are_refused_with_the_remedy() {
        let line = |id: &str| format!("a=fmtp:96 packetization-mode=1;profile-level-id={id};x=y\r\n");
        for id in ["42c01f", "42e01f", "4d001f", "640c1f", "", "x", "é"] {
            assert_eq!(check_profiles(&line(id)), Ok(()), "{id}");
        }
        for (id, name) in [("f4001f", "4:4:4"), ("7A001f", "4:2:2"), ("6e001f", "High 10")] {
            let error = check_profiles(&(line("42c01f") + &line(id))).unwrap_err();
            assert!(error.contains(name) && error.contains("format=I420"), "{error}");
        }
    }
}
