#pragma once
// What the signature engine remembers of a flow and of a transaction. Hangs in the slots that the packet floor gives
// its observers; used on the flow's worker only. Everything here is capped.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/seldom.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/frame/cutter.h"
#include "collectors/packet/transaction.h"
#include "rules/alert.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

// The last bytes of a stream, so that contents over the edge of two chunks are found.
struct StreamWindow {
  static constexpr std::size_t kept = 1'024;
  static constexpr std::size_t pending_most = 256U << 10;
  static constexpr std::size_t resume_most = 256;
  static constexpr std::size_t pieces_most = 64;
  // As much as Suricata gathers before it looks, unless a message is complete or the connection ends.
  static constexpr std::size_t chunk = 2'560;

  // Bytes before a loss that rules have not looked at yet.
  struct Piece {
    std::vector<std::uint8_t> bytes;
    std::uint64_t start = 0;
    std::uint64_t inspected = 0;
  };

  struct Held {
    std::vector<Piece> pieces;
    // Rules that matched, and from which offset on they may match again.
    std::vector<std::pair<std::uint32_t, std::uint64_t>> resume;
    // Rules whose pattern was seen within the window while the rest was missing, and the end of the bytes seen then.
    std::vector<std::pair<std::uint32_t, std::uint64_t>> waiting;
  };

  std::vector<std::uint8_t> bytes;
  std::uint64_t start = 0;      // stream offset of bytes[0]
  std::uint64_t inspected = 0;  // stream offset up to which rules have looked
  bool seen = false;            // the stream of this side is being reassembled
  bool pending = false;         // bytes past `inspected`
  bool ended = false;
  bool complete = false;          // a message ends in the bytes past `inspected`
  std::uint64_t last_packet = 0;  // that brought bytes
  Seldom<Held> held;

  std::uint64_t end() const noexcept { return start + bytes.size(); }
  void append(std::uint64_t offset, Bytes more);
  // It is time for rules to look, even if the connection goes on.
  bool due() const noexcept {
    return complete || ended || end() - (held->pieces.empty() ? inspected : held->pieces.front().inspected) >= chunk ||
           held->pieces.size() >= pieces_most;
  }
  // Keeps only the tail; what was not inspected yet stays.
  void trim();
  std::uint64_t resume_at(std::uint32_t rule) const noexcept;
  void set_resume(std::uint32_t rule, std::uint64_t offset);
};

struct FlowMemory final : collectors::FlowExtension {
  // Transactions that moved, to be looked at with the next packet of the side that moved. Each is held.
  struct Moved {
    collectors::Transaction* transaction;
    collectors::Direction direction;
  };
  static constexpr std::size_t moved_most = 512;
  std::vector<Moved> moved;

  std::vector<std::uint64_t> bits;
  static constexpr std::size_t variables_most = 64;
  static constexpr std::size_t value_most = 1'024;
  // Files that go by, when rules ask for their digests.
  struct File {
    std::uint32_t id = 0;
    std::uint64_t transaction = 0;
    collectors::Direction direction = collectors::Direction::to_server;
    bool ended = false;
    std::array<std::optional<DigestStream>, 3> streams;
    std::array<std::string, 3> digests;
  };
  static constexpr std::size_t files_most = 64;
  struct Found {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> integers;      // sorted by variable
    std::vector<std::pair<std::string, std::string>> variables;         // captured by pcre
    std::vector<std::pair<std::string, std::string>> packet_variables;  // of the packet at hand
    std::vector<std::pair<std::string, double>> entropies;              // by buffer
    std::vector<File> files;
  };
  Seldom<Found> found;
  std::array<bool, 2> address_rules_done{};
  bool passed = false;
  std::unique_ptr<collectors::FrameCutter> frames;  // when rules ask for them
  std::array<StreamWindow, 2> stream;
  // stream_size: first and next sequence number per side.
  std::array<std::uint32_t, 2> first_sequence{};
  std::array<std::uint32_t, 2> next_sequence{};
  std::array<bool, 2> sequence_known{};

  // The last that moved on each side, held; where rules look at frames.
  std::array<collectors::Transaction*, 2> latest{};

  void remember(collectors::Transaction& transaction, std::size_t side) {
    if (latest[side] == &transaction) return;
    if (latest[side] != nullptr) --latest[side]->holds;
    latest[side] = &transaction;
    ++transaction.holds;
  }
  void forget_moved() {
    for (const auto& each : moved) --each.transaction->holds;
    moved.clear();
    for (auto*& each : latest) {
      if (each != nullptr) --each->holds;
      each = nullptr;
    }
  }
  // Adds or replaces, within the caps.
  static void keep(std::vector<std::pair<std::string, std::string>>& list, std::string_view name,
                   std::string_view value);
  void set_entropy(const std::string& buffer, double value);
  bool bit(std::uint32_t number) const noexcept;
  void set_bit(std::uint32_t number, bool on);
  const std::uint32_t* integer(std::uint32_t variable) const noexcept;
  void set_integer(std::uint32_t variable, std::uint32_t value);
  // All isset, isnotset and flowint comparisons of the rule hold.
  bool conditions_hold(const Signature& signature) const noexcept;
  void apply(const Signature& signature);
};

struct TransactionMemory final : collectors::FlowExtension {
  struct RuleProgress {
    std::uint32_t rule = 0;
    std::uint8_t side = 0;                     // 0, 1; 2 = both together (=>)
    bool done = false;                         // matched, or can no longer match
    std::uint64_t matched = 0;                 // chains, by position
    std::unique_ptr<std::vector<Reason>> why;  // of chains that matched in an earlier step
  };
  struct GroupProgress {
    std::uint32_t instances = 0;  // scanned
    std::uint64_t size = 0;       // of a growing buffer: bytes scanned
  };
  std::vector<RuleProgress> rules;  // sorted by rule, side
  std::array<std::vector<GroupProgress>, 2> groups;
  std::array<bool, 2> started{};

  RuleProgress& progress(std::uint32_t rule, std::uint8_t side);
};

}  // namespace tocsin::rules::signature
