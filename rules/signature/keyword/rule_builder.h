#pragma once
// A signature while its options are read, in order. Keyword functions get one and add to it; it knows which buffer is
// selected and which content the next modifier belongs to. Lives for one rule of one compile call.

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "rules/signature/compile/signature.h"
#include "rules/signature/config/classification.h"
#include "rules/signature/config/data_reader.h"
#include "rules/signature/parse/rule_ast.h"
#include "rules/signature/state/dataset.h"

namespace tocsin::rules::signature {

using Outcome = std::expected<void, Mistake>;
inline std::unexpected<Mistake> refuse(std::string code, std::string cause, std::string next_step = {}) {
  return std::unexpected(Mistake{std::move(code), std::move(cause), std::move(next_step), {}});
}

// Names ↔ small numbers, one space for all rules of a set.
class NameTable {
 public:
  std::uint32_t intern(std::string_view name);
  std::size_t size() const noexcept { return ids_.size(); }
  std::vector<std::string> names() const;  // by number

 private:
  std::map<std::string, std::uint32_t, std::less<>> ids_;
};

// What all rules of one compile call share.
struct CompileContext {
  Variables addresses;
  Variables ports;
  Classifications classifications;
  References references;
  NameTable flow_bits;
  NameTable flow_integers;
  Datasets datasets;
  DatasetSettings dataset_settings;
  DataReader read_data;  // may be empty: no data files then
  std::shared_ptr<const Reputation> reputation;
  std::map<std::string, std::shared_ptr<const AddressSet>, std::less<>> address_cache;
  std::map<std::string, std::shared_ptr<const PortSet>, std::less<>> port_cache;
};

class RuleBuilder {
 public:
  explicit RuleBuilder(CompileContext& shared) : shared_(shared) {}

  Signature signature;
  SignatureInfo info;
  CompileContext& shared() noexcept { return shared_; }

  // Sticky buffer: what follows goes to a chain of it. A buffer with several instances starts a new chain each time.
  void select(Source source, collectors::Buffer buffer, collectors::BufferSide side, bool multiple);
  void select_frame(collectors::FrameKind frame);
  void select_payload();
  void select_base64();
  bool selected() const noexcept { return selected_ || in_base64_; }
  // The selected buffer is of a transaction.
  bool in_transaction() const noexcept;
  Outcome add_transform(Transform transform);
  // Appends to the selected chain.
  void add(Test test);
  // The content that a modifier changes; null if there is none yet.
  ContentTest* last_content();
  // Legacy modifiers: the last content moves to a buffer's chain.
  Outcome move_last_content(collectors::Buffer buffer, collectors::BufferSide side);
  // pcre flags such as U: the test goes to a buffer's chain, whatever is selected.
  void add_to(collectors::Buffer buffer, collectors::BufferSide side, Test test);
  // The base64_decode test of the selected chain; null if none.
  Base64Test* last_base64();

  // Index of a byte_extract / byte_math result; `define` makes it.
  int define_variable(std::string_view name);
  std::optional<int> find_variable(std::string_view name) const;
  // A number or a variable's name.
  std::optional<Operand> operand(std::string_view text) const;

  // The keyword belongs to this protocol: refused when the header says another.
  Outcome require_protocol(collectors::Protocol protocol, std::string_view keyword);

  bool seen(std::string_view keyword) const { return seen_.contains(keyword); }
  void mark_seen(std::string_view keyword) { seen_.emplace(keyword); }
  bool has_sid = false;
  bool has_priority = false;
  bool has_severity = false;
  // What the rule's author should know although the rule loads.
  std::vector<Mistake> remarks;

 private:
  std::vector<Test>& target();
  std::size_t chain_for(Source source, collectors::Buffer buffer, collectors::BufferSide side, bool fresh);

  CompileContext& shared_;
  bool selected_ = false;
  bool pending_ = false;  // selected, nothing added yet
  bool in_base64_ = false;
  bool multiple_ = false;
  Chain pending_chain_;
  std::size_t current_ = 0;                                          // chain
  std::optional<std::pair<std::size_t, std::size_t>> last_content_;  // chain, test
  std::shared_ptr<Base64Test> base64_;
  std::optional<std::size_t> last_base64_content_;
  std::map<std::string, int, std::less<>> variables_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace tocsin::rules::signature
