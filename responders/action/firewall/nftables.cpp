#include "responders/action/firewall/nftables.h"

#include <cerrno>
#include <string_view>

#include <fmt/format.h>
extern "C" {
#include <nftables/libnftables.h>
}

#include "collectors/base/text.h"

namespace tocsin::responders {

struct Nftables::State {
  nft_ctx* context = nullptr;
};

Nftables::Nftables() : state_(std::make_unique<State>()) {
  state_->context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (state_->context == nullptr) return;
  nft_ctx_buffer_output(state_->context);
  nft_ctx_buffer_error(state_->context);
}

Nftables::~Nftables() {
  if (state_->context != nullptr) nft_ctx_free(state_->context);
}

Result<std::string> Nftables::run(const std::string& commands, Listing listing) {
  if (state_->context == nullptr) return fail(Code::exhausted, "libnftables did not start");
  // Protocols as numbers: their names come from /etc/protocols, which small hosts do not have.
  constexpr unsigned int flags = NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PROTO;
  nft_ctx_output_set_flags(state_->context, listing == Listing::terse ? flags | NFT_CTX_OUTPUT_TERSE : flags);
  errno = 0;
  const int status = nft_run_cmd_from_buffer(state_->context, commands.c_str());
  const int reason = errno;
  const char* output = nft_ctx_get_output_buffer(state_->context);
  const char* error = nft_ctx_get_error_buffer(state_->context);
  if (status == 0) return std::string(output == nullptr ? "" : output);
  const std::string_view all = error == nullptr ? "" : error;
  const std::string message = escape_terminal(all.substr(0, all.find('\n')));
  Code code = Code::failure;
  if (all.find("No such file or directory") != std::string_view::npos ||
      all.find("element does not exist") != std::string_view::npos)
    code = Code::not_found;
  else if (all.find("Operation not permitted") != std::string_view::npos || reason == EPERM) code = Code::denied;
  else if (all.find("interval overlaps") != std::string_view::npos ||
           all.find("conflicting intervals") != std::string_view::npos)
    code = Code::conflict;
  if (code == Code::denied) return fail(code, "nftables needs CAP_NET_ADMIN; run tocsin-responder as its unit does");
  return fail(code, fmt::format("nftables refused the transaction: {}", message));
}

}  // namespace tocsin::responders
