#pragma once
// What the readers of shell texts share: where they are, and the variables met there. Private to this folder.

#include "responders/playbook/command/shell.h"

namespace tocsin::responders {

class ShellScanner {
 public:
  explicit ShellScanner(std::string_view text) : text_(text), variables_(text) {}
  virtual ~ShellScanner() = default;
  ShellScanner(const ShellScanner&) = delete;
  ShellScanner& operator=(const ShellScanner&) = delete;
  ShellText run();

 protected:
  virtual void step() = 0;    // one character or more that are no variable
  virtual void on_use() = 0;  // at a variable: put_reference or refuse
  virtual void on_end() = 0;

  bool done() const noexcept { return here_ >= text_.size(); }
  std::size_t here() const noexcept { return here_; }
  bool at(std::string_view word) const noexcept { return text_.substr(here_).starts_with(word); }
  bool use_here() const noexcept {
    return next_ < variables_.uses().size() && variables_.uses()[next_].second == here_;
  }
  std::size_t uses() const noexcept { return out_.uses.size(); }
  // Copies characters, never over a variable's beginning; gives the last one.
  std::size_t take(std::size_t length);
  std::string environment() const;
  void put_reference(const std::string& reference, bool begins_word);
  // Every value so far may only be of a type that holds no text of an author's choice.
  void keep_narrow();
  void refuse(std::string_view where) { refuse_at(here_, where); }
  void refuse_at(std::size_t offset, std::string_view where);

 private:
  const std::string_view text_;
  const Template variables_;
  std::size_t here_ = 0, next_ = 0;
  bool escaped_ = false;  // a variable follows a backslash
  ShellText out_;
};

ShellText compile_posix(std::string_view command);
ShellText compile_powershell(std::string_view command);

}  // namespace tocsin::responders
