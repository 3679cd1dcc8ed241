#pragma once

#include <string>

#include "serve/options.h"

namespace freshet::app {

/// Sets address and port from "127.0.0.1:8080" or "[::1]:8080". Errors: false if the text is neither.
bool apply_listen_address(const std::string& text, serve::Options& options);

}  // namespace freshet::app
