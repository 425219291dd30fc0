// Messages of lines.

#include <algorithm>
#include <optional>
#include <string_view>

#include "collectors/base/text.h"
#include "collectors/packet/frame/message.h"

namespace tocsin::collectors {

namespace {

using enum FrameKind;

constexpr std::size_t head_most = 64U << 10;

struct Head {
  std::size_t line = 0;     // with its end
  std::size_t headers = 0;  // with the end of the last, without the empty line
  std::size_t end = 0;      // of the empty line
  std::optional<std::uint64_t> length;
  bool chunked = false;
};

// First line and headers up to the empty line; nothing while it is not there.
std::optional<Head> head_of(std::string_view text, bool short_names) {
  Head out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return std::nullopt;
    auto line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() && out.line != 0) {
      out.headers = at - out.line;
      out.end = end + 1;
      return out;
    }
    if (out.line == 0) {
      out.line = end + 1;
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      const auto name = trim(line.substr(0, colon));
      const auto value = trim(line.substr(colon + 1));
      if (equals_ignoring_case(name, "content-length") || (short_names && equals_ignoring_case(name, "l")))
        out.length = parse_unsigned(value);
      if (equals_ignoring_case(name, "transfer-encoding") && lower_ascii(value).find("chunked") != std::string::npos)
        out.chunked = true;
    }
    at = end + 1;
  }
  return std::nullopt;
}

// Where the chunks that begin at `at` end; 0: not there yet.
std::size_t end_of_chunks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return 0;
    auto line = trim(text.substr(at, end - at));
    line = line.substr(0, line.find(';'));
    std::uint64_t size = 0;
    for (const char c : line) {
      const auto digit = std::string_view("0123456789abcdef").find(to_lower_ascii(c));
      if (digit == std::string_view::npos || size > (1ULL << 40)) break;
      size = size * 16 + digit;
    }
    at = end + 1;
    if (size == 0) {
      const auto last = text.find('\n', at);
      return last == std::string_view::npos ? 0 : last + 1;
    }
    if (size > text.size() - at) return 0;
    at += size;
    const auto next = text.find('\n', at);
    if (next == std::string_view::npos) return 0;
    at = next + 1;
  }
  return 0;
}

}  // namespace

FrameMessage measure_http(const FrameInput& input) {
  const auto text = as_text(input.bytes);
  const bool request = input.direction == Direction::to_server;
  const auto begin = text.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return FrameMessage::more();
  if (begin != 0) return FrameMessage::skip(begin);
  const auto head = head_of(text, false);
  if (!head) return text.size() > head_most ? FrameMessage::none() : FrameMessage::more();
  FrameMessage out;
  out.total = head->end;
  auto& other = input.memory[index(opposite(input.direction))];
  bool bodiless = false;
  if (request) {
    if (text.starts_with("HEAD ")) other.phase = 1;
  } else {
    const auto status = text.size() > 12 ? text.substr(9, 3) : std::string_view();
    bodiless = input.mine().phase == 1 || status.starts_with('1') || status == "204" || status == "304";
    input.mine().phase = 0;
  }
  if (head->chunked && !bodiless) {
    out.total = end_of_chunks(text, head->end);
    if (out.total == 0) return FrameMessage::more();
  } else if (head->length && !bodiless) {
    out.total += *head->length;
  } else if (!request && !bodiless) {
    out.total = FrameMessage::until_end;
  }
  out.add(request ? http_request : http_response, 0, out.total);
  return out;
}

FrameMessage measure_sip(const FrameInput& input) {
  const auto text = as_text(input.bytes);
  const auto head = head_of(text, true);
  FrameMessage out;
  if (!head) {
    if (!input.datagram) return text.size() > head_most ? FrameMessage::none() : FrameMessage::more();
    out.total = text.size();
    out.add(sip_pdu, 0, text.size());
    return out;
  }
  const bool answer = text.starts_with("SIP/");
  out.total = input.datagram ? text.size() : head->end + head->length.value_or(0);
  out.add(sip_pdu, 0, out.total);
  out.add(answer ? sip_response_line : sip_request_line, 0, head->line);
  out.add(answer ? sip_response_headers : sip_request_headers, head->line, head->headers);
  if (out.total > head->end) out.add(answer ? sip_response_body : sip_request_body, head->end, out.total - head->end);
  return out;
}

FrameMessage measure_smtp(const FrameInput& input) {
  static constexpr std::uint8_t commands = 0, mail = 1, counted = 2;
  const auto text = as_text(input.bytes);
  auto& mine = input.mine();
  FrameMessage out;
  if (mine.phase == counted) {
    out.total = mine.left;
    out.add(smtp_data, 0, mine.left);
    if (text.size() >= mine.left || input.ended) mine.phase = commands;
    return out;
  }
  if (mine.phase == mail) {
    const auto end = text.starts_with(".\r\n") ? 0 : text.find("\r\n.\r\n");
    if (end == std::string_view::npos) return out;
    mine.phase = commands;
    out.total = end == 0 ? 3 : end + 5;
    if (end != 0) out.add(smtp_data, 0, end + 2);
    return out;
  }
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return out;
  out.total = end + 1;
  const bool client = input.direction == Direction::to_server;
  out.add(client ? smtp_command_line : smtp_response_line, 0, end + 1);
  if (!client) return out;
  const auto line = lower_ascii(trim(text.substr(0, end)));
  if (line == "data") mine.phase = mail;
  if (!line.starts_with("bdat ")) return out;
  const auto count = std::string_view(line).substr(5);
  if (const auto size = parse_unsigned(count.substr(0, count.find(' '))); size && *size != 0) {
    mine.phase = counted;
    mine.left = *size;
  }
  return out;
}

// Commands begin with a byte of ones (RFC 854); the rest is text, line by line.
FrameMessage measure_telnet(const FrameInput& input) {
  static constexpr char escape = '\xFF', subnegotiation = '\xFA', end_of_it = '\xF0', will = '\xFB';
  // What ends a subnegotiation is a command of its own, as Suricata has it.
  const auto text = as_text(input.bytes);
  FrameMessage out;
  if (text.empty()) return out;
  if (text[0] == escape) {
    if (text.size() < 2) return out;
    std::uint64_t total = 2;
    if (text[1] == subnegotiation) {
      const char closing[] = {escape, end_of_it};
      const auto end = text.find(std::string_view(closing, 2), 2);
      if (end == std::string_view::npos) return text.size() > head_most ? FrameMessage::none() : out;
      total = end;
    } else if (static_cast<unsigned char>(text[1]) >= static_cast<unsigned char>(will) && text[1] != escape) {
      total = 3;
    }
    if (text.size() < total) return out;
    out.total = total;
    out.add(telnet_pdu, 0, total);
    out.add(telnet_control, 0, total);
    return out;
  }
  const auto line = text.find('\n');
  if (line == std::string_view::npos && !input.ended) return out;
  const std::uint64_t total = line == std::string_view::npos ? text.size() : line + 1;
  out.total = total;
  out.add(telnet_pdu, 0, total);
  out.add(telnet_data, 0, total);
  return out;
}

}  // namespace tocsin::collectors
