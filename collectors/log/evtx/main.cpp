// tocsin-evtx: takes chunks of Windows event logs apart for another program, which may not link a parser of such files.
// Started by EvtxReaderProcess with one socket as descriptor 0 and nothing else; confined before the first chunk.
// Answers until the other end closes. Not for people: it has no options.

#include <libbfio.h>
#include <libevtx.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/log/evtx/protocol.h"
#include "collectors/opener/sandbox.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t file_header_bytes = 4096;
constexpr rlim_t memory_most = 512ULL << 20;
constexpr rlim_t seconds_most = 300;  // of one process; who asks has patience for less

std::uint32_t crc32(Bytes bytes) {
  std::uint32_t crc = ~0U;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

// The header of a log of one chunk, so that each chunk can be read as a file of its own.
std::vector<std::uint8_t> file_header() {
  std::vector<std::uint8_t> out(file_header_bytes);
  const auto put = [&](std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) out[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  std::ranges::copy(std::string_view("ElfFile"), out.begin());
  put(24, 1, 8);                  // next record
  put(32, 128, 4);                // header size
  put(36, 1, 2);                  // minor version
  put(38, 3, 2);                  // major version
  put(40, file_header_bytes, 2);  // header block size
  put(42, 1, 2);                  // chunks
  put(124, crc32({out.data(), 120}), 4);
  return out;
}

// The C library's handles are all of one type; each kind is freed by its own function.
struct FreeFile {
  void operator()(libevtx_file_t* file) const noexcept { libevtx_file_free(&file, nullptr); }
};
struct FreeRecord {
  void operator()(libevtx_record_t* record) const noexcept { libevtx_record_free(&record, nullptr); }
};
struct FreeHandle {
  void operator()(libbfio_handle_t* handle) const noexcept { libbfio_handle_free(&handle, nullptr); }
};
struct FreeError {
  void operator()(libevtx_error_t* error) const noexcept { libevtx_error_free(&error); }
};
using LogFile = std::unique_ptr<libevtx_file_t, FreeFile>;
using Record = std::unique_ptr<libevtx_record_t, FreeRecord>;
using Handle = std::unique_ptr<libbfio_handle_t, FreeHandle>;
using LibraryError = std::unique_ptr<libevtx_error_t, FreeError>;

bool send(const EvtxFrame& frame) { return write_all(STDIN_FILENO, as_bytes(encode_evtx_frame(frame))); }

std::string reason(libevtx_error_t* raw) {
  const LibraryError error(raw);
  std::array<char, 256> text{};
  if (error == nullptr || libevtx_error_sprint(error.get(), text.data(), text.size()) < 0) return "cannot be read";
  std::string out(text.data());
  std::ranges::replace(out, '\n', ' ');
  return out;
}

// The record as XML, or why there is none.
EvtxFrame render(libevtx_record_t* record, int index, EvtxOrigin origin) {
  EvtxFrame frame{.kind = EvtxFrameKind::broken, .origin = origin, .record = static_cast<std::uint64_t>(index)};
  libevtx_error_t* error = nullptr;
  std::uint64_t number = 0;
  std::size_t size = 0;
  if (libevtx_record_get_identifier(record, &number, &error) != 1 ||
      libevtx_record_get_utf8_xml_string_size(record, &size, &error) != 1) {
    frame.body = reason(error);
    return frame;
  }
  if (size > evtx_record_most) {
    frame.body = "is larger than a record may be";
    return frame;
  }
  std::string xml(size, '\0');
  if (size == 0 ||
      libevtx_record_get_utf8_xml_string(record, reinterpret_cast<std::uint8_t*>(xml.data()), size, &error) != 1) {
    frame.body = reason(error);
    return frame;
  }
  xml.resize(std::min(xml.find('\0'), xml.size()));
  return {.kind = EvtxFrameKind::record, .origin = origin, .record = number, .body = std::move(xml)};
}

bool send_records(libevtx_file_t* file, EvtxOrigin origin) {
  const bool listed = origin == EvtxOrigin::listed;
  int count = 0;
  const int known = listed ? libevtx_file_get_number_of_records(file, &count, nullptr)
                           : libevtx_file_get_number_of_recovered_records(file, &count, nullptr);
  if (known != 1) return true;
  count = std::min<int>(count, evtx_frames_most / 2 - 2);
  for (int i = 0; i < count; ++i) {
    libevtx_error_t* error = nullptr;
    libevtx_record_t* raw = nullptr;
    const int got = listed ? libevtx_file_get_record_by_index(file, i, &raw, &error)
                           : libevtx_file_get_recovered_record_by_index(file, i, &raw, &error);
    const Record record(raw);
    EvtxFrame frame{.kind = EvtxFrameKind::broken, .origin = origin, .record = static_cast<std::uint64_t>(i)};
    if (got == 1) frame = render(record.get(), i, origin);
    else frame.body = reason(error);
    if (!send(frame)) return false;
  }
  return true;
}

// False when the other end is gone.
bool answer(std::vector<std::uint8_t>& log) {
  libbfio_handle_t* raw_handle = nullptr;
  libevtx_file_t* raw_file = nullptr;
  libevtx_error_t* error = nullptr;
  if (libbfio_memory_range_initialize(&raw_handle, nullptr) != 1) return false;
  const Handle handle(raw_handle);
  if (libbfio_memory_range_set(handle.get(), log.data(), log.size(), nullptr) != 1) return false;
  if (libevtx_file_initialize(&raw_file, nullptr) != 1) return false;
  const LogFile file(raw_file);
  if (libevtx_file_open_file_io_handle(file.get(), handle.get(), libevtx_get_access_flags_read(), &error) != 1) {
    EvtxFrame frame{.kind = EvtxFrameKind::broken};
    frame.body = reason(error);
    return send(frame) && send({});
  }
  const bool alive = send_records(file.get(), EvtxOrigin::listed) && send_records(file.get(), EvtxOrigin::carved);
  libevtx_file_close(file.get(), nullptr);
  return alive && send({});
}

bool limit(int what, rlim_t most) {
  const rlimit both{most, most};
  return ::setrlimit(static_cast<__rlimit_resource>(what), &both) == 0;
}

bool give_up_everything() {
  std::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_DUMPABLE, 0);
  if (!limit(RLIMIT_CPU, seconds_most) || !limit(RLIMIT_FSIZE, 0) || !limit(RLIMIT_CORE, 0)) return false;
#ifndef __SANITIZE_ADDRESS__
  if (!limit(RLIMIT_AS, memory_most)) return false;
#endif
  SandboxPolicy policy;
  policy.calls = SandboxCalls::compute;
  return confine(policy).has_value();
}

int serve() {
  std::vector<std::uint8_t> log = file_header();
  log.resize(file_header_bytes + evtx_chunk_bytes);
  if (!give_up_everything()) return EXIT_FAILURE;
  std::array<std::uint8_t, evtx_request_header> head{};
  const std::span<std::uint8_t> chunk = std::span(log).subspan(file_header_bytes);
  while (read_exactly(STDIN_FILENO, head)) {
    const auto size = evtx_request_size(head);
    if (!size) return EXIT_FAILURE;
    std::ranges::fill(chunk, std::uint8_t{0});
    if (!read_exactly(STDIN_FILENO, chunk.first(*size)) || !answer(log)) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tocsin::collectors

int main() {
  std::set_new_handler([] { std::_Exit(ENOMEM); });
  return tocsin::collectors::serve();
}
