//! Range requests (RFC 9110, section 14).

use axum::http::{HeaderMap, header};

/// The range of a file that a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// The whole file.
    Whole,
    /// The bytes from `begin` to before `end`: at least one.
    Part { begin: u64, end: u64 },
    /// Bytes that the file does not have.
    Unsatisfiable,
}

/// Reads the range that a request wants of a file of `size` bytes with this ETag. A request for several ranges gets the
/// whole file.
pub(super) fn requested_range(headers: &HeaderMap, size: u64, etag: &str) -> Range {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A part of another version would not fit to what the client has.
    if text(header::IF_RANGE).is_some_and(|known| known != etag) {
        return Range::Whole;
    }
    let bounds = text(header::RANGE)
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = bounds else {
        return Range::Whole;
    };
    let (begin, end) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, size),
        (Err(_), Ok(count)) if first.trim().is_empty() => (size.saturating_sub(count), size),
        _ => return Range::Whole,
    };
    match begin < end {
        true => Range::Part { begin, end },
        false => Range::Unsatisfiable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(begin: u64, end: u64) -> Range {
        Range::Part { begin, end }
    }

    #[test]
    fn a_part_is_given_as_it_is_asked_for_and_as_far_as_there_is_one() {
        for (range, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-4", part(2, 5)),
            ("bytes=2-", part(2, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-99", part(0, 10)),
            ("bytes=8-99", part(8, 10)),
            ("bytes=0-18446744073709551615", part(0, 10)),
            ("bytes=10-", Range::Unsatisfiable),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=4-2", Range::Whole),
            ("bytes=0-1,4-5", Range::Whole),
            ("lines=0-1", Range::Whole),
            ("bytes=x-", Range::Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
            assert_eq!(requested_range(&headers, 10, "\"a\""), expected, "{range}");
        }
        assert_eq!(requested_range(&HeaderMap::new(), 10, "\"a\""), Range::Whole);
    }

    #[test]
    fn a_part_of_another_version_is_not_given() {
        for (known, expected) in [("\"a\"", part(2, 10)), ("\"b\"", Range::Whole)] {
            let headers = HeaderMap::from_iter([
                (header::RANGE, "bytes=2-".parse().unwrap()),
                (header::IF_RANGE, known.parse().unwrap()),
            ]);
            assert_eq!(requested_range(&headers, 10, "\"a\""), expected);
        }
    }
}
