#pragma once

#include <cstddef>

#include "online/part/options.h"

namespace freshet::testing {

inline constexpr std::size_t kSmallMaxItems = 80;

inline void make_small(online::SequenceOptions& options) {
  options.dimension = 16;
  options.negatives = 16;
  options.batch_examples = 8;
  options.replay_per_batch = 8;
  options.replay_buffer = 50;
  options.max_items = 60;
  options.exact_items = 20;
}

/// Options of every part with limits so small that a few hundred events reach all of them.
inline online::Options small_options() {
  online::Options options;
  options.max_items = kSmallMaxItems;
  options.max_open_sessions = 25;
  options.dedupe_ids = 200;
  options.covisitation.max_neighbours = 12;
  options.session_knn.max_sessions = 60;
  options.session_knn.max_sessions_per_item = 15;
  options.session_knn.neighbours = 10;
  options.session_knn.max_session_items = 8;
  options.user_history.max_users = 9;
  options.user_history.max_items_per_user = 20;
  options.matrix_factorisation.dimension = 16;
  options.matrix_factorisation.max_items = 60;
  options.matrix_factorisation.max_users = 6;
  options.user_cf.max_users = 5;
  options.user_cf.neighbours = 3;
  options.neural_cf.dimension = 16;
  options.neural_cf.batch_examples = 8;
  options.neural_cf.max_items = 60;
  options.neural_cf.exact_items = 20;
  options.neural_cf.max_users = 6;
  make_small(options.lstm);
  make_small(options.attention);
  options.attention.max_session_items = 6;
  make_small(options.autoencoder);
  options.autoencoder.hidden_units = 16;
  options.autoencoder.max_items_per_user = 7;
  options.autoencoder.max_users = 6;
  return options;
}

}  // namespace freshet::testing
