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

}  // namespace

Probe probe_http(const ProbeInput& input) {
  std::string_view text = as_text(input.bytes);
  Probe best = Probe::no;
  if (input.direction == Direction::to_client) {
    for (const std::string_view version : {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"}) {
      const Probe answer = starts(text, version);
      if (answer == Probe::yes) return answer;
      if (answer == Probe::more) best = answer;
    }
    return best;
  }
  // Servers skip empty lines before a request (RFC 9112, section 2.2).
  const std::size_t begin = text.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return text.size() < 64 ? Probe::more : Probe::no;
  text.remove_prefix(begin);
  for (const auto method : methods) {
    const Probe answer = starts(text, method);
    if (answer == Probe::more) best = answer;
    if (answer != Probe::yes) continue;
    // SIP and RTSP have methods of the same names; the end of the first line tells them apart.
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos)
      return text.size() < 256 && text.size() + begin < 4'096 ? Probe::more : Probe::yes;
    const std::string_view line = text.substr(0, end);
    if (line.find(" SIP/2.0") != std::string_view::npos || line.find(" RTSP/1.") != std::string_view::npos)
      return Probe::no;
    return Probe::yes;
  }
  return best;
}

}  // namespace tocsin::collectors
