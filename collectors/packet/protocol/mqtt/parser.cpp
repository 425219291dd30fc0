#include "collectors/packet/protocol/mqtt/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/skip.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t connack_id = 0xFFFFFFFF;

void mark(MqttTransaction& transaction, PacketEvent event) { transaction.events.set(static_cast<std::size_t>(event)); }

}  // namespace

std::unique_ptr<ProtocolFactory> make_mqtt_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<MqttParser>(std::cref(options.mqtt), MqttFields(names));
}

// A client begins with CONNECT, whose first field is the protocol's name. On the customary port and in the middle of a
// connection other packets count as well, when they are whole.
Probe probe_mqtt(const ProbeInput& input) {
  MqttHeader header;
  const auto state = parse_mqtt_header(input.bytes, header);
  if (!input.bytes.empty() && (input.bytes[0] >> 4U) == 0) return Probe::no;
  if (state == MqttHeaderState::wrong) return Probe::no;
  if (state == MqttHeaderState::more) return input.bytes.size() < 2 ? Probe::more : Probe::no;
  const Bytes body = input.bytes.subspan(header.size);
  if (header.type == MqttType::connect && header.flags == 0) {
    if (body.size() < 8) return header.left < 8 ? Probe::no : Probe::more;
    ByteReader reader(body);
    const auto name = as_text(reader.take(reader.u16()));
    if (!reader.ok() || (name != "MQTT" && name != "MQIsdp")) return Probe::no;
    if (input.direction == Direction::to_server) return Probe::yes;
    return input.beginning_unseen ? Probe::reversed : Probe::no;
  }
  const auto customary = [](std::uint16_t port) { return std::ranges::find(mqtt_ports, port) != mqtt_ports.end(); };
  const bool turned = input.beginning_unseen && input.direction == Direction::to_server &&
                      customary(input.client_port) && !customary(input.server_port);
  if ((!turned && !customary(input.server_port)) || header.left > body.size()) return Probe::no;
  if (!parse_mqtt(header, body.first(header.left), 0)) return Probe::no;
  return turned ? Probe::reversed : Probe::yes;
}

ParserState MqttParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  Side& side = side_[index(direction)];
  while (!bytes.empty()) {
    if (side.skip != 0) {
      pass_over(side.skip, bytes);
      continue;
    }
    std::size_t used = 0, wanted = 0;
    if (side.partial.empty()) {
      if (!packet(direction, bytes, used, wanted, output)) return ParserState::failed;
      if (used == 0) {
        side.partial.assign(bytes.begin(), bytes.end());
        return ParserState::more;
      }
      bytes = bytes.subspan(used);
      continue;
    }
    // Byte by byte until the length is known, then all that is missing.
    if (!packet(direction, side.partial, used, wanted, output)) return ParserState::failed;
    if (used != 0) {
      side.partial.clear();
      continue;
    }
    const std::size_t count = std::min(bytes.size(), wanted - side.partial.size());
    side.partial.insert(side.partial.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (!bytes.empty()) continue;
    if (!packet(direction, side.partial, used, wanted, output)) return ParserState::failed;
    if (used != 0) side.partial.clear();
  }
  return ParserState::more;
}

bool MqttParser::packet(Direction direction, Bytes bytes, std::size_t& used, std::size_t& wanted,
                        ParserOutput& output) {
  MqttHeader header;
  switch (parse_mqtt_header(bytes, header)) {
    case MqttHeaderState::more: wanted = bytes.size() + 1; return true;
    case MqttHeaderState::wrong: output.event(PacketEvent::mqtt_malformed_traffic); return false;
    case MqttHeaderState::ready: break;
  }
  if (header.left > options_.message_most) {
    MqttMessage skipped;
    skipped.header = header;
    skipped.flag_byte = header.flags;
    skipped.truncated = true;
    used = bytes.size();
    side_[index(direction)].skip = header.size + header.left - std::min(bytes.size(), header.size + header.left);
    used = std::min(bytes.size(), header.size + header.left);
    message(direction, std::move(skipped), output);
    return true;
  }
  wanted = header.size + header.left;
  if (bytes.size() < wanted) return true;
  used = wanted;
  auto parsed = parse_mqtt(header, bytes.subspan(header.size, header.left), version_);
  if (parsed) {
    message(direction, std::move(*parsed), output);
    return true;
  }
  output.event(PacketEvent::mqtt_malformed_traffic);
  return connected_ || !open_.empty();  // one bad packet among good ones is stepped over
}

