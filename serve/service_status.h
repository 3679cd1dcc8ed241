// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/position.h"
#include "online/model/learner.h"
#include "store/catalogue/attribute_columns.h"

namespace freshet::serve {

/// Memory of the catalogue.
struct CatalogueMemory {
  std::uint64_t bytes = 0;
  std::vector<store::AttributeMemory> attributes;  ///< of these bytes, largest first
};

/// The state of the components that the server does not own. Collected by the composition root on request.
struct ServiceStatus {
  struct Component {
    std::string name;       ///< "event_log", "history_writer", "learner", "store"
    std::string problem;    ///< empty: ready
    std::string warning{};  ///< what the operator should know all the same; may be empty
  };
  std::vector<Component> components;

  std::string version;  ///< of the binary
  Timestamp started{};
  std::string log;  ///< "embedded" or "kafka"
  Positions history_positions;
  Positions history_ends;
  /// Records that were deleted from the log before they were read, since the start.
  std::uint64_t history_lost_records = 0, learner_lost_records = 0;
  Timestamp stream_time{};  ///< newest event time in the histories
  online::LearnerStatus learner;
  std::vector<std::pair<std::string, std::uint64_t>> store_bytes;  ///< Database::usage()
  std::uint64_t items = 0;                                         ///< in the catalogue
  std::shared_ptr<const CatalogueMemory> catalogue;                ///< null: not looked at yet
  std::uint64_t resident_bytes = 0;
};

}  // namespace freshet::serve
