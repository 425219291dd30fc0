// Windows PowerShell language, about_Quoting_Rules and about_Parsing.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/playbook/command/scanner.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 12> readers{"iex",        "invoke-expression", "invoke-command", "icm",
                                                   "powershell", "powershell.exe",    "pwsh",           "cmd",
                                                   "cmd.exe",    "add-type",          "invoke-item",    "expandstring"};

class PowershellScanner final : public ShellScanner {
 public:
  using ShellScanner::ShellScanner;

 private:
  void step() override {
    if (comment_) {
      if (at("\n")) comment_ = false;
      take(1);
    } else if (at("`")) {
      take(2);
    } else if (at("@'") || at("@\"")) {
      here_string_ = true;
      take(2);
    } else if (at("\"")) {
      quoted_ = !quoted_;
      take(1);
    } else if (at("'") && !quoted_) {
      single();
    } else if (at("#") && !quoted_) {
      comment_ = true;
      take(1);
    } else if (!quoted_ && (at(" ") || at("\t") || at("\n") || at(";") || at("|") || at("(") || at("{"))) {
      end_word();
      called_ = called_ && (at(" ") || at("\t"));
      take(1);
    } else if (!quoted_ && word_.empty() && (at("&") || at(". "))) {
      called_ = true;
      take(1);
    } else {
      const char c = static_cast<char>(take(1));
      if (!quoted_) word_ += c;
    }
  }

  void on_use() override {
    if (comment_) return put_reference(std::string(), false);
    if (here_string_) return refuse("after a here-string; give it as an argument");
    if (called_) return refuse("where the program's name stands");
    put_reference(fmt::format("${{{}}}", environment()), word_.empty());
    word_ += '\x01';
  }

  void on_end() override {
    end_word();
    if (!reader_.empty() && uses() != 0)
      refuse_at(reader_offset_, fmt::format("together with \"{}\", which reads its arguments as code", reader_));
  }

  void single() {
    take(1);
    while (!done() && !at("'")) {
      if (use_here()) return refuse("inside single quotes, where variables are not read; use double quotes");
      take(1);
    }
    take(1);
    word_ += '\x02';
  }

  void end_word() {
    const std::string word = lower_ascii(word_);
    if (reader_.empty() && (std::find(readers.begin(), readers.end(), word) != readers.end() ||
                            word.find("scriptblock]") != std::string::npos)) {
      reader_ = word;
      reader_offset_ = here() - std::min(here(), word_.size());
    }
    if (!word_.empty()) called_ = false;
    word_.clear();
  }

  std::string word_, reader_;
  std::size_t reader_offset_ = 0;
  bool quoted_ = false, comment_ = false, here_string_ = false, called_ = false;
};

}  // namespace

ShellText compile_powershell(std::string_view command) { return PowershellScanner(command).run(); }

}  // namespace tocsin::responders
