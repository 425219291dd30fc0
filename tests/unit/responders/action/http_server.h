#pragma once
// Another side of HTTP on the loopback, for what goes out: it keeps what it was asked and answers what the test says.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace tocsin::responders {

class HttpServer {
 public:
  // The whole answer to a request; empty: it never answers.
  using Answer = std::function<std::string(const std::string& request)>;

  explicit HttpServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    stopped_ = true;
    thread_.join();
    for (const int held : held_) ::close(held);
    ::close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  static std::string answer(const std::string& status, const std::string& body, const std::string& headers = {}) {
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status, body.size(),
                       headers, body);
  }

 private:
  static bool readable(int descriptor) {
    pollfd wait{descriptor, POLLIN, 0};
    return ::poll(&wait, 1, 20) > 0;
  }
  void serve() {
    while (!stopped_) {
      if (!readable(listener_)) continue;
      const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer >= 0) serve(peer);
    }
  }
  void serve(int peer) {
    std::string request;
    while (!stopped_ && !whole(request)) {
      if (!readable(peer)) continue;
      char buffer[65536];
      const ssize_t got = ::recv(peer, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      request.append(buffer, static_cast<std::size_t>(got));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const std::string text = answer_(request);
    if (text.empty()) return held_.push_back(peer);
    for (std::string_view left = text; !left.empty();) {
      const ssize_t sent = ::send(peer, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::close(peer);
  }
  static bool whole(const std::string& request) {
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::string name = "Content-Length: ";
    const auto at = request.find(name);
    const std::size_t body = at < head ? std::stoul(request.substr(at + name.size())) : 0;
    return request.size() >= head + 4 + body;
  }

  const Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> held_;
  std::thread thread_;
};

}  // namespace tocsin::responders
