#pragma once
// Traffic that rules of both languages are run over: each scene is a conversation of its own, with what a rule of one
// language looks for in it and a like one without.

#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {

using collectors::BufferSide;

struct Scene {
  const char* name;
  void (*play)(Bench&);
};

struct HttpValues {
  std::string method, uri, raw_uri, host, agent, cookie, body, extra;
  std::string status, reason, server, location, type, answer;
};

inline HttpValues bad_http() {
  return {"POST",
          "/a b/shell.php?id=7&Name=evil#top",
          "/a%20b/shell.php?id=7&Name=evil#top",
          "bad.example",
          "Evil/1.0",
          "session=stolen",
          "user=admin&pass=owned",
          "X-Stage: Second\r\n",
          "403",
          "Forbidden",
          "nastyd/2",
          "http://bad.example/next",
          "application/pdf",
          "%PDF-1.4 exploit"};
}
inline HttpValues good_http() {
  return {"GET", "/index.html", "/index.html", "good.example", "Mozilla/5.0", "a=b",       "",
          "",    "200",         "OK",          "nginx",        "/home",       "text/html", "<html>hello</html>"};
}

inline void play_http(Bench& bench, const HttpValues& v) {
  auto flow = Bench::flow(Protocol::http);
  const auto out = Direction::to_server;
  const auto in = Direction::to_client;
  const std::string request_lines = "Host: " + v.host + "\r\nUser-Agent: " + v.agent + "\r\nAccept: */*\r\n" +
                                    "Accept-Language: xx\r\nAccept-Encoding: gzip\r\nReferer: http://" + v.host +
                                    "/ref\r\nConnection: " + (v.method == "POST" ? "upgrade" : "close") +
                                    "\r\nContent-Length: " + std::to_string(v.body.size()) + "\r\n" + v.extra;
  const std::string request_line = v.method + ' ' + v.raw_uri + " HTTP/1." + (v.method == "POST" ? "0" : "1");
  const std::string response_line = "HTTP/1.1 " + v.status + ' ' + v.reason;
  const std::string response_lines =
      "Server: " + v.server + "\r\nLocation: " + v.location + "\r\nContent-Type: " + v.type + "\r\n";
  FakeTransaction http(Protocol::http);
  http.add(Buffer::http_method, out, v.method);
  http.add(Buffer::http_uri, out, v.uri);
  http.add(Buffer::http_uri_raw, out, v.raw_uri);
  http.add(Buffer::http_protocol, out, request_line.substr(request_line.rfind(' ') + 1));
  http.add(Buffer::http_request_line, out, request_line);
  http.add(Buffer::http_header, out, request_lines);
  http.add(Buffer::http_header_raw, out, request_lines + "Cookie: " + v.cookie + "\r\n");
  http.add(Buffer::http_cookie, out, v.cookie);
  http.add(Buffer::http_user_agent, out, v.agent);
  http.add(Buffer::http_host, out, v.host);
  http.add(Buffer::http_host_raw, out, v.host);
  http.add(Buffer::http_referer, out, "http://" + v.host + "/ref");
  http.add(Buffer::http_accept, out, v.method == "POST" ? "evil/type" : "*/*");
  http.add(Buffer::http_accept_lang, out, v.method == "POST" ? "zz-evil" : "en");
  http.add(Buffer::http_accept_enc, out, v.method == "POST" ? "evilzip" : "gzip");
  http.add(Buffer::http_connection, out, v.method == "POST" ? "upgrade" : "close");
  http.add(Buffer::http_content_len, out, std::to_string(v.body.size()));
  for (int i = 0; i < (v.method == "POST" ? 12 : 3); ++i)
    http.add(Buffer::http_request_header, out, std::to_string(i).append(": x"));
  if (!v.body.empty()) http.add(Buffer::http_request_body, out, v.body);
  bench.packet(&flow, request_line + "\r\n" + request_lines + "\r\n" + v.body, out);
  bench.transaction(flow, http, out);
  http.add(Buffer::http_protocol, in, "HTTP/1.1");
  http.add(Buffer::http_response_line, in, response_line);
  http.add(Buffer::http_stat_code, in, v.status);
  http.add(Buffer::http_stat_msg, in, v.reason);
  http.add(Buffer::http_header, in, response_lines);
  http.add(Buffer::http_header_raw, in, response_lines);
  http.add(Buffer::http_server, in, v.server);
  http.add(Buffer::http_location, in, v.location);
  http.add(Buffer::http_content_type, in, v.type);
  http.add(Buffer::http_response_body, in, v.answer);
  http.add(Buffer::file_data, in, v.answer);
  bench.packet(&flow, response_line + "\r\n" + response_lines + "\r\n" + v.answer, in);
  bench.transaction(flow, http, in);
}

