#include "daemon/eve/observer.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {

using collectors::Direction;
using collectors::Flow;
using collectors::Packet;
using collectors::Transaction;

namespace {

constexpr std::size_t files_most = 256;  // remembered of one flow

}  // namespace

EveObserver::FlowNotes& EveObserver::notes_of(Flow& flow) {
  auto& place = flow.extension[slot()];
  if (!place) place = std::make_unique<FlowNotes>();
  return static_cast<FlowNotes&>(*place);
}

EveObserver::TransactionNotes& EveObserver::notes_of(Transaction& transaction) {
  auto& place = transaction.extension[slot()];
  if (!place) place = std::make_unique<TransactionNotes>();
  return static_cast<TransactionNotes&>(*place);
}

void EveObserver::write(std::string_view type, const EveOrigin& origin, const std::function<void(JsonWriter&)>& body) {
  EveRecord record;
  record.time = eve_time(origin);
  record.packet = origin.packet != nullptr ? origin.packet->number : 0;
  record.flow = origin.flow != nullptr ? origin.flow->id : 0;
  record.sequence = sequence_++;
  JsonWriter json(record.line);
  json.begin_object();
  append_header(json, type, origin, options_.community_seed);
  if (origin.flow != nullptr && options_.metadata) append_metadata(json, *origin.flow);
  if (options_.ethernet) append_ether(json, origin);
  if (!options_.version.empty()) json.member("suricata_version", options_.version);
  body(json);
  json.end_object();
  records_.push_back(std::move(record));
}

void EveObserver::on_transaction(const collectors::TransactionUpdate& update) {
  auto& transaction = update.transaction;
  note_anomalies(update);
  remember(update);
  if (!transaction.recordable()) return;
  finish_transaction(update.flow, transaction);
}

void EveObserver::on_transaction_end(const collectors::TransactionUpdate& update) {
  auto& application = counters_.applications[static_cast<std::size_t>(update.transaction.protocol)];
  ++(update.flow.transport == collectors::ip_protocol::udp ? application.transactions_udp
                                                           : application.transactions_tcp);
  note_anomalies(update);
  finish_transaction(update.flow, update.transaction);
}

// The last transaction that one side completed, until its next packet was looked at: an alert on the stream is most
// likely about it.
void EveObserver::remember(const collectors::TransactionUpdate& update) {
  if (!options_.alert.guess_transaction || update.flow.transport != collectors::ip_protocol::tcp) return;
  if (!update.transaction.complete(update.direction)) return;
  auto& recent = notes_of(update.flow).recent[index(update.direction)];
  if (recent != nullptr) --recent->holds;
  recent = &update.transaction;
  ++recent->holds;
}

void EveObserver::forget(Flow& flow, Direction direction) {
  auto* place = flow.extension[slot()].get();
  if (place == nullptr) return;
  auto& recent = static_cast<FlowNotes&>(*place).recent[index(direction)];
  if (recent != nullptr) --recent->holds;
  recent = nullptr;
}

void EveObserver::note_anomalies(const collectors::TransactionUpdate& update) {
  if (!options_.anomaly.enabled || !options_.anomaly.application || update.transaction.events.none()) return;
  if (update.packet == nullptr)
    return write_application_anomalies(update.flow, &update.transaction, notes_of(update.transaction).anomalies,
                                       nullptr);
  waiting_.push_back({What::anomalies, &update.flow, &update.transaction, 0, false});
}

// Records are written when everybody has seen the packet that completes them.
void EveObserver::finish_transaction(Flow& flow, Transaction& transaction) {
  if (!options_.wants(transaction.protocol)) return;
  auto& notes = notes_of(transaction);
  if (std::exchange(notes.written, true)) return;
  waiting_.push_back({What::record, &flow, &transaction, 0, false});
}

