#include "rules/signature/compile/address_set.h"

#include <algorithm>
#include <optional>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

constexpr int nesting_most = 24;

// Splits "a,[b,c],!d" at the commas that are not inside brackets.
std::optional<std::vector<std::string_view>> split_group(std::string_view text) {
  std::vector<std::string_view> items;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '[') ++depth;
    if (c == ']' && --depth < 0) return std::nullopt;
    if (c == ',' && depth == 0) {
      items.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  if (depth != 0) return std::nullopt;
  return items;
}

template <class Key>
struct KeyLimits;
template <>
struct KeyLimits<std::uint32_t> {
  static std::uint32_t next(std::uint32_t key) noexcept { return key + 1; }
  static std::uint32_t previous(std::uint32_t key) noexcept { return key - 1; }
};
template <>
struct KeyLimits<V6> {
  static V6 next(V6 key) noexcept {
    for (std::size_t i = key.size(); i-- > 0;)
      if (++key[i] != 0) break;
    return key;
  }
  static V6 previous(V6 key) noexcept {
    for (std::size_t i = key.size(); i-- > 0;)
      if (key[i]-- != 0) break;
    return key;
  }
};

template <class Key>
using Ranges = std::vector<Range<Key>>;

template <class Key>
void normalise(Ranges<Key>& ranges, const Key& top) {
  std::ranges::sort(ranges);
  Ranges<Key> out;
  for (const auto& range : ranges) {
    if (!out.empty() && (out.back().high == top || range.low <= KeyLimits<Key>::next(out.back().high)))
      out.back().high = std::max(out.back().high, range.high);
    else out.push_back(range);
  }
  ranges = std::move(out);
}

template <class Key>
Ranges<Key> complement(Ranges<Key> ranges, const Key& bottom, const Key& top) {
  normalise(ranges, top);
  Ranges<Key> out;
  Key from = bottom;
  for (const auto& range : ranges) {
    if (range.low > from) out.push_back({from, KeyLimits<Key>::previous(range.low)});
    if (range.high == top) return out;
    from = KeyLimits<Key>::next(range.high);
  }
  out.push_back({from, top});
  return out;
}

template <class Key>
Ranges<Key> intersect(const Ranges<Key>& a, const Ranges<Key>& b) {
  Ranges<Key> out;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Key low = std::max(a[i].low, b[j].low);
    const Key high = std::min(a[i].high, b[j].high);
    if (low <= high) out.push_back({low, high});
    if (a[i].high < b[j].high) ++i;
    else ++j;
  }
  return out;
}

V6 v6_bottom() noexcept { return {}; }
V6 v6_top() noexcept {
  V6 top;
  top.fill(0xFF);
  return top;
}
constexpr std::uint32_t v4_top = 0xFFFFFFFF;
constexpr std::uint32_t port_top = 0xFFFF;

struct Sets {
  Ranges<std::uint32_t> v4;
  Ranges<V6> v6;

  void add(const Sets& other) {
    v4.insert(v4.end(), other.v4.begin(), other.v4.end());
    v6.insert(v6.end(), other.v6.begin(), other.v6.end());
  }
  void tidy() {
    normalise(v4, v4_top);
    normalise(v6, v6_top());
  }
  Sets inverse() const { return {complement(v4, 0U, v4_top), complement(v6, v6_bottom(), v6_top())}; }
  bool empty() const noexcept { return v4.empty() && v6.empty(); }
};

Mistake mistake(std::string cause, std::string next) { return {"S0201", std::move(cause), std::move(next), {}}; }

V6 to_v6(const IpAddress& address) {
  V6 out{};
  std::ranges::copy(address.bytes(), out.begin());
  return out;
}

void add_network(Sets& out, const Network& network) {
  if (network.base.is_v4()) {
    const std::uint32_t low = network.base.v4_host_order();
    const std::uint32_t host =
        network.prefix == 0 ? v4_top : ((std::uint64_t{1} << (32 - network.prefix)) - 1) & v4_top;
    out.v4.push_back({low, low | host});
    return;
  }
  const V6 low = to_v6(network.base);
  V6 high = low;
  for (std::size_t bit = network.prefix; bit < 128; ++bit)
    high[bit / 8] = static_cast<std::uint8_t>(high[bit / 8] | (0x80U >> (bit % 8)));
  out.v6.push_back({low, high});
}

