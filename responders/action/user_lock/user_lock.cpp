#include "responders/action/user_lock/user_lock.h"

#include <fmt/format.h>

#include "responders/action/accounts/account_change.h"

namespace tocsin::responders {

Forecast describe_user_lock(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("let no password in as {} for {}; keys still do", parameters.text("account"),
                                       render_duration(parameters.duration("ttl"))));
  forecast.touches.push_back({"account", parameters.text("account")});
  forecast.undo = "after that time it is as before; earlier with `tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_user_lock(const ActionEnvironment& environment) {
  return make_account_change(user_lock_spec, AccountField::password, &describe_user_lock, environment);
}

}  // namespace tocsin::responders
