// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_set>

#include "base/event.h"
#include "online/part/options.h"

namespace freshet::online {

/// Tells which events are not learned because Options::type_weights does not name their type, and logs each such type
/// once, up to kMost types.
/// Threads: one.
class UnknownTypes {
 public:
  static constexpr std::size_t kMost = 20;

  /// `options` must live as long.
  explicit UnknownTypes(const Options& options) : options_(options) {}

  /// Whether the type of the event is why it is not learned.
  bool has(const Event& event);

 private:
  const Options& options_;
  std::unordered_set<std::string> logged_;
};

}  // namespace freshet::online
