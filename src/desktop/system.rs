//! The load of the machine and of this process, from /proc.

use std::{fs, io};

/// Measures the load since its last look.
#[derive(Debug)]
pub struct SystemMeter {
    last: Ticks,
}

/// The load of the machine and of this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SystemLoad {
    /// The time that this process used since the last look, in percent of one core: 0 to 100 times the number of cores.
    pub process_percent: f32,
    /// The time that everything used since the last look, in percent of the whole machine: 0 to 100.
    pub machine_percent: f32,
    /// Memory that is not available to programs, in bytes.
    pub memory_used: u64,
    /// All memory, in bytes.
    pub memory_total: u64,
}

impl SystemMeter {
    /// Starts measuring.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn start() -> io::Result<SystemMeter> {
        Ok(SystemMeter { last: Ticks::now()? })
    }

    /// The load since the last call, or since the start. Both percentages are 0 if that was less than 10 ms ago.
    ///
    /// # Errors
    /// If /proc cannot be read. The next call covers this time too.
    pub fn look(&mut self) -> io::Result<SystemLoad> {
        let ticks = Ticks::now()?;
        let (memory_used, memory_total) = read("/proc/meminfo", memory)?;
        let (process_percent, machine_percent) = ticks.since(&self.last);
        self.last = ticks;
        Ok(SystemLoad {
            process_percent,
            machine_percent,
            memory_used,
            memory_total,
        })
    }
}

/// Times since the start of the machine and of the process, in the kernel's ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    process: u64,
    machine: Machine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Machine {
    /// Sum over all cores.
    busy: u64,
    /// Sum over all cores.
    total: u64,
    cores: u32,
}

impl Ticks {
    fn now() -> io::Result<Ticks> {
        Ok(Ticks {
            process: read("/proc/self/stat", process_ticks)?,
            machine: read("/proc/stat", machine_ticks)?,
        })
    }

    /// Percent of one core, and percent of the machine.
    fn since(&self, earlier: &Ticks) -> (f32, f32) {
        let total = self.machine.total.saturating_sub(earlier.machine.total);
        if total == 0 {
            return (0.0, 0.0);
        }
        let percent = |now: u64, then: u64| 100.0 * now.saturating_sub(then) as f32 / total as f32;
        let cores = self.machine.cores.max(1) as f32;
        let process = percent(self.process, earlier.process) * cores;
        let machine = percent(self.machine.busy, earlier.machine.busy);
        (process.min(100.0 * cores), machine.min(100.0))
    }
}

fn read<T>(path: &str, parse: impl Fn(&str) -> Option<T>) -> io::Result<T> {
    let text = fs::read_to_string(path)?;
    parse(&text)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{path} is not as expected")))
}

/// The sum of user and system time in /proc/self/stat.
fn process_ticks(stat: &str) -> Option<u64> {
    // The name of the program comes before and may hold anything, even spaces and brackets.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut times = rest.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

/// The sums in /proc/stat. Guests are part of the user's time already.
fn machine_ticks(stat: &str) -> Option<Machine> {
    let sums = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let times: Vec<u64> = sums
        .split_ascii_whitespace()
        .take(8)
        .map_while(|time| time.parse().ok())
        .collect();
    let [_user, _nice, _system, idle, rest @ ..] = times.as_slice() else {
        return None;
    };
    let waiting = rest.first().copied().unwrap_or(0);
    let total: u64 = times.iter().sum();
    let is_core = |line: &&str| {
        let number = line.strip_prefix("cpu");
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    };
    Some(Machine {
        busy: total.saturating_sub(idle + waiting),
        total,
        cores: u32::try_from(stat.lines().filter(is_core).count()).ok()?,
    })
}

/// Used and all memory in /proc/meminfo, in bytes.
fn memory(meminfo: &str) -> Option<(u64, u64)> {
    let bytes = |name: &str| {
        let value = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    };
    let (total, available) = (bytes("MemTotal:")?, bytes("MemAvailable:")?);
    Some((total.saturating_sub(available), total))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 10 50 800 40 0 5 3 20 0\n\
                        cpu0 50 5 25 400 20 0 3 1 10 0\n\
                        cpu1 50 5 25 400 20 0 2 2 10 0\n\
                        intr 12345\nctxt 1\n";

    #[test]
    fn the_machine_is_busy_when_it_neither_idles_nor_waits() {
        let machine = machine_ticks(STAT);
        let expected = Machine {
            busy: 168,
            total: 1008,
            cores: 2,
        };
        assert_eq!(machine, Some(expected));
        for stat in ["", "cpu \n", "cpu  1 2 x 4\n", "cpu0 1 2 3 4\n"] {
            assert_eq!(machine_ticks(stat), None, "{stat:?}");
        }
    }

    #[test]
    fn a_process_may_have_any_name() {
        let stat = "42 (a) R 1) b) S 1 42 42 0 -1 4194304 100 0 0 0 77 23 0 0 20 0 9 0 1 2 3";
        assert_eq!(process_ticks(stat), Some(100));
        assert_eq!(process_ticks("42 (name) S 1 2"), None);
        assert_eq!(process_ticks(""), None);
    }

    #[test]
    fn memory_counts_as_used_when_it_is_not_available() {
        let meminfo = "MemTotal:        1000 kB\nMemFree:  100 kB\nMemAvailable:     400 kB\n";
        assert_eq!(memory(meminfo), Some((600 * 1024, 1000 * 1024)));
        assert_eq!(memory("MemTotal: 1000 kB\n"), None);
        assert_eq!(memory("MemTotal: 1000\nMemAvailable: 1 kB\n"), None);
    }

    #[test]
    fn percentages_are_of_the_time_between_two_looks() {
        let ticks = |process, busy, total| Ticks {
            process,
            machine: Machine {
                busy,
                total,
                cores: 2,
            },
        };
        assert_eq!(ticks(150, 300, 1200).since(&ticks(100, 200, 1000)), (50.0, 50.0));
        assert_eq!(ticks(100, 200, 1000).since(&ticks(100, 200, 1000)), (0.0, 0.0));
        assert_eq!(
            ticks(0, 0, 1200).since(&ticks(100, 200, 1000)),
            (0.0, 0.0),
            "never negative"
        );
        assert_eq!(ticks(9999, 9999, 1200).since(&ticks(0, 0, 1000)), (200.0, 100.0));
    }

    #[test]
    fn this_machine_can_be_measured() {
        let mut meter = SystemMeter::start().unwrap();
        let load = meter.look().unwrap();
        assert!(load.memory_used > 0 && load.memory_used < load.memory_total);
        assert!((0.0..=100.0).contains(&load.machine_percent));
    }
}
