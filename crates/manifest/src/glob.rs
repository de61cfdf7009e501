//! Wildcards of file names and keys, by the rules of C's and Python's `fnmatch`.

/// Whether a whole text matches a pattern, by case.
///
/// `*` stands for any characters, `/` too; `?` for one; `[abc]`, `[a-z]` and `[!abc]` for one of
/// a set, in which a `]` at the start stands for itself. A `[` that nothing closes stands for
/// itself. There is no escape character.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: behind the last star, one character further.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            p += 1;
            retry = Some((p, t));
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        match text.get(t).and_then(|character| one(&pattern[p..], *character)) {
            Some(length) => {
                p += length;
                t += 1;
            }
            None => match retry {
                Some((star, start)) if start < text.len() => {
                    (p, t) = (star, start + 1);
                    retry = Some((star, start + 1));
                }
                _ => return false,
            },
        }
    }
}

/// Whether a pattern has a wildcard at all.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The length of the pattern's first element where it matches the character.
fn one(pattern: &[char], character: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => Some(1),
        '[' => match set(pattern) {
            Some((members, negated, length)) => {
                (contains(members, character) != negated).then_some(length)
            }
            None => (character == '[').then_some(1),
        },
        literal => (literal == character).then_some(1),
    }
}

/// The members of the set that a pattern starts with, whether it is negated, and its length with
/// both brackets; `None` where it is never closed.
fn set(pattern: &[char]) -> Option<(&[char], bool, usize)> {
    let negated = pattern.get(1) == Some(&'!');
    let start = if negated { 2 } else { 1 };
    let inside = pattern.get(start + 1..)?;
    let end = start + 1 + inside.iter().position(|character| *character == ']')?;
    Some((&pattern[start..end], negated, end + 1))
}

fn contains(members: &[char], character: char) -> bool {
    let mut rest = members;
    while let Some(&first) = rest.first() {
        if rest.len() > 2 && rest[1] == '-' {
            if (first..=rest[2]).contains(&character) {
                return true;
            }
            rest = &rest[3..];
        } else {
            if first == character {
                return true;
            }
            rest = &rest[1..];
        }
    }
    false
}

#[cfg(test)]
mod tests;
