// SPDX-License-Identifier: Apache-2.0
#include "online/model/blender.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/kernels/simd.h"

namespace freshet::online {
namespace {

constexpr float kClip = BlenderWeights::kClip;
constexpr float kNegligible = 1e-4F;       // rows of less softmax probability are not learned from; 1e-3 drops too many
constexpr float kContender = 1e-3F;        // rows of less softmax probability do not count in the moments
constexpr double kRowsKept = 1000;         // of the moments, when features come in
constexpr double kMomentRows = 2'000'000;  // rows after which the sums are halved, so that old rows fade

FRESHET_SIMD void standardize(const float* row, const float* mean, const float* inverse_deviation, std::size_t n,
                              float* out) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const float x = (row[i] - mean[i]) * inverse_deviation[i];
    out[i] = x < -kClip ? -kClip : (x > kClip ? kClip : x);
  }
}

// Number of rows that go through the layer together: each weight is loaded once for all of them, and their sums stay in
// registers.
constexpr std::size_t kBlock = 6;

// out[r] = b + x[r] * w, with x [kBlock][inputs], w [inputs][hidden], out [kBlock][hidden]
FRESHET_SIMD void affine(const float* x, const float* w, const float* b, std::size_t inputs, std::size_t hidden,
                         float* out) {
  for (std::size_t from = 0; from < hidden; from += kLanes) {
    Lanes sum[kBlock];
    for (Lanes& s : sum) s = lanes(b + from);
    for (std::size_t i = 0; i < inputs; ++i) {
      const Lanes wi = lanes(w + i * hidden + from);
      for (std::size_t r = 0; r < kBlock; ++r) sum[r] += x[r * inputs + i] * wi;
    }
    for (std::size_t r = 0; r < kBlock; ++r) lanes(out + r * hidden + from) = sum[r];
  }
}

// d_w += sum over r of x[r] (outer) d[r], with x [kBlock][inputs], d [kBlock][hidden], d_w [inputs][hidden]
FRESHET_SIMD void add_outer(const float* x, const float* d, std::size_t inputs, std::size_t hidden, float* d_w) {
  for (std::size_t from = 0; from < hidden; from += kLanes) {
    Lanes dr[kBlock];
    for (std::size_t r = 0; r < kBlock; ++r) dr[r] = lanes(d + r * hidden + from);
    for (std::size_t i = 0; i < inputs; ++i) {
      Lanes sum = lanes(d_w + i * hidden + from);
      for (std::size_t r = 0; r < kBlock; ++r) sum += x[r * inputs + i] * dr[r];
      lanes(d_w + i * hidden + from) = sum;
    }
  }
}

FRESHET_SIMD float relu_dot(const float* a, const float* w, std::size_t n) {
  Lanes sums = {};
  for (std::size_t h = 0; h < n; h += kLanes) sums += (lanes(a + h) > 0 ? lanes(a + h) : Lanes{}) * lanes(w + h);
  return sum_of(sums);
}

// out[r] = scores[r] + linear . x[r] + w2 . relu(a[r])
FRESHET_SIMD void head_scores(const float* x, const float* a, const float* linear, const float* w2, std::size_t inputs,
                              std::size_t hidden, const float* scores, std::size_t rows, float* out) {
  for (std::size_t r = 0; r < rows; ++r, x += inputs, a += hidden) {
    Lanes sums = {};
    for (std::size_t h = 0; h < hidden; h += kLanes) {
      sums += (lanes(a + h) > 0 ? lanes(a + h) : Lanes{}) * lanes(w2 + h);
    }
    std::size_t i = 0;
    for (; i + kLanes <= inputs; i += kLanes) sums += lanes(x + i) * lanes(linear + i);
    float rest = 0;
#pragma omp simd reduction(+ : rest)
    for (std::size_t at = i; at < inputs; ++at) rest += x[at] * linear[at];
    out[r] = scores[r] + sum_of(sums) + rest;
  }
}