inline void play_tcp(Bench& bench, std::string_view request, std::string_view answer) {
  auto flow = Bench::flow();
  bench.packet(&flow, request, Direction::to_server);
  bench.packet(&flow, answer, Direction::to_client);
}

inline void play_spoken(Bench& bench, Protocol protocol, std::string_view payload, std::uint8_t transport,
                        std::initializer_list<std::pair<Buffer, std::string>> buffers,
                        Direction direction = Direction::to_server) {
  auto flow = Bench::flow(protocol, transport);
  FakeTransaction transaction(protocol);
  for (const auto& [buffer, value] : buffers) transaction.add(buffer, direction, value);
  bench.packet(&flow, payload, direction, transport);
  bench.transaction(flow, transaction, direction);
}

// A packet with header fields of its own.
template <class Change>
void play_packet(Bench& bench, std::uint8_t protocol, Change change, std::string_view payload = {}) {
  auto flow = Bench::flow(Protocol::unknown, protocol);
  std::array<std::uint8_t, 24> header{0x46, 0x10, 0, 0, 0x12, 0x34, 0x20, 0x02};  // tos, id, more fragments at 16
  auto packet = bench.make(&flow, payload, Direction::to_server, protocol, 0x18);
  packet.ip_header = header;
  change(packet, header.data());
  bench.observer->on_packet(packet);
}

inline std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    out += static_cast<char>(label.size());
    out += label;
    name = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  }
  return out + '\0';
}

inline void play_dns(Bench& bench, const std::string& name) {
  play_spoken(bench, Protocol::dns, std::string("\x12\x34\x01\0\0\x01\0\0\0\0\0\0", 12) + wire_name(name), 17,
              {{Buffer::dns_query, name}, {Buffer::dns_query_name, name}});
}

inline void play_tls(Bench& bench, const std::string& name, const std::string& subject, std::uint16_t version) {
  auto flow = Bench::flow(Protocol::tls);
  FakeTransaction tls(Protocol::tls);
  tls.progress_now = subject.empty() ? 0 : 9;
  tls.complete_now = true;
  tls.add(Buffer::tls_sni, Direction::to_server, name);
  tls.add(Buffer::tls_version, Direction::to_server, std::to_string(version));
  bench.packet(&flow, std::string("\x16\x03\x01\0\x40\x01", 6) + name, Direction::to_server);
  bench.transaction(flow, tls, Direction::to_server);
  tls.add(Buffer::tls_version, Direction::to_client, std::to_string(version));
  tls.add(Buffer::tls_cert_subject, Direction::to_client, subject);
  tls.add(Buffer::tls_cert_issuer, Direction::to_client, subject + " issuer");
  tls.add(Buffer::tls_cert_serial, Direction::to_client, "0A:0B");
  tls.add(Buffer::tls_certs, Direction::to_client, "0\x82" + subject);
  bench.packet(&flow, std::string("\x16\x03\x03\0\x40\x02", 6) + subject + " issuer", Direction::to_client);
  bench.transaction(flow, tls, Direction::to_client);
}

inline std::string uuid_bytes(std::uint8_t first) {
  std::string out("\x4b\x32\x4f\xc8\x16\x70\x01\xd3\x12\x78\x5a\x47\xbf\x6e\xe1\x88", 16);
  out[0] = static_cast<char>(first);
  return out + std::string("\x03\0", 2);
}

