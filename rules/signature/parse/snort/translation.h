#pragma once
// One rule on its way from Snort 3's options to the tree; the functions of the options (option_*.cpp) work on it. Lives
// for one call of translate_snort.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/signature/parse/snort/lexer.h"

namespace tocsin::rules::signature {

class Translation;
struct SnortOptionRow;
using Translated = std::expected<void, Mistake>;
using TranslateFunction = Translated (*)(Translation&, const SnortOption&, const SnortOptionRow&);

// How the option's range, put into the tree, is read there: with or without its ends.
enum class Ends : std::uint8_t { none, exclusive, inclusive };

struct SnortOptionRow {
  std::string_view name;
  TranslateFunction translate;
  std::string_view word;  // the keyword of the tree; for refused options: why
  Ends ends = Ends::none;
  std::string_view value = {};  // that the keyword always gets
};

class Translation {
 public:
  Translation(std::string_view file, const SnortRule& rule);

  RuleAst ast;
  const SnortRule& rule() const noexcept { return rule_; }

  // Adds a keyword at the option's place.
  void emit(const SnortOption& from, std::string_view name, std::string value);
  void emit(const SnortOption& from, std::string_view name);
  // A sticky buffer, perhaps with transforms: what follows is about it. None: the payload again.
  void select(const SnortOption& from, std::vector<std::pair<std::string_view, std::string>> words);
  void select_payload(const SnortOption& from);
  // After keywords that chose a buffer of their own: back to what was selected.
  void restore(const SnortOption& from);
  bool in_payload() const noexcept { return selected_.empty(); }
  // flow or the buffers say that the rule is about answers.
  bool to_client() const noexcept { return to_client_; }
  // Ports count only where nobody tells the service.
  void forget_ports();

 private:
  const SnortRule& rule_;
  std::vector<OptionAst> selected_;
  bool to_client_ = false;
};

inline std::unexpected<Mistake> refuse_option(const SnortOption& option, std::string cause, std::string next = {}) {
  return std::unexpected(Mistake{"S0301", option.name.text + ": " + std::move(cause), std::move(next), {}});
}

// "name value" of an item.
struct NamedItem {
  std::string_view name;
  std::string_view value;
};
NamedItem named_item(std::string_view item) noexcept;
// Without its quotes, if it has any.
std::string_view unquoted(std::string_view text) noexcept;
// "5<>10" (ends excluded), "5<=>10" (included), "<5", "!7" … as the tree's keyword reads ranges.
std::optional<std::string> translate_range(std::string_view text, Ends ends);

// What the services of Snort are called here; empty: nobody tells it.
std::string_view service_protocol(std::string_view service) noexcept;

#define TOCSIN_TRANSLATE(function) Translated function(Translation&, const SnortOption&, const SnortOptionRow&)
// option_plain.cpp
TOCSIN_TRANSLATE(translate_same);
TOCSIN_TRANSLATE(translate_refused);
TOCSIN_TRANSLATE(translate_ignored);
TOCSIN_TRANSLATE(translate_number);
TOCSIN_TRANSLATE(translate_enable);
TOCSIN_TRANSLATE(translate_target);
TOCSIN_TRANSLATE(translate_tag);
TOCSIN_TRANSLATE(translate_flowbits);
TOCSIN_TRANSLATE(translate_stream_size);
TOCSIN_TRANSLATE(translate_service);
TOCSIN_TRANSLATE(translate_asn1);
// option_content.cpp
TOCSIN_TRANSLATE(translate_content);
TOCSIN_TRANSLATE(translate_pcre);
TOCSIN_TRANSLATE(translate_regex);
TOCSIN_TRANSLATE(translate_sensitive);
TOCSIN_TRANSLATE(translate_bufferlen);
TOCSIN_TRANSLATE(translate_rpc);
TOCSIN_TRANSLATE(translate_ber);
// option_buffer.cpp
TOCSIN_TRANSLATE(translate_sticky);
TOCSIN_TRANSLATE(translate_payload);
TOCSIN_TRANSLATE(translate_http_uri);
TOCSIN_TRANSLATE(translate_http_header);
TOCSIN_TRANSLATE(translate_http_param);
TOCSIN_TRANSLATE(translate_http_count);
TOCSIN_TRANSLATE(translate_http_version_match);
TOCSIN_TRANSLATE(translate_sip_method);
TOCSIN_TRANSLATE(translate_sip_stat_code);
TOCSIN_TRANSLATE(translate_file_type);
TOCSIN_TRANSLATE(translate_own_buffer);
TOCSIN_TRANSLATE(translate_dce_interface);
TOCSIN_TRANSLATE(translate_modbus_function);
TOCSIN_TRANSLATE(translate_modbus_unit);
TOCSIN_TRANSLATE(translate_dnp3_object);
#undef TOCSIN_TRANSLATE

}  // namespace tocsin::rules::signature
