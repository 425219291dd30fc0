#pragma once
// What kind of content bytes are, in the words of libmagic ("PNG image data, 64 x 64, …"). Loading its database costs
// tens of milliseconds and some megabytes, so it is done when the first answer is asked for; one per thread.

#include <memory>
#include <string>

#include "collectors/base/bytes.h"

namespace tocsin {

class FileMagic {
 public:
  FileMagic();
  ~FileMagic();
  FileMagic(FileMagic&&) noexcept;
  FileMagic& operator=(FileMagic&&) noexcept;

  // Empty when the database cannot be read: then nothing can be said of anything. Looks at the first 64 KiB.
  std::string describe(Bytes bytes);

 private:
  struct Closer {
    void operator()(void* cookie) const;
  };
  std::unique_ptr<void, Closer> cookie_;
  bool tried_ = false;
};

}  // namespace tocsin
