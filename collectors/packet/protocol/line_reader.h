#pragma once
// Lines out of a stream, ended by "\n" or "\r\n". At most `most` bytes with their end are kept of one; of a longer one
// the beginning is given and the rest passed over (commands, answers), or it comes in pieces (bodies).

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

class LineReader {
 public:
  struct Line {
    std::string_view text;         // without its end; holds until the next call
    std::string_view end_of_line;  // empty: it is longer than `most`
    bool begins = true;            // false: a further piece
  };

  // Takes a line off the front of `bytes`; false when more are needed, `bytes` is then empty.
  // Whole lines are not copied.
  bool next(Bytes& bytes, std::size_t most, Line& line);
  // Bytes were lost: what is kept is no beginning of a line any more.
  void lose();
  // What came after the last line.
  std::string_view kept() const noexcept { return given_ ? std::string_view{} : held_; }
  bool at_beginning() const noexcept { return begins_; }
  // Forget it, and begin anew.
  void reset();

 private:
  std::string held_;
  bool given_ = false;  // `held_` was given out
  bool begins_ = true;  // the next piece begins a line
};

}  // namespace tocsin::collectors
