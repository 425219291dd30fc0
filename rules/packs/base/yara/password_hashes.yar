rule password_hashes {
  meta:
    description = "Lines of a Unix shadow file"
    author = "Tocsin"
    attack = "T1003.008"
    severity = 80
    false_positives = "backups of a system's configuration, where they belong"
  strings:
    $root = /(^|\n)root:(\*|!{1,2}|\$(y|gy|7|6|5|1|2[aby])\$[^:\n]{8,160}):\d{1,6}:\d{0,6}:\d{0,6}:\d{0,6}:/
    $hash = /\n[a-z_][a-z0-9_-]{0,31}:\$(y|gy|7|6|5|1|2[aby])\$[^:\n]{8,160}:\d{1,6}:\d{0,6}:\d{0,6}:\d{0,6}:/
  condition:
    $root and $hash
}
