#pragma once
// One worker's matcher: every event, and whole files. Until something is found it allocates nothing and takes no lock.

#include <array>
#include <memory>
#include <string>

#include "rules/detector.h"
#include "rules/indicator/allow_list.h"
#include "rules/indicator/roles.h"
#include "rules/indicator/table.h"
#include "rules/indicator/value.h"
#include "rules/indicator/window.h"

namespace tocsin::rules::indicator {

// What all detectors of a set share.
struct Compiled {
  explicit Compiled(const TableLimits& limits) : table(limits) {}
  IndicatorTable table;
  AllowList allow_list;
  std::vector<std::string> files;  // of the sources
};

struct HitCounters {
  explicit HitCounters(std::size_t sources) : matches(sources) {}
  Counter events;                // looked at
  std::vector<Counter> matches;  // by source
};

class IndicatorDetector final : public Detector {
 public:
  // All given must outlive the detector.
  IndicatorDetector(const Compiled& compiled, HitCounters& counters, AlertWindow& window, const WorkerContext& context);

  void inspect(const EventBatch& batch, AlertSink& sink) override;
  void inspect(const FileView& file, AlertSink& sink) override;
  collectors::Observer* observer(AlertSink& sink) override;

 private:
  struct Hit {
    EntryId entry = no_entry;
    Field field{};
    const Value* value = nullptr;
  };
  static constexpr std::size_t hits_most = 16;  // of one event

  void inspect(const Event& event, AlertSink& sink);
  void look(const Event& event, Field field, FieldRole role, const Value& value);
  void look_at_address(const Event& event, Field field, const Value& value, const IpAddress& address);
  void look_at_host(const Event& event, Field field, const Value& value, std::string_view text);
  void look_at_url(const Event& event, Field field, const Value& value, std::string_view text);
  void look_at_digests(Field field, const Value& value, std::string_view text);
  void look_at_digest(Field field, const Value& value, std::string_view text);
  void found(EntryId entry, Field field, const Value& value) noexcept;
  void raise(const Event& event, const Hit& hit, AlertSink& sink);
  void raise(const FileView& file, EntryId entry, std::string_view field, const std::string& digest, AlertSink& sink);
  RuleRef rule_of(const Entry& entry, std::string_view field, std::uint8_t severity) const;
  void count(const Entry& entry) noexcept;

  const Compiled& compiled_;
  const IndicatorTable& table_;
  HitCounters& counters_;
  AlertWindow& window_;
  const WorkerContext context_;
  const std::string host_;
  std::unique_ptr<collectors::Observer> traffic_;
  std::unique_ptr<FieldRoles> roles_;  // 64 KiB
  Second now_ = 0;                     // of the event at hand
  std::array<Hit, hits_most> hits_;
  std::size_t hit_count_ = 0;
  std::array<char, url_most> buffer_;
  std::array<char, url_most> joined_;
};

}  // namespace tocsin::rules::indicator
