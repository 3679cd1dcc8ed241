#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "online/part/options.h"
#include "online/part/part.h"
#include "online/parts/neural/sequence_trainer.h"

namespace freshet::online {

/// The LSTM session model ("lstm"): session-based GRU4Rec (Hidasi et al., ICLR 2016) made online, a sequence model
/// (sequence_part.h) whose encoder is an LSTM over the session's last items with a learned skip connection from the
/// last item (online/parts/neural/lstm_encoder.h).
std::unique_ptr<Part> make_lstm_part(const LstmOptions& options, std::size_t max_items, std::uint64_t seed);

/// Its trainer alone, to be compared with the encoder.
std::unique_ptr<SequenceTrainer> make_lstm_trainer(const LstmOptions& options, std::uint64_t seed);

}  // namespace freshet::online