inline void play_rpc(Bench& bench, char program) {
  auto flow = Bench::flow(Protocol::unknown, 17);
  bench.packet(&flow,
               std::string("\1\2\3\4\0\0\0\0\0\0\0\2\0\1\x86", 15) + program + std::string("\0\0\0\3\0\0\0\5rest", 12),
               Direction::to_server, 17);
}

inline constexpr std::uint8_t icmp_bytes[8] = {8};

inline std::span<const Scene> scenes() {
  static constexpr Scene all[]{
      {"http bad", [](Bench& b) { play_http(b, bad_http()); }},
      {"http good", [](Bench& b) { play_http(b, good_http()); }},
      {"tcp bad", [](Bench& b) { play_tcp(b, "LOGIN evilUser\r\n", "denied you are"); }},
      {"tcp good", [](Bench& b) { play_tcp(b, "LOGIN user\r\n", "welcome"); }},
      {"tcp numbers", [](Bench& b) { play_tcp(b, std::string("LEN=\x00\x08:abcdefgh|tail 1234", 26), "ok"); }},
      {"tcp other numbers", [](Bench& b) { play_tcp(b, std::string("LEN=\x00\x02:abcdefgh|tail 0001", 26), "ok"); }},
      {"tcp base64", [](Bench& b) { play_tcp(b, "token: ZXZpbCBjb21tYW5k\r\n", "ok"); }},
      {"tcp wide", [](Bench& b) { play_tcp(b, std::string("e\0v\0i\0l\0", 8), "ok"); }},
      {"tcp sensitive", [](Bench& b) { play_tcp(b, "ssn 123-45-6789 and 321-54-9876.", "ok"); }},
      {"udp ber",
       [](Bench& b) {
         auto flow = Bench::flow(Protocol::snmp, 17);
         b.packet(&flow, std::string("\x30\x0c\x02\x01\x01\x04\x06public\x05\0", 15), Direction::to_server, 17);
       }},
      {"udp ber other",
       [](Bench& b) {
         auto flow = Bench::flow(Protocol::snmp, 17);
         b.packet(&flow, std::string("\x30\x0c\x04\x01\x01\x04\x06public\x05\0", 15), Direction::to_server, 17);
       }},
      {"dns bad", [](Bench& b) { play_dns(b, "www.evil.example"); }},
      {"dns good", [](Bench& b) { play_dns(b, "www.good.example"); }},
      {"dns longer", [](Bench& b) { play_dns(b, "notevil.example.org"); }},
      {"tls bad", [](Bench& b) { play_tls(b, "evil.example", "CN=Evil Org", 0x0301); }},
      {"tls good", [](Bench& b) { play_tls(b, "good.example", "CN=Good Org", 0x0303); }},
      {"tls silent", [](Bench& b) { play_tls(b, "quiet.example", "", 0x0303); }},
      {"smb bad",
       [](Bench& b) {
         play_spoken(b, Protocol::smb, "\xffSMB", 6,
                     {{Buffer::dcerpc_iface, uuid_bytes(0x4b)},
                      {Buffer::dcerpc_opnum, "15"},
                      {Buffer::dcerpc_stub_data, "stub with evil in it"}});
       }},
      {"smb good",
       [](Bench& b) {
         play_spoken(b, Protocol::smb, "\xffSMB", 6,
                     {{Buffer::dcerpc_iface, uuid_bytes(0x4c)},
                      {Buffer::dcerpc_opnum, "3"},
                      {Buffer::dcerpc_stub_data, "stub"}});
       }},
      {"sip invite", [](Bench& b) { play_spoken(b, Protocol::sip, "INVITE", 17, {{Buffer::sip_method, "INVITE"}}); }},
      {"sip answer",
       [](Bench& b) {
         play_spoken(b, Protocol::sip, "SIP/2.0 404", 17, {{Buffer::sip_stat_code, "404"}}, Direction::to_client);
       }},
      {"sip fine",
       [](Bench& b) {
         play_spoken(b, Protocol::sip, "SIP/2.0 200", 17, {{Buffer::sip_stat_code, "200"}, {Buffer::sip_method, "BYE"}},
                     Direction::to_client);
       }},
      {"modbus write",
       [](Bench& b) {
         play_spoken(b, Protocol::modbus, "modbus", 6, {{Buffer::modbus_function, "16"}, {Buffer::modbus_unit, "5"}});
       }},
      {"modbus read",
       [](Bench& b) {
         play_spoken(b, Protocol::modbus, "modbus", 6, {{Buffer::modbus_function, "1"}, {Buffer::modbus_unit, "1"}});
       }},
      {"dnp3 restart",
       [](Bench& b) {
         play_spoken(b, Protocol::dnp3, "dnp3", 6,
                     {{Buffer::dnp3_function, "13"},
                      {Buffer::dnp3_object, std::to_string((50 << 8) | 1)},
                      {Buffer::dnp3_data, "evil data"}});
       }},
      {"dnp3 read",
       [](Bench& b) {
         play_spoken(b, Protocol::dnp3, "dnp3", 6,
                     {{Buffer::dnp3_function, "1"}, {Buffer::dnp3_object, "1"}, {Buffer::dnp3_data, "data"}});
       }},
      {"enip",
       [](Bench& b) {
         play_spoken(b, Protocol::enip, "enip", 6, {{Buffer::enip_command, "99"}, {Buffer::enip_cip_class, "4"}});
       }},
      {"ssh bad",
       [](Bench& b) {
         play_spoken(b, Protocol::ssh, "SSH-2.0-evilssh_1\r\n", 6,
                     {{Buffer::ssh_proto, "2.0"}, {Buffer::ssh_software, "evilssh_1"}});
       }},
      {"ssh good",
       [](Bench& b) {
         play_spoken(b, Protocol::ssh, "SSH-1.9-OpenSSH_9\r\n", 6,
                     {{Buffer::ssh_proto, "1.9"}, {Buffer::ssh_software, "OpenSSH_9"}});
       }},
      {"rpc mount", [](Bench& b) { play_rpc(b, '\xa5'); }},
      {"rpc nfs", [](Bench& b) { play_rpc(b, '\xa3'); }},
      {"icmp echo",
       [](Bench& b) {
         play_packet(
             b, 1,
             [](auto& p, std::uint8_t*) {
               p.icmp_type = 8, p.icmp_code = 0, p.icmp_id = 0x1234, p.icmp_sequence = 7, p.transport = icmp_bytes;
             },
             "ping");
       }},
      {"icmp unreachable",
       [](Bench& b) {
         play_packet(
             b, 1, [](auto& p, std::uint8_t*) { p.icmp_type = 3, p.icmp_code = 13, p.transport = icmp_bytes; }, "pong");
       }},
      {"syn fin",
       [](Bench& b) {
         play_packet(b, 6, [](auto& p, std::uint8_t*) {
           p.tcp.flags = 0x03, p.tcp.sequence = 674711609, p.tcp.window = 55808, p.tcp.acknowledgement = 5,
           p.time_to_live = 3;
         });
       }},
      {"fragment",
       [](Bench& b) {
         play_packet(b, 6, [](auto&, std::uint8_t* header) { header[20] = 131, header[21] = 3; }, "pieces");
       }},
      {"igmp",
       [](Bench& b) {
         play_packet(b, 2, [](auto& p, std::uint8_t*) {
           p.transport = {};
           p.tcp = {};
         });
       }},
      {"long udp",
       [](Bench& b) {
         auto flow = Bench::flow(Protocol::unknown, 17);
         b.packet(&flow, std::string(300, 'A'), Direction::to_server, 17);
       }},
  };
  return all;
}

// How often a rule alerts in each scene.
inline std::vector<std::size_t> alerts_of(const std::string& rule, Syntax syntax, std::string& problem) {
  SignatureOptions options;
  options.syntax = syntax;
  Bench bench(rule, options);
  for (const auto& d : bench.diagnostics.all())
    if (d.severity == Severity::error) problem = render_text(d);
  std::vector<std::size_t> out;
  for (const auto& scene : scenes()) {
    scene.play(bench);
    out.push_back(bench.sids().size());
    bench.time += std::chrono::seconds(100);
  }
  return out;
}

}  // namespace tocsin::rules::signature::testing
