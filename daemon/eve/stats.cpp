#include "daemon/eve/stats.h"

#include <algorithm>
#include <map>

#include "collectors/base/json.h"
#include "collectors/packet/packet_event.h"
#include "daemon/eve/header.h"

namespace tocsin::daemon {

using collectors::PacketCounters;
using collectors::Protocol;

void EveCounters::add(const EveCounters& other) {
  for (std::size_t i = 0; i < protocols; ++i) {
    auto& mine = applications[i];
    const auto& theirs = other.applications[i];
    mine.flows_tcp += theirs.flows_tcp;
    mine.flows_udp += theirs.flows_udp;
    mine.transactions_tcp += theirs.transactions_tcp;
    mine.transactions_udp += theirs.transactions_udp;
  }
  for (auto member :
       {&EveCounters::flows_tcp, &EveCounters::flows_udp, &EveCounters::flows_icmp4, &EveCounters::flows_icmp6,
        &EveCounters::syn, &EveCounters::syn_ack, &EveCounters::reset, &EveCounters::icmp4, &EveCounters::icmp6,
        &EveCounters::bypassed_packets, &EveCounters::bypassed_bytes})
    this->*member += other.*member;
  packet_bytes_most = std::max(packet_bytes_most, other.packet_bytes_most);
  for (std::size_t i = 0; i < events.size(); ++i) events[i] += other.events[i];
}

void EveStats::add(const EveCounters& counters, const PacketCounters& worker) {
  eve.add(counters);
  for (auto member : {&PacketCounters::received,
                      &PacketCounters::received_bytes,
                      &PacketCounters::decoded,
                      &PacketCounters::undecodable,
                      &PacketCounters::ethernet,
                      &PacketCounters::raw,
                      &PacketCounters::null,
                      &PacketCounters::sll,
                      &PacketCounters::sll2,
                      &PacketCounters::ppp,
                      &PacketCounters::pppoe,
                      &PacketCounters::chdlc,
                      &PacketCounters::vlan,
                      &PacketCounters::vlan_qinq,
                      &PacketCounters::vntag,
                      &PacketCounters::ieee8021ah,
                      &PacketCounters::mpls,
                      &PacketCounters::nsh,
                      &PacketCounters::gre,
                      &PacketCounters::erspan,
                      &PacketCounters::geneve,
                      &PacketCounters::vxlan,
                      &PacketCounters::teredo,
                      &PacketCounters::ether_type_unknown,
                      &PacketCounters::inner,
                      &PacketCounters::ipv4,
                      &PacketCounters::ipv6,
                      &PacketCounters::arp,
                      &PacketCounters::tcp,
                      &PacketCounters::udp,
                      &PacketCounters::sctp,
                      &PacketCounters::fragments,
                      &PacketCounters::fragments_reassembled,
                      &PacketCounters::flows,
                      &PacketCounters::sessions,
                      &PacketCounters::session_midstream,
                      &PacketCounters::stream_gaps,
                      &PacketCounters::stream_overlaps,
                      &PacketCounters::tunnels_too_deep,
                      &PacketCounters::stream_memory_refused,
                      &PacketCounters::packets_no_session})
    packets.*member += worker.*member;
  for (std::size_t i = 0; i < packets.parser_failed_tcp.size(); ++i) {
    packets.parser_failed_tcp[i] += worker.parser_failed_tcp[i];
    packets.parser_failed_udp[i] += worker.parser_failed_udp[i];
  }
}

namespace {

void append_decoder(JsonWriter& json, const EveStats& s) {
  const auto& p = s.packets;
  json.key("decoder").begin_object();
  json.member("pkts", p.received).member("bytes", p.received_bytes).member("invalid", p.undecodable);
  json.member("ipv4", p.ipv4).member("ipv6", p.ipv6).member("ethernet", p.ethernet).member("arp", p.arp);
  json.member("unknown_ethertype", p.ether_type_unknown).member("chdlc", p.chdlc).member("raw", p.raw);
  json.member("null", p.null).member("sll", p.sll).member("sll2", p.sll2).member("ppp", p.ppp);
  json.member("pppoe", p.pppoe).member("vlan_qinq", p.vlan_qinq).member("vntag", p.vntag);
  json.member("ieee8021ah", p.ieee8021ah).member("mpls", p.mpls).member("nsh", p.nsh).member("erspan", p.erspan);
  json.member("geneve", p.geneve).member("vxlan", p.vxlan).member("teredo", p.teredo);
  json.member("tcp", p.tcp).member("udp", p.udp).member("sctp", p.sctp);
  json.member("icmpv4", s.eve.icmp4).member("icmpv6", s.eve.icmp6).member("vlan", p.vlan);
  json.member("gre", p.gre).member("too_many_layers", p.tunnels_too_deep);
  json.member("avg_pkt_size", p.received == 0 ? 0 : p.received_bytes / p.received);
  json.member("max_pkt_size", s.eve.packet_bytes_most);
  // decoder.ipv4.opt_malformed → event.ipv4.opt_malformed
  std::map<std::string_view, std::vector<std::pair<std::string_view, std::uint64_t>>> events;
  for (const auto& row : collectors::packet_event_table()) {
    if (!row.name.starts_with("decoder.")) continue;
    const auto rest = row.name.substr(8);
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos) continue;
    events[rest.substr(0, dot)].emplace_back(rest.substr(dot + 1), s.eve.events[static_cast<std::size_t>(row.event)]);
  }
  json.key("event").begin_object();
  for (const auto& [layer, list] : events) {
    json.key(layer).begin_object();
    for (const auto& [name, count] : list) json.member(name, count);
    json.end_object();
  }
  json.end_object().end_object();
}

// Protocols that speak over both transports have a counter for each.
bool over_both(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::dns:
    case Protocol::krb5:
    case Protocol::nfs:
    case Protocol::sip:
    case Protocol::enip:
    case Protocol::dcerpc:
    case Protocol::ldap:
    case Protocol::failed: return true;
    default: return false;
  }
}

