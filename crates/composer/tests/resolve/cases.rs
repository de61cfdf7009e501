//! Cases for the resolver, made from a number: repositories in the manner of Heroku's, and a
//! platform `composer.json` that is resolved with them.

use serde_json::{Map, Value, json};

/// A `composer.json`, and the files that its repositories are.
pub struct Case {
    pub composer: Value,
    /// By path: `r0/packages.json`, `plugin/composer.json`.
    pub files: Map<String, Value>,
    pub no_dev: bool,
}

impl Case {
    pub fn to_json(&self) -> Value {
        json!({ "composer": self.composer, "files": self.files, "no-dev": self.no_dev })
    }

    /// A text that changes with the case, so that an answer to another one is noticed.
    pub fn fingerprint(&self) -> String {
        hash(&self.to_json().to_string())
    }
}

/// FNV-1a.
pub fn hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The packages of the platform, in every case.
pub const PLATFORM: [(&str, &str); 4] = [
    ("php", "8.2.7"),
    ("composer", "2.5.5"),
    ("composer-plugin-api", "2.3.0"),
    ("composer-runtime-api", "2.2.2"),
];

/// Random numbers that are the same everywhere (SplitMix64).
struct Random {
    state: u64,
    /// Whether requirements are such that most can be met.
    wide: bool,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

const SERIES: [&str; 5] = ["7.4", "8.0", "8.1", "8.2", "8.3"];
const EXTENSIONS: [&str; 6] = ["redis", "imagick", "apcu", "gd", "mongodb", "foo"];

/// The case of this number.
pub fn case(number: u64) -> Case {
    let state = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(7);
    let mut random = Random { state, wide: number.is_multiple_of(2) };
    let mut files = Map::new();
    let mut repositories = vec![json!({ "packagist": false })];
    let plugin = json!({
        "name": "heroku/installer-plugin", "type": "composer-plugin", "version": "1.8.7",
        "require": { "composer-plugin-api": random.pick(&["^1.0||^2.0", "^2.0", "*", "^1.1 || ^2"]) }
    });
    files.insert("plugin/composer.json".into(), plugin);
    repositories.push(json!({ "type": "path", "url": "plugin", "options": { "symlink": false } }));
    let odd = random.chance(if random.wide { 15 } else { 35 });
    let count = 1 + random.below(3);
    for index in 0..count {
        files.insert(format!("r{index}/packages.json"), repository(&mut random, index, odd));
        let mut entry = json!({ "type": "composer", "url": format!("r{index}") });
        if random.chance(30) {
            entry["canonical"] = json!(random.chance(40));
        }
        match random.below(16) {
            0 => entry["only"] = names(&mut random),
            1 => entry["exclude"] = names(&mut random),
            _ => {}
        }
        repositories.push(entry);
    }
    let mut composer = json!({
        "config": { "platform": { "php": "8.2.7" }, "allow-plugins": true },
        "provide": { "heroku-sys/heroku": format!("{}.2024.03.14", random.pick(&["22", "24", "24"])) },
        "replace": {},
    });
    if random.chance(15) {
        composer["replace"]["heroku-sys/blackfire"] = json!("1.2.3");
    }
    if random.chance(5) {
        composer["conflict"] =
            json!({ format!("heroku-sys/ext-{}", random.pick(&EXTENSIONS)): "*" });
    }
    if random.chance(20) {
        composer["minimum-stability"] =
            json!(random.pick(&["stable", "RC", "beta", "alpha", "dev"]));
    }
    if random.chance(25) {
        composer["prefer-stable"] = json!(random.chance(80));
    }
    let mut packages = Vec::new();
    let mut require = Map::new();
    let mut require_dev = Map::new();
    for (index, name) in
        ["acme/app", "acme/library", "symfony/polyfill", "acme/tools"].iter().enumerate()
    {
        if index > 0 && random.chance(50) {
            continue;
        }
        let version = random.pick(&["1.0.0", "v2.1", "2.1.7", "dev-main", "3.0.0-beta1"]);
        packages.push(application(&mut random, name, version));
        let list = if index > 1 && random.chance(40) { &mut require_dev } else { &mut require };
        list.insert((*name).to_owned(), json!(version));
    }
    repositories.push(json!({ "type": "package", "package": packages }));
    if random.chance(70) {
        require.insert("heroku-sys/php".into(), json!(php(&mut random)));
    }
    for name in ["apache", "nginx", "composer"] {
        if random.chance(50) {
            let fitting = if name == "nginx" { "^1.8.0" } else { "^2.2" };
            let constraint = random.pick(&["*", fitting, fitting, fitting, fitting, "*@RC"]);
            require.insert(format!("heroku-sys/{name}"), json!(constraint));
        }
    }
    for extension in EXTENSIONS {
        if random.chance(15) {
            let name = format!(
                "heroku-sys/ext-{extension}{}",
                if random.chance(10) { ".native" } else { "" }
            );
            let list = if random.chance(20) { &mut require_dev } else { &mut require };
            list.insert(name, json!(requirement(&mut random, odd)));
        }
    }
    composer["require"] = Value::Object(require);
    composer["require-dev"] = Value::Object(require_dev);
    composer["repositories"] = Value::Array(repositories);
    Case { composer, files, no_dev: random.chance(50) }
}

fn names(random: &mut Random) -> Value {
    let mut names = vec![format!("heroku-sys/ext-{}", random.pick(&EXTENSIONS))];
    match random.below(4) {
        0 => names.push("heroku-sys/ext-*".into()),
        1 => names.push("heroku-sys/php".into()),
        2 => names.push("*/*i*".into()),
        _ => {}
    }
    json!(names)
}

fn php(random: &mut Random) -> &'static str {
    if random.wide || random.chance(65) {
        return random.pick(&[
            "*",
            "^8.0",
            "^8",
            ">=7.4",
            ">=7.3.0 <9",
            "^7.4 || ^8.0",
            "^8.0 || ^7",
        ]);
    }
    random.pick(&[
        "*",
        "^8.0",
        "^8.1",
        "~8.1.0",
        "^7.4 || ^8.0",
        ">=7.4 <8.2",
        "8.2.*",
        ">=8.0,<8.3",
        "^8.4",
        "!=8.3.4",
        "^7.2",
        "8.1.5 - 8.2",
        "^8.0@RC",
        "~8.2.3 || ~8.0.1",
    ])
}

