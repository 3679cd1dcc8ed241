// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "online/model/model.h"
#include "online/part/options.h"
#include "tests/support/light_parts.h"

namespace freshet::fuzz {

/// Every part that does without LibTorch, with limits so small that a few events reach all of them.
inline online::Options small_options() {
  online::Options options = testing::light_options();
  options.max_items = 16;
  options.max_session_items = 6;
  options.max_open_sessions = 8;
  options.dedupe_ids = 16;
  options.part<online::CovisitationOptions>().max_neighbors = 6;
  options.part<online::SessionKnnOptions>().max_sessions = 8;
  options.part<online::SessionKnnOptions>().max_sessions_per_item = 4;
  options.part<online::SessionKnnOptions>().max_session_items = 6;
  options.part<online::UserHistoryOptions>().max_users = 8;
  options.part<online::UserHistoryOptions>().max_items_per_user = 4;
  options.part<online::MatrixFactorizationOptions>().dimension = 16;
  options.part<online::MatrixFactorizationOptions>().max_items = 8;
  options.part<online::MatrixFactorizationOptions>().max_users = 8;
  options.part<online::MatrixFactorizationOptions>().negatives = 2;
  options.part<online::UserCfOptions>().max_users = 4;
  options.part<online::UserCfOptions>().max_items_per_user = 3;
  options.blender.hidden_units = 16;
  options.blender.candidates_per_part = 4;
  return options;
}

inline std::vector<std::unique_ptr<online::Part>> small_parts() { return online::make_parts(small_options()); }

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
