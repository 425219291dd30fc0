#include "collectors/packet/protocol/conversation.h"

#include <algorithm>
#include <utility>

#include "collectors/base/release.h"
#include "collectors/packet/protocol/table.h"

namespace tocsin::collectors {

ProtocolShelf::ProtocolShelf(const PacketOptions& options, FieldNames& names, PacketCounters& counters)
    : options_(options), counters_(counters) {
  for (const auto& row : protocol_table())
    if (row.enabled(options)) slots_.push_back({&row, row.make(options, names)});
}

ProtocolShelf::Guess ProtocolShelf::probe(const ProbeInput& input) const {
  Guess guess;
  bool claimed = false;
  for (const bool by_port : {true, false}) {
    // A datagram on a port of its own protocol that is none of it is junk, not another protocol.
    if (!by_port && claimed && !input.stream) break;
    for (const auto& slot : slots_) {
      const auto& row = *slot.row;
      if (input.stream ? !row.over_stream : !row.over_datagram) continue;
      const bool named = std::ranges::find(row.ports, input.server_port) != row.ports.end() ||
                         std::ranges::find(row.ports, input.client_port) != row.ports.end();
      if (named != by_port) continue;
      claimed = claimed || by_port;
      const Probe answer = row.probe(input);
      if (answer == Probe::yes || answer == Probe::reversed) return {answer, &row};
      if (answer == Probe::more) guess.answer = Probe::more;
    }
  }
  return guess;
}

std::unique_ptr<ProtocolParser> ProtocolShelf::make(const ProtocolRow& row, const Flow& flow) {
  for (auto& slot : slots_)
    if (slot.row == &row) return slot.factory->make(flow);
  return nullptr;
}

std::unique_ptr<ProtocolParser> ProtocolShelf::make_expected(const ProtocolRow& row, const Flow& flow,
                                                             const ExpectedFlow& expected) {
  for (auto& slot : slots_)
    if (slot.row == &row) return slot.factory->make_expected(flow, expected);
  return nullptr;
}

void ProtocolShelf::expect(ExpectedFlow flow, Time now) {
  static constexpr std::size_t expectations_most = 4'096;
  static constexpr Duration patience = std::chrono::seconds(60);
  while (!expectations_.empty() && (expectations_.front().until < now || expectations_.size() >= expectations_most))
    expectations_.pop_front();
  std::erase_if(expectations_, [&](const Expectation& each) {
    return each.flow.server_port == flow.server_port && each.flow.server == flow.server &&
           each.flow.client == flow.client;
  });
  expectations_.push_back({std::move(flow), now + patience});
}

std::optional<ExpectedFlow> ProtocolShelf::expected(const Flow& flow, Time now) {
  const auto found = std::ranges::find_if(expectations_, [&](const Expectation& each) {
    return each.flow.server_port == flow.server.port && each.until >= now && each.flow.server == flow.server.address &&
           each.flow.client == flow.client.address;
  });
  if (found == expectations_.end()) return std::nullopt;
  auto out = std::move(found->flow);
  expectations_.erase(found);
  return out;
}

void Conversation::stream(const StreamChunk& chunk, Time time, ProtocolShelf& shelf, ParserOutput& output) {
  if (over_) return;
  Side& side = side_[index(chunk.direction)];
  if (parser_ != nullptr) {
    if (chunk.gap != 0) {
      judge(chunk.flow, parser_->gap(chunk.direction, chunk.gap, time, output), time, shelf, output);
      if (over_ || parser_ == nullptr) return;
    }
    if (!chunk.bytes.empty()) feed(chunk.flow, chunk.direction, chunk.bytes, time, shelf, output);
    side.ended |= chunk.end;
    if (chunk.end && !over_ && parser_ != nullptr) parser_->end(chunk.direction, time, output);
    // Nobody will say anything any more: what is open is over now, not when the flow is forgotten.
    if (chunk.end && side_[0].ended && side_[1].ended) finish(chunk.flow, output);
    return;
  }
  if (chunk.gap != 0 && side.verdict == Probe::more) side.verdict = Probe::no;  // the beginning is not whole
  side.ended |= chunk.end;
  side.unread += chunk.bytes.size();
  if (!chunk.bytes.empty() && !first_) first_ = chunk.direction;
  if (side.verdict == Probe::more) {
    const std::size_t most = shelf.options().detection_bytes_most;
    const bool first = side_[0].pending.empty() && side_[1].pending.empty() && restarts_ == 0;
    side.pending.insert(side.pending.end(), chunk.bytes.begin(), chunk.bytes.end());
    if (first && !side.pending.empty())
      if (const auto expected = shelf.expected(chunk.flow, time))
        if (const auto* row = protocol_row(expected->protocol))
          return adopt(chunk.flow, *row, shelf.make_expected(*row, chunk.flow, *expected), chunk.direction, time, shelf,
                       output);
    if (!side.pending.empty()) detect(chunk.flow, chunk.direction, true, time, shelf, output);
    if (parser_ == nullptr && side.verdict == Probe::more && (side.pending.size() >= most || side.ended))
      side.verdict = Probe::no;
  }
  if (parser_ != nullptr || over_) return;
  const Side& other = side_[index(opposite(chunk.direction))];
  if (side.verdict == Probe::no && other.verdict == Probe::no) return give_up(chunk.flow, shelf, output);
  // The other side may never speak; what this one says is nothing known.
  static constexpr std::uint64_t alone_most = 100'000;
  if (side.verdict != Probe::no || side.unread <= alone_most || other.unread != 0) return;
  output.event(PacketEvent::app_proto_detection_skipped);
  give_up(chunk.flow, shelf, output);
}

void Conversation::datagram(Flow& flow, Direction& direction, Bytes bytes, Time time, ProtocolShelf& shelf,
                            ParserOutput& output) {
  if (over_ || bytes.empty()) return;
  if (parser_ != nullptr) return feed(flow, direction, bytes, time, shelf, output);
  Side& side = side_[index(direction)];
  const bool first = side_[0].verdict == Probe::more && side_[1].verdict == Probe::more;
  const auto guess = shelf.probe({direction, bytes, flow.client.port, flow.server.port, false, first});
  side.verdict = guess.answer == Probe::more ? Probe::no : guess.answer;
  if (guess.answer == Probe::reversed) {
    std::swap(flow.client, flow.server);
    direction = opposite(direction);
  }
  if (guess.row != nullptr) {
    side_[index(direction)].pending.assign(bytes.begin(), bytes.end());
    return start(flow, *guess.row, direction, time, shelf, output);
  }
  if (side_[0].verdict == Probe::no && side_[1].verdict == Probe::no) give_up(flow, shelf, output);
}

void Conversation::detect(Flow& flow, Direction direction, bool stream, Time time, ProtocolShelf& shelf,
                          ParserOutput& output) {
  if (wants_turn_) return;  // first that
  Side& side = side_[index(direction)];
  const bool unseen = flow.midstream && restarts_ == 0;
  const auto guess = shelf.probe({direction, side.pending, flow.client.port, flow.server.port, stream, unseen});
  side.verdict = guess.answer;
  if (guess.answer == Probe::yes) start(flow, *guess.row, direction, time, shelf, output);
  if (guess.answer != Probe::reversed) return;
  side.verdict = Probe::more;
  wants_turn_ = true;
}

void Conversation::turn(Flow& flow, Time time, ProtocolShelf& shelf, ParserOutput& output) {
  wants_turn_ = false;
  std::swap(side_[0], side_[1]);
  std::swap(flow.protocol_by_direction[0], flow.protocol_by_direction[1]);
  for (const auto each : {Direction::to_server, Direction::to_client}) {
    if (parser_ != nullptr || side_[index(each)].pending.empty()) continue;
    detect(flow, each, true, time, shelf, output);
  }
  // Asked for twice: it is neither way round.
  if (std::exchange(wants_turn_, false)) give_up(flow, shelf, output);
}

void Conversation::start(Flow& flow, const ProtocolRow& row, Direction direction, Time time, ProtocolShelf& shelf,
                         ParserOutput& output) {
  adopt(flow, row, shelf.make(row, flow), direction, time, shelf, output);
}

namespace {

// Protocols in which only a client can begin.
bool client_begins(Protocol protocol) noexcept {
  return protocol == Protocol::http || protocol == Protocol::tls || protocol == Protocol::dcerpc;
}

}  // namespace

// What is odd about the protocol being this one.
void Conversation::compare(const Flow& flow, Protocol found, ParserOutput& output) {
  if (first_ == Direction::to_client && restarts_ == 0 && !flow.midstream && client_begins(found))
    output.event(PacketEvent::app_wrong_direction_first_data);
  if (!std::exchange(awaits_tls_, false) || found == Protocol::tls) return;
  if (found != Protocol::failed) output.event(PacketEvent::app_unexpected_protocol);
  output.event(PacketEvent::app_no_tls_after_starttls);
}

void Conversation::adopt(Flow& flow, const ProtocolRow& row, std::unique_ptr<ProtocolParser> parser,
                         Direction direction, Time time, ProtocolShelf& shelf, ParserOutput& output) {
  if (parser == nullptr) return;
  parser_ = std::move(parser);
  compare(flow, row.protocol, output);
  flow.protocol = row.protocol;
  flow.protocol_by_direction[index(direction)] = row.protocol;
  if (shelf.options().recognised_only.test(static_cast<std::size_t>(row.protocol))) {
    over_ = true;
    for (auto& side : side_) release_memory(side.pending);
    return;
  }
  // The client's bytes go first when both are here: requests come before answers.
  for (const auto each : {Direction::to_server, Direction::to_client}) {
    Side& side = side_[index(each)];
    const std::vector<std::uint8_t> bytes = std::move(side.pending);
    side.pending = {};
    if (over_ || parser_ == nullptr) continue;
    if (!bytes.empty()) {
      flow.protocol_by_direction[index(each)] = row.protocol;
      feed(flow, each, bytes, time, shelf, output);
    }
    if (side.ended && !over_ && parser_ != nullptr) parser_->end(each, time, output);
  }
}

void Conversation::feed(Flow& flow, Direction direction, Bytes bytes, Time time, ProtocolShelf& shelf,
                        ParserOutput& output) {
  shelf.counters().inspected_bytes += bytes.size();
  auto& by_direction = flow.protocol_by_direction[index(direction)];
  if (by_direction == Protocol::unknown) {
    by_direction = spoken(flow, direction, bytes, shelf);
    if (by_direction == Protocol::failed) {
      by_direction = flow.protocol;
      output.event(PacketEvent::app_detect_one_direction_only);
    }
    if (by_direction != flow.protocol) output.event(PacketEvent::app_mismatch_both_directions);
  }
  judge(flow, parser_->consume(direction, bytes, time, output), time, shelf, output);
}

// What the second side to speak seems to speak: mostly what the first one does; failed: nothing known.
Protocol Conversation::spoken(const Flow& flow, Direction direction, Bytes bytes, const ProtocolShelf& shelf) {
  const auto* row = protocol_row(flow.protocol);
  const bool stream = flow.transport == ip_protocol::tcp;
  const ProbeInput input{direction, bytes, flow.client.port, flow.server.port, stream, false};
  if (!stream || row == nullptr || restarts_ != 0 || row->probe(input) != Probe::no) return flow.protocol;
  const auto guess = shelf.probe(input);
  if (guess.answer == Probe::yes) return guess.row->protocol;
  return guess.answer == Probe::no ? Protocol::failed : flow.protocol;
}

namespace {

void count_failure(const Flow& flow, PacketCounters& counters) {
  ++counters.parser_failed;
  auto& by_protocol = flow.transport == ip_protocol::udp ? counters.parser_failed_udp : counters.parser_failed_tcp;
  if (const auto number = static_cast<std::size_t>(flow.protocol); number < by_protocol.size()) ++by_protocol[number];
}

}  // namespace

void Conversation::judge(Flow& flow, ParserState state, Time time, ProtocolShelf& shelf, ParserOutput& output) {
  if (state == ParserState::more) return;
  if (state == ParserState::restart) return restart(flow, time, shelf, output);
  over_ = true;
  encrypted_ = state == ParserState::done;
  if (state == ParserState::failed) count_failure(flow, shelf.counters());
  parser_->finish(output);
}

// A tunnel through HTTP, or an upgrade: what follows is found out anew.
void Conversation::restart(Flow& flow, Time time, ProtocolShelf& shelf, ParserOutput& output) {
  static constexpr std::uint8_t restarts_most = 4;  // tunnels in tunnels
  parser_->finish(output);
  const std::unique_ptr<ProtocolParser> former = std::move(parser_);
  if (++restarts_ > restarts_most) return give_up(flow, shelf, output);
  // Of those that restart, all but HTTP do so because both sides agreed to encrypt.
  awaits_tls_ = flow.protocol != Protocol::http;
  flow.protocol_by_direction = {};
  if (flow.protocol_original == Protocol::unknown) flow.protocol_original = flow.protocol;
  for (const auto each : {Direction::to_server, Direction::to_client}) {
    Side& side = side_[index(each)];
    const Bytes left = former->leftover(each);
    side.pending.assign(left.begin(), left.end());
    side.verdict = Probe::more;
  }
  if (const auto* next = protocol_row(former->successor()); next != nullptr && next->enabled(shelf.options())) {
    ExpectedFlow known;
    known.protocol = next->protocol;
    known.agreement = former->legacy();
    return adopt(flow, *next, shelf.make_expected(*next, flow, known), Direction::to_server, time, shelf, output);
  }
  for (const auto each : {Direction::to_server, Direction::to_client})
    if (parser_ == nullptr && !over_ && !side_[index(each)].pending.empty())
      detect(flow, each, true, time, shelf, output);
}

void Conversation::give_up(Flow& flow, ProtocolShelf& shelf, ParserOutput& output) {
  over_ = true;
  compare(flow, Protocol::failed, output);
  flow.protocol = Protocol::failed;  // what was spoken before, if anything, is its protocol_original
  ++shelf.counters().protocol_unknown;
  for (auto& side : side_) release_memory(side.pending);
}

void Conversation::finish(Flow&, ParserOutput& output) {
  if (parser_ != nullptr && !over_) parser_->finish(output);
  over_ = true;
}

}  // namespace tocsin::collectors