void EveObserver::on_file(const collectors::FileChunk& chunk) {
  auto& files = notes_of(chunk.flow).files;
  auto found = std::ranges::find(files, chunk.id, &FileTrack::id);
  if (found == files.end()) {
    if (files.size() >= files_most) {
      std::erase_if(files, [](const FileTrack& file) { return file.ended(); });
      if (files.size() >= files_most) return;
    }
    files.emplace_back(chunk, options_.files);
    found = std::prev(files.end());
    for (const auto& wish : notes_of(chunk.flow).wishes)
      if (found->transaction() == wish.transaction && found->direction() == wish.direction) found->want(wish.rule);
  }
  found->add(chunk, magic_);
  if (!chunk.end || !options_.files.enabled) return;
  waiting_.push_back({What::file, &chunk.flow, chunk.transaction, chunk.id, false});
}

void EveObserver::keep_files(const rules::AlertScene& scene, std::uint32_t rule) {
  static constexpr std::size_t wishes_most = 64;
  if (!options_.files.keep || scene.flow == nullptr || scene.transaction == nullptr) return;
  auto& notes = notes_of(*scene.flow);
  const auto number = scene.transaction->number;
  for (auto& file : notes.files)
    if (file.transaction() == number && file.direction() == scene.direction) file.want(rule);
  if (notes.wishes.size() < wishes_most) notes.wishes.push_back({number, scene.direction, rule});
}

Transaction* EveObserver::guess(const rules::AlertScene& scene) const {
  if (scene.flow == nullptr || scene.transaction != nullptr) return nullptr;
  const bool datagram = scene.flow->transport == collectors::ip_protocol::udp;
  if (datagram ? !scene.application : !options_.alert.guess_transaction) return nullptr;
  if (const auto* place = scene.flow->extension[slot()].get(); place != nullptr && !datagram)
    if (auto* recent = static_cast<const FlowNotes*>(place)->recent[index(scene.direction)]) return recent;
  for (auto item = waiting_.rbegin(); item != waiting_.rend(); ++item)
    if (item->flow == scene.flow && item->what == What::record) return item->transaction;
  return nullptr;
}

// A rule wants no record of it, or of the request that it answers.
bool EveObserver::hushed(Flow& flow, const Transaction& transaction) {
  static constexpr std::size_t remembered_most = 64;
  if (flow.silent) return true;
  const auto exchange = transaction.exchange();
  if (!exchange) return transaction.silent;
  auto& silent = notes_of(flow).silent_exchanges;
  if (std::ranges::find(silent, *exchange) != silent.end()) return true;
  if (transaction.silent && silent.size() < remembered_most) silent.push_back(*exchange);
  return transaction.silent;
}

void EveObserver::settle(const Waiting& item, const Packet* packet) {
  switch (item.what) {
    case What::record:
      if (hushed(*item.flow, *item.transaction)) return;
      return write_transaction(*item.flow, *item.transaction, packet);
    case What::anomalies:
      return write_application_anomalies(*item.flow, item.transaction, notes_of(*item.transaction).anomalies, packet);
    case What::file: break;
  }
  auto& files = notes_of(*item.flow).files;
  const auto found = std::ranges::find(files, item.file, &FileTrack::id);
  if (found != files.end()) write_file(*item.flow, item.transaction, *found, packet);
}

// Rules look at a side of a connection with its next packet, and may want a file kept: until then its record waits, as
// Suricata's does.
bool EveObserver::awaits_rules(Waiting& item, const Packet& packet) {
  static constexpr std::size_t waiting_most = 1'024;
  if (item.what != What::file) return false;
  if (item.flow->transport != collectors::ip_protocol::tcp || item.transaction == nullptr) return false;
  auto& files = notes_of(*item.flow).files;
  const auto file = std::ranges::find(files, item.file, &FileTrack::id);
  if (file == files.end() || file->wanted() || waiting_.size() > waiting_most) return false;
  if (packet.flow == item.flow && packet.direction == file->direction()) return false;
  if (!std::exchange(item.held, true)) ++item.transaction->holds;
  return true;
}

