#pragma once
// Parts of HTTP's buffers that rules ask for by name: a header's value, a part of the URI (RFC 3986, section 3), a
// parameter of its query. Each replaces the content of `out`; false: it is not there.

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::rules::signature {

enum class UriPart : std::uint8_t { scheme, host, port, path, query, fragment };

// `name` in lower case; values of headers of the same name are joined with ", ".
bool header_field(Bytes headers, std::string_view name, std::vector<std::uint8_t>& out);
bool uri_part(Bytes uri, UriPart part, std::vector<std::uint8_t>& out);
// Values of the same name are joined with ",".
bool uri_parameter(Bytes uri, std::string_view name, bool nocase, std::vector<std::uint8_t>& out);

}  // namespace tocsin::rules::signature
