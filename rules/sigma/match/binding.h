#pragma once
// Which event fields feed which slots of a program, under one view. Immutable, shared by workers.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/sigma/compile/program.h"
#include "rules/sigma/view/view.h"

namespace tocsin::rules::sigma {

struct Bound {
  Slot slot;
  Derivation derivation;
};

class Binding {
 public:
  // A null view binds every name to itself.
  Binding(const Program& program, const View* view);
  // Where the values of an event field go.
  std::vector<Bound> bounds(std::string_view event_field) const;

 private:
  std::unordered_map<std::string, std::vector<Bound>> by_field_;
  std::vector<std::pair<std::string, std::unordered_map<std::string, Slot>>> by_prefix_;
};

}  // namespace tocsin::rules::sigma
