#include "rules/yara/rule_info.h"

#include <yara.h>

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::rules::yara {
namespace {

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void add_unique(std::vector<std::string>& list, std::string text) {
  if (std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
}

struct MetaText {
  std::string key;
  std::string value;
};

MetaText meta_text(const YR_META& meta) {
  MetaText out{lower_ascii(meta.identifier), {}};
  if (meta.type == META_TYPE_STRING) out.value = meta.string;
  else out.value = std::to_string(meta.integer);
  return out;
}

void apply(RuleInfo& info, const MetaText& meta) {
  const auto& key = meta.key;
  if (key == "description" || key == "desc") {
    info.description = meta.value;
  } else if (key == "score" || key == "severity" || key == "threat_level") {
    if (const auto severity = parse_severity(meta.value)) info.severity = *severity;
  } else if (key == "confidence") {
    if (const auto confidence = parse_severity(meta.value)) info.confidence = *confidence;
  } else if (key.starts_with("reference") || key == "url") {
    info.references.push_back(meta.value);
  } else if (key.starts_with("attack") || key.starts_with("mitre") || key.starts_with("technique") ||
             key.starts_with("tactic")) {
    for (auto& id : attack_ids(meta.value)) add_unique(info.attack, std::move(id));
  } else if (key.starts_with("false_positive") || key == "falsepositives") {
    info.false_positives = meta.value;
  } else if (key == "author" || key == "license") {
    return;
  }
}

}  // namespace

std::vector<std::string> attack_ids(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] != 'T' && text[i] != 't') || (i > 0 && is_word(text[i - 1]))) continue;
    std::size_t end = i + 1;
    if (end < text.size() && (text[end] == 'A' || text[end] == 'a')) ++end;  // TA0001: a tactic
    const auto digits = end;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end - digits != 4 || (end < text.size() && is_word(text[end]))) continue;
    if (end + 3 < text.size() && text[end] == '.' && is_digit(text[end + 1]) && is_digit(text[end + 2]) &&
        is_digit(text[end + 3]))
      end += 4;
    std::string id(text.substr(i, end - i));
    std::ranges::transform(id, id.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    add_unique(out, std::move(id));
    i = end - 1;
  }
  return out;
}

std::optional<std::uint8_t> parse_severity(std::string_view text) {
  if (const auto number = parse_signed(trim(text)))
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(*number, 0, 100));
  struct Row {
    std::string_view word;
    std::uint8_t severity;
  };
  static constexpr std::array<Row, 7> rows{{{"informational", 10},
                                            {"info", 10},
                                            {"low", 30},
                                            {"medium", 50},
                                            {"moderate", 50},
                                            {"high", 70},
                                            {"critical", 90}}};
  const auto word = lower_ascii(trim(text));
  for (const auto& row : rows)
    if (row.word == word) return row.severity;
  return std::nullopt;
}

SourceIndex::SourceIndex(const RuleSource& source)
    : file_(source.file), revision_(render_digest(hash128(source.text)).substr(0, 16)) {
  constexpr std::string_view keyword = "rule";
  const std::string_view text = source.text;
  std::uint32_t line = 1;
  std::size_t counted = 0;
  for (auto at = text.find(keyword); at != std::string_view::npos; at = text.find(keyword, at + keyword.size())) {
    auto name = at + keyword.size();
    if ((at > 0 && is_word(text[at - 1])) || name >= text.size() || is_word(text[name])) continue;
    name = text.find_first_not_of(" \t\r\n", name);
    if (name == std::string_view::npos) break;
    auto end = name;
    while (end < text.size() && is_word(text[end])) ++end;
    line += static_cast<std::uint32_t>(std::count(text.data() + counted, text.data() + at, '\n'));
    counted = at;
    if (end > name) lines_.try_emplace(std::string(text.substr(name, end - name)), line);
  }
}

std::uint32_t SourceIndex::line(const std::string& name) const {
  const auto found = lines_.find(name);
  return found == lines_.end() ? 0 : found->second;
}

RuleInfo rule_info(const YR_RULE& rule, const SourceIndex& source) {
  RuleInfo info;
  info.engine = Engine::yara;
  info.id = rule.identifier;
  info.title = rule.identifier;
  info.file = source.file();
  info.line = source.line(info.id);
  info.revision = source.revision();
  const YR_RULE* const self = &rule;  // the library's macros want a plain name
  YR_META* meta = nullptr;
  yr_rule_metas_foreach(self, meta) apply(info, meta_text(*meta));
  // Analysts read sentences; the identifier stays the rule's id.
  if (!info.description.empty()) info.title = info.description.substr(0, info.description.find_first_of(".;\n"));
  const char* tag = nullptr;
  yr_rule_tags_foreach(self, tag) {
    auto ids = attack_ids(tag);
    if (ids.empty()) info.tags.emplace_back(tag);
    for (auto& id : ids) add_unique(info.attack, std::move(id));
  }
  return info;
}

}  // namespace tocsin::rules::yara
