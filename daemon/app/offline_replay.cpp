#include "daemon/app/offline_replay.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/descriptor.h"
#include "daemon/app/case_desk.h"
#include "daemon/app/evidence/evidence_book.h"
#include "daemon/app/incident_row.h"
#include "daemon/app/keeper.h"
#include "daemon/app/rule_costs.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/suricata_settings.h"
#include "daemon/app/workbench.h"
#include "daemon/eve/alert_record.h"
#include "daemon/eve/fast_log.h"
#include "daemon/eve/file.h"

namespace tocsin::daemon {
namespace {

constexpr std::uint64_t seed = 0x746f6373696e;  // of incident ids: the same recording gives the same incidents

responders::CaseworkOptions casework_options(const Config& config) {
  responders::CaseworkOptions out;
  out.grouping.window = config.incidents.window;
  out.grouping.age_most = config.incidents.longest;
  out.organization = config.host.organization;
  out.self.name = "tocsin";
  return out;
}

// Alerts on their way into the store, with a copy of those of the round at hand.
class ToKeeper final : public rules::AlertSink {
 public:
  ToKeeper(Keeper& target, ManualClock& time) : keeper_(target), clock_(time) {}
  void raise(rules::Alert alert) override {
    clock_.advance_to(alert.time);
    round_.push_back(alert);
    keeper_.raise(std::move(alert));
  }
  std::vector<rules::Alert> take() { return std::exchange(round_, {}); }

 private:
  Keeper& keeper_;
  ManualClock& clock_;
  std::vector<rules::Alert> round_;
};

// The two ways an alert can go: into a store, or into a journal that ends with this run.
class OfflineRun {
 public:
  explicit OfflineRun(OfflineReplayOptions& options) : options_(options) {}

  Result<OfflineReplayed> run() {
    TOCSIN_TRY(bench_, open_workbench_with_settings());
    if (options_.loaded) options_.loaded(bench_->diagnostics);
    Diagnostics mistakes;
    auto recording = collect_inputs(options_.inputs, options_.defaults, mistakes);
    if (options_.loaded && !mistakes.all().empty()) options_.loaded(mistakes);
    if (!recording) return std::unexpected(std::move(recording).error());
    if (!options_.eve.empty()) {
      for (const auto& input : recording->inputs) {
        std::error_code none;
        if (std::filesystem::equivalent(input.path, options_.eve, none))
          return fail(Code::usage, options_.eve + " is an input; give --eve another file to write to");
      }
      TOCSIN_TRY(eve_, EveFile::create(options_.eve));
      if (const auto& name = settings_.eve.fast_log; !name.empty()) {
        TOCSIN_TRY(fast_, EveFile::create(beside_records(name)));
      }
    }
    ReplayOptions replay = replay_options(std::move(*recording));
    auto done = options_.store.empty() ? in_memory(std::move(replay)) : into_store(std::move(replay));
    if (!done) return done;
    for (const auto& rules : bench_->engines->active())
      for (const auto& file : rules.set->data_files())
        TOCSIN_CHECK(replace_file(file.path, as_bytes(file.text()), 0644));
    if (!options_.costs.empty()) TOCSIN_CHECK(write_rule_costs(options_.costs, *bench_->engines));
    if (eve_) TOCSIN_CHECK(finish_eve(done->summary.eve));
    for (const auto& tuned : bench_->engines->tuning()->entries())
      if (done && tuned->alerts() != 0)
        done->summary.remarks.push_back(
            fmt::format("tuning {}: {} {}", tuned->entry().id, counted(tuned->alerts(), "alert"),
                        tuned->entry().act == rules::TuningAct::modify ? "changed" : "taken"));
    return done;
  }

 private:
  Result<std::unique_ptr<Workbench>> open_workbench_with_settings() {
    TOCSIN_TRY(settings_, read_suricata_settings(options_.suricata_yaml, options_.settings));
    for (const auto& [name, value] : settings_.variables) options_.config.rules.variables[name] = value;
    auto engines = engine_options(options_.config, options_.rules);
    engines.threshold_file = settings_.threshold_file;
    engines.classification_file = settings_.classification_file;
    engines.reference_file = settings_.reference_file;
    engines.reputation_directory = settings_.reputation_directory;
    engines.reputation_categories = settings_.reputation_categories;
    engines.reputation_files = settings_.reputation_files;
    engines.datasets = settings_.datasets;
    if (!options_.indicators.empty()) engines.indicator_paths = options_.indicators;
    if (!options_.tuning.empty()) engines.tuning = options_.tuning;
    engines.now = options_.now;
    engines.alerts_per_packet_most = settings_.alerts_per_packet_most;
    return open_workbench(options_.config, engines);
  }

