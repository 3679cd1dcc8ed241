// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/lstm_encoder.h"

#include "online/kernels/kernels.h"

namespace freshet::online {

/// One step. `gates`, [4d], holds the input's part of the gates' sums and is overwritten; `state` and `cell`, [d], are
/// updated. `first`: the state is still zero.
void LstmEncoder::step(float* gates, bool first, float* state, float* cell) const {
  const std::size_t d = dimension;
  if (!first) add_product(gates, state_weights.data(), state, d, 4 * d);
  sigmoid(gates, 2 * d);
  hyperbolic_tangent(gates + 2 * d, d);
  sigmoid(gates + 3 * d, d);
  for (std::size_t i = 0; i < d; ++i) state[i] = cell[i] = gates[d + i] * cell[i] + gates[i] * gates[2 * d + i];
  hyperbolic_tangent(state, d);
  for (std::size_t i = 0; i < d; ++i) state[i] *= gates[3 * d + i];
}

void LstmEncoder::encode(std::span<const float* const> inputs, std::vector<float>& out) const {
  thread_local AlignedVector<float> items, gates, state, cell;
  const std::size_t d = dimension;
  items.clear();
  gates.clear();
  for (const float* input : inputs) {
    items.insert(items.end(), input, input + d);
    gates.insert(gates.end(), gate_bias.begin(), gate_bias.end());
  }
  add_product(gates.data(), input_weights.data(), items.data(), d, 4 * d, inputs.size());
  state.assign(d, 0);
  cell.assign(d, 0);
  for (std::size_t t = 0; t < inputs.size(); ++t) step(&gates[t * 4 * d], t == 0, state.data(), cell.data());
  out.resize(d);
  for (std::size_t i = 0; i < d; ++i) {
    out[i] = dot(output_weights.data() + i * d, state.data(), d) + skip[i] * inputs.back()[i];
  }
}

}  // namespace freshet::online
