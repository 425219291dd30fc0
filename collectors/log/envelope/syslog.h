#pragma once
// The envelope of a syslog line: RFC 5424, RFC 3164 and what is really written to files (no PRI, ISO stamps, no host,
// Cisco stamps). Views point into the line; nothing is allocated.

#include <optional>
#include <string_view>

#include "collectors/log/envelope/stamp.h"

namespace tocsin::collectors {

struct Envelope {
  int priority = -1;  // RFC 5424 PRI, -1 when absent
  std::optional<Stamp> stamp;
  std::string_view host;
  std::string_view program;  // as written, without path; "sshd", "postfix/smtpd", "%ASA-6-302013"
  std::string_view pid;
  std::string_view message_id;  // RFC 5424
  std::string_view structured;  // RFC 5424 structured data with its brackets
  std::string_view message;     // the rest, without leading space
};

// False when the line has neither a stamp nor a PRI: then it is not syslog and `out` is untouched.
bool read_envelope(std::string_view line, Envelope& out) noexcept;
// "prog[pid]: message" or "prog: message"; without such a tag all is message. Used on what follows stamp and host.
void read_tag(std::string_view text, Envelope& out) noexcept;

}  // namespace tocsin::collectors
