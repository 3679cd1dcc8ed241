#pragma once

#include <cstddef>

namespace freshet::online {

/// values[i] = log2(values[i]), to 1e-6 and exactly at powers of two. Parts whose features are logarithms collect what
/// they are of and take all at once, many times faster than std::log2 one by one.
/// REQUIRES: positive, finite and not subnormal
void log2_each(float* values, std::size_t size);

}  // namespace freshet::online
