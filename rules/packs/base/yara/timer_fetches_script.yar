rule timer_fetches_script {
  meta:
    description = "Timer entry that fetches a script from the network and runs it"
    author = "Tocsin"
    attack = "T1053.003, T1105"
    severity = 75
    false_positives = "managed hosts that update themselves this way"
  strings:
    $line = /(^|\n)\s{0,4}(@(reboot|hourly|daily|weekly)|([0-9*\/,-]{1,12}[ \t]{1,4}){5})[^\n]{0,120}(curl|wget)\s[^\n|]{1,200}\|\s{0,4}(\/bin\/)?(ba|da)?sh\b/
  condition:
    filesize < 1MB and $line
}
