"""data.py NUMBER FOLDER: makes NUMBER manifests in FOLDER/source and as many in FOLDER/destination.

Many extensions for several series of PHP, some of them built twice, and some PHPs. Most are
the same on both sides; the others are on one side only, or newer on one.
"""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../crates/manifest/tests"))

from oracle import generate

TIMES = ["2026-01-02 03:04:05", "2026-02-03 04:05:06"]
# Region, bucket and prefix of each side.
PLACES = {
    "source": ["us-east-1", "bucket", "dist-heroku-24-develop/"],
    "destination": ["eu-west-1", "mirror", "dist-heroku-24-stable/"],
}


def manifest(at, draw):
    """A file name and the arguments from which the manifest is made."""
    series = "8.%d" % draw.randrange(5)
    if at % 50 == 0:
        version = "%s.%d" % (series, at // 50)
        shared = {"heroku-sys/ext-s%d" % n: "self.version" for n in range(12)}
        replace = {"heroku-sys/ext-r%d" % n: "self.version" for n in range(20)}
        name = "php-" + version
        about = ["heroku-sys-php", "heroku-sys/php", version]
        objects = [{}, {}, replace, {}, {"export": "bin/export.sh", "shared": shared}]
    else:
        extension = "ext-e%d" % draw.randrange(60)
        version = "%d.%d.%d" % (draw.randrange(9), draw.randrange(9), at)
        version += "+build2" if at % 20 == 1 else ""
        name = "%s-%s_php-%s" % (extension, version, series)
        about = ["heroku-sys-php-extension", "heroku-sys/" + extension, version]
        objects = [{"heroku-sys/php": series + ".*"}, {"heroku-sys/hhvm": "*"}, {}, {}, {}]
    return name, about + [name + ".tar.gz"] + [json.dumps(o) for o in objects]


def main():
    number, folder = int(sys.argv[1]), sys.argv[2]
    draw = random.Random(1)
    for side in PLACES:
        os.makedirs(os.path.join(folder, side))
    for at in range(number + number // 40):
        name, args = manifest(at, draw)
        chance = draw.randrange(40)
        # The last ones stand in for those that the destination lacks.
        sides = ["destination"] if at >= number else ["source"] if chance == 0 else list(PLACES)
        for side in sides:
            region, bucket, prefix = PLACES[side]
            newer = chance == (1 if side == "source" else 2)
            env = {"STACK": "heroku-24-amd64", "S3_REGION": region, "S3_BUCKET": bucket}
            env.update(S3_PREFIX=prefix, NOW=TIMES[newer])
            with open(os.path.join(folder, side, name + ".composer.json"), "w") as file:
                file.write(generate(args, env))


if __name__ == "__main__":
    main()
