#pragma once
// What a detector hands to the second stage for the correlations a rule feeds; travels in Alert::carried. A rule that
// only feeds carries a copy of its event: the alert is described from it when a correlation fires, not before.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/alert.h"
#include "rules/sigma/parse/correlation.h"

namespace tocsin::rules::sigma {

struct Contribution {
  std::uint32_t correlation = 0;
  std::uint32_t member = 0;
  std::string key;    // group-by values (key.h)
  Digest128 value;    // of the values that are counted; zero: none are
  double number = 0;  // that is summed and the like
};

// What `correlation` counts or sums of `values`, one for each of its fields. False: nothing that counts.
bool set_value(Contribution& contribution, const Correlation& correlation, std::span<const std::string_view> values);

// An event with memory of its own, as large as it needs.
class KeptEvent {
 public:
  explicit KeptEvent(const Event& event);
  const Event& event() const noexcept { return event_; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  Event event_;
};

struct Carried;

// Makes the alert of a silent rule after all. Called on the thread of the second stage.
class Describer {
 public:
  virtual ~Describer() = default;
  virtual Alert describe(const Carried& carried) = 0;
};

struct Carried {
  AlertId identity;  // of the match: the same event twice counts once
  std::vector<Contribution> contributions;
  bool silent = false;
  // Of a silent rule.
  std::uint32_t rule = 0;    // in the plan
  std::uint32_t number = 0;  // in its program
  std::size_t program = 0;
  std::shared_ptr<const KeptEvent> event;
  std::shared_ptr<Describer> describer;
};

}  // namespace tocsin::rules::sigma
