// ECS fields of a DCE/RPC call.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/dcerpc/transaction.h"

namespace tocsin::collectors {

DcerpcFields::DcerpcFields(FieldNames& names)
    : request(names.intern("dcerpc.request")),
      response(names.intern("dcerpc.response")),
      interface_(names.intern("dcerpc.interface.uuid")),
      opnum(names.intern("dcerpc.opnum")) {}

void fill_dcerpc(EventBuilder& builder, const DcerpcFields& fields, const DcerpcCall& call) {
  if (call.has_request) builder.set(fields.request, dcerpc_type_name(call.request_type));
  if (call.has_response) builder.set(fields.response, dcerpc_type_name(call.response_type));
  if (call.is_request()) builder.set(fields.opnum, std::uint64_t{call.opnum});
  if (call.binding == nullptr) return;
  for (const auto& item : call.binding->interfaces)
    if (!call.is_request() || item.context == call.context) builder.append(fields.interface_, render_uuid(item.uuid));
}

}  // namespace tocsin::collectors
