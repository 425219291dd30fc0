// Options that say the same in both languages, or nearly.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "rules/signature/parse/snort/translation.h"
#include "rules/signature/parse/value.h"

namespace tocsin::rules::signature {
namespace {

std::string joined(const SnortOption& option) {
  std::string out;
  for (const auto& item : option.items) {
    if (!out.empty()) out += ',';
    out += item.text;
  }
  return out;
}

std::vector<std::string_view> split_any(std::string_view text, char separator) {
  auto names = split(text, separator);
  for (auto& name : names) name = trim(name);
  return names;
}

}  // namespace

NamedItem named_item(std::string_view item) noexcept {
  const auto blank = item.find_first_of(" \t");
  if (blank == std::string_view::npos) return {item, {}};
  return {item.substr(0, blank), trim(item.substr(blank))};
}

std::string_view unquoted(std::string_view text) noexcept {
  text = trim(text);
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) return text.substr(1, text.size() - 2);
  return text;
}

std::optional<std::string> translate_range(std::string_view text, Ends ends) {
  text = unquoted(text);
  const auto including = text.find("<=>");
  const auto excluding = text.find("<>");
  if (including == std::string_view::npos && excluding == std::string_view::npos)
    return parse_range(text) && text.find('-', 1) == std::string_view::npos ? std::optional(std::string(text))
                                                                            : std::nullopt;
  const bool with_ends = including != std::string_view::npos;
  const auto at = with_ends ? including : excluding;
  auto low = parse_number(text.substr(0, at));
  auto high = parse_number(text.substr(at + (with_ends ? 3 : 2)));
  if (!low || !high || *low > *high) return std::nullopt;
  if (with_ends && ends == Ends::exclusive) --*low, ++*high;
  if (!with_ends && ends == Ends::inclusive) ++*low, --*high;
  return std::to_string(*low) + "<>" + std::to_string(*high);
}

Translated translate_same(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto& value = option.items.size() > 1 ? joined(option) : option.raw;
  if (option.has_value) out.emit(option, row.word, value);
  else out.emit(option, row.word);
  return {};
}

Translated translate_refused(Translation&, const SnortOption& option, const SnortOptionRow& row) {
  return std::unexpected(Mistake{"S0301",
                                 "the option '" + option.name.text + "' is not supported: " + std::string(row.word),
                                 "Remove it or disable the rule",
                                 {}});
}

Translated translate_ignored(Translation&, const SnortOption&, const SnortOptionRow&) { return {}; }

Translated translate_number(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  auto range = option.items.size() == 1 ? translate_range(option.items[0].text, row.ends) : std::nullopt;
  if (!range)
    return refuse_option(option, "'" + option.raw + "' is not a number or range", "Write 5, >5, 5<>10 or 5<=>10");
  out.emit(option, row.word, std::move(*range));
  return {};
}

Translated translate_enable(Translation&, const SnortOption& option, const SnortOptionRow&) {
  if (option.raw != "no") return {};
  return std::unexpected(
      Mistake{"S0390", "the rule is switched off (enable:no)", "Remove the option to switch it on", {}});
}

Translated translate_target(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  out.emit(option, row.word, option.raw == "dst_ip" ? "dest_ip" : option.raw);
  return {};
}

// tag:session,packets 10  tag:host_src,seconds 60
Translated translate_tag(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto scope = option.items.empty() ? std::string_view{} : std::string_view(option.items[0].text);
  const bool host = scope == "host_src" || scope == "host_dst";
  if ((!host && scope != "session") || option.items.size() > 2)
    return refuse_option(option, "'" + option.raw + "' is not understood",
                         "Write session, host_src or host_dst and one of packets N, seconds N, bytes N");
  std::string value = host ? "host" : "session";
  if (option.items.size() == 2) {
    const auto [metric, count] = named_item(option.items[1].text);
    value += ',' + std::string(count) + ',' + std::string(metric);
  }
  if (host) value += scope == "host_src" ? ",src" : ",dst";
  out.emit(option, row.word, std::move(value));
  return {};
}

