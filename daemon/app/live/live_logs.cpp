#include "daemon/app/live/live_logs.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "daemon/app/live/position_text.h"

namespace tocsin::daemon {
namespace {

constexpr std::string_view cursor_key = "journal:cursor";

collectors::LogKind kind_of(LogKind kind) {
  switch (kind) {
    case LogKind::syslog: return collectors::LogKind::syslog;
    case LogKind::web: return collectors::LogKind::access;
    case LogKind::audit: return collectors::LogKind::audit;
    case LogKind::json: return collectors::LogKind::json;
    case LogKind::automatic: break;
  }
  return collectors::LogKind::automatic;
}

}  // namespace

LiveLogs::LiveLogs(LiveLogsOptions options, collectors::FileOpener& opener, FieldNames& names,
                   const Generations& generations, Inbox& inbox, const Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      opener_(opener),
      names_(names),
      generations_(generations),
      inbox_(inbox),
      clock_(clock),
      log_(log),
      events_(metrics.counter("tocsin_log_events", "Events read from files and the journal")),
      generation_(generations.current()) {
  lane_ =
      std::make_unique<EventLane>(LaneContext{names_, options_.worker, options_.workers, options_.host, Exercise::no},
                                  generation_->engines->active());
  std::vector<collectors::Position> known;
  for (const auto& [key, value] : options_.positions)
    if (key.starts_with("file:"))
      if (auto position = parse_position(value)) known.push_back(std::move(*position));
  const auto& collect = options_.config.collect;
  for (const auto& entry : collect.logs)
    for (const auto& glob : entry.paths) {
      if (!mine()) continue;
      if (entry.unless_journal && options_.journal) left_alone_.push_back(glob);
      else follow(glob, kind_of(entry.kind), entry.program, known);
    }
  if (collect.audit.enabled && mine()) follow(collect.audit.path, collectors::LogKind::audit, {}, known);
  if (collect.journald.enabled && mine()) open_journal();
}

LiveLogs::~LiveLogs() {
  stop();
  join();
}

void LiveLogs::follow(const std::string& glob, collectors::LogKind kind, const std::string& program,
                      const std::vector<collectors::Position>& known) {
  collectors::TailOptions tail;
  tail.glob = glob;
  tail.source.kind = kind;
  tail.source.program = program;
  tail.source.default_host = options_.host;
  tail.source.clock = collectors::LineClock(options_.zone, 0);
  tail.line_most = options_.config.limits.line.bytes;
  // A host that is watched for the first time begins now: its old lines are not news.
  tail.start_at = known.empty() ? collectors::StartAt::end : collectors::StartAt::beginning;
  followed_.push_back(std::make_unique<Followed>(
      glob, collectors::FileTail(opener_, std::move(tail), generation_->decoders, names_, known)));
}

void LiveLogs::open_journal() {
  collectors::JournalOptions journal;
  journal.directory = journal_directory(options_.config.collect);
  journal.source.name = "journal";
  journal.source.default_host = options_.host;
  journal.exclude_identifier = "tocsind";
  if (const auto found = options_.positions.find(std::string(cursor_key)); found != options_.positions.end()) {
    const auto space = found->second.find(' ');
    journal.cursor = found->second.substr(space == std::string::npos ? 0 : space + 1);
    journal.last_seen = parse_time(found->second.substr(0, space)).value_or(Time{});
  }
  auto opened = collectors::JournalTail::open(std::move(journal), generation_->decoders, names_);
  if (opened) {
    journal_.emplace(std::move(*opened));
    journal_state_ = "watching";
    return;
  }
  journal_state_ = opened.error().text();
  log_.warning("journal: " + journal_state_);
}

void LiveLogs::start() {
  thread_ = std::thread([this] { run(); });
}

void LiveLogs::join() {
  if (thread_.joinable()) thread_.join();
}

void LiveLogs::renew() {
  generation_ = generations_.current();
  lane_ =
      std::make_unique<EventLane>(LaneContext{names_, options_.worker, options_.workers, options_.host, Exercise::no},
                                  generation_->engines->active());
  for (auto& followed : followed_) followed->tail.use(generation_->decoders);
}

// Until there is something to read; names are looked for again after a while.
void LiveLogs::rest() {
  constexpr Duration turn = std::chrono::milliseconds{250};
  constexpr Duration look = std::chrono::milliseconds{10};  // nobody tells in time of what grew; responses wait for it
  for (Duration waited{}; waited < turn && !over_.load(std::memory_order_relaxed); waited += look) {
    std::this_thread::sleep_for(look);
    if (std::ranges::any_of(followed_, [](const auto& followed) { return followed->tail.grown(); })) return;
    if (journal_ && journal_->grown()) return;
  }
}

void LiveLogs::run() {
  while (!over_.load(std::memory_order_relaxed)) {
    if (generations_.number() != generation_->number) renew();
    const Time now = clock_.now();
    bool busy = turn_files(now);
    busy = turn_journal(now) || busy;
    if (!busy) rest();
  }
}

bool LiveLogs::turn_files(Time now) {
  bool busy = false;
  for (auto& followed : followed_) {
    collectors::LogBatch batch;
    auto more = followed->tail.poll(batch, now);
    if (!more) {
      log_.limited(LogLevel::warning, "tail " + followed->glob, followed->glob + ": " + more.error().text());
      continue;
    }
    const auto counts = followed->tail.counts();
    followed->files.store(followed->tail.open_files());
    followed->lines.store(counts.lines);
    followed->lost.store(counts.lost_files + counts.truncated_lines);
    followed->refused.store(counts.refused_files);
    std::vector<std::pair<std::string, std::string>> positions;
    positions.reserve(batch.positions.size());
    for (const auto& position : batch.positions) positions.push_back(render_position(position));
    if (batch.events.empty() && positions.empty()) continue;
    busy = true;
    if (!send(std::move(batch.events), std::move(positions))) return false;
  }
  return busy;
}

bool LiveLogs::turn_journal(Time now) {
  if (!journal_) return false;
  collectors::JournalBatch batch;
  auto more = journal_->poll(batch, now);
  if (!more) {
    log_.limited(LogLevel::warning, "journal", "journal: " + more.error().text());
    return false;
  }
  journal_entries_.store(journal_->counts().entries);
  if (batch.events.empty()) return false;
  std::vector<std::pair<std::string, std::string>> positions;
  if (!batch.cursor.empty()) positions.emplace_back(cursor_key, render_time(batch.last_seen) + ' ' + batch.cursor);
  return send(std::move(batch.events), std::move(positions));
}

bool LiveLogs::send(EventBatch batch, std::vector<std::pair<std::string, std::string>> positions) {
  lane_->inspect(batch);
  events_.add(batch.size());
  Work work;
  work.generation = generation_;
  work.alerts = lane_->take_alerts();
  if (!batch.empty()) work.events.push_back(std::move(batch));
  work.durability = Durability::durable;
  work.positions = std::move(positions);
  return inbox_.send(std::move(work));
}

LiveLogs::State LiveLogs::Followed::state() const {
  State out{"log:" + glob, "watching", lines.load(), lost.load(), counted(files.load(), "file")};
  if (files.load() != 0) return out;
  out.state = refused.load() == 0 ? "no such file yet" : "cannot be opened";
  if (refused.load() != 0) out.detail = "why: journalctl -u tocsin-opener";
  return out;
}

std::vector<LiveLogs::State> LiveLogs::states() const {
  std::vector<State> out;
  out.reserve(followed_.size() + left_alone_.size() + 1);
  for (const auto& followed : followed_) out.push_back(followed->state());
  for (const auto& glob : left_alone_) out.push_back({"log:" + glob, "left to the journal", 0, 0, "unless_journal"});
  if (!journal_state_.empty()) out.push_back({"journal", journal_state_, journal_entries_.load(), 0, ""});
  return out;
}

std::string LiveLogs::journal_directory(const CollectConfig& collect) {
  const auto& directory = collect.journald.directory;
  return directory == "/var/log/journal" ? std::string{} : directory;
}

std::size_t LiveLogs::sources(const CollectConfig& collect) noexcept {
  std::size_t count = (collect.audit.enabled ? 1U : 0U) + (collect.journald.enabled ? 1U : 0U);
  for (const auto& entry : collect.logs) count += entry.paths.size();
  return count;
}

}  // namespace tocsin::daemon
