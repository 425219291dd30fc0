#include "responders/playbook/condition/pattern.h"

#include <optional>
#include <string>

#include <fmt/format.h>

namespace tocsin::responders {
namespace {

constexpr std::size_t program_most = 2048;
constexpr std::size_t depth_most = 32;
constexpr std::uint32_t repeat_most = 1000;

using ByteSet = std::bitset<256>;

std::size_t index_of(char c) noexcept { return static_cast<std::uint8_t>(c); }

void add_range(ByteSet& set, char from, char to) {
  for (std::size_t c = index_of(from); c <= index_of(to); ++c) set.set(c);
}

ByteSet class_of(char letter) {
  ByteSet set;
  switch (letter) {
    case 'd':
    case 'D': add_range(set, '0', '9'); break;
    case 'w':
    case 'W':
      add_range(set, '0', '9');
      add_range(set, 'a', 'z');
      add_range(set, 'A', 'Z');
      set.set('_');
      break;
    default:
      for (const char c : {' ', '\t', '\n', '\r', '\f', '\v'}) set.set(index_of(c));
  }
  return letter >= 'A' && letter <= 'Z' ? ~set : set;
}

bool is_word(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct Node {
  enum class Kind : std::uint8_t { empty, set, sequence, either, repeat, begin, end, word, not_word };
  Kind kind = Kind::empty;
  ByteSet set;
  std::vector<Node> children;
  std::uint32_t least = 0;
  std::optional<std::uint32_t> most;
};

}  // namespace

// Text → tree → program. Recursion follows the groups and is capped.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view text) : text_(text) {}

  Result<Pattern> run() {
    if (text_.size() > 4096) return fail(Code::exhausted, "the expression is longer than 4096 bytes");
    if (text_.starts_with("(?i)")) ignore_case_ = true, position_ = 4;
    Node root = either(0);
    if (problem_.empty() && position_ != text_.size()) problem("an unmatched )");
    if (!problem_.empty()) return fail(Code::invalid, fmt::format("{} at byte {} of the expression", problem_, place_));
    emit(root);
    push(Pattern::Op::match);
    if (full_) return fail(Code::exhausted, "the expression is too large: its repetitions pass 2048 instructions");
    return std::move(pattern_);
  }

 private:
  using Op = Pattern::Op;

  void problem(std::string what) {
    if (!problem_.empty()) return;
    problem_ = std::move(what);
    place_ = position_;
  }
  bool more() const noexcept { return position_ < text_.size() && problem_.empty(); }
  char peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }

  Node either(std::size_t depth) {
    Node node{.kind = Node::Kind::either, .set = {}, .children = {}, .least = 0, .most = {}};
    if (depth > depth_most) {
      problem("groups nested deeper than 32");
      return node;
    }
    node.children.push_back(sequence(depth));
    while (more() && peek() == '|') {
      ++position_;
      node.children.push_back(sequence(depth));
    }
    return node;
  }

  Node sequence(std::size_t depth) {
    Node node;
    node.kind = Node::Kind::sequence;
    while (more() && peek() != '|' && peek() != ')') node.children.push_back(repeated(atom(depth)));
    return node;
  }

  Node atom(std::size_t depth) {
    Node node;
    const char c = text_[position_++];
    switch (c) {
      case '^': node.kind = Node::Kind::begin; return node;
      case '$': node.kind = Node::Kind::end; return node;
      case '.':
        node.kind = Node::Kind::set;
        node.set.set();
        node.set.reset('\n');
        return node;
      case '[': return bracket();
      case '(': return group(depth);
      case '\\': return escaped();
      case '*':
      case '+':
      case '?': problem("nothing to repeat"); return node;
      default: return literal(c);
    }
  }

  Node group(std::size_t depth) {
    if (peek() == '?') {
      if (text_.substr(position_, 2) != "?:") problem("look-around and named groups are not supported");
      position_ += 2;
    }
    Node node = either(depth + 1);
    if (peek() != ')') problem("a group is not closed");
    else ++position_;
    return node;
  }

  Node literal(char c) {
    Node node;
    node.kind = Node::Kind::set;
    node.set.set(index_of(c));
    fold(node.set);
    return node;
  }

  void fold(ByteSet& set) const {
    if (!ignore_case_) return;
    for (char c = 'a'; c <= 'z'; ++c) {
      const std::size_t lower = index_of(c);
      const std::size_t upper = lower - 32;
      if (set[lower] || set[upper]) set.set(lower), set.set(upper);
    }
  }

