#include "collectors/log/mask/mask.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "collectors/base/scan.h"
#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::array<std::string_view, 23> secret_names{
    "password",     "passwd",        "pwd",           "pass",       "passphrase", "passcode",  "secret",     "token",
    "access_token", "refresh_token", "id_token",      "auth_token", "csrf_token", "api_key",   "apikey",     "api-key",
    "x-api-key",    "client_secret", "client-secret", "phpsessid",  "jsessionid", "sessionid", "private_key"};
constexpr std::array<std::string_view, 6> header_names{"authorization", "proxy-authorization", "cookie",
                                                       "set-cookie",    "x-api-key",           "x-auth-token"};
constexpr std::array<std::string_view, 5> options{"--password ", "--passwd ", "--token ", "--secret ", "--api-key "};
constexpr std::array<std::string_view, 16> attack_marks{"../", "..\\",   "%27", "%22", "%3c", "%3e",    "%3b", "%7c",
                                                        "%28", "%2e%2e", "%00", "%0a", "%60", "%24%7b", "${",  "$("};

constexpr auto name_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0; c < 128; ++c)
    out[c] = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '-';
  return out;
}();
bool is_name(char c) { return name_bytes[static_cast<unsigned char>(c)]; }

// Names in lower case. Nearly every name of a line is none of them: first letter and length say so.
template <std::size_t N>
class NameSet {
 public:
  constexpr explicit NameSet(const std::array<std::string_view, N>& names) : names_(names) {
    for (const auto name : names) lengths_[letter(name)] |= 1U << name.size();
  }
  bool holds(std::string_view name) const noexcept {
    if (name.empty() || name.size() >= 32 || ((lengths_[letter(name)] >> name.size()) & 1) == 0) return false;
    return std::ranges::any_of(names_, [&](std::string_view known) { return equals_ignoring_case(known, name); });
  }

 private:
  static constexpr std::size_t letter(std::string_view name) {
    return (static_cast<unsigned char>(name[0]) | 0x20U) % 32;
  }
  std::array<std::string_view, N> names_;
  std::array<std::uint32_t, 32> lengths_{};
};
constexpr NameSet secrets(secret_names);
constexpr NameSet headers(header_names);

// By the last three letters of a name, case aside: whether it can be one of those above at all. None is shorter.
class NameEnds {
 public:
  static constexpr std::size_t letters = 3;
  constexpr NameEnds() {
    for (const auto name : secret_names) add(name);
    for (const auto name : header_names) add(name);
  }
  // Of the name that ends before `end`.
  bool holds(const char* end) const noexcept {
    const auto& before = before_[low(end[-1])];
    return (((before[0] >> low(end[-2])) & (before[1] >> low(end[-3]))) & 1) != 0;
  }

 private:
  static constexpr unsigned low(char c) { return static_cast<unsigned char>(c) % 32; }
  constexpr void add(std::string_view name) {
    auto& before = before_[low(name[name.size() - 1])];
    before[0] |= 1U << low(name[name.size() - 2]);
    before[1] |= 1U << low(name[name.size() - 3]);
  }
  std::array<std::array<std::uint32_t, 2>, 32> before_{};  // by the last one: those that stand before it, one further
};
constexpr NameEnds name_ends;

bool secret_name(std::string_view name) {
  while (name.starts_with('-')) name.remove_prefix(1);
  return secrets.holds(name);
}

bool looks_like_attack(std::string_view value) {
  if (value.find_first_of("'\"<>|`(){}") != npos) return true;
  const auto same = [](char a, char b) { return to_lower_ascii(a) == b; };
  return std::ranges::any_of(attack_marks,
                             [&](std::string_view mark) { return !std::ranges::search(value, mark, same).empty(); });
}

class Masker {
 public:
  explicit Masker(std::span<char> text) : text_(text), view_(text.data(), text.size()) {}

  std::size_t run() {
    const char* const begin = view_.data();
    const char* const end = begin + view_.size();
    std::uint64_t dash_before = 0;
    bool dashes = false;
    for (const char* at = begin; at < end; at += scan::Stretch::size) {
      const scan::Stretch stretch(at, end);
      auto marks = stretch.marks([](auto block) { return (block == '=') | (block == ':'); });
      const auto dash = stretch.marks([](auto block) { return block == '-'; });
      dashes = dashes || (dash & (dash << 1 | dash_before)) != 0;
      dash_before = dash >> 63;
      for (; marks != 0; marks &= marks - 1) look(static_cast<std::size_t>(at - begin + std::countr_zero(marks)));
    }
    if (dashes) command_options();
    return masked_;
  }

