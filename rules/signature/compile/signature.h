#pragma once
// A compiled signature: what the matcher reads. Immutable, shared by all workers. Semantics follow Suricata 8.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "collectors/base/digest.h"
#include "collectors/packet/buffer.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/frame/frame.h"
#include "rules/alert.h"
#include "rules/signature/compile/address_set.h"
#include "rules/signature/parse/syntax.h"
#include "rules/signature/parse/value.h"
#include "rules/tuning.h"

namespace tocsin::rules::signature {

class Regex;
class Searcher;
class Dataset;
class Reputation;

enum class Action : std::uint8_t { pass, drop, reject, alert };  // in the order they are evaluated
enum class TargetSide : std::uint8_t { none, source, destination };

// Counting of repeats: the rule's own threshold or detection_filter, or threshold.config.
struct Threshold {
  enum class Kind : std::uint8_t { limit, threshold, both, filter, suppress, rate, backoff };
  enum class Track : std::uint8_t { source, destination, pair, rule, flow, either };
  enum class Unique : std::uint8_t { none, source_port, destination_port };
  Kind kind = Kind::limit;
  Track track = Track::source;
  Unique unique = Unique::none;  // a port that was seen in the window already does not count
  std::uint32_t count = 1;
  std::uint32_t seconds = 60;
  std::uint32_t multiplier = 1;                 // backoff: how much rarer it gets each time
  std::optional<Action> new_action;             // rate
  std::uint32_t timeout = 0;                    // rate
  std::shared_ptr<const AddressSet> addresses;  // suppress; null = all
  TunedEntryRef tuned;                          // suppress: an analyst's entry, which judges by itself
};

// Bits kept per address or pair of addresses, with an expiry. Decided where alerts of all workers meet.
struct HostBit {
  enum class Operation : std::uint8_t { set, unset, toggle, isset, isnotset };
  enum class Track : std::uint8_t { source, destination, pair, transaction };
  Operation operation = Operation::set;
  Track track = Track::source;
  std::string name;
  std::uint32_t expire = 30;
};

// Packets to be recorded after the alert, of its flow or of one of its hosts.
struct Tag {
  enum class Scope : std::uint8_t { session, source, destination };
  enum class Metric : std::uint8_t { packets, seconds, bytes };
  Scope scope = Scope::session;
  Metric metric = Metric::packets;
  std::uint32_t count = 256;
};

// What the alert path needs to know of a rule. RuleInfo::engine == signature means this type.
struct SignatureInfo : RuleInfo {
  std::uint32_t gid = 1;
  std::uint32_t sid = 0;
  std::uint32_t rev = 0;
  std::uint8_t priority = 3;
  Action action = Action::alert;
  TargetSide target = TargetSide::none;
  bool noalert = false;
  bool keep_files = false;  // filestore
  bool bypass = false;      // the flow is not looked at any more
  // `config`: no records of the transaction, or of all of the flow.
  bool silence_transaction = false;
  bool silence_flow = false;
  std::string category;  // the classification's description
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<Threshold> thresholds;
  std::vector<HostBit> host_bits;
  std::vector<Tag> tags_after;  // `tag`
  std::string source;           // rule text
  Syntax syntax = Syntax::suricata;
};

// A number, or what byte_extract / byte_math stored.
struct Operand {
  std::int64_t value = 0;
  int variable = -1;
};

struct ContentTest {
  enum class Fast : std::uint8_t { automatic, wanted, only, chop };
  std::vector<std::uint8_t> pattern;  // lower case when nocase
  bool nocase = false;
  bool negated = false;
  bool starts_with = false;
  bool ends_with = false;
  bool relative_next = false;  // the next test is relative: other places may have to be tried
  std::optional<Operand> offset, depth, distance, within;
  Fast fast = Fast::automatic;
  std::uint16_t chop_offset = 0;
  std::uint16_t chop_length = 0;
  std::string text;  // as written

