#pragma once
// The members of objects under their flat names, remembered: lines of one source have the same members in the same
// order again and again, so that what came behind a member before is tried first. Capped. One owner, one thread.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collectors/event/field.h"

namespace tocsin::collectors {

// How a member's value is set. It depends on the field alone.
enum class MemberKind : std::uint8_t { unasked, unfit, timestamp, time, known, own };

struct Member {
  std::string key;   // without escapes
  std::string path;  // the flat name
  Field field{};
  MemberKind kind = MemberKind::unasked;
  bool kept = false;         // by the table; else its name is for the moment only
  Member* first = nullptr;   // of its own members, the last time
  Member* behind = nullptr;  // what came behind it, the last time
};

// Of one set of names and one KeyMap: fields are remembered with the members.
class MemberTable {
 public:
  static constexpr std::size_t members_most = 4096;

  MemberTable() { root_.kept = true; }
  Member& root() noexcept { return root_; }
  // What is likely to come: `before` is the member in front of it, null for the first.
  static Member* guess(const Member& parent, const Member* before) noexcept {
    return before == nullptr ? parent.first : before->behind;
  }
  // The member of that name, and what to guess the next time. One that there is no room to keep holds until the next
  // one of this depth.
  Member& find(Member& parent, Member* before, std::string_view key, std::size_t depth);
  // A member of that flat name, which holds as long as one without room.
  Member& named(std::string_view path) { return loose(path, {}, 0); }
  // Between two documents: makes room.
  void tidy();

 private:
  Member& loose(std::string_view path, std::string_view key, std::size_t depth);

  Member root_;
  std::deque<Member> members_;
  std::unordered_map<std::string, Member*> places_;  // by the parent's path and the key
  std::deque<Member> loose_;                         // by depth
  std::string wanted_;
  std::string path_;
};

}  // namespace tocsin::collectors
