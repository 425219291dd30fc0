#include "rules/sigma/parse/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "rules/sigma/lint/lint.h"

namespace tocsin::rules::sigma {
namespace {

std::vector<std::string> text_list(const Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  if (node->is_scalar() && !node->text.empty()) out.push_back(node->text);
  for (const auto& item : node->items)
    if (item.is_scalar() && !item.text.empty()) out.push_back(item.text);
  return out;
}

Parsed<std::uint8_t> parse_level(const Node& document) {
  const auto* node = document.find("level");
  if (node == nullptr) return std::uint8_t{50};
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 5> levels{
      {{"informational", 10}, {"low", 30}, {"medium", 50}, {"high", 70}, {"critical", 90}}};
  const auto word = lower_ascii(node->text);
  for (const auto& [name, severity] : levels)
    if (name == word) return severity;
  return refuse("G0104", node->place, fmt::format("There is no level '{}'.", node->text),
                "Use informational, low, medium, high or critical.");
}

// How far the rule is trusted, by its status.
std::uint8_t confidence_of(std::string_view status) {
  if (status == "stable") return 90;
  if (status == "test") return 70;
  if (status == "experimental") return 50;
  return status == "deprecated" || status == "unsupported" ? 20 : 60;
}

// "attack.t1059.001" → "T1059.001", "attack.credential-access" → "credential-access".
void add_tag(RuleInfo& info, std::string_view tag) {
  constexpr std::string_view prefix = "attack.";
  const auto lower = lower_ascii(tag);
  if (!lower.starts_with(prefix)) {
    info.tags.emplace_back(tag);
    return;
  }
  auto name = lower.substr(prefix.size());
  const bool technique =
      name.size() >= 5 && (name[0] == 't' || name[0] == 's' || name[0] == 'g') && name[1] >= '0' && name[1] <= '9';
  if (technique) name[0] = static_cast<char>(name[0] - 32);
  std::ranges::replace(name, '_', '-');
  info.attack.push_back(std::move(name));
}

Parsed<LogSource> parse_source(const Node& document, bool required) {
  LogSource out;
  const auto* node = document.find("logsource");
  if (node == nullptr || !node->is_map()) {
    if (!required && node == nullptr) return out;
    return refuse("G0105", node == nullptr ? document.place : node->place, "The rule has no logsource.",
                  "Give category, product or service.");
  }
  out.category = lower_ascii(node->text_of("category"));
  out.product = lower_ascii(node->text_of("product"));
  out.service = lower_ascii(node->text_of("service"));
  if (required && out.category.empty() && out.product.empty() && out.service.empty())
    return refuse("G0105", node->place, "The logsource names no category, product or service.", "Give at least one.");
  return out;
}

// Deep merge as collections do: maps join, everything else is replaced.
void merge(Node& into, const Node& from) {
  for (const auto& [key, value] : from.members) {
    const auto place = std::ranges::find_if(into.members, [&](const auto& member) { return member.key == key; });
    if (place == into.members.end()) into.members.emplace_back(key, value);
    else if (place->value.is_map() && value.is_map()) merge(place->value, value);
    else place->value = value;
  }
}

void erase_key(Node& map, std::string_view key) {
  std::erase_if(map.members, [&](const auto& member) { return member.key == key; });
}

// Unfolds `action` documents of one file.
std::vector<Node> unfold(std::vector<Node> documents) {
  std::vector<Node> out;
  Node global;
  global.kind = Node::Kind::map;
  Node previous = global;
  const bool several = documents.size() > 1;  // only then may one repeat another
  for (auto& document : documents) {
    const auto action = std::string(document.is_map() ? document.text_of("action") : std::string_view());
    if (document.is_map()) erase_key(document, "action");
    if (action == "global") {
      merge(global, document);
      continue;
    }
    if (action == "reset") {
      global = Node();
      global.kind = Node::Kind::map;
      continue;
    }
    if (document.is_map()) {
      const auto& base = action == "repeat" ? previous : global;
      if (!base.members.empty()) {
        Node whole = base;
        whole.place = document.place;
        merge(whole, document);
        document = std::move(whole);
      }
      if (several) previous = document;
      out.push_back(std::move(document));
    } else {
      out.push_back(std::move(document));
    }
  }
  return out;
}

class Reader {
 public:
  Reader(RuleBook& book, const Placeholders& placeholders, Diagnostics& diagnostics)
      : book_(book), placeholders_(placeholders), diagnostics_(diagnostics) {}

  void read(const RuleSource& source) {
    auto documents = parse_yaml(source.text);
    if (!documents) {
      report(diagnostics_, source.file, {}, documents.error());
      return;
    }
    if (documents->empty())
      report(diagnostics_, source.file, {}, {"G0103", {}, "The file holds no rule.", "Remove it."}, Severity::warning);
    read(std::move(*documents), source.file);
  }
  void read(std::vector<Node> documents, const std::string& file) {
    for (const auto& document : unfold(std::move(documents))) add(document, file);
  }

