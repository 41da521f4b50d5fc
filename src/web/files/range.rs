//! The part of a file that a request asks for (RFC 9110, section 14).

use axum::http::{HeaderMap, header};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    /// From this byte to before that one: at least one.
    Part(u64, u64),
    /// Something that is not there.
    Nothing,
}

/// What of a file of `size` bytes, whose ETag is `tag`, is asked for. One part at most: of several, all is given.
pub(super) fn asked(headers: &HeaderMap, size: u64, tag: &str) -> Asked {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // The part of another file would not fit.
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Asked::Whole;
    }
    let parts = text(header::RANGE)
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = parts else {
        return Asked::Whole;
    };
    let (begin, end) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, size),
        (Err(_), Ok(count)) if first.trim().is_empty() => (size.saturating_sub(count), size),
        _ => return Asked::Whole,
    };
    match begin < end {
        true => Asked::Part(begin, end),
        false => Asked::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_given_as_it_is_asked_for_and_as_far_as_there_is_one() {
        for (range, expected) in [
            ("bytes=0-0", Asked::Part(0, 1)),
            ("bytes=2-4", Asked::Part(2, 5)),
            ("bytes=2-", Asked::Part(2, 10)),
            ("bytes=-3", Asked::Part(7, 10)),
            ("bytes=-99", Asked::Part(0, 10)),
            ("bytes=8-99", Asked::Part(8, 10)),
            ("bytes=0-18446744073709551615", Asked::Part(0, 10)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,4-5", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes=x-", Asked::Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
            assert_eq!(asked(&headers, 10, "\"a\""), expected, "{range}");
        }
        assert_eq!(asked(&HeaderMap::new(), 10, "\"a\""), Asked::Whole);
    }

    #[test]
    fn a_part_of_another_version_is_not_given() {
        for (known, expected) in [("\"a\"", Asked::Part(2, 10)), ("\"b\"", Asked::Whole)] {
            let headers = HeaderMap::from_iter([
                (header::RANGE, "bytes=2-".parse().unwrap()),
                (header::IF_RANGE, known.parse().unwrap()),
            ]);
            assert_eq!(asked(&headers, 10, "\"a\""), expected);
        }
    }
}
