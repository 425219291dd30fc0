// The same detection in both languages raises the same alerts over the same traffic. A row for each option.
#include <algorithm>
#include <numeric>

#include "tests/unit/rules/signature/scenes.h"

namespace tocsin::rules::signature::testing {
namespace {

struct Pair {
  const char* option;
  const char* snort;
  const char* suricata;
};

// Heads and sids are added: "tcp|options" → alert tcp any any -> any any (options sid:1;). Snort's may be short.
std::string rule_of(std::string_view text, bool short_head) {
  const auto bar = text.find('|');
  std::string head(text.substr(0, bar));
  if (!short_head) head += " any any -> any any";
  return "alert " + head + " (" + std::string(text.substr(bar + 1)) + " sid:1;)";
}

constexpr Pair pairs[]{
    // payload
    {"content", "tcp|content:\"evilUser\";", "tcp|content:\"evilUser\";"},
    {"content negated", "tcp|content:\"LOGIN\"; content:!\"evil\";", "tcp|content:\"LOGIN\"; content:!\"evil\";"},
    {"content hex", "tcp|content:\"|4C 4f|GIN|20 65|vil\";", "tcp|content:\"LOGIN evil\";"},
    {"content escapes", "tcp|content:\"\\x4cOGIN\\x20evilUser\\r\\n\";", "tcp|content:\"LOGIN evilUser|0d 0a|\";"},
    {"content semicolon", "tcp|content:!\"a;b\"; content:\"evilUser\";",
     "tcp|content:!\"a\\;b\"; content:\"evilUser\";"},
    {"nocase", "tcp|content:\"EVILuser\",nocase;", "tcp|content:\"EVILuser\"; nocase;"},
    {"fast_pattern", "tcp|content:\"LOGIN\",fast_pattern; content:\"evilUser\";",
     "tcp|content:\"LOGIN\"; fast_pattern; content:\"evilUser\";"},
    {"fast_pattern_offset", "tcp|content:\"LOGIN evil\",fast_pattern_offset 2,fast_pattern_length 5;",
     "tcp|content:\"LOGIN evil\"; fast_pattern:2,5;"},
    {"offset depth", "tcp|content:\"evil\",offset 6,depth 4;", "tcp|content:\"evil\"; offset:6; depth:4;"},
    {"distance within", "tcp|content:\"LOGIN\"; content:\"User\",distance 5,within 4;",
     "tcp|content:\"LOGIN\"; content:\"User\"; distance:5; within:4;"},
    {"width endian", "tcp|content:\"evil\",width 16,endian little;", "tcp|content:\"e|00|v|00|i|00|l|00|\";"},
    {"startswith", "tcp|content:\"LOGIN ev\",offset 0,depth 8;", "tcp|content:\"LOGIN ev\"; startswith;"},
    {"endswith", "tcp|content:\"evilUser|0d 0a|\"; isdataat:!1,relative;",
     "tcp|content:\"evilUser|0d 0a|\"; endswith;"},
    {"isdataat", "tcp|content:\"LOGIN\"; isdataat:9,relative;", "tcp|content:\"LOGIN\"; isdataat:9,relative;"},
    {"pcre", "tcp|pcre:\"/login\\s+evil/i\";", "tcp|pcre:\"/login\\s+evil/i\";"},
    {"pcre relative", "tcp|content:\"LOGIN\"; pcre:\"/^ evil/R\";", "tcp|content:\"LOGIN\"; pcre:\"/^ evil/R\";"},
    {"regex", "tcp|content:\"LOGIN\"; regex:\"/\\x20EVIL/\",nocase,relative;",
     "tcp|content:\"LOGIN\"; pcre:\"/\\x20EVIL/iR\";"},
    {"sd_pattern", "tcp|sd_pattern:\"us_social\",threshold 2;",
     "tcp|pcre:\"/\\d{3}-\\d\\d-\\d{4}.*\\d{3}-\\d\\d-\\d{4}/\";"},
    {"byte_test", "tcp|content:\"LEN=\"; byte_test:2,>,4,0,relative;",
     "tcp|content:\"LEN=\"; byte_test:2,>,4,0,relative;"},
    {"byte_test string", "tcp|content:\"tail \"; byte_test:4,>,1000,0,relative,string,dec;",
     "tcp|content:\"tail \"; byte_test:4,>,1000,0,relative,string,dec;"},
    {"byte_jump", "tcp|content:\"LEN=\"; byte_jump:2,0,relative,post_offset 1; content:\"|7c|tail\",within 5;",
     "tcp|content:\"LEN=\"; byte_jump:2,0,relative,post_offset 1; content:\"|7c|tail\"; within:5;"},
    {"byte_extract", "tcp|content:\"LEN=\"; byte_extract:2,0,size,relative; content:\"tail\",distance size;",
     "tcp|content:\"LEN=\"; byte_extract:2,0,size,relative; content:\"tail\"; distance:size;"},
    {"byte_math",
     "tcp|byte_math:bytes 2,offset 4,oper *,rvalue 2,result twice; byte_test:2,<,twice,4; content:\"LEN=\";",
     "tcp|byte_math:bytes 2,offset 4,oper *,rvalue 2,result twice; byte_test:2,<,twice,4; content:\"LEN=\";"},
    {"base64",
     "tcp|content:\"token: \"; base64_decode:bytes 16,offset 0,relative; base64_data; content:\"command\",nocase;",
     "tcp|content:\"token: \"; base64_decode:bytes 16,offset 0,relative; base64_data; content:\"command\"; nocase;"},
    {"bufferlen", "udp|bufferlen:299<=>301;", "udp|dsize:298<>302;"},
    {"bufferlen relative", "tcp|content:\"LOGIN \"; bufferlen:>8,relative;",
     "tcp|content:\"LOGIN \"; isdataat:9,relative;"},
    {"dsize", "udp|dsize:>200;", "udp|dsize:>200;"},
    {"raw_data", "tcp|raw_data; content:\"evilUser\";", "tcp-pkt|content:\"evilUser\";"},
    {"rawbytes", "tcp|raw_data; content:\"evilUser\";", "tcp-pkt|content:\"evilUser\"; rawbytes;"},
    {"pkt_data", "http|http_method; content:\"POST\"; pkt_data; content:\"owned\";",
     "http|http.method; content:\"POST\"; pkt_data; content:\"owned\";"},
    {"ber_data", "udp|ber_data:0x30; ber_skip:0x02; ber_data:0x04; content:\"public\",within 6;",
     "udp|content:\"|30 0c 02 01 01 04 06|public\"; startswith;"},
    {"ber_skip optional", "udp|ber_data:48; ber_skip:2,optional; content:\"|04|\",within 1;",
     "udp|content:\"|30 0c|\"; startswith;"},
    {"asn1", "udp|asn1:oversize_length 5,print; content:\"public\";",
     "udp|asn1:oversize_length 5; content:\"public\";"},
    {"rpc", "udp|rpc:100005,3,5;",
     "udp|content:\"|00 00 00 00|\"; offset:4; depth:4; content:\"|00 01 86 a5|\"; "
     "offset:12; depth:4; content:\"|00 00 00 03 00 00 00 05|\"; offset:16; depth:8;"},
    // HTTP
    {"service head", "http|http_uri; content:\"/shell.php\";", "http|http.uri; content:\"/shell.php\";"},
    {"http_uri", "tcp|http_uri; content:\"/a b/\";", "tcp|http.uri; content:\"/a b/\";"},
    {"uricontent", "tcp|http_uri; content:\"shell\";", "tcp|uricontent:\"shell\";"},
    {"http_uri path", "http|http_uri:path; content:\"shell.php\"; isdataat:!1,relative;",
     "http|http.uri; pcre:\"/^[^?]*shell\\.php(?:\\?|$)/\";"},
    {"http_uri query", "http|http_uri:query; content:\"id=7\",offset 0,depth 4;", "http|http.uri; content:\"?id=7\";"},
    {"http_uri fragment", "http|http_uri:fragment; content:\"top\";", "http|http.uri; content:\"#top\";"},
    {"http_raw_uri", "http|http_raw_uri; content:\"%20\";", "http|http.uri.raw; content:\"%20\";"},
    {"http_param", "http|http_param:\"name\",nocase; content:\"evil\";", "http|http.uri; content:\"&Name=evil\";"},
    {"urilen", "http|http_uri; bufferlen:>20;", "http|urilen:>20;"},
    {"bsize", "http|http_method; bufferlen:4;", "http|http.method; bsize:4;"},
    {"http_method", "http|http_method; content:\"POST\";", "http|http.method; content:\"POST\";"},
    {"http_header", "http|flow:to_server; http_header; content:\"Evil/1\";",
     "http|flow:to_server; http.header; content:\"Evil/1\";"},
    {"http_header field", "http|flow:to_server; http_header:field x-stage; content:\"second\",nocase;",
     "http|flow:to_server; http.header; content:\"X-Stage: Second\";"},
    {"http_header absent field", "http|flow:to_server; http_header:field X-Stage; content:!\"nothing\";",
     "http|flow:to_server; http.header; content:\"X-Stage:\"; nocase;"},
    {"http.host", "http|http_header:field host; content:\"bad.example\";", "http|http.host; content:\"bad.example\";"},
    {"http.host.raw", "http|http_raw_header:field host; content:\"bad.example\";",
     "http|http.host.raw; content:\"bad.example\";"},
    {"http.user_agent", "http|http_header:field user-agent; content:\"Evil\";",
     "http|http.user_agent; content:\"Evil\";"},
    {"http.referer", "http|http_header:field referer; content:\"bad\";", "http|http.referer; content:\"bad\";"},
    {"http.accept", "http|http_header:field accept; content:\"evil\";", "http|http.accept; content:\"evil\";"},
    {"http.accept_enc", "http|http_header:field accept-encoding; content:\"evil\";",
     "http|http.accept_enc; content:\"evil\";"},
    {"http.accept_lang", "http|http_header:field accept-language; content:\"evil\";",
     "http|http.accept_lang; content:\"evil\";"},
    {"http.connection", "http|http_header:field connection; content:\"upgrade\";",
     "http|http.connection; content:\"upgrade\";"},
    {"http.content_len", "http|http_header:field content-length; content:\"21\";",
     "http|http.content_len; content:\"21\";"},
    {"http.content_type", "http|http_header:field content-type; content:\"pdf\";",
     "http|http.content_type; content:\"pdf\";"},
    {"http.location", "http|http_header:field location; content:\"bad\";", "http|http.location; content:\"bad\";"},
    {"http.server", "http|http_header:field server; content:\"nasty\";", "http|http.server; content:\"nasty\";"},
    {"http_raw_header", "http|flow:to_server; http_raw_header; content:\"Evil/1\";",
     "http|flow:to_server; http.header.raw; content:\"Evil/1\";"},
    {"http_cookie", "http|http_cookie; content:\"stolen\";", "http|http.cookie; content:\"stolen\";"},
    {"http_raw_cookie", "http|http_raw_cookie; content:\"stolen\";", "http|http.cookie; content:\"stolen\";"},
    {"http_client_body", "http|http_client_body; content:\"owned\";", "http|http.request_body; content:\"owned\";"},
    {"http_raw_request", "http|http_raw_request; content:\"POST /a%20b\";",
     "http|http.request_line; content:\"POST /a%20b\";"},
    {"http_raw_status", "http|http_raw_status; content:\"403 Forb\";",
     "http|http.response_line; content:\"403 Forb\";"},
    {"http_stat_code", "http|http_stat_code; content:\"403\";", "http|http.stat_code; content:\"403\";"},
    {"http_stat_msg", "http|http_stat_msg; content:\"Forbidden\";", "http|http.stat_msg; content:\"Forbidden\";"},
    {"http_version", "http|flow:to_server; http_version; content:\"1.0\";",
     "http|flow:to_server; http.protocol; content:\"1.0\";"},
    {"http_version_match", "http|flow:to_server; http_version_match:\"0.9 1.0\";",
     "http|flow:to_server; http.protocol; content:\"HTTP/1.0\";"},
    {"http_num_headers", "http|http_num_headers:>10;", "http|http.method; content:\"POST\";"},
    {"http_header_names", "http|flow:to_server; http_header; pcre:\"/^X-Stage:/m\";",
     "http|flow:to_server; http.header; content:\"|0d 0a|X-Stage:\";"},
    {"two buffers", "http|http_method; content:\"POST\"; http_uri; content:\"shell\"; content:\".php\",distance 0;",
     "http|http.method; content:\"POST\"; http.uri; content:\"shell\"; content:\".php\"; distance:0;"},
    {"file_data", "tcp|file_data; content:\"exploit\";", "tcp|file.data; content:\"exploit\";"},
    {"alert file", "file|file_data; content:\"exploit\";", "ip|file.data; content:\"exploit\";"},
    {"http.response_body", "http|file_data; content:\"exploit\";", "http|http.response_body; content:\"exploit\";"},
    {"file_type", "file|file_type:\"PDF,MSEXE\";", "ip|file.data; content:\"%PDF-\"; startswith;"},
    // other services
    {"service", "tcp|content:\"evil\"; service:ssh,telnet;", "ssh|content:\"evil\";"},
    {"app-layer-protocol", "udp|service:dns; dsize:>30;", "udp|app-layer-protocol:dns; dsize:>30;"},
    {"dns.query", "udp|service:dns; content:\"|04|evil|07|example|00|\";",
     "dns|dns.query; content:\".evil.example\"; endswith;"},
    {"dotprefix", "udp|service:dns; pcre:\"/[^a-z]\\x04evil\\x07example\\x00|[a-z]\\x04evil\\x07example\\x00/\";",
     "dns|dns.query; dotprefix; content:\".evil.example\"; endswith;"},
    {"tls.sni", "ssl|flow:to_server; content:\"evil.example\";", "tls|tls.sni; content:\"evil.example\";"},
    {"tls.cert_subject", "ssl|flow:to_client; content:\"Evil Org\";", "tls|tls.cert_subject; content:\"Evil Org\";"},
    {"tls.cert_issuer", "ssl|flow:to_client; content:\"Evil Org issuer\";",
     "tls|tls.cert_issuer; content:\"Evil Org\";"},
    {"tls.certs", "ssl|flow:to_client; content:\"Evil Org\";", "tls|tls.certs; content:\"Evil Org\";"},
    {"tls.version", "ssl|flow:to_server; ssl_version:tls1.0;", "tls|flow:to_server; tls.version:1.0;"},
    {"ssl_version", "ssl|ssl_version:tls1.0,sslv3;", "tls|ssl_version:tls1.0,sslv3;"},
    {"ssl_state", "ssl|ssl_state:server_hello;", "tls:server_hello|"},
    {"ssh.proto", "tcp|service:ssh; content:\"SSH-2.0-\";", "ssh|ssh.proto; content:\"2.0\";"},
    {"ssh.software", "tcp|service:ssh; content:\"evilssh\";", "ssh|ssh.software; content:\"evilssh\";"},
    {"dce_iface", "tcp|dce_iface:uuid 4b324fc8-1670-01d3-1278-5a47bf6ee188,version >1,any_frag;",
     "tcp|dce_iface:4b324fc8-1670-01d3-1278-5a47bf6ee188,>1,any_frag;"},
    {"dce_opnum", "tcp|dce_opnum:\"15,18-20\";", "tcp|dce_opnum:15,18-20;"},
    {"dce_stub_data", "tcp|dce_stub_data; content:\"evil\"; service:netbios-ssn;",
     "tcp|dce_stub_data; content:\"evil\";"},
    {"dce after buffer", "tcp|dce_stub_data; content:\"stub\"; dce_opnum:15; content:\"evil\",distance 0;",
     "tcp|dcerpc.stub_data; content:\"stub\"; content:\"evil\"; distance:0; dcerpc.opnum:15;"},
    {"sip_method", "sip|sip_method:invite,register;", "sip|sip.method; content:\"INVITE\";"},
    {"sip_method negated", "sip|sip_method:!bye;", "sip|sip.method; content:!\"BYE\";"},
    {"sip_stat_code", "sip|sip_stat_code:4,503;", "sip|sip.stat_code; content:\"404\";"},
    {"modbus_func", "modbus|modbus_func:write_multiple_registers;", "modbus|modbus:function 16;"},
    {"modbus_unit", "modbus|modbus_unit:5;", "modbus|modbus:unit 5;"},
    {"dnp3_func", "dnp3|dnp3_func:cold_restart;", "dnp3|dnp3_func:13;"},
    {"dnp3_obj", "dnp3|dnp3_obj:group 50,var 1;", "dnp3|dnp3_obj:50,1;"},
    {"dnp3_data", "dnp3|dnp3_data; content:\"evil\";", "dnp3|dnp3.data; content:\"evil\";"},
    {"enip_command", "enip|enip_command:>98;", "enip|enip_command:>98;"},
    {"cip_class", "enip|cip_class:4;", "enip|enip.cip_class:4;"},
    // flow and state
    {"flow", "tcp|flow:established,to_client; content:\"denied\";",
     "tcp|flow:established,to_client; content:\"denied\";"},
    {"flow from_server", "tcp|flow:from_server; content:\"denied\";", "tcp|flow:to_client; content:\"denied\";"},
    {"flow not_established", "tcp|flow:not_established; content:\"denied\";",
     "tcp|flow:not_established; content:\"denied\";"},
    {"stream_size", "tcp|stream_size:>5,to_server; content:\"denied\";",
     "tcp|stream_size:client,>,5; content:\"denied\";"},
    {"detection_filter", "tcp|content:\"LOGIN\"; detection_filter:track by_src,count 1,seconds 600;",
     "tcp|content:\"LOGIN\"; detection_filter:track by_src,count 1,seconds 600;"},
    {"tag", "tcp|content:\"evilUser\"; tag:session,packets 10;", "tcp|content:\"evilUser\"; tag:session,10,packets;"},
    {"noalert", "tcp|content:\"evilUser\"; flowbits:set,x; flowbits:noalert;",
     "tcp|content:\"evilUser\"; flowbits:set,x; noalert;"},
    {"meta",
     "tcp|content:\"evilUser\"; msg:\"it\\\"s\"; metadata:policy a drop,created_at x; classtype:trojan-activity; "
     "reference:cve,2020-1; rev:3; gid:1; priority:2; rem:\"words\"; target:dst_ip;",
     "tcp|content:\"evilUser\"; msg:\"it\\\"s\"; metadata:policy a drop,created_at x; classtype:trojan-activity; "
     "reference:cve,2020-1; rev:3; gid:1; priority:2; target:dest_ip;"},
    // headers
    {"itype", "icmp|itype:8;", "icmp|itype:8;"},
    {"itype range", "icmp|itype:7<>9;", "icmp|itype:8<>8;"},
    {"icode", "icmp|icode:>10;", "icmp|icode:>10;"},
    {"icmp_id", "icmp|icmp_id:4660;", "icmp|icmp_id:4660;"},
    {"icmp_seq", "icmp|icmp_seq:7;", "icmp|icmp_seq:7;"},
    {"flags", "tcp|flags:SF;", "tcp|flags:SF;"},
    {"flags any", "tcp|flags:*SF;", "tcp|flags:*SF;"},
    {"seq", "tcp|seq:674711609;", "tcp|seq:674711609;"},
    {"ack", "tcp|ack:5;", "tcp|ack:5;"},
    {"window", "tcp|window:55808;", "tcp|window:55808;"},
    {"ttl", "ip|ttl:<5;", "ip|ttl:<5;"},
    {"ttl range", "ip|ttl:2<=>4;", "ip|ttl:1<>5;"},
    {"tos", "icmp|tos:16;", "icmp|tos:16;"},
    {"id", "icmp|id:4660;", "icmp|id:4660;"},
    {"fragbits", "tcp|fragbits:M; flags:PA;", "tcp|fragbits:M; flags:PA;"},
    {"fragoffset", "icmp|fragoffset:2;", "icmp|fragoffset:2;"},
    {"ipopts", "tcp|ipopts:lsrr;", "tcp|ipopts:lsrr;"},
    {"ip_proto", "ip|ip_proto:igmp;", "ip|ip_proto:igmp;"},
};

TEST(SnortPairs, SameAlerts) {
  EXPECT_GE(std::size(pairs), 60U);
  for (const auto& [option, snort_text, suricata_text] : pairs) {
    std::string problem;
    // With the head in full and without its addresses.
    const auto full = alerts_of(rule_of(snort_text, false), Syntax::snort3, problem);
    EXPECT_EQ(problem, "") << option;
    const auto brief = alerts_of(rule_of(snort_text, true), Syntax::snort3, problem);
    const auto suricata = alerts_of(rule_of(suricata_text, false), Syntax::suricata, problem);
    EXPECT_EQ(problem, "") << option;
    EXPECT_EQ(brief, full) << option;
    for (std::size_t i = 0; i < suricata.size(); ++i)
      EXPECT_EQ(full[i], suricata[i]) << option << " in the scene " << scenes()[i].name;
    const auto alerts = std::accumulate(suricata.begin(), suricata.end(), std::size_t{0});
    const bool silent = std::string_view(option) == "noalert" || std::string_view(option) == "flow not_established";
    EXPECT_EQ(alerts == 0, silent) << option;
    EXPECT_NE(std::ranges::find(suricata, 0U), suricata.end()) << option << " alerts everywhere";
  }
}

// Rules that work together.
TEST(SnortPairs, FlowbitsOfSeveralNames) {
  const auto run = [](const std::string& tests, Syntax syntax) {
    SignatureOptions options;
    options.syntax = syntax;
    Bench bench(tests, options);
    EXPECT_FALSE(bench.diagnostics.has_errors());
    auto flow = Bench::flow();
    bench.packet(&flow, "first.");
    bench.packet(&flow, "check!");
    bench.packet(&flow, "second");
    bench.packet(&flow, "check!");
    return bench.sids();
  };
  const auto snort =
      run("alert tcp (content:\"first\"; flowbits:set,a&b; flowbits:noalert; sid:1;)\n"
          "alert tcp (content:\"second\"; flowbits:set,c; flowbits:unset,b; flowbits:noalert; sid:2;)\n"
          "alert tcp (content:\"check\"; flowbits:isset,a&b; sid:3;)\n"
          "alert tcp (content:\"check\"; flowbits:isset,b|c; sid:4;)\n"
          "alert tcp (content:\"check\"; flowbits:isnotset,a&c; sid:5;)\n"
          "alert tcp (content:\"check\"; flowbits:isnotset,c|d; sid:6;)\n",
          Syntax::snort3);
  const auto suricata =
      run("alert tcp any any -> any any (content:\"first\"; flowbits:set,a; flowbits:set,b; noalert; sid:1;)\n"
          "alert tcp any any -> any any (content:\"second\"; flowbits:set,c; flowbits:unset,b; noalert; sid:2;)\n"
          "alert tcp any any -> any any (content:\"check\"; flowbits:isset,a; flowbits:isset,b; sid:3;)\n"
          "alert tcp any any -> any any (content:\"check\"; flowbits:isset,b|c; sid:4;)\n"
          "alert tcp any any -> any any (content:\"check\"; flowbits:isnotset,a|c; sid:5;)\n"
          "alert tcp any any -> any any (content:\"check\"; flowbits:isnotset,c; flowbits:isnotset,d; sid:6;)\n",
          Syntax::suricata);
  EXPECT_EQ(snort, (Sids{3, 4, 5, 6, 4}));
  EXPECT_EQ(snort, suricata);
}

// What Snort 3 has no option for is refused and named, not guessed.
TEST(SnortPairs, WordsOfSuricataAreRefusedByName) {
  for (const char* word : {"dns.query",
                           "tls.sni",
                           "tls.certs",
                           "http.uri",
                           "ja3.hash",
                           "ja3.string",
                           "ja3s.hash",
                           "xbits:set,a,track ip_src",
                           "flowint:a,+,1",
                           "threshold:type limit,track by_src,count 1,seconds 1",
                           "app-layer-event:http.x",
                           "decode-event:ipv4.x",
                           "ftpbounce",
                           "sameip",
                           "tcp.hdr",
                           "http.start",
                           "nocase",
                           "startswith",
                           "endswith",
                           "dotprefix",
                           "bsize:4",
                           "urilen:4",
                           "target2"}) {
    SignatureOptions options;
    options.syntax = Syntax::snort3;
    Bench bench("alert tcp (content:\"a\"; " + std::string(word) + "; sid:7;)", options);
    ASSERT_EQ(bench.diagnostics.errors(), 1U) << word;
    const std::string name = std::string(word).substr(0, std::string_view(word).find(':'));
    EXPECT_EQ(bench.diagnostics.all()[0].code, "S0301") << word;
    EXPECT_NE(bench.diagnostics.all()[0].cause.find("'" + name + "'"), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
