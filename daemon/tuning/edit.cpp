#include "daemon/tuning/edit.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/tuning/file.h"

namespace tocsin::daemon {
namespace {

using rules::TuningEntry;

constexpr std::string_view heading =
    "# What analysts changed about rules: enable, disable, modify, suppress. Each entry says who wants it, why, and\n"
    "# until when; after that it has no effect. `tocsin tuning add` and `remove` write here, and so may you:\n"
    "# `tocsin tuning list` judges it, `systemctl reload tocsind` takes it up.\n"
    "tuning:\n";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

std::multiset<std::string> ids_of(std::string_view text, Time now, std::size_t& mistakes) {
  Diagnostics diagnostics;
  std::multiset<std::string> out;
  for (const auto& entry : parse_tuning("tuning", text, now, diagnostics)) out.insert(entry.id);
  mistakes = diagnostics.errors();
  return out;
}

constexpr std::string_view by_hand = "the file is laid out in a way that cannot be changed here; edit it by hand";

}  // namespace

std::string_view tuning_heading() noexcept { return heading; }

Result<std::string> with_entry(std::string_view text, const TuningEntry& entry, Time now) {
  auto checked = entry;
  TOCSIN_CHECK(check_entry(checked, now));
  std::size_t before_mistakes = 0;
  auto wanted = ids_of(text, now, before_mistakes);
  if (wanted.contains(checked.id))
    return fail(Code::conflict, fmt::format("the same entry is there already: {}", checked.id));
  wanted.insert(checked.id);
  auto lines = lines_of(text);
  const auto list = std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("tuning:"); });
  if (list == lines.end()) {
    if (!lines.empty() && !lines.back().empty()) lines.emplace_back();
    for (auto& line : lines_of(heading)) lines.push_back(std::move(line));
  } else if (const auto rest = trim(std::string_view(*list).substr(7)); rest == "[]" || rest == "null") {
    *list = "tuning:";
  }
  // The indentation of the entries that are there.
  std::string out = join_lines(lines);
  std::string block = render_entry(checked);
  for (const auto& line : lines)
    if (line.starts_with("- ")) {
      std::string flush;
      for (const auto& piece : lines_of(block)) flush += piece.substr(2) + "\n";
      block = flush;
      break;
    }
  out += block;
  std::size_t mistakes = 0;
  if (ids_of(out, now, mistakes) != wanted || mistakes != before_mistakes)
    return fail(Code::conflict, std::string(by_hand));
  return out;
}

Result<std::string> without_entry(std::string_view text, std::string_view id, Time now) {
  Diagnostics diagnostics;
  const auto entries = parse_tuning("tuning", text, now, diagnostics);
  const auto found = std::ranges::find(entries, id, &TuningEntry::id);
  if (found == entries.end()) return fail(Code::not_found, fmt::format("there is no entry {}", escape_terminal(id)));
  std::size_t before_mistakes = 0;
  auto wanted = ids_of(text, now, before_mistakes);
  wanted.erase(wanted.find(std::string(id)));
  auto lines = lines_of(text);
  std::size_t first = found->line - 1, last = found->last_line - 1;
  // The dash may stand alone above; a value of several lines goes on below.
  while (first > 0 && first < lines.size() && !trim(lines[first]).starts_with('-')) --first;
  if (first >= lines.size() || last >= lines.size()) return fail(Code::conflict, std::string(by_hand));
  const auto indent = lines[first].find_first_not_of(' ');
  while (last + 1 < lines.size()) {
    const auto column = lines[last + 1].find_first_not_of(' ');
    if (column == std::string::npos || column <= indent || lines[last + 1][column] == '#') break;
    ++last;
  }
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first),
              lines.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  auto out = join_lines(lines);
  std::size_t mistakes = 0;
  if (ids_of(out, now, mistakes) != wanted || mistakes != before_mistakes)
    return fail(Code::conflict, std::string(by_hand));
  return out;
}

Result<const TuningEntry*> find_entry(const std::vector<TuningEntry>& entries, std::string_view name) {
  const TuningEntry* found = nullptr;
  for (const auto& entry : entries) {
    if (entry.id == name) return &entry;
    if (name.empty() || !entry.id.starts_with(name)) continue;
    if (found != nullptr)
      return fail(Code::conflict,
                  fmt::format("several entries begin with {}; write more of it", escape_terminal(name)));
    found = &entry;
  }
  if (found == nullptr)
    return fail(Code::not_found,
                fmt::format("there is no entry {}; `tocsin tuning list` shows all", escape_terminal(name)));
  return found;
}

}  // namespace tocsin::daemon
