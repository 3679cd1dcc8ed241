// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace freshet {

/// A random number, each as likely as any other. Not for secrets.
/// Threads: may be called concurrently.
std::uint64_t random_number();

/// A new id: 16 random hexadecimal digits. Unique for all practical purposes, but guessable: not for secrets.
/// Threads: may be called concurrently.
std::string random_id();

}  // namespace freshet
