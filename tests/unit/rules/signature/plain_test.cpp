// The matcher with prefilter against the plain one without. TOCSIN_CAPTURES names a folder of captures and TOCSIN_RULES
// one of rules: both matchers then see every capture, with those rules and with the rules beside the capture.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "collectors/packet/capture/file.h"
#include "collectors/packet/worker.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

namespace fs = std::filesystem;

TEST(Plain, SecondFileOfOneRequestIsSeenByBoth) {
  // The pattern that makes the rule a candidate is in the request line; the file that it asks for comes last.
  const std::string rule =
      "alert http any any -> any any (http.uri; content:\"/upload-here\"; fast_pattern; "
      "file.name; content:\"second\"; sid:1;)";
  for (const bool prefilter : {true, false}) {
    SignatureOptions options;
    options.prefilter = prefilter;
    Bench bench(rule, options);
    auto flow = Bench::flow(Protocol::http);
    FakeTransaction form(Protocol::http);
    form.progress_now = 3;
    form.complete_now = false;
    form.add(Buffer::http_uri, Direction::to_server, "/upload-here");
    form.add(Buffer::file_name, Direction::to_server, "first.jpg");
    bench.transaction(flow, form, Direction::to_server);
    EXPECT_EQ(bench.sids(), Sids{}) << prefilter;
    form.add(Buffer::file_name, Direction::to_server, "second.jpg");
    bench.transaction(flow, form, Direction::to_server);
    EXPECT_EQ(bench.sids(), Sids{1}) << prefilter;
  }
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_below(const fs::path& folder, std::string_view part) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink))
    if (entry.is_regular_file() && entry.path().filename().string().find(part) != std::string::npos)
      found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

class Drop final : public collectors::RecordSink {
 public:
  void on_records(EventBatch) override {}
};

// The same rules for both matchers.
class Pair {
 public:
  explicit Pair(const std::vector<fs::path>& files) {
    std::vector<RuleSource> sources;
    for (const auto& path : files) sources.push_back({path, read_file(path)});
    for (const bool prefilter : {true, false}) {
      SignatureOptions options;
      options.prefilter = prefilter;
      options.patterns.acceleration = prefilter ? Acceleration::automatic : Acceleration::off;
      options.alerts_per_packet_most = 100'000;
      options.read_data = [](const std::string& file, const std::string& path) -> Result<std::string> {
        return read_file(fs::path(file).parent_path() / path);
      };
      Diagnostics diagnostics;
      sets_[prefilter ? 0 : 1] = compile_signatures(sources, options, diagnostics);
    }
  }
  std::size_t rules() const { return sets_[0]->rules().size(); }

  // "" when both raise the same alerts; else the first that only one raised.
  std::string difference(const fs::path& capture, const collectors::PacketOptions& options, std::size_t& alerts) const {
    const auto fast = run(*sets_[0], capture, options);
    const auto plain = run(*sets_[1], capture, options);
    alerts += fast.size();
    if (fast == plain) return {};
    std::vector<std::string> only;
    std::ranges::set_difference(fast, plain, std::back_inserter(only));
    if (!only.empty()) return "only with prefilter: " + only.front();
    std::ranges::set_difference(plain, fast, std::back_inserter(only));
    return only.empty() ? "in another order" : "only without prefilter: " + only.front();
  }

 private:
  static std::vector<std::string> run(const RuleSet& set, const fs::path& capture,
                                      const collectors::PacketOptions& options) {
    const auto text = read_file(capture);
    auto file = collectors::CaptureFile::open(source_from_memory(as_bytes(text)));
    std::vector<std::string> out;
    if (!file) return out;
    FieldNames names;
    const auto state = set.make_state();
    const auto detector = set.attach({names, 0, 1, "host"}, *state);
    Collect raw;
    Collect decided;
    Drop drop;
    {
      collectors::PacketWorker worker(options, names, drop, {detector->observer(raw)});
      collectors::RawFrame frame;
      while (true) {
        const auto more = file->next(frame);
        if (!more || !*more) break;
        worker.process(frame);
      }
      worker.finish();
    }
    std::ranges::stable_sort(raw.alerts, {}, &Alert::time);
    for (auto& alert : raw.alerts) state->decide(std::move(alert), decided);
    for (const auto& alert : decided.alerts)
      out.push_back(alert.rule->id + " at packet " + std::to_string(alert.packet ? alert.packet->packet : 0) +
                    " of flow " + std::to_string(alert.packet ? alert.packet->flow_id : 0));
    std::ranges::sort(out);
    return out;
  }

  std::array<std::shared_ptr<const RuleSet>, 2> sets_;
};

TEST(Plain, SameAlertsOnEveryCapture) {
  const char* captures = std::getenv("TOCSIN_CAPTURES");
  const char* rules = std::getenv("TOCSIN_RULES");
  if (captures == nullptr || rules == nullptr) GTEST_SKIP() << "TOCSIN_CAPTURES and TOCSIN_RULES name no folders";
  const Pair given(files_below(rules, ".rules"));
  collectors::PacketOptions options;
  options.decode.checksums = collectors::ChecksumMode::ignore;
  options.stream.midstream = true;
  std::size_t seen = 0;
  std::size_t alerts = 0;
  for (const auto& capture : files_below(captures, ".pcap")) {
    ++seen;
    const auto tell = [&](const std::string& difference, std::string_view with) {
      EXPECT_EQ(difference, "") << capture << " with " << with;
      if (!difference.empty())
        std::cout << "DIFFERS " << capture.string() << " (" << with << "): " << difference << "\n";
    };
    tell(given.difference(capture, options, alerts), "the given rules");
    std::vector<fs::path> beside;
    for (const auto& entry : fs::directory_iterator(capture.parent_path()))
      if (entry.path().extension() == ".rules") beside.push_back(entry.path());
    if (beside.empty()) continue;
    std::ranges::sort(beside);
    tell(Pair(beside).difference(capture, options, alerts), "the rules beside it");
  }
  std::cout << seen << " captures, " << given.rules() << " given rules, " << alerts << " alerts\n";
  EXPECT_NE(seen, 0U);
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
