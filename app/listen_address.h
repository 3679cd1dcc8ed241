#pragma once

#include <string>

#include "serve/options.h"

namespace freshet::app {

/// "127.0.0.1:8080" or "[::1]:8080" into address and port. False if it is neither.
bool apply_listen_address(const std::string& text, serve::Options& options);

}  // namespace freshet::app
