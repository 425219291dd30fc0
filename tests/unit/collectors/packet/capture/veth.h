#pragma once
// A veth pair with packet rings on one end and a raw sender on the other; needs root, and says so where it is not.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/packet/capture/packet_socket.h"
#include "collectors/packet/capture/ring.h"

namespace tocsin::collectors::testing {

// Two network namespaces joined by a veth pair: `near0` (10.9.0.1) in the first, `far0` (10.9.0.2) in the second. The
// test thread stays in the first unless it says otherwise.
class Veth : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    if (std::system("command -v ip >/dev/null") != 0) GTEST_SKIP() << "needs ip of iproute2";
    home_ = namespace_here();
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "may not make network namespaces: " << std::strerror(errno);
    quiet();
    far_ = namespace_here();
    ASSERT_EQ(0, ::unshare(CLONE_NEWNET));
    quiet();
    near_ = namespace_here();
    // A number, not a name, so that nothing is left behind in the file system.
    const std::string far = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(far_);
    if (!run("ip link add near0 type veth peer name far0 netns " + far)) GTEST_SKIP() << "the kernel has no veth";
    enter(far_);
    ASSERT_TRUE(run("ip addr add 10.9.0.2/24 dev far0 && ip link set far0 up"));
    enter(near_);
    ASSERT_TRUE(run("ip addr add 10.9.0.1/24 dev near0 && ip link set near0 up"));
    ASSERT_TRUE(running("near0"));
    enter(far_);
    ASSERT_TRUE(running("far0"));
    enter(near_);
  }
  void TearDown() override {
    if (home_ >= 0) ::setns(home_, CLONE_NEWNET);
    for (const int descriptor : {home_, near_, far_})
      if (descriptor >= 0) ::close(descriptor);
  }

  static int namespace_here() { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }
  static void enter(int space) { ASSERT_EQ(0, ::setns(space, CLONE_NEWNET)); }
  static bool run(const std::string& command) { return std::system(command.c_str()) == 0; }
  // No neighbour discovery: only what the test sends is on the wire.
  static void quiet() {
    std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << 1;
    std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1;
  }
  static bool running(const char* name) {
    const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    bool up = false;
    for (int attempt = 0; attempt < 500 && !up; ++attempt) {
      up = ::ioctl(probe, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
      const timespec pause{0, 10'000'000};
      if (!up) ::nanosleep(&pause, nullptr);
    }
    ::close(probe);
    return up;
  }

  PacketSocketOptions options(const char* interface) const {
    PacketSocketOptions made;
    made.interface = interface;
    made.ring_bytes = 4 << 20;
    made.snapshot_length = 2048;
    made.block_timeout = std::chrono::milliseconds(5);
    return made;
  }
  // In the far namespace, where the packets arrive.
  Result<PacketRing> far_ring(const PacketSocketOptions& wanted) {
    enter(far_);
    auto opened = open_packet_socket(wanted);
    enter(near_);
    if (!opened) return std::unexpected<Error>(opened.error());
    const RingGeometry geometry = opened->geometry();
    return PacketRing::map(opened->release(), geometry);
  }

  int home_ = -1;
  int near_ = -1;
  int far_ = -1;
};

// A raw sender on one interface; frames carry their number.
class Sender {
 public:
  explicit Sender(const char* interface) : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    address_.sll_family = AF_PACKET;
    address_.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    address_.sll_halen = 6;
  }
  ~Sender() { ::close(socket_); }

  static std::vector<std::uint8_t> frame(std::uint32_t number, std::size_t size, std::vector<std::uint8_t> type) {
    std::vector<std::uint8_t> out{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    out.insert(out.end(), type.begin(), type.end());
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
    out.resize(size, 0x61);
    return out;
  }
  bool send(const std::vector<std::uint8_t>& bytes) const {
    return ::sendto(socket_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address_),
                    sizeof address_) == static_cast<ssize_t>(bytes.size());
  }
  // Local experimental Ethernet type (IEEE 802).
  bool send(std::uint32_t number, std::size_t size = 200) const { return send(frame(number, size, {0x88, 0xb5})); }

 private:
  int socket_;
  sockaddr_ll address_{};
};

inline std::uint32_t number_in(const RawFrame& frame) {
  ByteReader reader(frame.bytes);
  reader.skip(14);
  return reader.u32();
}

// Until nothing came for a while.
template <class Callback>
std::size_t read_all(PacketRing& ring, Callback callback,
                     std::chrono::milliseconds patience = std::chrono::milliseconds(60)) {
  std::size_t total = 0;
  while (true) {
    const auto got = ring.poll(patience, callback);
    if (!got) ADD_FAILURE() << got.error().text();
    if (!got || *got == 0) return total;
    total += *got;
  }
}

}  // namespace tocsin::collectors::testing
