#include "collectors/log/envelope/syslog.h"

#include <array>

namespace tocsin::collectors {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

// "<34>" with at most three digits (RFC 5424 §6.2.1); bounded before it is stored.
bool take_priority(std::string_view& text, int& priority) {
  if (text.size() < 3 || text[0] != '<') return false;
  std::size_t at = 1;
  int value = 0;
  while (at < text.size() && at <= 3 && is_digit(text[at])) value = value * 10 + (text[at++] - '0');
  if (at == 1 || at >= text.size() || text[at] != '>' || value > 191) return false;
  priority = value;
  text.remove_prefix(at + 1);
  return true;
}

std::string_view take_word(std::string_view& text) {
  const auto end = text.find(' ');
  const auto word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

void skip_spaces(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

std::string_view nil(std::string_view word) { return word == "-" ? std::string_view{} : word; }

// SD-ELEMENTs with quoted values; RFC 5424 §6.3. What does not close is taken as message.
std::string_view take_structured(std::string_view& text) {
  if (text.starts_with("- ") || text == "-") {
    text.remove_prefix(text.size() == 1 ? 1 : 2);
    return {};
  }
  std::size_t at = 0;
  bool quoted = false;
  bool inside = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      else if (c == '"') quoted = false;
    } else if (inside) {
      if (c == '"') quoted = true;
      else if (c == ']') inside = false;
    } else if (c == '[') {
      inside = true;
    } else {
      break;
    }
  }
  if (quoted || inside || at > text.size()) return {};
  const auto structured = text.substr(0, at);
  text.remove_prefix(at);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return structured;
}

bool read_5424(std::string_view text, Envelope& out) {
  if (text.size() < 3 || !is_digit(text[0])) return false;
  const auto version = take_word(text);
  if (version.size() > 2) return false;
  Envelope e = out;
  if (text.starts_with("- ")) {
    text.remove_prefix(2);
  } else {
    e.stamp = read_stamp(StampForm::iso, text);
    if (!e.stamp) return false;
    text.remove_prefix(e.stamp->length);
    if (!text.starts_with(' ')) return false;
    text.remove_prefix(1);
  }
  e.host = nil(take_word(text));
  e.program = nil(take_word(text));
  e.pid = nil(take_word(text));
  e.message_id = nil(take_word(text));
  e.structured = take_structured(text);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  e.message = text;
  if (const auto slash = e.program.rfind('/'); e.program.starts_with('/')) e.program.remove_prefix(slash + 1);
  out = e;
  return true;
}

// Length of a tag's name at the head of `text` when "[" or ":" follows it; 0 when it is no tag.
std::size_t tag_length(std::string_view text) {
  constexpr std::size_t most = 64;
  std::size_t at = 0;
  while (at < text.size() && at < most) {
    const char c = text[at];
    if (c == '[' || c == ':') break;
    if (c == '(') {  // "sshd(pam_unix)[19939]:"
      const auto close = text.substr(at, most).find(')');
      if (close == std::string_view::npos) return 0;
      at += close + 1;
      continue;
    }
    if (!is_alnum(c) && std::string_view("-_./@%+").find(c) == std::string_view::npos) return 0;
    ++at;
  }
  if (at == 0 || at >= text.size() || at >= most) return 0;
  if (text[at] == ':') return at + 1 == text.size() || text[at + 1] == ' ' ? at : 0;
  if (text[at] != '[') return 0;
  const auto close = text.substr(at, most).find(']');
  if (close == std::string_view::npos) return 0;
  const auto after = at + close + 1;
  if (after < text.size() && text[after] != ':' && text[after] != ' ') return 0;
  return at;
}

bool looks_like_host(std::string_view word) {
  if (word.empty() || word.size() > 255) return false;
  for (const char c : word)
    if (!is_alnum(c) && std::string_view("-_.:%/@").find(c) == std::string_view::npos) return false;
  return word.back() != ':' && word.front() != '%';
}

// What follows the stamp: host and tag, or a tag alone.
void read_host_and_tag(std::string_view text, Envelope& out) {
  skip_spaces(text);
  if (text.starts_with(": ")) text.remove_prefix(2);  // Cisco writes "host : %ASA" and "stamp: %SYS"
  if (tag_length(text) == 0) {
    auto rest = text;
    const auto word = take_word(rest);
    if (looks_like_host(word) && !rest.empty() && word.find('=') == std::string_view::npos) {
      out.host = word;
      text = rest;
      if (rest.starts_with(word) && rest.substr(word.size()).starts_with(' '))
        text.remove_prefix(word.size());  // UniFi
      skip_spaces(text);
      if (text.starts_with(": ")) text.remove_prefix(2);
    }
  }
  read_tag(text, out);
}

// What a container runtime writes for each line has a time in front as well: "… stdout F text", "… stderr P text".
bool is_container_line(std::string_view text) {
  if (!text.starts_with(" stdout ") && !text.starts_with(" stderr ")) return false;
  text.remove_prefix(8);
  return text.starts_with("F ") || text.starts_with("P ");
}

}  // namespace

void read_tag(std::string_view text, Envelope& out) noexcept {
  const auto length = tag_length(text);
  out.program = {};
  out.pid = {};
  out.message = text;
  if (length == 0) return;
  out.program = text.substr(0, length);
  text.remove_prefix(length);
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    out.pid = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
  }
  if (text.starts_with(':')) text.remove_prefix(1);
  skip_spaces(text);
  if (text.starts_with("[ID ")) {  // Solaris: "[ID 800047 auth.notice] …"
    const auto close = text.substr(0, 64).find("] ");
    if (close != std::string_view::npos) text.remove_prefix(close + 2);
  }
  out.message = text;
  if (out.program.starts_with('/')) out.program.remove_prefix(out.program.rfind('/') + 1);
}

bool read_envelope(std::string_view line, Envelope& out) noexcept {
  Envelope e;
  std::string_view text = line;
  const bool has_priority = take_priority(text, e.priority);
  if (has_priority && read_5424(text, e)) {
    out = e;
    return true;
  }
  skip_spaces(text);
  if (text.empty()) return false;
  bool spaced = false;
  if (is_digit(text[0])) {
    e.stamp = read_stamp(StampForm::iso, text);
    spaced = e.stamp && text[10] == ' ';
  } else {
    e.stamp = read_stamp(StampForm::syslog, text);
    if (!e.stamp) e.stamp = read_stamp(StampForm::ctime, text);
  }
  if (e.stamp) {
    text.remove_prefix(e.stamp->length);
    if (!text.empty() && text[0] != ' ' && text[0] != ':') return false;
    if (is_container_line(text)) return false;
    read_host_and_tag(text, e);
    // "2024-12-10 06:55:46 …" without a T opens many application logs too: a host and a tag with a process id tell.
    if (spaced && !has_priority && (e.host.empty() || e.pid.empty())) return false;
  } else {
    if (!has_priority) return false;
    read_host_and_tag(text, e);
  }
  out = e;
  return true;
}

}  // namespace tocsin::collectors
