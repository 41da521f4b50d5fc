//! The linear trend of measurements.

/// Measurements over time.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Hours since the start, and the value.
    points: Vec<(f64, f64)>,
}

impl Line {
    pub(crate) fn add(&mut self, hours: f64, value: f64) {
        self.points.push((hours, value));
    }

    /// Returns the mean and, by least squares, the change per hour. The first fifth of the time is left out: memory and
    /// threads that stay are allocated then.
    pub(crate) fn through(&self) -> Option<(f64, f64)> {
        let end = self.points.last()?.0;
        let points: Vec<_> = self.points.iter().filter(|point| point.0 >= end / 5.0).collect();
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(|point| of(point)).sum::<f64>() / count;
        let (hours, value) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|point| (point.0 - hours).powi(2)).sum();
        let both: f64 = points
            .iter()
            .map(|point| (point.0 - hours) * (point.1 - value))
            .sum();
        (spread > 0.0).then(|| (value, both / spread))
    }
}
