// IKE as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-ike

#include <set>
#include <string>

#include "collectors/packet/protocol/ike/transaction.h"

namespace tocsin::collectors {

namespace {

// The first of each kind only: members of an object have one value.
void append_proposal(JsonWriter& json, const IkeProposal& proposal) {
  std::set<IkeAttribute> told;
  for (const auto& value : proposal) {
    if (!told.insert(value.attribute).second) continue;
    const std::string name(ike_attribute_name(value.attribute));
    json.member(name, ike_value_name(value)).member(name + "_raw", value.value);
  }
}

}  // namespace

bool IkeTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("ike").begin_object().member("version_major", message_.major).member("version_minor", message_.minor);
  json.member("exchange_type", message_.exchange).member("message_id", message_.id);
  json.member("init_spi", initiator_).member("resp_spi", responder_);
  if (message_.major == 1) describe_first(json);
  else describe_second(json);
  json.end_object();
  return true;
}

void IkeTransaction::describe_first(JsonWriter& json) const {
  const bool answer = direction_ == Direction::to_client;
  if (answer && !message_.proposals.empty()) append_proposal(json, message_.proposals.front());
  json.key("ikev1").begin_object();
  if (message_.domain) json.member("doi", *message_.domain);
  json.member("encrypted_payloads", message_.encrypted);
  json.key(answer ? "server" : "client").begin_object();
  if (!key_exchange_.empty())
    json.member("key_exchange_payload", key_exchange_)
        .member("key_exchange_payload_length", message_.key_exchange.size());
  if (!nonce_.empty()) json.member("nonce_payload", nonce_).member("nonce_payload_length", message_.nonce.size());
  if (!answer && !message_.proposals.empty()) {
    json.key("proposals").begin_array();
    for (const auto& proposal : message_.proposals) {
      json.begin_object();
      append_proposal(json, proposal);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  if (!vendors_.empty()) {
    json.key("vendor_ids").begin_array();
    for (const auto& vendor : vendors_) json.value(vendor);
    json.end_array();
  }
  json.end_object();
}

void IkeTransaction::describe_second(JsonWriter& json) const {
  json.member("role", (message_.flags & IkeMessage::initiator) != 0 ? "initiator" : "responder");
  json.key("payload").begin_array();
  for (const auto type : message_.payloads) json.value(ike_payload_name(type));
  json.end_array();
  json.key("ikev2").begin_object().member("errors", message_.malformed ? 1 : 0);
  json.key("notify").begin_array();
  for (const auto notice : message_.notices) json.value(std::to_string(notice));
  json.end_array().end_object();
}

}  // namespace tocsin::collectors
