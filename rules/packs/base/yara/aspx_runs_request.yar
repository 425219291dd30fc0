rule aspx_runs_request {
  meta:
    description = "ASP.NET page that starts a process or evaluates text from the request"
    author = "Tocsin"
    attack = "T1505.003, T1059"
    severity = 85
    false_positives = "administration pages of Windows servers"
  strings:
    $page = /<%@\s{1,4}(Page|WebHandler)\b/ nocase
    $eval = /\beval\s*\(\s*Request\b/ nocase
    $start = /Process\s*\.\s*Start\s*\(|new\s+ProcessStartInfo\b/ nocase
    $ask = /Request\s*(\.\s*(Form|QueryString|Params|Headers))?\s*[\[(]/ nocase
  condition:
    $page and ($eval or ($start and $ask))
}