// Gradients d_a and d_w2 of one row, whose score is w2 . relu(a); `gradient` is that of the score.
FRESHET_SIMD void backward(const float* a, const float* w2, float gradient, std::size_t n, float* d_a, float* d_w2) {
#pragma omp simd
  for (std::size_t h = 0; h < n; ++h) {
    d_a[h] = a[h] > 0 ? gradient * w2[h] : 0.0F;
    d_w2[h] += a[h] > 0 ? gradient * a[h] : 0.0F;
  }
}

FRESHET_SIMD void add_moments(const float* x, std::size_t n, double* sum, double* sum_of_squares) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = static_cast<double>(x[i]);
    sum[i] += value;
    sum_of_squares[i] += value * value;
  }
}

FRESHET_SIMD void take_moments(const double* sum, const double* sum_of_squares, double rows, std::size_t n, float* mean,
                               float* inverse_deviation) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const double average = sum[i] / rows;
    const double variance = sum_of_squares[i] / rows - average * average;
    mean[i] = static_cast<float>(average);
    inverse_deviation[i] = static_cast<float>(1.0 / std::sqrt(std::max(0.0, variance) + 1e-4));
  }
}

}  // namespace

void BlenderWeights::score(std::span<const float> features, std::span<float> scores, Columns left_out,
                           const HeadScores& also) const {
  FRESHET_CHECK(features.size() == scores.size() * inputs);
  FRESHET_CHECK(left_out.first + left_out.count <= inputs);
  FRESHET_CHECK(also.scores.size() == also.heads.size() * scores.size());
  thread_local AlignedVector<float> x, a;
  x.resize(kBlock * inputs);
  a.resize(kBlock * hidden);
  for (std::size_t from = 0; from < scores.size(); from += kBlock) {
    const std::size_t rows = std::min(kBlock, scores.size() - from);
    for (std::size_t r = 0; r < rows; ++r) {
      online::standardize(features.data() + (from + r) * inputs, mean.data(), inverse_deviation.data(), inputs,
                          &x[r * inputs]);
      std::fill_n(x.begin() + static_cast<std::ptrdiff_t>(r * inputs + left_out.first), left_out.count, 0.0F);
    }
    affine(x.data(), w1.data(), b1.data(), inputs, hidden, a.data());
    for (std::size_t r = 0; r < rows; ++r) {
      scores[from + r] = dot(&x[r * inputs], linear.data(), inputs) + relu_dot(&a[r * hidden], w2.data(), hidden);
    }
    for (std::size_t h = 0; h < also.heads.size(); ++h) {
      head_scores(x.data(), a.data(), &also.actions->linear[also.heads[h] * inputs],
                  &also.actions->w2[also.heads[h] * hidden], inputs, hidden, &scores[from], rows,
                  &also.scores[h * scores.size() + from]);
    }
  }
}

void BlenderWeights::standardize(std::span<const float> row, std::span<float> out) const {
  FRESHET_CHECK(row.size() == inputs && out.size() == inputs);
  online::standardize(row.data(), mean.data(), inverse_deviation.data(), inputs, out.data());
}

void BlenderWeights::hidden_units(std::span<const float> x, std::span<float> units) const {
  const std::size_t rows = x.size() / inputs;
  FRESHET_CHECK(units.size() == rows * hidden);
  for (std::size_t r = 0; r < rows; ++r) {
    std::ranges::copy(b1, units.begin() + static_cast<std::ptrdiff_t>(r * hidden));
  }
  add_product(units.data(), w1.data(), x.data(), inputs, hidden, rows);
  for (float& unit : units) unit = std::max(unit, 0.0F);
}

