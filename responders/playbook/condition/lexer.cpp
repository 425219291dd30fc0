#include "responders/playbook/condition/lexer.h"

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

using Kind = ConditionToken::Kind;

class Lexer {
 public:
  Lexer(std::string_view text, ConditionProblem& problem) : text_(text), problem_(problem) {}

  std::optional<std::vector<ConditionToken>> run() {
    std::vector<ConditionToken> out;
    while (true) {
      while (position_ < text_.size() && std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos)
        ++position_;
      ConditionToken token;
      token.offset = position_;
      if (position_ == text_.size()) {
        out.push_back(std::move(token));
        return out;
      }
      if (!next(token)) return std::nullopt;
      out.push_back(std::move(token));
    }
  }

 private:
  bool refuse(std::string cause) {
    problem_ = {std::move(cause), position_};
    return false;
  }

  bool next(ConditionToken& token) {
    const char c = text_[position_];
    const char after = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
    if (c == '(' || c == '[') return single(token, Kind::open);
    if (c == ')' || c == ']') return single(token, Kind::close);
    if (c == ',') return single(token, Kind::comma);
    if (c == '=' || c == '<' || c == '>' || c == '!') return comparison(token);
    if (c == '\'') return quoted(token, Kind::text);
    if (after == '\'' && (c == 't' || c == 'h' || c == 'b')) {
      ++position_;
      return quoted(token, c == 't' ? Kind::time : c == 'h' ? Kind::hex : Kind::base64);
    }
    return word(token);
  }

  bool single(ConditionToken& token, Kind kind) {
    token.kind = kind;
    token.text = text_[position_++];
    return true;
  }

  bool comparison(ConditionToken& token) {
    token.kind = Kind::compare;
    token.text = text_[position_++];
    if (position_ < text_.size() && (text_[position_] == '=' || (token.text == "<" && text_[position_] == '>')))
      token.text += text_[position_++];
    if (token.text == "!") return refuse("! stands alone; != is meant, or NOT");
    if (token.text == "<>") token.text = "!=";
    return true;
  }

  bool quoted(ConditionToken& token, Kind kind) {
    token.kind = kind;
    ++position_;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '\'') return true;
      if (c == '\\') {
        if (position_ == text_.size()) break;
        const char escaped = text_[position_++];
        // Only quote and backslash are escapes (section 9.2); any other pair stays two characters, so that MATCHES
        // gets its \d.
        if (escaped != '\'' && escaped != '\\') token.text += '\\';
        token.text += escaped;
        continue;
      }
      token.text += c;
    }
    return refuse("a quoted literal is not closed");
  }

  bool word(ConditionToken& token) {
    token.kind = Kind::word;
    while (position_ < text_.size() &&
           std::string_view(" \t\r\n()[],=<>!'").find(text_[position_]) == std::string_view::npos) {
      const auto c = static_cast<unsigned char>(text_[position_]);
      if (c < 0x20 || c == 0x7F) return refuse("a control character");
      token.text += text_[position_++];
    }
    if (parse_real(token.text)) token.kind = Kind::number;
    return true;
  }

  const std::string_view text_;
  ConditionProblem& problem_;
  std::size_t position_ = 0;
};

}  // namespace

std::optional<std::vector<ConditionToken>> read_tokens(std::string_view text, ConditionProblem& problem) {
  if (text.size() > condition_bytes_most) {
    problem = {"the condition is longer than 16 KiB", 0};
    return std::nullopt;
  }
  return Lexer(text, problem).run();
}

}  // namespace tocsin::responders
