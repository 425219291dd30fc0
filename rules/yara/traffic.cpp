#include "rules/yara/traffic.h"

#include <algorithm>

#include "collectors/base/digest.h"
#include "collectors/base/release.h"

namespace tocsin::rules::yara {

using collectors::Direction;
using collectors::Flow;

namespace {

constexpr std::size_t first_step = 64 * 1024;
constexpr std::size_t step_factor = 4;
// Files of one flow followed at a time; more wait for nothing, they are not followed and counted as truncated.
constexpr std::size_t most_files_per_flow = 64;
// Keys 0 and 1 are the directions of the stream, files come after.
constexpr std::uint32_t first_file_key = 2;

std::string_view direction_name(Direction d) { return d == Direction::to_server ? "to_server" : "to_client"; }

}  // namespace

// Bytes that wait until there are enough for a scan.
struct Traffic::Pending {
  FlowState* owner = nullptr;
  std::uint32_t key = 0;
  Direction direction = Direction::to_server;
  bool over = false;                  // depth reached or scanned early: nothing more is kept
  std::unique_ptr<std::string> name;  // of a file that has one
  std::vector<std::uint8_t> bytes;
  std::size_t next_step = first_step;
  std::size_t scanned = 0;
  // The last packet that added something.
  std::uint64_t packet = 0;
  Time time{};

  bool is_stream() const noexcept { return key < first_file_key; }
  std::string_view file_name() const noexcept { return name ? std::string_view(*name) : std::string_view(); }
};

struct Traffic::Kept {
  Waiting waiting;  // oldest first
  std::size_t bytes = 0;
};

struct Traffic::FlowState final : collectors::FlowExtension {
  FlowState(std::shared_ptr<Kept> shared, Flow& of, std::size_t rules)
      : kept(std::move(shared)), flow(of), alerted(rules) {}
  // A flow may go without on_flow_end when its table is torn down: what waits for it goes with it.
  ~FlowState() override {
    while (!entries.empty()) release(entries.back()->key);
  }
  void release(std::uint32_t key) {
    const auto found = std::ranges::find_if(entries, [&](const auto& entry) { return entry->key == key; });
    if (found == entries.end()) return;
    kept->bytes -= (*found)->bytes.size();
    kept->waiting.erase(*found);
    entries.erase(found);
  }

