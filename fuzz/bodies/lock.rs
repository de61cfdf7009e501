//! An application's lock, and the platform's `composer.json` that comes of it: no panic, and what is
//! made is read.

use composer::Root;
use php_json::Value;
use platform::{Names, Settings};
use resolution::Lock;

/// Takes one input.
pub fn run(data: &[u8]) {
    let read = Lock::read("composer.lock", data);
    let Ok(Value::Object(lock)) = php_json::parse(data) else {
        assert!(read.is_err(), "a lock that is no object");
        return;
    };
    assert!(read.is_ok(), "an object that is no lock");
    let names = Names { json: "composer.json".to_owned(), lock: "composer.lock".to_owned() };
    for dev in [false, true] {
        let settings = Settings {
            names: &names,
            installer: "../installer",
            repositories: &[],
            stack: Some("heroku-24".to_owned()),
            day: "2026.01.01".to_owned(),
            default_php: Some("*".to_owned()),
            dev,
        };
        if let Ok(made) = platform::generate(Some(lock.clone()), &settings, &()) {
            let text = made.into_text();
            assert!(php_json::parse(text.as_bytes()).is_ok(), "{text}");
            // A constraint of the lock may still be none that Composer takes.
            let _ = Root::parse(&text);
        }
    }
}
