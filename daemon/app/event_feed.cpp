#include "daemon/app/event_feed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/base/digest.h"
#include "collectors/log/json/stored_event.h"
#include "daemon/app/recording.h"
#include "daemon/app/replay.h"
#include "daemon/app/replay_evtx.h"
#include "daemon/app/replay_files.h"
#include "daemon/app/replay_logs.h"
#include "daemon/store/segment/search.h"

namespace tocsin::daemon {
namespace {

// Inputs are looked at before they are read, which a pipe does not allow: what it gives is kept in memory first.
Result<OwnedDescriptor> made_seekable(OwnedDescriptor descriptor) {
  constexpr std::size_t most = 256U << 20;
  if (::lseek(descriptor.get(), 0, SEEK_CUR) >= 0) return descriptor;
  const auto text = read_all(descriptor.get(), most);
  if (!text) return fail_errno("cannot read standard input", errno);
  if (text->size() > most) return fail(Code::exhausted, "more than 256 MiB came by a pipe; give a file");
  OwnedDescriptor memory(::memfd_create("tocsin-events", MFD_CLOEXEC));
  if (!memory || !write_all(memory.get(), as_bytes(*text)) || ::lseek(memory.get(), 0, SEEK_SET) < 0)
    return fail_errno("cannot keep what came by a pipe", errno);
  return memory;
}

class Feeder {
 public:
  Feeder(const EventFeed& feed, std::shared_ptr<const collectors::DecoderSet> decoders, FieldNames& names,
         const EventBatchHandler& each)
      : feed_(feed), decoders_(std::move(decoders)), names_(names), each_(each) {}

  Result<FedEvents> files() {
    Diagnostics mistakes;
    TOCSIN_TRY(const auto recording, collect_inputs(feed_.files, {.host = {}, .time_zone = {}, .year = {}}, mistakes));
    for (const auto& input : recording.inputs) {
      auto opened = open(input);
      if (!opened) return std::unexpected(std::move(opened).error().within("opening " + input.name));
      TOCSIN_TRY(const bool more, drain(**opened));
      ReplaySummary summary;
      (*opened)->summarize(summary);
      for (auto& remark : summary.remarks) out_.remarks.push_back(std::move(remark));
      if (!more) break;
    }
    return std::move(out_);
  }

  // Page by page: the next begins with the moment the last ended with, less what was seen of that moment.
  Result<FedEvents> store() {
    constexpr std::size_t page = 20'000;
    EventQuery query{.since = feed_.since, .until = feed_.until};
    query.newest_first = false;
    query.limit = page;
    collectors::StoredEventReader reader(names_);
    std::set<Digest128> seen;
    for (;;) {
      TOCSIN_TRY(const EventHits hits, search_events(feed_.store + "/events", query));
      std::set<Digest128> of_moment = seen;
      bool advanced = false;
      EventBatch batch;
      EventBuilder builder(batch);
      for (const auto& line : hits.lines) {
        const auto digest = hash128(line);
        if (seen.contains(digest)) continue;
        advanced = true;
        if (!reader.read(line, builder)) {
          ++out_.unreadable;
          continue;
        }
        const auto observed = batch.events().back().header().observed;
        if (!query.since || observed > *query.since) of_moment.clear();
        query.since = observed;
        of_moment.insert(digest);
        if (batch.size() < EventBatch::most_events) continue;
        TOCSIN_TRY(const bool more, give(batch));
        if (!more) return std::move(out_);
      }
      TOCSIN_TRY(const bool wanted, give(batch));
      if (!wanted || !hits.more) return std::move(out_);
      // More events of one moment than a page holds: the moment is left behind.
      if (!advanced) query.since = query.since.value_or(Time{}) + Duration{1};
      seen = std::move(of_moment);
    }
  }

 private:
  Result<std::unique_ptr<ReplayInput>> open(const RecordingInput& input) {
    OwnedDescriptor descriptor(::open(input.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!descriptor) return fail_errno("cannot open " + input.path, errno);
    TOCSIN_TRY(auto seekable, made_seekable(std::move(descriptor)));
    InputSource source(seekable.release());
    TOCSIN_TRY(const InputKind kind, source.settle_kind(input.kind));
    if (kind == InputKind::pcap || kind == InputKind::file)
      return fail(Code::usage, input.name + (kind == InputKind::pcap ? " is traffic" : " is no log") +
                                   "; give a log, JSON, an event log (EVTX) or a recording of them");
    const LaneContext context{names_, 0, 1, input.host, Exercise::no};
    if (kind != InputKind::evtx) return open_log_input(source.release(), input, kind, context, decoders_);
    if (!evtx_) evtx_ = make_evtx_reader();
    return open_evtx_input(source.release(), input, context, evtx_, decoders_);
  }

  Result<bool> drain(ReplayInput& input) {
    for (;;) {
      std::vector<EventBatch> events;
      std::vector<rules::Alert> none;
      TOCSIN_TRY(const bool more, input.round(events, none));
      for (auto& batch : events) {
        TOCSIN_TRY(const bool wanted, give(batch));
        if (!wanted) return false;
      }
      if (!more) return true;
    }
  }

  // Empties the batch.
  Result<bool> give(EventBatch& batch) {
    out_.events += batch.size();
    if (batch.empty()) return true;
    auto wanted = each_(batch);
    batch.clear();
    return wanted;
  }

  const EventFeed& feed_;
  std::shared_ptr<const collectors::DecoderSet> decoders_;
  FieldNames& names_;
  const EventBatchHandler& each_;
  std::shared_ptr<collectors::EvtxReaderProcess> evtx_;
  FedEvents out_;
};

}  // namespace

Result<FedEvents> feed_events(const EventFeed& feed, std::shared_ptr<const collectors::DecoderSet> decoders,
                              FieldNames& names, const EventBatchHandler& each) {
  Feeder feeder(feed, std::move(decoders), names, each);
  return feed.files.empty() ? feeder.store() : feeder.files();
}

}  // namespace tocsin::daemon
