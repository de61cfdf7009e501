//! What a component is called, derived from its class name.
//!
//! `JavaBuildpack::Container::SpringBootCLI` has the id `spring_boot_cli`, the tag
//! `spring-boot-cli` and the display name `Spring Boot CLI`.

/// The part after the last `::`.
#[must_use]
pub fn simple(class: &str) -> &str {
    class.rsplit("::").next().unwrap_or(class)
}

/// The component id: names its configuration, its sandbox and its resources.
#[must_use]
pub fn id(class: &str) -> String {
    separated(class, '_').to_lowercase()
}

/// The name in detect tags.
#[must_use]
pub fn tag(class: &str) -> String {
    separated(class, '-').to_lowercase()
}

/// The name in messages.
#[must_use]
pub fn display(class: &str) -> String {
    separated(class, ' ')
}

/// The file that a class name stands for, below `lib/`, without an ending:
/// `java_buildpack/container/spring_boot_cli`.
#[must_use]
pub fn path(class: &str) -> String {
    class.split("::").map(id).collect::<Vec<_>>().join("/")
}

/// Puts a separator before the last capital of a run that goes on in lower case, and before a
/// capital that follows a lower-case letter or a digit.
fn separated(class: &str, separator: char) -> String {
    let letters: Vec<char> = simple(class).chars().collect();
    let upper = |at: usize| letters.get(at).is_some_and(char::is_ascii_uppercase);
    let lower = |at: usize| letters.get(at).is_some_and(char::is_ascii_lowercase);
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let starts_word = at > 0
            && upper(at)
            && ((upper(at - 1) && lower(at + 1)) || lower(at - 1) || digit(at - 1));
        if starts_word {
            text.push(separator);
        }
        text.push(*letter);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_as_ruby_makes_them() {
        for line in include_str!("../tests/data/names.tsv").lines() {
            let [class, id, tag, display] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("four columns: {line}");
            };
            assert_eq!(super::id(class), id, "{class}");
            assert_eq!(super::tag(class), tag, "{class}");
            assert_eq!(super::display(class), display, "{class}");
        }
    }

    #[test]
    fn a_path_has_a_folder_for_each_module() {
        let path = super::path("JavaBuildpack::Container::SpringBootCLI");
        assert_eq!(path, "java_buildpack/container/spring_boot_cli");
    }
}
