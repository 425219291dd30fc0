#pragma once
// One protocol parser fed by hand, without packets around it: what its transactions show, its files, its events.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/packet/protocol/table.h"

namespace tocsin::collectors::testing {

class ParserBench final : public ParserOutput {
 public:
  struct File {
    std::string name, content;
    std::uint64_t gaps = 0;
    bool ended = false;
    bool truncated = false;
  };

  explicit ParserBench(Protocol protocol, std::uint8_t transport = ip_protocol::tcp)
      : factory_(protocol_row(protocol)->make(options_, names_)) {
    Flow flow;
    flow.transport = transport;
    flow.protocol = protocol;
    parser_ = factory_->make(flow);
  }

  void client(std::string_view bytes) { state = parser_->consume(Direction::to_server, as_bytes(bytes), {}, *this); }
  void server(std::string_view bytes) { state = parser_->consume(Direction::to_client, as_bytes(bytes), {}, *this); }
  void lose(Direction direction, std::uint64_t count) { state = parser_->gap(direction, count, {}, *this); }
  void finish() { parser_->finish(*this); }

  // What a buffer held when it was last there, e.g. text("smb.share").
  std::string text(std::string_view buffer) const {
    const auto found = texts_.find(std::string(buffer));
    return found == texts_.end() ? "<none>" : found->second;
  }
  std::uint64_t number(std::string_view buffer) const {
    const auto found = numbers_.find(std::string(buffer));
    return found == numbers_.end() ? ~std::uint64_t{0} : found->second;
  }
  bool raised(PacketEvent event) const { return events_.test(static_cast<std::size_t>(event)); }

  std::vector<File> files;
  std::vector<std::string> records;  // EVE objects of finished transactions
  ParserState state = ParserState::more;

  void progressed(Transaction& transaction, Direction direction) override {
    events_ |= transaction.events;
    for (const auto table : buffer_tables()) {
      for (const auto& row : table) {
        if (row.protocol != transaction.protocol) continue;
        for (std::uint32_t i = 0; i < 8; ++i) {
          if (const auto bytes = transaction.buffer(row.buffer, direction, i))
            texts_[std::string(row.name)] = as_text(*bytes);
          if (const auto value = transaction.number_of(row.buffer, direction, i))
            numbers_[std::string(row.name)] = *value;
        }
      }
    }
  }
  void file(Transaction*, Direction, const FilePart& part) override {
    if (part.id >= files.size()) files.resize(part.id + 1);
    auto& file = files[part.id];
    file.name = part.name;
    file.content += as_text(part.bytes);
    file.gaps += part.gap;
    file.ended = part.end;
    file.truncated = part.truncated;
  }
  void finished(std::unique_ptr<Transaction> transaction) override {
    events_ |= transaction->events;
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    transaction->describe(json, {}, RecordPurpose::record, 0);
    json.end_object();
    records.push_back(std::move(text));
    EventBatch batch;
    EventBuilder builder(batch);
    transaction->fill(builder);
  }
  void event(PacketEvent event) override { events_.set(static_cast<std::size_t>(event)); }

 private:
  PacketOptions options_;
  FieldNames names_;
  std::unique_ptr<ProtocolFactory> factory_;
  std::unique_ptr<ProtocolParser> parser_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::uint64_t> numbers_;
  std::bitset<packet_events_most> events_;
};

// Conversations that begin as such traffic does (`beginning`) and go on with anything, the same at every run. What a
// parser does wrong then is for sanitizers to see.
inline void feed_anything(Protocol protocol, std::string_view beginning, std::uint8_t transport = ip_protocol::tcp) {
  std::uint32_t state = 7;
  for (int round = 0; round < 300; ++round) {
    ParserBench bench(protocol, transport);
    for (int turn = 0; turn < 4 && bench.state == ParserState::more; ++turn) {
      std::string bytes(turn == 0 ? beginning : std::string_view{});
      for (std::uint32_t i = 0; i < (state >> 8U) % 200; ++i) {
        state = state * 1'664'525U + 1'013'904'223U;
        bytes += static_cast<char>(state >> 24U);
      }
      if (turn % 2 == 0) bench.client(bytes);
      else bench.server(bytes);
    }
    bench.finish();
  }
}

}  // namespace tocsin::collectors::testing
