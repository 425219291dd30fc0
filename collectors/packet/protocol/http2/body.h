#pragma once
// The body of one direction of a stream: inflated where the headers say so, its beginning kept for rules.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/packet/protocol/brotli.h"

namespace tocsin::collectors {

class Http2Body {
 public:
  Http2Body();
  ~Http2Body();
  Http2Body(Http2Body&&) noexcept;
  Http2Body& operator=(Http2Body&&) noexcept;

  // "gzip", "deflate", "br"; anything else stays as it is.
  void set_encoding(std::string_view name);
  // `take` gets the content in pieces. False once it could not be inflated: then what follows is given as it is.
  bool add(Bytes bytes, std::uint64_t kept_most, const std::function<void(Bytes)>& take);
  Bytes kept() const noexcept { return kept_; }
  std::uint64_t size() const noexcept { return size_; }  // of the content
  bool began() const noexcept { return began_; }

 private:
  struct Inflater;
  bool inflate(Bytes bytes, std::uint64_t kept_most, const std::function<void(Bytes)>& take);
  void give(Bytes bytes, std::uint64_t kept_most, const std::function<void(Bytes)>& take);

  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<BrotliStream> brotli_;
  std::vector<std::uint8_t> kept_;
  std::uint64_t size_ = 0;
  bool began_ = false;
};

}  // namespace tocsin::collectors
