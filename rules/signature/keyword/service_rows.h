#pragma once
// Keywords of PostgreSQL, DNP3, Modbus, EtherNet/IP, QUIC, HTTP/2, WebSocket and multicast DNS; rows of the table of
// all keywords (table.cpp).

#include <array>

#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {

#define TOCSIN_KEYWORD(function) Outcome function(RuleBuilder&, const OptionAst&, const KeywordRow&)
// dnp3.cpp
TOCSIN_KEYWORD(read_dnp3_function);
TOCSIN_KEYWORD(read_dnp3_indicators);
TOCSIN_KEYWORD(read_dnp3_object);
// http2.cpp
TOCSIN_KEYWORD(read_http2_name);
TOCSIN_KEYWORD(read_http2_number);
TOCSIN_KEYWORD(read_http2_settings);
// modbus.cpp
TOCSIN_KEYWORD(read_modbus);
// enip.cpp
TOCSIN_KEYWORD(read_enip_number);  // argument: Buffer
TOCSIN_KEYWORD(read_cip_service);
// websocket.cpp
TOCSIN_KEYWORD(read_websocket_number);  // argument: Buffer
TOCSIN_KEYWORD(read_websocket_flags);
#undef TOCSIN_KEYWORD

constexpr auto service_rows() {
  using collectors::Buffer;
  using collectors::BufferSide;
  using collectors::Protocol;
  using enum KeywordFamily;
  constexpr auto number = [](Buffer value) { return static_cast<std::uint16_t>(value); };
  return std::to_array<KeywordRow>({
      {"dnp3.data", read_sticky, buffer, "application data", number(Buffer::dnp3_data), Protocol::dnp3,
       BufferSide::both},
      {"dnp3.func", read_dnp3_function, buffer, "function code", number(Buffer::dnp3_function), Protocol::dnp3,
       BufferSide::both},
      {"dnp3.ind", read_dnp3_indicators, buffer, "internal indications", number(Buffer::dnp3_indicators),
       Protocol::dnp3, BufferSide::to_client},
      {"dnp3.obj", read_dnp3_object, buffer, "group and variation of an object", number(Buffer::dnp3_object),
       Protocol::dnp3, BufferSide::both, true},
      {"dnp3_data", read_sticky, buffer, "application data", number(Buffer::dnp3_data), Protocol::dnp3,
       BufferSide::both},
      {"dnp3_func", read_dnp3_function, buffer, "function code", number(Buffer::dnp3_function), Protocol::dnp3,
       BufferSide::both},
      {"dnp3_ind", read_dnp3_indicators, buffer, "internal indications", number(Buffer::dnp3_indicators),
       Protocol::dnp3, BufferSide::to_client},
      {"dnp3_obj", read_dnp3_object, buffer, "group and variation of an object", number(Buffer::dnp3_object),
       Protocol::dnp3, BufferSide::both, true},
      {"http2.errorcode", read_http2_name, buffer, "error of a frame", number(Buffer::http2_errorcode), Protocol::http2,
       BufferSide::both, true},
      {"http2.frametype", read_http2_name, buffer, "type of a frame", number(Buffer::http2_frametype), Protocol::http2,
       BufferSide::both, true},
      {"http2.header_name", read_sticky, buffer, "name of each header", number(Buffer::http2_header_name),
       Protocol::http2, BufferSide::both, true},
      {"http2.priority", read_http2_number, buffer, "weight of a stream", number(Buffer::http2_priority),
       Protocol::http2, BufferSide::both, true},
      {"http2.settings", read_http2_settings, buffer, "a setting and its value", number(Buffer::http2_settings),
       Protocol::http2, BufferSide::both, true},
      {"http2.size_update", read_http2_number, buffer, "new size of a header table", number(Buffer::http2_size_update),
       Protocol::http2, BufferSide::both, true},
      {"http2.window", read_http2_number, buffer, "increment of a window", number(Buffer::http2_window),
       Protocol::http2, BufferSide::both, true},
      {"cip_service", read_cip_service, buffer, "service, class and attribute of a CIP message",
       number(Buffer::enip_cip_service), Protocol::enip, BufferSide::both, true},
      {"enip.capabilities", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_capabilities), Protocol::enip, BufferSide::to_client, true},
      {"enip.cip_attribute", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_cip_attribute), Protocol::enip, BufferSide::both, true},
      {"enip.cip_class", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_cip_class),
       Protocol::enip, BufferSide::both, true},
      {"enip.cip_extendedstatus", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_cip_extended_status), Protocol::enip, BufferSide::to_client, true},
      {"enip.cip_instance", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_cip_instance), Protocol::enip, BufferSide::both, true},
      {"enip.cip_status", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_cip_status),
       Protocol::enip, BufferSide::to_client, true},
      {"enip.command", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_command),
       Protocol::enip, BufferSide::both, true},
      {"enip.device_type", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_device_type), Protocol::enip, BufferSide::to_client, true},
      {"enip.identity_status", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_identity_status), Protocol::enip, BufferSide::to_client, true},
      {"enip.product_code", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_product_code), Protocol::enip, BufferSide::to_client, true},
      {"enip.protocol_version", read_enip_number, buffer, "number of an EtherNet/IP message",
       number(Buffer::enip_protocol_version), Protocol::enip, BufferSide::to_client, true},
      {"enip.revision", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_revision),
       Protocol::enip, BufferSide::to_client, true},
      {"enip.serial", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_serial),
       Protocol::enip, BufferSide::to_client, true},
      {"enip.state", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_state),
       Protocol::enip, BufferSide::to_client, true},
      {"enip.status", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_status),
       Protocol::enip, BufferSide::both, true},
      {"enip.vendor_id", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_vendor_id),
       Protocol::enip, BufferSide::to_client, true},
      {"enip_command", read_enip_number, buffer, "number of an EtherNet/IP message", number(Buffer::enip_command),
       Protocol::enip, BufferSide::both, true},
      {"enip.product_name", read_sticky, buffer, "name of the product", number(Buffer::enip_product_name),
       Protocol::enip, BufferSide::to_client},
      {"enip.service_name", read_sticky, buffer, "name of the service", number(Buffer::enip_service_name),
       Protocol::enip, BufferSide::to_client},
      {"mdns.additionals.rrname", read_sticky, buffer, "name of a record", number(Buffer::dns_additional_name),
       Protocol::mdns, BufferSide::both, true},
      {"mdns.answers.rrname", read_sticky, buffer, "name of an answer", number(Buffer::mdns_answer_name),
       Protocol::mdns, BufferSide::both, true},
      {"mdns.authorities.rrname", read_sticky, buffer, "name of a record", number(Buffer::dns_authority_name),
       Protocol::mdns, BufferSide::both, true},
      {"mdns.queries.rrname", read_sticky, buffer, "name asked for", number(Buffer::mdns_query_name), Protocol::mdns,
       BufferSide::both, true},
      {"mdns.response.rrname", read_sticky, buffer, "names of an announcement", number(Buffer::mdns_response_name),
       Protocol::mdns, BufferSide::both, true},
      {"dns.additionals.rrname", read_sticky, buffer, "name of an additional record",
       number(Buffer::dns_additional_name), Protocol::dns, BufferSide::both, true},
      {"dns.authorities.rrname", read_sticky, buffer, "name of an authority record", number(Buffer::dns_authority_name),
       Protocol::dns, BufferSide::both, true},
      {"modbus", read_modbus, buffer, "unit, function, access, address or value", 0, Protocol::modbus,
       BufferSide::to_server},
      {"websocket.flags", read_websocket_flags, buffer, "flags of a message", number(Buffer::websocket_flags),
       Protocol::websocket, BufferSide::both},
      {"websocket.mask", read_websocket_number, buffer, "mask of a message", number(Buffer::websocket_mask),
       Protocol::websocket, BufferSide::both},
      {"websocket.opcode", read_websocket_number, buffer, "kind of a message", number(Buffer::websocket_opcode),
       Protocol::websocket, BufferSide::both},
      {"websocket.payload", read_sticky, buffer, "content of a message, unmasked", number(Buffer::websocket_payload),
       Protocol::websocket, BufferSide::both},
      {"pgsql.query", read_sticky, buffer, "text of a query", number(Buffer::pgsql_query), Protocol::pgsql,
       BufferSide::to_server},
      {"quic.cyu.hash", read_sticky, buffer, "CYU fingerprint", number(Buffer::quic_cyu_hash), Protocol::quic,
       BufferSide::to_server},
      {"quic.cyu.string", read_sticky, buffer, "what the CYU fingerprint is made of", number(Buffer::quic_cyu_string),
       Protocol::quic, BufferSide::to_server},
      {"quic.sni", read_sticky, buffer, "server's name", number(Buffer::quic_sni), Protocol::quic,
       BufferSide::to_server},
      {"quic.ua", read_sticky, buffer, "user agent", number(Buffer::quic_ua), Protocol::quic, BufferSide::to_server},
      {"quic.version", read_sticky, buffer, "version, four bytes", number(Buffer::quic_version), Protocol::quic,
       BufferSide::both},
  });
}

}  // namespace tocsin::rules::signature
