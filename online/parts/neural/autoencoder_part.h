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

/// [online.autoencoder]: describe() explains each option.
struct AutoencoderOptions : SequenceOptions {
  std::size_t hidden_units = 64;
  std::size_t max_items_per_user = 10;
  std::size_t max_users = 200'000;
  double dropout = 0.3;
  double hidden_learning_rate = 0.05;

  static std::vector<Option<AutoencoderOptions>> describe();
};

/// The denoising autoencoder over users' items ("autoencoder"): a sequence model (sequence_part.h) whose inputs are the
/// user's newest distinct items of all sessions (online/parts/neural/user_items.h), and whose encoder has one hidden
/// layer (online/parts/neural/autoencoder_encoder.h). Training drops some of the inputs. Mult-DAE (Liang et al., WWW
/// 2018) trains on whole profiles; this part learns each event's item from the profile before it.
std::unique_ptr<Part> make_autoencoder_part(const AutoencoderOptions& options, std::size_t max_items,
                                            std::uint64_t seed);

/// Its trainer alone, for tests that compare it with the encoder.
std::unique_ptr<SequenceTrainer> make_autoencoder_trainer(const AutoencoderOptions& options, std::uint64_t seed);

extern const PartKind kAutoencoder;

}  // namespace freshet::online
