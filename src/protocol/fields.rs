//! Reads fields out of JSON from the network.

use serde_json::Value;

/// The number in `data[name]`: finite, and a JSON number.
pub(super) fn number(data: &Value, name: &str) -> Option<f64> {
    data.get(name)?.as_f64().filter(|number| number.is_finite())
}

/// The text in `data[name]`, unless it is longer than `max` bytes.
pub(super) fn text<'a>(data: &'a Value, name: &str, max: usize) -> Option<&'a str> {
    data.get(name)?.as_str().filter(|text| text.len() <= max)
}

/// The texts in the array `data[name]`: at most `max_items`, each at most `max` bytes; others are left out.
pub(super) fn texts(data: &Value, name: &str, max_items: usize, max: usize) -> Vec<String> {
    let items = data
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    items
        .iter()
        .filter_map(Value::as_str)
        .filter(|text| text.len() <= max)
        .take(max_items)
        .map(str::to_owned)
        .collect()
}
