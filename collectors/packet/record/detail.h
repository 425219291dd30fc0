#pragma once
// How much of a transaction its records show, in the terms of Suricata's EVE output
// (https://docs.suricata.io/en/latest/output/eve/eve-json-output.html). Plain values with Suricata 8's defaults; read
// by Transaction::describe, each protocol its own part. A new protocol with options adds a struct here.

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// What the object is for: the protocol's own record, an alert, or the record of a file it carried.
enum class RecordPurpose : std::uint8_t { record, alert, file };

struct HttpDetail {
  bool extended = true;             // referrer, method, protocol, status, length
  std::vector<std::string> custom;  // further headers, lower case
  bool request_headers = false;     // all of them
  bool response_headers = false;
};

struct DnsDetail {
  int version = 3;
  bool requests = true;
  bool responses = true;
  bool detailed = true;              // each answer in full
  bool grouped = true;               // answers by type
  std::vector<std::uint16_t> types;  // of questions; empty: all
};

struct TlsDetail {
  bool extended = true;
  bool ja4 = true;
  bool ja3 = false;                 // hashes are made only where somebody asks for them
  bool session_resumption = true;   // records of sessions taken up again
  std::vector<std::string> custom;  // these members instead, as Suricata names them
};

struct SmtpDetail {
  bool extended = false;            // message id, subject, programs
  std::vector<std::string> custom;  // further headers, lower case
  bool subject_md5 = false;
  bool body_md5 = false;
};

struct SmbDetail {
  std::vector<std::string> types;  // of transactions, as Suricata names them: "tree_connect"; empty: all
};

struct DhcpDetail {
  bool extended = false;  // every message, and all its options
};

struct PgsqlDetail {
  bool passwords = false;
};

struct MqttDetail {
  std::size_t string_most = 1'024;  // of a topic or message; of all topics of one request together
};

struct RecordDetail {
  HttpDetail http;
  DnsDetail dns;
  TlsDetail tls;
  SmtpDetail smtp;
  SmbDetail smb;
  DhcpDetail dhcp;
  PgsqlDetail pgsql;
  MqttDetail mqtt;
};

// Bytes as EVE writes them: UTF-8 as it is, anything else with \xNN for what is not ASCII.
std::string record_text(Bytes bytes);
inline std::string record_text(std::string_view text) { return record_text(as_bytes(text)); }
// IPv6 in full: "2001:0db8:0000:0000:0000:0000:0000:0001".
std::string record_address(const IpAddress& address);

}  // namespace tocsin::collectors
