// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"
#include "online/kernels/simd.h"
#include "online/vectors/row_adagrad.h"

/// LibTorch helpers that the trainers share. Only sources of online/parts/neural/ may include this header.
namespace freshet::online {

/// A dense weight and its Adagrad accumulator.
struct Weight {
  torch::Tensor value;
  std::vector<float> squares;

  std::span<float> values() const { return {value.data_ptr<float>(), squares.size()}; }

  /// One Adagrad step by the gradient of `value`, which it clears.
  void step(float rate) {
    // The batch's loss may not depend on the weight: an LSTM's state weights if every session has one item.
    if (!value.grad().defined()) return;
    const torch::Tensor gradient = value.grad().contiguous();
    adagrad_step(values(), {gradient.data_ptr<float>(), squares.size()}, squares, rate);
    value.mutable_grad().reset();
  }

  void save(ByteWriter& out) const {
    out.array(std::span<const float>(values()));
    out.array(std::span<const float>(squares));
  }

  /// False if the bytes are not a saved weight of this size.
  bool load(ByteReader& in) {
    const auto saved_values = in.array<float>();
    auto saved_squares = in.array<float>();
    if (!in.ok() || saved_values.size() != squares.size() || saved_squares.size() != squares.size()) return false;
    std::ranges::copy(saved_values, values().begin());
    squares = std::move(saved_squares);
    return true;
  }
};

/// A weight drawn uniformly from center - scale to center + scale.
inline Weight make_weight(std::vector<std::int64_t> shape, double scale, double center, Random& random) {
  torch::Tensor value = torch::empty(shape);
  float* data = value.data_ptr<float>();
  for (std::int64_t i = 0; i < value.numel(); ++i) {
    data[i] = static_cast<float>(center + (2 * random.uniform() - 1) * scale);
  }
  value.requires_grad_(true);
  return {value, std::vector<float>(static_cast<std::size_t>(value.numel()))};
}

inline torch::Tensor index_tensor(const std::vector<std::uint32_t>& values) {
  torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(values.size())}, torch::kLong);
  std::ranges::copy(values, tensor.data_ptr<std::int64_t>());
  return tensor;
}

inline torch::Tensor float_tensor(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return torch::from_blob(const_cast<float*>(values.data()), shape).clone();
}

inline AlignedVector<float> to_vector(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

/// Returns work(). Aborts if it throws a c10::Error.
/// Errors: throws std::bad_alloc if LibTorch has no memory, for which it has no type of its own.
template <typename Work>
auto at_the_edge(Work work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    if (std::string_view(error.what_without_backtrace()).find("allocate memory") != std::string_view::npos) {
      throw std::bad_alloc();
    }
    check_failed(error.what_without_backtrace(), __FILE__, __LINE__);
  }
}

}  // namespace freshet::online
