// SPDX-License-Identifier: Apache-2.0
#include "online/part/top_k.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <span>

#include "online/kernels/simd.h"

namespace freshet::online {
namespace {

// A selection by comparisons branches on which of two candidates is better. The CPU cannot predict that, and each wrong
// prediction costs as much as ten comparisons. So a candidate becomes one 64-bit key, and bisection finds the k-th
// greatest key: each step counts, without branches, the keys that are not below a threshold.
using Key = std::int64_t;

constexpr std::size_t kKeyLanes = 8;
typedef Key KeyLanes __attribute__((vector_size(kKeyLanes * sizeof(Key))));
typedef Key KeyLanesInMemory __attribute__((vector_size(kKeyLanes * sizeof(Key)), aligned(alignof(Key)), may_alias));

constexpr std::size_t kFew = 128;  // up to this many keys, comparing all pairs is faster than sorting

// Makes the bits of a float, taken as an integer, sort as the float does: those of negative floats sort in reverse.
std::int32_t flip_negative(std::int32_t bits) { return bits ^ (bits >> 31 & INT32_MAX); }

std::uint32_t number_of(const Candidate& candidate) { return candidate.item; }
std::uint32_t number_of(const ScoredRow& candidate) { return candidate.row; }

// The better the candidate, the greater its key.
template <typename Scored>
Key key_of(const Scored& candidate) {
  const auto bits = std::bit_cast<std::int32_t>(candidate.score + 0.0F);  // -0 becomes +0
  const std::uint64_t score = std::bit_cast<std::uint32_t>(flip_negative(bits));
  return std::bit_cast<Key>(score << 32 | ~number_of(candidate));
}

template <typename Scored>
Scored candidate_of(Key key) {
  return {~static_cast<std::uint32_t>(key), std::bit_cast<float>(flip_negative(static_cast<std::int32_t>(key >> 32)))};
}

FRESHET_SIMD std::size_t count_at_least(const Key* keys, std::size_t size, Key threshold) {
  std::size_t count = 0;
#pragma omp simd reduction(+ : count)
  for (std::size_t i = 0; i < size; ++i) count += keys[i] >= threshold ? 1U : 0U;
  return count;
}

struct Range {
  Key low, high;
};

FRESHET_SIMD Range range_of(const Key* keys, std::size_t size) {
  Key low = INT64_MAX, high = INT64_MIN;
#pragma omp simd reduction(min : low) reduction(max : high)
  for (std::size_t i = 0; i < size; ++i) {
    low = keys[i] < low ? keys[i] : low;
    high = keys[i] > high ? keys[i] : high;
  }
  return {low, high};
}

// The k greatest keys of the candidates.
template <typename Scored>
std::vector<Key>& keys_of_best(std::span<const Scored> candidates, std::size_t k) {
  thread_local std::vector<Key> keys;
  if (k == 0) candidates = {};
  keys.resize(candidates.size());
  std::ranges::transform(candidates, keys.begin(), key_of<Scored>);
  if (keys.size() <= k) return keys;
  // Always: at least k keys are >= low, and the k-th greatest key is <= high.
  auto [low, high] = range_of(keys.data(), keys.size());
  for (std::size_t reached = keys.size(); reached > k && low < high;) {
    const std::uint64_t distance = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const Key middle = high - static_cast<Key>(distance / 2);
    const std::size_t count = count_at_least(keys.data(), keys.size(), middle);
    if (count >= k) {
      low = middle;
      reached = count;
    } else {
      high = middle - 1;
    }
  }
  std::size_t kept = 0;
  for (const Key key : keys) {
    keys[kept] = key;
    kept += key >= low ? 1 : 0;
  }
  keys.resize(kept);
  return keys;
}

// Sets place[i] to the number of keys that are greater than keys[i]. `size` is a multiple of kKeyLanes.
FRESHET_SIMD void find_places(const Key* keys, std::size_t size, Key* place) {
  for (std::size_t from = 0; from < size; from += kKeyLanes) {
    const KeyLanes some = *reinterpret_cast<const KeyLanesInMemory*>(keys + from);
    KeyLanes greater = {};
    for (std::size_t i = 0; i < size; ++i) greater -= keys[i] > some;
    *reinterpret_cast<KeyLanesInMemory*>(place + from) = greater;
  }
}

}  // namespace

template <typename Scored>
void cut_to_best(std::vector<Scored>& candidates, std::size_t k) {
  if (candidates.size() <= k) return;
  const std::vector<Key>& keys = keys_of_best<Scored>(candidates, k);
  candidates.resize(keys.size());
  std::ranges::transform(keys, candidates.begin(), candidate_of<Scored>);
}

template <typename Scored>
void keep_best(std::vector<Scored>& candidates, std::size_t k) {
  std::vector<Key>& keys = keys_of_best<Scored>(candidates, k);
  const std::size_t count = keys.size();
  candidates.resize(count);
  if (count > kFew) {
    std::ranges::sort(keys, std::ranges::greater{});
    std::ranges::transform(keys, candidates.begin(), candidate_of<Scored>);
    return;
  }
  keys.resize((count + kKeyLanes - 1) / kKeyLanes * kKeyLanes, INT64_MIN);
  Key place[kFew];
  find_places(keys.data(), keys.size(), place);
  for (std::size_t i = 0; i < count; ++i)
    candidates[static_cast<std::size_t>(place[i])] = candidate_of<Scored>(keys[i]);
}

template void cut_to_best(std::vector<Candidate>&, std::size_t);
template void cut_to_best(std::vector<ScoredRow>&, std::size_t);
template void keep_best(std::vector<Candidate>&, std::size_t);
template void keep_best(std::vector<ScoredRow>&, std::size_t);

}  // namespace freshet::online
