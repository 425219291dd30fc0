#pragma once
// What the fuzz targets of protocol parsers share: the input is cut into chunks of both directions and fed to a parser;
// every buffer of every transaction is read.

#include <cstdlib>
#include <map>
#include <memory>

#include "collectors/packet/protocol/table.h"

namespace tocsin::collectors::fuzz {

class Output final : public ParserOutput {
 public:
  void progressed(Transaction& transaction, Direction direction) override {
    for (const auto rows : buffer_tables())
      for (const auto& row : rows)
        for (std::uint32_t i = 0; i < 3; ++i)
          if (const auto found = transaction.buffer(row.buffer, direction, i))
            for (const auto byte : *found) sum = sum + byte;
  }
  void file(Transaction*, Direction, const FilePart& part) override {
    for (const auto byte : part.bytes) sum = sum + byte;
  }
  void finished(std::unique_ptr<Transaction> transaction) override {
    EventBatch batch;
    EventBuilder builder(batch);
    transaction->fill(builder);
  }
  void event(PacketEvent) override {}

 private:
  volatile std::uint64_t sum = 0;
};

// Each chunk begins with one byte: bit 7 the direction, bits 0-6 its length in units of 8 bytes; 0x7F is a loss, 0x7E
// the end of that side, 0x7D says that the next byte is the length.
inline void feed(ProtocolParser& parser, Bytes input) {
  Output output;
  const Time time{};
  while (!input.empty()) {
    const auto head = input.front();
    input = input.subspan(1);
    const auto direction = (head & 0x80U) != 0 ? Direction::to_client : Direction::to_server;
    const std::size_t wanted = head & 0x7FU;
    if (wanted == 0x7F) {
      if (parser.gap(direction, 64, time, output) != ParserState::more) break;
      continue;
    }
    if (wanted == 0x7E) {
      parser.end(direction, time, output);
      continue;
    }
    std::size_t length = wanted * 8;
    if (wanted == 0x7D) {
      length = input.empty() ? 0 : input.front();
      input = input.subspan(std::min<std::size_t>(1, input.size()));
    }
    const auto bytes = input.first(std::min(length, input.size()));
    input = input.subspan(bytes.size());
    if (!bytes.empty() && parser.consume(direction, bytes, time, output) != ParserState::more) break;
  }
  parser.finish(output);
}

inline void run(Protocol protocol, std::uint8_t transport, const std::uint8_t* data, std::size_t size) {
  static const PacketOptions options;
  static FieldNames names;
  static std::map<Protocol, std::unique_ptr<ProtocolFactory>> factories;
  auto& factory = factories[protocol];
  if (!factory) factory = protocol_row(protocol)->make(options, names);
  Flow flow;
  flow.transport = transport;
  flow.protocol = protocol;
  const auto parser = factory->make(flow);
  feed(*parser, Bytes(data, size));
}

}  // namespace tocsin::collectors::fuzz
