// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "serve/options.h"

namespace freshet::app {

/// Sets address and port from "127.0.0.1:8080", "localhost:8080" or "[::1]:8080". Returns what is wrong with the text;
/// empty: nothing.
std::string apply_listen_address(const std::string& text, serve::Options& options);

}  // namespace freshet::app
