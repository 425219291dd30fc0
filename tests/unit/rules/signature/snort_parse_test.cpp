// How Snort 3 text is read: places, comments, what is refused, and which language a rule is taken for.
#include <algorithm>

#include "rules/signature/parse/rule_parser.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

std::vector<RuleAst> read(std::string_view text, Diagnostics& diagnostics, Syntax syntax = Syntax::snort3,
                          std::string_view file = "a.rules") {
  return parse_rules(file, text, syntax, diagnostics);
}

TEST(SnortText, RulesSpanLinesAndCarryPlaces) {
  Diagnostics diagnostics;
  const auto rules = read(
      "# comment\n"
      "/* alert tcp (sid:9;)\n */\n"
      "alert tcp $HOME_NET any -> [10.0.0.0/8, !10.1.0.0/16] 80\n"
      "(\n"
      "  msg:\"a; b) c\";  # words\n"
      "  content:\"x|3b|\",nocase,\n"
      "    depth 9;\n"
      "  sid:1\n"
      ")\n"
      "#begin\nalert tcp (sid:8;)\n#end\n"
      "alert http (http_uri; content:\"y\"; sid:2;)\n",
      diagnostics);
  EXPECT_TRUE(diagnostics.all().empty());
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].place.line, 4U);
  EXPECT_EQ(rules[0].destination_addresses.text, "[10.0.0.0/8,!10.1.0.0/16]");
  ASSERT_EQ(rules[0].options.size(), 5U);
  EXPECT_EQ(rules[0].options[0].value, "\"a; b) c\"");
  EXPECT_EQ(rules[0].options[1].name, "content");
  EXPECT_EQ(rules[0].options[1].place.line, 7U);
  EXPECT_EQ(rules[0].options[1].place.column, 3U);
  EXPECT_EQ(rules[0].options[3].value, "9");
  EXPECT_EQ(rules[1].place.line, 14U);
  EXPECT_EQ(rules[1].source_addresses.text, "any");
  EXPECT_EQ(rules[1].options[0].name, "http.uri");
  EXPECT_EQ(rules[1].syntax, Syntax::snort3);
}

TEST(SnortText, EachBadRuleIsSaidAndTheRestLoads) {
  Diagnostics diagnostics;
  const auto rules = read(
      "alert tcp any any -> any any (sid:1;\n"
      "alert tcp any any >> any any (sid:2;)\n"
      "alert tcp any any -> any any (content:\"a; sid:3;)\n"
      "alert (content:\"a\",nocase sid:4;)\n"
      "include other.rules\n"
      "alert tcp (content:\"ok\"; sid:5;)\n"
      "shout tcp (sid:6;)\n"
      "alert nosuch (sid:7;)\n"
      "alert tcp (content:\"abc\",frob; sid:8;)\n"
      "alert tcp ( : ; sid:9;)\n"
      "alert tcp (sid:10;",
      diagnostics);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].options.back().value, "5");
  std::vector<std::uint32_t> lines;
  for (const auto& d : diagnostics.all()) lines.push_back(d.line);
  EXPECT_EQ(lines, (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 7, 8, 9, 10, 11}));
  const auto& frob = diagnostics.all()[7];
  EXPECT_EQ(frob.column, 26U);
  EXPECT_NE(frob.cause.find("frob"), std::string::npos);
}

TEST(SnortText, UnsupportedOptionsNameThemselves) {
  for (const char* option :
       {"js_data", "vba_data", "cvs:invalid-entry", "gtp_type:1", "s7commplus_content", "http_true_ip", "replace:\"x\"",
        "so:eval", "sha256:\"00\",length 4", "sd_pattern:\"credit_card\"", "http_raw_body", "appids:\"x\""}) {
    Diagnostics diagnostics;
    const auto rules = read("alert tcp (content:\"a\"; " + std::string(option) + "; sid:1;)", diagnostics);
    const std::string name = std::string(option).substr(0, std::string_view(option).find(':'));
    EXPECT_TRUE(rules.empty()) << option;
    ASSERT_EQ(diagnostics.errors(), 1U) << option;
    EXPECT_NE(diagnostics.all()[0].cause.find(name), std::string::npos) << option;
    EXPECT_EQ(diagnostics.all()[0].column, 25U) << option;
    EXPECT_FALSE(diagnostics.all()[0].next_step.empty()) << option;
  }
}

