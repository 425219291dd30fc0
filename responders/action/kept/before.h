#pragma once
// What was there before an action changed it, kept until it is put back: one small file for each target, written and
// made durable before the change. Several who hold the same target share it: the first one saw what was there. One
// thread.

#include <optional>
#include <string>

#include "collectors/base/result.h"

namespace tocsin::responders {

class Before {
 public:
  explicit Before(std::string directory) : directory_(std::move(directory)) {}

  // `target` names action and target: "user.lock alice".
  Result<std::optional<std::string>> read(const std::string& target) const;
  Result<void> keep(const std::string& target, const std::string& text) const;
  // Once it was put back. Forgetting what is not kept succeeds.
  Result<void> forget(const std::string& target) const;

 private:
  const std::string directory_;
};

}  // namespace tocsin::responders
