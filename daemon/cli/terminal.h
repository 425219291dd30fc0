#pragma once
// What the other end of stdout and stderr can do: colours, width, pager. Only main and run ask the system.

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::daemon {

struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool in_is_terminal = false;
  bool color = false;     // on stdout
  std::size_t width = 0;  // of stdout; 0: unlimited
};
// Of this process; honours NO_COLOR, CLICOLOR_FORCE, TERM=dumb and, where stdout is no terminal, COLUMNS.
Terminal find_terminal();

enum class Paint : unsigned char { plain, strong, faint, red, bright_red, yellow, green, cyan, blue, magenta };

// Wraps text in colours, or not.
class Painter {
 public:
  explicit Painter(bool on) : on_(on) {}
  std::string operator()(Paint paint, std::string_view text) const;
  bool on() const noexcept { return on_; }

 private:
  bool on_;
};

Paint severity_paint(unsigned severity) noexcept;
std::string_view severity_word(unsigned severity) noexcept;  // info, low, medium, high, critical
Paint state_paint(std::string_view state) noexcept;

// Columns a text takes: code points; escape sequences take none.
std::size_t display_width(std::string_view text) noexcept;
// At most `width` columns, with … in place of what was cut. Plain text only.
std::string cut_to_width(std::string_view text, std::size_t width);
std::string pad_to_width(std::string text, std::size_t width);

// While it lives, stdout goes through $PAGER (default: less -FRX) when there is one. Never through a shell.
class Pager {
 public:
  explicit Pager(bool wanted);
  ~Pager();
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

 private:
  int child_ = -1;
  int saved_ = -1;
};

}  // namespace tocsin::daemon
