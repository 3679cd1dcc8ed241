// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace freshet {

/// Appends a number as JSON, in the fewest digits that readers take for the same bits. Never as an integer that a double
/// does not hold by itself: beyond 2^53 with an exponent, and the negative zero as -0.0.
/// REQUIRES: finite.
void append_json_number(std::string& out, double number);

/// Readers take the number for a double, and make a float of that.
/// REQUIRES: finite.
void append_json_number(std::string& out, float number);

}  // namespace freshet
