#pragma once
// Every keyword of the language is one row of one table: name, what reads its value, its family, a line for people.
// A new keyword is a row and, when no function fits, a function in its family's file.

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/signature/keyword/rule_builder.h"

namespace tocsin::rules::signature {

enum class KeywordFamily : std::uint8_t { meta, payload, buffer, transform, flow, state, header, bytes, file };
std::string_view keyword_family_name(KeywordFamily family) noexcept;

struct KeywordRow;
using KeywordFunction = Outcome (*)(RuleBuilder&, const OptionAst&, const KeywordRow&);

struct KeywordRow {
  std::string_view name;
  KeywordFunction read;
  KeywordFamily family;
  std::string_view doc;
  // What the function needs to know when rows share it; its meaning is the function's.
  std::uint16_t argument = 0;
  collectors::Protocol protocol = collectors::Protocol::unknown;
  collectors::BufferSide side = collectors::BufferSide::both;
  bool multiple = false;  // of buffers: several instances
};

// Sorted by name.
std::span<const KeywordRow> keyword_table() noexcept;
const KeywordRow* find_keyword(std::string_view name) noexcept;
// Those of the Snort 3 front end too: words that Suricata's rules cannot say.
const KeywordRow* find_keyword(std::string_view name, Syntax syntax) noexcept;

// Families; see the .cpp file of each name.
#define TOCSIN_KEYWORD(function) Outcome function(RuleBuilder&, const OptionAst&, const KeywordRow&)
// meta.cpp
TOCSIN_KEYWORD(read_message);
TOCSIN_KEYWORD(read_sid);
TOCSIN_KEYWORD(read_rev);
TOCSIN_KEYWORD(read_gid);
TOCSIN_KEYWORD(read_classtype);
TOCSIN_KEYWORD(read_reference);
TOCSIN_KEYWORD(read_metadata);
TOCSIN_KEYWORD(read_priority);
TOCSIN_KEYWORD(read_target);
TOCSIN_KEYWORD(read_noalert);
TOCSIN_KEYWORD(read_bypass);
TOCSIN_KEYWORD(read_config);
TOCSIN_KEYWORD(read_ignored);
TOCSIN_KEYWORD(read_requires);
// content.cpp
TOCSIN_KEYWORD(read_content);
TOCSIN_KEYWORD(read_uricontent);
TOCSIN_KEYWORD(read_nocase);
TOCSIN_KEYWORD(read_position);  // argument: PositionKeyword
TOCSIN_KEYWORD(read_startswith);
TOCSIN_KEYWORD(read_endswith);
TOCSIN_KEYWORD(read_fast_pattern);
TOCSIN_KEYWORD(read_rawbytes);
TOCSIN_KEYWORD(read_replace);
TOCSIN_KEYWORD(read_pcre);
TOCSIN_KEYWORD(read_bsize);
TOCSIN_KEYWORD(read_urilen);
TOCSIN_KEYWORD(read_absent);
TOCSIN_KEYWORD(read_entropy);
TOCSIN_KEYWORD(read_prefilter);
// bytes.cpp
TOCSIN_KEYWORD(read_isdataat);
TOCSIN_KEYWORD(read_byte_test);
TOCSIN_KEYWORD(read_byte_jump);
TOCSIN_KEYWORD(read_byte_extract);
TOCSIN_KEYWORD(read_byte_math);
TOCSIN_KEYWORD(read_base64_decode);
TOCSIN_KEYWORD(read_base64_data);
// buffer.cpp
TOCSIN_KEYWORD(read_sticky);         // argument: Buffer
TOCSIN_KEYWORD(read_modifier);       // argument: Buffer
TOCSIN_KEYWORD(read_packet_buffer);  // argument: Source
TOCSIN_KEYWORD(read_number_buffer);  // argument: Buffer
TOCSIN_KEYWORD(read_frame);
TOCSIN_KEYWORD(read_transform);  // argument: TransformKind
// tls.cpp
TOCSIN_KEYWORD(read_tls_text);  // argument: Buffer
TOCSIN_KEYWORD(read_tls_version);
TOCSIN_KEYWORD(read_ssl_version);
TOCSIN_KEYWORD(read_ssl_state);
TOCSIN_KEYWORD(read_tls_store);
TOCSIN_KEYWORD(read_tls_chain_length);
TOCSIN_KEYWORD(read_tls_date);         // argument: Buffer
TOCSIN_KEYWORD(read_tls_standing);     // argument: CertificateStanding
TOCSIN_KEYWORD(read_tls_random_part);  // argument: first byte
// ssh.cpp
TOCSIN_KEYWORD(read_ssh_version);
TOCSIN_KEYWORD(read_ssh_software);
// dcerpc.cpp
TOCSIN_KEYWORD(read_dcerpc_interface);
TOCSIN_KEYWORD(read_dcerpc_operation);
// number.cpp
TOCSIN_KEYWORD(read_named_number);  // argument: Buffer
// ike.cpp
TOCSIN_KEYWORD(read_ike_attribute);
// smb.cpp
TOCSIN_KEYWORD(read_smb_version);
// ftp.cpp
TOCSIN_KEYWORD(read_ftp_mode);
TOCSIN_KEYWORD(read_ftp_port);
TOCSIN_KEYWORD(read_ftp_answered);
TOCSIN_KEYWORD(read_ftp_bounce);
TOCSIN_KEYWORD(read_ftp_data_command);
// mqtt.cpp
TOCSIN_KEYWORD(read_mqtt_type);
TOCSIN_KEYWORD(read_mqtt_number);
TOCSIN_KEYWORD(read_mqtt_session);
TOCSIN_KEYWORD(read_mqtt_flags);
// file.cpp
TOCSIN_KEYWORD(read_filename);
TOCSIN_KEYWORD(read_fileext);
TOCSIN_KEYWORD(read_filemagic);
TOCSIN_KEYWORD(read_filesize);
TOCSIN_KEYWORD(read_filestore);
TOCSIN_KEYWORD(read_file_digest);  // argument: DigestKind
// flow.cpp
TOCSIN_KEYWORD(read_flow_counter);  // argument: PacketTest::Kind of both directions
TOCSIN_KEYWORD(read_flow);
TOCSIN_KEYWORD(read_flowbits);
TOCSIN_KEYWORD(read_flowint);
TOCSIN_KEYWORD(read_xbits);
TOCSIN_KEYWORD(read_hostbits);
TOCSIN_KEYWORD(read_threshold);
TOCSIN_KEYWORD(read_detection_filter);
TOCSIN_KEYWORD(read_stream_size);
TOCSIN_KEYWORD(read_application_protocol);
// header.cpp
TOCSIN_KEYWORD(read_header_number);  // argument: PacketTest::Kind
TOCSIN_KEYWORD(read_ip_protocol);
TOCSIN_KEYWORD(read_same_ip);
TOCSIN_KEYWORD(read_tcp_flags);
TOCSIN_KEYWORD(read_fragment_bits);
TOCSIN_KEYWORD(read_ip_options);
TOCSIN_KEYWORD(read_dsize);
TOCSIN_KEYWORD(read_address_list);  // argument: PacketTest::Kind
TOCSIN_KEYWORD(read_checksum);      // argument: ChecksumKeyword
TOCSIN_KEYWORD(read_event);         // argument: EventKeyword
TOCSIN_KEYWORD(read_vlan_id);
TOCSIN_KEYWORD(read_network_protocol);
TOCSIN_KEYWORD(read_rpc);
#undef TOCSIN_KEYWORD

enum class EventKeyword : std::uint16_t { decode, stream, application };
enum class ChecksumKeyword : std::uint16_t { ipv4, tcp, udp, icmp };
enum class PositionKeyword : std::uint16_t { offset, depth, distance, within };

}  // namespace tocsin::rules::signature