  bool relative() const noexcept { return distance || within; }
};

struct PcreTest {
  std::shared_ptr<const Regex> regex;
  bool negated = false;
  bool relative = false;
  bool relative_next = false;
  std::string text;
  // Captured parts that are kept, for records: of the flow, of the packet at hand, or for the alert alone.
  enum class CaptureScope : std::uint8_t { flow, packet, alert };
  struct Capture {
    std::uint32_t group = 0;
    CaptureScope scope = CaptureScope::flow;
    std::string name;
  };
  std::vector<Capture> captures{};
};

struct DataAtTest {
  Operand offset;
  bool relative = false;
  bool negated = false;
};

enum class ByteForm : std::uint8_t { binary, text };
struct ByteSource {
  Operand count;
  Operand offset;
  bool relative = false;
  bool little = false;
  bool dce = false;  // byte order of the DCE/RPC call
  ByteForm form = ByteForm::binary;
  int base = 0;  // of text: 8, 10, 16; 0 = by prefix
  std::optional<std::uint32_t> bitmask;
};
struct ByteTest {
  enum class Operator : std::uint8_t { less, greater, equal, less_equal, greater_equal, and_, or_ };
  ByteSource from;
  Operator operator_ = Operator::equal;
  bool negated = false;
  Operand value;
  std::string text;
};
struct ByteJump {
  ByteSource from;
  std::int64_t multiplier = 1;
  std::int64_t post_offset = 0;
  int post_offset_variable = -1;
  bool align = false;
  bool from_beginning = false;
  bool from_end = false;
};
struct ByteExtract {
  ByteSource from;
  int variable = 0;
  std::int64_t multiplier = 1;
  int align = 0;
};
struct ByteMath {
  enum class Operator : std::uint8_t { add, subtract, multiply, divide, shift_left, shift_right };
  ByteSource from;
  Operator operator_ = Operator::add;
  Operand value;
  int variable = 0;
};

struct SizeTest {
  NumberRange range;
  std::string text;
};
struct AbsentTest {
  bool or_else = false;
};
// Of a transaction's named number: dns.opcode and the like.
struct NumberTest {
  NumberRange range;
  std::string text;
  std::vector<NumberRange> others{};  // any of these does as well
  // Of several instances: any, every one of at least one, or this (negative: from the last).
  static constexpr std::int32_t any = 0x7FFF'FFFF, all = 0x7FFF'FFFE;
  std::int32_t instance = any;
};
// The transaction has this event.
struct EventTest {
  std::uint16_t event = 0;
  std::string text;
};
// How many instances the buffer has.
struct CountTest {
  NumberRange range;
  std::string text;
};
struct EntropyTest {
  std::size_t offset = 0;
  std::size_t bytes = 0;  // 0 = all
  enum class Operator : std::uint8_t { less, less_equal, greater, greater_equal, equal, not_equal, within, outside };
  Operator operator_ = Operator::greater;
  double value = 0;
  double high = 0;  // within, outside
};
// The digest of a file that the transaction carried is (not) in a list.
struct DigestTest {
  DigestKind kind = DigestKind::md5;
  bool negated = false;
  std::shared_ptr<const std::set<std::string, std::less<>>> list;  // lower-case hex
};
// The transaction has come this far; a rule's hook.
struct ProgressTest {
  static constexpr std::uint8_t complete = 0xFF;
  std::uint8_t least = 0;
};

// The buffer's value is in a data set; `set` and `unset` change it and hold when they did.
struct DatasetTest {
  enum class Operation : std::uint8_t { isset, isnotset, set, unset, reputation };
  Operation operation = Operation::isset;
  std::shared_ptr<Dataset> set;
  NumberRange range;        // of the reputation
  std::string context_key;  // where an alert shows what the set knows of the value; empty: nowhere
  std::string text;
};
// BER in the payload that is malformed in ways that broke decoders.
struct Asn1Test {
  bool bit_string_overflow = false;
  bool double_overflow = false;
  std::optional<std::uint32_t> oversize_length;
  std::optional<std::int64_t> absolute_offset, relative_offset;
  std::string text;
};

// A BER element of this type begins at the last match: move into it, or past it. X.690, section 8.1.
struct BerTest {
  std::uint8_t type = 0;
  bool skip = false;
  bool optional = false;  // of skip: another type is left where it is
};

struct Base64Test;

using Test = std::variant<ContentTest, PcreTest, DataAtTest, ByteTest, ByteJump, ByteExtract, ByteMath, SizeTest,
                          AbsentTest, NumberTest, EntropyTest, EventTest, CountTest, ProgressTest, DigestTest,
                          DatasetTest, Asn1Test, BerTest, std::shared_ptr<Base64Test>>;

// base64_decode and, nested, the base64_data part that looks at its result.
struct Base64Test {
  std::uint32_t bytes = 0;  // 0 = all
  std::uint32_t offset = 0;
  bool relative = false;
  bool has_data = false;
  std::vector<Test> data;
};

enum class TransformKind : std::uint8_t {
  dotprefix,
  to_lowercase,
  to_uppercase,
  strip_whitespace,
  compress_whitespace,
  url_decode,
  to_md5,
  to_sha1,
  to_sha256,
  xor_,
  header_lowercase,
  strip_pseudo_headers,
  pcrexform,
  from_base64,
  subslice,
  gunzip,
  zlib_deflate,
  domain,  // the part of a host name that somebody registered
  tld,     // the public suffix that it was registered under
  // Of the Snort 3 front end; nothing when what is asked for is not there.
  header_field,
  uri_part,
  uri_parameter,
};
struct Transform {
  TransformKind kind = TransformKind::dotprefix;
  std::vector<std::uint8_t> key;       // xor; header_field and uri_parameter: the name
  std::shared_ptr<const Regex> regex;  // pcrexform
  std::string option;                  // as written, part of the buffer's identity
  std::int64_t first = 0, second = 0;  // from_base64: offset, bytes; subslice: offset, size; gunzip: most
  std::uint8_t mode = 0;
};

// Where a chain of tests looks.
enum class Source : std::uint8_t {
  payload,
  frame,  // pkt_data: the packet's payload, never the stream
  ether_header,
  ipv4_header,
  ipv6_header,
  tcp_header,
  udp_header,
  icmpv4_header,
  icmpv6_header,
  source_address,
  destination_address,
  protocol_frame,
  transaction,
};

struct Chain {
  Source source = Source::payload;
  collectors::Buffer buffer = collectors::Buffer::none;
  collectors::BufferSide side = collectors::BufferSide::both;
  collectors::FrameKind frame = collectors::FrameKind::none;  // of protocol_frame
  std::vector<Transform> transforms;
  std::vector<Test> tests;
  std::uint32_t group = 0;  // prefilter group of (source, buffer, transforms); see Program
};

// PacketTest::mode of vlan_id.
struct VlanLayer {
  static constexpr std::uint8_t any = 0, all = 1, first = 10;  // first - 1 is the innermost
};

struct PacketTest {
  enum class Kind : std::uint8_t {
    ttl,
    tos,
    ip_id,
    ip_protocol,
    ip_version,
    same_ip,
    fragment_bits,
    fragment_offset,
    ip_options,
    geneve_vni,
    tcp_flags,
    sequence,
    acknowledgement,
    window,
    maximum_segment,
    window_scale,
    icmp_type,
    icmp_code,
    icmp_id,
    icmp_sequence,
    icmpv6_mtu,
    payload_size,
    vlan_id,
    vlan_layers,
    stream_size,
    flow_age,
    flow_packets,
    flow_packets_to_server,
    flow_packets_to_client,
    flow_bytes,
    flow_bytes_to_server,
    flow_bytes_to_client,
    application_protocol,
    checksum,
    flow_start,
    never,
    tcp_header,
    event,
    source_address,
    destination_address,
    reputation,
    rpc_call,
  };
  Kind kind = Kind::ttl;
  NumberRange range;
  bool negated = false;
  std::uint8_t flags = 0;    // tcp_flags, fragment_bits, ip_options
  std::uint8_t ignored = 0;  // tcp_flags: bits masked out
  std::uint8_t mode = 0;     // '=' exact, '+' all, '*' any; stream_size side; direction of application_protocol
  collectors::Protocol protocol = collectors::Protocol::unknown;
  std::shared_ptr<const AddressSet> addresses;
  std::array<std::optional<std::uint32_t>, 3> rpc{};  // program, version, procedure
  std::shared_ptr<const Reputation> reputation;       // `flags` is the category, `mode` whose: ReputationSide
  std::string text;
};

struct FlowBit {
  enum class Operation : std::uint8_t { set, unset, toggle, isset, isnotset };
  Operation operation = Operation::set;
  std::vector<std::uint32_t> bits;  // any of them
};
struct FlowInt {
  enum class Operation : std::uint8_t {
    assign,
    add,
    subtract,
    less,
    less_equal,
    equal,
    not_equal,
    greater_equal,
    greater,
    isset,
    isnotset
  };
  Operation operation = Operation::assign;
  std::uint32_t variable = 0;
  std::int64_t value = 0;
  std::optional<std::uint32_t> other;  // instead of value

