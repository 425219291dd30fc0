#include "daemon/app/worker_pool.h"

#include "collectors/base/assert.h"

namespace tocsin::daemon {

WorkerPool::WorkerPool(std::size_t workers) : workers_(workers) {
  TOCSIN_ASSERT(workers > 0);
  for (std::size_t i = 1; i < workers; ++i) threads_.emplace_back([this, i] { serve(i); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  begin_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkerPool::run(const std::function<void(std::size_t)>& part) {
  if (workers_ > 1) {
    const std::lock_guard lock(mutex_);
    part_ = &part;
    left_ = workers_ - 1;
    ++round_;
  }
  begin_.notify_all();
  part(0);
  if (workers_ == 1) return;
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return left_ == 0; });
}

void WorkerPool::serve(std::size_t worker) {
  std::size_t seen = 0;
  for (;;) {
    const std::function<void(std::size_t)>* part = nullptr;
    {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [&] { return over_ || round_ != seen; });
      if (over_) return;
      seen = round_;
      part = part_;
    }
    (*part)(worker);
    {
      const std::lock_guard lock(mutex_);
      --left_;
    }
    done_.notify_one();
  }
}

}  // namespace tocsin::daemon
