#pragma once
// What is remembered of an SMB connection: trees, open files, reads under way, transactions that wait for their answer.
// Takes whole messages, and the payload of large WRITEs and READs piece by piece. Every table has a cap; the oldest
// entry goes first.

#include <map>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/smb/transaction.h"

namespace tocsin::collectors {

// A map that never holds more than a number of entries: the lowest key makes room.
template <class Key, class Value>
class SmbTable {
 public:
  explicit SmbTable(std::size_t most) : most_(most) {}
  Value* find(const Key& key) {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  Value& put(const Key& key, Value value) {
    if (rows_.size() >= most_ && !rows_.contains(key)) rows_.erase(rows_.begin());
    return rows_.insert_or_assign(key, std::move(value)).first->second;
  }
  std::optional<Value> take(const Key& key) {
    const auto found = rows_.find(key);
    if (found == rows_.end()) return std::nullopt;
    std::optional<Value> out(std::move(found->second));
    rows_.erase(found);
    return out;
  }

 private:
  const std::size_t most_;
  std::map<Key, Value> rows_;
};

class SmbSession {
 public:
  SmbSession(const SmbOptions& options, const SmbFields& fields);

  // One whole message, from its header to the next of a compound.
  void message(Direction direction, const SmbHeader& header, Bytes bytes, ParserOutput& output);
  // A new frame begins: compounds do not reach over it.
  void begin_frame(Direction direction) noexcept { chained_[index(direction)].reset(); }

  enum class Plan : std::uint8_t { whole, pieces, skip };
  // How the payload of this message wants to come; after `pieces` follow payload() and end_payload().
  Plan begin_payload(Direction direction, const SmbHeader& header, const SmbPayload& payload, ParserOutput& output);
  void payload(Direction direction, Bytes bytes, ParserOutput& output);
  void lose_payload(Direction direction, std::uint64_t count, ParserOutput& output);
  void end_payload(Direction direction) noexcept { stream_[index(direction)] = {}; }

  void raise(PacketEvent event, ParserOutput& output);
  void finish(ParserOutput& output);

 private:
  struct Tree {
    std::string name;
    bool pipe = false;
  };
  struct Reading {
    SmbFileId file;
    std::uint64_t offset = 0;
  };
  struct Stream {
    SmbTransaction* transaction = nullptr;
    std::uint64_t offset = 0;
  };
  using TreeKey = std::pair<std::uint64_t, std::uint32_t>;
  static TreeKey tree_key(const SmbHeader& header) noexcept { return {header.session, header.tree}; }

  // session.cpp: transactions
  SmbTransaction& open(const SmbHeader& header, std::uint16_t command, ParserOutput& output);
  SmbTransaction* find(std::uint16_t command, std::uint64_t message) noexcept;
  template <class Kind>
  SmbTransaction* find_kind() noexcept;
  // Tells what moved; a transaction with both sides done is given away: do not touch it afterwards.
  void moved(SmbTransaction& transaction, Direction direction, ParserOutput& output);
  void answer(SmbTransaction& transaction, const SmbHeader& header, ParserOutput& output);
  void close(std::size_t at, ParserOutput& output);
  void logon_request(SmbLogon& logon, SmbTransaction& transaction, Bytes blob);

  // file.cpp
  SmbTransaction* find_file(const SmbFileId& file, Direction direction) noexcept;
  SmbTransaction& file(const SmbFileId& file, Direction direction, const SmbHeader& header, ParserOutput& output);
  void chunk(SmbTransaction& transaction, std::uint64_t offset, Bytes bytes, ParserOutput& output);
  void emit(SmbTransaction& transaction, Bytes bytes, std::uint64_t gap, ParserOutput& output);
  void drain(SmbTransaction& transaction, bool all, ParserOutput& output);
  void end_file(SmbTransaction& transaction, bool truncated, ParserOutput& output);
  void close_file(const SmbFileId& file, ParserOutput& output);
  void write(const SmbHeader& header, const SmbPayload& payload, Bytes data, ParserOutput& output);
  void read(const SmbHeader& header, const Reading& reading, Bytes data, ParserOutput& output);
  std::string name_of(const SmbFileId& file);

