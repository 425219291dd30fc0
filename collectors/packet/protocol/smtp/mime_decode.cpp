#include "collectors/packet/protocol/smtp/mime_decode.h"

#include <map>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint8_t foreign = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(foreign);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

std::optional<std::uint8_t> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  c = to_lower_ascii(c);
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

// Behind `mark` two hexadecimal digits stand for a byte.
std::optional<char> escaped(std::string_view text, std::size_t at) noexcept {
  if (at + 2 >= text.size()) return std::nullopt;
  const auto high = hex_digit(text[at + 1]);
  const auto low = hex_digit(text[at + 2]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>((*high << 4) | *low);
}

struct Parameter {
  std::string_view name;
  std::string value;
};

// Takes the next "; name=value" off the front.
std::optional<Parameter> next_parameter(std::string_view& rest) {
  while (true) {
    std::size_t at = 0;
    bool quoted = false;
    for (; at < rest.size() && (quoted || rest[at] != ';'); ++at) {
      if (quoted && rest[at] == '\\') ++at;
      else if (rest[at] == '"') quoted = !quoted;
    }
    const std::string_view item = trim(rest.substr(0, std::min(at, rest.size())));
    const bool last = at >= rest.size();
    rest.remove_prefix(last ? rest.size() : at + 1);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      if (last) return std::nullopt;
      continue;
    }
    Parameter out;
    out.name = trim(item.substr(0, equals));
    std::string_view value = trim(item.substr(equals + 1));
    if (!value.starts_with('"')) {
      out.value = value;
      return out;
    }
    value.remove_prefix(1);
    for (std::size_t i = 0; i < value.size() && value[i] != '"'; ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      out.value += value[i];
    }
    return out;
  }
}

std::string percent_decoded(std::string_view text) {
  // charset'language'value
  const std::size_t first = text.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second != std::string_view::npos) text.remove_prefix(second + 1);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? escaped(text, i) : std::nullopt;
    out += byte.value_or(text[i]);
    if (byte) i += 2;
  }
  return out;
}

}  // namespace

namespace {

// Appends groups of four characters of the alphabet up to the first that is none; how many characters that took.
std::size_t decode_groups(std::string_view text, std::string& out) {
  std::array<char, 96> bytes;  // a line of an attachment is 57 bytes; hostile text costs no more than this a character
  std::size_t at = 0;
  std::size_t made = 0;
  for (; text.size() - at >= 4; at += 4) {
    std::array<std::uint32_t, 4> values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = base64_values[static_cast<std::uint8_t>(text[at + i])];
    if (((values[0] | values[1] | values[2] | values[3]) & 0xC0U) != 0) break;
    const std::uint32_t bits = (values[0] << 18U) | (values[1] << 12U) | (values[2] << 6U) | values[3];
    for (const unsigned shift : {16U, 8U, 0U}) bytes[made++] = static_cast<char>(bits >> shift);
    if (made < bytes.size()) continue;
    out.append(bytes.data(), made);
    made = 0;
  }
  out.append(bytes.data(), made);
  return at;
}

}  // namespace

bool Base64Reader::decode(std::string_view text, std::string& out) {
  bool valid = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    // A line of an attachment is whole groups; what is left of it, and lines of other lengths, go one by one.
    if (held_ == 0) at += decode_groups(text.substr(at), out);
    if (at == text.size()) break;
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      if (held_ < 2) {
        valid = false;
        continue;
      }
      ++padding_;
      group_[held_++] = 0;
    } else {
      const std::uint8_t value = base64_values[static_cast<std::uint8_t>(c)];
      if (value == foreign) {
        valid = false;
        continue;
      }
      group_[held_++] = value;
    }
    if (held_ < 4) continue;
    const std::array<char, 3> bytes{static_cast<char>((group_[0] << 2) | (group_[1] >> 4)),
                                    static_cast<char>((group_[1] << 4) | (group_[2] >> 2)),
                                    static_cast<char>((group_[2] << 6) | group_[3])};
    out.append(bytes.data(), padding_ >= 2 ? 1 : 3 - padding_);
    held_ = 0;
    padding_ = 0;
  }
  return valid;
}

void Base64Reader::finish(std::string& out) {
  if (held_ >= 2 && padding_ == 0) out += static_cast<char>((group_[0] << 2) | (group_[1] >> 4));
  if (held_ == 3 && padding_ == 0) out += static_cast<char>((group_[1] << 4) | (group_[2] >> 2));
  held_ = 0;
  padding_ = 0;
}

QuotedPrintableLine decode_quoted_printable(std::string_view line, std::string& out) {
  QuotedPrintableLine result;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '=') {
      out += line[i];
      continue;
    }
    if (i + 1 == line.size()) {
      result.soft = true;
      break;
    }
    const auto byte = escaped(line, i);
    if (byte) out += *byte;
    else result.valid = false;
    i += 2;
  }
  return result;
}

std::optional<std::string> mail_parameter(std::string_view header, std::string_view name) {
  static constexpr std::size_t sections_most = 64;
  std::map<std::uint64_t, std::string> sections;
  std::string_view rest = header;
  while (!rest.empty()) {
    auto parameter = next_parameter(rest);
    if (!parameter) break;
    std::string_view key = parameter->name;
    if (equals_ignoring_case(key, name)) return std::move(parameter->value);
    if (key.size() <= name.size() || key[name.size()] != '*' || !equals_ignoring_case(key.substr(0, name.size()), name))
      continue;
    key.remove_prefix(name.size() + 1);
    if (key.empty()) return percent_decoded(parameter->value);
    const bool encoded = key.ends_with('*');
    if (encoded) key.remove_suffix(1);
    const auto number = parse_unsigned(key);
    if (!number || sections.size() >= sections_most) continue;
    sections.emplace(*number, encoded ? percent_decoded(parameter->value) : std::move(parameter->value));
  }
  if (sections.empty()) return std::nullopt;
  std::string joined;
  for (const auto& [number, text] : sections) joined += text;
  return joined;
}

}  // namespace tocsin::collectors
