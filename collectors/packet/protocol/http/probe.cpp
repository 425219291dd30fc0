// Requests begin with a method and a space, answers with the protocol's name.

#include <algorithm>
#include <string_view>

#include "collectors/packet/protocol/http/parser.h"

namespace tocsin::collectors {

namespace {

constexpr auto methods = std::to_array<std::string_view>({"GET ",
                                                          "PUT ",
                                                          "POST ",
                                                          "HEAD ",
                                                          "TRACE ",
                                                          "OPTIONS ",
                                                          "CONNECT ",
                                                          "DELETE ",
                                                          "PATCH ",
                                                          "PROPFIND ",
                                                          "PROPPATCH ",
                                                          "MKCOL ",
                                                          "COPY ",
                                                          "MOVE ",
                                                          "LOCK ",
                                                          "UNLOCK ",
                                                          "CHECKOUT ",
                                                          "UNCHECKOUT ",
                                                          "CHECKIN ",
                                                          "UPDATE ",
                                                          "LABEL ",
                                                          "REPORT ",
                                                          "MKWORKSPACE ",
                                                          "MKACTIVITY ",
                                                          "MERGE ",
                                                          "INVALID ",
                                                          "VERSION-CONTROL ",
                                                          "BASELINE-CONTROL ",
                                                          "SEARCH ",
                                                          "BCOPY ",
                                                          "BMOVE ",
                                                          "BPROPFIND ",
                                                          "BPROPPATCH ",
                                                          "POLL ",
                                                          "SUBSCRIBE ",
                                                          "NOTIFY ",
                                                          "RPC_IN_DATA ",
                                                          "RPC_OUT_DATA ",
                                                          "BITS_POST ",
                                                          "CCM_POST "});

Probe starts(std::string_view text, std::string_view wanted) noexcept {
  const std::size_t count = std::min(text.size(), wanted.size());
  if (text.substr(0, count) != wanted.substr(0, count)) return Probe::no;
  return count == wanted.size() ? Probe::yes : Probe::more;
}

// Speakers of SIP and RTSP use methods of the same names; their URIs tell them apart.
Probe request_target(std::string_view text) noexcept {
  for (const std::string_view scheme : {"sip:", "sips:", "rtsp:", "rtspu:", "tel:"}) {
    const Probe answer = starts(text, scheme);
    if (answer == Probe::yes) return Probe::no;
    if (answer == Probe::more && !text.empty()) return Probe::more;
  }
  return Probe::yes;
}

Probe answer_line(std::string_view text) noexcept {
  Probe best = Probe::no;
  for (const std::string_view version : {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"}) {
    const Probe answer = starts(text, version);
    if (answer == Probe::yes) return answer;
    if (answer == Probe::more) best = answer;
  }
  return best;
}

}  // namespace

Probe probe_http(const ProbeInput& input) {
  std::string_view text = as_text(input.bytes);
  if (input.direction == Direction::to_client) {
    const Probe answer = answer_line(text);
    if (answer != Probe::no || !input.beginning_unseen) return answer;
  } else if (input.beginning_unseen && answer_line(text) == Probe::yes) {
    return Probe::reversed;
  }
  // Servers skip empty lines before a request (RFC 9112, section 2.2).
  const std::size_t begin = text.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return text.size() < 64 ? Probe::more : Probe::no;
  text.remove_prefix(begin);
  Probe best = Probe::no;
  for (const auto method : methods) {
    Probe answer = starts(text, method);
    if (answer == Probe::yes) answer = request_target(text.substr(method.size()));
    if (answer == Probe::yes) return input.direction == Direction::to_client ? Probe::reversed : Probe::yes;
    if (answer == Probe::more) best = answer;
  }
  return best;
}

}  // namespace tocsin::collectors
