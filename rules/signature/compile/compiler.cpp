#include "rules/signature/compile/compiler.h"

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/table.h"
#include "rules/signature/config/threshold_config.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {

using collectors::BufferSide;
using collectors::Protocol;

namespace {

// Where in the life of a flow or a transaction a rule looks: "tcp:flow_start", "http1:request_headers".
bool add_hook(std::string_view protocol, std::string_view name, Signature& signature) {
  const bool packets = protocol == "ip" || protocol == "tcp" || protocol == "udp" || protocol == "icmp";
  if (packets) {
    if (name == "all") return true;
    if (name != "flow_start") return false;
    PacketTest test;
    test.kind = PacketTest::Kind::flow_start;
    signature.packet_tests.push_back(std::move(test));
    signature.packet_wanted = true;
    return true;
  }
  struct Step {
    std::string_view protocol;  // empty: any
    std::string_view name;
    std::uint8_t least;
  };
  static constexpr std::uint8_t complete = ProgressTest::complete;
  // Numbers are those of each protocol's buffers.h.
  static constexpr Step steps[]{{"", "request_started", 0},           {"", "response_started", 0},
                                {"", "request_complete", complete},   {"", "response_complete", complete},
                                {"http1", "request_line", 1},         {"http1", "request_headers", 2},
                                {"http1", "request_body", 3},         {"http1", "request_trailer", 4},
                                {"http1", "response_line", 1},        {"http1", "response_headers", 2},
                                {"http1", "response_body", 3},        {"http1", "response_trailer", 4},
                                {"tls", "client_in_progress", 0},     {"tls", "client_hello_done", 1},
                                {"tls", "client_finished", complete}, {"tls", "client_handshake_done", complete},
                                {"tls", "server_in_progress", 0},     {"tls", "server_hello", 1},
                                {"tls", "server_cert_done", 2},       {"tls", "server_handshake_done", complete},
                                {"tls", "server_finished", complete}};
  for (const auto& step : steps) {
    if (step.name != name || (!step.protocol.empty() && step.protocol != protocol)) continue;
    Chain chain;
    chain.source = Source::transaction;
    const bool client = name.starts_with("request") || name.starts_with("client");
    chain.side = client ? BufferSide::to_server : BufferSide::to_client;
    chain.tests.emplace_back(ProgressTest{step.least});
    signature.chains.push_back(std::move(chain));
    signature.repeats = name.ends_with("_body");
    return true;
  }
  return false;
}

// Protocols of Suricata that nobody looks for here.
bool is_unspoken_protocol(std::string_view name) noexcept {
  return name == "template" || name == "irc" || name == "jabber";
}

std::expected<HeaderProtocol, Mistake> parse_protocol(const Text& text, Signature& signature) {
  HeaderProtocol out;
  std::string name = lower_ascii(text.text);
  if (const auto colon = name.find(':'); colon != std::string::npos) {
    if (!add_hook(name.substr(0, colon), name.substr(colon + 1), signature))
      return std::unexpected(Mistake{"S0104", "the hook of '" + text.text + "' is not known",
                                     "Use flow_start of tcp, udp or ip, or request_complete, response_complete, "
                                     "request_started and the like of an application protocol",
                                     text.place});
    name.resize(colon);
  }
  if (name == "ip" || name == "ipv4" || name == "ip4" || name == "ipv6" || name == "ip6") {
    out.any = true;
    out.ip_version = name.ends_with('4') ? 4 : name.ends_with('6') ? 6 : 0;
  } else if (name == "pkthdr") {
    out.any = true;
    out.packet_header = true;
  } else if (name == "tcp") out.tcp = true;
  else if (name == "tcp-pkt") {
    out.tcp = true;
    signature.packet_wanted = true;
  } else if (name == "tcp-stream") {
    out.tcp = true;
    signature.only_stream = true;
  } else if (name == "udp") out.udp = true;
  else if (name == "icmp") out.icmp = out.icmpv6 = true;
  else if (name == "icmpv4") out.icmp = true;
  else if (name == "icmpv6") out.icmpv6 = true;
  else if (name == "sctp") out.sctp = true;
  else if (name == "igmp") out.number = std::uint8_t{2};
  else if (name == "arp") out.arp = true;
  else {
    const auto protocol = collectors::find_protocol(name == "http1"   ? "http"
                                                    : name == "ssl"   ? "tls"
                                                    : name == "ikev2" ? "ike"
                                                                      : name);
    if (!protocol && is_unspoken_protocol(name)) {
      // Suricata's own rule files speak of them: such rules load and stay silent.
      PacketTest never;
      never.kind = PacketTest::Kind::never;
      never.text = name;
      signature.packet_tests.push_back(std::move(never));
      out.any = true;
      return out;
    }
    if (!protocol)
      return std::unexpected(Mistake{"S0104", "the protocol '" + text.text + "' is not known",
                                     "Use ip, tcp, udp, icmp or an application protocol such as http", text.place});
    out.application = *protocol;
    out.any = true;
    // "http" speaks of HTTP/2 as well, this does not.
    if (name == "http1") out.services = std::uint64_t{1} << static_cast<unsigned>(collectors::Protocol::http);
  }
  return out;
}

// A test whose place is relative to what came before.
bool is_relative(const Test& test) noexcept {
  if (const auto* c = std::get_if<ContentTest>(&test)) return c->relative();
  if (const auto* p = std::get_if<PcreTest>(&test)) return p->relative;
  if (const auto* d = std::get_if<DataAtTest>(&test)) return d->relative;
  if (const auto* t = std::get_if<ByteTest>(&test)) return t->from.relative;
  if (const auto* j = std::get_if<ByteJump>(&test)) return j->from.relative;
  if (const auto* e = std::get_if<ByteExtract>(&test)) return e->from.relative;
  if (const auto* m = std::get_if<ByteMath>(&test)) return m->from.relative;
  if (const auto* b = std::get_if<std::shared_ptr<Base64Test>>(&test)) return (*b)->relative;
  if (const auto* a = std::get_if<Asn1Test>(&test)) return a->relative_offset.has_value();
  if (std::holds_alternative<BerTest>(test)) return true;
  return false;
}

// Marks the contents and expressions whose other places may have to be tried.
void mark_relatives(std::vector<Test>& tests) {
  for (std::size_t i = 0; i < tests.size(); ++i) {
    if (const auto* b = std::get_if<std::shared_ptr<Base64Test>>(&tests[i])) mark_relatives((*b)->data);
    if (!is_relative(tests[i])) continue;
    for (std::size_t j = i; j-- > 0;) {
      if (auto* content = std::get_if<ContentTest>(&tests[j])) {
        if (content->negated) continue;
        content->relative_next = true;
      } else if (auto* pcre = std::get_if<PcreTest>(&tests[j])) {
        if (pcre->negated) continue;
        pcre->relative_next = true;
      } else if (!std::holds_alternative<ByteJump>(tests[j]) && !std::holds_alternative<ByteExtract>(tests[j]) &&
                 !std::holds_alternative<ByteMath>(tests[j]) && !std::holds_alternative<BerTest>(tests[j])) {
        continue;
      }
      break;
    }
  }
}

bool has_place(const Chain& chain) noexcept {
  return std::ranges::any_of(chain.tests, [](const Test& test) {
    const auto* c = std::get_if<ContentTest>(&test);
    return c != nullptr && (c->offset || c->depth || c->starts_with);
  });
}

class Finisher {
 public:
  explicit Finisher(RuleBuilder& rule) : rule_(rule), signature_(rule.signature) {}

