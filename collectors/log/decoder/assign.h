#pragma once
// From matched text to fields: what a capture or a key of a product becomes in the event.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/event/event.h"
#include "collectors/log/decoder/matcher.h"

namespace tocsin::collectors {

// Names seen in data → fields, remembered so that the shared interner is asked once per name. Lines of one source give
// their names in the same order again and again: what followed a name before is tried first. One owner, one thread.
class DynamicFields {
 public:
  explicit DynamicFields(FieldNames& names) : names_(names) {}
  // Field{} when the name is unfit (too long, control characters) or the interner is full (it counts).
  Field find(std::string_view name);
  FieldNames& names() noexcept { return names_; }

 private:
  static constexpr std::size_t cached_most = 8192;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Met {
    std::string_view name;  // the interner's
    Field next{};           // asked for after it, the last time
  };
  Field look_up(std::string_view name);

  FieldNames& names_;
  std::unordered_map<std::string, Field, Hash, std::equal_to<>> cache_;
  std::vector<Met> met_ = std::vector<Met>(1);  // by field
  std::size_t last_ = 0;
};

struct KeyMap;

// Where the pieces of one line go. Lives for one line.
struct LineContext {
  EventBuilder& builder;
  DynamicFields& fields;
  LineClock& clock;
  Time reference;                 // stamps without a year are read against it
  std::optional<Time> observed;   // set when a stamp was found
  std::string_view program = {};  // whose lines the source holds, as its configuration says; empty: the lines tell
  const KeyMap* keys = nullptr;   // of the decoder at work
  // Of a JSON object: its members under their own names. The flattener's; ends with it.
  const std::vector<Field>* members = nullptr;
  // All that an object has set, when nothing else has set anything; may name what is not there. As `members`.
  const std::vector<Field>* shape = nullptr;
};

// "source:endpoint" compiled: the target of a product's key.
struct KeyTarget {
  Field field{};
  HostFields host;
  Meaning meaning = Meaning::plain;
  StampForm stamp = StampForm::iso;
};

struct KeyHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

// Nested names of a product under plain ones: `{under: "win.eventdata.", pascal: true}` makes
// win.eventdata.targetUserName TargetUserName too. `unescape` undoes what a carrier did to the text once more: \\ and
// \", &lt; &gt; &amp; &quot;.
struct Rename {
  std::string under;
  std::string to;
  bool pascal = false;
  bool unescape = false;
};

// How the keys of key=value, JSON, CEF, LEEF and CSV captures become fields.
struct KeyMap {
  std::unordered_map<std::string, std::vector<KeyTarget>, KeyHash, std::equal_to<>> targets;
  std::string prefix;                // of names kept under their own name
  bool keep_all = true;              // keys without a target are kept
  bool keep_mapped = true;           // keys with a target are kept under their own name too
  std::vector<std::string> columns;  // csv
  char separator = ' ';              // pairs
  char assign = '=';                 // pairs
};

void assign_text(LineContext& line, Field field, Meaning meaning, const HostFields& host, StampForm stamp,
                 std::string_view text);
// One key of a product. Empty values and "-" are left out.
void assign_key(LineContext& line, const KeyMap& map, std::string_view key, std::string_view value);
// The mapped part only; true when the key itself is to be kept under its own name as well.
bool assign_mapped(LineContext& line, const KeyMap& map, std::string_view key, std::string_view value);
// Where a key is kept under its own name.
Field own_field(LineContext& line, const KeyMap& map, std::string_view key);
void assign_captures(LineContext& line, const KeyMap& map, const Captures& captures);
// Fields below `rename.under`, under their new name as well; one that is there already stays.
void assign_renamed(LineContext& line, const std::vector<Rename>& renames);
// url.original, url.path, url.query, url.extension; full URLs also url.scheme, url.domain.
void assign_url(EventBuilder& builder, std::string_view url);

}  // namespace tocsin::collectors
