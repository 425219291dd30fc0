#pragma once
// A Sigma string: literal bytes and wildcards (specification 2.1, "Escaping" and "Wildcards"). Literal parts are bytes,
// so that `wide` and `base64` work on what they mean.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::rules::sigma {

struct PatternPart {
  enum class Kind : std::uint8_t { literal, any_run, any_one, placeholder };
  Kind kind = Kind::literal;
  std::string text;  // of a literal or placeholder
  friend bool operator==(const PatternPart&, const PatternPart&) = default;
};

class Pattern {
 public:
  Pattern() = default;
  // `*` and `?` are wildcards; `\*`, `\?` and `\\` are literal; any other backslash is itself.
  static Pattern parse(std::string_view sigma);
  static Pattern literal(std::string_view bytes);

  const std::vector<PatternPart>& parts() const noexcept { return parts_; }
  bool empty() const noexcept { return parts_.empty(); }
  bool is_literal() const noexcept;  // no wildcard and no placeholder
  bool has_wildcard() const noexcept;
  bool has_placeholder() const noexcept;
  bool starts_open() const noexcept;  // begins with `*`
  bool ends_open() const noexcept;
  std::string literal_text() const;  // all literal parts; the whole value when is_literal()
  // As Sigma text again: literal `*` and `?` are escaped.
  std::string render() const;
  // The same with every backslash escaped too: parse(render_exact()) gives this pattern back.
  std::string render_exact() const;

  void open_start();  // prepends `*` unless there is one
  void open_end();
  void append(PatternPart part);  // joins neighbouring literals
  void append(const Pattern& other);
  // Splits `%name%` out of literals as placeholders; `\%` is a literal percent sign.
  void find_placeholders();

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  std::string render_escaping(std::string_view special) const;

  std::vector<PatternPart> parts_;
};

// Whole-value match as in collectors/base/wildcard.h; a placeholder matches nothing. The caller folds case.
bool matches(const Pattern& pattern, std::string_view value);

}  // namespace tocsin::rules::sigma
