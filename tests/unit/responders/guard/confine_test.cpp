// service.stop and service.mask as the confined responder carries them out: in a process that gave up what main.cpp
// gives up, over a real connection, to somebody who answers as systemd does (org.freedesktop.systemd1(5)).
#include "responders/guard/confine.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "collectors/base/descriptor.h"
#include "collectors/base/id.h"
#include "collectors/base/time.h"
#include "responders/action/table.h"

namespace tocsin::responders {
namespace {

struct End {
  void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};

// One unit, web.service, enabled and running.
class Systemd {
 public:
  Systemd(const std::string& path, std::string masks)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), masks_(std::move(masks)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
  }
  // Until nobody comes any more.
  void serve(pid_t client) {
    while (::waitpid(client, &ended, WNOHANG) == 0) {
      pollfd wait{listener_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 20) > 0) talk(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    }
  }
  std::set<std::string> called;
  int ended = -1;

 private:
  void talk(int connection) {
    sd_bus* made = nullptr;
    sd_id128_t id{};
    ASSERT_GE(sd_id128_randomize(&id), 0);
    ASSERT_GE(sd_bus_new(&made), 0);
    const std::unique_ptr<sd_bus, End> bus(made);
    ASSERT_GE(sd_bus_set_fd(made, connection, connection), 0);
    ASSERT_GE(sd_bus_set_server(made, 1, id), 0);
    ASSERT_GE(sd_bus_add_filter(made, nullptr, &Systemd::answer, this), 0);
    ASSERT_GE(sd_bus_start(made), 0);
    constexpr std::uint64_t patience = 5'000'000;  // microseconds
    for (int status = 1; status >= 0;) {
      status = sd_bus_process(made, nullptr);
      if (status == 0) status = sd_bus_wait(made, patience) > 0 ? 1 : -1;
    }
  }
  static int answer(sd_bus_message* message, void* self, sd_bus_error*) {
    return static_cast<Systemd*>(self)->reply(message);
  }
  int reply(sd_bus_message* message) {
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0) return 0;
    const std::string member = sd_bus_message_get_member(message);
    called.insert(member);
    if (member == "Hello") return sd_bus_reply_method_return(message, "s", ":1.7");
    if (member == "GetUnitFileState") return sd_bus_reply_method_return(message, "s", masked() ? "masked" : "enabled");
    if (member == "LoadUnit")
      return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/unit/web_2eservice");
    if (member == "Get") return get(message);
    if (member == "StopUnit" || member == "StartUnit") {
      active_ = member == "StartUnit";
      return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/1");
    }
    if (member == "Reload") loaded_masked_ = masked();
    return sd_bus_reply_method_return(message, "");
  }

  int get(sd_bus_message* message) {
    const char* interface = nullptr;
    const char* property = nullptr;
    if (const int status = sd_bus_message_read(message, "ss", &interface, &property); status < 0) return status;
    const bool load = std::string_view(property) == "LoadState";
    const char* said = load ? (loaded_masked_ ? "masked" : "loaded") : active_ ? "active" : "inactive";
    return sd_bus_reply_method_return(message, "v", "s", said);
  }
  bool masked() const { return std::filesystem::is_symlink(masks_ + "/web.service"); }

  OwnedDescriptor listener_;
  const std::string masks_;
  bool active_ = true;
  bool loaded_masked_ = false;
};

// In the confined process: why it failed; empty = it did not.
std::string go_through(const ActionRow& row, const ActionEnvironment& environment) {
  const auto action = row.make(environment);
  const auto parameters = parse_parameters(row.spec, {{"unit", "web.service"}});
  if (!parameters) return parameters.error().text();
  if (const auto forecast = action->rehearse(*parameters); !forecast || !forecast->obstacle.empty())
    return "rehearse: " + (forecast ? forecast->obstacle : forecast.error().text());
  if (const auto outcome = action->apply(*parameters, "k"); !outcome) return "apply: " + outcome.error().text();
  if (const auto found = action->verify(*parameters, "k"); !found || found->presence != Presence::in_effect)
    return "verify: " + (found ? found->detail : found.error().text());
  if (const auto undone = action->undo(*parameters, "k", {}); !undone) return "undo: " + undone.error().text();
  if (const auto found = action->verify(*parameters, "k"); !found || found->presence != Presence::absent)
    return "verify after undo: " + (found ? found->detail : found.error().text());
  return {};
}

TEST(Confine, services_are_stopped_and_masked_within_the_filter) {
  std::string folder = "/tmp/tocsin-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string masks = folder + "/etc/systemd/system.control";
  std::filesystem::create_directories(folder + "/etc/systemd");
  Systemd systemd(folder + "/bus", masks);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const ManualClock clock;
    SeededRandom random(1);
    ActionEnvironment environment{clock, random, {}, {}};
    environment.before_directory = folder + "/before";
    environment.bus_address = "unix:path=" + folder + "/bus";
    environment.root = folder;
    if (!drop_capabilities() || !filter_system_calls()) ::_exit(2);
    // The filter is there: a new process is not to be had.
    if (::fork() >= 0) ::_exit(3);
    for (const char* name : {"service.stop", "service.mask"}) {
      const std::string why = go_through(*find_action(name), environment);
      if (why.empty()) continue;
      std::fprintf(stderr, "%s: %s\n", name, why.c_str());
      ::_exit(1);
    }
    ::_exit(0);
  }
  systemd.serve(child);
  EXPECT_TRUE(WIFEXITED(systemd.ended)) << systemd.ended;
  EXPECT_EQ(WEXITSTATUS(systemd.ended), 0) << "1: an action failed, 2: it could not be confined, 3: it was not";
  for (const char* member : {"StopUnit", "StartUnit", "Reload"}) EXPECT_TRUE(systemd.called.contains(member)) << member;
  EXPECT_FALSE(std::filesystem::exists(masks));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tocsin::responders
