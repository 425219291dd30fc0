#pragma once
// The values of a group as one text: each with its length in front, so that no two tuples look the same. Short ones
// need no memory of their own.

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::rules::sigma {

void append_to_key(std::string& key, std::string_view value);
// The values again; what is cut short ends the list.
std::vector<std::string> values_of_key(std::string_view key);

}  // namespace tocsin::rules::sigma
