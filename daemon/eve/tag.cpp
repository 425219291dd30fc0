#include "daemon/eve/tag.h"

#include "daemon/eve/observer.h"

namespace tocsin::daemon {

using collectors::Packet;
using rules::signature::Tag;

void RunningTags::start(const Tag& tag, const Packet& cause) {
  // Said again while it runs, it starts over.
  for (auto& running : running_) {
    if (running.tag.scope != tag.scope || running.tag.metric != tag.metric || running.tag.count != tag.count) continue;
    running = {tag, tag.metric == Tag::Metric::packets ? 1U : 0U, cause.number, cause.time};
    return;
  }
  if (running_.size() < tags_most)
    running_.push_back({tag, tag.metric == Tag::Metric::packets ? 1U : 0U, cause.number, cause.time});
}

bool RunningTags::take(const Packet& packet) {
  bool wanted = false;
  std::erase_if(running_, [&](Running& running) {
    if (running.cause == packet.number) return false;
    bool over = false;
    switch (running.tag.metric) {
      case Tag::Metric::packets: over = ++running.used > running.tag.count; break;
      case Tag::Metric::bytes: over = (running.used += packet.wire_length) > running.tag.count; break;
      case Tag::Metric::seconds: over = packet.time - running.start > std::chrono::seconds(running.tag.count); break;
    }
    wanted = wanted || !over;
    return over;
  });
  return wanted;
}

void HostTags::start(const Tag& tag, const IpAddress& host, const Packet& cause) {
  if (!host || (hosts_.size() >= hosts_most && !hosts_.contains(host))) return;
  hosts_[host].start(tag, cause);
}

bool HostTags::take(const IpAddress& host, const Packet& packet) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return false;
  const bool wanted = found->second.take(packet);
  if (found->second.empty()) hosts_.erase(found);
  return wanted;
}

bool HostTags::take(const Packet& packet) {
  if (hosts_.empty() || packet.ip_version == 0) return false;
  const bool source = take(packet.source, packet);
  const bool destination = packet.source != packet.destination && take(packet.destination, packet);
  return source || destination;
}

void EveObserver::start_tags(const rules::Alert& alert, const rules::AlertScene& scene) {
  if (!options_.alert.tagged || scene.packet == nullptr || alert.rule->engine != rules::Engine::signature) return;
  const auto& info = static_cast<const rules::signature::SignatureInfo&>(*alert.rule);
  for (const auto& tag : info.tags_after) {
    if (tag.scope == Tag::Scope::source) host_tags_.start(tag, scene.packet->source, *scene.packet);
    else if (tag.scope == Tag::Scope::destination) host_tags_.start(tag, scene.packet->destination, *scene.packet);
    else if (scene.flow != nullptr) {
      notes_of(*scene.flow).tags.start(tag, *scene.packet);
      tags_begun_ = true;
    }
  }
}

void EveObserver::write_tagged(const Packet& packet) {
  bool wanted = host_tags_.take(packet);
  if (tags_begun_ && packet.flow != nullptr) {
    auto& tags = notes_of(*packet.flow).tags;
    if (!tags.empty() && tags.take(packet)) wanted = true;
  }
  if (!wanted) return;
  write("packet", {&packet, packet.flow, EveEnds::packet},
        [&](JsonWriter& json) { append_packet_bytes(json, packet, link_header_); });
}

}  // namespace tocsin::daemon
