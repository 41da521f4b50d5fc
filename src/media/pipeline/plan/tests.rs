use super::*;
use crate::media::pipeline::validate::check_file;

fn options() -> StreamOptions {
    crate::media::init().unwrap();
    StreamOptions {
        capture: "test".to_owned(),
        encoder: "auto".to_owned(),
        pipeline: None,
        directory: None,
        display: None,
        fps: 30,
        bitrate_kbps: 1234,
        per_viewer_encoder: false,
        trial_program: None,
    }
}

fn error(options: &StreamOptions) -> String {
    Plan::new(options).unwrap_err().to_string()
}

#[test]
fn auto_offers_each_codec_once_and_prefers_the_highest_rank() {
    let plan = Plan::new(&options()).unwrap();
    assert_eq!(
        plan.codecs().collect::<Vec<_>>(),
        [Codec::H264, Codec::Vp8, Codec::Vp9, Codec::Av1]
    );
    let names = |codec| {
        plan.encoders_of(codec)
            .map(EncoderSpec::label)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(Codec::H264), ["x264", "openh264"]);
    let choose = |codecs: &[&str]| {
        let codecs: Vec<_> = codecs.iter().map(|&name| name.to_owned()).collect();
        plan.codec_for(&codecs).map(Option::unwrap)
    };
    assert_eq!(choose(&[]), Ok(Codec::H264));
    assert_eq!(choose(&["AV1", "vp8", "h264"]), Ok(Codec::H264));
    assert_eq!(choose(&["VP8"]), Ok(Codec::Vp8));
    assert!(
        choose(&["H265"])
            .unwrap_err()
            .to_string()
            .contains("H264 and VP8")
    );
}

#[test]
fn the_flags_are_in_the_text_that_runs() {
    let text = Plan::new(&options()).unwrap().launch_text();
    assert!(text.contains("caps=video/x-raw,framerate=30/1 "), "{text}");
    assert!(text.contains(" bitrate=1234 "), "{text}");
    let vp8 = StreamOptions {
        encoder: "vp8".to_owned(),
        ..options()
    };
    let text = Plan::new(&vp8).unwrap().launch_text();
    assert!(
        text.contains(" target-bitrate=1234000 ") && text.contains("rtpvp8pay"),
        "{text}"
    );
    let x11 = StreamOptions {
        capture: "x11".to_owned(),
        display: Some(":7".to_owned()),
        ..options()
    };
    assert!(Plan::new(&x11).unwrap().launch_text().contains("display-name=:7"));
}

#[test]
fn text_is_taken_unchanged_and_its_codec_is_detected() {
    let text = StreamOptions {
        capture: "videotestsrc is-live=true pattern=snow".to_owned(),
        encoder: "vp8enc deadline=1 target-bitrate=42".to_owned(),
        ..options()
    };
    let Plan::Shared { encoders, .. } = Plan::new(&text).unwrap() else {
        panic!()
    };
    assert_eq!(encoders[0].codec, Codec::Vp8);
    assert!(
        encoders[0]
            .description
            .text
            .ends_with("vp8enc deadline=1 target-bitrate=42")
    );
    let unclear = StreamOptions {
        encoder: "identity".to_owned(),
        ..options()
    };
    assert!(
        error(&unclear).contains("codec of its output"),
        "{}",
        error(&unclear)
    );
}

#[test]
fn a_codec_chooses_its_best_encoder() {
    let h264 = StreamOptions {
        encoder: "H264".to_owned(),
        ..options()
    };
    let Plan::Shared { encoders, .. } = Plan::new(&h264).unwrap() else {
        panic!()
    };
    assert_eq!(encoders[0].label(), "x264");
    assert!(encoders.iter().all(|encoder| encoder.codec == Codec::H264));
}

#[test]
fn an_unknown_name_is_refused_with_the_known_names() {
    let message = error(&StreamOptions {
        encoder: "x265".to_owned(),
        ..options()
    });
    assert!(
        message.contains("\"x265\"") && message.contains("auto, x264, ") && message.contains("vp8"),
        "{message}"
    );
}

#[test]
fn a_whole_pipeline_needs_its_webrtcbin() {
    let whole = |text: &str| StreamOptions {
        pipeline: Some(text.to_owned()),
        ..options()
    };
    let good = "videotestsrc is-live=true ! vp8enc ! rtpvp8pay ! application/x-rtp,payload=96 ! webrtcbin name=webrtc";
    assert_eq!(Plan::new(&whole(good)).unwrap().launch_text(), good);
    assert!(error(&whole("videotestsrc ! fakesink")).contains("webrtcbin name=webrtc"));
    assert!(error(&whole("/no/such/file")).contains("neither a file nor"));
}

