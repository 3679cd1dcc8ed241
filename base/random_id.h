#pragma once

#include <string>

namespace freshet {

/// A new id: 16 random hexadecimal digits. Unique for all practical purposes, but guessable: not for secrets.
/// Threads: may be called concurrently.
std::string random_id();

}  // namespace freshet
