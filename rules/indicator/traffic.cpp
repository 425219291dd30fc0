#include "rules/indicator/traffic.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "rules/indicator/finding.h"
#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {

using collectors::Direction;
using collectors::Flow;

namespace {

struct DigestRow {
  Kind kind;
  DigestKind made;
  std::string_view field;
};
constexpr std::array<DigestRow, 3> digest_rows{{{Kind::sha256, DigestKind::sha256, "file.hash.sha256"},
                                                {Kind::sha1, DigestKind::sha1, "file.hash.sha1"},
                                                {Kind::md5, DigestKind::md5, "file.hash.md5"}}};

}  // namespace

// A file on its way: only one that came whole has a hash that says something.
struct Traffic::File {
  std::uint32_t id = 0;
  std::string name;
  std::array<std::unique_ptr<DigestStream>, digest_rows.size()> streams;
};

struct Traffic::FlowState final : collectors::FlowExtension {
  std::vector<File> files;
};

Traffic::Traffic(const Compiled& compiled, HitCounters& counters, AlertWindow& window, const WorkerContext& context,
                 AlertSink& sink)
    : compiled_(compiled),
      table_(compiled.table),
      counters_(counters),
      window_(window),
      host_(context.host),
      exercise_(context.exercise),
      sink_(sink),
      addresses_(table_.has(Kind::address) || table_.has(Kind::network) || table_.has(Kind::endpoint)),
      digests_(std::ranges::any_of(digest_rows, [&](const DigestRow& row) { return table_.has(row.kind); })) {}

void Traffic::on_flow_start(Flow& flow, const collectors::Packet& packet) {
  if (!addresses_) return;
  look(flow, packet, Direction::to_server);
  look(flow, packet, Direction::to_client);
}

void Traffic::look(Flow& flow, const collectors::Packet& packet, Direction sender) {
  const auto& side = flow.side(sender);
  const auto now = to_second(packet.time);
  const std::string_view field = sender == Direction::to_server ? "source.ip" : "destination.ip";
  const auto first = table_.find_address(side.address, now);
  const auto second = table_.find_endpoint(side.address, side.port, now);
  if (first == no_entry && second == no_entry) return;
  if (compiled_.allow_list.allows(side.address)) return;
  for (const auto entry : {first, second})
    if (entry != no_entry)
      raise(flow, {entry, field, render_address(side.address)}, sender, packet.number, packet.time);
}

void Traffic::on_file(const collectors::FileChunk& chunk) {
  if (!digests_) return;
  auto& place = chunk.flow.extension[slot()];
  const bool begins = chunk.offset == 0 && chunk.gap == 0;
  if (!place) {
    if (!begins) return;
    place = std::make_unique<FlowState>();
  }
  auto& files = static_cast<FlowState&>(*place).files;
  auto file = std::ranges::find(files, chunk.id, &File::id);
  if (file == files.end()) {
    if (!begins || files.size() >= files_most) return;
    file = files.insert(files.end(), File{chunk.id, std::string(chunk.name), {}});
    for (std::size_t i = 0; i < digest_rows.size(); ++i)
      if (table_.has(digest_rows[i].kind)) file->streams[i] = std::make_unique<DigestStream>(digest_rows[i].made);
  }
  if (chunk.gap == 0 && !chunk.truncated) {
    for (const auto& stream : file->streams)
      if (stream != nullptr) stream->update(chunk.bytes);
    if (chunk.end) finish(chunk, *file);
  }
  if (chunk.gap != 0 || chunk.truncated || chunk.end) files.erase(file);
}

void Traffic::finish(const collectors::FileChunk& chunk, File& file) {
  const auto when = chunk.packet != nullptr ? chunk.packet->time : chunk.flow.last;
  for (std::size_t i = 0; i < digest_rows.size(); ++i) {
    if (file.streams[i] == nullptr) continue;
    const auto hex = file.streams[i]->finish();
    std::array<std::uint8_t, 32> bytes;
    const std::span<std::uint8_t> digest(bytes.data(), digest_size(digest_rows[i].kind));
    if (!parse_digest_into(hex, digest)) continue;
    const auto entry = table_.find_digest(digest_rows[i].kind, digest, to_second(when));
    if (entry == no_entry) continue;
    raise(chunk.flow, {entry, digest_rows[i].field, hex, file.name, fmt::format("file {}", file.id)}, chunk.direction,
          chunk.packet != nullptr ? chunk.packet->number : 0, when);
  }
}

void Traffic::on_flow_end(Flow& flow, collectors::FlowEnd) { flow.extension[slot()].reset(); }

void Traffic::raise(const Flow& flow, const Met& met, Direction sender, std::uint64_t packet_number, Time when) {
  const auto& entry = table_.entries()[met.entry];
  // As the flow's record will have it, so that the record's own alert folds into this one.
  const bool of_client = met.field == "source.ip";
  const auto key = hit_key(entry.kind, table_.key(entry), host_, of_client ? IpAddress{} : flow.client.address);
  for (const auto source : table_.sources_of(entry)) counters_.matches[source].add();
  if (window_.quiet(key, when)) return;
  Alert alert;
  const bool inbound = of_client && entry.kind != Kind::endpoint;
  alert.rule = make_rule(compiled_, entry, met.field, inbound ? Contact::inbound : Contact::other);
  alert.time = when;
  alert.host = host_;
  alert.exercise = exercise_;
  alert.add_entity(EntityKind::address, EntityRole::actor, render_address(flow.client.address));
  alert.add_entity(EntityKind::address, EntityRole::target, render_address(flow.server.address));
  alert.fields.emplace_back("destination.ip", render_address(flow.server.address));
  alert.fields.emplace_back("destination.port", std::to_string(flow.server.port));
  alert.fields.emplace_back("source.ip", render_address(flow.client.address));
  alert.fields.emplace_back("source.port", std::to_string(flow.client.port));
  if (!met.file.empty()) alert.fields.emplace_back("file.name", met.file);
  if (met.field.starts_with("file.")) alert.fields.emplace_back(std::string(met.field), met.seen);
  alert.events.push_back(hash128(fmt::format("{} {}", flow.id, met.identity)));
  explain(compiled_, entry, met.field, met.seen, alert);
  PacketContext packet;
  const auto& from = flow.side(sender);
  const auto& to = flow.side(collectors::opposite(sender));
  packet.packet = packet_number;
  packet.flow_id = flow.id;
  packet.community_id = collectors::community_id(flow);
  packet.source = from.address;
  packet.destination = to.address;
  packet.source_port = from.port;
  packet.destination_port = to.port;
  packet.transport = flow.transport;
  if (flow.protocol != collectors::Protocol::unknown && flow.protocol != collectors::Protocol::failed)
    packet.application = collectors::protocol_name(flow.protocol);
  packet.to_server = sender == Direction::to_server;
  alert.packet = std::move(packet);
  alert.carried = std::make_shared<const HitKey>(key);
  alert.order = packet_number;
  seal(alert);
  sink_.raise(std::move(alert));
}

}  // namespace tocsin::rules::indicator
