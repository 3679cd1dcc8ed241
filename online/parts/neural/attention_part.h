#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "online/part/options.h"
#include "online/part/part.h"
#include "online/parts/neural/sequence_trainer.h"

namespace freshet::online {

/// The attention session model ("attention"): a sequence model (sequence_part.h) whose encoder attends from the last
/// item to the session's last items, by content and place (online/parts/neural/attention_encoder.h).
std::unique_ptr<Part> make_attention_part(const AttentionOptions& options, std::size_t max_items, std::uint64_t seed);

/// Its trainer alone, to be compared with the encoder.
std::unique_ptr<SequenceTrainer> make_attention_trainer(const AttentionOptions& options, std::uint64_t seed);

}  // namespace freshet::online