// What the end of a flow completed.
void EveObserver::settle_rest(Flow& flow) {
  std::erase_if(waiting_, [&](const Waiting& item) {
    if (item.flow != &flow) return false;
    settle(item, nullptr);
    if (item.held) --item.transaction->holds;
    return true;
  });
}

void EveObserver::on_flow_start(Flow& flow, const Packet&) {
  switch (flow.transport) {
    case collectors::ip_protocol::tcp: ++counters_.flows_tcp; break;
    case collectors::ip_protocol::udp: ++counters_.flows_udp; break;
    case collectors::ip_protocol::icmp: ++counters_.flows_icmp4; break;
    case collectors::ip_protocol::icmpv6: ++counters_.flows_icmp6; break;
    default: break;
  }
}

void EveObserver::count(const Packet& packet) {
  namespace tcp_flag = collectors::tcp_flag;
  if (packet.events.any())
    for (std::size_t i = 0; i < counters_.events.size(); ++i) counters_.events[i] += packet.events.test(i) ? 1 : 0;
  if (packet.tunnel_depth == 0 && !packet.reassembled)
    counters_.packet_bytes_most = std::max<std::uint64_t>(counters_.packet_bytes_most, packet.wire_length);
  if (packet.flow != nullptr && packet.flow->bypassed && std::exchange(notes_of(*packet.flow).bypassed, true)) {
    ++counters_.bypassed_packets;
    counters_.bypassed_bytes += packet.wire_length;
  }
  if (packet.protocol == collectors::ip_protocol::icmp) ++counters_.icmp4;
  if (packet.protocol == collectors::ip_protocol::icmpv6) ++counters_.icmp6;
  if (!packet.is_tcp()) return;
  const bool syn = (packet.tcp.flags & tcp_flag::syn) != 0;
  const bool ack = (packet.tcp.flags & tcp_flag::ack) != 0;
  if (syn) ++(ack ? counters_.syn_ack : counters_.syn);
  if ((packet.tcp.flags & tcp_flag::rst) != 0) ++counters_.reset;
}

void EveObserver::on_packet(const Packet& packet) {
  count(packet);
  if (packet.tunnel_depth == 0 && !packet.reassembled)
    outer_ = {packet.source,           packet.destination, packet.source_port,
              packet.destination_port, packet.protocol,    packet.number};
  if (options_.alert.packet && packet.is_fragment && packet.tunnel_depth == 0 && !packet.ip_header.empty()) {
    const auto header = packet.frame.first(static_cast<std::size_t>(packet.ip_header.data() - packet.frame.data()));
    link_header_.assign(header.begin(), header.end());
  }
  if (options_.anomaly.enabled) {
    write_packet_anomalies(packet);
    if (options_.anomaly.application && packet.flow != nullptr && packet.flow->events.any())
      write_application_anomalies(*packet.flow, nullptr, notes_of(*packet.flow).anomalies, &packet);
  }
  if (!packet.payload.empty() && packet.ip_version == 0 && options_.wants(collectors::Protocol::arp)) write_arp(packet);
  std::erase_if(waiting_, [&](Waiting& item) {
    if (awaits_rules(item, packet)) return false;
    settle(item, &packet);
    if (item.held) --item.transaction->holds;
    return true;
  });
  if (options_.alert.guess_transaction && packet.flow != nullptr) forget(*packet.flow, packet.direction);
  if (options_.frame && packet.flow != nullptr) write_frames(*packet.flow, &packet);
  write_tagged(packet);
  if (options_.ethernet && packet.flow != nullptr && packet.link_type == 1) {
    static constexpr std::size_t macs_most = 8;
    auto& notes = notes_of(*packet.flow);
    const bool from_client = packet.direction == Direction::to_server;
    const auto add = [](std::vector<MacAddress>& list, const MacAddress& mac) {
      if (list.size() < macs_most && std::ranges::find(list, mac) == list.end()) list.push_back(mac);
    };
    add(notes.client_macs, from_client ? packet.source_mac : packet.destination_mac);
    add(notes.server_macs, from_client ? packet.destination_mac : packet.source_mac);
  }
}

