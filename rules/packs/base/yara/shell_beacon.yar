rule shell_beacon {
  meta:
    description = "Shell script that calls an address over and over and waits in between"
    author = "Tocsin"
    attack = "T1071.001, T1071.004, T1059.004"
    severity = 60
    false_positives = "health checks and waiting loops of deployments, unless they also ask DNS with made-up names"
  strings:
    $sh = /#!\s{0,2}\/(usr\/)?bin\/(env )?(ba|da|z|k)?sh/
    $loop1 = "while "
    $loop2 = "for "
    $call = /\b(curl|wget)\s[^\n]{0,120}(https?:\/\/|\$)/
    $sleep = /\bsleep\s{1,4}(\d|\$)/
    $dns = /\b(dig|nslookup|host)\s[^\n]{0,40}\$/
    $hex = /\b(od\s{1,4}-|xxd\s|base32\b|base64\b|hexdump\s)/
  condition:
    $sh at 0 and filesize < 64KB and any of ($loop*) and $call and $sleep and $dns and $hex
}
