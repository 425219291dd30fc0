#include "rules/signature/state/dataset.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/base64.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::size_t string_most = 65'536;
// What one entry costs besides its bytes.
constexpr std::uint64_t entry_cost = 96;
constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::string text_of(Bytes bytes) { return std::string(as_text(bytes)); }

// The member at a dotted path.
simdjson::dom::element member_at(simdjson::dom::element from, std::string_view path, bool& found) {
  found = true;
  while (!path.empty()) {
    const auto dot = path.find('.');
    simdjson::dom::element next;
    if (from[path.substr(0, dot)].get(next) != simdjson::SUCCESS) {
      found = false;
      return from;
    }
    from = next;
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return from;
}

// The object's text without the member at `path`.
void render_without(simdjson::dom::element element, std::string_view path, std::string& out) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    out += simdjson::minify(element);
    return;
  }
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  out += '{';
  bool fresh = true;
  for (const auto field : object) {
    const bool here = field.key == name;
    if (here && dot == std::string_view::npos) continue;
    if (!std::exchange(fresh, false)) out += ',';
    append_json_string(out, field.key);
    out += ':';
    if (here) render_without(field.value, path.substr(dot + 1), out);
    else out += simdjson::minify(field.value);
  }
  out += '}';
}

}  // namespace

std::optional<DatasetType> parse_dataset_type(std::string_view word) noexcept {
  if (word == "string") return DatasetType::string;
  if (word == "md5") return DatasetType::md5;
  if (word == "sha256") return DatasetType::sha256;
  if (word == "ipv4") return DatasetType::ipv4;
  if (word == "ip" || word == "ipv6") return DatasetType::ip;
  return std::nullopt;
}

std::string_view dataset_type_name(DatasetType type) noexcept {
  constexpr std::array<std::string_view, 5> names{"string", "md5", "sha256", "ipv4", "ip"};
  return names[static_cast<std::size_t>(type)];
}

bool Dataset::key_of(Bytes value, std::array<char, 16>& space, std::string_view& key) const noexcept {
  switch (type_) {
    case DatasetType::string:
      if (value.empty() || value.size() > string_most) return false;
      break;
    case DatasetType::md5:
      if (value.size() != 16) return false;
      break;
    case DatasetType::sha256:
      if (value.size() != 32) return false;
      break;
    case DatasetType::ipv4:
      if (value.size() != 4) return false;
      break;
    case DatasetType::ip:
      if (value.size() == 4) {
        std::ranges::copy(mapped, space.begin());
        std::ranges::copy(value, space.begin() + 12);
        key = {space.data(), space.size()};
        return true;
      }
      if (value.size() != 16) return false;
      break;
  }
  key = as_text(value);
  return true;
}

std::optional<Dataset::Entry> Dataset::find(Bytes value) const {
  std::array<char, 16> space{};
  std::string_view key;
  if (!key_of(value, space, key)) return std::nullopt;
  const auto& place = shard(key);
  std::unique_lock lock(place.mutex, std::defer_lock);
  if (changing_) lock.lock();
  const auto found = place.entries.find(key);
  if (found == place.entries.end()) return std::nullopt;
  return found->second;
}

bool Dataset::put(std::string_view key, Entry entry) {
  auto& place = shard(key);
  const std::lock_guard lock(place.mutex);
  if (place.entries.contains(key)) return false;
  const std::uint64_t cost = key.size() + entry_cost + (entry.context ? entry.context->size() : 0);
  if (memory_.load(std::memory_order_relaxed) + cost > memory_most_) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  memory_.fetch_add(cost, std::memory_order_relaxed);
  place.entries.emplace(std::string(key), std::move(entry));
  return true;
}

