#pragma once
// Lane three of failure: a mistake in somebody's rule, decoder, playbook or configuration. Compilers collect all of
// them, skip the bad item and load the rest. It stands on the ground floor because decoders are compiled there.

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin {

enum class Severity : std::uint8_t { note, warning, error };

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  // stable: "S0103"; the letter names the room (C configuration, D decoder, G Sigma, S signature, Y
                     // YARA, P playbook)
  std::string file;
  std::uint32_t line = 0;    // 1-based; 0 = unknown
  std::uint32_t column = 0;  // 1-based; 0 = unknown
  std::string item;          // rule id, sid, playbook step: what was refused; may be empty
  std::string cause;         // one sentence
  std::string next_step;     // one sentence; may be empty
};

class Diagnostics {
 public:
  void add(Diagnostic diagnostic);
  const std::vector<Diagnostic>& all() const noexcept { return items_; }
  std::size_t errors() const noexcept { return errors_; }
  bool has_errors() const noexcept { return errors_ != 0; }
  void append(Diagnostics other);

 private:
  std::vector<Diagnostic> items_;
  std::size_t errors_ = 0;
};

// "file:line:column: error[S0103]: cause" + newline + "  next: …" when there is one. No control characters pass.
std::string render_text(const Diagnostic& diagnostic);

}  // namespace tocsin
