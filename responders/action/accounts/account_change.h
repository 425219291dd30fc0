#pragma once
// user.lock and user.expire: one field of one account, what it was kept until it is put back.

#include <memory>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

enum class AccountField : std::uint8_t { password, expiry };
std::unique_ptr<Action> make_account_change(const ActionSpec& spec, AccountField field,
                                            Forecast (*describe)(const Parameters&),
                                            const ActionEnvironment& environment);

}  // namespace tocsin::responders