  ReplayOptions replay_options(Recording recording) {
    ReplayOptions out;
    out.recording = std::move(recording);
    out.workers = options_.workers;
    out.packets = settings_.packets;
    if (options_.ignore_checksums) out.packets.decode.checksums = collectors::ChecksumMode::ignore;
    out.filter = options_.filter;
    if (eve_) {
      // Suricata's own switch between the two forms of its DNS records.
      const char* const dns = std::getenv("SURICATA_EVE_DNS_VERSION");
      if (dns != nullptr && std::string_view(dns) == "2") settings_.eve.detail.dns.version = 2;
      bench_->engines->complete(settings_.eve);
      out.eve = settings_.eve;
      if (settings_.eve.files.keep) out.keep_files = [this](const std::vector<KeptFile>& files) { keep(files); };
      out.eve_round = [this](std::vector<EveRecord> records) { write_round(std::move(records)); };
    }
    if (!options_.defaults.host.empty()) out.host = options_.defaults.host;
    if (options_.progress)
      out.progress = [this](std::uint64_t bytes, std::uint64_t) {
        options_.progress(bytes);
        return true;
      };
    return out;
  }

  void show(const rules::Alert& alert) {
    ++replayed_.alerts;
    ++replayed_alerts_;
    if (options_.alert) options_.alert(alert);
    if (eve_ && settings_.eve.alert.enabled) round_.push_back(make_alert_record(alert, settings_.eve));
    if (!fast_) return;
    if (auto record = make_fast_record(alert); !record.line.empty()) fast_round_.push_back(std::move(record));
  }

  // Beside the records, unless the configuration names another place.
  std::string beside_records(const std::string& name) const {
    const auto slash = options_.eve.rfind('/');
    const bool beside = slash != std::string::npos && !name.starts_with('/');
    return beside ? options_.eve.substr(0, slash + 1) + name : name;
  }

  void keep(const std::vector<KeptFile>& files) {
    const auto directory = beside_records(settings_.eve.files.directory);
    for (const auto& file : files) note_trouble(write_kept_file(directory, file.digest, as_text(file.bytes)));
  }

  Result<void> finish_eve(EveStats stats) {
    stats.alerts = replayed_alerts_;
    stats.kept_failures = kept_failures_;
    stats.rules.loaded = bench_->engines->loaded();
    for (const auto& diagnostic : bench_->diagnostics.all()) {
      if (diagnostic.severity == Severity::error) ++stats.rules.failed;
      if (diagnostic.code == "S0390") ++stats.rules.skipped;  // a rule that asks for what is not here
    }
    if (settings_.eve.stats.enabled) eve_->write(render_stats(stats));
    if (!kept_trouble_.empty()) return fail(Code::exhausted, kept_trouble_);
    if (fast_) TOCSIN_CHECK(fast_->finish());
    return eve_->finish();
  }

  // Files that are kept are numbered in the order of their records.
  void number_file(EveRecord& record) {
    const auto number = ++kept_files_;
    record.line.replace(record.number_at, 1, std::to_string(number));
    if (!settings_.eve.files.keep_records) return;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(record.time.time_since_epoch()).count();
    const auto name = fmt::format("{}.{}.{}.json", record.kept_digest, seconds, number);
    note_trouble(write_kept_file(beside_records(settings_.eve.files.directory), name, record.line + '\n'));
  }

  void note_trouble(Result<void> done) {
    if (done) return;
    ++kept_failures_;
    if (kept_trouble_.empty()) kept_trouble_ = done.error().text();
  }

  void write_round(std::vector<EveRecord> records) {
    for (auto& record : records) round_.push_back(std::move(record));
    put_in_order(round_);
    for (auto& record : round_)
      if (record.number_at != 0) number_file(record);
    for (const auto& record : round_) eve_->write(record.line);
    round_.clear();
    put_in_order(fast_round_);
    for (const auto& record : fast_round_) fast_->write(record.line);
    fast_round_.clear();
  }

  Result<OfflineReplayed> in_memory(ReplayOptions replay) {
    ManualClock clock;
    responders::MemoryJournal journal;
    TOCSIN_TRY(auto casework, responders::Casework::start(journal, clock, responders::IncidentIds::derived(seed),
                                                          casework_options(options_.config)));
    std::map<rules::AlertId, std::string> texts;
    std::vector<IncidentId> order;
    CaseDesk desk(casework, &clock, [&](const rules::Alert& alert, const responders::TakenAlert& taken) {
      if (taken.how == responders::Taken::opened) order.push_back(taken.incident);
      if (taken.how == responders::Taken::opened || taken.how == responders::Taken::joined)
        texts.emplace(alert.id, rules::render_json(alert));
      show(alert);
    });
    Replay run(std::move(replay), bench_->names, *bench_->engines, bench_->decoders, desk);
    TOCSIN_TRY(replayed_.summary, run.run());
    for (const auto& id : order) {
      TOCSIN_TRY(const auto incident, casework.incident(id));
      if (incident.merged_into) continue;
      const auto lookup = [&](const rules::AlertId& alert) {
        const auto found = texts.find(alert);
        return found == texts.end() ? std::string{} : found->second;
      };
      replayed_.incidents.push_back({responders::render_json(incident), render_incident_row(incident, lookup, {})});
    }
    return std::move(replayed_);
  }

