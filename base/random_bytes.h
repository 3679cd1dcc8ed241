// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace freshet {

/// Bytes for secrets, from the kernel's random numbers.
/// Threads:  may be called concurrently.
/// REQUIRES: size <= 256
std::string random_bytes(std::size_t size);

}  // namespace freshet
