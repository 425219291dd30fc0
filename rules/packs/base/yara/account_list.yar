rule account_list {
  meta:
    description = "A Unix password file"
    author = "Tocsin"
    attack = "T1087.001"
    severity = 60
    false_positives = "backups and container images; in an answer of a web server there is no good reason"
  strings:
    $root = /(^|\n)root:[x*!]?:0:0:[^:\n]{0,64}:\/root:\/[a-z\/]{2,32}/
    $daemon = /\ndaemon:[x*!]?:1:1:/
    $nobody = /\nnobody:[x*!]?:6553[34]:/
  condition:
    filesize < 1MB and $root and ($daemon or $nobody)
}
