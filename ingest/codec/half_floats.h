// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace freshet::ingest {

/// The number that 16 bits are in IEEE 754 binary16; the result is exact.
float float_of_half(std::uint16_t half);

/// The numbers of a text that is Base64 of 16-bit floats, each with its lower byte first, as numpy's
/// `vector.astype("<f2").tobytes()` has them. Nullopt if it is not, or one is not finite.
std::optional<std::vector<float>> unpack_half_floats(std::string_view base64);

}  // namespace freshet::ingest
