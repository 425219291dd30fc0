#pragma once
// All decoders, compiled: literal dispatch on program name and first byte, then short capture programs. Immutable and
// shared by every reader; a reload makes a new one.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/log/decoder/assign.h"
#include "collectors/log/decoder/effect.h"
#include "collectors/log/envelope/syslog.h"

namespace tocsin::collectors {

struct DecoderSource {
  std::string file;  // for diagnostics
  std::string text;  // YAML: see decoder/README.md
};

// What decided, for explain and for tests.
struct DecoderMatch {
  std::string_view decoder;  // empty: no decoder knew the line
  std::string_view pattern;  // empty: only the program was known
};

// Whole lines first (access logs), or the syslog envelope first.
enum class LineOrder : std::uint8_t { syslog_first, whole_first };

struct CompiledDecoder;

// Which decoders can know objects that have the same members: asked once for each shape. Of one DecoderSet; one owner,
// one thread.
class ObjectShapes {
 public:
  void forget() noexcept { places_.clear(); }

 private:
  friend class DecoderSet;
  static constexpr std::size_t places = 128;
  static constexpr std::size_t members_most = 256;
  struct Shape {
    std::vector<Field> members;
    std::vector<const CompiledDecoder*> decoders;
  };
  std::vector<Shape> places_;
};

class DecoderSet {
 public:
  ~DecoderSet();

  // Fills the builder with what the line says. The line must outlive the call only. Never fails: an unknown line leaves
  // the envelope's fields, class syslog or generic.
  DecoderMatch decode_line(std::string_view text, LineOrder order, LineContext& line, Verdict& verdict) const;
  // What follows an envelope: journald entries come here, their program and message already apart.
  DecoderMatch decode_message(std::string_view program, std::string_view message, LineContext& line,
                              Verdict& verdict) const;
  // A flattened JSON object: the first decoder whose `when` holds adds its fields.
  DecoderMatch decode_object(LineContext& line, Verdict& verdict) const;
  // The same; objects of a shape met before are quicker.
  DecoderMatch decode_object(LineContext& line, Verdict& verdict, ObjectShapes& shapes) const;

  // For a line that no decoder fully knew: the address it names after "from", "rhost" and the like (`lines: rest`).
  // Changes nothing when a source is known or the event has a category.
  void supplement(std::string_view text, LineContext& line) const;

  struct Sample {
    std::string decoder, file, line;
    std::string program;                                      // whose line it is, when the source says so
    std::vector<std::pair<std::string, std::string>> fields;  // wanted; value as text, "null" = must be absent
    bool must_match = true;                                   // a `not:` line
  };
  const std::vector<Sample>& samples() const noexcept;
  std::vector<std::string> names() const;

 private:
  friend class DecoderCompiler;
  DecoderSet();
  struct State;
  std::unique_ptr<State> state_;
};

// Bad decoders are refused with diagnostics D01xx, the others load.
std::shared_ptr<const DecoderSet> compile_decoders(std::span<const DecoderSource> sources, FieldNames& names,
                                                   Diagnostics& diagnostics);
// Every *.yaml file of a directory, sorted by name.
Result<std::vector<DecoderSource>> read_decoder_directory(const std::string& directory);

// True for a literal that begins a JSON object.
bool looks_like_json(std::string_view text) noexcept;

}  // namespace tocsin::collectors
