#pragma once
// Hand-made packets, flows and transactions for the signature engine's tests.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "collectors/packet/transaction.h"
#include "rules/signature/rule_set.h"

namespace tocsin::rules::signature::testing {

using collectors::Buffer;
using collectors::Direction;
using collectors::Flow;
using collectors::Packet;
using collectors::Protocol;

class FakeTransaction final : public collectors::Transaction {
 public:
  explicit FakeTransaction(Protocol spoken) { protocol = spoken; }
  void add(Buffer buffer, Direction direction, std::string bytes) {
    buffers_[{buffer, direction}].push_back(std::move(bytes));
  }
  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override {
    const auto found = buffers_.find({buffer, direction});
    if (found == buffers_.end() || index >= found->second.size()) return std::nullopt;
    return as_bytes(found->second[index]);
  }
  std::uint8_t progress(Direction) const override { return progress_now; }
  bool complete(Direction) const override { return complete_now; }
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override {
    const auto text = this->buffer(buffer, direction, index);
    if (!text) return std::nullopt;
    return std::stoull(std::string(as_text(*text)));
  }
  void fill(EventBuilder&) const override {}

  std::uint8_t progress_now = 9;
  bool complete_now = true;

 private:
  std::map<std::pair<Buffer, Direction>, std::vector<std::string>> buffers_;
};

struct Collect final : AlertSink {
  void raise(Alert alert) override { alerts.push_back(std::move(alert)); }
  std::vector<Alert> alerts;
};

// One rule set with one worker; alerts go through the shared state.
class Bench {
 public:
  explicit Bench(const std::string& rules, SignatureOptions options = {}) {
    const std::vector<RuleSource> sources{{"test.rules", rules}};
    set = compile_signatures(sources, options, diagnostics);
    state = set->make_state();
    detector = set->attach({names, 0, 1, "host"}, *state);
    observer = detector->observer(raw);
    observer->attached(0);
  }

  void packet(Flow* flow, std::string_view payload, Direction direction = Direction::to_server,
              std::uint8_t protocol = 6, std::uint8_t flags = 0x18) {
    Packet p = make(flow, payload, direction, protocol, flags);
    if (flow != nullptr && protocol == 6 && !payload.empty()) feed(*flow, p, payload, direction);
    observer->on_packet(p);
  }
  void transaction(Flow& flow, FakeTransaction& transaction, Direction direction) {
    Packet p = make(&flow, "", direction, flow.transport, 0x18);
    observer->on_transaction({flow, transaction, direction, &p});
    observer->on_packet(p);
  }

  // Signature ids of all alerts, in the order raised.
  std::vector<std::uint32_t> sids() {
    Collect out;
    for (auto& alert : raw.alerts) state->decide(std::move(alert), out);
    raw.alerts.clear();
    std::vector<std::uint32_t> ids;
    for (auto& alert : out.alerts) {
      ids.push_back(static_cast<std::uint32_t>(std::stoul(alert.rule->id.substr(alert.rule->id.find(':') + 1))));
      decided.push_back(std::move(alert));
    }
    return ids;
  }

  Packet make(Flow* flow, std::string_view payload, Direction direction, std::uint8_t protocol, std::uint8_t flags) {
    static constexpr std::uint8_t header[20] = {0x45};
    Packet p;
    p.number = ++number;
    p.time = Time{std::chrono::seconds(1'000'000) + time};
    p.ip_version = 4;
    p.ip_header = header;
    p.protocol = protocol;
    p.time_to_live = 64;
    p.transport = header;
    p.tcp.flags = flags;
    p.payload = as_bytes(payload);
    p.flow = flow;
    p.direction = direction;
    p.source = IpAddress::v4(0x0A000001);
    p.destination = IpAddress::v4(0x08080808);
    p.source_port = 40000;
    p.destination_port = 80;
    if (direction == Direction::to_client) {
      std::swap(p.source, p.destination);
      std::swap(p.source_port, p.destination_port);
    }
    return p;
  }
  static Flow flow(Protocol protocol = Protocol::unknown, std::uint8_t transport = 6) {
    Flow f;
    f.id = 7;
    f.transport = transport;
    f.state = collectors::FlowState::established;
    f.tcp_state = "close_wait";  // streams are looked at with every packet
    f.protocol = protocol;
    f.client.address = IpAddress::v4(0x0A000001);
    f.client.port = 40000;
    f.server.address = IpAddress::v4(0x08080808);
    f.server.port = 80;
    return f;
  }

  FieldNames names;
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> set;
  std::unique_ptr<SharedState> state;
  std::unique_ptr<Detector> detector;
  collectors::Observer* observer = nullptr;
  Collect raw;
  std::vector<Alert> decided;
  std::uint64_t number = 0;
  Duration time{};
  std::map<std::pair<Flow*, Direction>, std::uint64_t> offsets;

 private:
  void feed(Flow& flow, const Packet& p, std::string_view payload, Direction direction) {
    auto& offset = offsets[{&flow, direction}];
    observer->on_stream({flow, direction, offset, as_bytes(payload), 0, false, &p});
    offset += payload.size();
  }
};

using Sids = std::vector<std::uint32_t>;

}  // namespace tocsin::rules::signature::testing
