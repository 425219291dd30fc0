#pragma once
// How each signature algorithm asks OpenSSL. Private to this folder. A key is an EVP_PKEY.

#include "responders/playbook/signature/key.h"

namespace tocsin::responders {

Result<SignatureAlgorithm> usual_algorithm(void* key);
Result<void> verify_with(void* key, SignatureAlgorithm algorithm, std::string_view text, std::string_view signature);
Result<std::string> sign_with(void* key, SignatureAlgorithm algorithm, std::string_view text);

}  // namespace tocsin::responders