  std::shared_ptr<Kept> kept;
  Flow& flow;
  std::vector<Waiting::iterator> entries;
  std::vector<bool> alerted;  // by rule: one alert of a rule per flow
};

Traffic::Traffic(Scanner& scanner, const CompiledRules& rules, const YaraOptions& options, ScanCounters& counters,
                 const WorkerContext& context, AlertSink& sink)
    : scanner_(scanner),
      rules_(rules),
      options_(options),
      counters_(counters),
      host_(context.host),
      exercise_(context.exercise),
      sink_(sink),
      kept_(std::make_shared<Kept>()) {}

Traffic::~Traffic() = default;

Traffic::FlowState& Traffic::state(Flow& flow) {
  auto& place = flow.extension[slot()];
  if (!place) place = std::make_unique<FlowState>(kept_, flow, rules_.by_index.size());
  return static_cast<FlowState&>(*place);
}

Traffic::Pending& Traffic::pending(FlowState& flow_state, std::uint32_t key, Direction direction) {
  for (const auto& entry : flow_state.entries)
    if (entry->key == key) return *entry;
  kept_->waiting.emplace_back();
  auto entry = std::prev(kept_->waiting.end());
  entry->owner = &flow_state;
  entry->key = key;
  entry->direction = direction;
  flow_state.entries.push_back(entry);
  return *entry;
}

void Traffic::append(Pending& p, Bytes bytes, std::size_t depth, const collectors::Packet* packet) {
  if (packet != nullptr) {
    p.packet = packet->number;
    p.time = packet->time;
  } else {
    p.time = p.owner->flow.last;
  }
  while (!p.over && !bytes.empty()) {
    // Steps are cut at their exact size, so that results do not depend on how the bytes were chunked.
    const auto until = std::min(depth, p.is_stream() ? p.next_step : depth);
    const auto take = std::min(bytes.size(), until - p.bytes.size());
    p.bytes.insert(p.bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(take));
    kept_->bytes += take;
    bytes = bytes.subspan(take);
    if (p.bytes.size() < until) break;
    scan(p);
    p.next_step *= step_factor;
    if (p.bytes.size() < depth) continue;
    p.over = true;
    counters_.truncated.add();
    kept_->bytes -= p.bytes.size();
    release_memory(p.bytes);
  }
}

void Traffic::scan(Pending& p) {
  if (p.bytes.size() == p.scanned) return;
  p.scanned = p.bytes.size();
  const std::string where = p.is_stream() ? "stream " + std::string(direction_name(p.direction)) : std::string("file");
  const auto hits = scanner_.scan(p.bytes, {p.file_name(), p.file_name(), {}, where});
  if (hits.empty()) return;
  const auto digest = sha256(p.bytes);
  for (const auto& hit : hits) {
    if (p.owner->alerted[hit.rule]) continue;
    p.owner->alerted[hit.rule] = true;
    raise(p, hit, digest);
  }
}

void Traffic::raise(Pending& p, const Hit& hit, const Sha256& digest) {
  const auto& flow = p.owner->flow;
  Alert alert;
  alert.rule = rules_.by_index[hit.rule];
  alert.time = p.time;
  alert.host = host_;
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  alert.exercise = exercise_;
  alert.why = hit.why;
  const auto digest_text = render_digest(digest);
  std::string identity = std::to_string(flow.id) + ' ' + std::string(direction_name(p.direction));
  alert.add_entity(EntityKind::address, EntityRole::actor, render_address(flow.client.address));
  alert.add_entity(EntityKind::address, EntityRole::target, render_address(flow.server.address));
  if (!p.is_stream()) {
    identity += ' ' + std::to_string(p.key - first_file_key) + ' ' + digest_text;
    // Over HTTP a file without a name of its own is called by its path on the server: that is no file of any host.
    const auto name = p.file_name();
    const bool path = flow.protocol == collectors::Protocol::http && name.starts_with('/');
    alert.add_entity(EntityKind::file, EntityRole::related,
                     name.empty() || path ? "sha256:" + digest_text : std::string(name));
    alert.fields.emplace_back("file.hash.sha256", digest_text);
    if (!name.empty()) alert.fields.emplace_back("file.name", std::string(name));
    alert.fields.emplace_back("file.size", std::to_string(p.bytes.size()));
  }
  alert.events.push_back(hash128(identity));
  PacketContext packet;
  const auto& sender = flow.side(p.direction);
  const auto& receiver = flow.side(opposite(p.direction));
  packet.packet = p.packet;
  packet.flow_id = flow.id;
  packet.community_id = community_id(flow);
  packet.source = sender.address;
  packet.destination = receiver.address;
  packet.source_port = sender.port;
  packet.destination_port = receiver.port;
  packet.transport = flow.transport;
  packet.application = protocol_name(flow.protocol);
  packet.to_server = p.direction == Direction::to_server;
  alert.packet = std::move(packet);
  alert.order = p.packet;
  seal(alert);
  sink_.raise(std::move(alert));
}

// Opening many connections must not make us blind: what waited longest is scanned as it is, then let go.
void Traffic::keep_within_cap() {
  for (auto entry = kept_->waiting.begin(); kept_->bytes > options_.most_kept && entry != kept_->waiting.end();
       ++entry) {
    if (entry->bytes.empty()) continue;
    scan(*entry);
    counters_.scanned_early.add();
    kept_->bytes -= entry->bytes.size();
    release_memory(entry->bytes);
    entry->over = true;
  }
}

void Traffic::on_stream(const collectors::StreamChunk& chunk) {
  if (options_.stream_depth == 0) return;
  auto& flow_state = state(chunk.flow);
  auto& p = pending(flow_state, static_cast<std::uint32_t>(index(chunk.direction)), chunk.direction);
  append(p, chunk.bytes, options_.stream_depth, chunk.packet);
  if (chunk.end) {
    scan(p);
    flow_state.release(p.key);
  }
  keep_within_cap();
}

void Traffic::on_file(const collectors::FileChunk& chunk) {
  auto& flow_state = state(chunk.flow);
  const auto key = chunk.id + first_file_key;
  const bool known = std::ranges::any_of(flow_state.entries, [&](const auto& entry) { return entry->key == key; });
  if (!known && (chunk.offset != chunk.gap || flow_state.entries.size() >= most_files_per_flow + first_file_key)) {
    // Not followed from its start: over the cap of files per flow, or its end was already seen.
    if (chunk.offset == chunk.gap) counters_.truncated.add();
    return;
  }
  auto& p = pending(flow_state, key, chunk.direction);
  if (!p.name && !chunk.name.empty()) p.name = std::make_unique<std::string>(chunk.name);
  append(p, chunk.bytes, options_.file_depth, chunk.packet);
  if (chunk.end) {
    scan(p);
    flow_state.release(key);
  }
  keep_within_cap();
}

void Traffic::on_flow_end(Flow& flow, collectors::FlowEnd) {
  auto& place = flow.extension[slot()];
  if (!place) return;
  auto& flow_state = static_cast<FlowState&>(*place);
  while (!flow_state.entries.empty()) {
    auto& p = *flow_state.entries.front();
    scan(p);
    flow_state.release(p.key);
  }
  place.reset();
}

}  // namespace tocsin::rules::yara