  Outcome finish() {
    std::erase_if(signature_.chains, [](const Chain& chain) { return chain.tests.empty(); });
    for (auto& chain : signature_.chains) mark_relatives(chain.tests);
    if (!rule_.has_sid) return refuse("S0105", "the rule has no sid", "Add sid:NUMBER;");
    if (signature_.variables > 64) return refuse("S0352", "the rule has more than 64 variables", "Use fewer");
    if (auto done = directions(); !done) return done;
    if (auto done = kind(); !done) return done;
    if (!rule_.has_severity) rule_.info.severity = severity_of_priority(rule_.info.priority);
    choose_fast_pattern(signature_);
    return {};
  }

 private:
  // Buffers of one side only decide the direction where flow does not.
  Outcome directions() {
    bool server = false;
    bool client = false;
    for (const auto& chain : signature_.chains) {
      if (chain.source != Source::transaction) continue;
      server = server || chain.side == BufferSide::to_server;
      client = client || chain.side == BufferSide::to_client;
    }
    if (signature_.transactional) return {};
    const bool wrong_way = (server && !signature_.to_server) || (client && !signature_.to_client);
    if ((server && client) || wrong_way)
      return refuse("S0314", "the rule asks for buffers of requests and of responses at once",
                    "Use => in the header, or split the rule and join the parts with flowbits");
    if (server) signature_.to_client = false;
    if (client) signature_.to_server = false;
    return {};
  }

