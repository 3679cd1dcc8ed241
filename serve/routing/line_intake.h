// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/routing/message.h"

namespace freshet::serve {

/// Takes the lines of one body, a piece after another, and answers the request.
/// Threads: any, but one call at a time, and none while a piece is being taken.
class LineIntake {
 public:
  virtual ~LineIntake() = default;

  /// Takes the next lines, all of them whole. `done` is called once, on any thread: with 202 when they are durable,
  /// otherwise with the reason why they and all further ones are not taken. `lines` must stay valid until then.
  virtual void take(std::string_view lines, Respond done) = 0;

  /// Rejects the next line, which is not at hand, and takes its place in the count.
  virtual void reject_line(std::string reason) = 0;

  /// The answer to the request. `stopped`: why its lines were not taken to their end; nullopt if they were.
  virtual ApiResponse answer(std::optional<ApiResponse> stopped) = 0;
};

}  // namespace freshet::serve
