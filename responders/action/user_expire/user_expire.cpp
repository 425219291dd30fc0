#include "responders/action/user_expire/user_expire.h"

#include <fmt/format.h>

#include "responders/action/accounts/account_change.h"

namespace tocsin::responders {

Forecast describe_user_expire(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("let nobody in as {} for {}, neither by password nor by key",
                                       parameters.text("account"), render_duration(parameters.duration("ttl"))));
  forecast.touches.push_back({"account", parameters.text("account")});
  forecast.undo = "after that time it is as before; earlier with `tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_user_expire(const ActionEnvironment& environment) {
  return make_account_change(user_expire_spec, AccountField::expiry, &describe_user_expire, environment);
}

}  // namespace tocsin::responders
