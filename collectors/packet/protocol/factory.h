#pragma once
// The factory of a protocol whose parsers are all made alike: from what is kept for the worker's lifetime, and perhaps
// from whether they read a stream. Options go in by `std::cref` (the worker's own outlive it), interned fields by
// value: parsers refer to the copy in here. Protocols with more to say (tls, http, http2, ftp) have a factory of their
// own.

#include <functional>
#include <memory>
#include <tuple>
#include <utility>

#include "collectors/packet/packet.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

template <typename Parser, bool told_of_stream, typename... Kept>
class FactoryOf final : public ProtocolFactory {
 public:
  explicit FactoryOf(Kept... kept) : kept_(std::move(kept)...) {}

  std::unique_ptr<ProtocolParser> make(const Flow& flow) override {
    return std::apply(
        [&flow](const Kept&... kept) -> std::unique_ptr<ProtocolParser> {
          if constexpr (told_of_stream) return std::make_unique<Parser>(kept..., flow.transport == ip_protocol::tcp);
          else return std::make_unique<Parser>(kept...);
        },
        kept_);
  }

 private:
  const std::tuple<Kept...> kept_;
};

// Parsers made from `kept`.
template <typename Parser, typename... Kept>
std::unique_ptr<ProtocolFactory> factory_of(Kept... kept) {
  return std::make_unique<FactoryOf<Parser, false, Kept...>>(std::move(kept)...);
}

// The same, told as well whether they read a stream or datagrams.
template <typename Parser, typename... Kept>
std::unique_ptr<ProtocolFactory> stream_factory_of(Kept... kept) {
  return std::make_unique<FactoryOf<Parser, true, Kept...>>(std::move(kept)...);
}

}  // namespace tocsin::collectors
