#include "collectors/opener/descriptor.h"

#include <unistd.h>

namespace tocsin::collectors {

void OwnedDescriptor::reset() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace tocsin::collectors
