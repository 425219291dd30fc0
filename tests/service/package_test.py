#!/usr/bin/python3
"""The Debian package through a day of its life in Debian 12: builds it with cpack and gives it to service_test.sh.

The tree of Debian 12 is kept in TOCSIN_SERVICE_CACHE (default: service-cache in the build tree). Needs root."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOCSIN = pathlib.Path(os.environ.get("TOCSIN", HERE.parents[1] / "build/release/bin/tocsin"))
SKIPPED = 77


def main():
    build = TOCSIN.resolve().parents[1]
    missing = [tool for tool in ("cpack", "dpkg-shlibdeps", "debootstrap", "systemd-nspawn") if not shutil.which(tool)]
    if missing or os.geteuid() != 0 or not TOCSIN.exists():
        print("skipped: needs root, a build and the group [package] of etc/packages.txt;", "missing:", *(missing or ["-"]))
        return SKIPPED
    packed = subprocess.run(["cpack", "-G", "DEB", "-B", build / "package"], cwd=build, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    packages = sorted((build / "package").glob("*.deb"), key=lambda path: path.stat().st_mtime)
    if packed.returncode != 0 or not packages:
        print(packed.stdout)
        return 1
    cache = os.environ.get("TOCSIN_SERVICE_CACHE", build / "service-cache")
    return subprocess.run(["sh", HERE / "service_test.sh", packages[-1], cache]).returncode


if __name__ == "__main__":
    sys.exit(main())
