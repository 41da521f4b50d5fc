//! From changes on the screen to buffers.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gst::prelude::*;

use super::control::Control;
use super::limiter::{Limiter, Turn};
use super::picture::Picture;
use super::pointer::{Cursor, Place};
use super::region::Rows;
use super::screen::{Changes, Grab, Screen};

/// A picture that has changed within this time is in motion.
const MOTION: Duration = Duration::from_millis(100);
/// In motion, a program may still be drawing when its first change is seen: it has ended when nothing more has changed
/// for this long.
const SETTLED: Duration = Duration::from_micros(500);
/// For so long a program that draws without end is waited for.
const DRAWING: Duration = Duration::from_millis(2);

/// What comes next.
pub(super) enum Next {
    /// The picture has another size from now on: [`Stream::size`].
    Resized,
    /// A frame, with its timestamp.
    Frame(gst::Buffer),
}

/// Why nothing comes.
pub(super) enum Stop {
    /// Somebody asked for it.
    Flushing,
    /// The display is lost, or something else is; the reason.
    Failed(String),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// A capture that runs. Belongs to the streaming thread.
pub(super) struct Stream {
    screen: Screen,
    changes: Changes,
    /// When the first of the changes was seen, in running time.
    changed_at: Option<gst::ClockTime>,
    limiter: Limiter,
    last_frame: Option<Instant>,
    cursor: Option<Cursor>,
    /// Where the pointer is in the picture.
    place: Option<Place>,
    picture: Option<Picture>,
    pool: Option<Pool>,
    last_pts: Option<gst::ClockTime>,
}

impl Stream {
    /// The first frame has everything and comes at once.
    pub(super) fn new(screen: Screen) -> Self {
        let changes = Changes::all(screen.region());
        Self {
            screen,
            changes,
            changed_at: None,
            limiter: Limiter::default(),
            last_frame: None,
            cursor: None,
            place: None,
            picture: None,
            pool: None,
            last_pts: None,
        }
    }

    /// Goes on with another screen, with everything in its first frame. Time goes on, too.
    pub(super) fn go_on(&mut self, screen: Screen) {
        *self = Self {
            last_pts: self.last_pts,
            ..Self::new(screen)
        };
    }

    /// Whether the X server has gone.
    pub(super) fn is_lost(&self) -> bool {
        self.screen.is_lost()
    }

    /// Width and height of the picture, in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        let region = self.screen.region();
        (region.width.into(), region.height.into())
    }

    /// Waits until there is something to show, and makes a frame of it as `info` says. `now` is the running time.
    pub(super) fn next(
        &mut self,
        control: &Control,
        info: &gst_video::VideoInfo,
        now: impl Fn() -> Option<gst::ClockTime>,
    ) -> Result<Next, Stop> {
        loop {
            self.wait(control, &now)?;
            if let Some(part) = control.take_part() {
                self.screen.set_part(part);
                self.changes.window = true;
            }
            if std::mem::take(&mut self.changes.window) && self.measure()? {
                return Ok(Next::Resized);
            }
            if self.screen.grab(&mut self.changes)? == Grab::Unseen {
                if self.measure()? {
                    return Ok(Next::Resized);
                }
                self.changes.rows = 0..0;
            }
            // Before what it may be wanted for is looked at.
            let is_wanted = control.repeat.swap(false, Ordering::SeqCst);
            let before = self.place.clone();
            self.follow_pointer(control)?;
            let rows = std::mem::take(&mut self.changes.rows);
            let changed_at = self.changed_at.take();
            let is_new = self.renew(info)?;
            if is_new || is_wanted || !rows.is_empty() || before != self.place {
                let rows = if is_new { self.screen.region().rows() } else { rows };
                self.update(&rows, before.as_ref())?;
                let now = Instant::now();
                self.limiter.take(now, control.interval());
                self.last_frame = Some(now);
                return self.buffer(changed_at).map(Next::Frame);
            }
        }
    }

    /// Returns when there is a change that the limiter lets through.
    fn wait(&mut self, control: &Control, now: &impl Fn() -> Option<gst::ClockTime>) -> Result<(), Stop> {
        loop {
            if control.flushing.load(Ordering::SeqCst) {
                return Err(Stop::Flushing);
            }
            self.screen.changes(&mut self.changes)?;
            let interval = control.interval();
            if control.leave_out.swap(false, Ordering::SeqCst) {
                self.limiter.leave_out(Instant::now(), interval);
            }
            let is_wanted = control.repeat.load(Ordering::SeqCst) || control.is_part_new();
            let mut next_change = Some(self.screen.fd());
            let mut limit = None;
            if self.changes.is_any() || is_wanted {
                self.changed_at = self.changed_at.or_else(now);
                match self.limiter.turn(Instant::now(), interval) {
                    Turn::In(rest) => (next_change, limit) = (None, Some(rest)),
                    Turn::LeftOut { with, longest } if !is_wanted => {
                        control
                            .sleep(None, Some(with))
                            .map_err(|error| error.to_string())?;
                        self.screen.changes(&mut self.changes)?;
                        self.screen.expect_more(&mut self.changes)?;
                        self.changed_at = None;
                        limit = Some(longest.saturating_sub(with));
                    }
                    Turn::Now | Turn::LeftOut { .. } => return self.settle(control),
                }
            }
            control
                .sleep(next_change, limit)
                .map_err(|error| error.to_string())?;
        }
    }

