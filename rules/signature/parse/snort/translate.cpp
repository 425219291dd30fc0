// The rule's head, and the walk over its options.
#include "rules/signature/parse/snort/translate.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "rules/signature/parse/rule_parser.h"
#include "rules/signature/parse/snort/translation.h"

namespace tocsin::rules::signature {
namespace {

struct Pair {
  std::string_view name;
  std::string_view here;
};

// Actions that act on traffic alert here; compile says so where it matters.
constexpr std::array<Pair, 8> actions{{{"alert", "alert"},
                                       {"block", "drop"},
                                       {"drop", "drop"},
                                       {"pass", "pass"},
                                       {"react", "reject"},
                                       {"reject", "reject"},
                                       {"reset", "reject"},
                                       {"rewrite", "alert"}}};

constexpr std::array<Pair, 48> services{{{"bootp", "dhcp"},       {"cifs", "smb"},
                                         {"cip", "enip"},         {"dce_http_server", "dcerpc"},
                                         {"dce_smb", "smb"},      {"dce_tcp", "dcerpc"},
                                         {"dce_udp", "dcerpc"},   {"dcerpc", "dcerpc"},
                                         {"dhcp", "dhcp"},        {"dnp3", "dnp3"},
                                         {"dns", "dns"},          {"enip", "enip"},
                                         {"ftp", "ftp"},          {"ftp-data", "ftp-data"},
                                         {"http", "http"},        {"http2", "http2"},
                                         {"https", "tls"},        {"ike", "ike"},
                                         {"imap", "imap"},        {"isakmp", "ike"},
                                         {"kerberos", "krb5"},    {"krb5", "krb5"},
                                         {"ldap", "ldap"},        {"mdns", "mdns"},
                                         {"modbus", "modbus"},    {"mqtt", "mqtt"},
                                         {"netbios-ssn", "smb"},  {"nfs", "nfs"},
                                         {"pgsql", "pgsql"},      {"pop3", "pop3"},
                                         {"postgresql", "pgsql"}, {"quic", "quic"},
                                         {"rdp", "rdp"},          {"rfb", "rfb"},
                                         {"sip", "sip"},          {"smb", "smb"},
                                         {"smtp", "smtp"},        {"snmp", "snmp"},
                                         {"ssh", "ssh"},          {"ssl", "tls"},
                                         {"telnet", "telnet"},    {"tftp", "tftp"},
                                         {"tls", "tls"},          {"vnc", "rfb"},
                                         {"vnc-server", "rfb"},   {"websocket", "websocket"},
                                         {"ws", "websocket"},     {"ssl2", "tls"}}};

constexpr std::array<std::string_view, 4> transports{"icmp", "ip", "tcp", "udp"};

class HeadReader {
 public:
  HeadReader(RuleAst& ast, const SnortRule& rule) : ast_(ast), words_(rule.head) {}

  Translated read() {
    if (auto done = action(); !done) return done;
    for (auto* word :
         {&ast_.source_addresses, &ast_.source_ports, &ast_.destination_addresses, &ast_.destination_ports}) {
      word->text = "any";
      word->place = words_.back().place;
    }
    if (auto done = protocol(); !done) return done;
    return words_.size() <= 2 ? Translated{} : addresses();
  }

 private:
  static std::unexpected<Mistake> wrong(std::string code, std::string cause, std::string next, const Place& place) {
    return std::unexpected(Mistake{std::move(code), std::move(cause), std::move(next), place});
  }

  Translated action() {
    ast_.action = words_.front();
    const auto found = std::ranges::find(actions, std::string_view(ast_.action.text), &Pair::name);
    if (found == actions.end())
      return wrong("S0106", "the action '" + ast_.action.text + "' is not supported",
                   "Use alert, pass, drop, block or reject", ast_.action.place);
    ast_.action.text = found->here;
    return {};
  }

  Translated protocol() {
    ast_.protocol = words_.size() > 1 ? words_[1] : Text{"ip", words_.front().place};
    auto& name = ast_.protocol.text;
    if (name == "file") {
      // Files of every protocol that carries them.
      name = "ip";
      return {};
    }
    if (std::ranges::find(transports, std::string_view(name)) != transports.end()) return {};
    const auto here = service_protocol(name);
    if (here.empty())
      return wrong("S0104", "the service '" + name + "' is not known",
                   "Use tcp, udp, icmp, ip, file or a service such as http", ast_.protocol.place);
    name = here;
    return {};
  }