// set,a&b  isset,a|b  isset,a&b  isnotset,a|b (neither is set)  isnotset,a&b (not both are)
Translated translate_flowbits(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto operation = option.items.empty() ? std::string_view{} : std::string_view(option.items[0].text);
  if (operation == "noalert" && option.items.size() == 1) {
    out.emit(option, row.word, "noalert");
    return {};
  }
  if (option.items.size() != 2)
    return refuse_option(option, "'" + option.raw + "' is not understood",
                         "Write set,name or isset,name|other or isset,name&other");
  const std::string_view names = option.items[1].text;
  const bool all = names.find('&') != std::string_view::npos;
  const bool any = names.find('|') != std::string_view::npos;
  if (all && any) return refuse_option(option, "'&' and '|' are mixed", "Use one of them, or several flowbits");
  const bool test = operation == "isset" || operation == "isnotset";
  if (any && !test) return refuse_option(option, "'|' is only for tests", "Join the names with '&'");
  const auto list = split_any(names, all ? '&' : '|');
  // The tree's isset holds if any is set, its isnotset if any is not.
  const bool together = list.size() > 1 && (operation == "isset" ? any : operation == "isnotset" && all);
  if (!together) {
    for (const auto name : list) out.emit(option, row.word, std::string(operation) + ',' + std::string(name));
    return {};
  }
  std::string value = std::string(operation) + ',';
  for (std::size_t i = 0; i < list.size(); ++i) value += (i == 0 ? "" : "|") + std::string(list[i]);
  out.emit(option, row.word, std::move(value));
  return {};
}

// stream_size:>100,to_server: what the client sent.
Translated translate_stream_size(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> sides{
      {{"either", "either"}, {"both", "both"}, {"to_server", "client"}, {"to_client", "server"}}};
  auto range = option.items.empty() ? std::nullopt : translate_range(option.items[0].text, Ends::exclusive);
  const std::string_view side = option.items.size() > 1 ? std::string_view(option.items[1].text) : "either";
  const auto* found = std::ranges::find(sides, side, &std::pair<std::string_view, std::string_view>::first);
  if (!range || found == sides.end() || option.items.size() > 2)
    return refuse_option(option, "'" + option.raw + "' is not understood",
                         "Write >100,to_server; or either, both, to_client");
  const auto split_at = std::min(range->find_first_of("0123456789"), range->size());
  std::string comparison = range->substr(0, split_at);
  std::string number = range->substr(split_at);
  if (const auto between = number.find("<>"); between != std::string::npos) {
    comparison = number.substr(0, between + 2);
    number = number.substr(between + 2);
  }
  if (comparison.empty()) comparison = "=";
  out.emit(option, row.word, std::string(found->second) + ',' + comparison + ',' + number);
  return {};
}

// service:http,ssl: the flow speaks one of them; the ports of the head count only where nobody can tell.
Translated translate_service(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string known;
  std::string unknown;
  for (const auto& item : option.items) {
    if (item.text == "file") continue;  // whatever carries files
    const auto here = service_protocol(item.text);
    auto& list = here.empty() ? unknown : known;
    if (!list.empty()) list += ',';
    list += here.empty() ? std::string_view(item.text) : here;
  }
  if (!unknown.empty()) {
    out.ast.remarks.push_back({"S0383", "nobody tells the service '" + unknown + "' here: the rule's ports count",
                               "Name ports in the rule's head", option.value_place});
    return {};
  }
  if (known.empty()) return {};
  out.emit(option, row.word, std::move(known));
  out.forget_ports();
  return {};
}

Translated translate_asn1(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string value;
  for (const auto& item : option.items) {
    if (item.text == "print") continue;
    if (!value.empty()) value += ',';
    value += item.text;
  }
  out.emit(option, row.word, std::move(value));
  return {};
}

}  // namespace tocsin::rules::signature
