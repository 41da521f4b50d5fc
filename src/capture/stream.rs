//! From changes of a screen to buffers.

#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::control::Control;
use super::cursor::{Cursor, Place};
use super::frame::Frame;
use super::limiter::{Limiter, Turn};
use super::pool::Pool;
use super::region::{Crop, Framing, Rows};
use super::screen::{Changes, Grab, Screen};

/// A screen that has changed within this time is in motion.
const MOTION: Duration = Duration::from_millis(100);
/// In motion, a program may still be drawing when its first change is seen: it is done when nothing more has changed
/// for this long.
const SETTLED: Duration = Duration::from_micros(500);
/// The longest wait for a program that draws without end.
const DRAWING: Duration = Duration::from_millis(2);

/// The time after a press of a key or a button within which its effect is drawn, and the longest interval of frames in
/// that time: a low frame rate is to save work, and not to delay an echo.
const EFFECT: Duration = Duration::from_millis(300);
const QUICK: Duration = Duration::from_millis(50);

/// The next thing that a stream gives.
pub(super) enum Next {
    /// Frames have another size from now on: [`Stream::size`].
    Resized,
    /// A frame, with its timestamp.
    Frame(gst::Buffer),
}

/// The reason why a stream gives nothing.
pub(super) enum Stop {
    /// The element is flushing.
    Flushing,
    /// Capturing failed, for this reason.
    Failed(String),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// A capture that runs. Belongs to the streaming thread.
pub(super) struct Stream<S> {
    screen: S,
    framing: Framing,
    changes: Changes,
    /// The running time at which the first of the changes was seen.
    changed_at: Option<gst::ClockTime>,
    limiter: Limiter,
    last_frame: Option<Instant>,
    /// The time of the last press of a key or a button.
    pressed_at: Option<Instant>,
    cursor: Option<Cursor>,
    /// The place of the cursor in the region.
    place: Option<Place>,
    frame: Option<Frame>,
    pool: Option<Pool>,
    last_pts: Option<gst::ClockTime>,
}

impl<S: Screen> Stream<S> {
    /// Captures `crop` of `screen`. The first frame shows everything and comes at once.
    ///
    /// # Errors
    /// If the crop is beyond the edge of the screen.
    pub(super) fn new(screen: S, crop: Crop) -> Result<Self, String> {
        let mut stream = Self {
            changes: Changes::all(screen.region()),
            screen,
            framing: Framing { crop, part: None },
            changed_at: None,
            limiter: Limiter::default(),
            last_frame: None,
            pressed_at: None,
            cursor: None,
            place: None,
            frame: None,
            pool: None,
            last_pts: None,
        };
        stream.measure()?;
        Ok(stream)
    }

    /// Goes on with another screen, all of which is in the next frame. Timestamps go on, too.
    ///
    /// # Errors
    /// If the crop is beyond the edge of the screen.
    pub(super) fn go_on(&mut self, screen: S) -> Result<(), String> {
        *self = Self {
            last_pts: self.last_pts,
            ..Self::new(screen, self.framing.crop)?
        };
        Ok(())
    }

    /// True if the display server has gone.
    pub(super) fn is_lost(&self) -> bool {
        self.screen.is_lost()
    }

