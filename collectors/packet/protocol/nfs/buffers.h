#pragma once
// Inspection buffers of NFS: numbers of a call.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array nfs_buffers{
    BufferRow{Buffer::nfs_version, "nfs_version", Protocol::nfs, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::nfs_procedure, "nfs_procedure", Protocol::nfs, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::file_data, "file.data", Protocol::nfs, BufferSide::both, 1, false, true},
};

}  // namespace tocsin::collectors
