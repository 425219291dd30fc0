#include "daemon/control/method.h"

#include <boost/json.hpp>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

std::optional<std::string> scalar_text(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (value.is_bool() || value.is_number()) return boost::json::serialize(value);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Call::text(std::string_view name) const {
  const auto* value = params_.if_contains({name.data(), name.size()});
  return value == nullptr ? std::nullopt : scalar_text(*value);
}

bool Call::flag(std::string_view name) const {
  const auto* value = params_.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::int64_t> Call::number(std::string_view name) const {
  const auto found = text(name);
  return found ? parse_signed(*found) : std::nullopt;
}

std::vector<std::string> Call::list(std::string_view name) const {
  std::vector<std::string> out;
  const auto* value = params_.if_contains({name.data(), name.size()});
  if (value == nullptr) return out;
  if (const auto* items = value->if_array()) {
    for (const auto& item : *items)
      if (auto one = scalar_text(item)) out.push_back(std::move(*one));
  } else if (auto one = scalar_text(*value)) {
    out.push_back(std::move(*one));
  }
  return out;
}

Result<std::string> Call::require(std::string_view name) const {
  auto found = text(name);
  if (!found || found->empty())
    return fail(Code::usage, method_ + " needs the parameter `" + std::string(name) + "`; add it to the request");
  return *std::move(found);
}

void MethodTable::add(Method method) {
  auto name = method.name;
  const bool fresh = methods_.emplace(std::move(name), std::move(method)).second;
  TOCSIN_ASSERT(fresh);
}

const Method* MethodTable::find(std::string_view name) const noexcept {
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : &found->second;
}

std::string MethodTable::nearest_name(std::string_view name) const {
  const auto noun = name.substr(0, name.find('.'));
  std::string out;
  for (const auto& [known, method] : methods_)
    if (known.starts_with(noun)) out += (out.empty() ? "" : ", ") + known;
  return out;
}

}  // namespace tocsin::daemon
