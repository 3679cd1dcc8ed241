// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace freshet::online {

/// values[i] = log2(values[i]), to 1e-6, and exact at powers of two. A part whose features are logarithms collects
/// their arguments and calls this once, which is many times faster than std::log2 for each.
/// REQUIRES: every value is positive, finite and not subnormal; the result for any other value is unspecified
void log2_each(float* values, std::size_t size);

/// The same for every field of records that consist of floats only.
template <typename Record>
void log2_each(std::vector<Record>& records) {
  static_assert(alignof(Record) == alignof(float));
  log2_each(reinterpret_cast<float*>(records.data()), records.size() * (sizeof(Record) / sizeof(float)));
}

}  // namespace freshet::online
