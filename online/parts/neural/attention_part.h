// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "online/part/part_kind.h"
#include "online/parts/neural/sequence_options.h"
#include "online/parts/neural/sequence_trainer.h"

namespace freshet::online {

/// [online.attention]: describe() explains each option.
struct AttentionOptions : SequenceOptions {
  std::size_t max_session_items = 10;
  double attention_learning_rate = 0.05;

  static std::vector<Option<AttentionOptions>> describe();
};

/// The attention session model ("attention"): a sequence model (sequence_part.h) whose encoder attends from the last
/// item to the session's last items, by content and position (online/parts/neural/attention_encoder.h).
std::unique_ptr<Part> make_attention_part(const AttentionOptions& options, std::size_t max_items, std::uint64_t seed);

/// Its trainer alone, for tests that compare it with the encoder.
std::unique_ptr<SequenceTrainer> make_attention_trainer(const AttentionOptions& options, std::uint64_t seed);

extern const PartKind kAttention;

}  // namespace freshet::online