void EveObserver::write_transaction(const Flow& flow, const Transaction& transaction, const Packet* packet) {
  const auto count = transaction.record_count(options_.detail);
  const bool of_server = transaction.record_sender(options_.detail) == Direction::to_client;
  const EveOrigin origin{packet, &flow, of_server ? EveEnds::server : EveEnds::client};
  for (std::uint32_t part = 0; part < count; ++part)
    write(eve_event_type(transaction.protocol), origin, [&](JsonWriter& json) {
      json.member("tx_id", transaction.number);
      transaction.describe(json, options_.detail, collectors::RecordPurpose::record, part);
    });
}

void EveObserver::write_file(const Flow& flow, const Transaction* transaction, FileTrack& file, const Packet* packet) {
  const EveOrigin origin{packet, &flow, file.direction() == Direction::to_server ? EveEnds::client : EveEnds::server};
  auto kept = file.take();
  write("fileinfo", origin, [&](JsonWriter& json) {
    if (transaction != nullptr) transaction->describe(json, options_.detail, collectors::RecordPurpose::file, 0);
    if (transaction != nullptr && options_.forwarded.enabled) append_forwarded(json, *transaction);
    append_protocol(json, flow);
    json.key("fileinfo").begin_object();
    file.describe(json);
    json.end_object();
  });
  if (kept) {
    auto& record = records_.back();
    static constexpr std::string_view number = "\"file_id\":0";
    if (const auto at = record.line.find(number); at != std::string::npos) record.number_at = at + number.size() - 1;
    record.kept_digest = kept->digest;
    kept_.push_back(std::move(*kept));
  }
  if (transaction != nullptr) join_parts(origin, *transaction, file);
}

void EveObserver::join_parts(const EveOrigin& origin, const Transaction& transaction, const FileTrack& file) {
  using collectors::Buffer;
  if (!file.range() || !file.whole()) return;
  const auto text = [&](Buffer buffer) {
    const auto bytes = transaction.buffer(buffer, Direction::to_server, 0);
    return bytes ? std::string(as_text(*bytes)) : std::string();
  };
  const auto path = text(Buffer::http_uri);
  const auto& range = *file.range();
  if (!ranges_.add(text(Buffer::http_host) + ' ' + path, range.first, range.last, range.size)) return;
  write("fileinfo", origin, [&](JsonWriter& json) {
    transaction.describe(json, options_.detail, collectors::RecordPurpose::file, 0);
    append_protocol(json, *origin.flow);
    json.key("fileinfo").begin_object();
    json.member("filename", collectors::record_text(path)).member("gaps", false).member("state", "CLOSED");
    json.member("stored", false).member("size", range.size).member("tx_id", transaction.number);
    json.end_object();
  });
}

