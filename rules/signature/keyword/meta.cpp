// What a rule says about itself.
#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::size_t metadata_most = 256;

std::optional<std::uint32_t> small_number(std::string_view text) {
  const auto number = parse_unsigned(trim(text));
  if (!number || *number > 0xFFFFFFFFU) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

Outcome read_number(std::string_view keyword, std::string_view text, std::uint32_t& out) {
  const auto quoted = parse_quoted(text);
  const auto number = quoted ? small_number(quoted->text) : std::nullopt;
  if (!number)
    return refuse("S0340", std::string(keyword) + " is not a number from 0 to 4294967295", "Correct the number");
  out = *number;
  return {};
}

// "T1059.001", "TA0002", "credential_access" → tags of ATT&CK.
void add_attack(SignatureInfo& info, std::string_view key, std::string_view value) {
  if (key != "mitre_technique_id" && key != "mitre_tactic_id" && key != "attack") return;
  for (const auto tag : split(value, ' '))  // several may stand in one value
    if (!tag.empty()) info.attack.emplace_back(tag);
}

std::optional<std::uint8_t> named_percent(std::string_view value) {
  const std::string word = lower_ascii(value);
  if (word == "critical") return 95;
  if (word == "major" || word == "high") return 80;
  if (word == "medium") return 55;
  if (word == "minor" || word == "low") return 30;
  if (word == "informational") return 10;
  return std::nullopt;
}

}  // namespace

Outcome read_message(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted || quoted->negated) return refuse("S0341", "msg is not a text in quotes", "Write msg:\"text\";");
  rule.info.title = unescape(quoted->text);
  return {};
}

Outcome read_sid(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  rule.has_sid = true;
  if (auto done = read_number("sid", option.value, rule.info.sid); !done) return done;
  if (rule.info.sid == 0) return refuse("S0340", "sid must not be 0", "Choose a number above zero");
  return {};
}

Outcome read_rev(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  return read_number("rev", option.value, rule.info.rev);
}

Outcome read_gid(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  return read_number("gid", option.value, rule.info.gid);
}

Outcome read_classtype(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  const std::string name = quoted ? lower_ascii(quoted->text) : std::string{};
  if (name.empty()) return refuse("S0342", "classtype has no name", "Name a class of classification.config");
  rule.info.classification = name;
  const auto found = rule.shared().classifications.find(name);
  // An unknown class is Suricata's warning too: the rule loads with priority 3 and says so in the alert's category.
  if (found != rule.shared().classifications.end()) {
    rule.info.category = found->second.description;
    if (!rule.has_priority) rule.info.priority = found->second.priority;
  }
  return {};
}

Outcome read_reference(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto comma = option.value.find(',');
  if (comma == std::string::npos)
    return refuse("S0343", "reference is not 'type,text'", "Write reference:url,host/page;");
  const std::string key = lower_ascii(trim(std::string_view(option.value).substr(0, comma)));
  const std::string text = unescape(trim(std::string_view(option.value).substr(comma + 1)));
  const auto found = rule.shared().references.find(key);
  // An address that begins with a scheme of its own is whole.
  if (text.find("://") != std::string::npos) rule.info.references.push_back(text);
  else
    rule.info.references.push_back(found == rule.shared().references.end() ? key + ":" + text : found->second + text);
  return {};
}

Outcome read_metadata(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  for (const auto item : split_items(option.value)) {
    if (item.empty()) continue;
    if (rule.info.metadata.size() >= metadata_most)
      return refuse("S0344", "the rule has more than 256 metadata entries", "Remove some");
    const auto blank = item.find_first_of(" \t");
    const std::string key(item.substr(0, blank));
    const std::string value(blank == std::string_view::npos ? std::string_view{} : trim(item.substr(blank)));
    if (blank != std::string_view::npos) rule.info.metadata.emplace_back(key, value);
    add_attack(rule.info, key, value);
    if (key == "tag") rule.info.tags.push_back(value);
    if (key == "false_positives") rule.info.false_positives = value;
    if (key == "severity" || key == "signature_severity" || key == "tocsin_severity") {
      const auto number = parse_unsigned(value);
      const auto percent =
          number && *number <= 100 ? std::optional(static_cast<std::uint8_t>(*number)) : named_percent(value);
      // A number is the writer's own word; ET's words come second.
      if (percent && (number || !rule.has_severity)) {
        rule.info.severity = *percent;
        rule.has_severity = true;
      }
    }
    if (key == "confidence")
      if (const auto percent = named_percent(value)) rule.info.confidence = *percent;
  }
  return {};
}

Outcome read_priority(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  std::uint32_t priority = 0;
  if (auto done = read_number("priority", option.value, priority); !done) return done;
  if (priority == 0 || priority > 255) return refuse("S0340", "priority must be 1-255", "Choose 1 (highest) to 255");
  rule.info.priority = static_cast<std::uint8_t>(priority);
  rule.has_priority = true;
  return {};
}

Outcome read_target(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (option.value == "src_ip") rule.info.target = TargetSide::source;
  else if (option.value == "dest_ip") rule.info.target = TargetSide::destination;
  else return refuse("S0345", "target must be src_ip or dest_ip", "Name the side that is attacked");
  return {};
}

Outcome read_noalert(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (option.has_value) return refuse("S0346", "noalert takes no value", "Remove the value");
  rule.info.noalert = true;
  return {};
}

Outcome read_bypass(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (option.has_value) return refuse("S0346", "bypass takes no value", "Remove the value");
  rule.info.bypass = true;
  return {};
}

// config:logging disable, type tx, scope tx|flow
Outcome read_config(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  bool logging = false;
  bool type = false;
  std::string_view scope;
  for (const auto item : split_items(option.value)) {
    const auto blank = item.find_first_of(" \t");
    const auto key = item.substr(0, blank);
    const auto value = blank == std::string_view::npos ? std::string_view{} : trim(item.substr(blank));
    if (key == "logging") logging = value == "disable";
    else if (key == "type") type = value == "tx" || value == "flow";
    else if (key == "scope") scope = value;
  }
  if (!logging || !type || (scope != "tx" && scope != "flow"))
    return refuse("S0347", "config: '" + option.value + "' is not understood",
                  "Write config:logging disable, type tx, scope tx;");
  (scope == "tx" ? rule.info.silence_transaction : rule.info.silence_flow) = true;
  return {};
}

// Keywords that change neither whether a rule matches nor what its alert says here.
Outcome read_ignored(RuleBuilder&, const OptionAst&, const KeywordRow&) { return {}; }

}  // namespace tocsin::rules::signature
