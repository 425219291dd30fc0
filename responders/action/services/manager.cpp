#include "responders/action/services/manager.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/file_quarantine/files.h"

namespace tocsin::responders {
namespace {

constexpr const char* destination = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* nothing = "/dev/null";
constexpr const char* mask_directory = "/etc/systemd/system.control";
constexpr std::uint64_t patience_microseconds = 10'000'000;

struct BusEnd {
  void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, BusEnd>;

struct Reply {
  sd_bus_message* message = nullptr;
  sd_bus_error error = SD_BUS_ERROR_NULL;
  Reply() = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() {
    sd_bus_message_unref(message);
    sd_bus_error_free(&error);
  }
  Error failure(std::string_view what, int status) const {
    const std::string_view name = error.name == nullptr ? "" : error.name;
    const Code code = name.find("NoSuchUnit") != std::string_view::npos     ? Code::not_found
                      : name.find("AccessDenied") != std::string_view::npos ? Code::denied
                      : status == -ETIMEDOUT                                ? Code::timed_out
                                                                            : Code::failure;
    const char* said =
        error.message != nullptr ? error.message : std::strerror(-status);  // NOLINT(concurrency-mt-unsafe): one thread
    return Error(code, fmt::format("{}: {}", what, escape_terminal(said)));
  }
};

bool is_mask(int directory, const std::string& unit) {
  std::array<char, 16> text{};
  const ssize_t size = ::readlinkat(directory, unit.c_str(), text.data(), text.size());
  return size > 0 && std::string_view(text.data(), static_cast<std::size_t>(size)) == nothing;
}

class SystemdManager final : public ServiceManager {
 public:
  SystemdManager(std::string address, std::string masks) : address_(std::move(address)), masks_(std::move(masks)) {}

  Result<UnitState> state(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    UnitState out;
    TOCSIN_TRY(const std::string file, file_state(bus.get(), unit));
    out.masked = file.starts_with("masked");
    out.loaded = !file.empty();
    TOCSIN_TRY(const std::string path, unit_path(bus.get(), unit));
    TOCSIN_TRY(const std::string active, property(bus.get(), path, "ActiveState"));
    TOCSIN_TRY(const std::string load, property(bus.get(), path, "LoadState"));
    out.active = active == "active" || active == "activating" || active == "reloading";
    out.stopping = active == "deactivating";
    out.masked = out.masked && load == "masked";
    out.loaded = out.loaded || out.active;
    return out;
  }
  Result<void> stop(const std::string& unit) override { return call("StopUnit", unit); }
  Result<void> start(const std::string& unit) override { return call("StartUnit", unit); }
  Result<void> mask(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    TOCSIN_CHECK(add_mask(masks_, unit));
    return reload(bus.get());
  }
  Result<void> unmask(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    TOCSIN_CHECK(remove_mask(masks_, unit));
    return reload(bus.get());
  }
  Result<std::vector<std::string>> stopped_with(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    TOCSIN_TRY(const std::string path, unit_path(bus.get(), unit));
    std::vector<std::string> out;
    for (const char* name : {"Names", "RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf"}) {
      sd_bus_error problem = SD_BUS_ERROR_NULL;
      char** texts = nullptr;
      const int read =
          sd_bus_get_property_strv(bus.get(), destination, path.c_str(), unit_interface, name, &problem, &texts);
      sd_bus_error_free(&problem);
      if (read < 0)
        return fail(Code::failure, fmt::format("cannot ask systemd what {} is called and who needs it", unit));
      for (char** text = texts; text != nullptr && *text != nullptr; ++text) {
        out.emplace_back(*text);
        std::free(*text);  // NOLINT(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): sd-bus made it
      }
      std::free(static_cast<void*>(texts));  // NOLINT(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
    }
    return out;
  }

 private:
  Result<Bus> open() const {
    sd_bus* made = nullptr;
    int status = 0;
    if (address_.empty()) {
      status = sd_bus_open_system(&made);
    } else {
      status = sd_bus_new(&made);
      if (status >= 0) status = sd_bus_set_address(made, address_.c_str());
      if (status >= 0) status = sd_bus_set_bus_client(made, 1);
      if (status >= 0) status = sd_bus_start(made);
    }
    Bus bus(made);
    if (status < 0)
      return fail(Code::unreachable, fmt::format("no systemd answers on this host: {}",
                                                 std::strerror(-status)));  // NOLINT(concurrency-mt-unsafe): one thread
    sd_bus_set_method_call_timeout(bus.get(), patience_microseconds);
    return bus;
  }

