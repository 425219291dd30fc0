// A disk that is really full: a small tmpfs in a mount namespace of its own. Skipped where that is not permitted.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "collectors/event/field_table.h"
#include "daemon/store/reader.h"
#include "daemon/store/segment/search.h"
#include "daemon/store/segment/writer.h"
#include "daemon/store/store.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using namespace samples;

constexpr int cannot_mount = 77;

// Runs `work` in a child whose `path` is a tmpfs of `size`; its exit status.
template <class Work>
int on_small_disk(const std::filesystem::path& path, const char* size, Work&& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", path.c_str(), "tmpfs", 0, size) != 0)
      ::_exit(cannot_mount);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

rules::Alert numbered(std::int64_t i) {
  return make_alert({.rule = "rule" + std::to_string(i % 7), .second = i, .entities = {from("203.0.113.9")}});
}

TEST(FullDisk, the_store_stops_says_so_and_goes_on_when_there_is_room) {
  const Scratch scratch;
  const int status = on_small_disk(scratch.path(), "size=2m", [&] {
    ManualClock clock(at(0));
    std::ofstream(scratch.path() / "filler") << std::string(900'000, 'x');
    auto store = Store::open(scratch.path(), OpenMode::create, clock).value();
    std::int64_t next = 0;
    Result<Committed> done;
    while (done && next < 20'000) {
      Checkpoint checkpoint;
      for (int i = 0; i < 20; ++i) checkpoint.alerts.push_back(numbered(next++));
      done = store->commit(std::move(checkpoint));
    }
    if (done || done.error().code != Code::exhausted || store->status().state != StoreState::full) return 1;
    std::filesystem::remove(scratch.path() / "filler");
    clock.advance_to(at(60));
    done = store->commit({});
    if (!done || done->stored != 20 || store->status().state != StoreState::ready) return 2;
    if (!store->verify()) return 3;
    const auto kept = StoreReader::open(scratch.path()).value()->alerts({.limit = 100'000}).value().alerts.size();
    return kept == static_cast<std::size_t>(next) ? 0 : 4;
  });
  if (status == cannot_mount) GTEST_SKIP() << "no permission to mount a tmpfs";
  EXPECT_EQ(status, 0);
}

TEST(FullDisk, segments_keep_the_block_that_did_not_fit) {
  const Scratch scratch;
  const int status = on_small_disk(scratch.path(), "size=256k", [&] {
    FieldNames names;
    std::ofstream(scratch.path() / "filler") << std::string(200'000, 'x');
    auto writer = SegmentWriter::open(scratch.path(), {.block_bytes = 16'384}, {}).value();
    const auto append = [&](std::int64_t i) {
      EventBatch batch;
      EventBuilder builder(batch);
      builder.set(field::file_hash_sha256, render_digest(sha256(as_bytes(std::to_string(i)))));  // does not compress
      EventHeader header;
      header.id = hash128(std::to_string(i));
      header.observed = at(i);
      (void)writer->append(builder.finish(header, ""), names);  // what is refused is in dropped()
    };
    for (std::int64_t i = 0; i < 5000; ++i) append(i);
    if (writer->dropped() == 0) return 1;
    const auto refused = writer->flush();
    if (refused || refused.error().code != Code::exhausted) return 2;
    std::filesystem::remove(scratch.path() / "filler");
    const auto rows = writer->flush();
    if (!rows || rows->empty()) return 3;
    const auto found = search_events(scratch.path(), {.limit = 10'000}).value();
    return found.damaged == 0 && found.lines.size() + writer->dropped() == 5000 ? 0 : 4;
  });
  if (status == cannot_mount) GTEST_SKIP() << "no permission to mount a tmpfs";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tocsin::daemon
