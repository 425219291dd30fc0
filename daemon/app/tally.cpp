#include "daemon/app/tally.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/control/filter.h"

namespace tocsin::daemon {
namespace {
constexpr char between = '\0';
constexpr std::size_t combinations_most = 256;  // of one row
constexpr std::size_t value_most = 512;         // bytes; longer ones count by how they begin

// Whole characters only.
std::string_view beginning(std::string_view value) {
  if (value.size() <= value_most) return value;
  auto end = value_most;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return value.substr(0, end);
}
}  // namespace

Result<Tally> Tally::parse(std::string_view text) {
  std::vector<std::string> fields;
  for (const auto field : split(text, ','))
    if (!trim(field).empty()) fields.emplace_back(trim(field));
  if (fields.empty() || fields.size() > fields_most)
    return fail(Code::usage, fmt::format("--count-by takes 1 to {} fields, such as source.ip,user.name", fields_most));
  return Tally(std::move(fields));
}

void Tally::add(const boost::json::object& row) {
  std::vector<std::string> keys{{}};
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    std::vector<std::string> values;
    visit_field(row, fields_[i], [&](std::string_view whole) {
      const auto value = beginning(whole);
      if (std::ranges::find(values, value) == values.end()) values.emplace_back(value);
    });
    if (values.empty()) values.emplace_back();
    std::vector<std::string> longer;
    for (const auto& key : keys)
      for (const auto& value : values)
        if (longer.size() == combinations_most) ++left_out_;
        else {
          longer.push_back(key);
          if (i != 0) longer.back() += between;
          longer.back() += value;
        }
    keys = std::move(longer);
  }
  for (auto& key : keys) count(std::move(key));
}

void Tally::count(std::string key) {
  const auto found = groups_.find(key);
  if (found != groups_.end()) ++found->second;
  else if (groups_.size() < groups_most) groups_.emplace(std::move(key), 1);
  else ++left_out_;
}

void Tally::send(Reply& reply, std::size_t limit) const {
  std::vector<std::pair<std::uint64_t, std::string_view>> sorted;
  sorted.reserve(groups_.size());
  for (const auto& [key, count] : groups_) sorted.emplace_back(count, key);
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  const auto shown = limit == 0 ? sorted.size() : std::min(limit, sorted.size());
  for (std::size_t i = 0; i < shown; ++i) {
    std::string row;
    JsonWriter json(row);
    json.begin_object().member("count", sorted[i].first);
    std::size_t at = 0;
    for (const auto value : split(sorted[i].second, between)) json.member(fields_[at++], value);
    json.end_object();
    if (!reply.row(row)) return;
  }
  std::string remark;
  if (shown < sorted.size()) remark = fmt::format("{} of {} groups; --limit 0 shows all", shown, sorted.size());
  if (left_out_ != 0)
    remark += fmt::format("{}{} rows of groups beyond the first {} are not counted; narrow the period or --where",
                          remark.empty() ? "" : "\n", left_out_, groups_most);
  if (!remark.empty()) reply.summary("remark", remark);
}

}  // namespace tocsin::daemon