    /// Width and height of the frames, in pixels.
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
                self.framing.part = part;
                self.changes.window = true;
            }
            if std::mem::take(&mut self.changes.window) && self.measure()? {
                return Ok(Next::Resized);
            }
            if self.screen.grab(&self.changes.rows)? == Grab::Unseen {
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
                self.limiter.take(now, self.interval(control, now));
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
            if std::mem::take(&mut self.changes.press) {
                self.press(control, Instant::now());
            }
            let interval = self.interval(control, Instant::now());
            if control.leave_out.swap(false, Ordering::SeqCst) {
                self.limiter.leave_out(Instant::now(), interval);
            }
            let is_wanted = control.repeat.load(Ordering::SeqCst) || control.is_part_new();
            let mut awaits_change = true;
            let mut limit = None;
            if self.changes.is_any() || is_wanted {
                self.changed_at = self.changed_at.or_else(now);
                match self.limiter.turn(Instant::now(), interval) {
                    // At a low rate, a press ends the wait.
                    Turn::In(rest) => (awaits_change, limit) = (interval > QUICK, Some(rest)),
                    Turn::LeftOut { with, longest } if !is_wanted => {
                        control
                            .sleep(None, Some(with))
                            .map_err(|error| error.to_string())?;
                        self.screen.changes(&mut self.changes)?;
                        self.screen.expect_more()?;
                        self.changed_at = None;
                        limit = Some(longest.saturating_sub(with));
                    }
                    Turn::Now | Turn::LeftOut { .. } => return self.settle(control),
                }
            }
            let next_change = awaits_change.then(|| self.screen.fd());
            control
                .sleep(next_change, limit)
                .map_err(|error| error.to_string())?;
        }
    }

    /// Takes note of a press. At a rate that is too low for its effect, frames may come faster for a while.
    fn press(&mut self, control: &Control, now: Instant) {
        self.pressed_at = Some(now);
        if control.interval() > QUICK {
            self.limiter.hurry(now, QUICK);
        }
    }

    /// The time between two frames at this moment.
    fn interval(&self, control: &Control, now: Instant) -> Duration {
        let interval = control.interval();
        match self.pressed_at {
            Some(at) if now - at < EFFECT => interval.min(QUICK),
            _ => interval,
        }
    }

    /// Waits, in motion, until the program has drawn the frame: half of one would cost as much, and be seen. After a
    /// rest there is no wait.
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

    /// Asks for the size of the screen. Returns `true` if the region has another size or place; all of its pixels are
    /// to be read anew in any case.
    fn measure(&mut self) -> Result<bool, String> {
        let (width, height) = self.screen.size()?;
        let region = self.framing.region(width, height)?;
        let is_changed = region != self.screen.region();
        if is_changed {
            self.screen.set_region(region);
            self.frame = None;
            self.place = None;
        }
        self.changes.rows = self.screen.region().rows();
        Ok(is_changed)
    }

    /// Asks for the position of the pointer and, if it has changed, for its image.
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

    /// Begins a new frame and its pool of buffers if `info` is not the format of the last one. Returns `true` if so.
    fn renew(&mut self, info: &gst_video::VideoInfo) -> Result<bool, Stop> {
        if self.frame.as_ref().is_some_and(|frame| frame.info() == info) {
            return Ok(false);
        }
        if (info.width(), info.height()) != self.size() {
            let (width, height) = self.size();
            return Err(Stop::Failed(format!(
                "{width}x{height} pixels were not negotiated"
            )));
        }
        self.pool = Some(Pool::new(info).map_err(|error| error.to_string())?);
        self.frame = Some(Frame::new(info.clone()));
        Ok(true)
    }

    /// Converts the rows that were read, and those where the cursor was and is.
    fn update(&mut self, rows: &Rows, before: Option<&Place>) -> Result<(), Stop> {
        let pointer = self.cursor.as_ref().zip(self.place.as_ref());
        let Some(frame) = &mut self.frame else {
            return Ok(());
        };
        let mut update = |rows: &Rows| frame.update(self.screen.pixels(), rows, pointer);
        let mut updated = update(rows);
        if before != self.place.as_ref() {
            for place in [before, self.place.as_ref()].into_iter().flatten() {
                updated = updated.and_then(|()| update(&place.rows));
            }
        }
        updated.map_err(|error| Stop::Failed(error.to_string()))
    }

    /// Copies the frame into a buffer.
    fn buffer(&mut self, changed_at: Option<gst::ClockTime>) -> Result<gst::Buffer, Stop> {
        let failed = |what: &str| Stop::Failed(format!("{what} for a frame"));
        let (Some(frame), Some(pool)) = (&self.frame, &self.pool) else {
            return Err(failed("nothing was converted"));
        };
        let mut buffer = pool.acquire().map_err(|_| failed("there is no memory"))?;
        let target = buffer
            .get_mut()
            .ok_or_else(|| failed("there is no memory of our own"))?;
        let pointer = self.cursor.as_ref().zip(self.place.as_ref());
        frame.write(
            self.screen.pixels(),
            pointer,
            &mut target.map_writable().map_err(|_| failed("there is no memory"))?,
        );
        let earliest = self
            .last_pts
            .map_or(gst::ClockTime::ZERO, |last| last + gst::ClockTime::NSECOND);
        let pts = changed_at.unwrap_or_default().max(earliest);
        target.set_pts(pts);
        self.last_pts = Some(pts);
        Ok(buffer)
    }
}
