rule private_key_unencrypted {
  meta:
    description = "Private key of SSH or TLS without a passphrase"
    author = "Tocsin"
    attack = "T1552.004"
    severity = 50
    false_positives = "key files in their own place; matters in uploads, answers and mail"
  strings:
    $pkcs1 = /-----BEGIN (RSA|EC|DSA) PRIVATE KEY-----\r?\n[A-Za-z0-9+\/]{16}/
    $pkcs8 = "-----BEGIN PRIVATE KEY-----"
    $openssh = /-----BEGIN OPENSSH PRIVATE KEY-----\r?\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZ/
  condition:
    filesize < 64KB and any of them
}
