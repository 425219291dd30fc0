#include "responders/action/network_sinkhole/name_rules.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/digest.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

constexpr std::string_view table = "inet tocsin_names";
constexpr std::string_view set_start = "live_";
constexpr std::size_t comment_most = 120;  // as of the other table's elements
constexpr std::size_t name_most = 255;     // RFC 1035 section 2.3.4, in octets on the wire
constexpr std::size_t header_octets = 12;
constexpr std::size_t length_octets = 2;  // before a message over TCP, section 4.2.2
constexpr std::size_t chunk_octets = 16;  // what the kernel compares at once

struct Pattern {
  std::string mask;   // 0xdf for letters: both cases are the same
  std::string value;  // labels with their lengths, and the root
};

Pattern pattern_of(std::string_view domain) {
  Pattern out;
  while (!domain.empty()) {
    const std::string_view label = domain.substr(0, domain.find('.'));
    out.value += static_cast<char>(label.size());
    out.mask += '\xff';
    for (const char c : label) {
      const bool letter = c >= 'a' && c <= 'z';
      out.value += letter ? static_cast<char>(c - 'a' + 'A') : c;
      out.mask += letter ? '\xdf' : '\xff';
    }
    domain.remove_prefix(std::min(label.size() + 1, domain.size()));
  }
  out.value += '\0';
  out.mask += '\xff';
  return out;
}

std::string hexadecimal(std::string_view bytes) {
  std::string out = "0x";
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

// The pattern at an octet of what the transport carries (nft(8), "RAW PAYLOAD EXPRESSION").
std::string match_at(const Pattern& pattern, std::size_t octet) {
  std::string out;
  for (std::size_t i = 0; i < pattern.value.size(); i += chunk_octets) {
    const std::string value = pattern.value.substr(i, chunk_octets);
    out += fmt::format("@ih,{},{} & {} == {} ", (octet + i) * 8, value.size() * 8,
                       hexadecimal(std::string_view(pattern.mask).substr(i, chunk_octets)), hexadecimal(value));
  }
  return out;
}

std::string id_of(std::string_view domain) {
  constexpr std::size_t id_length = 16;
  return render_digest(sha256(as_bytes(domain))).substr(0, id_length);
}

std::string ask_rules(std::string_view domain, std::string_view id) {
  const Pattern pattern = pattern_of(domain);
  std::string out = fmt::format(
      "add rule {0} ask_{1} udp dport != 53 return\n"
      "add rule {0} ask_{1} meta nfproto != @live_{1} return\n",
      table, id);
  for (std::size_t before = 0; before + pattern.value.size() <= name_most; ++before)
    out += fmt::format("add rule {} ask_{} {}meta l4proto udp redirect to :{}\n", table, id,
                       match_at(pattern, header_octets + before), sinkhole_port);
  return out;
}

// What was not led away: over TCP, or in a flow that had begun with another question.
std::string rest_rules(std::string_view domain, std::string_view id) {
  const Pattern pattern = pattern_of(domain);
  std::string out = fmt::format(
      "add rule {0} rest_{1} meta l4proto != {{ tcp, udp }} return\n"
      "add rule {0} rest_{1} th dport != 53 return\n"
      "add rule {0} rest_{1} meta nfproto != @live_{1} return\n",
      table, id);
  for (std::size_t before = 0; before + pattern.value.size() <= name_most + length_octets; ++before)
    out += fmt::format("add rule {} rest_{} {}drop\n", table, id, match_at(pattern, header_octets + before));
  return out;
}

}  // namespace

std::string sinkhole_set(std::string_view domain) { return std::string(set_start) + id_of(domain); }

std::vector<std::string> sinkhole_chains(std::string_view set) {
  const std::string_view id = set.substr(set_start.size());
  return {fmt::format("list chain {} ask_{}\n", table, id), fmt::format("list chain {} rest_{}\n", table, id)};
}

std::size_t sinkhole_rules(std::string_view domain) {
  const std::size_t places = name_most - pattern_of(domain).value.size() + 1;
  return 2 + places + 3 + places + length_octets;
}

std::string sinkhole_transaction(std::string_view domain, std::chrono::seconds timeout, std::string_view key) {
  const std::string id = id_of(domain);
  std::string out = fmt::format(
      "add table {0}\n"
      "add set {0} live_{1} {{ type nf_proto; flags timeout; }}\n"
      "add chain {0} ask_{1} {{ type nat hook output priority -100; policy accept; }}\n"
      "add chain {0} rest_{1} {{ type filter hook output priority 0; policy accept; }}\n"
      "flush chain {0} ask_{1}\n"
      "flush chain {0} rest_{1}\n"
      "flush set {0} live_{1}\n",
      table, id);
  out += ask_rules(domain, id);
  out += rest_rules(domain, id);
  out += fmt::format("add element {0} live_{1} {{ ipv4 timeout {2}s comment \"tocsin {3}\", ipv6 timeout {2}s }}\n",
                     table, id, timeout.count(), key.substr(0, comment_most));
  return out;
}

std::string sinkhole_removal(std::string_view set) {
  const std::string_view id = set.substr(set_start.size());
  return fmt::format(
      "flush chain {0} ask_{1}\n"
      "flush chain {0} rest_{1}\n"
      "delete chain {0} ask_{1}\n"
      "delete chain {0} rest_{1}\n"
      "delete set {0} live_{1}\n",
      table, id);
}

std::string sinkhole_sets_command() { return fmt::format("list sets table {}\n", table); }

Result<std::vector<SinkholeSet>> parse_sinkhole_sets(std::string_view text) {
  boost::system::error_code problem;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), problem);
  const auto* top = problem ? nullptr : root.if_object();
  const auto* list = top == nullptr ? nullptr : top->if_contains("nftables");
  if (list == nullptr || !list->is_array()) return fail(Code::invalid, "the answer of nftables is not understood");
  std::vector<SinkholeSet> out;
  for (const json::value& item : list->get_array()) {
    const auto* set = item.is_object() ? item.get_object().if_contains("set") : nullptr;
    const auto* name = set == nullptr || !set->is_object() ? nullptr : set->get_object().if_contains("name");
    if (name == nullptr || !name->is_string() || !std::string_view(name->get_string()).starts_with(set_start)) continue;
    SinkholeSet found{std::string(std::string_view(name->get_string())), {}};
    const auto* elements = set->get_object().if_contains("elem");
    if (elements != nullptr && elements->is_array())
      for (const json::value& element : elements->get_array()) {
        const auto* inner = element.is_object() ? element.get_object().if_contains("elem") : nullptr;
        const auto* left =
            inner == nullptr || !inner->is_object() ? nullptr : inner->get_object().if_contains("expires");
        if (left != nullptr && left->is_int64())
          found.expires = std::max(found.expires, std::chrono::seconds(left->get_int64()));
      }
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace tocsin::responders
