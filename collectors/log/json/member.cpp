#include "collectors/log/json/member.h"

namespace tocsin::collectors {

Member& MemberTable::find(Member& parent, Member* before, std::string_view key, std::size_t depth) {
  Member*& next = before == nullptr ? parent.first : before->behind;
  if (next != nullptr && next->key == key) return *next;
  if (parent.kept) {
    wanted_ = std::to_string(parent.path.size());
    wanted_ += ':';
    wanted_ += parent.path;
    wanted_ += key;
    if (const auto found = places_.find(wanted_); found != places_.end()) return *(next = found->second);
  }
  path_ = parent.path;
  if (!path_.empty()) path_ += '.';
  path_ += key;
  if (!parent.kept || members_.size() >= members_most) return loose(path_, key, depth);
  Member& added = members_.emplace_back();
  added.key = key;
  added.path = path_;
  added.kept = true;
  places_.emplace(wanted_, &added);
  return *(next = &added);
}

Member& MemberTable::loose(std::string_view path, std::string_view key, std::size_t depth) {
  while (loose_.size() <= depth) loose_.emplace_back();
  Member& member = loose_[depth];
  member.path = path;
  member.key = key;
  member.kind = MemberKind::unasked;
  member.first = member.behind = nullptr;
  return member;
}

void MemberTable::tidy() {
  if (members_.size() < members_most) return;
  root_.first = nullptr;
  places_.clear();
  members_.clear();
}

}  // namespace tocsin::collectors
