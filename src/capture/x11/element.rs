//! The source as GStreamer sees it: properties, caps, life cycle.

use gst::glib;
use gst::prelude::*;

use crate::capture::X11_SOURCE;

glib::wrapper! {
    /// The element.
    pub struct X11Source(ObjectSubclass<imp::X11Source>)
        @extends gst_base::PushSrc, gst_base::BaseSrc, gst::Element, gst::Object;
}

pub(in crate::capture) fn register() -> Result<(), glib::BoolError> {
    gst::Element::register(None, X11_SOURCE, gst::Rank::NONE, X11Source::static_type())
}

mod imp {
    use std::sync::atomic::Ordering;
    use std::sync::{LazyLock, Mutex, OnceLock};

    use gst::glib;
    use gst_base::prelude::*;
    use gst_base::subclass::prelude::*;
    use gst_video::VideoFormat;

    use crate::capture::LEAVE_OUT;
    use crate::capture::control::Control;
    use crate::capture::region::Crop;
    use crate::capture::stream::{Next, Stop, Stream};
    use crate::capture::x11::screen::X11Screen;
    use crate::sync::lock;
    use crate::x11::{Attempt, Reconnect};

    static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
        gst::DebugCategory::new(
            "deskbeamx11src",
            gst::DebugColorFlags::empty(),
            Some("X11 screens, when they change"),
        )
    });

    /// The settings, which outlast a stop.
    #[derive(Debug, Default, Clone)]
    struct Settings {
        display_name: Option<String>,
        xid: u64,
        crop: Crop,
        reconnect: bool,
    }

    /// The element. Each lock is held for a moment only, except for that of `stream`, which only the streaming thread
    /// takes while there is one.
    #[derive(Default)]
    pub struct X11Source {
        settings: Mutex<Settings>,
        control: Control,
        /// Width and height of the frames, in pixels, while there is a connection.
        size: Mutex<Option<(u32, u32)>>,
        /// The negotiated format.
        info: Mutex<Option<gst_video::VideoInfo>>,
        stream: Mutex<Option<Stream<X11Screen>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for X11Source {
        const NAME: &'static str = "DeskbeamX11Source";
        type Type = super::X11Source;
        type ParentType = gst_base::PushSrc;
    }

    impl ObjectImpl for X11Source {
        fn properties() -> &'static [glib::ParamSpec] {
            static PROPERTIES: OnceLock<Vec<glib::ParamSpec>> = OnceLock::new();
            PROPERTIES.get_or_init(|| {
                let edge = |name: &'static str, blurb: &'static str| {
                    glib::ParamSpecUInt::builder(name)
                        .blurb(blurb)
                        .mutable_ready()
                        .build()
                };
                vec![
                    glib::ParamSpecString::builder("display-name")
                        .blurb("The X display, like :0 (null: that of $DISPLAY)")
                        .mutable_ready()
                        .build(),
                    glib::ParamSpecUInt64::builder("xid")
                        .blurb("The window to capture (0: the whole screen)")
                        .mutable_ready()
                        .build(),
                    edge("startx", "The leftmost column of the region, in pixels"),
                    edge("starty", "The topmost row of the region, in pixels"),
                    edge(
                        "endx",
                        "The rightmost column of the region, in pixels (0: the last)",
                    ),
                    edge("endy", "The lowest row of the region, in pixels (0: the last)"),
                    glib::ParamSpecString::builder("region")
                        .blurb("The part of it that is shown alone, as WIDTHxHEIGHT+X+Y (empty: all)")
                        .default_value(Some(""))
                        .mutable_playing()
                        .build(),
                    glib::ParamSpecBoolean::builder("reconnect")
                        .blurb("Whether to wait for the X server when it has gone; without, or with xid, that is an error")
                        .default_value(false)
                        .mutable_ready()
                        .build(),
                    glib::ParamSpecBoolean::builder("show-pointer")
                        .blurb("Whether the pointer is drawn into the video")
                        .default_value(true)
                        .mutable_playing()
                        .build(),
                    glib::ParamSpecUInt::builder("max-framerate")
                        .blurb("How many frames there may be in motion that lasts, in frames per second; for moments twice as many")
                        .minimum(1)
                        .maximum(1000)
                        .default_value(60)
                        .mutable_playing()
                        .build(),
                ]
            })
        }

        fn set_property(&self, _id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
            // The types and ranges are those of the specifications above.
            let number = || value.get::<u32>().unwrap_or_default();
            let mut settings = lock(&self.settings);
            match spec.name() {
                "display-name" => settings.display_name = value.get().unwrap_or_default(),
                "xid" => settings.xid = value.get().unwrap_or_default(),
                "startx" => settings.crop.startx = number(),
                "starty" => settings.crop.starty = number(),
                "endx" => settings.crop.endx = number(),
                "endy" => settings.crop.endy = number(),
                "region" => {
                    let text: Option<String> = value.get().unwrap_or_default();
                    self.control.set_part(text.and_then(|text| text.parse().ok()));
                }
                "reconnect" => settings.reconnect = value.get().unwrap_or_default(),
                "show-pointer" => {
                    let show = value.get().unwrap_or(true);
                    self.control.show_pointer.store(show, Ordering::SeqCst);
                    self.repeat();
                }
                "max-framerate" => {
                    self.control.max_framerate.store(number(), Ordering::SeqCst);
                    drop(settings);
                    self.control.wake();
                    // The rate is in the caps.
                    self.obj().src_pad().mark_reconfigure();
                }
                _ => {}
            }
        }

        fn property(&self, _id: usize, spec: &glib::ParamSpec) -> glib::Value {
            let settings = lock(&self.settings);
            match spec.name() {
                "display-name" => settings.display_name.to_value(),
                "xid" => settings.xid.to_value(),
                "startx" => settings.crop.startx.to_value(),
                "starty" => settings.crop.starty.to_value(),
                "endx" => settings.crop.endx.to_value(),
                "endy" => settings.crop.endy.to_value(),
                "region" => {
                    let part = self.control.part();
                    part.map(|part| part.to_string()).unwrap_or_default().to_value()
                }
                "reconnect" => settings.reconnect.to_value(),
                "show-pointer" => self.control.show_pointer.load(Ordering::SeqCst).to_value(),
                _ => self.control.max_framerate.load(Ordering::SeqCst).to_value(),
            }
        }

        fn constructed(&self) {
            self.parent_constructed();
            let source = self.obj();
            source.set_live(true);
            source.set_format(gst::Format::Time);
        }
    }

    impl GstObjectImpl for X11Source {}

    impl ElementImpl for X11Source {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
            Some(METADATA.get_or_init(|| {
                gst::subclass::ElementMetadata::new(
                    "X11 screen, when it changes",
                    "Source/Video",
                    "Captures an X11 screen or window; makes a frame for each change and none without",
                    "The deskbeam authors",
                )
            }))
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
            TEMPLATES.get_or_init(|| {
                let (always, src) = (gst::PadPresence::Always, gst::PadDirection::Src);
                gst::PadTemplate::new("src", src, always, &caps(None, 0))
                    .into_iter()
                    .collect()
            })
        }
    }

    impl BaseSrcImpl for X11Source {
        fn start(&self) -> Result<(), gst::ErrorMessage> {
            let settings = lock(&self.settings).clone();
            let refused = |reason: String| {
                let display = name_of(&settings);
                gst::error_msg!(
                    gst::ResourceError::OpenRead,
                    ("cannot capture the X display {display}: {reason}")
                )
            };
            self.control.open().map_err(|error| refused(error.to_string()))?;
            let xid =
                u32::try_from(settings.xid).map_err(|_| refused("no window has such a number".to_owned()))?;
            let screen = X11Screen::open(settings.display_name.as_deref(), xid).map_err(refused)?;
            if !screen.shares_memory() {
                gst::warning!(
                    CAT,
                    imp = self,
                    "no shared memory with the X server: this takes more time"
                );
            }
            if !screen.has_raw_motion() {
                gst::warning!(
                    CAT,
                    imp = self,
                    "no XInput 2: the pointer moves only when something is drawn"
                );
            }
            self.control.renew_part();
            let stream = Stream::new(screen, settings.crop).map_err(refused)?;
            gst::debug!(
                CAT,
                imp = self,
                "connected to {}: {:?}",
                name_of(&settings),
                stream.size()
            );
            *lock(&self.size) = Some(stream.size());
            *lock(&self.stream) = Some(stream);
            Ok(())
        }

        fn stop(&self) -> Result<(), gst::ErrorMessage> {
            *lock(&self.stream) = None;
            *lock(&self.size) = None;
            *lock(&self.info) = None;
            Ok(())
        }

        fn is_seekable(&self) -> bool {
            false
        }

        fn caps(&self, filter: Option<&gst::Caps>) -> Option<gst::Caps> {
            let size = *lock(&self.size);
            let frames = self.control.max_framerate.load(Ordering::SeqCst);
            let caps = caps(size, frames);
            Some(match filter {
                Some(filter) => filter.intersect_with_mode(&caps, gst::CapsIntersectMode::First),
                None => caps,
            })
        }

        fn set_caps(&self, caps: &gst::Caps) -> Result<(), gst::LoggableError> {
            let info = gst_video::VideoInfo::from_caps(caps)
                .map_err(|_| gst::loggable_error!(CAT, "not video: {caps}"))?;
            *lock(&self.info) = Some(info);
            Ok(())
        }

        fn unlock(&self) -> Result<(), gst::ErrorMessage> {
            self.control.flushing.store(true, Ordering::SeqCst);
            self.control.wake();
            Ok(())
        }

        fn unlock_stop(&self) -> Result<(), gst::ErrorMessage> {
            self.control.flushing.store(false, Ordering::SeqCst);
            Ok(())
        }

        /// A request for a key frame repeats the last frame: there may be no other one for a long time. A request to
        /// leave a frame out comes for a display that is late.
        fn event(&self, event: &gst::Event) -> bool {
            if gst_video::ForceKeyUnitEvent::is(event) {
                self.repeat();
                return true;
            }
            if event.has_name(LEAVE_OUT) {
                self.control.leave_out.store(true, Ordering::SeqCst);
                return true;
            }
            self.parent_event(event)
        }
    }

    impl PushSrcImpl for X11Source {
        fn create(
            &self,
            _buffer: Option<&mut gst::BufferRef>,
        ) -> Result<gst_base::subclass::base_src::CreateSuccess, gst::FlowError> {
            let mut stream = lock(&self.stream);
            let stream = stream.as_mut().ok_or(gst::FlowError::Flushing)?;
            loop {
                let info = lock(&self.info).clone().ok_or(gst::FlowError::NotNegotiated)?;
                let now = || self.obj().current_running_time();
                match stream.next(&self.control, &info, now) {
                    Ok(Next::Frame(buffer)) => {
                        gst::trace!(CAT, imp = self, "{:?}", buffer.pts());
                        return Ok(gst_base::subclass::base_src::CreateSuccess::NewBuffer(buffer));
                    }
                    Ok(Next::Resized) => {
                        gst::debug!(CAT, imp = self, "now {:?}", stream.size());
                        self.renegotiate(stream)?;
                    }
                    Err(Stop::Flushing) => return Err(gst::FlowError::Flushing),
                    Err(Stop::Failed(reason)) => {
                        let settings = lock(&self.settings).clone();
                        let display = name_of(&settings);
                        // A window does not come back with its X server.
                        if settings.reconnect && settings.xid == 0 && stream.is_lost() {
                            gst::element_imp_warning!(
                                self,
                                gst::ResourceError::Read,
                                ("the X display {display} is lost: {reason}; waiting for it")
                            );
                            self.reconnect(&settings, stream)
                                .ok_or(gst::FlowError::Flushing)?;
                            gst::element_imp_info!(
                                self,
                                gst::ResourceError::Read,
                                ("the X display {display} is back")
                            );
                            self.control.renew_part();
                            self.renegotiate(stream)?;
                            continue;
                        }
                        gst::element_imp_error!(
                            self,
                            gst::ResourceError::Read,
                            ("cannot go on capturing the X display {display}: {reason}")
                        );
                        return Err(gst::FlowError::Error);
                    }
                }
            }
        }
    }

    impl X11Source {
        /// Negotiates the present size of the frames.
        fn renegotiate(&self, stream: &Stream<X11Screen>) -> Result<(), gst::FlowError> {
            *lock(&self.size) = Some(stream.size());
            match self.obj().negotiate() {
                true => Ok(()),
                false => Err(gst::FlowError::NotNegotiated),
            }
        }

        /// Waits until the X server is back, and lets `stream` go on with its screen. `None` if the element is to stop
        /// before.
        fn reconnect(&self, settings: &Settings, stream: &mut Stream<X11Screen>) -> Option<()> {
            let mut reconnect = Reconnect::new();
            let mut open = || {
                let screen = X11Screen::open(settings.display_name.as_deref(), x11rb::NONE)?;
                stream.go_on(screen)
            };
            while !self.control.flushing.load(Ordering::SeqCst) {
                match reconnect.attempt(&mut open) {
                    Attempt::Connected(()) => return Some(()),
                    Attempt::Early(rest) => self.control.sleep(None, Some(rest)).ok()?,
                    Attempt::Failed(reason) => gst::debug!(CAT, imp = self, "not yet: {reason}"),
                }
            }
            None
        }

        fn repeat(&self) {
            self.control.repeat.store(true, Ordering::SeqCst);
            self.control.wake();
        }
    }

    /// The display, for messages.
    fn name_of(settings: &Settings) -> String {
        let from_environment = || std::env::var("DISPLAY").unwrap_or_else(|_| "(DISPLAY is not set)".into());
        settings.display_name.clone().unwrap_or_else(from_environment)
    }

    /// I420 and BGRx, of this width and height and with at most this many frames per second; of any without a size.
    fn caps(size: Option<(u32, u32)>, max_framerate: u32) -> gst::Caps {
        let format = |format: VideoFormat| {
            let mut caps = gst::Structure::builder("video/x-raw")
                .field("format", format.to_str())
                .field("framerate", gst::Fraction::new(0, 1))
                .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
                .field("interlace-mode", "progressive");
            if format == VideoFormat::I420 {
                caps = caps.field("colorimetry", "bt601");
            }
            caps = match size {
                Some((width, height)) => caps
                    .field("width", width as i32)
                    .field("height", height as i32)
                    .field("max-framerate", gst::Fraction::new(max_framerate as i32, 1)),
                None => caps
                    .field("width", gst::IntRange::new(1, i32::MAX))
                    .field("height", gst::IntRange::new(1, i32::MAX)),
            };
            caps.build()
        };
        [VideoFormat::I420, VideoFormat::Bgrx]
            .map(format)
            .into_iter()
            .collect()
    }
}
