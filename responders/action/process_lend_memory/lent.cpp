#include "responders/action/process_lend_memory/lent.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
constexpr unsigned no_execution = 0x8U;  // MFD_NOEXEC_SEAL, Linux 6.3

std::uint64_t number(const json::object& object, const char* name) {
  return object.at(name).to_number<std::uint64_t>();
}
std::string text(const json::object& object, const char* name) {
  return std::string(std::string_view(object.at(name).as_string()));
}

LentMapping read_mapping(const json::object& object, std::uint64_t bytes) {
  LentMapping out;
  Mapping& mapping = out.mapping;
  mapping.begin = number(object, "begin");
  mapping.end = number(object, "end");
  const std::string permissions = text(object, "permissions");
  mapping.path = text(object, "path");
  if (mapping.begin >= mapping.end || permissions.size() != 4) throw std::invalid_argument("a mapping");
  mapping.readable = permissions[0] == 'r';
  mapping.writable = permissions[1] == 'w';
  mapping.executable = permissions[2] == 'x';
  mapping.shared = permissions[3] == 's';
  std::uint64_t last = mapping.begin;
  for (const json::value& item : object.at("runs").as_array()) {
    const json::array& run = item.as_array();
    if (run.size() != 3) throw std::invalid_argument("a run");
    const DumpedRun made{run[0].to_number<std::uint64_t>(), run[1].to_number<std::uint64_t>(),
                         run[2].to_number<std::uint64_t>()};
    const bool inside = made.begin >= last && made.begin < mapping.end && made.size <= mapping.end - made.begin;
    if (!inside || made.size == 0 || made.offset > bytes || made.size > bytes - made.offset)
      throw std::invalid_argument("a run");
    last = made.begin + made.size;
    out.runs.push_back(made);
  }
  return out;
}

LentIndex read_index(const json::object& object, std::uint64_t bytes) {
  LentIndex out;
  const json::object& process = object.at("process").as_object();
  out.process.pid = process.at("pid").to_number<int>();
  out.process.started = number(process, "started");
  out.process.uid = process.at("uid").to_number<std::uint32_t>();
  out.process.name = text(process, "name");
  out.process.executable = text(process, "executable");
  out.bytes = number(object, "bytes");
  if (number(object, "version") != 1 || out.bytes != bytes) throw std::invalid_argument("a size");
  out.left_out = object.at("left_out").to_number<std::size_t>();
  out.refused = number(object, "refused");
  out.cut = text(object, "cut");
  for (const json::value& mapping : object.at("mappings").as_array())
    out.mappings.push_back(read_mapping(mapping.as_object(), bytes));
  return out;
}

Result<std::uint64_t> sealed_size(int file, std::uint64_t most) {
  struct stat status{};
  const int has = ::fcntl(file, F_GET_SEALS);  // -1: it is no file in memory
  if (has < 0 || (has & seals) != seals || ::fstat(file, &status) != 0 || status.st_size < 0)
    return fail(Code::invalid, "what was lent is not sealed");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > most) return fail(Code::exhausted, "what was lent is too large");
  return size;
}

}  // namespace

std::string render_index(const HostProcess& process, const Dump& dump, std::string_view cut) {
  std::string out;
  std::uint64_t refused = 0;
  for (const DumpedMapping& mapping : dump.mappings) refused += mapping.unreadable;
  JsonWriter writer(out);
  writer.begin_object().member("version", 1).key("process").begin_object();
  writer.member("pid", process.pid)
      .member("started", process.started)
      .member("uid", process.uid)
      .member("name", escape_terminal(process.name))
      .member("executable", escape_terminal(process.executable))
      .end_object();
  writer.member("bytes", dump.bytes)
      .member("left_out", dump.left_out)
      .member("refused", refused)
      .member("cut", cut)
      .key("mappings")
      .begin_array();
  for (const DumpedMapping& dumped : dump.mappings) {
    writer.begin_object()
        .member("begin", dumped.mapping.begin)
        .member("end", dumped.mapping.end)
        .member("permissions", dumped.mapping.permissions())
        .member("path", escape_terminal(dumped.mapping.path))
        .key("runs")
        .begin_array();
    for (const DumpedRun& run : dumped.runs)
      writer.begin_array().value(run.begin).value(run.size).value(run.offset).end_array();
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return out;
}

Result<LentIndex> parse_index(std::string_view text, std::uint64_t bytes) {
  try {
    return read_index(json::parse(json::string_view(text.data(), text.size())).as_object(), bytes);
  } catch (const std::exception&) {
    return fail(Code::invalid, "the index of what was lent is not understood");
  }
}

Result<OwnedDescriptor> make_memory_file(const char* name) {
  OwnedDescriptor out(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | no_execution));
  if (!out && errno == EINVAL) out = OwnedDescriptor(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!out) return fail_errno("cannot make a file in memory", errno);
  return out;
}

Result<void> seal_memory_file(int file) {
  if (::fcntl(file, F_ADD_SEALS, seals) != 0) return fail_errno("cannot seal a file in memory", errno);
  return {};
}

Result<LentMemory> LentMemory::open(OwnedDescriptor memory, OwnedDescriptor index) {
  LentMemory out;
  TOCSIN_TRY(const std::uint64_t size, sealed_size(memory.get(), lent_bytes_most));
  TOCSIN_TRY(const std::uint64_t length, sealed_size(index.get(), index_bytes_most));
  std::string text(length, '\0');
  if (::pread(index.get(), text.data(), length, 0) != static_cast<ssize_t>(length))
    return fail_errno("cannot read the index of what was lent", errno);
  TOCSIN_TRY(out.index_, parse_index(text, size));
  if (size == 0) return out;
  void* begin = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, memory.get(), 0);
  if (begin == MAP_FAILED) return fail_errno("cannot map what was lent", errno);
  out.begin_ = begin;
  out.size_ = size;
  return out;
}

LentMemory::LentMemory(LentMemory&& other) noexcept
    : index_(std::move(other.index_)),
      begin_(std::exchange(other.begin_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

LentMemory& LentMemory::operator=(LentMemory&& other) noexcept {
  std::swap(index_, other.index_);
  std::swap(begin_, other.begin_);
  std::swap(size_, other.size_);
  return *this;
}

LentMemory::~LentMemory() {
  if (begin_ != nullptr) ::munmap(begin_, size_);
}

}  // namespace tocsin::responders