Blender::Blender(std::size_t inputs, std::span<const std::size_t> own_scores, const BlenderOptions& options,
                 std::uint64_t seed)
    : options_(options), seed_(seed) {
  FRESHET_CHECK(options.hidden_units % kLanes == 0);
  const std::size_t hidden = options.hidden_units;
  weights_ = {inputs,
              hidden,
              AlignedVector<float>(inputs, 0.0F),
              AlignedVector<float>(inputs, 1.0F),
              AlignedVector<float>(inputs * hidden),
              AlignedVector<float>(hidden, 0.0F),
              AlignedVector<float>(hidden),
              AlignedVector<float>(inputs, 0.0F)};
  Random random(seed);
  const auto symmetric = [&random](double bound) { return static_cast<float>((2.0 * random.uniform() - 1.0) * bound); };
  const double bound = std::sqrt(6.0 / static_cast<double>(inputs + hidden));
  for (float& w : weights_.w1) w = symmetric(bound);
  for (float& w : weights_.w2) w = symmetric(0.02);
  for (const std::size_t column : own_scores) weights_.linear[column] = 1.0F;
  g_w1_.assign(inputs * hidden, 0.0F);
  for (auto* accumulator : {&g_b1_, &g_w2_}) accumulator->assign(hidden, 0.0F);
  g_linear_.assign(inputs, 0.0F);
  sum_.assign(inputs, 0.0);
  sum_of_squares_.assign(inputs, 0.0);
  size_buffers();
}

void Blender::size_buffers() {
  const std::size_t inputs = weights_.inputs, hidden = weights_.hidden;
  d_w1_.assign(inputs * hidden, 0.0F);
  for (auto* buffer : {&d_b1_, &d_w2_}) buffer->assign(hidden, 0.0F);
  d_linear_.assign(inputs, 0.0F);
  standardized_.assign(kBlock * inputs, 0.0F);
  activation_.assign(kBlock * hidden, 0.0F);
  d_hidden_.assign(kBlock * hidden, 0.0F);
}

void Blender::insert(std::size_t at, std::size_t columns) {
  FRESHET_CHECK(at <= weights_.inputs && columns > 0);
  const std::size_t hidden = weights_.hidden;
  const auto insert = [&](auto& values, std::size_t width, auto value) {
    values.insert(values.begin() + static_cast<std::ptrdiff_t>(at * width), columns * width, value);
  };
  weights_.inputs += columns;
  insert(weights_.w1, hidden, 0.0F);
  insert(g_w1_, hidden, 0.0F);
  for (auto* values : {&weights_.mean, &weights_.linear, &g_linear_}) insert(*values, 1, 0.0F);
  insert(weights_.inverse_deviation, 1, 1.0F);
  insert(sum_, 1, 0.0);
  insert(sum_of_squares_, 1, 0.0);
  Random random(mix64(seed_ + at));
  const double bound = std::sqrt(6.0 / static_cast<double>(weights_.inputs + hidden));
  for (std::size_t i = at * hidden; i < (at + columns) * hidden; ++i) {
    weights_.w1[i] = static_cast<float>((2.0 * random.uniform() - 1.0) * bound);
  }
  weights_.linear[at] = 1.0F;
  // The new features have no moments yet. They get them within some hundred lists, because the old ones fade.
  const double keep = rows_ > kRowsKept ? kRowsKept / rows_ : 1.0;
  rows_ *= keep;
  for (double& s : sum_) s *= keep;
  for (double& s : sum_of_squares_) s *= keep;
  size_buffers();
}

void Blender::update_moments(std::span<const float> features) {
  const std::size_t inputs = weights_.inputs;
  for (std::size_t row = 0; row < softmax_.size(); ++row) {
    if (softmax_[row] < kContender) continue;
    const auto x = features.subspan(row * inputs, inputs);
    if (!std::isfinite(std::accumulate(x.begin(), x.end(), 0.0F))) continue;  // would spoil the moments for good
    add_moments(x.data(), inputs, sum_.data(), sum_of_squares_.data());
    rows_ += 1.0;
  }
  if (rows_ == 0) return;  // no row has reached kContender yet: all lists were long and even
  if (rows_ > kMomentRows) {
    rows_ *= 0.5;
    for (double& s : sum_) s *= 0.5;
    for (double& s : sum_of_squares_) s *= 0.5;
  }
  take_moments(sum_.data(), sum_of_squares_.data(), rows_, inputs, weights_.mean.data(),
               weights_.inverse_deviation.data());
}