  bool condition() const noexcept { return operation >= Operation::less; }
};

enum class RuleKind : std::uint8_t { ip_only, packet, stream, packet_and_stream, application, frame, transaction };

// Transport protocols of the header.
struct HeaderProtocol {
  bool any = false;  // "ip", "pkthdr"
  bool tcp = false, udp = false, icmp = false, icmpv6 = false, sctp = false;
  std::optional<std::uint8_t> number;  // any other IP protocol
  std::uint8_t ip_version = 0;         // 4 or 6 when the rule says so
  bool packet_header = false;          // "pkthdr": also packets without an IP header
  bool arp = false;
  collectors::Protocol application = collectors::Protocol::unknown;
  std::uint64_t services = 0;  // the flow speaks one of them, a bit each; 0: whatever it speaks
};

struct Signature {
  std::shared_ptr<const SignatureInfo> info;
  std::uint32_t rank = 0;  // position in evaluation order
  RuleKind kind = RuleKind::packet;
  HeaderProtocol protocol;
  std::shared_ptr<const AddressSet> source, destination;
  std::shared_ptr<const PortSet> source_ports, destination_ports;
  bool both_ways = false;      // <>
  bool transactional = false;  // =>

  bool to_server = true, to_client = true;
  bool established = false, not_established = false;
  bool only_stream = false, no_stream = false;
  bool only_fragment = false, no_fragment = false;
  bool packet_wanted = false;  // a keyword that needs the very packet: no stream matching

  std::vector<PacketTest> packet_tests;
  std::vector<Chain> chains;
  std::vector<FlowBit> flow_bits;
  std::vector<FlowInt> flow_integers;
  int variables = 0;  // byte_extract, byte_math
  bool prefilter_wanted = false;
  bool repeats = false;  // a hook that is passed with every part of a body

  // The pattern that makes this rule a candidate; none: evaluated whenever its header fits.
  int fast_chain = -1;
  int fast_test = -1;
};

}  // namespace tocsin::rules::signature
