rule php_runs_encoded_text {
  meta:
    description = "PHP that decodes text and runs it"
    author = "Tocsin"
    attack = "T1027.010, T1505.003"
    severity = 75
    false_positives = "commercial PHP that hides its source this way"
  strings:
    $php = "<?" nocase
    $eval = /\b(eval|assert)\s*\(\s*(@?\s*(gzinflate|gzuncompress|gzdecode|str_rot13|strrev)\s*\(\s*){0,4}base64_decode\s*\(/ nocase
    $make = /create_function\s*\([^)]{0,40}base64_decode\s*\(/ nocase
  condition:
    $php and ($eval or $make)
}
