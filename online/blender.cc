#include "online/blender.h"

#include <algorithm>
#include <cmath>

#include "online/kernels.h"
#include "online/random.h"

namespace freshet::online {
namespace {

constexpr double kMomentRows = 2e6;          // older feature statistics fade after about this many rows
constexpr std::uint64_t kMomentInterval = 8; // refresh mean and deviation every so many steps, always in the beginning
constexpr std::uint64_t kMomentWarmUp = 500;
constexpr float kNegligible = 1e-3F;         // gradient of a candidate that the softmax already gives nothing
constexpr float kEpsilon = 1e-6F;

MlpView view_of(const BlenderWeights& weights) {
  return {weights.inputs,    weights.hidden,    weights.mean.data(), weights.inverse_deviation.data(),
          weights.w1.data(), weights.b1.data(), weights.w2.data(),   weights.linear.data()};
}

FRESHET_CLONES void adagrad(float* weights, float* sums, float* gradients, std::size_t size, float rate) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) {
    sums[i] += gradients[i] * gradients[i];
    weights[i] -= rate * gradients[i] / (std::sqrt(sums[i]) + kEpsilon);
    gradients[i] = 0;
  }
}

template <typename Each>
void for_each_array(const BlenderWeights& weights, Each each) {
  for (const auto* array : {&weights.mean, &weights.inverse_deviation, &weights.w1, &weights.b1, &weights.w2,
                            &weights.linear}) {
    each(*array);
  }
}

}  // namespace

void BlenderWeights::score(std::span<const float> features, std::span<float> scores) const {
  thread_local std::vector<float> work;
  work.resize(inputs + hidden);
  mlp_score(view_of(*this), features.data(), scores.size(), work.data(), scores.data());
}

Blender::Blender(std::size_t inputs, std::span<const std::size_t> own_columns, const BlenderOptions& options,
                 std::uint64_t seed)
    : options_(options) {
  const std::size_t hidden = options.hidden_units;
  weights_.inputs = inputs;
  weights_.hidden = hidden;
  weights_.mean.assign(inputs, 0);
  weights_.inverse_deviation.assign(inputs, 1);
  weights_.b1.assign(hidden, 0);
  weights_.linear.assign(inputs, 0);
  for (const std::size_t column : own_columns) weights_.linear[column] = 0.5F;
  Random random(seed);
  const auto uniform = [&](std::size_t size, double scale) {
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>((2 * random.uniform() - 1) * scale);
    return values;
  };
  weights_.w1 = uniform(inputs * hidden, 1.0 / std::sqrt(static_cast<double>(inputs)));
  weights_.w2 = uniform(hidden, 0.1 / std::sqrt(static_cast<double>(hidden)));

  sum_w1_.assign(inputs * hidden, 0);
  sum_b1_.assign(hidden, 0);
  sum_w2_.assign(hidden, 0);
  sum_linear_.assign(inputs, 0);
  sum_.assign(inputs, 0);
  sum_of_squares_.assign(inputs, 0);
  g_w1_ = sum_w1_;
  g_b1_ = g_w2_ = sum_b1_;
  g_linear_ = sum_linear_;
  work_.assign(inputs + hidden, 0);
}

void Blender::learn(std::span<const float> features, std::span<const float> scores, std::size_t target, float weight) {
  const std::size_t rows = scores.size();
  if (steps_ < kMomentWarmUp || steps_ % kMomentInterval == 0) observe_moments(features, rows);
  ++steps_;

  const MlpView view = view_of(weights_);
  const MlpGradients gradients{g_w1_.data(), g_b1_.data(), g_w2_.data(), g_linear_.data()};
  const float largest = *std::ranges::max_element(scores);
  probability_.resize(rows);
  float sum = 0;
  for (std::size_t row = 0; row < rows; ++row) sum += probability_[row] = std::exp(scores[row] - largest);
  for (std::size_t row = 0; row < rows; ++row) {
    const float gradient = probability_[row] / sum - (row == target ? 1.0F : 0.0F);
    if (std::abs(gradient) > kNegligible) {
      mlp_accumulate(view, features.data() + row * weights_.inputs, gradient * weight, work_.data(), gradients);
    }
  }
  step();
}

void Blender::observe_moments(std::span<const float> features, std::size_t rows) {
  const std::size_t inputs = weights_.inputs;
  if (rows_ > kMomentRows) {
    rows_ *= 0.5;
    for (double& value : sum_) value *= 0.5;
    for (double& value : sum_of_squares_) value *= 0.5;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const float* x = features.data() + row * inputs;
    for (std::size_t i = 0; i < inputs; ++i) {
      sum_[i] += static_cast<double>(x[i]);
      sum_of_squares_[i] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
  }
  rows_ += static_cast<double>(rows);
  for (std::size_t i = 0; i < inputs; ++i) {
    const double mean = sum_[i] / rows_;
    const double variance = std::max(0.0, sum_of_squares_[i] / rows_ - mean * mean);
    weights_.mean[i] = static_cast<float>(mean);
    weights_.inverse_deviation[i] = static_cast<float>(1.0 / (std::sqrt(variance) + 1e-3));
  }
}

void Blender::step() {
  const auto rate = static_cast<float>(options_.learning_rate);
  adagrad(weights_.w1.data(), sum_w1_.data(), g_w1_.data(), g_w1_.size(), rate);
  adagrad(weights_.b1.data(), sum_b1_.data(), g_b1_.data(), g_b1_.size(), rate);
  adagrad(weights_.w2.data(), sum_w2_.data(), g_w2_.data(), g_w2_.size(), rate);
  adagrad(weights_.linear.data(), sum_linear_.data(), g_linear_.data(), g_linear_.size(), rate);
}

void Blender::save(ByteWriter& out) const {
  const auto write = [&](const std::vector<float>& array) { out.array(std::span<const float>(array)); };
  for_each_array(weights_, write);
  for (const auto* array : {&sum_w1_, &sum_b1_, &sum_w2_, &sum_linear_}) write(*array);
  out.array(std::span<const double>(sum_));
  out.array(std::span<const double>(sum_of_squares_));
  out.fixed(rows_);
  out.fixed(steps_);
}

Result<void> Blender::load(ByteReader& in) {
  bool sizes_match = true;
  const auto read = [&]<typename T>(std::vector<T>& array) {
    auto values = in.array<T>();
    sizes_match &= values.size() == array.size();
    array = std::move(values);
  };
  for (auto* array : {&weights_.mean, &weights_.inverse_deviation, &weights_.w1, &weights_.b1, &weights_.w2,
                      &weights_.linear, &sum_w1_, &sum_b1_, &sum_w2_, &sum_linear_}) {
    read(*array);
  }
  read(sum_);
  read(sum_of_squares_);
  rows_ = in.fixed<double>();
  steps_ = in.fixed<std::uint64_t>();
  if (!in.ok() || !sizes_match) return Error{Errc::corrupt, "blender: damaged"};
  return {};
}

std::size_t Blender::memory_bytes() const {
  return (3 * weights_.w1.size() + 8 * weights_.inputs + 8 * weights_.hidden) * sizeof(float);
}

}  // namespace freshet::online
