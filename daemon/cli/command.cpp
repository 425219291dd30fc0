#include "daemon/cli/command.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::daemon {

std::string full_name(const CommandRow& command) {
  return command.verb.empty() ? std::string(command.noun) : std::string(command.noun) + " " + std::string(command.verb);
}

CommandTable::CommandTable(std::initializer_list<std::span<const CommandRow>> groups) {
  for (const auto& group : groups)
    for (const auto& row : group) rows_.push_back(&row);
  // Rows of one noun may come from several files; help shows them together, where the noun first stood.
  const auto order = nouns();
  std::ranges::stable_sort(rows_, {},
                           [&](const CommandRow* row) { return std::ranges::find(order, row->noun) - order.begin(); });
}

const CommandRow* CommandTable::find(std::string_view noun, std::string_view verb) const noexcept {
  const auto found =
      std::ranges::find_if(rows_, [&](const CommandRow* r) { return r->noun == noun && r->verb == verb; });
  return found == rows_.end() ? nullptr : *found;
}

std::vector<std::string> CommandTable::nouns() const {
  std::vector<std::string> out;
  for (const auto* row : rows_)
    if (std::ranges::find(out, row->noun) == out.end()) out.emplace_back(row->noun);
  return out;
}

std::vector<std::string> CommandTable::verbs(std::string_view noun) const {
  std::vector<std::string> out;
  for (const auto* row : rows_)
    if (row->noun == noun) out.emplace_back(row->verb);
  return out;
}

std::optional<std::string> Options::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::string Options::text_or(std::string_view name, std::string_view otherwise) const {
  return text(name).value_or(std::string(otherwise));
}

std::vector<std::string> Options::list(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<std::uint64_t> Options::number(std::string_view name) const {
  const auto found = text(name);
  return found ? parse_unsigned(*found) : std::nullopt;
}

}  // namespace tocsin::daemon
