#include "collectors/packet/protocol/bittorrent/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace tocsin::collectors {
namespace {

constexpr int depth_most = 3;  // a message, what it carries, a list in that

struct Item {
  enum class Kind : std::uint8_t { text, number, list, dictionary } kind = Kind::text;
  Bytes bytes;  // text: its bytes; list, dictionary: what is between the marks
  std::int64_t number = 0;
};

// Walks the items of one level. BEP 3, "bencoding".
class ItemReader {
 public:
  explicit ItemReader(Bytes bytes, int depth) : bytes_(bytes), depth_(depth) {}

  bool done() const noexcept { return bytes_.empty(); }
  std::optional<Item> next() {
    if (bytes_.empty()) return std::nullopt;
    Item out;
    const auto first = bytes_.front();
    if (first >= '0' && first <= '9') return text();
    if (first == 'i') return number();
    if (first != 'l' && first != 'd') return std::nullopt;
    out.kind = first == 'l' ? Item::Kind::list : Item::Kind::dictionary;
    const auto size = depth_ > 0 ? container_size(bytes_.subspan(1), depth_ - 1) : std::nullopt;
    if (!size) return std::nullopt;
    out.bytes = bytes_.subspan(1, *size);
    bytes_ = bytes_.subspan(*size + 2);
    return out;
  }
  int depth() const noexcept { return depth_ - 1; }

