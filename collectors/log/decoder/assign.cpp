#include "collectors/log/decoder/assign.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/decoder/structured.h"
#include "collectors/log/json/flatten.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;

std::string_view strip_brackets(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
  return text;
}

void assign_host(EventBuilder& builder, const HostFields& host, std::string_view text) {
  text = strip_brackets(trim(text.substr(0, text.find(','))));  // of a list of proxies, the client comes first
  if (text.empty() || text == "-") return;
  const auto bare = text.substr(0, text.find('%'));
  if (const auto address = parse_address(bare)) builder.set(host.ip, address->unmapped());
  else if (host.domain != Field{}) builder.set(host.domain, text);
  if (host.address != Field{}) builder.set(host.address, text);
}

// Splits "1.2.3.4:80", "1.2.3.4:80:WAN", "[::1]:80", "1.2.3.4#53", "1.2.3.4(80)", "1.2.3.4/80".
void assign_endpoint(EventBuilder& builder, const HostFields& host, std::string_view text) {
  text = trim(text);
  std::string_view port;
  if (const auto first = text.find(':'); first != npos && text.find(':', first + 1) != npos) {
    if (const auto address = parse_address(text.substr(0, first)); address && address->is_v4())
      text = text.substr(0, text.find(':', first + 1));
  }
  if (text.ends_with(':')) text.remove_suffix(1);
  if (text.ends_with(')')) {
    const auto open = text.rfind('(');
    if (open != npos) {
      port = text.substr(open + 1, text.size() - open - 2);
      text = text.substr(0, open);
    }
  } else if (!parse_address(text)) {
    const auto mark = text.find_last_of(":#/");
    if (mark != npos) {
      port = text.substr(mark + 1);
      text = text.substr(0, mark);
    }
  }
  assign_host(builder, host, text);
  if (const auto number = parse_unsigned(port); number && *number <= 65535 && host.port != Field{})
    builder.set(host.port, *number);
}

void assign_list(EventBuilder& builder, Field field, std::string_view text) {
  std::array<std::string_view, 64> items;
  std::size_t count = 0;
  while (!text.empty() && count < items.size()) {
    const auto comma = text.find(',');
    items[count++] = trim(text.substr(0, comma));
    text.remove_prefix(comma == npos ? text.size() : comma + 1);
  }
  builder.set_list(field, std::span(items.data(), count));
}

void assign_lower(EventBuilder& builder, Field field, std::string_view text) {
  std::array<char, 64> small{};
  const auto n = std::min(text.size(), small.size());
  for (std::size_t i = 0; i < n; ++i) small[i] = to_lower_ascii(text[i]);
  builder.set(field, std::string_view(small.data(), n));
}

// Nothing is told before it happens: a stamp without an offset that lies after the one the line was sent with was
// written in another zone than the source's. Offsets are whole quarters of an hour.
Time not_after(Time time, Time sent) noexcept {
  constexpr Duration quarter = std::chrono::minutes{15};
  constexpr Duration slack = std::chrono::minutes{1};
  constexpr Duration furthest = std::chrono::hours{26};  // from -12:00 to +14:00
  const Duration ahead = time - sent;
  if (ahead <= slack || ahead > furthest) return time;
  const Duration offset = (ahead + quarter / 2) / quarter * quarter;
  const Duration left = ahead - offset;
  return left <= slack && left >= -slack ? time - offset : time;
}

void assign_time(LineContext& line, Field field, StampForm form, std::string_view text) {
  const auto stamp = read_stamp(form, text);
  if (!stamp) return;
  Time time = line.clock.resolve(*stamp, line.reference);
  if (field != field::timestamp) return line.builder.set(field, time);
  if (line.observed && !stamp->offset) time = not_after(time, *line.observed);
  line.observed = time;
}

}  // namespace

Field DynamicFields::find(std::string_view name) {
  const Field guess = met_[last_].next;
  auto number = static_cast<std::size_t>(guess);
  if (guess != Field{} && met_[number].name == name) {
    last_ = number;
    return guess;
  }
  const Field field = look_up(name);
  number = static_cast<std::size_t>(field);
  if (number >= met_.size()) met_.resize(number + 1);
  if (met_[number].name.empty()) met_[number].name = names_.name(field);
  met_[last_].next = field;
  last_ = number;
  return field;
}

Field DynamicFields::look_up(std::string_view name) {
  if (const auto found = cache_.find(name); found != cache_.end()) return found->second;
  if (name.empty() || name.size() > 256) return Field{};
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return Field{};
  const Field field = names_.intern(name);
  if (cache_.size() < cached_most) cache_.emplace(name, field);
  return field;
}

