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

/// What makes one sequence model another.
struct SequenceModel {
  std::string_view name;  ///< of the part; lives as long as the program
  SequenceOptions options;
  std::unique_ptr<SequenceInputs> inputs;
  std::unique_ptr<SequenceTrainer> trainer;
  double dropout = 0;  ///< share of an example's inputs that a training step does not see; at least one is left
};

/// A part that learns which item comes after which items: item embeddings tied in and out, an encoder between them
/// (online/parts/neural/sequence_encoder.h), trained by sampled softmax with popularity-corrected negatives (Yi et al., RecSys 2019:
/// "Sampling-bias-corrected neural modeling") and sparse Adagrad, with optional replay. LibTorch computes gradients;
/// serving is plain C++ (online/parts/neural/sequence_scorer.h).
/// Threads: as Part. Sets LibTorch's intra-op threads to 1 on the learner thread.
std::unique_ptr<Part> make_sequence_part(SequenceModel model, std::size_t max_items, std::uint64_t seed);

}  // namespace freshet::online
