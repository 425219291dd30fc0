#include "responders/action/process_dump_maps/maps.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr int least_telling = 4;

// The next word, and what follows it.
std::string_view word(std::string_view& line) noexcept {
  const auto end = std::min(line.find(' '), line.size());
  const auto out = line.substr(0, end);
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return out;
}

std::optional<std::uint64_t> hexadecimal(std::string_view text) noexcept {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<Mapping> parse_line(std::string_view line) {
  const auto range = word(line);
  const auto permissions = word(line);
  const auto offset = hexadecimal(word(line));
  [[maybe_unused]] const auto device = word(line);
  const auto inode = parse_unsigned(word(line));
  const auto dash = range.find('-');
  if (dash == std::string_view::npos || permissions.size() != 4 || !offset || !inode) return std::nullopt;
  const auto begin = hexadecimal(range.substr(0, dash));
  const auto end = hexadecimal(range.substr(dash + 1));
  if (!begin || !end || *begin >= *end) return std::nullopt;
  Mapping out;
  out.begin = *begin;
  out.end = *end;
  out.readable = permissions[0] == 'r';
  out.writable = permissions[1] == 'w';
  out.executable = permissions[2] == 'x';
  out.shared = permissions[3] == 's';
  out.offset = *offset;
  out.inode = *inode;
  out.path = line;
  return out;
}

bool is_device(const Mapping& mapping) noexcept {
  return mapping.path.starts_with("/dev/") && !mapping.path.starts_with("/dev/shm/") && !mapping.deleted();
}

// 0 first; least_telling: not at all.
int rank(const Mapping& mapping) noexcept {
  if (!mapping.readable || mapping.path.starts_with("[v") || is_device(mapping)) return least_telling;
  if (mapping.executable && (mapping.anonymous() || mapping.deleted())) return 0;
  if (mapping.path == "[heap]" || mapping.path.starts_with("[stack")) return 1;
  if (mapping.deleted() || (!mapping.shared && (mapping.anonymous() || mapping.writable))) return 2;
  return mapping.executable ? 3 : least_telling;
}

}  // namespace

std::string Mapping::permissions() const {
  std::string out = "---p";
  if (readable) out[0] = 'r';
  if (writable) out[1] = 'w';
  if (executable) out[2] = 'x';
  if (shared) out[3] = 's';
  return out;
}

ParsedMaps parse_maps(std::string_view text, std::size_t mappings_most) {
  ParsedMaps out;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    if (out.mappings.size() == mappings_most) break;
    if (auto mapping = parse_line(line)) out.mappings.push_back(std::move(*mapping));
    else ++out.damaged;
  }
  return out;
}

std::vector<Mapping> worth_copying(const std::vector<Mapping>& mappings) {
  std::vector<Mapping> out;
  std::ranges::copy_if(mappings, std::back_inserter(out), [](const Mapping& m) { return rank(m) < least_telling; });
  std::ranges::stable_sort(out, {}, rank);
  return out;
}

}  // namespace tocsin::responders
