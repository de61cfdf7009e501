//! What `parse_str` of PHP 8.2 gives for the same text, as `json_encode` shows it.
use super::*;

fn shown(node: &Node) -> String {
    match node {
        Node::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        Node::Array(array) => show(array),
    }
}

fn show(array: &Array) -> String {
    let key = |key: &Key| match key {
        Key::Number(number) => format!("{:?}", number.to_string()),
        Key::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
    };
    if array.is_list() {
        let items: Vec<String> = array.iter().map(|(_, node)| shown(node)).collect();
        return format!("[{}]", items.join(","));
    }
    let members: Vec<String> =
        array.iter().map(|(name, node)| format!("{}:{}", key(name), shown(node))).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn as_php_reads_them() {
    for line in include_str!("cases.txt").lines() {
        let (query, expected) = line.split_once('\t').unwrap();
        assert_eq!(show(&parse(query)), expected, "{query}");
    }
}