  Outcome kind() {
    const auto& protocol = signature_.protocol;
    const bool tcp = protocol.tcp || protocol.any;
    bool transaction = false;
    Chain* payload = nullptr;
    bool packet_buffer = false;
    bool frame = false;
    for (auto& chain : signature_.chains) {
      transaction = transaction || chain.source == Source::transaction;
      frame = frame || chain.source == Source::protocol_frame;
      packet_buffer = packet_buffer || (chain.source != Source::transaction && chain.source != Source::payload);
      if (chain.source == Source::payload) payload = &chain;
    }
    if (signature_.only_stream && signature_.packet_wanted && payload != nullptr)
      return refuse("S0315", "the rule wants the stream only and the packet only", "Remove one of the keywords");
    if (frame && transaction)
      return refuse("S0316", "the rule asks for frames and for buffers of a transaction at once",
                    "Split the rule and join the parts with flowbits");
    if (frame) {
      signature_.kind = RuleKind::frame;
    } else if (transaction) {
      signature_.kind = RuleKind::transaction;
    } else if (payload != nullptr && tcp && !signature_.no_stream && !signature_.packet_wanted && !packet_buffer) {
      const bool also_packet = has_place(*payload) && !signature_.only_stream;
      signature_.kind = also_packet ? RuleKind::packet_and_stream : RuleKind::stream;
    } else if (payload != nullptr || packet_buffer) {
      signature_.kind = RuleKind::packet;
    } else if (is_ip_only()) {
      signature_.kind = RuleKind::ip_only;
    } else {
      signature_.kind = protocol.application != Protocol::unknown ? RuleKind::application : RuleKind::packet;
    }
    return {};
  }

  bool is_ip_only() const {
    const auto& s = signature_;
    const bool ports = (s.protocol.tcp || s.protocol.udp) && !(s.source_ports->any() && s.destination_ports->any());
    const bool flow = s.established || s.not_established || s.only_stream || s.no_stream || s.only_fragment ||
                      s.no_fragment || rule_.seen("flow");
    // Reputation is a property of addresses.
    const bool reputation_only =
        std::ranges::all_of(s.packet_tests, [](const auto& t) { return t.kind == PacketTest::Kind::reputation; });
    return !ports && !flow && !s.packet_wanted && reputation_only && s.flow_bits.empty() && s.flow_integers.empty() &&
           s.protocol.application == Protocol::unknown && s.protocol.services == 0 && !s.protocol.packet_header &&
           !s.protocol.arp;
  }

  RuleBuilder& rule_;
  Signature& signature_;
};

template <class Set, class Parse>
std::expected<std::shared_ptr<const Set>, Mistake> cached(
    const Text& text, const Variables& variables, std::map<std::string, std::shared_ptr<const Set>, std::less<>>& cache,
    Parse parse) {
  const auto found = cache.find(text.text);
  if (found != cache.end()) return found->second;
  auto set = parse(text.text, variables);
  if (!set) {
    set.error().place = text.place;
    return std::unexpected(std::move(set.error()));
  }
  auto shared = std::make_shared<const Set>(std::move(*set));
  cache.emplace(text.text, shared);
  return shared;
}

Outcome read_header(const RuleAst& ast, RuleBuilder& rule) {
  auto& signature = rule.signature;
  // `config` rules change what is recorded and raise nothing.
  const bool config = lower_ascii(ast.action.text) == "config";
  const auto action = config ? std::optional(Action::alert) : parse_action(lower_ascii(ast.action.text));
  rule.info.noalert = config;
  if (!action)
    return std::unexpected(Mistake{"S0106", "the action '" + ast.action.text + "' is not known",
                                   "Use alert, pass, drop, reject or config", ast.action.place});
  rule.info.action = *action;
  auto protocol = parse_protocol(ast.protocol, signature);
  if (!protocol) return std::unexpected(std::move(protocol.error()));
  signature.protocol = *protocol;
  if (const auto name = lower_ascii(ast.protocol.text); is_unspoken_protocol(name))
    rule.remarks.push_back(
        {"S0382", "the protocol '" + name + "' is never found here", "The rule stays silent", ast.protocol.place});
  signature.both_ways = ast.direction == RuleDirection::both;
  signature.transactional = ast.direction == RuleDirection::transactional;
  auto& shared = rule.shared();
  auto source = cached(ast.source_addresses, shared.addresses, shared.address_cache, parse_addresses);
  auto destination = cached(ast.destination_addresses, shared.addresses, shared.address_cache, parse_addresses);
  auto source_ports = cached(ast.source_ports, shared.ports, shared.port_cache, parse_ports);
  auto destination_ports = cached(ast.destination_ports, shared.ports, shared.port_cache, parse_ports);
  if (!source) return std::unexpected(std::move(source.error()));
  if (!destination) return std::unexpected(std::move(destination.error()));
  if (!source_ports) return std::unexpected(std::move(source_ports.error()));
  if (!destination_ports) return std::unexpected(std::move(destination_ports.error()));
  signature.source = std::move(*source);
  signature.destination = std::move(*destination);
  signature.source_ports = std::move(*source_ports);
  signature.destination_ports = std::move(*destination_ports);
  return {};
}

Outcome read_option(RuleBuilder& rule, const OptionAst& option, Syntax syntax) {
  const auto* row = find_keyword(option.name, syntax);
  if (row == nullptr && option.name.find(' ') != std::string::npos)
    return refuse("S0301", "'" + option.name + "' is no keyword", "Is a ; missing? Each option ends with one");
  if (row == nullptr)
    return refuse("S0301", "the keyword '" + option.name + "' is not supported",
                  "Remove it or disable the rule; `tocsin list keywords` shows what is supported");
  return row->read(rule, option, *row);
}

// How rare the bytes are: letters are common in text, zero and 0xFF in binaries.
std::size_t strength(Bytes bytes) noexcept {
  std::array<bool, 256> seen{};
  std::size_t score = 0;
  for (const auto c : bytes) {
    if (seen[c]) {
      ++score;
      continue;
    }
    seen[c] = true;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool printable = c >= 0x20 && c < 0x7F;
    score += letter ? 3 : printable || c == 0x00 || c == 0x01 || c == 0xFF ? 4 : 6;
  }
  return score;
}

}  // namespace