TEST(SnortText, BadValuesAreRefused) {
  for (const char* option : {"content:abc",
                             "content:\"|zz|\"",
                             "content:\"|41\"",
                             "content:\"abc\",fast_pattern_offset 9",
                             "content:\"a\",width 12",
                             "pcre:\"x\"",
                             "pcre:\"/x/U\"",
                             "regex:\"/x/\",frob",
                             "bufferlen:x",
                             "bufferlen:!4,relative",
                             "itype:a",
                             "ttl:5-9",
                             "tag:host,packets 3",
                             "flowbits:set,a|b",
                             "flowbits:isset,a|b&c",
                             "stream_size:>5,sideways",
                             "rpc:x",
                             "ber_data:999",
                             "http_uri:middle",
                             "http_header:field",
                             "http_header:field a:b",
                             "http_param:",
                             "http_num_headers:x",
                             "http_version_match:\"one\"",
                             "sip_method:1",
                             "sip_method:!a,b",
                             "sip_stat_code:99",
                             "file_type:\"NONSUCH\"",
                             "file_type:\"PDF_1.4\"",
                             "modbus_func:nothing",
                             "modbus_unit:x",
                             "dnp3_obj:5",
                             "ssl_state:unknown",
                             "pkt_data:x",
                             "sd_pattern:\"us_social\",threshold 0"}) {
    SignatureOptions options;
    options.syntax = Syntax::snort3;
    Bench bench("alert tcp (" + std::string(option) + "; sid:1;)", options);
    EXPECT_EQ(bench.diagnostics.errors(), 1U) << option;
    EXPECT_TRUE(bench.set->rules().empty()) << option;
  }
}

TEST(SnortText, ServicesReplacePortsWhereTheyAreTold) {
  Diagnostics diagnostics;
  const auto rules = read(
      "alert tcp any any -> any 80 (service:http; content:\"a\"; sid:1;)\n"
      "alert tcp any any -> any 6667 (service:irc; content:\"a\"; sid:2;)\n"
      "alert netbios-ssn (content:\"a\"; sid:3;)\n",
      diagnostics);
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].destination_ports.text, "any");
  EXPECT_EQ(rules[1].destination_ports.text, "6667");
  ASSERT_EQ(rules[1].remarks.size(), 1U);
  EXPECT_EQ(rules[2].protocol.text, "smb");
}

// Languages side by side in a file that does not say which it is.
struct Taken {
  const char* rule;
  Syntax syntax;
};

TEST(SyntaxChoice, EachRuleByWhatOnlyOneLanguageSays) {
  static constexpr Taken rules[]{
      {"alert tcp any any -> any any (content:\"a\",nocase; sid:1;)", Syntax::snort3},
      {"alert http (http_uri; content:\"a\"; sid:1;)", Syntax::snort3},
      {"alert tcp any any -> any any (http_uri; content:\"a\"; sid:1;)", Syntax::snort3},
      {"alert tcp any any -> any 80 (content:\"a\"; service:http; sid:1;)", Syntax::snort3},
      {"alert tcp any any -> any any (content:\"a\"; flowbits:set,a&b; sid:1;)", Syntax::snort3},
      {"alert tcp any any -> any any (content:\"a;b\",nocase; sid:1;)", Syntax::snort3},
      {"alert tcp any any -> any any\n  (content:\"a\"; sid:1;)", Syntax::snort3},
      {"alert tcp any any -> any any (content:\"a\"; nocase; sid:1;)", Syntax::suricata},
      {"alert http any any -> any any (http.uri; content:\"a\"; sid:1;)", Syntax::suricata},
      {"alert tcp any any -> any any (content:\"a\"; http_uri; sid:1;)", Syntax::suricata},
      {"alert tcp any any -> any any (content:\"a\"; depth:9; http_uri; content:\"b\"; sid:1;)", Syntax::suricata},
      {"alert tcp any any -> any any (content:\"a\"; sid:1;)", Syntax::suricata},
  };
  for (const auto& [rule, syntax] : rules) {
    Diagnostics diagnostics;
    const auto read_rules = read(rule, diagnostics, Syntax::automatic);
    ASSERT_EQ(read_rules.size(), 1U) << rule;
    EXPECT_EQ(read_rules[0].syntax, syntax) << rule;
    EXPECT_TRUE(diagnostics.all().empty()) << rule;
  }
}

TEST(SyntaxChoice, NeighboursDecideWhatBothCouldSay) {
  const std::string open = "alert http any any -> any any (content:\"a\"; http_uri; content:\"b\"; sid:1;)\n";
  const std::string snort = "alert tcp any any -> any any (content:\"c\",nocase; sid:2;)\n";
  const std::string suricata = "alert tcp any any -> any any (content:\"c\"; nocase; sid:3;)\n";
  const auto taken = [](const std::string& text, std::string& code) {
    Diagnostics diagnostics;
    const auto rules = read(text, diagnostics, Syntax::automatic);
    if (!diagnostics.all().empty()) code = diagnostics.all()[0].code;
    return rules.at(0).syntax;
  };
  std::string code;
  EXPECT_EQ(taken(open + snort, code), Syntax::snort3);
  EXPECT_EQ(taken(open + suricata, code), Syntax::suricata);
  EXPECT_EQ(code, "");
  EXPECT_EQ(taken(open, code), Syntax::suricata);
  EXPECT_EQ(code, "S0108");
  code.clear();
  EXPECT_EQ(taken(open + snort + suricata, code), Syntax::suricata);
  EXPECT_EQ(code, "S0108");
}

