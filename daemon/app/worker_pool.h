#pragma once
// A fixed set of threads that do one round together: `run` returns when every worker has done its part.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tocsin::daemon {

class WorkerPool {
 public:
  // With one worker everything runs on the caller's thread.
  explicit WorkerPool(std::size_t workers);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  std::size_t size() const noexcept { return workers_; }
  // Calls part(0) … part(size-1), one per worker, always the same worker for the same number.
  void run(const std::function<void(std::size_t)>& part);

 private:
  void serve(std::size_t worker);

  const std::size_t workers_;
  std::mutex mutex_;
  std::condition_variable begin_;
  std::condition_variable done_;
  const std::function<void(std::size_t)>* part_ = nullptr;
  std::size_t round_ = 0;
  std::size_t left_ = 0;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tocsin::daemon
