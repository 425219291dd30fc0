#pragma once
// A tracker as the configuration describes it: what is sent is a template of JSON, what it answered is read at a JSON
// pointer. Values are filled into the texts of the template, never into JSON, so no value becomes anything else. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "responders/action/notify/deliver.h"

namespace tocsin::responders {

// invalid: it is no JSON object.
Result<void> check_ticket_body(std::string_view body);

// The body for a message; as check_ticket_body.
Result<std::string> render_ticket(std::string_view body, const Notice& notice);
// {key} filled in, escaped.
std::string render_find_url(std::string_view url, std::string_view key);

// The text or whole number at `pointer`, at most 200 characters of one line. Nothing where there is none, or where the
// answer, which is hostile input, is no JSON.
std::optional<std::string> ticket_in(std::string_view answer, std::string_view pointer);

}  // namespace tocsin::responders