void Blender::accumulate(std::span<const float> features, std::span<const Gradient> gradients) {
  const std::size_t inputs = weights_.inputs, hidden = weights_.hidden;
  for (std::size_t from = 0; from < gradients.size(); from += kBlock) {
    const auto block = gradients.subspan(from, std::min(kBlock, gradients.size() - from));
    for (std::size_t r = 0; r < block.size(); ++r) {
      standardize(features.data() + block[r].row * inputs, weights_.mean.data(), weights_.inverse_deviation.data(),
                  inputs, &standardized_[r * inputs]);
      add_scaled(&standardized_[r * inputs], block[r].value, inputs, d_linear_.data());
    }
    affine(standardized_.data(), weights_.w1.data(), weights_.b1.data(), inputs, hidden, activation_.data());
    std::ranges::fill(d_hidden_, 0.0F);
    for (std::size_t r = 0; r < block.size(); ++r) {
      backward(&activation_[r * hidden], weights_.w2.data(), block[r].value, hidden, &d_hidden_[r * hidden],
               d_w2_.data());
      add_scaled(&d_hidden_[r * hidden], 1.0F, hidden, d_b1_.data());
    }
    add_outer(standardized_.data(), d_hidden_.data(), inputs, hidden, d_w1_.data());
  }
}

void Blender::step() {
  const auto rate = static_cast<float>(options_.learning_rate);
  adagrad(weights_.w1.data(), g_w1_.data(), d_w1_.data(), d_w1_.size(), rate);
  adagrad(weights_.b1.data(), g_b1_.data(), d_b1_.data(), d_b1_.size(), rate);
  adagrad(weights_.w2.data(), g_w2_.data(), d_w2_.data(), d_w2_.size(), rate);
  adagrad(weights_.linear.data(), g_linear_.data(), d_linear_.data(), d_linear_.size(), rate);
}

void Blender::learn(std::span<const float> features, std::span<const float> scores, std::size_t target, float weight) {
  const std::size_t inputs = weights_.inputs;
  const std::size_t rows = features.size() / inputs;
  FRESHET_CHECK(target < rows);
  FRESHET_CHECK(scores.size() == rows);
  const float highest = *std::max_element(scores.begin(), scores.end());
  softmax_.resize(rows);
  float total = 0.0F;
  for (std::size_t row = 0; row < rows; ++row) {
    softmax_[row] = std::exp(scores[row] - highest);
    total += softmax_[row];
  }
  if (!std::isfinite(total)) return softmax_.clear();  // a part's feature is not a number: nothing to learn
  gradients_.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    const float probability = softmax_[row] /= total;
    if (row != target && probability < kNegligible) continue;
    gradients_.push_back({row, (probability - (row == target ? 1.0F : 0.0F)) * weight});
  }
  accumulate(features, gradients_);
  step();
  update_moments(features);  // last, because the gradient belongs to the scores under the old moments
}

void Blender::save(ByteWriter& out) const {
  for (const auto* values : {&weights_.mean, &weights_.inverse_deviation, &weights_.w1, &weights_.b1, &weights_.w2,
                             &weights_.linear, &g_w1_, &g_b1_, &g_w2_, &g_linear_}) {
    out.array<float>(*values);
  }
  out.array<double>(sum_);
  out.array<double>(sum_of_squares_);
  out.fixed(rows_);
}

Result<void> Blender::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "blender: not a saved state"};
  for (auto* values : {&weights_.mean, &weights_.inverse_deviation, &weights_.w1, &weights_.b1, &weights_.w2,
                       &weights_.linear, &g_w1_, &g_b1_, &g_w2_, &g_linear_}) {
    const std::vector<float> loaded = in.array<float>();
    if (loaded.size() != values->size()) return corrupt;
    std::ranges::copy(loaded, values->begin());
  }
  for (auto* values : {&sum_, &sum_of_squares_}) {
    std::vector<double> loaded = in.array<double>();
    if (loaded.size() != values->size()) return corrupt;
    *values = std::move(loaded);
  }
  rows_ = in.fixed<double>();
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t Blender::memory_bytes() const { return 3 * sizeof(float) * (weights_.w1.size() + 4 * weights_.inputs); }

}  // namespace freshet::online
