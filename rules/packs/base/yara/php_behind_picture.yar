rule php_behind_picture {
  meta:
    description = "PHP code behind the first bytes of a picture"
    author = "Tocsin"
    attack = "T1036.008, T1505.003"
    severity = 85
    false_positives = "pictures whose comment quotes PHP, rare"
  strings:
    $gif = "GIF8"
    $png = { 89 50 4E 47 0D 0A 1A 0A }
    $jpg = { FF D8 FF }
    $php = "<?php" nocase
    $echo = /<\?=\s*[`$a-z]/
  condition:
    ($gif at 0 or $png at 0 or $jpg at 0) and ($php or $echo in (0..512))
}