 private:
  static bool is_quote(char c) { return c == '"' || c == '\''; }
  bool may_end_name(std::size_t end) const { return end >= NameEnds::letters && name_ends.holds(view_.data() + end); }

  // What was hidden meanwhile is no mark any more. Most marks stand behind no name that is looked for.
  void look(std::size_t at) {
    if (view_[at] == ':') {
      if (at > 0 && is_quote(view_[at - 1])) {
        if (may_end_name(at - 1)) json_member(at);
      } else {
        colon(at);
      }
    } else if (view_[at] == '=' && may_end_name(at)) {
      pair(at);
    }
  }

  // Empty when it is none of those that are looked for, as far as its end tells.
  std::string_view name_before(std::size_t end) const {
    if (!may_end_name(end)) return {};
    auto start = end;
    while (start > 0 && end - start < 32 && is_name(view_[start - 1])) --start;
    return view_.substr(start, end - start);
  }

  void hide(std::size_t begin, std::size_t end) {
    end = std::min(end, view_.size());
    // The backslashes before a quote belong to the quote: JSON inside must stay JSON.
    if (end < view_.size() && is_quote(view_[end]))
      while (end > begin && view_[end - 1] == '\\') --end;
    if (begin >= end || looks_like_attack(view_.substr(begin, end - begin))) return;
    std::ranges::fill(text_.subspan(begin, end - begin), '*');
    ++masked_;
  }

  // name=value, name="value", name='value'
  [[gnu::noinline]] void pair(std::size_t at) {
    if (!secret_name(name_before(at))) return;
    auto begin = at + 1;
    if (begin < view_.size() && view_[begin] == '/') return;  // PWD=/home/alice is a directory
    if (begin < view_.size() && is_quote(view_[begin])) {
      const auto close = view_.find(view_[begin], begin + 1);
      return hide(begin + 1, close);
    }
    hide(begin, view_.find_first_of(" \t&;,\"'#)]}", begin));
  }

  void colon(std::size_t at) {
    if (view_.substr(at).starts_with("://")) return url_user(at + 3);
    const auto name = name_before(at);
    if (!headers.holds(name)) return;
    auto begin = view_.find_first_not_of(" \t", at + 1);
    if (begin == npos) return;
    const auto rest = view_.substr(begin);
    for (const std::string_view scheme : {"Basic ", "Bearer ", "Digest ", "Negotiate ", "token "})
      if (rest.size() > scheme.size() && equals_ignoring_case(rest.substr(0, scheme.size()), scheme))
        begin += scheme.size();
    hide(begin, view_.find_first_of("\"'\r\n", begin));
  }

  // "password": "value"
  [[gnu::noinline]] void json_member(std::size_t at) {
    const auto name = name_before(at - 1);
    if (!secret_name(name) && !headers.holds(name)) return;
    const auto open = view_.find_first_not_of(" \t", at + 1);
    if (open == npos || !is_quote(view_[open])) return;
    auto close = open + 1;
    while (close < view_.size() && view_[close] != view_[open]) close += view_[close] == '\\' ? 2 : 1;
    hide(open + 1, close);
  }

  // scheme://user:password@host
  void url_user(std::size_t begin) {
    const auto end = std::min(view_.find_first_of("/ \t\"'?#", begin), view_.size());
    const auto authority = view_.substr(begin, end - begin);
    const auto at = authority.rfind('@');
    const auto mark = authority.find(':');
    if (at == npos || mark == npos || mark > at) return;
    hide(begin + mark + 1, begin + at);
  }

  void command_options() {
    for (const auto option : options)
      for (auto at = view_.find(option); at != npos; at = view_.find(option, at + option.size())) {
        const auto begin = at + option.size();
        hide(begin, view_.find_first_of(" \t\"'", begin));
      }
  }

  std::span<char> text_;
  std::string_view view_;
  std::size_t masked_ = 0;
};

}  // namespace

std::size_t mask_secrets(std::span<char> text) noexcept { return Masker(text).run(); }

}  // namespace tocsin::collectors
