#!/bin/sh
# From a fresh clone to a running Tocsin in one command.
#   sh etc/run.sh          install what is needed, build, start the daemon on this host, play the bundled intrusion through
#                          it and show what an analyst would see; the daemon stays, watching this host
#   sh etc/run.sh stop     stop it
# As root it captures packets and reads protected logs; without root it works with what it may read, and says what not.
# Everything it keeps is under build/run.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
run=$top/build/run
bin=$top/build/release/bin
export TOCSIN_STATE="$run/state" TOCSIN_RUNTIME="$run/runtime" TOCSIN_CONFIG="$top/etc/tocsin.yaml"

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
alive() { [ -f "$run/$1.pid" ] && kill -0 "$(cat "$run/$1.pid")" 2>/dev/null; }

stop() {
  for name in tocsind tocsin-responder tocsin-opener; do
    alive "$name" || continue
    kill "$(cat "$run/$name.pid")"
    waited=0
    while alive "$name" && [ "$waited" -lt 100 ]; do
      sleep 0.1
      waited=$((waited + 1))
    done
    if alive "$name"; then kill -KILL "$(cat "$run/$name.pid")"; fi
    rm -f "$run/$name.pid"
    echo "stopped $name"
  done
}

# What a run that fails has started goes with it; a daemon that ran before stays.
started=no
finish() {
  status=$?
  trap - EXIT INT TERM
  if [ "$status" -ne 0 ] && [ "$started" = yes ]; then
    echo "failed; stopping what was started:" >&2
    stop >&2
  fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME PROGRAM ARGUMENT…: in the background, its log in build/run/NAME.log
start() {
  name=$1
  shift
  "$@" >>"$run/$name.log" 2>&1 &
  echo $! >"$run/$name.pid"
}

if [ "${1:-}" = stop ]; then
  stop
  exit 0
fi
[ $# -eq 0 ] || { sed -n '2,7p' "$0" >&2; exit 2; }

say "1/5 packages"
if sh etc/install-packages.sh build demo; then echo "all there"; else
  echo "continuing without them; the build will say what it lacks" >&2
fi

say "2/5 build (release; the first time takes about eight minutes on two cores, later ones seconds)"
if [ "$(id -u)" -eq 0 ] || [ -w build ] || [ ! -e build ]; then sh etc/build.sh release tocsin tocsind tocsin-opener tocsin-responder; fi
echo "built: $("$bin/tocsin" --version)"

say "3/5 start"
mkdir -p "$run/state" "$run/runtime"
# An earlier run may have been another user's; without capabilities root cannot write what is not its own.
[ "$(id -u)" -ne 0 ] || chown -R 0:0 "$run"
chmod 700 "$run/state"
chmod 755 "$run/runtime"
if alive tocsind; then echo "already running (pid $(cat "$run/tocsind.pid"))"; else
  stop  # what an interrupted run left behind
  started=yes
  : >"$run/tocsind.log"
  start tocsin-opener "$bin/tocsin-opener" --config "$TOCSIN_CONFIG" --socket "$run/runtime/opener.sock"
  start tocsin-responder "$bin/tocsin-responder" --socket "$run/runtime/responder.sock" --state "$run/state/responder" \
    --config "$top/etc/responder.yaml"
  start tocsind "$bin/tocsind" --config "$TOCSIN_CONFIG"
  waited=0
  until "$bin/tocsin" status >/dev/null 2>&1; do
    waited=$((waited + 1))
    if [ "$waited" -gt 300 ] || ! alive tocsind; then
      echo "tocsind did not come up; the end of its log:" >&2
      tail -n 20 "$run/tocsind.log" >&2
      exit 1
    fi
    sleep 0.1
  done
fi
"$bin/tocsin" status

say "4/5 the bundled intrusion, played through the running daemon (marked as an exercise)"
"$bin/tocsin" replay --live etc/examples/intrusion

say "5/5 what an analyst sees"
incident=$("$bin/tocsin" incident list --exercise --limit 1 -o json --fields alias | sed -n 's/.*"alias": *"\([^"]*\)".*/\1/p' | head -n 1)
"$bin/tocsin" alert list --exercise --limit 12
echo
"$bin/tocsin" incident show "$incident"
echo
"$bin/tocsin" playbook rehearse ssh-brute-force --incident "$incident"
echo "All playbooks that are bound to it: tocsin playbook rehearse --incident $incident"
echo
report=$run/$incident.html
"$bin/tocsin" report make incident --incident "$incident" --format html --file "$report"

started=no  # it stays
say "Tocsin is running and watches this host. Try next:"
cat <<EOF
  export PATH="$bin:\$PATH" TOCSIN_STATE="$TOCSIN_STATE" TOCSIN_RUNTIME="$TOCSIN_RUNTIME" TOCSIN_CONFIG="$TOCSIN_CONFIG"
  tocsin status                       what is collected, what is lost, what is confined
  tocsin incident show $incident      the intrusion again, with its timeline
  tocsin alert list --follow          alerts of this host as they come
  tocsin doctor                       what this machine can and cannot do
  tocsin rule test                    the tests beside the shipped rules
Stop it with: sh etc/run.sh stop
EOF