  // pipe.cpp
  bool is_pipe(const SmbHeader& header, Bytes data);
  // False: this is not DCE/RPC.
  bool pipe_request(const SmbHeader& header, std::uint16_t command, Bytes data, ParserOutput& output);
  bool pipe_response(const SmbHeader& header, std::uint16_t command, const SmbFileId& file, Bytes data,
                     ParserOutput& output);
  void pipe_unit(const SmbHeader& header, std::uint16_t command, const DcerpcHeader& unit, Bytes body,
                 ParserOutput& output);
  SmbTransaction* find_call(const SmbHeader& header, std::uint16_t command, const DcerpcHeader& unit) noexcept;

  // smb1_request.cpp, smb1_response.cpp
  void request1(const SmbHeader& header, Bytes bytes, ParserOutput& output);
  void request1_one(const SmbHeader& header, std::uint16_t command, Bytes bytes, std::size_t at, ParserOutput& output);
  bool negotiate1(const SmbHeader& header, ByteReader words, ParserOutput& output);
  bool logon1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output);
  bool connect1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output);
  bool create1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output);
  bool write1(const SmbHeader& header, std::uint16_t command, Bytes bytes, std::size_t at, ParserOutput& output);
  bool trans1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output);
  bool trans2_request1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output);
  bool rename1(const SmbHeader& header, ByteReader words, ParserOutput& output);
  void response1(const SmbHeader& header, Bytes bytes, ParserOutput& output);
  void response1_one(const SmbHeader& header, std::uint16_t command, Bytes bytes, std::size_t at, ParserOutput& output);
  void negotiated1(SmbTransaction& transaction, ByteReader words);
  void logged_on1(const SmbHeader& header, SmbTransaction& transaction, Bytes bytes, std::size_t at);
  void connected1(const SmbHeader& header, SmbTransaction& transaction, ByteReader words);
  void created1(const SmbHeader& header, SmbTransaction& transaction, ByteReader words);
  void trans_answered1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output);

  // smb2_request.cpp, smb2_response.cpp
  void request2(const SmbHeader& header, Bytes bytes, ParserOutput& output);
  bool negotiate2(const SmbHeader& header, ByteReader body, ParserOutput& output);
  bool logon2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output);
  bool connect2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output);
  bool create2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output);
  bool control2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output);
  bool set_info2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output);
  void response2(const SmbHeader& header, Bytes bytes, ParserOutput& output);
  void negotiated2(const SmbHeader& header, ByteReader body, ParserOutput& output);
  void created2(SmbTransaction& transaction, ByteReader body);
  bool controlled2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output);
  void read2(const SmbHeader& header, Bytes bytes, ParserOutput& output);

  const SmbOptions& options_;
  const SmbFields& fields_;
  std::shared_ptr<SmbAgreement> agreement_;
  std::vector<std::unique_ptr<SmbTransaction>> open_;
  std::uint64_t transactions_ = 0;
  std::uint32_t files_ = 0;
  SmbTable<TreeKey, Tree> trees_;
  SmbTable<SmbFileId, std::string> names_;
  SmbTable<std::uint64_t, Reading> reads_;                     // by message
  SmbTable<std::uint64_t, SmbFileId> pipe_files_;              // SMB1 TRANS: by message
  SmbTable<SmbFileId, std::vector<std::uint8_t>> pipe_parts_;  // of answers that come in several reads
  std::shared_ptr<DcerpcBinding> binding_;
  std::array<Stream, 2> stream_;
  // Of the compound at hand: the file and the name that the command before opened.
  struct Chained {
    std::string name;
    std::optional<SmbFileId> file;
  };
  std::array<std::optional<Chained>, 2> chained_;
};

}  // namespace tocsin::collectors