#[test]
fn a_file_whose_header_names_a_missing_element_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let check = |contents: &str| {
        let path = directory.path().join("f.launch");
        std::fs::write(&path, contents).unwrap();
        check_file(&path).map_err(|error| error.to_string())
    };
    crate::media::init().unwrap();
    assert!(check("# kind: capture\nvideotestsrc is-live=true").is_ok());
    for (contents, part) in [
        (
            "# kind: encode\n# bitrate: enc.bitrate kbit/s\nvp8enc name=other",
            "called \"enc\"",
        ),
        (
            "# kind: encode\n# bitrate: enc.bitrate kbit/s\nvp8enc name=enc",
            "no property \"bitrate\"",
        ),
        ("# kind: encode\n# needs: nosuchenc\nvp8enc", "\"nosuchenc\""),
        ("# kind: encode\nvp8en", "no element \"vp8en\""),
        ("# kind: capture\nvideotestsrc", "is-live=true"),
        ("# kind: encode\n# restart: never\nvp8enc", "key-frames"),
        ("# kind: nothing\nvp8enc", ".launch:1: kind must"),
    ] {
        let message = check(contents).unwrap_err();
        assert!(message.contains(part), "{contents}: {message}");
    }
}

#[test]
fn every_shipped_file_with_its_elements_installed_is_valid() {
    crate::media::init().unwrap();
    let library = Library::load(None).unwrap();
    // Their plugins are installed only with the hardware.
    let hardware = ["nvenc", "qsv", "v4l2", "va"];
    let mut missing = Vec::new();
    for description in library.all() {
        if parse::require("", &description.needs).is_ok() {
            check_targets(
                description,
                &parse::parse_part(&description.origin, &description.text).unwrap(),
            )
            .unwrap();
        } else if !hardware.contains(&description.name.as_str()) {
            missing.push(&description.name);
        }
    }
    assert!(
        missing.is_empty(),
        "files whose elements are not installed: {missing:?}"
    );
}

#[test]
fn a_source_that_is_not_live_is_refused_with_the_words_to_add() {
    let capture = |text: &str| StreamOptions {
        capture: text.to_owned(),
        ..options()
    };
    for (text, words) in [
        ("videotestsrc ! videoconvert", "videotestsrc is-live=true"),
        (
            "filesrc location=/dev/null ! decodebin ! videoconvert",
            "! clocksync",
        ),
    ] {
        let message = error(&capture(text));
        assert!(
            message.contains("not live") && message.contains(words),
            "{text}: {message}"
        );
        let whole = StreamOptions {
            pipeline: Some(format!("{text} ! vp8enc ! rtpvp8pay ! webrtcbin name=webrtc")),
            ..options()
        };
        let message = error(&whole);
        assert!(
            message.contains("not live") && message.contains(words),
            "{text}: {message}"
        );
    }
    for text in [
        "videotestsrc is-live=true",
        "videotestsrc ! clocksync",
        "videotestsrc ! identity sync=true",
        "filesrc location=/dev/null ! decodebin ! videoconvert ! clocksync",
        "filesrc location=/dev/null ! pngdec ! imagefreeze is-live=true",
        "ximagesrc ! videoconvert ! compositor name=mix filesrc location=/dev/null ! pngdec ! imagefreeze ! mix. mix.",
    ] {
        let plan = Plan::new(&capture(text));
        assert!(plan.is_ok(), "{text}: {:?}", plan.err());
    }
}

#[test]
fn an_encoder_from_the_command_line_gets_colours_that_browsers_decode() {
    let encoder = |text: &str| {
        let options = StreamOptions {
            encoder: text.to_owned(),
            ..options()
        };
        Plan::new(&options).unwrap().launch_text()
    };
    for text in [
        "x264enc tune=zerolatency",
        "videoconvert ! x264enc tune=zerolatency",
        "videoconvert!x264enc",
    ] {
        let own = encoder(text);
        assert!(own.contains("format=I420 ! x264enc"), "{own}");
    }
    let own = encoder("video/x-raw,format=Y444 ! vp9enc");
    assert!(
        own.contains("videoconvert ! video/x-raw,format=Y444 ! vp9enc"),
        "{own}"
    );
}
