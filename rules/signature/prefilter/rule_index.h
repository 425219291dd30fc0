#pragma once
// Rules without a pattern, found by what else they ask of a packet: its application protocol, a port, that it carries
// payload. Finds every rule whose header may fit, and few others. Built once, immutable, shared.

#include <array>
#include <cstdint>
#include <vector>

#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

class RuleIndex {
 public:
  static constexpr std::size_t protocols = 64;
  struct Traffic {
    collectors::Protocol application = collectors::Protocol::unknown;  // what the flow speaks
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    bool payload = false;
  };

  void insert(const Signature& signature, std::uint32_t rule);
  // Appends; a rule may appear twice.
  void find(const Traffic& traffic, std::vector<std::uint32_t>& rules) const;

 private:
  struct List {
    std::vector<std::uint32_t> any, with_payload;
    void append_to(std::vector<std::uint32_t>& rules, bool payload) const;
  };
  // Lists by port: a slot for each port once there is a rule, 0 = none, else index + 1.
  struct Ports {
    std::vector<std::uint32_t> slots;
    std::vector<List> lists;
    List& at(std::uint16_t port);
    const List* find(std::uint16_t port) const noexcept;
  };

  List others_;
  std::array<List, protocols> by_application_;
  Ports by_source_, by_destination_;
};

}  // namespace tocsin::rules::signature
