#include "collectors/log/decoder/pattern.h"

#include <array>
#include <optional>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin::collectors {

namespace {

struct CaptureType {
  std::string_view name;
  Shape shape;
  Meaning meaning;
};
constexpr std::array<CaptureType, 25> capture_types{{
    {"word", Shape::word, Meaning::plain},       {"text", Shape::text, Meaning::plain},
    {"greedy", Shape::greedy, Meaning::plain},   {"number", Shape::number, Meaning::plain},
    {"integer", Shape::integer, Meaning::plain}, {"real", Shape::real, Meaning::plain},
    {"hex", Shape::hex, Meaning::plain},         {"ident", Shape::ident, Meaning::plain},
    {"ip", Shape::address, Meaning::plain},      {"host", Shape::host, Meaning::host},
    {"name", Shape::host, Meaning::plain},       {"endpoint", Shape::endpoint, Meaning::endpoint},
    {"word_host", Shape::word, Meaning::host},   {"quoted", Shape::quoted, Meaning::plain},
    {"url", Shape::text, Meaning::url},          {"quoted_url", Shape::quoted, Meaning::url},
    {"spaces", Shape::spaces, Meaning::none},    {"pairs", Shape::text, Meaning::pairs},
    {"json", Shape::text, Meaning::json},        {"cef", Shape::text, Meaning::cef},
    {"leef", Shape::text, Meaning::leef},        {"csv", Shape::text, Meaning::csv},
    {"list", Shape::text, Meaning::list},        {"lower", Shape::word, Meaning::lower},
    {"text_host", Shape::text, Meaning::host},
}};

constexpr std::size_t most_ops = 256;
constexpr int most_depth = 8;

class Compiler {
 public:
  Compiler(std::string_view text, const FieldResolver& resolve, const ExpressionLookup& expressions)
      : text_(text), resolve_(resolve), lookup_(expressions) {}

  std::expected<Pattern, std::string> run() {
    sequence(0, "");
    if (!error_.empty()) return std::unexpected(error_);
    if (at_ != text_.size()) return std::unexpected("unexpected \"" + std::string(text_.substr(at_, 8)) + "\"");
    if (ops().empty()) return std::unexpected("empty pattern");
    emit(Op{});
    if (ops().size() > most_ops) return std::unexpected("pattern is too long");
    for (std::size_t i = 0; i < ops().size(); ++i)
      if (flexible(ops()[i])) follow(ops()[i], i + 1, 0);
    Op start;
    follow(start, 0, 0);
    pattern_.first_any = (start.anything && !begins_with_digit()) || start.follow_end;
    if (start.anything)
      for (char c = '0'; c <= '9'; ++c) pattern_.first[static_cast<unsigned char>(c)] = true;
    for (const auto literal : start.follows)
      pattern_.first[static_cast<unsigned char>(ops()[literal].literal[0])] = true;
    return std::move(pattern_);
  }

 private:
  // The only way in is a capture that takes digits first.
  bool begins_with_digit() {
    const Op& op = ops().front();
    if (op.kind != Op::Kind::capture) return false;
    if (op.shape == Shape::stamp) return op.stamp != StampForm::syslog && op.stamp != StampForm::ctime;
    return op.shape == Shape::number;
  }
  std::vector<Op>& ops() { return pattern_.ops; }
  static bool flexible(const Op& op) {
    return op.kind == Op::Kind::capture &&
           (op.shape == Shape::word || op.shape == Shape::text || op.shape == Shape::greedy);
  }
  std::size_t emit(Op op) {
    ops().push_back(std::move(op));
    return ops().size() - 1;
  }
  void refuse(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    at_ = text_.size();
  }
  bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  static std::uint16_t place(std::size_t at) { return static_cast<std::uint16_t>(at); }

  // Up to the end or to one of `stops` ("?}" inside an optional, "|" and ")}" inside alternatives).
  void sequence(int depth, std::string_view stop) {
    if (depth > most_depth) return refuse("groups are nested too deeply");
    std::string literal;
    const auto flush = [&] {
      if (literal.empty()) return;
      Op op;
      op.kind = Op::Kind::literal;
      op.literal = std::move(literal);
      emit(std::move(op));
      literal.clear();
    };
    while (at_ < text_.size() && error_.empty()) {
      if (!stop.empty() && looking_at(stop)) break;
      if (stop == ")}" && text_[at_] == '|') break;
      if (looking_at("{{") || looking_at("}}") || looking_at("\\|")) {
        literal += text_[at_] == '\\' ? '|' : text_[at_];
        at_ += 2;
      } else if (looking_at("{?")) {
        flush();
        at_ += 2;
        optional(depth);
      } else if (looking_at("{(")) {
        flush();
        at_ += 2;
        alternatives(depth);
      } else if (text_[at_] == '{') {
        flush();
        ++at_;
        capture(depth);
      } else {
        literal += text_[at_++];
      }
    }
    flush();
  }

  void optional(int depth) {
    const auto split = emit(Op{.kind = Op::Kind::split});
    sequence(depth + 1, "?}");
    if (!looking_at("?}")) return refuse("\"{?\" without \"?}\"");
    at_ += 2;
    ops()[split].target = place(ops().size());
  }

