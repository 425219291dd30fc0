#pragma once
// Sets of values that rules look up and change (`dataset`, `datarep`): host-wide, shared by all workers. Loaded while
// rules compile; a set that no rule changes is read without a lock, any other is sharded by the value's hash. Capped in
// bytes, refusals counted. Suricata documentation, "Datasets".

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace tocsin::rules::signature {

enum class DatasetType : std::uint8_t { string, md5, sha256, ipv4, ip };
std::optional<DatasetType> parse_dataset_type(std::string_view word) noexcept;
std::string_view dataset_type_name(DatasetType type) noexcept;

// How a file of values is written.
struct DatasetFormat {
  enum class Kind : std::uint8_t { plain, json, lines } kind = Kind::plain;
  std::string value_key;  // where in an object the value is: "host.name"
  std::string array_key;  // where in the document the objects are
  bool remove_key = false;
  friend bool operator==(const DatasetFormat&, const DatasetFormat&) = default;
};

class Dataset {
 public:
  static constexpr std::uint64_t memory_default = 512ULL << 20;

  struct Entry {
    std::uint16_t reputation = 0;
    std::shared_ptr<const std::string> context;  // JSON of the object it came from
  };

  Dataset(std::string name, DatasetType type, std::uint64_t memory_most)
      : name_(std::move(name)), type_(type), memory_most_(memory_most) {}

  const std::string& name() const noexcept { return name_; }
  DatasetType type() const noexcept { return type_; }

  // Reads a file's text. Errors say the line. `with_reputation`: each line is value,number.
  std::expected<void, std::string> load(std::string_view text, const DatasetFormat& format, bool with_reputation);
  // What `load` reads, sorted.
  std::string save() const;

  // The entry; nothing when the bytes are not of the type's size, or not there.
  std::optional<Entry> find(Bytes value) const;
  bool add(Bytes value);     // false: known already, of the wrong size, or no room
  bool remove(Bytes value);  // false: not there
  std::size_t size() const;
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }
  // Values that rules put in or took out so far.
  std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_relaxed); }
  std::uint64_t memory() const noexcept { return memory_.load(std::memory_order_relaxed); }
  // The values of `other`, of the same type, instead of its own; its count of changes too. Before the first lookup.
  void take_over(const Dataset& other);

  // Some rule changes it. Said before the first lookup.
  void will_change() noexcept { changing_ = true; }
  bool changing() const noexcept { return changing_; }

  // What rules said of it; they must agree.
  bool with_reputation = false;
  std::string load_path;
  std::string save_path;  // empty: not kept
  DatasetFormat format;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
  };
  static constexpr std::size_t shards = 16;

  // As it is stored: addresses of both kinds in 16 bytes for `ip`.
  bool key_of(Bytes value, std::array<char, 16>& space, std::string_view& key) const noexcept;
  Shard& shard(std::string_view key) const noexcept { return shards_[Hash{}(key) % shards]; }
  bool put(std::string_view key, Entry entry);
  std::expected<std::string, std::string> parse_value(std::string_view text) const;
  std::expected<void, std::string> load_line(std::string_view line, bool with_reputation);
  std::expected<void, std::string> load_json(std::string_view text, const DatasetFormat& format);
  std::string render(std::string_view key) const;

  const std::string name_;
  const DatasetType type_;
  const std::uint64_t memory_most_;
  bool changing_ = false;
  mutable std::array<Shard, shards> shards_;
  std::atomic<std::uint64_t> memory_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> changes_{0};
};

// All sets of a rule set, by name.
using Datasets = std::map<std::string, std::shared_ptr<Dataset>, std::less<>>;

// `datasets` of suricata.yaml.
struct DatasetSettings {
  bool allow_write = true;
  bool allow_absolute_paths = false;
  std::uint64_t memory_most = Dataset::memory_default;
  std::string directory;  // of state and save files; empty: none are written
  struct Declared {
    std::string type, state, load, save;
  };
  std::map<std::string, Declared, std::less<>> declared;
};

}  // namespace tocsin::rules::signature