TEST(SyntaxChoice, NamesAndOptionsSayIt) {
  const char* rule = "alert http any any -> any any (content:\"a\"; http_uri; content:\"b\"; sid:1;)\n";
  Diagnostics diagnostics;
  EXPECT_EQ(read(rule, diagnostics, Syntax::automatic, "x.snort3.rules").at(0).syntax, Syntax::snort3);
  EXPECT_EQ(read(rule, diagnostics, Syntax::automatic, "x.snort3").at(0).syntax, Syntax::snort3);
  EXPECT_EQ(read(rule, diagnostics, Syntax::snort3, "x.suricata.rules").at(0).syntax, Syntax::suricata);
  EXPECT_EQ(read(rule, diagnostics, Syntax::snort3).at(0).syntax, Syntax::snort3);
  EXPECT_TRUE(diagnostics.all().empty());
}

// Fails in one language and reads in the other, and nothing else tells: refused, and the way out is said.
TEST(SyntaxChoice, TheOtherReadingIsSaid) {
  for (const std::string rule : {"alert tcp any any -> any any (content:\"a\\x41\"; sid:1;)\n",
                                 "alert tcp any any -> any any (content:\"a\"; tag:session,packets 10; sid:1;)\n",
                                 "alert tcp any any -> any any (content:\"a\"; sid:1)\n"}) {
    Bench bench(rule);
    EXPECT_TRUE(bench.set->rules().empty()) << rule;
    ASSERT_EQ(bench.diagnostics.errors(), 1U) << rule;
    EXPECT_NE(bench.diagnostics.all()[0].next_step.find("Snort 3"), std::string::npos) << rule;
    // Among rules of Snort 3 there is no doubt, among Suricata's neither.
    Bench among("alert http (http_uri; content:\"x\"; sid:2;)\n" + rule);
    EXPECT_EQ(among.set->rules().size(), 2U) << rule;
    EXPECT_FALSE(among.diagnostics.has_errors()) << rule;
    SignatureOptions said;
    said.syntax = Syntax::snort3;
    EXPECT_FALSE(Bench(rule, said).diagnostics.has_errors()) << rule;
    said.syntax = Syntax::suricata;
    Bench suricata(rule, said);
    EXPECT_EQ(suricata.diagnostics.errors(), 1U) << rule;
    EXPECT_EQ(suricata.diagnostics.all()[0].next_step.find("Snort 3"), std::string::npos) << rule;
  }
  Bench neither("alert tcp any any -> any any (content:\"a\"; tag:nonsense; sid:1;)");
  EXPECT_EQ(neither.diagnostics.errors(), 1U);
  EXPECT_EQ(neither.diagnostics.all()[0].next_step.find("Snort 3"), std::string::npos);
}

TEST(SyntaxChoice, ReadingsCountEachLanguage) {
  Bench bench(
      "alert tcp any any -> any any (content:\"a\"; nocase; sid:1;)\n"
      "alert tcp (content:\"b\"; sid:2;)\nalert tcp (content:\"c\"; sid:3;)\n"
      "alert tcp any any -> any any (content:\"a\"; nocase; depth:x; sid:4;)\n");
  const auto readings = bench.set->readings();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].language, "suricata");
  EXPECT_EQ(readings[0].loaded, 1U);
  EXPECT_EQ(readings[1].language, "snort3");
  EXPECT_EQ(readings[1].loaded, 2U);
}

// Analysts switch rules of both languages on and off and change them before they are read.
TEST(SyntaxChoice, TheGateIsAskedAboutEachRule) {
  const RuleGate gate = [](std::string_view text, bool commented,
                           std::string& rewritten) -> std::optional<std::string_view> {
    const auto id = find_rule_id(text);
    if (id == "1:1" || (commented && id != "1:3")) return std::nullopt;
    if (id != "1:4") return text;
    rewritten = std::string(text);
    rewritten.replace(rewritten.find("old"), 3, "new");
    return rewritten;
  };
  const std::string text =
      "alert tcp\n (content:\"one\",nocase; sid:1;)\n"
      "  alert tcp (content:\"two\",nocase; sid:2;)\n"
      "# alert tcp (content:\"three\",nocase; sid:3;)\n"
      "alert tcp\n (content:\"old\",nocase; sid:4;)\n"
      "#alert tcp (content:\"five\",nocase; sid:5;)\n";
  for (const auto syntax : {Syntax::automatic, Syntax::snort3}) {
    Diagnostics diagnostics;
    const auto rules = parse_rules("a.rules", text, syntax, diagnostics, gate);
    EXPECT_TRUE(diagnostics.all().empty());
    ASSERT_EQ(rules.size(), 3U);
    EXPECT_EQ(rules[0].place.column, 3U);
    EXPECT_EQ(rules[1].options.back().value, "3");
    EXPECT_EQ(rules[1].place.line, 4U);
    EXPECT_EQ(rules[2].options.front().value, "\"new\"");
    EXPECT_EQ(parse_rules("a.rules", text, syntax, diagnostics).size(), 3U);
  }
}

// Openings without ends must not cost the square of their number.
TEST(SyntaxChoice, OpeningsWithoutEndsAreBounded) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "alert tcp ( /*\n#begin\n";
  for (const auto syntax : {Syntax::automatic, Syntax::snort3}) {
    Diagnostics diagnostics;
    const auto started = std::chrono::steady_clock::now();
    EXPECT_TRUE(read(text, diagnostics, syntax).empty());
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
    EXPECT_TRUE(diagnostics.has_errors());
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
