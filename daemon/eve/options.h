#pragma once
// Which EVE records are written, and how much each shows. Defaults are those of Suricata 8's shipped suricata.yaml; a
// configuration's own outputs.eve-log.types replace them. Plain values, copied to each worker.

#include <bitset>
#include <cstdint>
#include <string>

#include "collectors/packet/flow.h"
#include "collectors/packet/record/detail.h"

namespace tocsin::daemon {

struct EveAlertOptions {
  bool enabled = true;
  bool application = true;    // the transaction's object, files
  bool flow = true;           // counters and ends of the flow
  bool rule_metadata = true;  // alert.metadata
  bool rule_text = false;     // alert.rule
  bool references = false;
  bool payload = false;  // base64
  bool payload_printable = false;
  bool payload_length = false;
  std::uint64_t payload_most = 4096;  // of a stream
  bool packet = false;
  bool http_body = false;
  bool http_body_printable = false;
  bool verdict = false;
  bool guess_transaction = false;  // of a rule on a stream: the one that is open
  bool tagged = true;              // packets of a rule with `tag`
};

// The client's address as a proxy states it.
struct EveForwardedOptions {
  bool enabled = false;
  bool overwrite = false;  // instead of the address of the packet; otherwise as `xff`
  bool reverse = true;     // a reverse proxy: the last address of the header, else the first
  std::string header = "X-Forwarded-For";
};

struct EveAnomalyOptions {
  bool enabled = true;
  bool decode = false;
  bool stream = false;
  bool application = true;
  bool packet = false;  // the packet's bytes
};

struct EveFileOptions {
  bool enabled = true;
  bool magic = false;
  bool md5 = false;
  bool sha1 = false;
  bool sha256 = false;
  // Kept as files named by their digest, below `directory` beside the records.
  bool keep = false;      // those that rules ask for
  bool keep_all = false;  // all
  std::string directory = "filestore";
  std::uint64_t kept_most = 1ULL << 20;  // bytes of one
  bool keep_records = false;             // the record beside each
};

struct EveStatsOptions {
  bool enabled = true;
  bool totals = true;
  bool decoder_events = true;
};

struct EveOptions {
  EveOptions();

  EveAlertOptions alert;
  EveForwardedOptions forwarded;
  EveAnomalyOptions anomaly;
  EveFileOptions files;
  EveStatsOptions stats;
  bool frame = false;
  bool flow = true;
  bool flow_exception_policy = false;
  bool netflow = false;
  bool metadata = true;  // what rules remember of a flow: flowbits, flowints, variables
  bool ethernet = false;
  std::uint16_t community_seed = 0;
  std::string fast_log;  // alerts as lines of text too, in this file beside the records; empty: no
  std::string version;   // of Suricata whose records these are like; empty: not said
  collectors::RecordDetail detail;

  bool wants(collectors::Protocol protocol) const noexcept {
    return protocols_.test(static_cast<std::size_t>(protocol));
  }
  void set(collectors::Protocol protocol, bool on) { protocols_.set(static_cast<std::size_t>(protocol), on); }
  // No record of any kind: what a configuration's own list starts from.
  static EveOptions none();

 private:
  std::bitset<64> protocols_;
};

}  // namespace tocsin::daemon
