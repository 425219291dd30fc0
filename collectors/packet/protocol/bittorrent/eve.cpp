// BitTorrent's distributed hash table as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-bittorrent-dht

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/bittorrent/transaction.h"

namespace tocsin::collectors {
namespace {

std::string hex(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  return to_hex(bytes.data(), bytes.size());
}

// All groups of IPv6 are written out.
std::string address_text(std::string_view address) {
  const Bytes b = as_bytes(address);
  if (b.size() == 4) return fmt::format("{}.{}.{}.{}", b[0], b[1], b[2], b[3]);
  std::string out;
  for (std::size_t i = 0; i + 1 < b.size(); i += 2)
    out += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", b[i], b[i + 1]);
  return out;
}

void describe_peers(JsonWriter& json, std::string_view name, const std::vector<DhtPeer>& peers) {
  if (peers.empty()) return;
  json.key(name).begin_array();
  for (const auto& peer : peers) {
    json.begin_object();
    if (!peer.id.empty()) json.member("id", hex(peer.id));
    json.member("ip", address_text(peer.address)).member("port", peer.port).end_object();
  }
  json.end_array();
}

void describe_request(JsonWriter& json, const DhtRequest& request) {
  json.key("request").begin_object().member("id", hex(request.id));
  if (request.target) json.member("target", hex(*request.target));
  if (request.info_hash) json.member("info_hash", hex(*request.info_hash));
  if (request.token) json.member("token", hex(*request.token));
  if (request.implied_port) json.member("implied_port", std::uint64_t{*request.implied_port});
  if (request.port) json.member("port", *request.port);
  json.end_object();
}

}  // namespace

bool DhtTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("bittorrent_dht").begin_object().member("transaction_id", hex(message_.transaction));
  if (message_.client) json.member("client_version", hex(*message_.client));
  if (message_.request) json.member("request_type", record_text(message_.kind));
  if (message_.error) {
    json.key("error").begin_object().member("num", message_.error->number);
    json.member("msg", record_text(message_.error->text)).end_object();
  }
  if (message_.request) describe_request(json, *message_.request);
  if (message_.response) {
    json.key("response").begin_object().member("id", hex(message_.response->id));
    describe_peers(json, "nodes", message_.response->nodes);
    describe_peers(json, "nodes6", message_.response->nodes6);
    describe_peers(json, "values", message_.response->values);
    if (message_.response->token) json.member("token", hex(*message_.response->token));
    json.end_object();
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