  Translated addresses() {
    const auto arrow =
        std::ranges::find_if(words_, [](const Text& word) { return word.text == "->" || word.text == "<>"; });
    const auto before = arrow - words_.begin();
    const auto after = words_.end() - arrow - 1;
    if (arrow == words_.end() || before < 3 || before > 4 || after < 1 || after > 2)
      return wrong("S0102", "the rule's head is not understood",
                   "Write: action protocol addresses ports -> addresses ports, or action and protocol alone",
                   words_[2].place);
    ast_.direction = arrow->text == "<>" ? RuleDirection::both : RuleDirection::forward;
    ast_.source_addresses = words_[2];
    if (before == 4) ast_.source_ports = words_[3];
    ast_.destination_addresses = *(arrow + 1);
    if (after == 2) ast_.destination_ports = *(arrow + 2);
    return {};
  }

  RuleAst& ast_;
  const std::vector<Text>& words_;
};

bool about_answers(const SnortRule& rule) {
  for (const auto& option : rule.options) {
    const auto& name = option.name.text;
    if (name == "http_stat_code" || name == "http_stat_msg" || name == "http_raw_status") return true;
    if (name != "flow") continue;
    for (const auto& item : option.items)
      if (item.text == "to_client" || item.text == "from_server") return true;
  }
  return false;
}

}  // namespace

std::string_view service_protocol(std::string_view service) noexcept {
  const auto found = std::ranges::find(services, service, &Pair::name);
  return found == services.end() ? std::string_view{} : found->here;
}

Translation::Translation(std::string_view file, const SnortRule& rule) : rule_(rule), to_client_(about_answers(rule)) {
  ast.file = file;
  ast.place = rule.place;
  ast.source = rule.source;
  ast.syntax = Syntax::snort3;
}

void Translation::emit(const SnortOption& from, std::string_view name, std::string value) {
  OptionAst option;
  option.name = name;
  option.value = std::move(value);
  option.has_value = true;
  option.place = from.name.place;
  option.value_place = from.value_place;
  ast.options.push_back(std::move(option));
}

void Translation::emit(const SnortOption& from, std::string_view name) {
  emit(from, name, {});
  ast.options.back().has_value = false;
}

void Translation::select(const SnortOption& from, std::vector<std::pair<std::string_view, std::string>> words) {
  selected_.clear();
  for (auto& [name, value] : words) {
    emit(from, name, std::move(value));
    ast.options.back().has_value = !ast.options.back().value.empty();
    selected_.push_back(ast.options.back());
  }
}

void Translation::select_payload(const SnortOption& from) {
  selected_.clear();
  emit(from, "pkt_data");
}

void Translation::restore(const SnortOption& from) {
  if (selected_.empty()) return emit(from, "pkt_data");
  ast.options.insert(ast.options.end(), selected_.begin(), selected_.end());
}

void Translation::forget_ports() { ast.source_ports.text = ast.destination_ports.text = "any"; }

bool is_snort_option(std::string_view name) noexcept {
  const auto rows = snort_option_table();
  return std::ranges::binary_search(rows, name, {}, &SnortOptionRow::name);
}

std::expected<RuleAst, Mistake> translate_snort(std::string_view file, const SnortRule& rule) {
  Translation out(file, rule);
  if (auto done = HeadReader(out.ast, rule).read(); !done) return std::unexpected(std::move(done.error()));
  // A rule about files looks at them from the start.
  if (rule.head.size() > 1 && rule.head[1].text == "file") {
    SnortOption file_data;
    file_data.name = {"file_data", rule.head[1].place};
    file_data.value_place = rule.head[1].place;
    out.select(file_data, {{"file.data", {}}});
  }
  const auto rows = snort_option_table();
  for (const auto& option : rule.options) {
    const auto row = std::ranges::lower_bound(rows, std::string_view(option.name.text), {}, &SnortOptionRow::name);
    if (row == rows.end() || row->name != option.name.text)
      return std::unexpected(Mistake{"S0301", "the option '" + option.name.text + "' is not one of Snort 3",
                                     "Remove it, or say that the rule is in Suricata's language", option.name.place});
    if (auto done = row->translate(out, option, *row); !done) {
      if (done.error().place.line == 0) done.error().place = option.name.place;
      return std::unexpected(std::move(done.error()));
    }
    if (out.ast.options.size() > options_most)
      return std::unexpected(
          Mistake{"S0101", "the rule has too many options", "Split it into several rules", option.name.place});
  }
  return std::move(out.ast);
}

}  // namespace tocsin::rules::signature
