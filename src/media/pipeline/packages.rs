//! Debian packages of GStreamer elements, for the error that says what to install.

/// The GStreamer plugin of an element, and the Debian (and Ubuntu) package that ships it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Package {
    /// The plugin, as `gst-inspect-1.0` lists it.
    pub plugin: &'static str,
    /// The Debian package.
    pub debian: &'static str,
}

/// Returns the package of `element`, if the table has it.
pub(crate) fn package_of(element: &str) -> Option<Package> {
    ELEMENTS
        .iter()
        .find(|(_, _, elements)| elements.contains(&element))
        .map(|&(plugin, debian, _)| Package { plugin, debian })
}

const BASE: &str = "gstreamer1.0-plugins-base";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";
const UGLY: &str = "gstreamer1.0-plugins-ugly";

const ELEMENTS: &[(&str, &str, &[&str])] = &[
    (
        "coreelements",
        "libgstreamer1.0-0",
        &[
            "queue",
            "capsfilter",
            "identity",
            "tee",
            "fakesink",
            "fakesrc",
            "valve",
        ],
    ),
    ("app", BASE, &["appsrc", "appsink"]),
    ("audioconvert", BASE, &["audioconvert"]),
    ("audioresample", BASE, &["audioresample"]),
    ("audiotestsrc", BASE, &["audiotestsrc"]),
    ("opus", BASE, &["opusenc", "opusdec"]),
    (
        "videoconvertscale",
        BASE,
        &["videoconvert", "videoscale", "videoconvertscale"],
    ),
    ("videorate", BASE, &["videorate"]),
    ("videotestsrc", BASE, &["videotestsrc"]),
    ("debug", GOOD, &["navseek", "progressreport"]),
    ("multifile", GOOD, &["multifilesrc"]),
    ("pulseaudio", GOOD, &["pulsesrc", "pulsesink"]),
    (
        "rtp",
        GOOD,
        &[
            "rtph264pay",
            "rtph264depay",
            "rtpvp8pay",
            "rtpvp8depay",
            "rtpvp9pay",
            "rtpvp9depay",
            "rtpopuspay",
            "rtph265pay",
        ],
    ),
    ("rtpmanager", GOOD, &["rtpbin", "rtpsession", "rtpjitterbuffer"]),
    ("video4linux2", GOOD, &["v4l2src", "v4l2h264enc"]),
    ("videobox", GOOD, &["videobox"]),
    ("videocrop", GOOD, &["videocrop"]),
    ("videofilter", GOOD, &["videoflip", "videobalance"]),
    ("vpx", GOOD, &["vp8enc", "vp8dec", "vp9enc", "vp9dec"]),
    ("ximagesrc", GOOD, &["ximagesrc"]),
    ("aom", BAD, &["av1enc", "av1dec"]),
    ("dtls", BAD, &["dtlsenc", "dtlsdec", "dtlssrtpenc", "dtlssrtpdec"]),
    ("msdk", BAD, &["msdkh264enc"]),
    ("nvcodec", BAD, &["nvh264enc", "nvcudah264enc", "nvh265enc"]),
    ("openh264", BAD, &["openh264enc", "openh264dec"]),
    ("qsv", BAD, &["qsvh264enc"]),
    ("sctp", BAD, &["sctpenc", "sctpdec"]),
    ("srtp", BAD, &["srtpenc", "srtpdec"]),
    ("va", BAD, &["vah264enc", "vah264lpenc", "vapostproc"]),
    (
        "videoparsersbad",
        BAD,
        &["h264parse", "h265parse", "av1parse", "vp9parse"],
    ),
    ("webrtc", BAD, &["webrtcbin"]),
    ("x265", BAD, &["x265enc"]),
    ("x264", UGLY, &["x264enc"]),
    ("nice", "gstreamer1.0-nice", &["nicesrc", "nicesink"]),
    ("libav", "gstreamer1.0-libav", &["avdec_h264", "avenc_h264_omx"]),
    (
        "pango",
        "gstreamer1.0-x",
        &["textoverlay", "timeoverlay", "clockoverlay"],
    ),
    (
        "pipewire",
        "gstreamer1.0-pipewire",
        &["pipewiresrc", "pipewiresink"],
    ),
    ("vaapi", "gstreamer1.0-vaapi", &["vaapih264enc", "vaapipostproc"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;

    #[test]
    fn the_table_names_the_plugin_of_each_installed_element() {
        gst::init().unwrap();
        let mut checked = 0;
        for (plugin, _, elements) in ELEMENTS {
            for element in *elements {
                if let Some(factory) = gst::ElementFactory::find(element) {
                    assert_eq!(factory.plugin_name().as_deref(), Some(*plugin), "{element}");
                    checked += 1;
                }
            }
        }
        assert!(checked > 30, "only {checked} of the elements are installed");
    }
}