 private:
  // The kind is decided by the key that only this kind has.
  void add(const Node& document, const std::string& file) {
    const auto named = std::string(document.is_map() ? document.text_of("id") : std::string_view());
    const bool other =
        document.is_map() && (document.find("correlation") != nullptr || document.find("filter") != nullptr);
    if (other) {
      add_other(document, file);
      return;
    }
    auto rule = parse_rule(document, file, placeholders_);
    if (!rule) {
      report(diagnostics_, file, named, rule.error());
      return;
    }
    if (unique(rule->heading)) book_.rules.push_back(std::move(*rule));
  }

  void add_other(const Node& document, const std::string& file) {
    auto heading = parse_heading(document, file);
    auto source = parse_source(document, false);
    if (!heading || !source) {
      report(diagnostics_, file, std::string(document.text_of("id")), heading ? source.error() : heading.error());
      return;
    }
    if (!unique(*heading)) return;
    auto& list = document.find("correlation") != nullptr ? book_.correlations : book_.filters;
    list.push_back({std::move(*heading), std::move(*source), document});
  }

  bool unique(const Heading& heading) {
    for (const auto& key : {heading.info.id, heading.name}) {
      if (key.empty()) continue;
      const auto [place, is_new] = seen_.try_emplace(key, heading.info.file);
      if (is_new || (key == heading.name && key == heading.info.id)) continue;
      report(diagnostics_, heading.info.file, heading.info.id,
             {"G0106", heading.place, fmt::format("The id or name '{}' is already used in {}.", key, place->second),
              "Give it an id of its own."});
      return false;
    }
    return true;
  }

  RuleBook& book_;
  const Placeholders& placeholders_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string, std::string> seen_;
};

}  // namespace

void report(Diagnostics& diagnostics, const std::string& file, const std::string& item, const Problem& problem,
            Severity severity) {
  diagnostics.add(
      {severity, problem.code, file, problem.place.line, problem.place.column, item, problem.cause, problem.next_step});
}

Parsed<Heading> parse_heading(const Node& document, const std::string& file) {
  Heading out;
  out.place = document.place;
  auto& info = out.info;
  info.engine = Engine::sigma;
  info.file = file;
  info.line = document.place.line;
  info.title = document.text_of("title");
  info.id = document.text_of("id");
  out.name = document.text_of("name");
  if (info.title.empty()) return refuse("G0107", document.place, "The rule has no title.", "Give it a title.");
  if (info.id.empty()) info.id = out.name.empty() ? render_digest(hash128(info.title)) : out.name;
  info.revision = document.text_of("modified");
  if (info.revision.empty()) info.revision = document.text_of("date");
  info.description = trim(document.text_of("description"));
  info.confidence = confidence_of(document.text_of("status"));
  auto level = parse_level(document);
  if (!level) return std::unexpected(std::move(level.error()));
  info.severity = *level;
  for (const auto& tag : text_list(document.find("tags"))) add_tag(info, tag);
  info.references = text_list(document.find("references"));
  for (const auto& text : text_list(document.find("falsepositives")))
    info.false_positives += (info.false_positives.empty() ? "" : "; ") + text;
  return out;
}

Parsed<DetectionRule> parse_rule(const Node& document, const std::string& file, const Placeholders& placeholders) {
  DetectionRule out;
  if (!document.is_map()) return refuse("G0103", document.place, "A rule is a map of keys.", "Correct the file.");
  const auto* detection = document.find("detection");
  if (detection == nullptr)
    return refuse("G0103", document.place, "The document has no detection, correlation or filter.",
                  "Remove it from the rule folder if it is not a rule.");
  auto heading = parse_heading(document, file);
  if (!heading) return std::unexpected(std::move(heading.error()));
  out.heading = std::move(*heading);
  auto source = parse_source(document, true);
  if (!source) return std::unexpected(std::move(source.error()));
  out.source = std::move(*source);
  if (detection->find("timeframe") != nullptr)
    return refuse("G0302", detection->place, "'timeframe' in a detection is no longer part of Sigma.",
                  "Write a correlation rule.");
  auto searches = parse_detection(*detection, {});
  if (!searches) return std::unexpected(std::move(searches.error()));
  auto expression = resolve(*searches);
  if (!expression) return std::unexpected(std::move(expression.error()));
  out.expression = std::move(*expression);
  out.lint = lint_rule(*detection, *searches, out);
  if (auto expanded = expand_placeholders(out.expression, placeholders); !expanded)
    return std::unexpected(std::move(expanded.error()));
  return out;
}

RuleBook parse_rules(std::span<const RuleSource> sources, const Placeholders& placeholders, Diagnostics& diagnostics) {
  RuleBook book;
  Reader reader(book, placeholders, diagnostics);
  for (const auto& source : sources) reader.read(source);
  return book;
}

void add_documents(RuleBook& book, std::vector<Node> documents, const std::string& file,
                   const Placeholders& placeholders, Diagnostics& diagnostics) {
  Reader(book, placeholders, diagnostics).read(std::move(documents), file);
}

}  // namespace tocsin::rules::sigma
