#include "responders/action/services/manager.h"

#include <systemd/sd-bus.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr const char* destination = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
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

class SystemdManager final : public ServiceManager {
 public:
  explicit SystemdManager(std::string address) : address_(std::move(address)) {}

  Result<UnitState> state(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    UnitState out;
    TOCSIN_TRY(const std::string file, file_state(bus.get(), unit));
    out.masked = file.starts_with("masked");
    out.loaded = !file.empty();
    TOCSIN_TRY(const std::string active, active_state(bus.get(), unit));
    out.active = active == "active" || active == "activating" || active == "reloading";
    out.loaded = out.loaded || out.active;
    return out;
  }
  Result<void> stop(const std::string& unit) override { return call("StopUnit", unit); }
  Result<void> start(const std::string& unit) override { return call("StartUnit", unit); }
  Result<void> mask(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    Reply reply;
    const int status = sd_bus_call_method(bus.get(), destination, manager_path, manager_interface, "MaskUnitFiles",
                                          &reply.error, &reply.message, "asbb", 1, unit.c_str(), 0, 1);
    if (status < 0) return std::unexpected(reply.failure("cannot mask " + unit, status));
    return reload(bus.get());
  }
  Result<void> unmask(const std::string& unit) override {
    TOCSIN_TRY(const Bus bus, open());
    Reply reply;
    const int status = sd_bus_call_method(bus.get(), destination, manager_path, manager_interface, "UnmaskUnitFiles",
                                          &reply.error, &reply.message, "asb", 1, unit.c_str(), 0);
    if (status < 0) return std::unexpected(reply.failure("cannot unmask " + unit, status));
    return reload(bus.get());
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

  static Result<std::string> active_state(sd_bus* bus, const std::string& unit) {
    Reply reply;
    const int status = sd_bus_call_method(bus, destination, manager_path, manager_interface, "LoadUnit", &reply.error,
                                          &reply.message, "s", unit.c_str());
    const char* path = nullptr;
    if (status < 0) return std::unexpected(reply.failure("cannot ask systemd for " + unit, status));
    if (sd_bus_message_read(reply.message, "o", &path) < 0) return fail(Code::failure, "systemd's answer is not read");
    sd_bus_error problem = SD_BUS_ERROR_NULL;
    char* text = nullptr;
    const int read = sd_bus_get_property_string(bus, destination, path, unit_interface, "ActiveState", &problem, &text);
    const std::unique_ptr<char, decltype(&::free)> owned(text, &::free);
    sd_bus_error_free(&problem);
    if (read < 0) return fail(Code::failure, "cannot ask systemd how " + unit + " stands");
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
};

}  // namespace

std::unique_ptr<ServiceManager> make_service_manager(std::string address) {
  return std::make_unique<SystemdManager>(std::move(address));
}

}  // namespace tocsin::responders
