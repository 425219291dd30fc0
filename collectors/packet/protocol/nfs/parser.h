#pragma once
// NFS over TCP (with record marks, RFC 5531 section 11) and UDP.

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/nfs/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> nfs_ports{2049};
Probe probe_nfs(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_nfs_factory(const PacketOptions& options, FieldNames& names);

class NfsParser final : public ProtocolParser {
 public:
  NfsParser(const NfsOptions& options, const NfsFields& fields, bool stream)
      : options_(options), fields_(fields), stream_(stream) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  using Held = std::unique_ptr<NfsTransaction>;
  using Handle = std::vector<std::uint8_t>;
  struct Side {
    std::vector<std::uint8_t> mark;     // of the fragment, as far as it came
    std::vector<std::uint8_t> message;  // fragments of one record
    std::size_t left = 0;               // of the fragment
    bool last = false;                  // it ends the record
    bool skip = false;                  // the record is too long to keep
  };
  // A call whose reply is due.
  struct Pending {
    std::uint32_t version = 0;
    NfsAction action = NfsAction::other;
    Handle handle;
    std::string name;
    std::uint64_t offset = 0;
    bool last = false;
    std::uint64_t transaction = 0;  // its number
    bool reported = false;
  };

  void message(Direction direction, Bytes bytes, ParserOutput& output);
  void call(Bytes bytes, ParserOutput& output);
  void reply(Bytes bytes, ParserOutput& output);
  NfsTransaction* find(std::uint64_t number) noexcept;
  NfsTransaction* find_file(Bytes handle, Direction direction) noexcept;
  NfsTransaction& open(const RpcCall& from, const NfsCall& call, ParserOutput& output);
  NfsTransaction& open_file(const RpcCall& from, const NfsCall& call, Direction direction, ParserOutput& output);
  void chunk(NfsTransaction& transaction, std::uint64_t offset, Bytes bytes, std::uint32_t id, ParserOutput& output);
  void close(NfsTransaction& transaction, ParserOutput& output);
  void remember(Bytes handle, std::string name);

  const NfsOptions& options_;
  const NfsFields& fields_;
  const bool stream_;
  std::array<Side, 2> side_;
  std::vector<Held> open_;
  std::map<std::uint32_t, Pending> pending_;  // by the id of the call
  std::map<Handle, std::string> names_;       // of files, by handle
  std::uint64_t transactions_ = 0;
  std::uint32_t files_ = 0;
};

}  // namespace tocsin::collectors
