//! What packages are.

/// What a package is, by its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `heroku-sys-php`
    Php,
    /// `heroku-sys-hhvm`
    Hhvm,
    /// `heroku-sys-php-extension`
    PhpExtension,
    /// `heroku-sys-webserver`
    Webserver,
    /// `heroku-sys-library`
    Library,
    /// `heroku-sys-program`
    Program,
    /// `heroku-sys-package` and `heroku-sys-php-package`: never offered to applications
    Internal,
    /// Every other type: a plain Composer package
    Plain,
}

impl Kind {
    /// How the types of platform packages start.
    pub const PLATFORM_PREFIX: &str = "heroku-sys-";

    /// The kind of a `type`; `None` for a platform type (`heroku-sys-…`) that nobody knows.
    #[must_use]
    pub fn of(text: &str) -> Option<Kind> {
        Some(match text {
            "heroku-sys-php" => Kind::Php,
            "heroku-sys-hhvm" => Kind::Hhvm,
            "heroku-sys-php-extension" => Kind::PhpExtension,
            "heroku-sys-webserver" => Kind::Webserver,
            "heroku-sys-library" => Kind::Library,
            "heroku-sys-program" => Kind::Program,
            "heroku-sys-package" | "heroku-sys-php-package" => Kind::Internal,
            other if other.starts_with(Kind::PLATFORM_PREFIX) => return None,
            _ => Kind::Plain,
        })
    }
}