// 10.0.0.0/255.0.0.0
std::optional<Network> parse_masked(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_address(text.substr(0, slash));
  const auto mask = parse_address(text.substr(slash + 1));
  if (!base || !mask || !base->is_v4() || !mask->is_v4()) return std::nullopt;
  const std::uint32_t bits = mask->v4_host_order();
  std::uint8_t prefix = 0;
  while (prefix < 32 && ((bits >> (31 - prefix)) & 1U) != 0) ++prefix;
  if (prefix < 32 && (bits << prefix) != 0) return std::nullopt;
  const std::uint32_t kept = base->v4_host_order() & bits;
  return Network{IpAddress::v4(kept), prefix};
}

}  // namespace

class AddressParser {
 public:
  explicit AddressParser(const Variables& variables) : variables_(variables) {}

  std::expected<AddressSet, Mistake> parse(std::string_view text) {
    AddressSet out;
    auto sets = item(text, 0);
    if (!sets) return std::unexpected(std::move(sets.error()));
    sets->tidy();
    if (sets->empty())
      return std::unexpected(mistake("'" + std::string(text) + "' contains no address", "Check the negations"));
    out.negated_ = negated_;
    out.any_ = sets->v4.size() == 1 && sets->v6.size() == 1 && sets->v4[0].low == 0 && sets->v4[0].high == v4_top &&
               sets->v6[0].low == v6_bottom() && sets->v6[0].high == v6_top();
    out.v4_ = std::move(sets->v4);
    out.v6_ = std::move(sets->v6);
    return out;
  }

 private:
  using Outcome = std::expected<Sets, Mistake>;

  Outcome item(std::string_view text, int depth) {
    text = trim(text);
    if (depth > nesting_most)
      return std::unexpected(mistake("addresses are nested too deeply", "Flatten the group or variable"));
    if (text.starts_with('!')) {
      negated_ = true;
      auto inner = item(text.substr(1), depth + 1);
      if (!inner) return inner;
      inner->tidy();
      return inner->inverse();
    }
    if (text.starts_with('[')) {
      if (!text.ends_with(']')) return std::unexpected(mistake("an address group is not closed", "Add ']'"));
      return group(text.substr(1, text.size() - 2), depth + 1);
    }
    if (text.starts_with('$')) return variable(text.substr(1), depth + 1);
    if (equals_ignoring_case(text, "any")) return Sets{{{0, v4_top}}, {{v6_bottom(), v6_top()}}};
    return single(text);
  }

  Outcome variable(std::string_view name, int depth) {
    const auto found = variables_.find(name);
    if (found == variables_.end())
      return std::unexpected(Mistake{
          "S0202",
          "the address variable $" + std::string(name) + " is not defined",
          "Correct the name, or define it: rules.variables in tocsin.yaml, vars.address-groups in a suricata.yaml",
          {}});
    const std::string_view value = trim(found->second);
    // A variable may hold a bare list.
    if (!value.starts_with('[') && !value.starts_with("![") && value.find(',') != std::string_view::npos)
      return group(value, depth);
    return item(value, depth);
  }

  Outcome group(std::string_view text, int depth) {
    const auto items = split_group(text);
    if (!items) return std::unexpected(mistake("brackets of an address group do not match", "Balance '[' and ']'"));
    Sets positive;
    Sets negative;
    bool has_positive = false;
    for (const auto& each : *items) {
      if (each.empty()) return std::unexpected(mistake("an address group has an empty item", "Remove the extra comma"));
      const bool inverse = each.starts_with('!');
      negated_ = negated_ || inverse;
      auto sets = item(inverse ? each.substr(1) : each, depth);
      if (!sets) return sets;
      (inverse ? negative : positive).add(*sets);
      has_positive = has_positive || !inverse;
    }
    negative.tidy();
    if (!has_positive) return negative.inverse();
    positive.tidy();
    if (negative.empty()) return positive;
    const Sets allowed = negative.inverse();
    return Sets{intersect(positive.v4, allowed.v4), intersect(positive.v6, allowed.v6)};
  }

