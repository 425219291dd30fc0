// DCE/RPC as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-dcerpc

#include <fmt/format.h>

#include "collectors/packet/protocol/dcerpc/transaction.h"

namespace tocsin::collectors {

bool DcerpcTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("dcerpc").begin_object();
  if (call.has_request) {
    json.member("request", dcerpc_type_name(call.request_type));
    if (call.is_request()) {
      json.key("req").begin_object().member("opnum", call.opnum);
      json.member("frag_cnt", call.fragments[0]).member("stub_data_size", call.stub_size[0]).end_object();
    }
    if (version_major == 5) call.describe_interfaces(json, DcerpcReasons::none);
  } else {
    json.member("request", "REQUEST_LOST");
  }
  if (call.has_response) {
    json.member("response", dcerpc_type_name(call.response_type));
    if (call.response_type == dcerpc_type::response) {
      json.key("res").begin_object().member("frag_cnt", call.fragments[1]);
      json.member("stub_data_size", call.stub_size[1]).end_object();
    }
  } else {
    json.member("response", "UNREPLIED");
  }
  if (version_major == 4) json.member("activityuuid", render_uuid(activity)).member("seqnum", sequence);
  else json.member("call_id", call.call_id);
  json.member("rpc_version", fmt::format("{}.{}", version_major, version_minor));
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
