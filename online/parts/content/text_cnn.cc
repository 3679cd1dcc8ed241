// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/text_cnn.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/vectors/row_adagrad.h"

namespace freshet::online {
namespace {

constexpr std::size_t kAll = TextCnn::kFilters * TextCnn::kWidths;
constexpr float kRate = 0.005F;
constexpr float kFirstSquare = 0.1F;  // of Adagrad: bounds the first steps

bool is_finite(const AlignedVector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace

TextCnn::TextCnn(std::size_t dimension, std::uint64_t seed) : dimension_(dimension) {
  const auto make = [](Weights& weights, std::size_t size) {
    weights.values.assign(size, 0.0F);
    weights.gradients.assign(size, 0.0F);
    weights.squares.assign(size, kFirstSquare);
  };
  make(filters_, filter_at(kAll));
  make(biases_, kAll);
  make(map_, kAll * dimension);
  Random random(seed);
  for (std::size_t filter = 0; filter < kAll; ++filter) {
    const double bound = std::sqrt(3.0 / static_cast<double>(width(filter)));  // of a uniform with variance 1 / width
    for (std::size_t i = filter_at(filter); i < filter_at(filter + 1); ++i) {
      filters_.values[i] = static_cast<float>((2 * random.uniform() - 1) * bound);
    }
  }
}

/// Where the filter's weights begin: those of each width have one row of the dimension more than those before.
std::size_t TextCnn::filter_at(std::size_t filter) const {
  const std::size_t rows_of_narrower = kFilters * (width(filter) - 1) * width(filter) / 2;
  return (rows_of_narrower + filter % kFilters * width(filter)) * dimension_;
}

void TextCnn::forward(std::span<const float* const> words, Pooled& pooled, float* sum) const {
  const std::size_t count = std::min(words.size(), kWords);
  for (std::size_t filter = 0; filter < kAll; ++filter) {
    pooled.values[filter] = 0;
    const float* const weights = &filters_.values[filter_at(filter)];
    for (std::size_t first = 0; first + width(filter) <= count; ++first) {
      float answer = biases_.values[filter];
      for (std::size_t i = 0; i < width(filter); ++i)
        answer += dot(weights + i * dimension_, words[first + i], dimension_);
      if (answer <= pooled.values[filter]) continue;
      pooled.values[filter] = answer;
      pooled.places[filter] = static_cast<std::uint32_t>(first);
    }
    if (pooled.values[filter] > 0)
      add_scaled(&map_.values[filter * dimension_], pooled.values[filter], dimension_, sum);
  }
}

void TextCnn::backward(std::span<const float* const> words, const Pooled& pooled, const float* d_sum, float* d_words) {
  has_gradients_ = true;
  for (std::size_t filter = 0; filter < kAll; ++filter) {
    if (pooled.values[filter] <= 0) continue;  // no answer, no gradient
    add_scaled(d_sum, pooled.values[filter], dimension_, &map_.gradients[filter * dimension_]);
    const float d_answer = dot(d_sum, &map_.values[filter * dimension_], dimension_);
    biases_.gradients[filter] += d_answer;
    for (std::size_t i = 0; i < width(filter); ++i) {
      const std::size_t word = pooled.places[filter] + i, at = filter_at(filter) + i * dimension_;
      add_scaled(words[word], d_answer, dimension_, &filters_.gradients[at]);
      add_scaled(&filters_.values[at], d_answer, dimension_, d_words + word * dimension_);
    }
  }
}

void TextCnn::step() {
  if (!has_gradients_) return;
  has_gradients_ = false;
  for (Weights* weights : {&filters_, &biases_, &map_}) {
    adagrad_step(weights->values, weights->gradients, weights->squares, kRate);
    std::ranges::fill(weights->gradients, 0.0F);
  }
}

void TextCnn::save(ByteWriter& out) const {
  for (const Weights* weights : {&filters_, &biases_, &map_}) {
    out.array(std::span<const float>(weights->values));
    out.array(std::span<const float>(weights->squares));
  }
}

bool TextCnn::load(ByteReader& in) {
  for (Weights* weights : {&filters_, &biases_, &map_}) {
    for (AlignedVector<float>* numbers : {&weights->values, &weights->squares}) {
      const std::vector<float> saved = in.array<float>();
      if (!in.ok() || saved.size() != numbers->size()) return false;
      std::ranges::copy(saved, numbers->begin());
    }
    const auto is_sum = [](float square) { return square >= kFirstSquare; };
    if (!is_finite(weights->values) || !std::ranges::all_of(weights->squares, is_sum)) return false;
  }
  return true;
}

std::size_t TextCnn::memory_bytes() const {
  return 3 * (filters_.values.size() + biases_.values.size() + map_.values.size()) * sizeof(float);
}

}  // namespace freshet::online
