// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace freshet::online {

/// Splits `points`, [n][width], in two by k-means with k = 2 (Lloyd, "Least Squares Quantization in PCM", 1982). The
/// first centers are the point farthest from `mean`, and the point farthest from that one. Returns the numbers of the
/// points in one half, ascending. Neither half has less than a quarter of the points, which need not be finite.
/// Threads: any.
/// Cost:    about 4 n log n + 15 n width operations.
std::vector<std::uint32_t> two_means(std::span<const float> points, std::size_t width, std::span<const float> mean);

}  // namespace freshet::online