// flowbits named traffic/id/… and traffic/label/… say what the flow is.
void EveObserver::append_metadata(JsonWriter& json, const Flow& flow) const {
  rules::FlowRecollection known;
  for (const auto* detector : detectors_) detector->recall(flow, known);
  if (known.empty()) return;
  const auto list = [&](JsonWriter& out, std::string_view name, std::string_view prefix, bool with) {
    bool open = false;
    for (const auto bit : known.bits) {
      if (bit.starts_with(prefix) != with) continue;
      if (!std::exchange(open, true)) out.key(name).begin_array();
      out.value(with ? bit.substr(prefix.size()) : bit);
    }
    if (open) out.end_array();
    return open;
  };
  static constexpr std::string_view traffic = "traffic/";
  if (std::ranges::any_of(known.bits, [](std::string_view bit) { return bit.starts_with(traffic); })) {
    json.key("traffic").begin_object();
    list(json, "id", "traffic/id/", true);
    list(json, "label", "traffic/label/", true);
    json.end_object();
  }
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  bool any = list(out, "flowbits", traffic, false);
  if (!known.integers.empty()) {
    any = true;
    out.key("flowints").begin_object();
    for (const auto& [name, value] : known.integers) out.member(name, value);
    out.end_object();
  }
  for (const auto& [name, variables] :
       {std::pair("flowvars", &known.variables), std::pair("pktvars", &known.packet_variables)}) {
    if (variables->empty()) continue;
    any = true;
    out.key(name).begin_array();
    for (const auto& [key, value] : *variables)
      out.begin_object().member(key, collectors::record_text(value)).end_object();
    out.end_array();
  }
  if (!known.entropies.empty()) {
    any = true;
    out.key("entropy").begin_object();
    for (const auto& [buffer, value] : known.entropies) out.member(buffer, value);
    out.end_object();
  }
  out.end_object();
  if (any) json.key("metadata").raw(text);
}

void EveObserver::append_ether(JsonWriter& json, const EveOrigin& origin) const {
  const auto macs = [&](std::string_view name, const std::vector<MacAddress>& list) {
    json.key(name).begin_array();
    for (const auto& mac : list) json.value(render_mac(mac));
    json.end_array();
  };
  if (origin.packet == nullptr) {
    const auto* place = origin.flow == nullptr ? nullptr : origin.flow->extension[slot()].get();
    if (place == nullptr) return;
    const auto& notes = static_cast<const FlowNotes&>(*place);
    const bool turned = origin.ends == EveEnds::server;
    json.key("ether").begin_object();
    macs("src_macs", turned ? notes.server_macs : notes.client_macs);
    macs("dest_macs", turned ? notes.client_macs : notes.server_macs);
    json.end_object();
    return;
  }
  if (origin.packet->link_type != 1) return;
  const bool from_client = origin.packet->direction == Direction::to_server;
  const bool turned = origin.ends != EveEnds::packet && from_client != (origin.ends == EveEnds::client);
  const auto source = render_mac(origin.packet->source_mac);
  const auto destination = render_mac(origin.packet->destination_mac);
  json.key("ether").begin_object();
  json.member("src_mac", turned ? destination : source).member("dest_mac", turned ? source : destination);
  json.end_object();
}

// The address that a proxy states, if it is one.
void EveObserver::append_forwarded(JsonWriter& json, const Transaction& transaction) const {
  const auto& wanted = options_.forwarded;
  for (std::uint32_t i = 0;; ++i) {
    const auto bytes = transaction.buffer(collectors::Buffer::http_request_header, Direction::to_server, i);
    if (!bytes) return;
    const auto line = as_text(*bytes);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignoring_case(line.substr(0, colon), wanted.header)) continue;
    const auto parts = split(line.substr(colon + 1), ',');
    auto text = trim(wanted.reverse ? parts.back() : parts.front());
    if (text.starts_with('[') && text.find(']') != std::string_view::npos) text = text.substr(1, text.find(']') - 1);
    else if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
    if (parse_address(text)) json.member("xff", text);
    return;
  }
}

void EveObserver::on_stream(const collectors::StreamChunk& chunk) {
  if (options_.frame) {
    auto& frames = notes_of(chunk.flow).frames;
    if (!frames) frames = std::make_unique<collectors::FrameCutter>();
    frames->add(chunk);
  }
  const auto& o = options_.alert;
  if (!o.enabled || !(o.payload || o.payload_printable || o.payload_length)) return;
  auto& kept = notes_of(chunk.flow).stream[index(chunk.direction)];
  if (chunk.gap != 0) kept += fmt::format("[{} bytes missing]", chunk.gap);
  kept += as_text(chunk.bytes);
  if (kept.size() > 2 * o.payload_most) kept.erase(0, kept.size() - o.payload_most);
}

}  // namespace tocsin::daemon