MqttTransaction& MqttParser::open(Direction direction, MqttMessage message, ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) {
    mark(*open_.front(), PacketEvent::mqtt_too_many_transactions);
    close(0, output);
  }
  auto& fresh = *open_.emplace_back(std::make_unique<MqttTransaction>(fields_, direction, version_));
  fresh.number = transactions_++;
  fresh.messages.push_back(std::move(message));
  return fresh;
}

void MqttParser::moved(MqttTransaction& transaction, ParserOutput& output) {
  output.progressed(transaction, transaction.side());
  if (!transaction.done) return;
  const auto found = std::ranges::find(open_, &transaction, [](const auto& each) { return each.get(); });
  if (found != open_.end()) close(static_cast<std::size_t>(found - open_.begin()), output);
}

void MqttParser::close(std::size_t at, ParserOutput& output) {
  auto done = std::move(open_[at]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
  if (!done->done) {
    done->done = true;
    output.progressed(*done, done->side());
  }
  output.finished(std::move(done));
}

void MqttParser::answer(Direction direction, MqttMessage message, std::uint32_t id, bool last, PacketEvent missing,
                        ParserOutput& output) {
  for (auto& each : open_) {
    if (each->waits_for != id) continue;
    static constexpr std::size_t messages_most = 16;  // repeated ones
    if (each->messages.size() < messages_most) each->messages.push_back(std::move(message));
    each->done = last;
    if (id == connack_id) connected_ = true;
    if (last) each->waits_for.reset();
    return moved(*each, output);
  }
  auto& fresh = open(direction, std::move(message), output);
  mark(fresh, missing);
  if (!connected_ && missing != PacketEvent::mqtt_missing_connect) mark(fresh, PacketEvent::mqtt_unintroduced_message);
  fresh.done = true;
  moved(fresh, output);
}

void MqttParser::message(Direction direction, MqttMessage message, ParserOutput& output) {
  const auto type = message.header.type;
  const std::uint32_t id = message.id.value_or(0);
  const std::uint8_t quality = message.header.quality();
  switch (type) {
    case MqttType::connack:
      answer(direction, std::move(message), connack_id, true, PacketEvent::mqtt_missing_connect, output);
      return;
    case MqttType::pubrec:
    case MqttType::pubrel:
    case MqttType::puback:
    case MqttType::pubcomp: {
      if (message.truncated) break;
      const bool last = type == MqttType::puback || type == MqttType::pubcomp;
      return answer(direction, std::move(message), id, last, PacketEvent::mqtt_missing_publish, output);
    }
    case MqttType::suback:
      if (message.truncated) break;
      return answer(direction, std::move(message), id, true, PacketEvent::mqtt_missing_subscribe, output);
    case MqttType::unsuback:
      if (message.truncated) break;
      return answer(direction, std::move(message), id, true, PacketEvent::mqtt_missing_unsubscribe, output);
    default: break;
  }
  const bool truncated = message.truncated;
  if (type == MqttType::connect && !truncated) version_ = message.version;
  const bool has_id = message.id.has_value();
  auto& fresh = open(direction, std::move(message), output);
  fresh.done = true;
  if (truncated) return moved(fresh, output);
  if (type == MqttType::connect) {
    fresh.done = false;
    fresh.waits_for = connack_id;
    if (connected_) mark(fresh, PacketEvent::mqtt_double_connect);
    return moved(fresh, output);
  }
  if (type == MqttType::unassigned) mark(fresh, PacketEvent::mqtt_unassigned_msg_type);
  else if (!connected_) mark(fresh, PacketEvent::mqtt_unintroduced_message);
  if (type == MqttType::publish || type == MqttType::subscribe || type == MqttType::unsubscribe) {
    if (quality == 3) mark(fresh, PacketEvent::mqtt_invalid_qos_level);
    else if (quality > 0 && !has_id) mark(fresh, PacketEvent::mqtt_missing_msg_id);
    fresh.done = quality == 0;
    if (quality == 1 || quality == 2) fresh.waits_for = id;
  }
  moved(fresh, output);
}

void MqttParser::finish(ParserOutput& output) {
  while (!open_.empty()) close(0, output);
}

}  // namespace tocsin::collectors
