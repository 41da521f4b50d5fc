//! Routing of GStreamer's log into ours.

/// Sends GStreamer's log to `tracing`, target `gstreamer`, one level lower than GStreamer ranks it: an error of an
/// element is rarely an error of the host. `GST_DEBUG` sets the threshold; the default is warnings. Must be called
/// once, after `gst::init`.
pub fn route_to_tracing() {
    if std::env::var_os("GST_DEBUG").is_none() {
        gst::log::set_default_threshold(gst::DebugLevel::Warning);
    }
    gst::log::remove_default_log_function();
    gst::log::add_log_function(|category, level, _file, _function, _line, object, message| {
        let category = category.name();
        let object = object.map(ToString::to_string).unwrap_or_default();
        let Some(message) = message.get() else { return };
        match level {
            gst::DebugLevel::Error => tracing::warn!(target: "gstreamer", category, object, "{message}"),
            gst::DebugLevel::Warning => tracing::debug!(target: "gstreamer", category, object, "{message}"),
            _ => tracing::trace!(target: "gstreamer", category, object, "{message}"),
        }
    });
}
