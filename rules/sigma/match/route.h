#pragma once
// Which views an event belongs to. One per worker: it remembers the answers for each class and dataset.

#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/event/event.h"
#include "rules/sigma/view/view.h"

namespace tocsin::rules::sigma {

class Router {
 public:
  // Both must outlive the router.
  Router(const std::vector<const View*>& views, const FieldNames& names) : views_(views), names_(names) {}
  // Indices of views, ascending; valid until the next call.
  const std::vector<std::size_t>& route(const Event& event);

 private:
  struct Choice {
    std::size_t view;
    const EventSelector* selector;
  };
  // Of one class and dataset.
  struct Lane {
    std::vector<Choice> choices;
    std::vector<std::string_view> asked;                                // fields that decide between the choices
    std::unordered_map<std::string, std::vector<std::size_t>> answers;  // by the values of those
  };
  Lane& lane(const EventHeader& header);
  const Value* find(std::string_view name, const Event& event);
  void append_values(const Lane& lane, const Event& event);
  bool fields_agree(const EventSelector& selector, const Event& event);
  void choose(const Lane& lane, const Event& event, std::vector<std::size_t>& out);

  const std::vector<const View*>& views_;
  const FieldNames& names_;
  std::unordered_map<std::string, Lane> lanes_;
  std::unordered_map<std::string_view, Field> fields_;  // names found so far
  std::string key_;
  std::string rendered_;
  std::vector<std::size_t> out_;
};

}  // namespace tocsin::rules::sigma
