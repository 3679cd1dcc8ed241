#pragma once

#include <cstddef>
#include <vector>

namespace freshet::online {

/// values[i] = log2(values[i]), to 1e-6 and exactly at powers of two. Parts whose features are logarithms collect what
/// they are of and take all at once, many times faster than std::log2 one by one.
/// REQUIRES: positive, finite and not subnormal; of anything else it makes some number
void log2_each(float* values, std::size_t size);

/// The same for records of nothing but floats.
template <typename Record>
void log2_each(std::vector<Record>& records) {
  static_assert(alignof(Record) == alignof(float));
  log2_each(reinterpret_cast<float*>(records.data()), records.size() * (sizeof(Record) / sizeof(float)));
}

}  // namespace freshet::online
