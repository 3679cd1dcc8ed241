#include "online/lstm_encoder.h"

#include "online/kernels.h"

namespace freshet::online {

/// `state` and `cell` become those after `input`; before the first they are zero.
void LstmEncoder::step(const float* input, bool first, std::vector<float>& gates, float* state, float* cell) const {
  const std::size_t d = dimension;
  gates = gate_bias;
  add_product(gates.data(), input_weights.data(), input, d, 4 * d);
  if (!first) add_product(gates.data(), state_weights.data(), state, d, 4 * d);
  sigmoid(gates.data(), 2 * d);
  hyperbolic_tangent(gates.data() + 2 * d, d);
  sigmoid(gates.data() + 3 * d, d);
  for (std::size_t i = 0; i < d; ++i) state[i] = cell[i] = gates[d + i] * cell[i] + gates[i] * gates[2 * d + i];
  hyperbolic_tangent(state, d);
  for (std::size_t i = 0; i < d; ++i) state[i] *= gates[3 * d + i];
}

void LstmEncoder::encode(std::span<const float* const> inputs, std::vector<float>& out) const {
  thread_local std::vector<float> gates, state, cell;
  const std::size_t d = dimension;
  state.assign(d, 0);
  cell.assign(d, 0);
  for (std::size_t i = 0; i < inputs.size(); ++i) step(inputs[i], i == 0, gates, state.data(), cell.data());
  out.resize(d);
  for (std::size_t i = 0; i < d; ++i) {
    out[i] = dot(output_weights.data() + i * d, state.data(), d) + skip[i] * inputs.back()[i];
  }
}

}  // namespace freshet::online
