#include "daemon/app/evidence/flow_files.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/digest.h"

namespace tocsin::daemon {

using collectors::FileChunk;
using collectors::Flow;

FlowFiles::FlowFiles(FlowFilesOptions options, rules::AlertSink& alerts, rules::AlertAnnotator* annotator)
    : options_(options), alerts_(alerts), annotator_(annotator) {}

FlowFiles::Files::iterator FlowFiles::hold(const FileChunk& chunk) {
  auto& of_flow = flows_[chunk.flow.id];
  for (const auto& file : of_flow.files)
    if (file->id == chunk.id) return file;
  // Not from its start: it was let go before, and half a file is no evidence of what it was.
  if (chunk.offset != chunk.gap) {
    if (of_flow.files.empty() && of_flow.wishes.empty()) flows_.erase(chunk.flow.id);
    return files_.end();
  }
  if (files_.size() >= files_most) {
    const auto oldest = std::ranges::find_if(files_, [](const Held& file) { return !file.wanted; });
    if (oldest == files_.end()) return files_.end();
    if (!oldest->ended) ++counters_.overwritten;
    drop(oldest);
  }
  auto& place = flows_[chunk.flow.id];
  files_.emplace_back();
  const auto file = std::prev(files_.end());
  file->flow = chunk.flow.id;
  file->transaction = chunk.transaction == nullptr ? 0 : chunk.transaction->number;
  file->id = chunk.id;
  file->direction = chunk.direction;
  file->carrier = evidence_name(chunk.flow);
  place.files.push_back(file);
  if (chunk.transaction != nullptr)
    file->asked = std::ranges::any_of(place.wishes, [&](const Wish& wish) {
      return wish.transaction == file->transaction && wish.direction == file->direction;
    });
  file->wanted = file->asked;
  return file;
}

void FlowFiles::drop(Files::iterator file) {
  bytes_ -= file->bytes.size();
  if (const auto place = flows_.find(file->flow); place != flows_.end()) {
    std::erase(place->second.files, file);
    if (place->second.files.empty() && (place->second.over || place->second.wishes.empty())) flows_.erase(place);
  }
  files_.erase(file);
}

// The oldest that nobody asked for go first.
void FlowFiles::make_room(std::size_t needed) {
  for (auto file = files_.begin(); bytes_ + needed > options_.memory && file != files_.end();) {
    const auto next = std::next(file);
    if (!file->wanted && !file->bytes.empty() && next != files_.end()) {
      if (!file->ended) ++counters_.overwritten;
      drop(file);
    }
    file = next;
  }
}

void FlowFiles::append(Held& file, Bytes bytes) {
  file.size += bytes.size();
  if (file.cut || bytes.empty()) return;
  std::size_t room = options_.file_most - std::min(options_.file_most, file.bytes.size());
  make_room(std::min(room, bytes.size()));
  room = std::min(room, options_.memory - std::min(options_.memory, bytes_));
  file.cut = bytes.size() > room;
  const auto taken = bytes.first(std::min(room, bytes.size()));
  file.bytes.insert(file.bytes.end(), taken.begin(), taken.end());
  bytes_ += taken.size();
}

void FlowFiles::on_file(const FileChunk& chunk) {
  if (options_.memory == 0) return;
  const auto file = hold(chunk);
  if (file == files_.end() || file->ended) return;
  if (file->name.empty() && !chunk.name.empty()) file->name = chunk.name;
  file->last = chunk.packet == nullptr ? chunk.flow.last : chunk.packet->time;
  file->missing += chunk.gap;
  append(*file, chunk.bytes);
  file->ended = chunk.end;
}

void FlowFiles::add_alert(Held& file, const rules::Alert& alert) {
  file.wanted = true;
  file.last_alert = std::max(file.last_alert, alert.time);
  if (file.alerts.size() < alerts_most) file.alerts.push_back(alert.id);
}

void FlowFiles::raise(rules::Alert alert) {
  const auto place = alert.packet ? flows_.find(alert.packet->flow_id) : flows_.end();
  if (place != flows_.end()) {
    const bool of_file = alert.rule->engine == rules::Engine::yara;
    std::string digest;
    for (const auto& [name, value] : alert.fields)
      if (name == "file.hash.sha256") digest = value;
    for (const auto& file : place->second.files) {
      if (of_file ? !digest.empty() && !file->bytes.empty() && render_digest(sha256(file->bytes)) == digest
                  : file->asked && alert.packet->transaction == file->transaction)
        add_alert(*file, alert);
    }
  }
  alerts_.raise(std::move(alert));
}

void FlowFiles::annotate(rules::Alert& alert, const rules::AlertScene& scene) {
  if (annotator_ != nullptr) annotator_->annotate(alert, scene);
}

void FlowFiles::keep_files(const rules::AlertScene& scene, std::uint32_t rule) {
  if (annotator_ != nullptr) annotator_->keep_files(scene, rule);
  if (options_.memory == 0 || scene.flow == nullptr || scene.transaction == nullptr) return;
  auto& place = flows_[scene.flow->id];
  const Wish wish{scene.transaction->number, scene.direction};
  for (const auto& file : place.files)
    if (file->transaction == wish.transaction && file->direction == wish.direction) file->wanted = file->asked = true;
  const bool known = std::ranges::any_of(place.wishes, [&](const Wish& each) {
    return each.transaction == wish.transaction && each.direction == wish.direction;
  });
  if (!known && place.wishes.size() < wishes_most) place.wishes.push_back(wish);
}

// The engines are told after this, and may still alert on what it carried: its files go with the next time.
void FlowFiles::on_flow_end(Flow& flow, collectors::FlowEnd) {
  const auto place = flows_.find(flow.id);
  if (place == flows_.end()) return;
  place->second.over = true;
  for (const auto& file : place->second.files) {
    if (!file->ended) file->cut = true;
    file->ended = true;
  }
  if (place->second.files.empty()) flows_.erase(place);
}

void FlowFiles::on_time(Time now) {
  for (auto file = files_.begin(); file != files_.end();) {
    const auto next = std::next(file);
    if (file->ended && !file->wanted && file->last + held_after_end <= now) drop(file);
    file = next;
  }
}

void FlowFiles::hand_on(Held& file) {
  TakenEvidence out;
  out.kind = TakenKind::file;
  out.alerts = std::move(file.alerts);
  const auto called = file.name.empty() ? std::string("a file without a name") : file.name;
  out.name = fmt::format("{}{} of {}", called,
                         file.cut ? fmt::format(" (of {}, not whole)", counted(file.size, "byte")) : "", file.carrier);
  if (file.missing != 0) out.name += fmt::format(", {} were not captured", counted(file.missing, "byte"));
  out.first = file.last;
  out.last_alert = std::max(file.last_alert, file.last);
  out.asked = file.asked;
  out.bytes = file.bytes;
  if (file.cut) ++counters_.cut;
  ++counters_.taken;
  finished_.push_back(std::move(out));
}

std::vector<TakenEvidence> FlowFiles::take_finished() {
  for (auto file = files_.begin(); file != files_.end();) {
    const auto next = std::next(file);
    if (file->wanted && file->ended) {
      hand_on(*file);
      drop(file);
    }
    file = next;
  }
  return std::exchange(finished_, {});
}

void FlowFiles::finish() {
  for (auto& file : files_) {
    if (!file.ended) file.cut = true;
    file.ended = true;
  }
}

}  // namespace tocsin::daemon