// error.http.parser: parsers that gave up, by protocol.
void append_errors(JsonWriter& json, const PacketCounters& packets) {
  const auto one = [&](const std::string& name, std::uint64_t count) {
    json.key(name).begin_object().member("parser", count).end_object();
  };
  json.key("error").begin_object();
  for (std::size_t i = 1; i < EveCounters::protocols; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    const std::string own(collectors::protocol_name(protocol));
    if (own == collectors::protocol_name(Protocol::unknown) || protocol == Protocol::failed) continue;
    const auto tcp = packets.parser_failed_tcp[i];
    const auto udp = packets.parser_failed_udp[i];
    if (!over_both(protocol)) {
      one(own, tcp + udp);
      continue;
    }
    one(own + "_tcp", tcp);
    one(own + "_udp", udp);
  }
  json.end_object();
}

void append_applications(JsonWriter& json, const EveStats& stats) {
  const auto& counters = stats.eve;
  const auto section = [&](std::string_view name, std::uint64_t EveCounters::Application::* tcp,
                           std::uint64_t EveCounters::Application::* udp) {
    json.key(name).begin_object();
    for (std::size_t i = 1; i < EveCounters::protocols; ++i) {
      const auto protocol = static_cast<Protocol>(i);
      if (collectors::protocol_name(protocol) == collectors::protocol_name(Protocol::unknown)) continue;
      const auto& application = counters.applications[i];
      const std::string own(collectors::protocol_name(protocol));
      if (over_both(protocol)) json.member(own + "_tcp", application.*tcp).member(own + "_udp", application.*udp);
      else if (protocol != Protocol::failed) json.member(own, application.*tcp + application.*udp);
    }
    json.end_object();
  };
  json.key("app_layer").begin_object();
  section("flow", &EveCounters::Application::flows_tcp, &EveCounters::Application::flows_udp);
  section("tx", &EveCounters::Application::transactions_tcp, &EveCounters::Application::transactions_udp);
  append_errors(json, stats.packets);
  json.end_object();
}

}  // namespace

std::string render_stats(const EveStats& s) {
  std::string line;
  JsonWriter json(line);
  const auto& p = s.packets;
  json.begin_object().member("timestamp", render_eve_time(s.time)).member("event_type", "stats");
  json.key("stats").begin_object();
  json.member("uptime", std::chrono::duration_cast<std::chrono::seconds>(s.time - s.start).count());
  append_decoder(json, s);
  json.key("tcp").begin_object();
  json.member("syn", s.eve.syn).member("synack", s.eve.syn_ack).member("rst", s.eve.reset);
  json.member("sessions", p.sessions).member("midstream_pickups", p.session_midstream);
  json.member("reassembly_gap", p.stream_gaps).member("overlap", p.stream_overlaps);
  json.member("segment_memcap_drop", p.stream_memory_refused).end_object();
  json.key("defrag").begin_object();
  json.key("ipv4").begin_object().member("fragments", p.fragments).member("reassembled", p.fragments_reassembled);
  json.end_object().end_object();
  json.key("flow").begin_object().member("total", p.flows);
  json.member("tcp", s.eve.flows_tcp).member("udp", s.eve.flows_udp);
  json.member("icmpv4", s.eve.flows_icmp4).member("icmpv6", s.eve.flows_icmp6).end_object();
  json.key("flow_bypassed").begin_object().member("local_pkts", s.eve.bypassed_packets);
  json.member("local_bytes", s.eve.bypassed_bytes).end_object();
  json.key("detect").begin_object().member("alert", s.alerts);
  json.key("engines").begin_array().begin_object().member("id", 0).member("rules_loaded", s.rules.loaded);
  json.member("rules_failed", s.rules.failed).member("rules_skipped", s.rules.skipped).end_object().end_array();
  json.end_object();
  json.key("file_store").begin_object().member("open_files", 0).member("fs_errors", s.kept_failures).end_object();
  append_applications(json, s);
  json.end_object().end_object();
  return line;
}

}  // namespace tocsin::daemon