void assign_url(EventBuilder& builder, std::string_view url) {
  if (url.empty()) return;
  builder.set(field::url_original, url);
  auto path = url;
  if (const auto scheme = path.find("://"); scheme <= 10) {
    const auto rest = path.substr(scheme + 3);
    const auto slash = rest.find_first_of("/?#");
    auto authority = rest.substr(0, slash);
    builder.set(field::url_scheme, path.substr(0, scheme));
    if (const auto at = authority.rfind('@'); at != npos) authority.remove_prefix(at + 1);
    const auto colon = authority.rfind(':');
    if (colon != npos && authority.find(']', colon) == npos) {
      if (const auto port = parse_unsigned(authority.substr(colon + 1)); port && *port <= 65535)
        builder.set(field::url_port, *port);
      authority = authority.substr(0, colon);
    }
    builder.set(field::url_domain, strip_brackets(authority));
    path = slash == npos ? std::string_view("/") : rest.substr(slash);
  }
  const auto fragment = path.find('#');
  path = path.substr(0, fragment);
  const auto mark = path.find('?');
  if (mark != npos) builder.set(field::url_query, path.substr(mark + 1));
  path = path.substr(0, mark);
  builder.set(field::url_path, path);
  const auto name = path.substr(path.rfind('/') == npos ? 0 : path.rfind('/') + 1);
  const auto dot = name.rfind('.');
  if (dot != npos && dot + 1 < name.size() && name.size() - dot <= 16)
    builder.set(field::url_extension, name.substr(dot + 1));
}

void assign_text(LineContext& line, Field field, Meaning meaning, const HostFields& host, StampForm stamp,
                 std::string_view text) {
  switch (meaning) {
    case Meaning::plain: line.builder.set_typed(field, text); break;
    case Meaning::host: assign_host(line.builder, host, text); break;
    case Meaning::endpoint: assign_endpoint(line.builder, host, text); break;
    case Meaning::url: assign_url(line.builder, text); break;
    case Meaning::time: assign_time(line, field, stamp, text); break;
    case Meaning::list: assign_list(line.builder, field, text); break;
    case Meaning::lower: assign_lower(line.builder, field, text); break;
    default: break;
  }
}

bool assign_mapped(LineContext& line, const KeyMap& map, std::string_view key, std::string_view value) {
  if (map.targets.empty()) return map.keep_all;  // asked for every member of every object: not even a hash
  const auto found = map.targets.find(key);
  if (found == map.targets.end()) return map.keep_all;
  for (const auto& t : found->second) assign_text(line, t.field, t.meaning, t.host, t.stamp, value);
  return map.keep_mapped;
}

Field own_field(LineContext& line, const KeyMap& map, std::string_view key) {
  if (map.prefix.empty()) return line.fields.find(key);
  std::array<char, 256> name{};
  if (map.prefix.size() + key.size() > name.size()) return Field{};
  auto* end = std::ranges::copy(map.prefix, name.begin()).out;
  end = std::ranges::copy(key, end).out;
  return line.fields.find({name.data(), static_cast<std::size_t>(end - name.data())});
}

void assign_key(LineContext& line, const KeyMap& map, std::string_view key, std::string_view value) {
  value = trim(value);
  if (value.empty() || value == "-") return;
  if (!assign_mapped(line, map, key, value)) return;
  const Field own = own_field(line, map, key);
  if (own == Field{}) return;
  if (line.builder.find(own) == nullptr) line.builder.set_typed(own, value);
}

void assign_captures(LineContext& line, const KeyMap& map, const Captures& captures) {
  for (std::size_t i = 0; i < captures.count; ++i) {
    const auto* op = captures.items[i].op;
    const auto text = captures.items[i].text();
    switch (op->meaning) {
      case Meaning::none: break;
      case Meaning::pairs: assign_pairs(line, map, text); break;
      case Meaning::json: assign_json(line, map, text); break;
      case Meaning::cef: assign_cef(line, map, text); break;
      case Meaning::leef: assign_leef(line, map, text); break;
      case Meaning::csv: assign_csv(line, map, text); break;
      default:
        if (op->kind != Op::Kind::open) assign_text(line, op->field, op->meaning, op->host, op->stamp, text);
    }
  }
}

namespace {

std::string unescaped(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> entities{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text[0] == '\\' && text.size() > 1 && (text[1] == '\\' || text[1] == '"')) {
      out += text[1];
      text.remove_prefix(2);
      continue;
    }
    const auto* entity = std::ranges::find_if(entities, [&](const auto& e) { return text.starts_with(e.first); });
    out += entity == entities.end() ? text[0] : entity->second;
    text.remove_prefix(entity == entities.end() ? 1 : entity->first.size());
  }
  return out;
}

}  // namespace

void assign_renamed(LineContext& line, const std::vector<Rename>& renames) {
  if (renames.empty() || line.members == nullptr) return;
  std::string name;
  for (const auto member : *line.members) {
    const auto old = line.fields.names().name(member);
    const auto rename = std::ranges::find_if(renames, [&](const Rename& r) { return old.starts_with(r.under); });
    if (rename == renames.end() || old.size() == rename->under.size()) continue;
    name = rename->to;
    name += old.substr(rename->under.size());
    auto& first = name[rename->to.size()];
    if (rename->pascal && first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    const auto field = line.fields.find(name);
    const Value* given = line.builder.find(member);
    if (field == Field{} || given == nullptr || line.builder.find(field) != nullptr) continue;
    const Value value = *given;  // setting may move the builder's storage
    if (rename->unescape && value.is_text() && value.as_text().find_first_of("\\&") != std::string_view::npos)
      line.builder.set(field, unescaped(value.as_text()));
    else if (FieldNames::known(field)) line.builder.set_typed(field, render_text(value));
    else line.builder.put(field, value);
  }
}

}  // namespace tocsin::collectors
