#pragma once
// State that few flows have: a pointer until it is first written to, and read as empty before. One thread.

#include <memory>

namespace tocsin {

template <class State>
class Seldom {
 public:
  const State& operator*() const noexcept { return made_ ? *made_ : nothing(); }
  const State* operator->() const noexcept { return &**this; }
  State& make() {
    if (!made_) made_ = std::make_unique<State>();
    return *made_;
  }
  // Null as long as nothing was written.
  State* get() noexcept { return made_.get(); }

 private:
  static const State& nothing() noexcept {
    static const State empty;
    return empty;
  }

  std::unique_ptr<State> made_;
};

}  // namespace tocsin