bool Dataset::add(Bytes value) {
  std::array<char, 16> space{};
  std::string_view key;
  if (!key_of(value, space, key) || !put(key, {})) return false;
  changes_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Dataset::take_over(const Dataset& other) {
  for (std::size_t i = 0; i < shards; ++i) {
    std::scoped_lock lock(shards_[i].mutex, other.shards_[i].mutex);
    shards_[i].entries = other.shards_[i].entries;
  }
  memory_ = other.memory();
  changes_ = other.changes();
}

bool Dataset::remove(Bytes value) {
  std::array<char, 16> space{};
  std::string_view key;
  if (!key_of(value, space, key)) return false;
  auto& place = shard(key);
  const std::lock_guard lock(place.mutex);
  const auto found = place.entries.find(key);
  if (found == place.entries.end()) return false;
  const std::uint64_t cost = key.size() + entry_cost + (found->second.context ? found->second.context->size() : 0);
  memory_.fetch_sub(cost, std::memory_order_relaxed);
  place.entries.erase(found);
  changes_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

std::size_t Dataset::size() const {
  std::size_t count = 0;
  for (const auto& place : shards_) {
    const std::lock_guard lock(place.mutex);
    count += place.entries.size();
  }
  return count;
}

// As files and JSON write a value → bytes as they are stored.
std::expected<std::string, std::string> Dataset::parse_value(std::string_view text) const {
  switch (type_) {
    case DatasetType::string: {
      auto bytes = parse_base64(text);
      if (!bytes || bytes->empty()) return std::unexpected("bad base64 encoding " + name_);
      if (bytes->size() > string_most) return std::unexpected("a value longer than 64 KiB");
      return std::move(*bytes);
    }
    case DatasetType::md5:
    case DatasetType::sha256: {
      const auto bytes = parse_hex(text);
      if (!bytes || bytes->size() != (type_ == DatasetType::md5 ? 16U : 32U))
        return std::unexpected("bad hash for dataset " + name_);
      return text_of(*bytes);
    }
    case DatasetType::ipv4:
    case DatasetType::ip: {
      const auto address = parse_address(text);
      if (!address || (type_ == DatasetType::ipv4 && !address->unmapped().is_v4()))
        return std::unexpected("bad address for dataset " + name_);
      if (type_ == DatasetType::ipv4) return text_of(address->unmapped().bytes());
      if (address->is_v6()) return text_of(address->bytes());
      return text_of(mapped) + text_of(address->bytes());
    }
  }
  return std::unexpected("bad value");
}

std::expected<void, std::string> Dataset::load_line(std::string_view line, bool reputation) {
  Entry entry;
  const auto comma = line.find(',');
  if (reputation) {
    const auto number = comma == std::string_view::npos ? std::nullopt : parse_unsigned(trim(line.substr(comma + 1)));
    if (comma == std::string_view::npos)
      return std::unexpected("Cannot mix dataset and datarep values for set " + name_);
    if (!number || *number > 0xFFFF) return std::unexpected("invalid datarep value " + name_);
    entry.reputation = static_cast<std::uint16_t>(*number);
    line = trim(line.substr(0, comma));
  } else if (comma != std::string_view::npos) {
    return std::unexpected("Cannot mix dataset and datarep values for set " + name_);
  }
  auto key = parse_value(line);
  if (!key) return std::unexpected(std::move(key.error()));
  put(*key, std::move(entry));
  return {};
}

std::expected<void, std::string> Dataset::load_json(std::string_view text, const DatasetFormat& wanted) {
  simdjson::dom::parser parser;
  const auto one = [&](simdjson::dom::element element) -> std::expected<void, std::string> {
    bool found = false;
    const auto place = member_at(element, wanted.value_key, found);
    std::string_view value;
    // An object without the value is passed over: lists of indicators are of mixed kinds.
    if (!found || place.get(value) != simdjson::SUCCESS) return {};
    std::expected<std::string, std::string> key = std::string(value);
    if (type_ != DatasetType::string) key = parse_value(value);
    if (!key) return std::unexpected(std::move(key.error()));
    if (key->empty()) return {};
    std::string context;
    if (wanted.remove_key) render_without(element, wanted.value_key, context);
    else context = simdjson::minify(element);
    put(*key, Entry{0, std::make_shared<const std::string>(std::move(context))});
    return {};
  };
  if (wanted.kind == DatasetFormat::Kind::lines) {
    for (const auto raw : split(text, '\n')) {
      const auto line = trim(raw);
      if (line.empty()) continue;
      simdjson::dom::element element;
      if (parser.parse(line.data(), line.size(), true).get(element) != simdjson::SUCCESS)
        return std::unexpected("a line that is no JSON");
      if (auto done = one(element); !done) return done;
    }
    return {};
  }
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size(), true).get(root) != simdjson::SUCCESS)
    return std::unexpected("no JSON document");
  bool found = false;
  simdjson::dom::array list;
  if (member_at(root, wanted.array_key, found).get(list) != simdjson::SUCCESS || !found)
    return std::unexpected("no list of objects in the JSON document");
  for (const auto element : list)
    if (auto done = one(element); !done) return done;
  return {};
}

std::expected<void, std::string> Dataset::load(std::string_view text, const DatasetFormat& wanted, bool reputation) {
  if (wanted.kind != DatasetFormat::Kind::plain) return load_json(text, wanted);
  std::size_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty()) continue;
    if (auto done = load_line(line, reputation); !done)
      return std::unexpected("line " + std::to_string(number) + ": " + done.error());
  }
  return {};
}

std::string Dataset::render(std::string_view key) const {
  const Bytes bytes = as_bytes(key);
  switch (type_) {
    case DatasetType::string: return to_base64(key);
    case DatasetType::md5:
    case DatasetType::sha256: return to_hex(bytes.data(), bytes.size());
    case DatasetType::ipv4: return render_address(IpAddress::v4(bytes));
    case DatasetType::ip: {
      if (std::ranges::equal(bytes.first(12), mapped)) return render_address(IpAddress::v4(bytes.subspan(12)));
      std::string out = to_hex(bytes.data(), bytes.size());
      for (std::size_t at = 28; at > 0; at -= 4) out.insert(at, ":");
      return out;
    }
  }
  return {};
}

std::string Dataset::save() const {
  std::vector<std::string> lines;
  for (const auto& place : shards_) {
    const std::lock_guard lock(place.mutex);
    for (const auto& [key, entry] : place.entries)
      lines.push_back(render(key) + (with_reputation ? ',' + std::to_string(entry.reputation) : std::string{}));
  }
  std::ranges::sort(lines);
  std::string out;
  for (const auto& line : lines) out += line + '\n';
  return out;
}

}  // namespace tocsin::rules::signature
