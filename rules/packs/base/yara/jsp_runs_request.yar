rule jsp_runs_request {
  meta:
    description = "JSP that starts a process from a parameter of the request"
    author = "Tocsin"
    attack = "T1505.003, T1059"
    severity = 85
    false_positives = "administration pages of Java servers"
  strings:
    $jsp = "<%"
    $exec = /(getRuntime\s*\(\s*\)\s*\.\s*exec|new\s+(java\.lang\.)?ProcessBuilder)\s*\(/
    $ask = /request\s*\.\s*(getParameter|getHeader)\s*\(/
  condition:
    all of them
}
