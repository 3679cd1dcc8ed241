#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace freshet::online {

/// Cuts `points`, [n][width], in two by 2-means (Lloyd, "Least Squares Quantization in PCM", 1982), begun with the
/// point that is farthest from `mean` and the one that is farthest from that. Returns the numbers of the points of one
/// half, in ascending order; neither half has less than a quarter of them, and the points need not be finite. Cost:
/// some 4 n log n + 15 n width operations. Threads: any.
std::vector<std::uint32_t> two_means(std::span<const float> points, std::size_t width, std::span<const float> mean);

}  // namespace freshet::online