fn requirement(random: &mut Random, odd: bool) -> &'static str {
    if odd && random.chance(20) {
        return random.pick(&[
            "@dev",
            "dev-main",
            "dev-main as 1.0",
            "*@beta",
            "self.version",
            ">=1.0@alpha",
            "1.x-dev",
            "dev-main as 3.1.0 || ^2",
            "~0.9 || dev-main",
        ]);
    }
    if random.wide && random.chance(85) {
        return random.pick(&["*", "*", ">=1", "^3 || ^2 || ^1", "<4", "*@beta"]);
    }
    if random.chance(2) {
        return "5.0";
    }
    random.pick(&[
        "*",
        "*",
        "*",
        "*",
        "*",
        "*",
        "*",
        "*",
        ">=1",
        "^3 || ^2 || ^1",
        "<4",
        "^1.0",
        "^3.0",
        ">=2.0",
        "~3.1",
        "<3.1",
        "^1 || ^3",
        "!=3.1.2",
        "3.1.2",
    ])
}

/// A package of the application: it has requirements, and no files.
fn application(random: &mut Random, name: &str, version: &str) -> Value {
    let mut package = json!({ "name": name, "version": version, "type": "metapackage" });
    let mut require = Map::new();
    if random.chance(70) {
        require.insert("heroku-sys/php".into(), json!(php(random)));
    }
    for extension in EXTENSIONS {
        if random.chance(20) {
            require
                .insert(format!("heroku-sys/ext-{extension}"), json!(requirement(random, false)));
        }
    }
    if random.chance(10) {
        require.insert("heroku-sys/php-64bit".into(), json!("*"));
    }
    package["require"] = Value::Object(require);
    for key in ["provide", "replace", "conflict"] {
        if random.chance(20) {
            let target = format!("heroku-sys/ext-{}", random.pick(&EXTENSIONS));
            let clash = key == "conflict" && package["replace"].get(&target).is_some();
            if !clash {
                package[key] =
                    json!({ target: random.pick(&["*", "self.version", "3.1.0", "<2.0"]) });
            }
        }
    }
    package
}

