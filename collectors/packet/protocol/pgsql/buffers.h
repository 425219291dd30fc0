#pragma once
// Inspection buffers of PostgreSQL. Progress: 1 request, 2 answered.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace pgsql_progress {
inline constexpr std::uint8_t request = 1, complete = 2;
}

inline constexpr std::array pgsql_buffers{
    BufferRow{Buffer::pgsql_query, "pgsql.query", Protocol::pgsql, BufferSide::to_server, pgsql_progress::request,
              false, false},
};

}  // namespace tocsin::collectors
