#pragma once
// Where the parser and the validator put what they find. One per document; the same thread throughout.

#include <string>
#include <string_view>

#include "collectors/base/diagnostic.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {

// strict: whatever breaks the specification refuses the playbook, not only what makes running it unsafe.
enum class Strictness : std::uint8_t { tolerant, strict };

class Reporter {
 public:
  Reporter(const JsonDocument& document, std::string_view file, Strictness strictness, Diagnostics& out)
      : document_(document), file_(file), strictness_(strictness), out_(out) {}

  // Running it would not be safe, or would not be possible.
  void error(std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
             std::string next_step = {});
  // Against the specification, yet the meaning is plain. An error when strict.
  void warning(std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
               std::string next_step = {});
  // Worth knowing, allowed by the specification.
  void note(std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
            std::string next_step = {});

  std::size_t errors() const noexcept { return errors_; }

 private:
  static constexpr std::size_t diagnostics_most = 1000;
  void add(Severity severity, std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
           std::string next_step);

  const JsonDocument& document_;
  const std::string file_;
  const Strictness strictness_;
  Diagnostics& out_;
  std::size_t errors_ = 0;
  std::size_t total_ = 0;
};

}  // namespace tocsin::responders
