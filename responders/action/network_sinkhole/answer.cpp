#include "responders/action/network_sinkhole/answer.h"

namespace tocsin::responders {

std::optional<SinkholeAnswer> sinkhole_answer(std::string_view query) {
  constexpr std::size_t header = 12;
  constexpr std::size_t name_most = 255;
  constexpr std::size_t label_most = 63;
  constexpr std::size_t type_and_class = 4;
  constexpr unsigned answer_bit = 0x80, opcode_bits = 0x78, recursion_desired = 0x01;
  constexpr char recursion_available_and_refused = '\x85';
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(query[at]); };
  if (query.size() < header || (octet(2) & (answer_bit | opcode_bits)) != 0) return std::nullopt;
  if (octet(4) != 0 || octet(5) != 1) return std::nullopt;  // one question
  SinkholeAnswer out;
  std::size_t at = header;
  for (;;) {
    if (at >= query.size() || at - header >= name_most) return std::nullopt;
    const std::size_t length = octet(at++);
    if (length == 0) break;
    // A pointer in a question points nowhere it may.
    if (length > label_most || query.size() - at < length) return std::nullopt;
    if (!out.name.empty()) out.name += '.';
    out.name += query.substr(at, length);
    at += length;
  }
  if (query.size() - at < type_and_class) return std::nullopt;
  out.message = query.substr(0, at + type_and_class);
  out.message[2] = static_cast<char>(answer_bit | (octet(2) & recursion_desired));
  out.message[3] = recursion_available_and_refused;
  for (std::size_t i = 6; i < header; ++i) out.message[i] = '\0';  // no records behind the question
  return out;
}

}  // namespace tocsin::responders