  Outcome single(std::string_view text) {
    Sets out;
    if (const auto network = parse_network(text, HostBits::clear)) {
      add_network(out, *network);
      return out;
    }
    if (const auto masked = parse_masked(text)) {
      add_network(out, *masked);
      return out;
    }
    if (const auto dash = text.find('-'); dash != std::string_view::npos) {
      const auto low = parse_address(trim(text.substr(0, dash)));
      const auto high = parse_address(trim(text.substr(dash + 1)));
      if (low && high && low->family() == high->family() && *low <= *high) {
        if (low->is_v4()) out.v4.push_back({low->v4_host_order(), high->v4_host_order()});
        else out.v6.push_back({to_v6(*low), to_v6(*high)});
        return out;
      }
    }
    return std::unexpected(mistake("'" + std::string(text.substr(0, 60)) + "' is not an address",
                                   "Write an address, a network, a range, a [group], any or a $VARIABLE"));
  }

  const Variables& variables_;
  bool negated_ = false;
};

class PortParser {
 public:
  explicit PortParser(const Variables& variables) : variables_(variables) {}

  std::expected<PortSet, Mistake> parse(std::string_view text) {
    auto ranges = item(text, 0);
    if (!ranges) return std::unexpected(std::move(ranges.error()));
    normalise(*ranges, port_top);
    if (ranges->empty())
      return std::unexpected(mistake("'" + std::string(text) + "' contains no port", "Check the negations"));
    PortSet out;
    out.any_ = ranges->size() == 1 && ranges->front().low == 0 && ranges->front().high == port_top;
    out.ranges_ = std::move(*ranges);
    return out;
  }

 private:
  using PortRanges = Ranges<std::uint32_t>;
  using Outcome = std::expected<PortRanges, Mistake>;

  Outcome item(std::string_view text, int depth) {
    text = trim(text);
    if (depth > nesting_most)
      return std::unexpected(mistake("ports are nested too deeply", "Flatten the group or variable"));
    if (text.starts_with('!')) {
      auto inner = item(text.substr(1), depth + 1);
      if (!inner) return inner;
      return complement(*inner, 0U, port_top);
    }
    if (text.starts_with('[')) {
      if (!text.ends_with(']')) return std::unexpected(mistake("a port group is not closed", "Add ']'"));
      return group(text.substr(1, text.size() - 2), depth + 1);
    }
    if (text.starts_with('$')) {
      const auto found = variables_.find(text.substr(1));
      if (found == variables_.end())
        return std::unexpected(Mistake{
            "S0202",
            "the port variable " + std::string(text) + " is not defined",
            "Correct the name, or define it: rules.variables in tocsin.yaml, vars.port-groups in a suricata.yaml",
            {}});
      const std::string_view value = trim(found->second);
      if (!value.starts_with('[') && value.find(',') != std::string_view::npos) return group(value, depth + 1);
      return item(value, depth + 1);
    }
    if (equals_ignoring_case(text, "any")) return PortRanges{{0, port_top}};
    return single(text);
  }

  Outcome group(std::string_view text, int depth) {
    const auto items = split_group(text);
    if (!items) return std::unexpected(mistake("brackets of a port group do not match", "Balance '[' and ']'"));
    PortRanges positive;
    PortRanges negative;
    bool has_positive = false;
    for (const auto& each : *items) {
      if (each.empty()) return std::unexpected(mistake("a port group has an empty item", "Remove the extra comma"));
      const bool inverse = each.starts_with('!');
      auto ranges = item(inverse ? each.substr(1) : each, depth);
      if (!ranges) return ranges;
      auto& side = inverse ? negative : positive;
      side.insert(side.end(), ranges->begin(), ranges->end());
      has_positive = has_positive || !inverse;
    }
    if (negative.empty()) return positive;
    const auto allowed = complement(negative, 0U, port_top);
    if (!has_positive) return allowed;
    normalise(positive, port_top);
    return intersect(positive, allowed);
  }

