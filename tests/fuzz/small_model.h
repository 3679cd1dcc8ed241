#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "online/model/model.h"
#include "online/part/options.h"
#include "online/parts/count_parts.h"
#include "online/parts/factor_parts.h"

namespace freshet::fuzz {

/// Every part that does without LibTorch, with limits so small that a few events reach all of them.
inline online::Options small_options() {
  online::Options options;
  options.parts = {"popularity",   "covisitation",         "session_knn", "recurrence",
                   "user_history", "matrix_factorisation", "user_cf"};
  options.max_items = 16;
  options.max_session_items = 6;
  options.max_open_sessions = 8;
  options.dedupe_ids = 16;
  options.covisitation.max_neighbours = 6;
  options.session_knn.max_sessions = 8;
  options.session_knn.max_sessions_per_item = 4;
  options.session_knn.max_session_items = 6;
  options.user_history.max_users = 8;
  options.user_history.max_items_per_user = 4;
  options.matrix_factorisation.dimension = 16;
  options.matrix_factorisation.max_items = 8;
  options.matrix_factorisation.max_users = 8;
  options.matrix_factorisation.negatives = 2;
  options.user_cf.max_users = 4;
  options.user_cf.max_items_per_user = 3;
  options.blender.hidden_units = 16;
  options.blender.candidates_per_part = 4;
  return options;
}

inline std::vector<std::unique_ptr<online::Part>> small_parts() {
  auto parts = online::make_count_parts(small_options());
  for (auto& part : online::make_factor_parts(small_options())) parts.push_back(std::move(part));
  return parts;
}

inline std::unique_ptr<online::Model> small_model() {
  return std::make_unique<online::Model>(small_options(), small_parts());
}

/// The i-th of a stream in which users and items come back, new ones come, and somebody is erased.
inline Event small_event(std::uint64_t i) {
  Event event;
  event.time = timestamp_from_ms(1'700'000'000'000 + static_cast<std::int64_t>(i) * 60'000);
  event.user = "u" + std::to_string(i * i % 11);
  if (i % 13 == 12) {
    event.kind = EventKind::erase;
    return event;
  }
  event.id = "e" + std::to_string(i);
  event.item = "i" + std::to_string((i * i + i) % 23);
  return event;
}

}  // namespace freshet::fuzz
