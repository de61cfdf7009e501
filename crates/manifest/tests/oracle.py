"""The rules of manifests and packages.json once more, in Python, for tests to agree with.

Reads one JSON object a line, {"op": NAME, ...}, and answers each with one JSON value: the text that
should come out, or null where the input should be refused. Written for shortness, from the rules
alone; json.dump is the authority on bytes.
"""
import json
import re
import sys
from datetime import datetime
from urllib.parse import quote, quote_plus, unquote


def dump(value):
    return json.dumps(value, sort_keys=True)


def natural(text):
    return [int(run) if run[:1].isdigit() else run for run in re.split("([0-9]+)", text)]


def composer_version(text):
    """A version as Composer compares it; the text itself where it is none."""
    match = re.fullmatch(
        r"v?([0-9]+(?:\.[0-9]+){0,3})"
        r"(?:[._-]?(alpha|beta|rc|a(?=[0-9])|b(?=[0-9]))((?:[.-]?[0-9]+)*))?",
        text,
        re.IGNORECASE,
    )
    if not match:
        return text
    numbers = [int(number) for number in match[1].split(".")]
    stage = {"a": "alpha", "b": "beta"}.get((match[2] or "").lower(), (match[2] or "").lower())
    return str((numbers + [0] * (4 - len(numbers)), stage, re.findall("[0-9]+", match[3] or "")))


STAGES = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, "": 4, "p": 5}


def order(kind, left, right):
    """The sign between two strings in natural order, or two versions as a wildcard prefers them."""

    def version(text):
        form = r"([0-9.]*[0-9])(?:[._-]?(dev|alpha|beta|rc|p|a|b)([.-]?[0-9]*))?(?:\+(.*))?"
        numbers, stage, number, built = re.fullmatch(form, text, re.IGNORECASE).groups("")
        stage = STAGES[stage.lower()]
        return (stage >= 4, natural(numbers), stage, natural(number), natural(built))

    key = {"natural": natural, "version": version}[kind]
    left, right = key(left), key(right)
    return "<" if left < right else ">" if left > right else "="


def build(version):
    head, plus, tail = version.partition("+")
    return (bool(plus), natural(tail))


def target(manifest):
    require = manifest.get("require") or {}
    return [
        (package, constraint)
        for package, constraint in sorted(require.items())
        if package in ("heroku-sys/php", "heroku-sys/hhvm")
        or re.fullmatch("heroku-sys/[^-]+", package) and re.fullmatch(r"\^[0-9]*\.0\.0", constraint)
    ]


def series(manifest):
    require = manifest.get("require") or {}
    php = require.get("heroku-sys/hhvm", require.get("heroku-sys/php", "0.0.0"))
    return natural(re.sub("[<>=*~^]", "0", php))


def index(files):
    manifests = [json.loads(text) for _, text in sorted(files)]
    internal = ("heroku-sys-package", "heroku-sys-php-package")
    manifests = [m for m in manifests if m.get("type") not in internal]

    def group(m):
        return str((m["name"], composer_version(m["version"].split("+")[0]), target(m)))

    best = {}
    for m in manifests:
        key = group(m)
        best[key] = max(best.get(key, build("")), build(m["version"]))
    manifests = [m for m in manifests if build(m["version"]) == best[group(m)]]

    for php in [m for m in manifests if m.get("type") == "heroku-sys-php"]:
        shared = (php.get("extra") or {}).get("shared") or {}
        for name in sorted(shared):
            if isinstance(shared[name], dict):
                extension = shared[name]
                shared[name] = False
                extension["dist"]["url"] = php["dist"]["url"] + "?extension=" + quote_plus(name)
                manifests.append(extension)

    for m in manifests:
        if m.get("type") not in ("heroku-sys-php", "heroku-sys-php-extension"):
            continue
        extension = m["type"] == "heroku-sys-php-extension"
        if "replace" not in m or (extension and not m["replace"]):
            m["replace"] = {}
        for links in (m["replace"], m.get("require")):
            for name in list(links or []):
                if name.startswith("heroku-sys/ext-") and not name.endswith(".native"):
                    links[name + ".native"] = links[name]
        if extension:
            m["replace"][m["name"] + ".native"] = "self.version"

    packages = {}
    for m in manifests:
        packages.setdefault(m["name"], []).append(m)
    for name in packages:
        packages[name] = sorted(packages[name], key=series, reverse=True)
    return dump({"packages": packages})


