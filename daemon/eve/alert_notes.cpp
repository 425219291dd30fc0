// What an alert's record shows besides the alert: transaction, files, payload, packet.

#include <algorithm>

#include "collectors/base/base64.h"
#include "daemon/eve/frame_record.h"
#include "daemon/eve/observer.h"

namespace tocsin::daemon {

using collectors::Direction;
using collectors::Packet;

namespace {

std::string_view link_name(std::uint32_t link_type) noexcept {
  switch (link_type) {
    case 0: return "NULL";
    case 1: return "EN10MB";
    case 9: return "PPP";
    case 12:
    case 101: return "RAW";
    case 104: return "C_HDLC";
    case 113: return "LINUX_SLL";
    case 228: return "IPv4";
    case 229: return "IPv6";
    case 276: return "LINUX_SLL2";
    default: return {};
  }
}

void append_payload(JsonWriter& json, const EveAlertOptions& options, Bytes bytes) {
  if (options.payload) json.member("payload", to_base64(as_text(bytes)));
  if (options.payload_printable) json.member("payload_printable", printable_payload(bytes));
  if (options.payload_length) json.member("payload_length", bytes.size());
}

}  // namespace

std::string printable_payload(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const auto byte : bytes) {
    const bool shown = (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\r';
    out += shown ? static_cast<char>(byte) : '.';
  }
  return out;
}

void append_packet_bytes(JsonWriter& json, const Packet& packet, Bytes link_header) {
  std::string bytes;
  if (packet.reassembled && packet.tunnel_depth == 0) bytes = as_text(link_header);
  bytes += as_text(packet.frame);
  json.member("packet", to_base64(bytes));
  // What a tunnel carries begins with its own network header.
  static constexpr std::uint32_t raw = 12;
  const std::uint32_t type = packet.tunnel_depth != 0 ? raw : packet.link_type;
  json.key("packet_info").begin_object().member("linktype", type);
  const auto name = link_name(type);
  if (!name.empty()) json.member("linktype_name", name);
  json.end_object();
}

void EveObserver::append_tunnel(JsonWriter& json, const Packet& packet) const {
  if (packet.tunnel_depth == 0 || !outer_.source) return;
  json.key("tunnel").begin_object().member("src_ip", collectors::record_address(outer_.source));
  if (has_ports(outer_.protocol)) json.member("src_port", outer_.source_port);
  json.member("dest_ip", collectors::record_address(outer_.destination));
  if (has_ports(outer_.protocol)) json.member("dest_port", outer_.destination_port);
  json.member("proto", eve_transport_name(outer_.protocol)).member("depth", packet.tunnel_depth);
  json.member("pcap_cnt", outer_.number).member("pkt_src", "wire/pcap").end_object();
}

void EveObserver::annotate(rules::Alert& alert, const rules::AlertScene& scene) {
  if (!options_.alert.enabled) return;
  start_tags(alert, scene);
  auto notes = std::make_shared<rules::AlertAnnotation>();
  std::string& text = notes->of_record;
  JsonWriter json(text);
  json.begin_object();
  append_packet_source(json, {scene.packet, scene.flow, EveEnds::packet});
  if (scene.flow != nullptr && options_.community_seed != 0)
    json.member("community_id", collectors::community_id(*scene.flow, options_.community_seed));
  if (scene.packet != nullptr) append_tunnel(json, *scene.packet);
  if (scene.flow != nullptr && options_.metadata) append_metadata(json, *scene.flow);
  if (options_.ethernet) append_ether(json, {scene.packet, scene.flow, EveEnds::packet});
  const auto* transaction = scene.transaction;
  if (const auto* guessed = guess(scene); guessed != nullptr) {
    transaction = guessed;
    json.member("tx_id", guessed->number);
    if (scene.flow->transport == collectors::ip_protocol::tcp) json.member("tx_guessed", true);
  }
  if (transaction != nullptr && options_.alert.application) {
    transaction->describe(json, options_.detail, collectors::RecordPurpose::alert, 0);
    append_files(json, *scene.flow, *transaction, scene.direction);
  }
  if (transaction != nullptr && options_.forwarded.enabled) {
    JsonWriter of_alert(notes->of_alert);
    append_forwarded(of_alert, *transaction);
  }
  if (scene.frame != nullptr) append_frame(json, *scene.frame);
  const auto& o = options_.alert;
  if (o.payload || o.payload_printable || o.payload_length) {
    std::string_view bytes;
    if (scene.stream && scene.flow != nullptr) bytes = notes_of(*scene.flow).stream[index(scene.direction)];
    if (bytes.size() > o.payload_most) bytes.remove_prefix(bytes.size() - o.payload_most);
    if (bytes.empty() && scene.packet != nullptr) bytes = as_text(scene.packet->payload);
    if (!bytes.empty()) append_payload(json, o, as_bytes(bytes));
    json.member("stream", scene.stream ? 1 : 0);
  }
  if (o.packet && scene.packet != nullptr) append_packet_bytes(json, *scene.packet, link_header_);
  if (o.verdict) json.key("verdict").begin_object().member("action", "alert").end_object();
  json.end_object();
  // Without the braces: the members join those of the record.
  text.pop_back();
  text.erase(0, 1);
  alert.annotation = std::move(notes);
}

void EveObserver::append_files(JsonWriter& json, collectors::Flow& flow, const collectors::Transaction& transaction,
                               Direction direction) {
  const auto* place = flow.extension[slot()].get();
  if (place == nullptr) return;
  const auto wanted = [&](const FileTrack& file) {
    return file.transaction() == transaction.number && file.direction() == direction;
  };
  const auto& files = notes_of(flow).files;
  if (std::ranges::none_of(files, wanted)) return;
  json.key("files").begin_array();
  for (const auto& file : files) {
    if (!wanted(file)) continue;
    json.begin_object();
    file.describe(json);
    json.end_object();
  }
  json.end_array();
}

}  // namespace tocsin::daemon