  // The byte an escape such as \n or \x41 stands for; nothing if it is not one.
  std::optional<char> escaped_byte(char c) {
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'f': return '\f';
      case 'v': return '\v';
      case 'x': {
        unsigned value = 0;
        for (int i = 0; i < 2; ++i) {
          const char h = peek();
          unsigned digit = 0;
          if (h >= '0' && h <= '9') digit = static_cast<unsigned>(h - '0');
          else if (h >= 'a' && h <= 'f') digit = static_cast<unsigned>(h - 'a' + 10);
          else if (h >= 'A' && h <= 'F') digit = static_cast<unsigned>(h - 'A' + 10);
          else return problem("\\x needs two hexadecimal digits"), std::nullopt;
          value = value * 16 + digit;
          ++position_;
        }
        return static_cast<char>(static_cast<std::uint8_t>(value));
      }
      default: return is_word(c) ? std::nullopt : std::optional<char>(c);
    }
  }

  Node escaped() {
    Node node;
    if (!more()) {
      problem("a backslash at the end");
      return node;
    }
    const char c = text_[position_++];
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 's':
      case 'S':
        node.kind = Node::Kind::set;
        node.set = class_of(c);
        return node;
      case 'b': node.kind = Node::Kind::word; return node;
      case 'B': node.kind = Node::Kind::not_word; return node;
      default: break;
    }
    if (const auto byte = escaped_byte(c)) return literal(*byte);
    problem(fmt::format("the escape \\{} is not supported", c >= '!' && c <= '~' ? c : '?'));
    return node;
  }

  // One member of a bracket: a byte, or a class put into `set` at once.
  std::optional<char> member(ByteSet& set) {
    const char c = text_[position_++];
    if (c == '[' && peek() == ':') {
      problem("[:classes:] are not supported");
      return std::nullopt;
    }
    if (c != '\\') return c;
    if (!more()) {
      problem("a backslash at the end");
      return std::nullopt;
    }
    const char e = text_[position_++];
    if (std::string_view("dDwWsS").find(e) != std::string_view::npos) {
      set |= class_of(e);
      return std::nullopt;
    }
    if (e == 'b') return '\b';
    const auto byte = escaped_byte(e);
    if (!byte) problem("unsupported escape inside [ ]");
    return byte;
  }

  Node bracket() {
    Node node;
    node.kind = Node::Kind::set;
    bool negated = false;
    if (peek() == '^') negated = true, ++position_;
    bool first = true;
    while (more() && (peek() != ']' || first)) {
      first = false;
      const auto from = member(node.set);
      if (!from) continue;
      if (peek() == '-' && position_ + 1 < text_.size() && text_[position_ + 1] != ']') {
        ++position_;
        const auto to = member(node.set);
        if (!to || index_of(*to) < index_of(*from)) problem("a range inside [ ] is upside down");
        else add_range(node.set, *from, *to);
      } else {
        node.set.set(index_of(*from));
      }
    }
    if (peek() != ']' || !problem_.empty()) problem("[ is not closed");
    else ++position_;
    fold(node.set);
    if (negated) node.set.flip();
    return node;
  }

  std::optional<std::uint32_t> count() {
    std::uint32_t number = 0;
    const std::size_t start = position_;
    while (peek() >= '0' && peek() <= '9' && number <= repeat_most)
      number = number * 10 + static_cast<std::uint32_t>(text_[position_++] - '0');
    if (position_ == start) return std::nullopt;
    if (number > repeat_most) problem("a repetition above 1000");
    return number;
  }

  // {n}, {n,}, {n,m}; anything else in braces is literal text, as in PCRE.
  bool braces(Node& repeat) {
    const std::size_t start = position_++;
    const auto least = count();
    std::optional<std::uint32_t> most = least;
    if (least && peek() == ',') {
      ++position_;
      most = count();
    }
    if (!least || peek() != '}') {
      position_ = start;
      return false;
    }
    ++position_;
    repeat.least = *least;
    repeat.most = most;
    if (most && *most < *least) problem("a repetition is upside down");
    return true;
  }

  Node repeated(Node inner) {
    while (more()) {
      Node repeat;
      repeat.kind = Node::Kind::repeat;
      const char c = peek();
      if (c == '*') ++position_;
      else if (c == '+') repeat.least = 1, ++position_;
      else if (c == '?') repeat.most = 1, ++position_;
      else if (c != '{' || !braces(repeat)) return inner;
      if (peek() == '?' || peek() == '+') ++position_;  // lazy and possessive ask for the same yes or no here
      if (++repeats_ > depth_most * 8) problem("too many repetitions");
      repeat.children.push_back(std::move(inner));
      inner = std::move(repeat);
    }
    return inner;
  }

  std::uint32_t here() const noexcept { return static_cast<std::uint32_t>(pattern_.program_.size()); }
  std::uint32_t push(Op op, std::uint32_t a = 0, std::uint32_t b = 0) {
    if (pattern_.program_.size() >= program_most) full_ = true;
    else pattern_.program_.push_back({op, a, b});
    return here() - 1;
  }

  void emit(const Node& node) {
    // Counted, because repetitions of nothing would loop without filling the program.
    if (++emitted_ > program_most * 16) full_ = true;
    if (full_) return;
    switch (node.kind) {
      case Node::Kind::empty: break;
      case Node::Kind::begin: push(Op::begin); break;
      case Node::Kind::end: push(Op::end); break;
      case Node::Kind::word: push(Op::word); break;
      case Node::Kind::not_word: push(Op::not_word); break;
      case Node::Kind::set:
        push(Op::set, static_cast<std::uint32_t>(pattern_.sets_.size()));
        pattern_.sets_.push_back(node.set);
        break;
      case Node::Kind::sequence:
        for (const Node& child : node.children) emit(child);
        break;
      case Node::Kind::either: emit_either(node); break;
      case Node::Kind::repeat: emit_repeat(node); break;
    }
  }

  void emit_either(const Node& node) {
    std::vector<std::uint32_t> exits;
    for (std::size_t i = 0; i + 1 < node.children.size() && !full_; ++i) {
      const std::uint32_t split = push(Op::split, here() + 1);
      emit(node.children[i]);
      exits.push_back(push(Op::jump));
      pattern_.program_[split].b = here();
    }
    emit(node.children.back());
    for (const std::uint32_t exit : exits) pattern_.program_[exit].a = here();
  }

  void emit_repeat(const Node& node) {
    const Node& inner = node.children.front();
    for (std::uint32_t i = 0; i < node.least && !full_; ++i) emit(inner);
    if (!node.most) {
      const std::uint32_t split = push(Op::split, here() + 1);
      emit(inner);
      push(Op::jump, split);
      if (!full_) pattern_.program_[split].b = here();
      return;
    }
    std::vector<std::uint32_t> splits;
    for (std::uint32_t i = node.least; i < *node.most && !full_; ++i) {
      splits.push_back(push(Op::split, here() + 1));
      emit(inner);
    }
    for (const std::uint32_t split : splits) pattern_.program_[split].b = here();
  }

  const std::string_view text_;
  std::size_t position_ = 0;
  bool ignore_case_ = false;
  std::size_t repeats_ = 0;
  std::string problem_;
  std::size_t place_ = 0;
  bool full_ = false;
  std::size_t emitted_ = 0;
  Pattern pattern_;
};

