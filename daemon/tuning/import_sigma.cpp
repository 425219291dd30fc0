#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "collectors/event/field.h"
#include "daemon/tuning/file.h"
#include "daemon/tuning/import.h"
#include "rules/sigma/parse/yaml.h"

namespace tocsin::daemon {
namespace {

using rules::TuningEntry;
using rules::sigma::Node;

constexpr rules::sigma::YamlLimits limits{.most_bytes = std::size_t{1} << 20, .most_nodes = 50'000, .most_depth = 16};
constexpr std::size_t documents_most = 1'000;

// On one line, as YAML reads it.
std::string flow_text(const Node& node) {
  std::string out;
  if (node.kind == Node::Kind::null) return "null";
  if (node.is_list()) {
    for (const auto& item : node.items) out += (out.empty() ? "" : ", ") + flow_text(item);
    return "[" + out + "]";
  }
  if (node.is_map()) {
    for (const auto& member : node.members) {
      out += out.empty() ? "" : ", ";
      append_json_string(out, member.key);
      out += ": " + flow_text(member.value);
    }
    return "{" + out + "}";
  }
  if (node.is_text()) append_json_string(out, node.text);
  else out = node.text;
  return out;
}

// Names of fields that the maps of a selection ask for.
void collect_fields(const Node& node, std::set<std::string>& out) {
  for (const auto& item : node.items) collect_fields(item, out);
  if (!node.is_map()) return;
  for (const auto& member : node.members) out.insert(member.key.substr(0, member.key.find('|')));
}

class SigmaImporter {
 public:
  SigmaImporter(std::string_view file, const TuningEntry& like, Time now, Diagnostics& diagnostics)
      : file_(file), like_(like), now_(now), diagnostics_(diagnostics) {}

  std::vector<TuningEntry> run(std::string_view text) {
    const auto documents = rules::sigma::parse_yaml(text, limits);
    if (!documents) {
      warn(documents.error().place.line, documents.error().cause, documents.error().next_step);
      return {};
    }
    std::size_t taken = 0;
    for (const auto& document : *documents) {
      if (taken++ == documents_most) {
        warn(document.place.line, fmt::format("only the first {} documents are taken over", documents_most), "");
        break;
      }
      one(document);
    }
    return std::move(entries_);
  }

 private:
  void one(const Node& document) {
    const auto line = document.place.line;
    const auto* filter = document.find("filter");
    if (filter == nullptr || !filter->is_map())
      return warn(line, "the document is no Sigma filter", "give those with a map `filter`");
    TuningEntry entry = like_;
    entry.act = rules::TuningAct::suppress;
    if (!read_rules(*filter, entry)) return;
    Node rest = *filter;
    std::erase_if(rest.members, [](const auto& member) { return member.key == "rules"; });
    if (!knows_fields(rest)) return;
    entry.filter = flow_text(rest);
    if (!read_about(document, entry)) return;
    entry.id.clear();
    if (auto checked = check_entry(entry, now_); !checked) return warn(line, checked.error().message, "");
    if (std::ranges::find(entries_, entry.id, &TuningEntry::id) == entries_.end()) entries_.push_back(std::move(entry));
  }

  bool read_rules(const Node& filter, TuningEntry& entry) {
    const auto* rules = filter.find("rules");
    if (rules != nullptr && rules->is_scalar() && !rules->text.empty() && rules->text != "any")
      entry.rules.push_back(rules->text);
    if (rules != nullptr)
      for (const auto& item : rules->items) entry.rules.push_back(item.text);
    if (!entry.rules.empty()) return true;
    warn(filter.place.line, "the filter is for every rule of a log source, which an entry cannot say",
         "list the rules' ids under `rules`, or leave the document beside the rules");
    return false;
  }

  // An entry is judged on alerts, which name fields as ECS does; a document beside rules takes those of its log source.
  bool knows_fields(const Node& selections) {
    std::set<std::string> fields;
    for (const auto& member : selections.members)
      if (member.key != "condition") collect_fields(member.value, fields);
    for (const auto& field : fields)
      if (!field.empty() && !names_.find(field)) {
        warn(selections.place.line, fmt::format("`{}` is no field of alerts", escape_terminal(field)),
             "write it as `tocsin list fields` does, or leave the document beside the rules");
        return false;
      }
    return true;
  }

  bool read_about(const Node& document, TuningEntry& entry) {
    if (const auto owner = document.text_of("owner"); !owner.empty()) entry.owner = owner;
    const auto reason = document.text_of("reason");
    if (const auto title = document.text_of("title"); !reason.empty()) entry.reason = reason;
    else if (!title.empty()) entry.reason = fmt::format("{}: {}", title, like_.reason);
    const auto expires = document.text_of("expires");
    if (expires.empty()) return true;
    const auto moment = parse_moment(expires, now_);
    if (moment) entry.expires = *moment;
    else warn(document.place.line, moment.error().message, "");
    return moment.has_value();
  }

  void warn(std::uint32_t line, std::string cause, std::string next) {
    diagnostics_.add({Severity::warning, "T0301", file_, line, 1, "", std::move(cause), std::move(next)});
  }

  const std::string file_;
  const TuningEntry& like_;
  const Time now_;
  Diagnostics& diagnostics_;
  const FieldNames names_;
  std::vector<TuningEntry> entries_;
};

}  // namespace

bool is_sigma_tuning(std::string_view file) noexcept { return file.ends_with(".yml") || file.ends_with(".yaml"); }

std::vector<TuningEntry> import_sigma_tuning(std::string_view file, std::string_view text, const TuningEntry& like,
                                             Time now, Diagnostics& diagnostics) {
  return SigmaImporter(file, like, now, diagnostics).run(text);
}

}  // namespace tocsin::daemon
