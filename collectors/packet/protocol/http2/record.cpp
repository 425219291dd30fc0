// ECS fields of a stream of HTTP/2.

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/http2/transaction.h"

namespace tocsin::collectors {

Http2Fields::Http2Fields(FieldNames& names) : stream(names.intern("http2.stream_id")) {}

void Http2Transaction::fill(EventBuilder& builder) const {
  builder.set(fields_.stream, std::uint64_t{stream_});
  builder.set(field::http_version, "2");
  const auto text = [&](Field name, Direction direction, std::string_view header) {
    if (const auto* value = field_value(direction, header)) builder.set(name, *value);
  };
  text(field::http_request_method, Direction::to_server, ":method");
  text(field::url_original, Direction::to_server, ":path");
  text(field::user_agent_original, Direction::to_server, "user-agent");
  if (!host_.empty()) builder.set(field::url_domain, host_);
  if (const auto* status = field_value(Direction::to_client, ":status"))
    if (const auto code = parse_unsigned(*status)) builder.set(field::http_response_status_code, *code);
  for (const auto& own : sides_)
    if (own.dns) own.dns->fill(builder);
}

}  // namespace tocsin::collectors
