rule reverse_shell_line {
  meta:
    description = "One line that gives a shell to whoever listens elsewhere"
    author = "Tocsin"
    attack = "T1059.004, T1095"
    severity = 85
    false_positives = "courses, notes and detection rules that quote it"
  strings:
    $bash = /(ba)?sh\s{1,4}-i\s{0,4}[0-9]?>(&|&\s?)?\s{0,2}\/dev\/(tcp|udp)\/[0-9A-Za-z.$-]{1,64}\/[0-9$]/
    $nc = /\b(nc|ncat|netcat)(\.traditional)?\s[^\n|]{0,64}(-e|-c|--exec|--sh-exec)\s{1,4}["\x27]?(\/bin\/)?(ba|da)?sh\b/
    $fifo = /mkfifo\s[^\n]{1,64}\|\s{0,4}(\/bin\/)?(ba|da)?sh\s[^\n]{0,40}\|\s{0,4}(nc|ncat|openssl s_client)\s/
    $python = /socket\.socket\([^\n]{0,200}\.connect\(\([^\n]{0,200}os\.dup2\([^\n]{0,200}(\/bin\/(ba)?sh|pty\.spawn)/
  condition:
    filesize < 1MB and any of them
}