    /// In motion, waits until the program has drawn the frame: half of one would cost as much, and be seen. After a
    /// rest nothing is waited for.
    fn settle(&mut self, control: &Control) -> Result<(), Stop> {
        let start = Instant::now();
        if self.last_frame.is_none_or(|last| start - last > MOTION) {
            return Ok(());
        }
        loop {
            let before = Instant::now();
            let slept = control.sleep(Some(self.screen.fd()), Some(SETTLED));
            slept.map_err(|error| error.to_string())?;
            self.screen.changes(&mut self.changes)?;
            if before.elapsed() >= SETTLED || start.elapsed() >= DRAWING {
                return Ok(());
            }
        }
    }

    /// Looks at the window anew. `true`: the region has another size or place.
    fn measure(&mut self) -> Result<bool, Stop> {
        let is_changed = self.screen.measure()?;
        if is_changed {
            self.picture = None;
            self.place = None;
        }
        self.changes.rows = self.screen.region().rows();
        Ok(is_changed)
    }

    /// Looks where the pointer is and, if that has changed, what it looks like.
    fn follow_pointer(&mut self, control: &Control) -> Result<(), Stop> {
        self.changes.pointer = false;
        if std::mem::take(&mut self.changes.cursor) {
            self.cursor = None;
        }
        self.place = None;
        if control.show_pointer.load(Ordering::Relaxed) {
            let cursor = match self.cursor.take() {
                Some(cursor) => cursor,
                None => self.screen.cursor()?,
            };
            let region = self.screen.region();
            self.place = self
                .screen
                .pointer()?
                .and_then(|(x, y)| cursor.place(region, x, y));
            self.cursor = Some(cursor);
        }
        Ok(())
    }

    /// Begins a new picture and its pool of buffers if `info` is not what the last one was made for.
    fn renew(&mut self, info: &gst_video::VideoInfo) -> Result<bool, Stop> {
        if self
            .picture
            .as_ref()
            .is_some_and(|picture| picture.info() == info)
        {
            return Ok(false);
        }
        if (info.width(), info.height()) != self.size() {
            let (width, height) = self.size();
            return Err(Stop::Failed(format!(
                "{width}x{height} pixels were not negotiated"
            )));
        }
        self.pool = Some(Pool::new(info).map_err(|error| error.to_string())?);
        self.picture = Some(Picture::new(info.clone()));
        Ok(true)
    }

    /// Takes over the rows that were read, and those where the pointer was and is.
    fn update(&mut self, rows: &Rows, before: Option<&Place>) -> Result<(), Stop> {
        let pointer = self.cursor.as_ref().zip(self.place.as_ref());
        let Some(picture) = &mut self.picture else {
            return Ok(());
        };
        let mut update = |rows: &Rows| picture.update(self.screen.pixels(), rows, pointer);
        let mut updated = update(rows);
        if before != self.place.as_ref() {
            for place in [before, self.place.as_ref()].into_iter().flatten() {
                updated = updated.and_then(|()| update(&place.rows));
            }
        }
        updated.map_err(|error| Stop::Failed(error.to_string()))
    }

    /// The picture as a buffer.
    fn buffer(&mut self, changed_at: Option<gst::ClockTime>) -> Result<gst::Buffer, Stop> {
        let failed = |what: &str| Stop::Failed(format!("{what} for a frame"));
        let (Some(picture), Some(pool)) = (&self.picture, &self.pool) else {
            return Err(failed("there is no picture"));
        };
        let mut buffer = pool
            .0
            .acquire_buffer(None)
            .map_err(|_| failed("there is no memory"))?;
        let frame = buffer
            .get_mut()
            .ok_or_else(|| failed("there is no memory of our own"))?;
        let pointer = self.cursor.as_ref().zip(self.place.as_ref());
        picture.write(
            self.screen.pixels(),
            pointer,
            &mut frame.map_writable().map_err(|_| failed("there is no memory"))?,
        );
        let earliest = self
            .last_pts
            .map_or(gst::ClockTime::ZERO, |last| last + gst::ClockTime::NSECOND);
        let pts = changed_at.unwrap_or_default().max(earliest);
        frame.set_pts(pts);
        self.last_pts = Some(pts);
        Ok(buffer)
    }
}

/// Buffers that are used again. Those that are still somewhere else when it is dropped live on.
struct Pool(gst_video::VideoBufferPool);

impl Pool {
    fn new(info: &gst_video::VideoInfo) -> Result<Self, glib::BoolError> {
        let pool = gst_video::VideoBufferPool::new();
        let mut config = pool.config();
        config.set_params(Some(&info.to_caps()?), info.size() as u32, 2, 0);
        pool.set_config(config)?;
        pool.set_active(true)?;
        Ok(Self(pool))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.0.set_active(false);
    }
}
