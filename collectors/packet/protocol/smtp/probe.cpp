// Clients begin with EHLO or HELO, servers with 220 and mostly the protocol's name.

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/smtp/parser.h"

namespace tocsin::collectors {

namespace {

bool begins(std::string_view text, std::string_view wanted) noexcept {
  return text.size() >= wanted.size() && equals_ignoring_case(text.substr(0, wanted.size()), wanted);
}

bool may_begin(std::string_view text, std::string_view wanted) noexcept {
  return text.size() < wanted.size() && equals_ignoring_case(text, wanted.substr(0, text.size()));
}

Probe command(std::string_view text, bool customary) noexcept {
  static constexpr std::array<std::string_view, 5> sure{"EHLO ", "HELO ", "LHLO ", "MAIL FROM:", "RCPT TO:"};
  static constexpr std::array<std::string_view, 7> likely{"RSET", "QUIT", "NOOP", "STARTTLS", "AUTH ", "EHLO", "HELO"};
  for (const auto word : sure)
    if (begins(text, word)) return Probe::yes;
  if (customary)
    for (const auto word : likely)
      if (begins(text, word)) return Probe::yes;
  for (const auto word : sure)
    if (may_begin(text, word)) return Probe::more;
  if (customary)
    for (const auto word : likely)
      if (may_begin(text, word)) return Probe::more;
  return Probe::no;
}

Probe welcome(std::string_view text, bool customary) noexcept {
  if (text.size() < 4)
    return std::string_view("220 ").starts_with(text) || std::string_view("220-").starts_with(text) ? Probe::more
                                                                                                    : Probe::no;
  if (!text.starts_with("220 ") && !text.starts_with("220-")) return Probe::no;
  const std::string line = lower_ascii(text.substr(0, text.find('\n')));
  if (line.find("smtp") != std::string::npos) return Probe::yes;
  if (line.find("ftp") != std::string::npos) return Probe::no;
  // Others greet alike: then the client's first command decides.
  return customary ? Probe::yes : Probe::more;
}

}  // namespace

Probe probe_smtp(const ProbeInput& input) {
  const std::string_view text = as_text(input.bytes);
  const auto customary = [](std::uint16_t port) { return std::ranges::find(smtp_ports, port) != smtp_ports.end(); };
  const bool on_port = customary(input.server_port) || (input.beginning_unseen && customary(input.client_port));
  const Probe as_command = command(text, on_port);
  const Probe as_welcome = welcome(text, on_port);
  const bool to_server = input.direction == Direction::to_server;
  const Probe usual = to_server ? as_command : as_welcome;
  if (usual != Probe::no || !input.beginning_unseen) return usual;
  const Probe turned = to_server ? as_welcome : as_command;
  return turned == Probe::yes ? Probe::reversed : Probe::no;
}

}  // namespace tocsin::collectors