// The set of places in the program reached so far; each at most once.
class Pattern::Threads {
 public:
  explicit Threads(std::size_t size) : seen_(size) {}
  void clear() {
    for (const std::uint32_t at : list_) seen_[at] = false;
    list_.clear();
    matched = false;
  }
  bool add(std::uint32_t at) {
    if (seen_[at]) return false;
    seen_[at] = true;
    list_.push_back(at);
    return true;
  }
  const std::vector<std::uint32_t>& list() const noexcept { return list_; }
  std::vector<std::uint32_t> pending;
  bool matched = false;

 private:
  std::vector<bool> seen_;
  std::vector<std::uint32_t> list_;
};

Result<Pattern> Pattern::compile(std::string_view text) { return PatternCompiler(text).run(); }

void Pattern::follow(Threads& threads, std::uint32_t start, std::string_view text, std::size_t position) const {
  threads.pending.push_back(start);
  while (!threads.pending.empty()) {
    const std::uint32_t at = threads.pending.back();
    threads.pending.pop_back();
    if (!threads.add(at)) continue;
    const Instruction& instruction = program_[at];
    const auto boundary = [&] {
      const bool before = position > 0 && is_word(text[position - 1]);
      const bool after = position < text.size() && is_word(text[position]);
      return before != after;
    };
    bool pass = false;
    switch (instruction.op) {
      case Op::set: break;
      case Op::match: threads.matched = true; break;
      case Op::jump: threads.pending.push_back(instruction.a); break;
      case Op::split:
        threads.pending.push_back(instruction.b);
        threads.pending.push_back(instruction.a);
        break;
      case Op::begin: pass = position == 0; break;
      case Op::end: pass = position == text.size(); break;
      case Op::word: pass = boundary(); break;
      case Op::not_word: pass = !boundary(); break;
    }
    if (pass) threads.pending.push_back(at + 1);
  }
}

bool Pattern::search(std::string_view text) const {
  Threads now(program_.size());
  Threads next(program_.size());
  for (std::size_t position = 0;; ++position) {
    follow(now, 0, text, position);
    if (now.matched) return true;
    if (position == text.size()) return false;
    const std::size_t byte = index_of(text[position]);
    for (const std::uint32_t at : now.list())
      if (program_[at].op == Op::set && sets_[program_[at].a][byte]) follow(next, at + 1, text, position + 1);
    if (next.matched) return true;
    std::swap(now, next);
    next.clear();
  }
}

}  // namespace tocsin::responders