  void alternatives(int depth) {
    std::vector<std::size_t> jumps;
    for (;;) {
      const auto split = emit(Op{.kind = Op::Kind::split});
      sequence(depth + 1, ")}");
      const bool more = at_ < text_.size() && text_[at_] == '|';
      if (more) {
        ++at_;
        jumps.push_back(emit(Op{.kind = Op::Kind::jump}));
        ops()[split].target = place(ops().size());
        continue;
      }
      if (!looking_at(")}")) return refuse("\"{(\" without \")}\"");
      at_ += 2;
      // The last alternative has no other way: its split goes to itself, so to nothing new.
      ops()[split].target = place(split);
      for (const auto j : jumps) ops()[j].target = place(ops().size());
      return;
    }
  }

  void capture(int depth) {
    const auto end = text_.find_first_of(":}", at_);
    if (end == std::string_view::npos) return refuse("\"{\" without \"}\"");
    const auto name = text_.substr(at_, end - at_);
    at_ = end + 1;
    if (text_[end] == '}') {
      if (name == "*") return finish_capture("", "text");
      if (name == "~") return finish_capture("", "spaces");
      return finish_capture(name, "");
    }
    if (looking_at("(")) {
      ++at_;
      const auto open = emit(Op{.kind = Op::Kind::open});
      alternatives(depth);
      Op close{.kind = Op::Kind::close, .meaning = Meaning::plain, .target = place(open)};
      if (!resolve_into(name, close.field)) return;
      emit(std::move(close));
      return;
    }
    const auto close = text_.find('}', at_);
    if (close == std::string_view::npos) return refuse("\"{\" without \"}\"");
    const auto type = text_.substr(at_, close - at_);
    at_ = close + 1;
    finish_capture(name, type);
  }

  bool resolve_into(std::string_view name, Field& field) {
    if (name.empty()) return true;
    auto found = resolve_(name);
    if (!found) {
      refuse(found.error());
      return false;
    }
    field = *found;
    return true;
  }

  static std::string_view default_type(Field field) {
    switch (FieldNames::type(field)) {
      case FieldType::ip: return "ip";
      case FieldType::unsigned_: return "number";
      case FieldType::integer: return "integer";
      case FieldType::real: return "real";
      default: return "text";
    }
  }

  void finish_capture(std::string_view name, std::string_view type) {
    Op op{.kind = Op::Kind::capture};
    if (type.starts_with("time_")) {
      const auto form = parse_stamp_form(type.substr(5));
      if (!form) return refuse("unknown time form \"" + std::string(type) + "\"");
      op.shape = Shape::stamp;
      op.stamp = *form;
      op.meaning = Meaning::none;
      if (!resolve_into(name, op.field)) return;
      if (!name.empty()) op.meaning = Meaning::time;
      emit(std::move(op));
      return;
    }
    if (type.starts_with("re_")) return expression(name, type.substr(3), std::move(op));
    const bool hosts = type == "host" || type == "endpoint" || type == "word_host" || type == "text_host";
    if (!name.empty() && hosts) {
      if (!resolve_host(name, op.host)) return;
    } else if (!resolve_into(name, op.field)) {
      return;
    }
    if (type.empty()) type = default_type(op.field);
    for (const auto& known : capture_types) {
      if (known.name != type) continue;
      op.shape = known.shape;
      op.meaning = known.meaning;
      if (name.empty() && (op.meaning == Meaning::plain || hosts || op.meaning == Meaning::list))
        op.meaning = Meaning::none;
      emit(std::move(op));
      return;
    }
    refuse("unknown capture type \"" + std::string(type) + "\"");
  }

  void expression(std::string_view name, std::string_view key, Op op) {
    const auto* text = lookup_(key);
    if (text == nullptr) return refuse("no expression is called \"" + std::string(key) + "\"");
    auto compiled = Expression::compile(*text);
    if (!compiled) return refuse(compiled.error());
    op.shape = Shape::expression;
    op.meaning = name.empty() ? Meaning::none : Meaning::plain;
    op.target = place(pattern_.expressions.size());
    pattern_.expressions.push_back(std::move(*compiled));
    if (resolve_into(name, op.field)) emit(std::move(op));
  }

  bool resolve_host(std::string_view base, HostFields& host) {
    const std::string stem(base);
    return resolve_into(stem + ".ip", host.ip) &&
           (!(stem == "source" || stem == "destination") ||
            (resolve_into(stem + ".address", host.address) && resolve_into(stem + ".domain", host.domain) &&
             resolve_into(stem + ".port", host.port)));
  }

  // Which literals can come at `pc`.
  void follow(Op& op, std::size_t pc, int depth) {
    if (depth > 64) {
      op.anything = true;
      return;
    }
    const Op& next = ops()[pc];
    switch (next.kind) {
      case Op::Kind::literal: op.follows.push_back(place(pc)); return;
      case Op::Kind::end: op.follow_end = true; return;
      case Op::Kind::jump: return follow(op, next.target, depth + 1);
      case Op::Kind::open:
      case Op::Kind::close: return follow(op, pc + 1, depth + 1);
      case Op::Kind::split:
        follow(op, pc + 1, depth + 1);
        if (next.target != pc) follow(op, next.target, depth + 1);
        return;
      case Op::Kind::capture: op.anything = true; return;
    }
  }

  std::string_view text_;
  const FieldResolver& resolve_;
  const ExpressionLookup& lookup_;
  std::size_t at_ = 0;
  std::string error_;
  Pattern pattern_;
};

}  // namespace

std::expected<Pattern, std::string> compile_pattern(std::string_view text, const FieldResolver& resolve,
                                                    const ExpressionLookup& expressions) {
  return Compiler(text, resolve, expressions).run();
}

}  // namespace tocsin::collectors
