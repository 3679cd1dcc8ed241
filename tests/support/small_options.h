// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "online/all_parts.h"
#include "online/parts/content/content.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
#include "online/parts/neural/neural_cf_part.h"
#include "tests/support/light_parts.h"

namespace freshet::testing {

inline constexpr std::size_t kSmallMaxItems = 80;

/// Limits so small that a few hundred events reach all of them.
inline void make_small(online::SequenceOptions& options) {
  options.dimension = 16;
  options.negatives = 16;
  options.batch_examples = 8;
  options.replay_per_batch = 8;
  options.replay_buffer = 50;
  options.max_items = 60;
  options.exact_items = 20;
}

/// The same for the model and the parts that count.
inline void make_small(online::Options& options) {
  options.max_items = kSmallMaxItems;
  options.max_open_sessions = 25;
  options.dedupe_ids = 200;
  options.part<online::CovisitationOptions>().max_neighbors = 12;
  options.part<online::SessionKnnOptions>().max_sessions = 60;
  options.part<online::SessionKnnOptions>().max_sessions_per_item = 15;
  options.part<online::SessionKnnOptions>().neighbors = 10;
  options.part<online::SessionKnnOptions>().max_session_items = 8;
  options.part<online::UserHistoryOptions>().max_users = 9;
  options.part<online::UserHistoryOptions>().max_items_per_user = 20;
}

/// The parts that count, all on and small.
inline online::Options small_counting_options() {
  online::Options options = counting_options();
  make_small(options);
  return options;
}

/// All parts, small; on are those that are on by default.
inline online::Options small_options() {
  online::Options options(online::all_parts());
  make_small(options);
  options.part<online::MatrixFactorizationOptions>().dimension = 16;
  options.part<online::MatrixFactorizationOptions>().max_items = 60;
  options.part<online::MatrixFactorizationOptions>().max_users = 6;
  options.part<online::UserCfOptions>().max_users = 5;
  options.part<online::UserCfOptions>().neighbors = 3;
  options.part<online::NeuralCfOptions>().dimension = 16;
  options.part<online::NeuralCfOptions>().batch_examples = 8;
  options.part<online::NeuralCfOptions>().max_items = 60;
  options.part<online::NeuralCfOptions>().exact_items = 20;
  options.part<online::NeuralCfOptions>().max_users = 6;
  options.part<online::ContentOptions>().dimension = 16;
  options.part<online::ContentOptions>().max_tokens = 1024;
  options.part<online::ContentOptions>().negatives = 16;
  options.part<online::ContentOptions>().exact_items = 20;
  make_small(options.part<online::LstmOptions>());
  make_small(options.part<online::AttentionOptions>());
  options.part<online::AttentionOptions>().max_session_items = 6;
  make_small(options.part<online::AutoencoderOptions>());
  options.part<online::AutoencoderOptions>().hidden_units = 16;
  options.part<online::AutoencoderOptions>().max_items_per_user = 7;
  options.part<online::AutoencoderOptions>().max_users = 6;
  return options;
}

}  // namespace freshet::testing
