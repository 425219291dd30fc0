#include "collectors/log/envelope/zone_name.h"

#include <algorithm>
#include <array>

namespace tocsin::collectors {
namespace {

constexpr int ambiguous = 24 * 60;

struct Entry {
  std::string_view name;
  int minutes;  // east of Greenwich
};
// Sorted by name.
constexpr std::array<Entry, 47> names{
    {{"ACDT", 630},  {"ACST", 570},      {"ADT", -180},      {"AEDT", 660}, {"AEST", 600}, {"AKDT", -480},
     {"AKST", -540}, {"AST", ambiguous}, {"AWST", 480},      {"BST", 60},   {"CAT", 120},  {"CDT", -300},
     {"CEST", 120},  {"CET", 60},        {"CST", ambiguous}, {"EAT", 180},  {"EDT", -240}, {"EEST", 180},
     {"EET", 120},   {"EST", -300},      {"GMT", 0},         {"HDT", -540}, {"HKT", 480},  {"HST", -600},
     {"IDT", 180},   {"IST", ambiguous}, {"JST", 540},       {"KST", 540},  {"MDT", -360}, {"MEST", 120},
     {"MET", 60},    {"MSK", 180},       {"MST", -420},      {"NDT", -150}, {"NST", -210}, {"NZDT", 780},
     {"NZST", 720},  {"PDT", -420},      {"PKT", 300},       {"PST", -480}, {"SAST", 120}, {"UTC", 0},
     {"WAT", 60},    {"WEST", 60},       {"WET", 0},         {"WIB", 420},  {"WITA", 480}}};
static_assert(std::ranges::is_sorted(names, {}, &Entry::name));

bool is_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '/' || c == '+';
}

}  // namespace

std::optional<ZoneName> zone_name_at(std::string_view text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && length < 5 && text[length] >= 'A' && text[length] <= 'Z') ++length;
  if (length < text.size() && is_word(text[length])) return std::nullopt;
  const auto name = text.substr(0, length);
  const auto found = std::ranges::lower_bound(names, name, {}, &Entry::name);
  if (found == names.end() || found->name != name) return std::nullopt;
  if (found->minutes == ambiguous) return ZoneName{found->name, std::nullopt};
  return ZoneName{found->name, std::chrono::minutes{found->minutes}};
}

}  // namespace tocsin::collectors
