//! GStreamer's own log, as part of ours.

/// Sends GStreamer's log to `tracing`, target `gstreamer`, one level lower than GStreamer ranks it: what is an
/// error to an element is seldom one to the host. `GST_DEBUG` chooses what is logged; errors and warnings are, if
/// it says nothing. To be called once, after `gst::init`.
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
