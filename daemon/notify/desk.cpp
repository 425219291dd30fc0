#include "daemon/notify/desk.h"

#include <fmt/format.h>

namespace tocsin::daemon {

NotifyDesk::NotifyDesk(const std::vector<SinkConfig>& sinks, const Clock& clock, Log& log, Metrics& metrics)
    : clock_(clock),
      log_(log),
      sent_(metrics.counter("tocsin_notices_sent", "Messages a sink took")),
      given_up_(metrics.counter("tocsin_notices_given_up", "Messages no sink took in time, or that had no room")),
      withheld_(metrics.counter("tocsin_notices_withheld", "Messages a sink took without content, above its max_tlp")),
      next_(sinks) {
  renew();
}

NotifyDesk::~NotifyDesk() { stop(); }

void NotifyDesk::start() {
  thread_ = std::thread([this] { run(); });
}

void NotifyDesk::stop() {
  waiting_.close();
  if (thread_.joinable()) thread_.join();
}

void NotifyDesk::tell(Message message) {
  if (waiting_.try_send(message)) return;
  given_up_.add();
  log_.limited(LogLevel::warning, "notify", "too many messages wait for their sinks; one was dropped");
}

void NotifyDesk::use(const std::vector<SinkConfig>& sinks) {
  const std::lock_guard lock(mutex_);
  next_ = sinks;
}

void NotifyDesk::renew() {
  std::optional<std::vector<SinkConfig>> next;
  {
    const std::lock_guard lock(mutex_);
    next = std::exchange(next_, std::nullopt);
  }
  if (!next) return;
  std::vector<Error> problems;
  sinks_.emplace(*next, clock_, problems);
  for (const auto& problem : problems) log_.warning("notify: " + problem.text());
}

void NotifyDesk::run() {
  constexpr Duration turn = std::chrono::milliseconds{500};
  while (!waiting_.closed()) {
    auto message = waiting_.receive_for(turn);
    renew();
    if (message) deliver(*message);
    retry_due();
  }
  given_up_.add(waiting_.size() + retries_.size());
}

void NotifyDesk::deliver(const Message& message) {
  for (const auto& delivery : sinks_->send(message.severity, message.notice, message.told))
    settle(delivery.sink, delivery.result, message.notice, 1);
}

void NotifyDesk::retry_due() {
  const Time now = clock_.now();
  for (std::size_t left = retries_.size(); left != 0; --left) {
    auto retry = std::move(retries_.front());
    retries_.pop_front();
    if (now < retry.due) {
      retries_.push_back(std::move(retry));
      continue;
    }
    settle(retry.sink, sinks_->send_to(retry.sink, retry.notice), retry.notice, retry.attempts + 1);
  }
}

void NotifyDesk::settle(const std::string& sink, const Result<void>& result, const responders::Notice& notice,
                        unsigned attempts) {
  withheld_.add(sinks_->take_withheld());
  if (result) return sent_.add();
  const auto code = result.error().code;
  const bool passing = code == Code::unreachable || code == Code::timed_out;
  if (passing && attempts < attempts_most && retries_.size() < waiting_most) {
    const auto wait = std::chrono::seconds{5} * (1U << (attempts - 1));
    retries_.push_back({clock_.now() + wait, attempts, sink, notice});
    return log_.limited(LogLevel::warning, "notify " + sink,
                        fmt::format("{}: {}; again in {} s", sink, result.error().text(), wait.count()));
  }
  given_up_.add();
  // The system log travels: what may not leave the host is not in it either.
  const auto& about = notice.tlp == rules::Tlp::red ? notice.incident : notice.subject;
  log_.limited(LogLevel::error, "notify " + sink,
               fmt::format("{} was not told \"{}\": {}", sink, about, result.error().text()));
}

}  // namespace tocsin::daemon
