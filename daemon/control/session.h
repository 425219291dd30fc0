#pragma once
// One connection of the control server. Private to daemon/control; included by server.cpp and session.cpp only, which
// is why it may name Asio.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/control/server.h"

namespace tocsin::daemon {

// What all sessions of one server share; outlives them.
struct SessionHost {
  SessionHost(const ControlOptions& o, const MethodTable& m) : options(o), methods(m), pool(o.calls_most) {}

  const ControlOptions options;
  const MethodTable& methods;
  boost::asio::io_context io;
  boost::asio::thread_pool pool;
  std::atomic<std::size_t> calls{0};
  std::atomic<bool> stopping{false};
};

// Reading and writing on the io thread; send() and wait() from workers.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using Instant = std::chrono::steady_clock::time_point;

  Session(SessionHost& host, Socket socket, Peer peer)
      : host_(host), socket_(std::move(socket)), peer_(std::move(peer)) {}

  // io thread.
  void start();
  void close();
  void sweep(Instant now);  // closes what is half sent or unread for too long
  bool closed() const noexcept { return closed_.load(); }
  uid_t user() const noexcept { return peer_.user; }

  // Any thread. False once closed; `wait` bounds the memory a slow client can hold.
  enum class WhenFull : std::uint8_t { wait, drop };
  bool send(std::string_view json, WhenFull when_full);
  // True when `patience` passed and the client is still there.
  bool wait(Duration patience);

 private:
  friend class SessionReply;
  void await_request();
  void on_readable();
  void handle(std::string body, Descriptors descriptors);
  void refuse(std::string_view id, Code code, std::string_view message);
  void flush();

  SessionHost& host_;
  Socket socket_;
  const Peer peer_;
  FrameReader reader_;
  Instant half_since_{};  // io thread; meaningful while a frame is partly read
  bool half_ = false;
  std::size_t calls_ = 0;  // io thread
  std::atomic<bool> closed_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::size_t unread_ = 0;      // waiting and being written
  std::size_t write_size_ = 0;  // being written
  Instant written_{};           // last time the client took something
  std::string writing_;         // io thread
};

}  // namespace tocsin::daemon
