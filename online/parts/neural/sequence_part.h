// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "online/part/part.h"
#include "online/parts/neural/sequence_inputs.h"
#include "online/parts/neural/sequence_options.h"
#include "online/parts/neural/sequence_trainer.h"

namespace freshet::online {

/// What distinguishes one sequence model from another.
struct SequenceModel {
  std::string_view name;  ///< of the part; lives as long as the program
  SequenceOptions options;
  std::unique_ptr<SequenceInputs> inputs;
  std::unique_ptr<SequenceTrainer> trainer;
  double dropout = 0;  ///< share of an example's inputs that a training step leaves out; at least one is kept
};

/// A part that predicts the next item from the items before it. An encoder (sequence_encoder.h) turns the embeddings of
/// these items into a vector, and the same embeddings are scored against that vector. Training is by sampled softmax,
/// corrected for the probability of each sample (Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019), and
/// sparse Adagrad, with optional replay. Gradients are computed on a background thread (background_step.h) and applied
/// after a fixed number of examples. LibTorch computes gradients; serving is plain C++ (sequence_scorer.h).
/// Threads: as Part. Sets LibTorch's intra-op threads to 1 on the learner thread.
std::unique_ptr<Part> make_sequence_part(SequenceModel model, std::size_t max_items, std::uint64_t seed);

}  // namespace freshet::online
