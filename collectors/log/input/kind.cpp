#include "collectors/log/envelope/syslog.h"
#include "collectors/log/input/log_input.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t looked_at = 4096;
constexpr int lines_most = 32;

bool is_binary(Bytes head) {
  std::size_t odd = 0;
  for (const auto b : head) {
    if (b == 0) return true;
    if (b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != 0x1B && b != 0x1D && b != 0x01) ++odd;
  }
  return odd * 10 > head.size();
}

// `address … [stamp] "request" status`
bool looks_like_access(std::string_view line) {
  const auto open = line.find(" [");
  if (open == std::string_view::npos || open > 512) return false;
  const auto stamp = read_stamp(StampForm::common, line.substr(open + 2));
  return stamp.has_value() && line.find('"', open) != std::string_view::npos;
}

}  // namespace

std::optional<LogKind> guess_kind(Bytes head) noexcept {
  head = head.subspan(0, std::min(head.size(), looked_at));
  auto text = as_text(head);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (is_binary(as_bytes(text))) return std::nullopt;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return LogKind::automatic;
  if (text[first] == '[') {
    const auto inner = text.find_first_not_of(" \t\r\n", first + 1);
    if (inner != std::string_view::npos && text[inner] == '{') return LogKind::json;
  }
  if (looks_like_json(text.substr(first))) return LogKind::json;
  int syslog = 0, access = 0, audit = 0, all = 0;
  while (!text.empty() && all < lines_most) {
    const auto newline = text.find('\n');
    const auto line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (line.empty()) continue;
    ++all;
    Envelope envelope;
    if (line.find("msg=audit(") != std::string_view::npos && line.find("type=") < 128) ++audit;
    else if (looks_like_access(line)) ++access;
    else if (read_envelope(line, envelope)) ++syslog;
  }
  if (audit * 2 > all) return LogKind::audit;
  if (access * 2 > all) return LogKind::access;
  if (syslog * 2 > all) return LogKind::syslog;
  return LogKind::automatic;
}

}  // namespace tocsin::collectors