  static Outcome single(std::string_view text) {
    const auto colon = text.find(':');
    const auto number = [](std::string_view part, std::uint32_t otherwise) -> std::optional<std::uint32_t> {
      if (part.empty()) return otherwise;
      const auto value = parse_unsigned(part);
      if (!value || *value > port_top) return std::nullopt;
      return static_cast<std::uint32_t>(*value);
    };
    const auto low = number(trim(text.substr(0, colon)), 0);
    const auto high = colon == std::string_view::npos ? low : number(trim(text.substr(colon + 1)), port_top);
    if (text.empty() || !low || !high || *low > *high)
      return std::unexpected(mistake("'" + std::string(text.substr(0, 60)) + "' is not a port",
                                     "Write a port 0-65535, low:high, a [group], any or a $VARIABLE"));
    return PortRanges{{*low, *high}};
  }

  const Variables& variables_;
};

bool AddressSet::contains(const IpAddress& address) const noexcept {
  if (any_) return true;
  if (address.is_v4()) {
    const std::uint32_t key = address.v4_host_order();
    const auto found = std::ranges::upper_bound(v4_, key, {}, &Range<std::uint32_t>::low);
    return found != v4_.begin() && key <= std::prev(found)->high;
  }
  if (!address.is_v6()) return false;
  const V6 key = to_v6(address);
  const auto found = std::ranges::upper_bound(v6_, key, {}, &Range<V6>::low);
  return found != v6_.begin() && key <= std::prev(found)->high;
}

std::uint64_t AddressSet::v4_count() const noexcept {
  std::uint64_t count = 0;
  for (const auto& range : v4_) count += std::uint64_t{range.high} - range.low + 1;
  return count;
}

bool PortSet::contains(std::uint16_t port) const noexcept {
  if (any_) return true;
  const auto found = std::ranges::upper_bound(ranges_, std::uint32_t{port}, {}, &Range<std::uint32_t>::low);
  return found != ranges_.begin() && port <= std::prev(found)->high;
}

std::expected<AddressSet, Mistake> parse_addresses(std::string_view text, const Variables& variables) {
  return AddressParser(variables).parse(text);
}
std::expected<PortSet, Mistake> parse_ports(std::string_view text, const Variables& variables) {
  return PortParser(variables).parse(text);
}

const Variables& default_address_variables() {
  static const Variables variables{{"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"},
                                   {"EXTERNAL_NET", "!$HOME_NET"},
                                   {"HTTP_SERVERS", "$HOME_NET"},
                                   {"SMTP_SERVERS", "$HOME_NET"},
                                   {"SQL_SERVERS", "$HOME_NET"},
                                   {"DNS_SERVERS", "$HOME_NET"},
                                   {"TELNET_SERVERS", "$HOME_NET"},
                                   {"AIM_SERVERS", "$EXTERNAL_NET"},
                                   {"DC_SERVERS", "$HOME_NET"},
                                   {"DNP3_SERVER", "$HOME_NET"},
                                   {"DNP3_CLIENT", "$HOME_NET"},
                                   {"MODBUS_CLIENT", "$HOME_NET"},
                                   {"MODBUS_SERVER", "$HOME_NET"},
                                   {"ENIP_CLIENT", "$HOME_NET"},
                                   {"ENIP_SERVER", "$HOME_NET"},
                                   // Not of suricata.yaml, but common rule sets use it.
                                   {"SSH_SERVERS", "$HOME_NET"}};
  return variables;
}

const Variables& default_port_variables() {
  static const Variables variables{{"HTTP_PORTS", "80"},
                                   {"SHELLCODE_PORTS", "!80"},
                                   {"ORACLE_PORTS", "1521"},
                                   {"SSH_PORTS", "22"},
                                   {"DNP3_PORTS", "20000"},
                                   {"MODBUS_PORTS", "502"},
                                   {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
                                   {"FTP_PORTS", "21"},
                                   {"GENEVE_PORTS", "6081"},
                                   {"VXLAN_PORTS", "4789"},
                                   {"TEREDO_PORTS", "3544"},
                                   {"SIP_PORTS", "[5060,5061]"}};
  return variables;
}

}  // namespace tocsin::rules::signature