def ops(source, destination):
    """The operations of a sync of two folders, as repo-sync ops prints them."""

    def path(side, manifest):
        url = manifest["dist"]["url"].split("?")[0]
        host = r"https://(?:%s\.s3[a-z0-9.-]*\.amazonaws\.com|s3[a-z0-9.-]*\.amazonaws\.com/%s)/"
        bucket = re.escape(side["bucket"])
        match = re.match(host % (bucket, bucket) + re.escape(side["prefix"]) + "(.+)", url)
        return match and unquote(match[1])

    def time(manifest):
        try:
            return datetime.strptime(manifest.get("time"), "%Y-%m-%d %H:%M:%S"), True
        except (TypeError, ValueError):
            return datetime(2020, 1, 1), False

    def step(kind, op, package, **more):
        more = dict(more, kind=kind, op=op, package=package)
        order = "kind op skip package source destination destination-region reason"
        if kind == "dist" and op != "remove":
            order = "kind skip source reason source-region destination destination-region op package"
        return {name: more[name] for name in order.split() if name in more}

    def place(role, side, file):
        name = "s3://%s/%s%s" % (side["bucket"], side["prefix"], file)
        return {role: name, role + "-region": side["region"]}

    def contents(manifest):
        return {key: manifest[key] for key in manifest if key not in ("time", "dist")}

    theirs = {name: json.loads(text) for name, text in source["files"]}
    ours = {name: json.loads(text) for name, text in destination["files"]}
    plan = []
    by_name = lambda name: natural(name[: -len(".composer.json")])
    for name in sorted(sorted({**theirs, **ours}), key=by_name):
        if name not in theirs:
            plan.append((name, "remove", None))
        elif name not in ours:
            plan.append((name, "add", None))
        else:
            (new, timed), (old, was_timed) = time(theirs[name]), time(ours[name])
            equal = contents(theirs[name]) == contents(ours[name])
            if equal and not (timed and was_timed) or equal and new == old:
                continue
            differ = "contents differ, but times are identical" if new == old else None
            plan.append((name, "update", "destination is newer" if new < old else differ))
    # What the result names: that which stays, and that which comes.
    gone = [name for name, op, reason in plan if reason is None and op != "add"]
    needed = {path(destination, ours[name]) for name in ours if name not in gone}
    needed |= {path(source, theirs[n]) for n, op, reason in plan if reason is None and op != "remove"}

    steps, outside = [], {"skip": True, "reason": "file located outside of bucket"}
    for name, op, reason in plan:
        package = name[: -len(".composer.json")]
        if reason:
            file = {"source": source["folder"] + "/" + name, "skip": True, "reason": reason}
            steps.append(step("manifest", op, package, **file))
            continue
        if op == "remove":
            archive = path(destination, ours[name])
            more = {"destination": ours[name]["dist"]["url"], **outside}
            if archive:
                more = place("destination", destination, archive)
                if archive in needed:
                    more.update(skip=True, reason="archive is still needed")
            steps.append(step("dist", op, package, **more))
            steps.append(step("manifest", op, package, **place("destination", destination, name)))
            continue
        archive = path(source, theirs[name])
        more = {"source": theirs[name]["dist"]["url"], **outside}
        if archive:
            more = {**place("source", source, archive), **place("destination", destination, archive)}
        steps.append(step("dist", op, package, **more))
        more = place("destination", destination, name)
        more["source"] = destination["folder"] + "/" + name
        steps.append(step("manifest", op, package, **more))
        old = path(destination, ours[name]) if op == "update" else None
        if old and old != archive and old not in needed:
            steps.append(step("dist", "remove", package, **place("destination", destination, old)))
    return json.dumps(steps)


def generate(args, env):
    objects = [json.loads(text) for text in args[4:]]
    objects += [{} for _ in range(5 - len(objects))]
    require, conflict, replace, provide, extra = objects
    kind, name, version, archive = args[:4]
    stack = re.match("^([^-]+)(?:-([0-9]+))?", env["STACK"])
    require["heroku-sys/" + stack[1]] = "^%s.0.0" % (stack[2] or "1")
    if kind.startswith("heroku-sys-"):
        require["heroku/installer-plugin"] = {
            "heroku-sys-library": "^1.3.0",
            "heroku-sys-program": "^1.4.0",
            "heroku-sys-php": "^1.6.0",
            "heroku-sys-php-extension": "^1.6.0",
        }.get(kind, "^1.2.0")
    region = env.get("S3_REGION", "s3")
    host = region if re.match("s3([-.]|$)", region) else "s3.dualstack." + region
    path = quote(env["S3_PREFIX"] + archive, safe="/~")
    url = "https://%s.%s.amazonaws.com/%s" % (env["S3_BUCKET"], host, path)
    manifest = {
        "type": kind,
        "name": name,
        "version": version,
        "dist": {"type": "heroku-sys-tar" if kind.startswith("heroku-sys-") else "tar", "url": url},
        "require": require,
        "conflict": conflict,
        "replace": replace,
        "provide": provide,
        "extra": extra,
        "time": env["NOW"],
    }
    if kind == "heroku-sys-php":
        extra["shared"] = {
            extension: {
                "type": "heroku-sys-php-extension",
                "name": extension,
                "version": version if bundled == "self.version" else bundled,
                "time": env["NOW"],
                "conflict": conflict,
                "require": dict(require, **{"heroku-sys/php": version}),
                "dist": {
                    "type": "heroku-sys-php-bundled-extension",
                    "url": url + "?extension=" + quote_plus(extension),
                },
            }
            for extension, bundled in extra.get("shared", {}).items()
        }
    return dump(manifest)


OPERATIONS = {
    "json": lambda text: dump(json.loads(text)),
    "index": index,
    "order": order,
    "ops": ops,
    "generate": generate,
}


def main():
    for line in sys.stdin:
        arguments = json.loads(line)
        operation = OPERATIONS[arguments.pop("op")]
        try:
            answer = operation(**arguments)
        except json.JSONDecodeError:
            answer = None
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