fn repository(random: &mut Random, index: usize, odd: bool) -> Value {
    let mut lists: Map<String, Value> = Map::new();
    let mut add = |name: String, package: Value| {
        let list = lists.entry(name).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(package);
    };
    let mut phps = Vec::new();
    for series in SERIES.iter().rev() {
        if random.chance(if index == 0 { 90 } else { 30 }) {
            for patch in (0..1 + random.below(3)).rev() {
                let version = format!("{series}.{}", patch * 2 + random.below(2));
                phps.push((*series, version.clone()));
                add("heroku-sys/php".into(), php_package(random, index, &version, odd));
            }
        }
    }
    for (name, versions) in [
        ("apache", ["2.4.58", "2.4.57"]),
        ("nginx", ["1.25.4", "1.8.1"]),
        ("composer", ["2.6.5", "2.2.22"]),
        ("blackfire", ["1.2.3", "1.0.0"]),
    ] {
        for version in versions {
            if random.chance(80) {
                let package = package(
                    random,
                    index,
                    &format!("heroku-sys/{name}"),
                    version,
                    "heroku-sys-program",
                );
                add(format!("heroku-sys/{name}"), package);
            }
        }
    }
    for extension in EXTENSIONS {
        if random.chance(if index == 0 { 4 } else { 50 }) {
            continue;
        }
        let name = format!("heroku-sys/ext-{extension}");
        let twin = random.chance(30);
        for version in ["3.1.2", "3.1.0", "2.5.0RC1", "1.9.9", "1.0.0"] {
            if random.chance(30) {
                continue;
            }
            for series in SERIES.iter().rev() {
                if random.chance(25) {
                    continue;
                }
                let mut package =
                    package(random, index, &name, version, "heroku-sys-php-extension");
                package["require"]["heroku-sys/php"] = json!(format!("{series}.*"));
                let url = format!("https://r{index}/{extension}-{version}_php-{series}.tar.gz");
                package["dist"]["url"] = json!(url);
                extras(random, &mut package, extension, odd);
                if twin {
                    package["replace"] = json!({ format!("{name}.native"): "self.version" });
                    let mut native = package.clone();
                    native["name"] = json!(format!("{name}.native"));
                    native.as_object_mut().unwrap().remove("replace");
                    add(format!("{name}.native"), native);
                }
                add(name.clone(), package);
            }
        }
        // Extensions that come with PHP are of its version.
        for (_, version) in &phps {
            if random.chance(10) {
                let mut package =
                    package(random, index, &name, version, "heroku-sys-php-bundled-extension");
                package["require"]["heroku-sys/php"] = json!(version);
                add(name.clone(), package);
            }
        }
        if odd && random.chance(30) {
            let mut package = package(random, index, &name, "dev-main", "heroku-sys-php-extension");
            match random.below(3) {
                0 => package["extra"] = json!({ "branch-alias": { "dev-main": "1.x-dev" } }),
                1 => package["default-branch"] = json!(true),
                _ => {}
            }
            add(name.clone(), package);
        }
    }
    json!({ "packages": lists })
}

/// What some extensions also say.
fn extras(random: &mut Random, package: &mut Value, extension: &str, odd: bool) {
    let other = random.pick(&EXTENSIONS);
    if other == extension {
        return;
    }
    let other = format!("heroku-sys/ext-{other}");
    match random.below(if odd { 14 } else { 40 }) {
        0 => package["require"][other] = json!(random.pick(&["*", "^3", "self.version"])),
        1 => package["conflict"] = json!({ other: random.pick(&["*", "<3", "3.1.2"]) }),
        2 => package["provide"] = json!({ other: random.pick(&["*", "1.0", "self.version"]) }),
        3 => package["replace"] = json!({ other: "self.version" }),
        4 => package["require"]["heroku-sys/heroku"] = json!("^22.0 || ^20.0"),
        _ => {}
    }
}

fn php_package(random: &mut Random, index: usize, version: &str, odd: bool) -> Value {
    let suffix = if odd {
        random.pick(&["", "", "", "RC1", "-dev", "+build2", "-beta3"])
    } else {
        random.pick(&["", "", "", "", "", "+build2"])
    };
    let mut package =
        package(random, index, "heroku-sys/php", &format!("{version}{suffix}"), "heroku-sys-php");
    package["provide"] = json!({ "heroku-sys/php-64bit": "self.version" });
    if random.chance(30) {
        let target = format!("heroku-sys/ext-{}", random.pick(&EXTENSIONS));
        let key = random.pick(&["replace", "replace", "provide"]);
        package[key][target] = json!(random.pick(&["*", "self.version", "3.1.0"]));
    }
    if random.chance(20) {
        package["conflict"] = json!({ "heroku-sys/hhvm": "*" });
    }
    package
}

fn package(random: &mut Random, index: usize, name: &str, version: &str, kind: &str) -> Value {
    let mut require = json!({ "heroku/installer-plugin": "^1.2.0" });
    if random.chance(90) {
        let stack = if random.chance(96) { "^24.0.0 || ^22.0.0" } else { "^22.0" };
        require["heroku-sys/heroku"] = json!(stack);
    }
    let file = name.rsplit('/').next().unwrap();
    let number = random.below(1000);
    json!({
        "name": name, "version": version, "type": kind, "require": require,
        "dist": { "type": "heroku-sys-tar", "url": format!("https://r{index}/{file}-{version}_{number}.tar.gz") },
    })
}
