#pragma once
// EVE records of one packet worker: rendered where things happen, collected until the round is over. Attached only when
// EVE is wanted. It is the annotator of its worker's alerts as well: what their records show of packet, flow and
// transaction is written down when they are raised, because it is gone when they are decided.

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/packet/frame/cutter.h"
#include "collectors/packet/observer.h"
#include "daemon/eve/file_track.h"
#include "daemon/eve/header.h"
#include "daemon/eve/options.h"
#include "daemon/eve/range_table.h"
#include "daemon/eve/record.h"
#include "daemon/eve/stats.h"
#include "daemon/eve/tag.h"
#include "rules/detector.h"

namespace tocsin::daemon {

// `packet` and `packet_info`: the bytes, and of which kind. A datagram made of fragments gets the link header of the
// last one.
void append_packet_bytes(JsonWriter& json, const collectors::Packet& packet, Bytes link_header);

class EveObserver final : public collectors::Observer, public rules::AlertAnnotator {
 public:
  explicit EveObserver(EveOptions options) : options_(std::move(options)) {}

  // Engines that remember things of flows (flowbits): asked for the `metadata` of records. They outlive this.
  void ask(const rules::Detector& detector) { detectors_.push_back(&detector); }
  // Before the detectors go, as when rules are reloaded.
  void forget_detectors() noexcept { detectors_.clear(); }
  std::vector<EveRecord> take() { return std::exchange(records_, {}); }
  std::vector<KeptFile> take_files() { return std::exchange(kept_, {}); }

  const EveCounters& counters() const noexcept { return counters_; }

  void on_flow_start(collectors::Flow& flow, const collectors::Packet& packet) override;
  void on_packet(const collectors::Packet& packet) override;
  void on_stream(const collectors::StreamChunk& chunk) override;
  void on_transaction(const collectors::TransactionUpdate& update) override;
  void on_transaction_end(const collectors::TransactionUpdate& update) override;
  void on_file(const collectors::FileChunk& chunk) override;
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd end) override;

  void annotate(rules::Alert& alert, const rules::AlertScene& scene) override;
  void keep_files(const rules::AlertScene& scene, std::uint32_t rule) override;

 private:
  struct Waiting {  // until the packet at hand was seen by all
    enum class What : std::uint8_t { record, file, anomalies };
    What what;
    collectors::Flow* flow;
    collectors::Transaction* transaction;
    std::uint32_t file;  // its number
    bool held;           // the transaction, while this waits longer
  };
  using What = Waiting::What;
  struct FlowNotes final : collectors::FlowExtension {
    std::array<std::string, 2> stream;  // the last bytes, where alerts show payload; losses are said in brackets
    std::vector<MacAddress> client_macs, server_macs;
    std::bitset<collectors::packet_events_most> anomalies;  // written
    std::array<collectors::Transaction*, 2> recent{};       // held; see remember()
    std::vector<std::uint64_t> silent_exchanges;
    bool bypassed = false;  // said so before the packet at hand
    struct Wish {
      std::uint64_t transaction;
      collectors::Direction direction;
      std::uint32_t rule;
    };
    std::vector<Wish> wishes;                         // for files still to come
    std::unique_ptr<collectors::FrameCutter> frames;  // where there are records of them
    RunningTags tags;
    std::vector<FileTrack> files;  // under way, and ended ones of transactions under way
  };
  struct TransactionNotes final : collectors::FlowExtension {
    bool written = false;
    std::bitset<collectors::packet_events_most> anomalies;  // written
  };

  FlowNotes& notes_of(collectors::Flow& flow);
  TransactionNotes& notes_of(collectors::Transaction& transaction);
  void count(const collectors::Packet& packet);
  void note_anomalies(const collectors::TransactionUpdate& update);
  void settle(const Waiting& item, const collectors::Packet* packet);
  bool awaits_rules(Waiting& item, const collectors::Packet& packet);
  void settle_rest(collectors::Flow& flow);
  bool hushed(collectors::Flow& flow, const collectors::Transaction& transaction);
  void remember(const collectors::TransactionUpdate& update);
  void forget(collectors::Flow& flow, collectors::Direction direction);
  void finish_transaction(collectors::Flow& flow, collectors::Transaction& transaction);
  void write_transaction(const collectors::Flow& flow, const collectors::Transaction& transaction,
                         const collectors::Packet* packet);
  void write_file(const collectors::Flow& flow, const collectors::Transaction* transaction, FileTrack& file,
                  const collectors::Packet* packet);
  // A part of a file may make it whole: then there is a record of all of it.
  void join_parts(const EveOrigin& origin, const collectors::Transaction& transaction, const FileTrack& file);
  // The transaction that an alert without one is most likely about.
  collectors::Transaction* guess(const rules::AlertScene& scene) const;
  void write_flow(const collectors::Flow& flow, collectors::FlowEnd end);
  // frame_record.cpp
  class FrameWriter;
  void write_frames(collectors::Flow& flow, const collectors::Packet* packet);
  // tag.cpp
  void start_tags(const rules::Alert& alert, const rules::AlertScene& scene);
  void write_tagged(const collectors::Packet& packet);
  void write_arp(const collectors::Packet& packet);
  void write_netflow(const collectors::Flow& flow);
  void write_packet_anomalies(const collectors::Packet& packet);
  void write_application_anomalies(collectors::Flow& flow, const collectors::Transaction* transaction,
                                   std::bitset<collectors::packet_events_most>& written,
                                   const collectors::Packet* packet);
  void append_metadata(JsonWriter& json, const collectors::Flow& flow) const;
  void append_tunnel(JsonWriter& json, const collectors::Packet& packet) const;
  void append_forwarded(JsonWriter& json, const collectors::Transaction& transaction) const;
  void append_ether(JsonWriter& json, const EveOrigin& origin) const;
  void append_files(JsonWriter& json, collectors::Flow& flow, const collectors::Transaction& transaction,
                    collectors::Direction direction);
  // A record: header, then what `body` writes.
  void write(std::string_view type, const EveOrigin& origin, const std::function<void(JsonWriter&)>& body);

  const EveOptions options_;
  std::vector<const rules::Detector*> detectors_;
  std::vector<Waiting> waiting_;
  std::vector<EveRecord> records_;
  std::vector<KeptFile> kept_;
  std::uint64_t sequence_ = 0;
  EveCounters counters_;
  struct Outer {  // the frame that inner packets came in
    IpAddress source, destination;
    std::uint16_t source_port = 0, destination_port = 0;
    std::uint8_t protocol = 0;
    std::uint64_t number = 0;
  };
  Outer outer_;
  FileMagic magic_;
  RangeTable ranges_;
  HostTags host_tags_;
  bool tags_begun_ = false;                // on some flow
  std::vector<std::uint8_t> link_header_;  // of the last fragment
};

}  // namespace tocsin::daemon
