#pragma once
// Which views an event belongs to. One per worker: it remembers the answer for each class and dataset.

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
  const std::vector<Choice>& choices(const EventHeader& header);
  bool fields_agree(const EventSelector& selector, const Event& event);

  const std::vector<const View*>& views_;
  const FieldNames& names_;
  std::unordered_map<std::string, std::vector<Choice>> remembered_;
  std::unordered_map<std::string_view, Field> fields_;  // names found so far
  std::string key_;
  std::vector<std::size_t> out_;
};

}  // namespace tocsin::rules::sigma