std::uint8_t severity_of_priority(std::uint8_t priority) noexcept {
  switch (priority) {
    case 1: return 80;
    case 2: return 60;
    case 3: return 40;
    default: return 20;
  }
}

std::pair<std::size_t, std::size_t> fast_part(const ContentTest& content) noexcept {
  if (content.fast == ContentTest::Fast::chop) return {content.chop_offset, content.chop_length};
  return {0, content.pattern.size()};
}

void choose_fast_pattern(Signature& signature) {
  signature.fast_chain = -1;
  if (signature.kind == RuleKind::frame) return;  // looked at wherever there is such a frame
  std::size_t best = 0;
  for (std::size_t c = 0; c < signature.chains.size(); ++c) {
    const auto& chain = signature.chains[c];
    const bool usable = chain.source == Source::transaction ? chain.buffer != collectors::Buffer::none
                                                            : chain.source == Source::payload;
    if (!usable || (signature.kind == RuleKind::transaction) != (chain.source == Source::transaction)) continue;
    // A chain that also matches an absent buffer cannot wait for a pattern in it.
    const bool absent =
        std::ranges::any_of(chain.tests, [](const Test& test) { return std::holds_alternative<AbsentTest>(test); });
    if (absent) continue;
    for (std::size_t t = 0; t < chain.tests.size(); ++t) {
      const auto* content = std::get_if<ContentTest>(&chain.tests[t]);
      if (content == nullptr || content->negated) continue;
      const auto [offset, length] = fast_part(*content);
      // Short patterns are everywhere in payloads: such rules are gated by their header instead.
      if (chain.source == Source::payload && length < 4) continue;
      const Bytes bytes = Bytes(content->pattern).subspan(offset, length);
      const std::size_t asked = content->fast == ContentTest::Fast::automatic ? 0 : 1;
      const std::size_t score = asked * (1U << 30) + std::min<std::size_t>(length, 0xFFFF) * 1024 +
                                std::min<std::size_t>(strength(bytes), 1023) + 1;
      if (score <= best) continue;
      best = score;
      signature.fast_chain = static_cast<int>(c);
      signature.fast_test = static_cast<int>(t);
    }
  }
}

std::expected<Compiled, Mistake> compile_rule(const RuleAst& ast, CompileContext& context) {
  RuleBuilder rule(context);
  rule.info.engine = Engine::signature;
  rule.info.file = ast.file;
  rule.info.line = ast.place.line;
  rule.info.source = ast.source;
  rule.info.syntax = ast.syntax;
  const auto at = [](Mistake mistake, const Place& place) {
    if (mistake.place.line == 0) mistake.place = place;
    return std::unexpected(std::move(mistake));
  };
  // First whether it is meant for this engine: what is not known here may be known where it is.
  if (const auto* gate = find_keyword("requires", ast.syntax))
    for (const auto& option : ast.options)
      if (option.name == gate->name)
        if (auto done = gate->read(rule, option, *gate); !done) return at(std::move(done.error()), option.place);
  if (auto done = read_header(ast, rule); !done) return at(std::move(done.error()), ast.place);
  for (const auto& option : ast.options)
    if (auto done = read_option(rule, option, ast.syntax); !done) return at(std::move(done.error()), option.place);
  if (auto done = Finisher(rule).finish(); !done) return at(std::move(done.error()), ast.place);
  rule.remarks.insert(rule.remarks.end(), ast.remarks.begin(), ast.remarks.end());
  auto& info = rule.info;
  info.id = std::to_string(info.gid) + ":" + std::to_string(info.sid);
  info.revision = std::to_string(info.rev);
  return Compiled{std::move(rule.signature), std::move(info), std::move(rule.remarks)};
}

}  // namespace tocsin::rules::signature
