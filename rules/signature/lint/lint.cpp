#include "rules/signature/lint/lint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/diagnostic.h"
#include "collectors/base/text.h"
#include "rules/signature/compile/compiler.h"
#include "rules/signature/lint/expression.h"
#include "rules/signature/parse/rule_parser.h"

namespace tocsin::rules::signature {
namespace {

struct Deprecated {
  std::string_view name;
  std::string_view instead;
};
constexpr std::array<Deprecated, 26> deprecated_words{{{"dns_query", "dns.query"},
                                                       {"file_data", "file.data"},
                                                       {"http_client_body", "http.request_body"},
                                                       {"http_cookie", "http.cookie"},
                                                       {"http_header", "http.header"},
                                                       {"http_host", "http.host"},
                                                       {"http_method", "http.method"},
                                                       {"http_raw_header", "http.header.raw"},
                                                       {"http_raw_host", "http.host.raw"},
                                                       {"http_raw_uri", "http.uri.raw"},
                                                       {"http_server_body", "http.response_body"},
                                                       {"http_stat_code", "http.stat_code"},
                                                       {"http_stat_msg", "http.stat_msg"},
                                                       {"http_uri", "http.uri"},
                                                       {"http_user_agent", "http.user_agent"},
                                                       {"ja3_hash", "ja3.hash"},
                                                       {"rawbytes", "nothing: payload is matched as it came"},
                                                       {"ssh.protoversion", "ssh.proto"},
                                                       {"ssh.softwareversion", "ssh.software"},
                                                       {"tls.fingerprint", "tls.cert_fingerprint"},
                                                       {"tls.issuerdn", "tls.cert_issuer"},
                                                       {"tls.subject", "tls.cert_subject"},
                                                       {"tls_cert_issuer", "tls.cert_issuer"},
                                                       {"tls_cert_subject", "tls.cert_subject"},
                                                       {"tls_sni", "tls.sni"},
                                                       {"uricontent", "http.uri"}}};

class Linter {
 public:
  explicit Linter(const Signature& signature) : s_(signature), cost_(estimate_cost(signature)) {}

  std::vector<LintFinding> look() {
    count_tests();
    look_at_pattern();
    look_at_expressions();
    look_at_header();
    look_at_words();
    return std::move(out_);
  }

 private:
  void say(std::string code, std::string problem, std::string suggestion) {
    out_.push_back({s_.info, std::move(code), std::move(problem), cost_, std::move(suggestion)});
  }

  void count_tests() {
    for (const auto& chain : s_.chains)
      for (const auto& test : chain.tests) {
        if (const auto* content = std::get_if<ContentTest>(&test)) {
          ++(content->negated ? negated_ : positive_);
          if (!content->negated && content->pattern.size() > longest_.size())
            longest_ = std::string(as_text(content->pattern));
        }
        if (const auto* p = std::get_if<PcreTest>(&test)) expressions_.push_back(p);
      }
  }

  void look_at_pattern() {
    if (s_.fast_chain < 0) {
      if (s_.kind == RuleKind::ip_only) return;
      if (positive_ == 0 && negated_ != 0)
        say("L09", "all contents are negated: the rule is evaluated wherever its header fits",
            "Add a content that must be there");
      else
        say("L01", "the rule has no pattern for the prefilter: it is evaluated wherever its header fits",
            positive_ != 0 ? "Give it a content of four bytes or more, or look for it in a buffer of its protocol"
                           : "Add a content of four bytes or more");
      return;
    }
    const auto& chain = s_.chains[static_cast<std::size_t>(s_.fast_chain)];
    const auto& content = std::get<ContentTest>(chain.tests[static_cast<std::size_t>(s_.fast_test)]);
    const auto [offset, length] = fast_part(content);
    const std::string text(as_text(Bytes(content.pattern).subspan(offset, length)));
    const bool better = longest_.size() > length && longest_ != text;
    const std::string instead = better ? fmt::format("Mark the content of {} bytes with fast_pattern", longest_.size())
                                       : "Lengthen the content, or add a rarer one";
    if (length < 4) say("L02", fmt::format("the prefilter looks for {} bytes only", length), instead);
    else if (is_common_pattern(text))
      say("L03", "the prefilter looks for '" + printable(text) + "', which is in most traffic of this kind", instead);
  }

  static std::string printable(std::string_view text) { return escape_terminal(text.substr(0, 40)); }

  void look_at_expressions() {
    if (!expressions_.empty() && positive_ == 0)
      say("L04", "a regular expression is tried with no content before it",
          "Add a content that every match must hold, so that the prefilter can decide");
    for (const auto* pcre : expressions_) {
      const auto shape = look_at_expression(expression_of(*pcre));
      if (shape.nested)
        say("L05", "the expression repeats a group that repeats: matching may run into its limit",
            "Make the inner repeat possessive (++), or bound it ({1,64})");
      else if (!pcre->relative && !shape.anchored && (shape.leading_wildcard || shape.wildcards > 2))
        say("L06", "the expression starts anywhere and holds wildcards: it is tried at every byte",
            "Anchor it with ^, or make it relative to a content (flag R)");
    }
  }

  void look_at_header() {
    const bool any = s_.source->any() && s_.destination->any() && s_.source_ports->any() && s_.destination_ports->any();
    const bool unspoken = s_.protocol.application == collectors::Protocol::unknown && s_.protocol.services == 0;
    const bool both = s_.both_ways || (s_.to_server && s_.to_client);
    if (any && both && unspoken && s_.both_ways)
      say("L07", "the rule looks at every packet in both directions (any any <> any any)",
          "Name a side: ports, addresses, or flow:to_server");
    const bool stream = s_.kind == RuleKind::stream || s_.kind == RuleKind::packet_and_stream;
    const bool tcp_only = s_.protocol.tcp && !s_.protocol.any;
    if (stream && tcp_only && s_.to_server && s_.to_client && !s_.established && !s_.not_established)
      say("L10", "the rule looks at streams without saying which side or state",
          "Add flow:established,to_server; or to_client");
  }

  // Words that are only in the text.
  void look_at_words() {
    if (s_.info->syntax != Syntax::suricata) return;
    Diagnostics ignored;
    const auto rules = parse_rules({}, s_.info->source, Syntax::suricata, ignored);
    if (rules.size() != 1) return;
    std::vector<std::string_view> said;
    for (const auto& option : rules[0].options) {
      const auto* old = std::ranges::find(deprecated_words, std::string_view(option.name), &Deprecated::name);
      if (old == deprecated_words.end() || std::ranges::find(said, old->name) != said.end()) continue;
      said.push_back(old->name);
      say("L08", "'" + option.name + "' is an old word", fmt::format("Use {}", old->instead));
    }
  }

  const Signature& s_;
  double cost_;
  std::size_t positive_ = 0;
  std::size_t negated_ = 0;
  std::string longest_;
  std::vector<const PcreTest*> expressions_;
  std::vector<LintFinding> out_;
};

}  // namespace

std::vector<LintFinding> lint_signature(const Signature& signature) { return Linter(signature).look(); }

}  // namespace tocsin::rules::signature
