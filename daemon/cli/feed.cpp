#include "daemon/cli/feed.h"

#include <filesystem>
#include <ostream>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/cli/times.h"

namespace tocsin::daemon {

Result<EventFeed> feed_of(CommandContext& context, const Config& config, Duration otherwise, std::string_view files) {
  EventFeed feed;
  feed.files = context.options.list(files);
  feed.store = context.options.text_or("store", config.store.directory);
  const auto now = context.clock.now();
  if (feed.files.empty()) feed.since = now - otherwise;
  for (const auto& [name, bound] : {std::pair{"since", &feed.since}, std::pair{"until", &feed.until}}) {
    const auto text = context.options.text(name);
    if (!text) continue;
    *bound = parse_when(*text, now);
    if (!*bound)
      return fail(Code::usage, fmt::format("--{} {} is no time; write -2h, today or 2026-11-22", name, *text));
  }
  std::error_code error;
  if (feed.files.empty() && !std::filesystem::is_directory(feed.store + "/events", error))
    return fail(Code::not_found,
                feed.store + " holds no events; name files, or the store with --store (as a user who may read it)");
  return feed;
}

void tell_feed(CommandContext& context, const FedEvents& fed) {
  for (const auto& remark : fed.remarks) context.err << escape_terminal(remark) << '\n';
  if (fed.unreadable != 0) context.err << fmt::format("{} stored lines could not be read\n", fed.unreadable);
}

}  // namespace tocsin::daemon
