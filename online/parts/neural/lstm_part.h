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

/// [online.lstm]: describe() explains each option.
struct LstmOptions : SequenceOptions {
  std::size_t max_session_items = 10;
  double lstm_learning_rate = 0.02;

  static std::vector<Option<LstmOptions>> describe();
};

/// The LSTM session model ("lstm"), an online relative of GRU4Rec (Hidasi et al., ICLR 2016): a sequence model
/// (sequence_part.h) whose encoder is an LSTM over the session's last items, with a learned skip connection from the
/// last item (online/parts/neural/lstm_encoder.h).
std::unique_ptr<Part> make_lstm_part(const LstmOptions& options, std::size_t max_items, std::uint64_t seed);

/// Its trainer alone, for tests that compare it with the encoder.
std::unique_ptr<SequenceTrainer> make_lstm_trainer(const LstmOptions& options, std::uint64_t seed);

extern const PartKind kLstm;

}  // namespace freshet::online
