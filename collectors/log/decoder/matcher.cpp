#include "collectors/log/decoder/matcher.h"

#include <algorithm>
#include <cstring>

#include "collectors/base/address.h"
#include "collectors/base/scan.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::uint32_t steps_most = 8192;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
bool is_hex(char c) { return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

template <class Test>
std::size_t run_length(std::string_view text, Test test) {
  std::size_t n = 0;
  while (n < text.size() && test(text[n])) ++n;
  return n;
}

// Length of an address at the head of `text`, npos if there is none; "1.2.3.4:80" and "1.2.3.4." give seven bytes.
std::size_t address_length(std::string_view text) {
  if (text.starts_with('[')) {
    // One pair of brackets, as in "[::1]": a line of brackets must not cost a stack frame each.
    const auto inner = text.substr(1).starts_with('[') ? npos : address_length(text.substr(1));
    return inner != npos && text.substr(1 + inner).starts_with(']') ? inner + 2 : npos;
  }
  auto n = run_length(text.substr(0, 48), [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  const auto zone = text.substr(n).starts_with('%') ? 1 + run_length(text.substr(n + 1), is_alnum) : 0;
  const auto run = text.substr(0, n);
  if (const auto colon = run.find(':'); colon != npos && run.find(':', colon + 1) == npos) n = colon;  // IPv4 and port
  while (n > 0 && (text[n - 1] == '.' || (text[n - 1] == ':' && (n < 2 || text[n - 2] != ':')))) --n;
  if (n < 2) return npos;
  if (!parse_address(text.substr(0, n))) {  // "::1:37752": an address without brackets, and a port of five digits
    const auto last = text.substr(0, n).rfind(':');
    const auto digits = last == npos ? 0 : run_length(text.substr(last + 1, n - last - 1), is_digit);
    if (digits == 0 || last + 1 + digits != n || !parse_address(text.substr(0, last))) return npos;
    return last;
  }
  if (n < text.size() && is_alnum(text[n])) return npos;  // "1.2.3.4.example", "dead::beefs"
  return n == run.size() ? n + zone : n;
}

std::size_t host_length(std::string_view text) {
  if (const auto n = address_length(text); n != npos) {
    // "1.2.3.4.static.example.net" is a name.
    const bool longer =
        n + 1 < text.size() && (text[n] == '-' || text[n] == '_' || (text[n] == '.' && is_alnum(text[n + 1])));
    if (!longer) return n;
  }
  auto n = run_length(text.substr(0, 255), [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; });
  while (n > 0 && text[n - 1] == '.') --n;
  return n == 0 ? npos : n;
}

std::size_t endpoint_length(std::string_view text) {
  const auto n = host_length(text);
  if (n == npos || n >= text.size()) return n;
  const char mark = text[n];
  if (mark != ':' && mark != '#' && mark != '(' && mark != '/') return n;
  const auto digits = run_length(text.substr(n + 1), is_digit);
  if (digits == 0 || digits > 5) return n;
  if (mark == '(') return text.substr(n + 1 + digits).starts_with(')') ? n + digits + 2 : n;
  return n + 1 + digits;
}

std::size_t real_length(std::string_view text) {
  std::size_t n = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto whole = run_length(text.substr(n), is_digit);
  if (whole == 0) return npos;
  n += whole;
  if (n + 1 < text.size() && text[n] == '.' && is_digit(text[n + 1])) n += 1 + run_length(text.substr(n + 1), is_digit);
  return n;
}

std::size_t quoted_length(std::string_view text) {
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (text[n] == '\\') ++n;
    else if (text[n] == '"') return n;
  }
  return text.size();
}

// text.rfind(literal, bound), which compares at every place; literals are never empty.
std::size_t last_place(std::string_view text, std::string_view literal, std::size_t bound) {
  if (literal.size() > text.size()) return npos;
  auto places = std::min(bound, text.size() - literal.size()) + 1;
  while (places > 0) {
    const auto* found = static_cast<const char*>(::memrchr(text.data(), literal[0], places));
    if (found == nullptr) return npos;
    places = static_cast<std::size_t>(found - text.data());
    if (text.substr(places).starts_with(literal)) return places;
  }
  return npos;
}

std::size_t positive(std::size_t n) { return n == 0 ? npos : n; }

std::size_t fixed_length(const Pattern& pattern, const Op& op, std::string_view text) {
  switch (op.shape) {
    case Shape::number: return positive(run_length(text, is_digit));
    case Shape::integer: {
      const std::size_t sign = text.starts_with('-') ? 1 : 0;
      const auto n = run_length(text.substr(sign), is_digit);
      return n == 0 ? npos : n + sign;
    }
    case Shape::real: return real_length(text);
    case Shape::hex: {
      const std::size_t mark = text.starts_with("0x") ? 2 : 0;
      const auto n = run_length(text.substr(mark), is_hex);
      return n == 0 ? npos : n + mark;
    }
    case Shape::ident:
      return positive(run_length(text, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; }));
    case Shape::address: return address_length(text);
    case Shape::host: return host_length(text);
    case Shape::endpoint: return endpoint_length(text);
    case Shape::quoted: return quoted_length(text);
    case Shape::spaces: return run_length(text, [](char c) { return c == ' ' || c == '\t'; });
    case Shape::stamp: {
      const auto stamp = read_stamp(op.stamp, text);
      return stamp ? stamp->length : npos;
    }
    case Shape::expression: return pattern.expressions[op.target].match(text);
    default: return npos;
  }
}

class Run {
 public:
  Run(const Pattern& pattern, std::string_view text, Captures& captures)
      : pattern_(pattern), text_(text), captures_(captures) {}

  // Recursion is bounded by the number of ops (each level moves forward in the program) and by the step budget.
  bool from(std::size_t pc, std::size_t at, std::size_t count) {
    for (;;) {
      if (++steps_ > steps_most) return false;
      const Op& op = pattern_.ops[pc];
      switch (op.kind) {
        case Op::Kind::literal:
          if (!starts_with(at, op.literal)) return false;
          at += op.literal.size();
          ++pc;
          break;
        case Op::Kind::end: captures_.count = count; return at == text_.size();
        case Op::Kind::jump: pc = op.target; break;
        case Op::Kind::split:
          if (op.target == pc) {
            ++pc;
            break;
          }
          if (from(pc + 1, at, count)) return true;
          pc = op.target;
          break;
        case Op::Kind::open:
          if (!keep(op, text_.substr(at), count)) return false;
          ++pc;
          break;
        case Op::Kind::close: {
          const auto* begin = opened(op, count);
          if (begin == nullptr || !keep(op, {begin, text_.data() + at}, count)) return false;
          ++pc;
          break;
        }
        case Op::Kind::capture: {
          if (op.shape <= Shape::greedy) return flexible(op, pc, at, count);
          const auto n = fixed_length(pattern_, op, text_.substr(at));
          if (n == npos || !keep(op, text_.substr(at, n), count)) return false;
          at += n;
          ++pc;
          break;
        }
      }
    }
  }

 private:
  // Nearly all that differ do so in the first byte.
  bool starts_with(std::size_t at, std::string_view literal) const {
    return text_.size() - at >= literal.size() && text_[at] == literal[0] &&
           same_bytes(text_.data() + at, literal.data(), literal.size());
  }
  bool keep(const Op& op, std::string_view text, std::size_t& count) {
    if (count >= Captures::most) return false;
    captures_.items[count++] = {&op, text.data(), text.size()};
    return true;
  }
  const char* opened(const Op& close, std::size_t count) const {
    const Op* open = &pattern_.ops[close.target];
    for (std::size_t i = count; i-- > 0;)
      if (captures_.items[i].op == open) return captures_.items[i].data;
    return nullptr;
  }

  bool try_at(const Op& op, std::size_t pc, std::size_t at, std::size_t end, std::size_t count) {
    return keep(op, text_.substr(at, end - at), count) && from(pc + 1, end, count);
  }

  bool flexible(const Op& op, std::size_t pc, std::size_t at, std::size_t count) {
    std::size_t least = at;
    std::size_t most = text_.size();
    if (op.shape == Shape::word) {
      most = at + run_length(text_.substr(at), [](char c) { return c != ' ' && c != '\t'; });
      least = at + 1;
      if (most < least) return false;
    }
    // The places where a literal can go on come first; when that is not known, or none fits, every end is tried.
    const bool found = op.shape == Shape::greedy ? last_first(op, pc, at, count, least)
                                                 : nearest_first(op, pc, at, count, least, most);
    return found || (op.anything && every_end(op, pc, at, count, least, most));
  }

  bool nearest_first(const Op& op, std::size_t pc, std::size_t at, std::size_t count, std::size_t least,
                     std::size_t most) {
    std::size_t end = least;
    while (steps_ <= steps_most) {
      const auto next = next_follow(op, end);
      if (next == npos || next > most) return false;
      if (try_at(op, pc, at, next, count)) return true;
      if (next >= text_.size()) return false;
      end = next + 1;
    }
    return false;
  }

  // The nearest place from `at` on where one of the following literals stands (or the end of the text).
  std::size_t next_follow(const Op& op, std::size_t at) {
    if (at > text_.size()) return npos;
    const char* const begin = text_.data();
    const char* const end = begin + text_.size();
    const char* best = end;
    for (const auto literal : op.follows)
      best = std::min(best, find_literal(begin + at, end, pattern_.ops[literal].literal));
    const auto place = static_cast<std::size_t>(best - begin);
    charge(place - at);
    return best == end && !op.follow_end ? npos : place;
  }
  // Searching costs by the byte: a long text must not make each step dear.
  void charge(std::size_t searched) { steps_ += static_cast<std::uint32_t>(searched / 64); }

  bool last_first(const Op& op, std::size_t pc, std::size_t at, std::size_t count, std::size_t least) {
    if (op.follow_end && try_at(op, pc, at, text_.size(), count)) return true;
    std::size_t bound = text_.size();
    while (steps_ <= steps_most) {
      std::size_t best = npos;
      for (const auto literal : op.follows) {
        const auto found = last_place(text_, pattern_.ops[literal].literal, bound);
        if (found != npos && found >= least && (best == npos || found > best)) best = found;
      }
      charge(best == npos ? bound : bound - std::min(best, bound));
      if (best == npos) return false;
      if (try_at(op, pc, at, best, count)) return true;
      if (best == 0) return false;
      bound = best - 1;
    }
    return false;
  }

  bool every_end(const Op& op, std::size_t pc, std::size_t at, std::size_t count, std::size_t least, std::size_t most) {
    const bool longest = op.shape != Shape::text;
    for (std::size_t i = 0; i <= most - least && steps_ <= steps_most; ++i)
      if (try_at(op, pc, at, longest ? most - i : least + i, count)) return true;
    return false;
  }

  const Pattern& pattern_;
  const std::string_view text_;
  Captures& captures_;
  std::uint32_t steps_ = 0;
};

}  // namespace

bool match_pattern(const Pattern& pattern, std::string_view text, Captures& captures) noexcept {
  captures.count = 0;
  return Run(pattern, text, captures).from(0, 0, 0);
}

}  // namespace tocsin::collectors
