#pragma once
// Keys that count, as people keep them: files of PEM in a directory.

#include <string>

#include "responders/playbook/signature/signature.h"

namespace tocsin::responders {

// A key or certificate of at most 64 KiB.
Result<void> add_key_file(KeyStore& store, const std::string& path, KeyStore::Standing standing);
// Every .pem and .crt of the directory, in name order; those of its folder `revoked` count against a playbook.
Result<void> add_key_directory(KeyStore& store, const std::string& directory);

}  // namespace tocsin::responders
