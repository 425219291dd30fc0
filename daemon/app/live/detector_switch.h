#pragma once
// Stands between the packet worker and the packet engines so that rules can be reloaded while flows go on: after a
// reload, what the old detectors kept on a flow or a transaction is dropped the moment the new ones first meet it. One
// worker's thread.

#include <memory>
#include <vector>

#include "collectors/packet/observer.h"
#include "rules/detector.h"

namespace tocsin::daemon {

class DetectorSwitch final : public collectors::Observer {
 public:
  // `leading` see everything before the detectors and keep nothing on flows; `lasting`, if any, sees everything after
  // them and keeps what it keeps through reloads. They outlive this.
  explicit DetectorSwitch(std::vector<collectors::Observer*> leading = {}, collectors::Observer* lasting = nullptr)
      : leading_(std::move(leading)), lasting_(lasting) {}
  // Between packets. At most Flow::extensions_most - 2 - leading observers. Gives back those that were in use, for
  // another thread to take apart.
  std::vector<std::unique_ptr<rules::Detector>> use(std::vector<std::unique_ptr<rules::Detector>> detectors,
                                                    rules::AlertSink& sink);

  void attached(std::size_t slot) override;
  void on_flow_start(collectors::Flow& flow, const collectors::Packet& packet) override;
  void on_packet(const collectors::Packet& packet) override;
  void on_stream(const collectors::StreamChunk& chunk) override;
  void on_transaction(const collectors::TransactionUpdate& update) override;
  void on_transaction_end(const collectors::TransactionUpdate& update) override;
  void on_file(const collectors::FileChunk& chunk) override;
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd reason) override;
  void on_quiet(collectors::Flow& flow) override;
  void on_time(Time now) override;

 private:
  struct Mark;
  // Until the first reload there is nothing old, and this costs one comparison.
  template <class Carrier>
  void renew(Carrier& carrier);

  std::vector<std::unique_ptr<rules::Detector>> detectors_;
  const std::vector<collectors::Observer*> leading_;
  collectors::Observer* const lasting_;
  std::vector<collectors::Observer*> observers_;  // the leading ones in front, the lasting one at the end
  std::uint64_t generation_ = 0;
};

}  // namespace tocsin::daemon
