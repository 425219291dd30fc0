#include "rules/sigma/view/view.h"

#include <algorithm>
#include <expected>

#include "collectors/base/text.h"
#include "rules/sigma/parse/yaml.h"

namespace tocsin::rules::sigma {
namespace {

std::vector<std::string> texts(const Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  if (node->is_scalar() && node->kind != Node::Kind::null) out.push_back(node->text);
  for (const auto& item : node->items)
    if (item.is_scalar()) out.push_back(item.text);
  return out;
}

std::vector<std::string> lower_texts(const Node* node) {
  auto out = texts(node);
  for (auto& text : out) text = lower_ascii(text);
  return out;
}

std::optional<EventClass> parse_class(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(EventClass::loss); ++i)
    if (event_class_name(static_cast<EventClass>(i)) == name) return static_cast<EventClass>(i);
  return std::nullopt;
}

Parsed<FieldSource> parse_source(const Node& node) {
  FieldSource out;
  const auto open = node.text.find('(');
  if (open == std::string::npos) {
    out.field = node.text;
  } else {
    const auto derivation = parse_derivation(std::string_view(node.text).substr(0, open));
    if (!derivation || !node.text.ends_with(')'))
      return refuse("G0603", node.place, "'" + node.text + "' is not a field or a known function of one.",
                    "Write for example percent_decode(url.original).");
    out.derivation = *derivation;
    out.field = node.text.substr(open + 1, node.text.size() - open - 2);
  }
  if (out.field.empty()) return refuse("G0603", node.place, "A field source is empty.", "Name an event field.");
  return out;
}

Parsed<EventSelector> parse_selector(const Node& node) {
  EventSelector out;
  if (!node.is_map()) return refuse("G0602", node.place, "An entry of 'events' must be a map.", "Write {class: …}.");
  for (const auto& [key, value] : node.members) {
    if (key == "class") {
      for (const auto& name : texts(&value)) {
        const auto event_class = parse_class(name);
        if (!event_class)
          return refuse("G0602", value.place, "There is no event class '" + name + "'.", "See collectors/event.");
        out.classes.push_back(*event_class);
      }
    } else if (key == "dataset") {
      out.datasets = texts(&value);
    } else if (key == "fields" && value.is_map()) {
      for (const auto& [field, wanted] : value.members) out.fields.emplace_back(field, lower_texts(&wanted));
    } else {
      return refuse("G0602", value.place, "'" + key + "' is not known here.", "Use class, dataset and fields.");
    }
  }
  return out;
}

Parsed<View> parse_view(const Node& document) {
  View view;
  view.name = document.text_of("view");
  const auto* source = document.find("logsource");
  const auto* events = document.find("events");
  if (view.name.empty() || source == nullptr || !source->is_map() || events == nullptr || !events->is_list())
    return refuse("G0601", document.place, "A view needs view, logsource and events.", "See rules/sigma/view/view.h.");
  view.categories = lower_texts(source->find("category"));
  view.products = lower_texts(source->find("product"));
  view.services = lower_texts(source->find("service"));
  for (const auto& entry : events->items) {
    auto selector = parse_selector(entry);
    if (!selector) return std::unexpected(std::move(selector.error()));
    view.events.push_back(std::move(*selector));
  }
  if (const auto* fields = document.find("fields"); fields != nullptr) {
    for (const auto& [name, value] : fields->members) {
      auto& sources = view.fields[name];
      const std::span<const Node> nodes = value.is_list() ? std::span<const Node>(value.items) : std::span(&value, 1);
      for (const auto& node : nodes) {
        auto parsed = parse_source(node);
        if (!parsed) return std::unexpected(std::move(parsed.error()));
        sources.push_back(std::move(*parsed));
      }
    }
  }
  view.prefixes = texts(document.find("prefixes"));
  return view;
}

bool contains(const std::vector<std::string>& list, const std::string& wanted) {
  return wanted.empty() || std::ranges::find(list, wanted) != list.end();
}

void report(Diagnostics& diagnostics, const RuleSource& source, const Problem& problem) {
  diagnostics.add({Severity::error,
                   problem.code,
                   source.file,
                   problem.place.line,
                   problem.place.column,
                   {},
                   problem.cause,
                   problem.next_step});
}

}  // namespace

std::string LogSource::render() const {
  std::string out;
  for (const auto& [name, value] : {std::pair{"product", product}, {"category", category}, {"service", service}})
    if (!value.empty()) out += (out.empty() ? "" : ", ") + std::string(name) + ": " + value;
  return out;
}

bool View::serves(const LogSource& rule) const {
  if (open) return true;
  return contains(categories, rule.category) && contains(products, rule.product) && contains(services, rule.service);
}

std::vector<View> parse_views(std::span<const RuleSource> sources, Diagnostics& diagnostics) {
  std::vector<View> out;
  for (const auto& source : sources) {
    auto documents = parse_yaml(source.text);
    if (!documents) {
      report(diagnostics, source, documents.error());
      continue;
    }
    for (const auto& document : *documents) {
      auto view = parse_view(document);
      if (view) out.push_back(std::move(*view));
      else report(diagnostics, source, view.error());
    }
  }
  return out;
}

}  // namespace tocsin::rules::sigma