  static Result<std::string> file_state(sd_bus* bus, const std::string& unit) {
    Reply reply;
    const int status = sd_bus_call_method(bus, destination, manager_path, manager_interface, "GetUnitFileState",
                                          &reply.error, &reply.message, "s", unit.c_str());
    const char* text = nullptr;
    // A unit that no file stands for may run all the same.
    if (status < 0 && (sd_bus_error_has_name(&reply.error, "org.freedesktop.systemd1.NoSuchUnit") != 0 ||
                       sd_bus_error_has_name(&reply.error, SD_BUS_ERROR_FILE_NOT_FOUND) != 0))
      return std::string();
    if (status < 0) return std::unexpected(reply.failure("cannot ask systemd for " + unit, status));
    if (sd_bus_message_read(reply.message, "s", &text) < 0) return fail(Code::failure, "systemd's answer is not read");
    return std::string(text);
  }

  static Result<std::string> unit_path(sd_bus* bus, const std::string& unit) {
    Reply reply;
    const int status = sd_bus_call_method(bus, destination, manager_path, manager_interface, "LoadUnit", &reply.error,
                                          &reply.message, "s", unit.c_str());
    const char* path = nullptr;
    if (status < 0) return std::unexpected(reply.failure("cannot ask systemd for " + unit, status));
    if (sd_bus_message_read(reply.message, "o", &path) < 0) return fail(Code::failure, "systemd's answer is not read");
    return std::string(path);
  }

  static Result<std::string> property(sd_bus* bus, const std::string& path, const char* name) {
    sd_bus_error problem = SD_BUS_ERROR_NULL;
    char* text = nullptr;
    const int read = sd_bus_get_property_string(bus, destination, path.c_str(), unit_interface, name, &problem, &text);
    const std::unique_ptr<char, decltype(&::free)> owned(text, &::free);
    sd_bus_error_free(&problem);
    if (read < 0) return fail(Code::failure, fmt::format("cannot ask systemd for the {} of a unit", name));
    return std::string(text);
  }

  static Result<void> reload(sd_bus* bus) {
    Reply reply;
    const int status = sd_bus_call_method(bus, destination, manager_path, manager_interface, "Reload", &reply.error,
                                          &reply.message, "");
    if (status < 0) return std::unexpected(reply.failure("cannot let systemd read its units again", status));
    return {};
  }

  Result<void> call(const char* method, const std::string& unit) {
    TOCSIN_TRY(const Bus bus, open());
    Reply reply;
    const int status = sd_bus_call_method(bus.get(), destination, manager_path, manager_interface, method, &reply.error,
                                          &reply.message, "ss", unit.c_str(), "replace");
    if (status < 0) return std::unexpected(reply.failure(fmt::format("{} {}", method, unit), status));
    return {};
  }

  const std::string address_;
  const std::string masks_;
};

}  // namespace

Result<void> add_mask(const std::string& directory, const std::string& unit) {
  if (::mkdir(directory.c_str(), 0755) == 0) ::chmod(directory.c_str(), 0755);  // whatever the umask is
  else if (errno != EEXIST) return fail_errno(fmt::format("cannot make {}", directory), errno);
  TOCSIN_TRY(const OwnedDescriptor folder, open_directory(directory));
  if (::symlinkat(nothing, folder.get(), unit.c_str()) == 0) return sync_directory(folder.get());
  if (errno != EEXIST) return fail_errno(fmt::format("cannot mask {} in {}", unit, directory), errno);
  if (is_mask(folder.get(), unit)) return {};
  return fail(Code::conflict, fmt::format("{}/{} is there, and is no mask", directory, unit));
}

Result<void> remove_mask(const std::string& directory, const std::string& unit) {
  if (::access(directory.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  TOCSIN_TRY(const OwnedDescriptor folder, open_directory(directory));
  if (!is_mask(folder.get(), unit)) return {};
  if (::unlinkat(folder.get(), unit.c_str(), 0) != 0)
    return fail_errno(fmt::format("cannot unmask {} in {}", unit, directory), errno);
  TOCSIN_CHECK(sync_directory(folder.get()));
  ::unlinkat(AT_FDCWD, directory.c_str(), AT_REMOVEDIR);  // only when nothing else is in it
  return {};
}

std::unique_ptr<ServiceManager> make_service_manager(std::string address, const std::string& root) {
  return std::make_unique<SystemdManager>(std::move(address), root + mask_directory);
}

}  // namespace tocsin::responders
