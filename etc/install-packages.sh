#!/bin/sh
# Installs the Debian packages of the named groups of etc/packages.txt: sh etc/install-packages.sh build test
# Nothing is done when they are all there. Without root it says what is missing and exits 1.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
wanted=""
for group in "$@"; do
  wanted="$wanted $(sed -n "/^\[$group\]/,/^\[/p" "$here/packages.txt" | grep -v -e '^\[' -e '^#' -e '^$' || true)"
done
missing=""
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "These packages are missing; install them as root:" >&2
  echo "  apt-get install$missing" >&2
  exit 1
fi
echo "Installing packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# A service that starts itself during a build would change this host: forbid it for the length of the installation.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  made_policy=yes
fi
status=0
# shellcheck disable=SC2086
{ apt-get -o DPkg::Lock::Timeout=600 -qq update && apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -y -qq --no-install-recommends install $missing; } >&2 || status=$?
[ "$made_policy" = no ] || rm -f "$policy"
exit "$status"
