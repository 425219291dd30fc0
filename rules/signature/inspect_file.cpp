// Rules on the digests of files.
#include <algorithm>

#include "rules/signature/detector.h"

namespace tocsin::rules::signature {

void SignatureDetector::on_file(const collectors::FileChunk& chunk) {
  const auto& wanted = program_->uses_digests;
  if (chunk.transaction == nullptr || std::ranges::none_of(wanted, [](bool each) { return each; })) return;
  auto& memory = memory_of(chunk.flow);
  if (memory.passed) return;
  auto& files = memory.found.make().files;
  auto found = std::ranges::find(files, chunk.id, &FlowMemory::File::id);
  if (found == files.end()) {
    if (files.size() >= FlowMemory::files_most) {
      // The oldest whose transaction is past, as most are.
      const auto old = std::ranges::find(files, true, &FlowMemory::File::ended);
      if (old == files.end()) return;
      files.erase(old);
    }
    auto& fresh = files.emplace_back();
    fresh.id = chunk.id;
    fresh.transaction = chunk.transaction->number;
    fresh.direction = chunk.direction;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i]) fresh.streams[i].emplace(static_cast<DigestKind>(i));
    found = std::prev(files.end());
  }
  if (found->ended) return;
  if (chunk.gap != 0 || (chunk.end && chunk.truncated)) {  // the digest would say nothing
    files.erase(found);
    return;
  }
  if (!chunk.bytes.empty())
    for (auto& stream : found->streams)
      if (stream) stream->update(chunk.bytes);
  if (!chunk.end) return;
  found->ended = true;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (auto stream = std::exchange(found->streams[i], std::nullopt)) found->digests[i] = stream->finish();
  on_transaction({chunk.flow, *chunk.transaction, chunk.direction, chunk.packet});
}

SignatureDetector::ChainResult SignatureDetector::match_digest(const DigestTest& test,
                                                               const collectors::Transaction& transaction,
                                                               const Scope& scope) const {
  for (const auto& file : scope.memory->found->files) {
    if (!file.ended || file.transaction != transaction.number || file.direction != scope.direction) continue;
    const auto& digest = file.digests[static_cast<std::size_t>(test.kind)];
    if (test.list->contains(digest) != test.negated) return ChainResult::yes;
  }
  return ChainResult::no;
}

}  // namespace tocsin::rules::signature