 private:
  std::optional<Item> text() {
    const auto end = as_text(bytes_).find(':');
    std::uint64_t size = 0;
    if (end == std::string_view::npos || end > 5 || !whole(as_text(bytes_).substr(0, end), size)) return std::nullopt;
    if (size > bytes_.size() - end - 1) return std::nullopt;
    Item out;
    out.bytes = bytes_.subspan(end + 1, static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(end + 1 + static_cast<std::size_t>(size));
    return out;
  }
  std::optional<Item> number() {
    const auto end = as_text(bytes_).find('e');
    Item out;
    out.kind = Item::Kind::number;
    if (end == std::string_view::npos || end > 20 || !whole(as_text(bytes_).substr(1, end - 1), out.number))
      return std::nullopt;
    bytes_ = bytes_.subspan(end + 1);
    return out;
  }
  template <typename Number>
  static bool whole(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return !text.empty() && error == std::errc{} && end == text.data() + text.size();
  }
  // Up to the mark that ends it.
  static std::optional<std::size_t> container_size(Bytes bytes, int depth) {
    ItemReader inside(bytes, depth);
    while (!inside.done() && inside.bytes_.front() != 'e')
      if (!inside.next()) return std::nullopt;
    if (inside.done()) return std::nullopt;
    return bytes.size() - inside.bytes_.size();
  }

  Bytes bytes_;
  int depth_;
};

// Calls `take(key, value)` for each pair; false when the dictionary is malformed or `take` says no. Keys are in order.
template <typename Take>
bool each_pair(const Item& item, int depth, Take take) {
  if (item.kind != Item::Kind::dictionary) return false;
  ItemReader reader(item.bytes, depth);
  std::optional<std::string_view> last;
  while (!reader.done()) {
    const auto key = reader.next();
    if (!key || key->kind != Item::Kind::text) return false;
    const auto name = as_text(key->bytes);
    if (last && name <= *last) return false;
    last = name;
    const auto value = reader.next();
    if (!value || !take(name, *value)) return false;
  }
  return true;
}

bool take_text(const Item& value, std::optional<std::string>& out) {
  if (value.kind != Item::Kind::text) return false;
  out = std::string(as_text(value.bytes));
  return true;
}

template <typename Number>
bool take_number(const Item& value, std::optional<Number>& out) {
  if (value.kind != Item::Kind::number || value.number < 0 || value.number > std::numeric_limits<Number>::max())
    return false;
  out = static_cast<Number>(value.number);
  return true;
}

// Addresses packed one behind the other; a rest that is too short is passed over.
std::vector<DhtPeer> unpack(Bytes bytes, std::size_t id, std::size_t address) {
  std::vector<DhtPeer> out;
  ByteReader reader(bytes);
  while (reader.remaining() >= id + address + 2) {
    DhtPeer one;
    one.id = std::string(as_text(reader.take(id)));
    one.address = std::string(as_text(reader.take(address)));
    one.port = reader.u16();
    out.push_back(std::move(one));
  }
  return out;
}

std::optional<DhtRequest> read_request(const Item& item, int depth) {
  DhtRequest out;
  std::optional<std::string> id;
  const bool good = each_pair(item, depth, [&](std::string_view key, const Item& value) {
    if (key == "id") return take_text(value, id);
    if (key == "target") return take_text(value, out.target);
    if (key == "info_hash") return take_text(value, out.info_hash);
    if (key == "token") return take_text(value, out.token);
    if (key == "implied_port") return take_number(value, out.implied_port);
    if (key == "port") return take_number(value, out.port);
    return true;
  });
  if (!good || !id) return std::nullopt;
  out.id = std::move(*id);
  return out;
}

bool read_values(const Item& item, int depth, std::vector<DhtPeer>& out) {
  if (item.kind != Item::Kind::list) return true;  // some mean something else by it
  ItemReader reader(item.bytes, depth);
  while (!reader.done()) {
    const auto value = reader.next();
    if (!value || value->kind != Item::Kind::text) return false;
    const std::size_t address = value->bytes.size() < 18 ? 4 : 16;
    auto peers = unpack(value->bytes.first(std::min(value->bytes.size(), address + 2)), 0, address);
    if (peers.empty()) return false;
    out.push_back(std::move(peers.front()));
  }
  return true;
}

std::optional<DhtResponse> read_response(const Item& item, int depth) {
  DhtResponse out;
  std::optional<std::string> id;
  const bool good = each_pair(item, depth, [&](std::string_view key, const Item& value) {
    if (key == "id") return take_text(value, id);
    if (key == "token") return take_text(value, out.token);
    if (key == "values") return read_values(value, depth - 1, out.values);
    if (key != "nodes" && key != "nodes6") return true;
    if (value.kind != Item::Kind::text) return false;
    if (key == "nodes") out.nodes = unpack(value.bytes, 20, 4);
    else out.nodes6 = unpack(value.bytes, 20, 16);
    return true;
  });
  if (!good || !id) return std::nullopt;
  out.id = std::move(*id);
  return out;
}

std::optional<DhtError> read_error(const Item& item, int depth) {
  if (item.kind != Item::Kind::list) return std::nullopt;
  std::optional<std::uint16_t> number;
  std::optional<std::string> text;
  ItemReader reader(item.bytes, depth);
  while (!reader.done()) {
    const auto value = reader.next();
    if (!value) return std::nullopt;
    if (value->kind == Item::Kind::number && !take_number(*value, number)) return std::nullopt;
    if (value->kind == Item::Kind::text) take_text(*value, text);
  }
  if (!number || !text) return std::nullopt;
  return DhtError{*number, std::move(*text)};
}

}  // namespace

bool resembles_dht(Bytes datagram) noexcept {
  static constexpr std::array<std::string_view, 4> beginnings{"d1:ad2:id", "d1:rd2:id", "d2:ip", "d1:eli"};
  const auto text = as_text(datagram);
  return std::ranges::any_of(beginnings, [&](std::string_view each) { return text.starts_with(each); });
}

std::optional<DhtMessage> parse_dht(Bytes datagram) {
  ItemReader outer(datagram, depth_most);
  const auto whole = outer.next();
  if (!whole) return std::nullopt;
  DhtMessage out;
  std::optional<std::string> type, kind, transaction;
  const int depth = depth_most - 1;
  const bool good = each_pair(*whole, depth, [&](std::string_view key, const Item& value) {
    if (key == "y") return take_text(value, type);
    if (key == "q") return take_text(value, kind);
    if (key == "t") return take_text(value, transaction);
    if (key == "v") return take_text(value, out.client);
    if (key == "a") return (out.request = read_request(value, depth - 1)).has_value();
    if (key == "r") return (out.response = read_response(value, depth - 1)).has_value();
    if (key == "e") return (out.error = read_error(value, depth - 1)).has_value();
    return true;
  });
  if (!good || !type || !transaction) return std::nullopt;
  const bool request = *type == "q" && out.request && kind;
  const bool response = *type == "r" && out.response;
  const bool error = *type == "e" && out.error;
  if (!request && !response && !error) return std::nullopt;
  if (!request) out.request.reset();
  if (!response) out.response.reset();
  if (!error) out.error.reset();
  if (request) out.kind = std::move(*kind);
  out.transaction = std::move(*transaction);
  return out;
}

}  // namespace tocsin::collectors
