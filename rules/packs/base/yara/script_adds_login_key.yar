rule script_adds_login_key {
  meta:
    description = "Script that adds an SSH key to somebody's logins"
    author = "Tocsin"
    attack = "T1098.004"
    severity = 65
    false_positives = "installers of virtual machines and configuration tools"
  strings:
    $append = /(ssh-(rsa|ed25519)|ecdsa-sha2-nistp256) AAAA[A-Za-z0-9+\/=]{16,800}[^\n]{0,80}>>\s{0,2}[^\n]{0,80}\.ssh\/authorized_keys/
    $tee = /(ssh-(rsa|ed25519)|ecdsa-sha2-nistp256) AAAA[A-Za-z0-9+\/=]{16,800}[^\n]{0,80}\|\s{0,2}(sudo )?tee -a [^\n]{0,80}\.ssh\/authorized_keys/
  condition:
    filesize < 1MB and any of them
}