  // Packets around alerts go into the store's vault. Null: none is kept.
  std::unique_ptr<EvidenceBook> open_evidence(Keeper& keeper, const Clock& clock) {
    if (options_.config.evidence.recent_packets.bytes == 0 && options_.config.evidence.recent_files.bytes == 0)
      return nullptr;
    auto key = find_vault_key(options_.config.evidence.key, options_.store, MakeKey::yes);
    if (!key) {
      kept_trouble_ = "no packets are kept: " + key.error().text();
      return nullptr;
    }
    EvidenceBookOptions book;
    book.most = options_.config.evidence.most.bytes;
    book.host = options_.defaults.host.empty() ? "localhost" : options_.defaults.host;
    book.self.name = "tocsin";
    return std::make_unique<EvidenceBook>(keeper.store(), keeper.casework(), *key, clock, std::move(book),
                                          [&keeper](const auto& work) { return keeper.in_transaction(work); });
  }

  void keep_evidence(EvidenceBook& book, const std::vector<TakenEvidence>& captures) {
    for (const auto& capture : captures)
      if (auto kept = book.keep(capture); !kept && replayed_.store_trouble.empty())
        replayed_.store_trouble = "not all packets of alerts are kept: " + kept.error().text();
  }

  Result<OfflineReplayed> into_store(ReplayOptions replay) {
    ManualClock clock;
    KeeperOptions keep{
        options_.store, {}, casework_options(options_.config), responders::IncidentIds::derived(seed), {}};
    auto opened = Keeper::open(std::move(keep), clock, bench_->names);
    if (!opened && opened.error().code == Code::exhausted) {
      // Not even room to open it: that stops storing, not detecting.
      replayed_.store_trouble = opened.error().text();
      return in_memory(std::move(replay));
    }
    if (!opened) return std::unexpected(std::move(opened).error());
    const auto keeper = std::move(*opened);
    // Events of a recording are the same in the same order every time, so a count says how many the store has.
    const std::string position = fmt::format("replay:{}/{}", replay.recording.name, options_.workers);
    TOCSIN_TRY(const auto positions, keeper->store().positions());
    std::uint64_t skip = 0;
    if (const auto found = positions.find(position); found != positions.end()) skip = std::stoull(found->second);
    std::uint64_t seen = 0;
    ToKeeper sink(*keeper, clock);
    const auto book = open_evidence(*keeper, clock);
    if (book != nullptr) {
      replay.evidence = tap_options(options_.config.evidence, "");
      replay.keep_evidence = [&](const std::vector<TakenEvidence>& captures) { keep_evidence(*book, captures); };
    }
    std::set<rules::AlertId> shown;  // while the store was full: they come again from its backlog
    replay.round_done = [&](std::span<const EventBatch> batches) -> Result<void> {
      for (const auto& batch : batches) {
        if (seen + batch.size() > skip) keeper->append(batch, Durability::durable);
        seen += batch.size();
      }
      if (seen > skip) keeper->set_position(position, std::to_string(seen));
      const auto round = sink.take();
      if (keeper->idle()) return {};
      TOCSIN_TRY(const auto outcome, keeper->checkpoint());
      if (outcome.trouble) {
        // A full disk stops storing, not detecting.
        replayed_.store_trouble = outcome.trouble->text();
        for (const auto& alert : round)
          if (shown.insert(alert.id).second) show(alert);
      }
      for (const auto& item : outcome.filed) {
        if (!shown.contains(item.alert.id)) show(item.alert);
        if (item.taken.how == responders::Taken::opened) opened_.push_back(item.taken.incident);
      }
      return {};
    };
    Replay run(std::move(replay), bench_->names, *bench_->engines, bench_->decoders, sink);
    TOCSIN_TRY(replayed_.summary, run.run());
    for (const auto& id : opened_) {
      TOCSIN_TRY(const auto incident, keeper->casework().incident(id));
      if (!incident.merged_into)
        replayed_.incidents.push_back(
            {responders::render_json(incident),
             render_incident_row(incident, [](const rules::AlertId&) { return std::string{}; }, {})});
    }
    return std::move(replayed_);
  }

  OfflineReplayOptions& options_;
  SuricataSettings settings_;
  std::unique_ptr<Workbench> bench_;
  std::optional<EveFile> eve_;
  std::optional<EveFile> fast_;
  std::vector<EveRecord> round_;  // alerts of the round at hand
  std::vector<EveRecord> fast_round_;
  std::uint64_t replayed_alerts_ = 0;
  std::uint64_t kept_files_ = 0;
  std::uint64_t kept_failures_ = 0;
  std::string kept_trouble_;  // the first file that could not be written
  std::vector<IncidentId> opened_;
  OfflineReplayed replayed_;
};

}  // namespace

Result<OfflineReplayed> replay_recording(OfflineReplayOptions options) { return OfflineRun(options).run(); }

}  // namespace tocsin::daemon
