rule php_runs_request {
  meta:
    description = "PHP that hands a parameter of the request to the system"
    author = "Tocsin"
    attack = "T1505.003, T1059.004"
    severity = 90
    false_positives = "administration tools written this way, which are as dangerous"
  strings:
    $php = "<?php" nocase
    $call = /\b(system|shell_exec|passthru|exec|popen|proc_open|pcntl_exec)\s*\(\s*(base64_decode\s*\(\s*)?\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
    $tick = /`[^`\n]{0,40}\$_(GET|POST|REQUEST|COOKIE)\b/
  condition:
    $php and ($call or $tick)
}
