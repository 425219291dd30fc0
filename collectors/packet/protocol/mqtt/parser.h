#pragma once
// MQTT over TCP: packets of both directions, each answer joined to what it answers.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/mqtt/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> mqtt_ports{1883};
Probe probe_mqtt(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_mqtt_factory(const PacketOptions& options, FieldNames& names);

// Packets have no mark to find the next one by: a gap ends it.
class MqttParser final : public ProtocolParser {
 public:
  MqttParser(const MqttOptions& options, const MqttFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  struct Side {
    std::vector<std::uint8_t> partial;
    std::size_t skip = 0;  // of a packet too long to be looked at
  };
  // False: this cannot be followed. `used` is 0 while the packet is not whole; `wanted` says how much it is then.
  bool packet(Direction direction, Bytes bytes, std::size_t& used, std::size_t& wanted, ParserOutput& output);
  void message(Direction direction, MqttMessage message, ParserOutput& output);
  void answer(Direction direction, MqttMessage message, std::uint32_t id, bool last, PacketEvent missing,
              ParserOutput& output);
  MqttTransaction& open(Direction direction, MqttMessage message, ParserOutput& output);
  void moved(MqttTransaction& transaction, ParserOutput& output);
  void close(std::size_t at, ParserOutput& output);

  const MqttOptions& options_;
  const MqttFields& fields_;
  std::array<Side, 2> side_;
  std::vector<std::unique_ptr<MqttTransaction>> open_;
  std::uint64_t transactions_ = 0;
  std::uint8_t version_ = 0;
  bool connected_ = false;
};

}  // namespace tocsin::collectors
